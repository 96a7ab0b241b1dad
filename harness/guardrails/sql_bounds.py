"""Bounds that every row keeps: ``id > 0``, ``created < '2999-01-01'``, ``length(name) >= 0``."""

import re
from typing import Any

from sqlglot import exp

_KEYS = {"id", "rowid", "_id", "ctid", "oid", "rownum"}
HUGE = 100_000_000
"""No key that counts rows is expected beyond."""
_FAR, _LONG_AGO = 2100, 1970
_OPEN_END = 9999
"""The year that stands for "still valid": below it are rows that ended."""
_YEAR = re.compile(r"(\d{4})-\d{2}-\d{2}")
_FROM_ZERO_UP = (exp.Length, exp.Abs, exp.ArraySize)
_TURNED = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE, exp.NEQ: exp.NEQ}


def passes_all(node: Any) -> bool:
    """Whether a comparison sets a bound that no row is expected to pass."""
    kind, left, right = type(node), node.left, node.right
    if isinstance(left, exp.Literal | exp.Neg | exp.Cast) and not isinstance(right, exp.Literal):
        kind, left, right = _TURNED[kind], right, left
    bound = value(right.this if isinstance(right, exp.Cast) else right)
    if isinstance(bound, str):
        return isinstance(left, exp.Column) and _text_passes(kind, bound)
    if bound is None:
        return False
    least = {exp.GT: 0, exp.GTE: 1, exp.NEQ: 0}.get(kind)
    if is_key(left):
        return bound <= least if least is not None else bound >= HUGE
    return (
        isinstance(left, _FROM_ZERO_UP)
        and kind in {exp.GT, exp.GTE}
        and (bound < 0 or (bound == 0 and kind is exp.GTE))
    )


def _text_passes(kind: type, bound: str) -> bool:
    if not bound:
        return kind is exp.GTE
    year = _YEAR.match(bound)
    if year is None:
        return False
    number = int(year.group(1))
    if kind in {exp.LT, exp.LTE}:
        return number >= _FAR and not (kind is exp.LT and number == _OPEN_END)
    return kind in {exp.GT, exp.GTE} and number < _LONG_AGO


def below_every_key(node: Any) -> bool:
    """Whether a value is a number that no key takes."""
    number = value(node)
    return isinstance(number, int | float) and number <= 0


def is_key(node: Any) -> bool:
    """Whether a column counts the rows, by its name."""
    return isinstance(node, exp.Column) and node.name.lower() in _KEYS


def value(node: Any) -> int | float | str | None:
    """Return what a literal says."""
    if isinstance(node, exp.Paren):
        return value(node.this)
    if isinstance(node, exp.Neg):
        known = value(node.this)
        return -known if isinstance(known, int | float) else None
    if isinstance(node, exp.Literal):
        if node.is_string:
            return str(node.this)
        try:
            return float(node.this)
        except ValueError:
            return None
    return None
