"""What other projects' detectors might still take for a secret, once the rules have seen a text.

They are slow, and on what stands around these places alone they say the same.
"""

from functools import lru_cache

from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, places

_RUN = "x" * 18
_MIXED = pattern(
    r"(?![0-9a-f]{40}(?:[0-9a-f]{24})?(?![A-Za-z0-9]))(?=[A-Za-z+/_=.-]{0,60}\d)(?=[0-9+/_=.-]{0,60}[A-Za-z])"
    r"(?=[+/_=.-]{0,3}(?:[A-Za-z0-9]{1,7}[+/_=.-]{1,3}){0,40}[A-Za-z0-9]{8})"
    r"[A-Za-z0-9+/_=.-]{18,}"
)
"""Eighteen letters and digits, eight of them in a row, that are no git hash."""
_QUOTED = pattern(r"[\"'](?=[A-Za-z_./-]{0,60}[^\sA-Za-z_./\"'-])[^\s\"']{16,}[\"']")
"""Sixteen characters in quotes that are no words alone."""
_PASSED = pattern(r":[^\s/:@]{3,}@")


@lru_cache(maxsize=4)
def suspects(text: str) -> tuple[tuple[int, int], ...]:
    """Return where something disorderly stands, in order; what overlaps may be told twice."""
    shape = Shape(text)
    tokens, made = shape.tokens, []
    at = tokens.find(_RUN)
    while at >= 0:
        end = at + len(_RUN)
        while tokens.startswith("x", end):
            end += 1
        if _MIXED.match(text, at):
            made.append((at, end))
        at = tokens.find(_RUN, end)
    made += [found.span() for found in _QUOTED.finditer(text)]
    if "@" in text:
        made += [found.span() for found in at_each(_PASSED, text, places(text, ":"))]
    made += [(at, at + 10) for at in places(text, "-----BEGIN", "PuTTY-User-")]
    return tuple(sorted(made))


def around(text: str, lines: int, most: int) -> list[str]:
    """Return the lines with something disorderly, with lines around them, cut at white space."""
    made: list[list[int]] = []
    for first, last in suspects(text):
        start, end = _before(text, first, lines, most), _after(text, last, lines, most)
        if made and start <= made[-1][1]:
            made[-1][1] = max(end, made[-1][1])
        else:
            made.append([start, end])
    return [text[start:end] for start, end in made]


def _before(text: str, place: int, lines: int, most: int) -> int:
    """Return where the lines before a place begin, or the first white space that is near enough."""
    least, at = max(0, place - most), place
    for _ in range(lines + 1):
        at = text.rfind("\n", least, at)
        if at < 0:
            near = [
                c for c in (text.find(" ", least, place), text.find("\n", least, place)) if c >= 0
            ]
            return min(near, default=least) if least else 0
    return at


def _after(text: str, place: int, lines: int, most: int) -> int:
    """Return where the lines after a place end, or the last white space that is near enough."""
    least, at = min(len(text), place + most), place
    for _ in range(lines + 1):
        at = text.find("\n", at + 1, least)
        if at < 0:
            cut = max(text.rfind(" ", place, least), text.rfind("\n", place, least))
            return cut if cut >= 0 and least < len(text) else least
    return at
