"""Key paths, and where in a file each of them stands."""

import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.errors import Place

KeyPath = tuple[str | int, ...]
"""The way from the top of a file to a value: keys, and indices into lists counted from 0."""

_BARE = re.compile(r"[A-Za-z0-9_<][A-Za-z0-9_<-]*")
_LONGEST_STEP = 60
_STEP = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([A-Za-z0-9_<-]+)')


class Mark(NamedTuple):
    """Where a value stands, and how it is written."""

    line: int
    column: int
    text: str | None = None
    """The characters of a scalar after unquoting; None for a list or mapping."""
    plain: bool = False
    """Whether a scalar stands without quotes."""


@dataclass(slots=True)
class Marks:
    """The places of all keys and values of one file."""

    path: str
    """The file, as messages name it."""
    keys: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    """Key path -> line and column of the key, for what stands in a mapping."""
    values: dict[KeyPath, Mark] = field(default_factory=dict)
    """Key path -> place and text of the value."""

    def place(self, *path: str | int) -> Place:
        """Return where a value stands; for one that is not there, the nearest that holds it."""
        for end in range(len(path), -1, -1):
            mark = self.values.get(path[:end])
            if mark is not None:
                return Place(self.path, mark.line, mark.column)
        return Place(self.path)

    def key_place(self, *path: str | int) -> Place:
        """Return where a key stands; for what stands in no mapping, where its value does."""
        found = self.keys.get(path)
        return Place(self.path, *found) if found else self.place(*path)


def dotted(path: KeyPath) -> str:
    """Return a key path as messages show it: ``messages[2].role``."""
    shown = ""
    for step in path:
        if isinstance(step, str) and len(step) > _LONGEST_STEP:
            step = step[: _LONGEST_STEP - 1] + "…"  # noqa: PLW2901 - what is shown of it
        if isinstance(step, int):
            shown += f"[{step}]"
        elif _BARE.fullmatch(step):
            shown += f".{step}" if shown else step
        else:
            shown += f"[{json.dumps(step, ensure_ascii=False)}]"
    return shown


def undotted(shown: str) -> KeyPath:
    """Return the key path that ``dotted`` shows as this text; what is no path ends it."""
    steps: list[str | int] = []
    at = 0
    while match := _STEP.match(shown, at):
        index, quoted, bare = match.groups()
        if index is not None:
            steps.append(int(index))
        elif quoted is not None:
            steps.append(str(json.loads(f'"{quoted}"')))
        else:
            steps.append(bare)
        at = match.end()
    return tuple(steps)
