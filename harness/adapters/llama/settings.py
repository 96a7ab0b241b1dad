"""Sampling settings of the embedded model."""

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from harness.domain.record import Json
from harness.errors import ModelError, show


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is drawn from, and how much of it; by default the model's own distribution at 0.8.

    Each sampler is left out of the runtime's chain while its value does nothing, so that what
    stays by default is the temperature alone: only then do exact probabilities exist.
    """

    temperature: float = 0.8
    """Above 0; 0 takes the likeliest token, and then every trial is the same trial."""
    top_k: int = 0
    """Only so many likeliest tokens; 0 for all."""
    top_p: float = 1.0
    """Only the likeliest tokens that hold this share; 1 for all."""
    min_p: float = 0.0
    """Only tokens at least this likely, as a share of the likeliest; 0 for all."""
    repeat_penalty: float = 1.0
    """1 for none; looks back over 64 tokens."""
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    max_tokens: int = 256
    """The longest reply; a decision from a closed set always has room."""
    n_ctx: int = 4096
    """The longest conversation with its reply, in tokens."""

    @property
    def samplers(self) -> list[str]:
        """The runtime's sampler chain, in order."""
        penalties = (self.repeat_penalty, self.presence_penalty, self.frequency_penalty)
        used = {
            "penalties": penalties != (1.0, 0.0, 0.0),
            "top_k": self.top_k > 0,
            "top_p": self.top_p < 1.0,
            "min_p": self.min_p > 0.0,
            "temperature": True,
        }
        return [name for name, is_used in used.items() if is_used]


_RANGES = {
    "temperature": (0.0, 100.0),
    "top_k": (0, 10**9),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "repeat_penalty": (0.01, 100.0),
    "presence_penalty": (-100.0, 100.0),
    "frequency_penalty": (-100.0, 100.0),
    "max_tokens": (1, 10**6),
    "n_ctx": (64, 10**7),
}


def parse(given: Mapping[str, Json]) -> Settings:
    """Return the settings; raise ModelError with every unknown name and every bad value."""
    kinds = {field.name: field.type for field in dataclasses.fields(Settings)}
    problems = [
        problem
        for name, value in given.items()
        if (problem := _unknown(name) if name not in kinds else _bad(name, value, kinds[name]))
    ]
    if problems:
        raise ModelError(*problems)
    return Settings(**given)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, _RANGES, n=1)
    hint = f"did you mean {near[0]}?" if near else f"write one of {', '.join(_RANGES)}"
    return f"settings: the llama adapter has no such setting, got {show(name)}, {hint}"


def _bad(name: str, value: Json, kind: object) -> str | None:
    low, high = _RANGES[name]
    types = (int,) if kind is int else (int, float)
    if isinstance(value, bool) or not isinstance(value, types) or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        return f"settings.{name}: {noun} from {low} to {high}, got {show(value)}"
    return None
