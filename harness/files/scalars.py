"""What an unquoted word means: the core schema of YAML 1.2, and what of it is refused."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a word is refused, and what to write."""

    rule: str
    fix: str


_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_START = frozenset("-+.0123456789")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_LEADING_ZERO = re.compile(r"[-+]?0+[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_OTHER_NUMBER = re.compile(
    r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?0[box][0-9a-fA-F_]+"
)

TRUE_WORDS = frozenset({"yes", "Yes", "YES", "on", "On", "ON"})
FALSE_WORDS = frozenset({"no", "No", "NO", "off", "Off", "OFF"})

_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_INT_DIGITS = 70
"""No 64-bit integer that is worth reading is written with more characters."""


def resolve(word: str) -> Scalar | Refusal:
    """Return the value of an unquoted word, or why it is refused."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in _NUMBER_START:
        return word
    for pattern, reading in _NUMBERS:
        if pattern.fullmatch(word):
            return reading(word)
    return word


def ambiguous(word: str) -> str | None:
    """Return what to write for a text that other readers of YAML take for a bool or a number.

    None for every other text. In a field that is a text the word is what it looks like; where any
    value is allowed nobody can tell what its author meant.
    """
    if word in TRUE_WORDS:
        return "true"
    if word in FALSE_WORDS:
        return "false"
    return plain_number(word)


def plain_number(word: str) -> str | None:
    """Return how a number with underscores, or in base 2, 8 or 16, is written plainly."""
    if (
        word[:1] not in _NUMBER_START
        or len(word) > _INT_DIGITS
        or not _OTHER_NUMBER.fullmatch(word)
    ):
        return None
    try:
        if word.lstrip("+-")[:2] in {"0b", "0o", "0x"}:
            return str(int(word, 0))
    except ValueError:
        return None
    bare = word.replace("_", "")
    return bare.lstrip("0") or "0" if bare.isdigit() else bare


def _not_finite(word: str) -> Refusal:
    return Refusal("infinity and nan are refused", f'write a finite number, or "{word}"')


def _leading_zero(word: str) -> Refusal:
    rule = "a number with a leading zero is read in two ways"
    if len(word) > _INT_DIGITS:
        return Refusal(rule, "put it in quotes")
    sign, digits = word[: len(word) - len(word.lstrip("+-"))], word.lstrip("+-").lstrip("0") or "0"
    octal = f"{sign}0o{digits}" if not set(digits) & {"8", "9"} and not sign else ""
    readings = [reading for reading in (octal, f"{sign}{digits}".lstrip("+")) if reading]
    return Refusal(rule, f'write {", ".join(readings)} or "{word}"')


def _integer(word: str) -> int | Refusal:
    if len(word) <= _INT_DIGITS:
        value = int(word, 0)
        if _INT_MIN <= value <= _INT_MAX:
            return value
    return Refusal("an integer must fit into 64 bits", "write it as a text, in quotes")


def _float(word: str) -> float | Refusal:
    value = float(word)
    if math.isfinite(value):
        return value
    return Refusal("a number must be finite", "write a smaller number, or a text in quotes")


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Scalar | Refusal]], ...] = (
    (_NOT_FINITE, _not_finite),
    (_LEADING_ZERO, _leading_zero),
    (_DECIMAL, _integer),
    (_OCTAL, _integer),
    (_HEXADECIMAL, _integer),
    (_FLOAT, _float),
)
