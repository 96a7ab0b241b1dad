"""Where something identifying stands in a text, and who may say so."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol


class Span(NamedTuple):
    """A stretch of a text that identifies somebody or opens something."""

    start: int
    end: int
    kind: str
    """What it is: a key of ``surrogates.MAKERS``."""
    value: str
    """What stands there once it is decoded."""
    weight: int = 50
    """How sure the rule is; of two that overlap the weightier one stays."""
    levels: int = 0
    """How many times it is percent-encoded."""


class Detector(Protocol):
    """Finds spans in a text that is not encoded any more."""

    def find(self, text: str) -> Iterable[Span]:
        """Yield what this detector sees, in any order; spans may overlap."""
        ...


def named(found: re.Match[str], kind: str, weight: int) -> Iterator[Span]:
    """Yield the groups of a match that took part, each a span of one kind."""
    for name, value in found.groupdict().items():
        if value is not None and name != "b":
            yield Span(*found.span(name), kind, value, weight)


class Taken:
    """Stretches of a text that do not overlap; a text may hold very many."""

    def __init__(self) -> None:
        """Begin with none."""
        self._starts: list[int] = []
        self._ends: list[int] = []

    def holds(self, start: int, end: int) -> bool:
        """Whether something of a stretch is taken."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._ends[before - 1] > start

    def take(self, start: int, end: int) -> bool:
        """Take a stretch where nothing of it is taken, and say so."""
        before = bisect_left(self._starts, end)
        if before and self._ends[before - 1] > start:
            return False
        self._starts.insert(before, start)
        self._ends.insert(before, end)
        return True


def apart(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap, in order: the weightier ones first, then the longer ones."""
    taken = Taken()
    return sorted(
        span
        for span in sorted(spans, key=lambda s: (-s.weight, s.start - s.end, s.start))
        if span.start < span.end and taken.take(span.start, span.end)
    )
