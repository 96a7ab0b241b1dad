"""What is asked of a value and what to write instead, in words."""

import datetime as dt
import json
import re
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MinLen

from harness.domain.record import A_NAME, Pattern
from harness.files.marks import Mark
from harness.files.names import closest
from harness.files.scalars import FALSE_WORDS, TRUE_WORDS, plain_number
from harness.files.shapes import Shape, fields, shape

_PERCENT = re.compile(r"([-+]?[0-9]+(?:[.,][0-9]+)?)\s*%")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)?(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ].*)?")
_LONGEST_QUOTED = 60
_LONGEST_NUMBER = 40


def complaint(asked: Shape, value: Any, mark: Mark | None) -> tuple[str, str, str]:
    """Return (rule, got, fix) for a value that is not what is asked."""
    return requirement(asked, value), shown(value, mark), advice(asked, value, mark)


def shown(value: Any, mark: Mark | None = None) -> str:
    """Return a value as a message quotes it: as it is written, or its kind."""
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if mark is not None and mark.text is not None and mark.plain:
        return mark.text or "nothing"
    return json.dumps(value, ensure_ascii=False)


def requirement(asked: Shape, value: Any = None) -> str:
    """Return the rule that a value of this shape must keep, as far as ``value`` breaks it."""
    least = asked.rule(MinLen)
    pattern = asked.rule(Pattern)
    if least and isinstance(value, str | list) and len(value) < least.min_length:
        return "must not be empty"
    if pattern and isinstance(value, str):
        return _pattern_rule(pattern, value)
    return f"must be {noun(asked)}"


def _pattern_rule(pattern: Pattern, value: str) -> str:
    if pattern.noun != A_NAME:
        return f"must be {pattern.rule}"
    most = len(value)
    while most and not re.fullmatch(pattern.regex, value[:most]):
        most = min(most - 1, 200)
    fits = most > 0 and re.fullmatch(pattern.regex, value[:1] + value[most:][:50])
    return f"must have at most {most} characters" if fits else f"must consist of {pattern.rule}"


def noun(asked: Shape) -> str:
    """Return what is asked as the end of a sentence: ``a number above 0 and below 1``."""
    if asked.kind == "choice":
        options = ", ".join(str(option) for option in asked.options)
        return f"one of {options}" if len(asked.options) > 1 else options
    if asked.kind == "record":
        return f"a mapping with the keys {', '.join(fields(asked.annotation))}"
    if asked.kind == "union":
        return " or ".join(noun(member) for member in asked.members)
    pattern = asked.rule(Pattern)
    if asked.kind == "text" and pattern:
        return str(pattern.noun)
    plain = _NOUNS[asked.kind]
    return f"{plain} {_bounds(asked)}".rstrip() if asked.kind in {"integer", "number"} else plain


_NOUNS = {
    "any": "a value",
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date written YYYY-MM-DD",
    "list": "a list",
    "mapping": "a mapping",
}


def _bounds(asked: Shape) -> str:
    low_open, low, high_open, high = (asked.rule(kind) for kind in (Gt, Ge, Lt, Le))
    if low and high:
        return f"from {low.ge:g} to {high.le:g}"
    words = []
    if low_open:
        words.append(f"above {low_open.gt:g}")
    if low:
        words.append(f"of at least {low.ge:g}")
    if high_open:
        words.append(f"below {high_open.lt:g}")
    if high:
        words.append(f"of at most {high.le:g}")
    return " and ".join(words)


def advice(asked: Shape, value: Any, mark: Mark | None) -> str:
    """Return what to write instead of a value, where that can be told."""
    text = mark.text if mark is not None and mark.text is not None else value
    makers = {
        "text": _text_advice,
        "integer": _integer_advice,
        "number": _number_advice,
        "boolean": _boolean_advice,
        "date": _date_advice,
        "choice": _choice_advice,
        "list": _list_advice,
        "union": _union_advice,
    }
    maker = makers.get(asked.kind)
    return maker(asked, value, text) if maker else ""


def _text_advice(asked: Shape, value: Any, text: Any) -> str:
    pattern = asked.rule(Pattern)
    if isinstance(value, dict | list):
        return "put the text in quotes" if pattern is None else "write one name"
    if pattern is not None and isinstance(text, str):
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")
        if name and re.fullmatch(pattern.regex, name):
            return f'write "{name}"' if name == text else f"write {name}"
        return ""
    if value is None or value == "" or not isinstance(text, str):
        return "write a text"
    if len(text) > _LONGEST_QUOTED:
        return "put it in quotes"
    return f"write {json.dumps(text, ensure_ascii=False)}"


def _integer_advice(asked: Shape, value: Any, text: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return _if_within(asked, int(value), f"write {int(value)}")
    if isinstance(value, str) and isinstance(text, str) and len(text) <= _LONGEST_NUMBER:
        number = plain_number(text.strip().replace(",", "_"))
        if number is not None and number.lstrip("+-").isdigit():
            return _if_within(asked, int(number), f"write {int(number)}")
    return ""


def _number_advice(asked: Shape, value: Any, text: Any) -> str:
    if isinstance(value, str) and isinstance(text, str) and len(text) <= _LONGEST_NUMBER:
        percent = _PERCENT.fullmatch(text.strip())
        if percent:
            rate = _hundredth(float(percent.group(1).replace(",", ".")))
            return _if_within(asked, rate, f"write {rate:g}")
        if _NUMBER.fullmatch(text.strip()):
            number = text.strip().replace(",", ".")
            return _if_within(
                asked,
                float(number),
                f"write {number} without quotes" if number == text else f"write {number}",
            )
        plain = plain_number(text)
        if plain is not None:
            return _if_within(asked, float(plain), f"write {plain}")
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 1:
        rate = _hundredth(float(value))
        return _if_within(asked, rate, f"write {rate:g} for {text} percent")
    return ""


def _hundredth(percent: float) -> float:
    return float(f"{percent / 100:.12g}")


def _if_within(asked: Shape, number: float, words: str) -> str:
    low_open, low, high_open, high = (asked.rule(kind) for kind in (Gt, Ge, Lt, Le))
    within = (
        (not low_open or number > low_open.gt)
        and (not low or number >= low.ge)
        and (not high_open or number < high_open.lt)
        and (not high or number <= high.le)
    )
    return words if within else ""


def _boolean_advice(_: Shape, value: Any, text: Any) -> str:
    if isinstance(value, dict | list):
        return ""
    if value in ("true", "false"):
        return f"write {value} without quotes"
    if text in TRUE_WORDS or value == 1:
        return "write true"
    if text in FALSE_WORDS or value == 0:
        return "write false"
    return ""


def _date_advice(_: Shape, value: Any, text: Any) -> str:
    found = _DATE.fullmatch(text) if isinstance(text, str) else None
    if found:
        try:
            year, month, day = (int(part) for part in found.groups())
            return f"write {dt.date(year, month, day).isoformat()}"
        except ValueError:
            return "write a day that the calendar has"
    return "write a date such as 2026-12-31" if not isinstance(value, dict | list) else ""


def _choice_advice(asked: Shape, value: Any, text: Any) -> str:
    near = closest(text, [str(o) for o in asked.options]) if isinstance(text, str) else None
    if near is None or near == value:
        return ""
    return f"did you mean {near}?"


def _list_advice(asked: Shape, value: Any, text: Any) -> str:
    if isinstance(value, list):
        return "write at least one entry"
    if value is None:
        return "write [] for none" if not asked.rule(MinLen) else "write at least one entry"
    if isinstance(value, dict):
        return 'start each entry with "- "'
    return f"write [{text}]" if len(str(text)) < _LONGEST_QUOTED else 'start each entry with "- "'


def _union_advice(asked: Shape, value: Any, text: Any) -> str:
    member = next((m for m in asked.members if m.kind == "text"), None)
    if member is None or isinstance(value, list) or value is None:
        return ""
    return _text_advice(shape(member.annotation), value, text)
