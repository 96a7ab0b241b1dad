"""YAML front matter at the top of a Markdown file, and the text below it.

Front matter stands between two lines ``---``, the first of which is the file's first. What comes
before and after it is blanked, not cut out, so that lines keep the numbers of the Markdown file.
"""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, Place, Problem
from harness.files.source import decode

_FENCE = "---"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A Markdown file in its two parts."""

    yaml: bytes
    """The front matter, in lines of the same numbers as in the file."""
    body: str
    """The text below it."""
    body_line: int
    """The line in which the text begins, counted from 1."""


def split(content: bytes, path: Path) -> FrontMatter:
    """Return the two parts of a Markdown file; raise InputError where they can't be told apart."""
    lines = decode(content, path).split("\n")
    if lines[0].rstrip() != _FENCE:
        raise _refused(path, _no_front_matter(lines))
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip() == _FENCE:
            yaml = "\n".join(["", *lines[1 : number - 1], ""])
            return FrontMatter(yaml.encode(), "\n".join(lines[number:]), number + 1)
    rule, fix = "front matter is not closed", "write --- on a line of its own below its last key"
    raise _refused(path, (1, rule, fix))


def _no_front_matter(lines: list[str]) -> tuple[int, str, str]:
    first = next((n for n, line in enumerate(lines, 1) if line.strip()), None)
    if first is None:
        return 0, "is empty", "write its front matter between two lines ---"
    if lines[first - 1].rstrip() == _FENCE:
        return first, "front matter must begin in the first line", "take the lines above away"
    rule = "front matter is missing"
    return 1, rule, "begin the file with --- and close the front matter with another ---"


def _refused(path: Path, found: tuple[int, str, str]) -> InputError:
    line, rule, fix = found
    return InputError(Problem(Place(str(path), line, 1 if line else 0), "", rule, fix=fix))
