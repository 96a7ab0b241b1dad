"""What a command may use of the world."""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Progress(Protocol):
    """Shows how far something has come, or nothing at all."""

    def __call__(self, done: int, total: int, text: str) -> None:
        """Say that ``done`` of ``total`` are behind us, and what is going on."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Clock, randomness, folder, environment and the way to the user's terminal."""

    start: Path
    """The folder in which the search for harness.yaml begins."""
    environ: Mapping[str, str]
    now: Callable[[], dt.datetime]
    """Returns the present moment, aware and in UTC."""
    rng: random.Random
    """Names runs; no trial's outcome hangs on it but through the run's name."""
    say: Callable[[str], None]
    """Tells the user one line, on standard error."""
    progress: Callable[[], AbstractContextManager[Progress]]
    """Shows progress while it is open; on no terminal it shows nothing."""
