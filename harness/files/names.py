"""Names that people write: what they must look like, and which one was meant."""

import difflib
import re
from collections.abc import Iterable

from harness.domain.record import NAME_RULE, Name, Pattern
from harness.errors import InputError, Place, Problem

_CUTOFF = 0.6
_LONGEST_COMPARED = 100
_MOST_LISTED = 10

_PATTERN: Pattern = Name.__metadata__[0]  # type: ignore[attr-defined]


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one, in whatever case; or None."""
    if len(name) > _LONGEST_COMPARED:
        return None
    by_lower: dict[str, str] = {}
    for one in sorted(known):
        by_lower.setdefault(one.lower(), one)
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_CUTOFF)
    return by_lower[found[0]] if found else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the advice for an unknown name: the near one, or all there are."""
    names = sorted(known)
    near = closest(name, names)
    if near is not None:
        return f"did you mean {near}?"
    if not names:
        return ""
    more = ", …" if len(names) > _MOST_LISTED else ""
    return f"known: {', '.join(names[:_MOST_LISTED])}{more}"


def is_name(text: str) -> bool:
    """Whether a text may be the name of an item, an eval, a case or a model."""
    return re.fullmatch(_PATTERN.regex, text) is not None and not text.endswith("\n")


def checked_name(name: str, place: Place) -> str:
    """Return a name that the user gave, once it is sure that it is none of a path's steps."""
    if not is_name(name):
        raise InputError(Problem(place, "", f"a name consists of {NAME_RULE}", name or "nothing"))
    return name
