"""Moments in texts, moved by one offset of whole weeks, so that weekdays and distances stay."""

import datetime as dt
import re
from collections.abc import Callable, Iterator

from harness.anonymize.pattern import pattern

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LONG = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_NAME = "|".join((*_LONG, *_MONTHS))
_ISO = pattern(
    r"(?<![\w.-])(?P<y>(?:19|20)\d\d)(?P<s>[-/])(?P<m>0[1-9]|1[0-2])(?P=s)(?P<d>0[1-9]|[12]\d|3[01])(?=[T _]?\d{2}[:h]|(?![\w.]|[-/]\d))|(?<![\w.-])(?P<cy>20\d\d)(?P<cm>0[1-9]|1[0-2])(?P<cd>0[1-9]|[12]\d|3[01])(?=T\d{4})"
)
_NAMED = pattern(
    rf"(?<![\w])(?P<d>\d{{1,2}})(?P<o>(?:st|nd|rd|th)?)(?P<a>[ /-])(?P<m>{_NAME})(?P<b>,?[ /-])(?P<y>(?:19|20)\d\d)(?!\d)"
)
_US = pattern(
    rf"\b(?P<m>{_NAME})(?P<a>\.? )(?P<d>\d{{1,2}})(?P<o>(?:st|nd|rd|th)?)(?P<b>,? (?:\d\d:\d\d:\d\d )?)(?P<y>(?:19|20)\d\d)(?!\d)"
)
_YEARLESS = pattern(
    rf"\b(?P<m>{_NAME})(?P<a>\.?[ ]{{1,2}})(?P<d>[12]\d|3[01]|[1-9])(?P<o>(?:st|nd|rd|th)?)(?!\w|:\d)(?!,? \d{{4}})"
)
_DAY_FIRST = pattern(
    rf"(?<![\w.:/-])(?P<d>[12]\d|3[01]|0?[1-9])(?P<o>(?:st|nd|rd|th)?)(?P<a> (?:of )?)(?P<m>{_NAME})(?![\w])(?!,?[ /-]\d{{4}}|\.? \d{{1,2}}(?!\d|:))"
)
_SLASHED = pattern(
    r"(?<![\w./:-])(?P<m>0?[1-9]|1[0-2])(?P<a>[/-])(?P<d>0?[1-9]|[12]\d|3[01])(?P<b>(?P=a))(?P<y>(?:19|20)\d\d)(?![\w/-]|\.\d)"
)
_DOTTED = pattern(
    r"(?<![\w./:-])(?P<d>0?[1-9]|[12]\d|3[01])(?P<a>[./])(?P<m>0?[1-9]|1[0-2])(?P<b>(?P=a))(?P<y>(?:19|20)\d\d)(?![\w/-]|\.\d)"
)
_DIGIT = pattern(r"\d")
_CLOCK = pattern(r"\d\d?:\d\d(?::\d\d)?|\d{4}-\d\d-\d\dT\d")
_ANCHOR = pattern(
    r"(?:19|20)\d\d[-/.]?[01]\d[-/.]?[0-3]\d[T _]?\d\d[:h]?\d\d|\d{1,2}[/ ][A-Z][a-z]{2}[/ ]\d{4}[: ]\d\d:\d\d"
)
_EPOCH = pattern(r"(?<![\w.])1[4-9]\d{8}(?P<more>(?:\d{3}){0,3})(?:\.\d{1,9})?(?![\w.])")


_TOLD = pattern(
    r"(?i)(?:time|date|stamp|epoch|creat|updat|modif|expir|since|until|begin|start|finish|end|seen|after|before|audit|clock"
    r"|(?<![a-z])(?:ts|exp|iat|nbf|auth_time|from|to|at|t)(?=[\"'\s]{0,3}[=:@])|_at)[\w.-]{0,24}[\"'\s:=(@\[,<>+-]{1,8}(?:d[\"'\s]{1,2}@)?$"
)
"""What says that the number after it is a moment."""
_BEGUN = pattern(r"(?:^|\n)[\[(<#\"']{0,2}$|\[\s{0,4}$")
"""A line's begin, as in logs; a bracket, as in pairs of a moment and a value."""
_LOGGED = pattern(r"[\])>]?[ \t|,;:.]{1,2}[ \t]?[\[\"A-Za-z(<]|\s{0,2}$|\s?\n")


def _is_moment(found: re.Match[str]) -> bool:
    """Whether a number of ten digits and more is a moment: its place says so, not its size alone."""
    text, start = found.string, found.start()
    before = text[max(0, start - 48) : start]
    if _TOLD.search(before):
        return True
    whole = text[max(0, start - 3) : start] if start else ""
    at_begin = start == 0 or _BEGUN.search(whole) is not None
    return (
        at_begin and len(text) > len(found.group()) and _LOGGED.match(text, found.end()) is not None
    )


def anchored(text: str) -> bool:
    """Whether a text holds a moment with its time of day."""
    return _ANCHOR.search(text) is not None or (
        "1" in text and any(_is_moment(found) for found in _EPOCH.finditer(text))
    )


def days_of(text: str) -> Iterator[dt.date]:
    """Yield the dates with a year in a text."""
    if _DIGIT.search(text) is None:
        return
    for form in (_ISO, _NAMED, _US, _SLASHED):
        for found in form.finditer(text):
            parts = found.groupdict()
            year = parts["y"] or parts["cy"]
            day = _moved(
                (int(year), _month(parts["m"] or parts["cm"]), int(parts["d"] or parts["cd"])), 0
            )
            if day is not None:
                yield day


def _month(written: str) -> int:
    if written.isdigit():
        return int(written)
    return next(i for i, name in enumerate(_MONTHS, 1) if written.startswith(name))


def shifted(text: str, days: int, year: Callable[[int, int], int | None]) -> str:
    """Return a text whose dates are moved by whole days; a date that is none stays.

    ``year`` tells the year of a month and day that stand without one, or nothing.
    """
    if _DIGIT.search(text) is not None:
        text = _ISO.sub(lambda found: _iso(found, days), text)
        text = _numeric(text, days)
        if re.search(_NAME, text):
            text = _spelt_out(text, days, year)
        if "1" in text:
            text = _EPOCH.sub(lambda found: _epoch(found, days), text)
    return text


def _numeric(text: str, days: int) -> str:
    """Move 05/21/2024, and 21.05.2024 and 21/05/2024; where both read, the month comes first at a slash."""
    if "/" in text or "-" in text:
        text = _SLASHED.sub(lambda found: _digits(found, days), text)
    if "." in text or "/" in text:
        text = _DOTTED.sub(
            lambda found: (
                found.group()
                if found.group("a") == "/" and int(found.group("d")) < 13
                else _digits(found, days)
            ),
            text,
        )
    return text


def _digits(found: re.Match[str], days: int) -> str:
    if "version" in found.string[max(0, found.start() - 16) : found.start()].lower():
        return found.group()
    moved = _moved((int(found["y"]), int(found["m"]), int(found["d"])), days)
    if moved is None:
        return found.group()
    padded = "0" in {found["m"][0], found["d"][0]} or len(found["m"]) == len(found["d"]) == 2
    width = 2 if padded else 1
    new = {
        "m": str(moved.month).zfill(width),
        "d": str(moved.day).zfill(width),
        "y": str(moved.year),
    }
    return _rebuilt(found, new)


def _spelt_out(text: str, days: int, year: Callable[[int, int], int | None]) -> str:
    """Move dates with a month's name; each form passes over what another has moved."""
    moved: list[str] = []

    def kept(new: str) -> str:
        moved.append(new)
        return f"\0{len(moved) - 1}\0"

    def yearless(found: re.Match[str]) -> str:
        told = year(_month(found["m"]), int(found["d"]))
        return found.group() if told is None else kept(_spelt(found, days, told))

    if "\0" in text:
        return text
    for form in (_NAMED, _US):
        text = form.sub(lambda found: kept(_spelt(found, days, None)), text)
    for form in (_YEARLESS, _DAY_FIRST):
        text = form.sub(yearless, text)
    return re.sub("\0(\\d+)\0", lambda found: moved[int(found[1])], text)


def _moved(day: tuple[int, int, int], days: int) -> dt.date | None:
    try:
        return dt.date(*day) + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return None


def _iso(found: re.Match[str], days: int) -> str:
    if "version" in found.string[max(0, found.start() - 16) : found.start()].lower():
        return found.group()
    if found.group("cy"):
        moved = _moved(
            (int(found.group("cy")), int(found.group("cm")), int(found.group("cd"))), days
        )
        return moved.strftime("%Y%m%d") if moved else found.group()
    moved = _moved((int(found.group("y")), int(found.group("m")), int(found.group("d"))), days)
    return moved.strftime("%Y{0}%m{0}%d".format(found.group("s"))) if moved else found.group()


def _spelt(found: re.Match[str], days: int, year: int | None) -> str:
    names = _LONG if found.group("m") in _LONG and found.group("m") != "May" else _MONTHS
    parts = found.groupdict()
    moved = _moved((year or int(parts["y"]), _month(parts["m"]), int(parts["d"])), days)
    if moved is None:
        return found.group()
    new = {
        "m": names[moved.month - 1],
        "d": str(moved.day).zfill(len(parts["d"]))
        if parts["d"].startswith("0")
        else str(moved.day),
        "y": str(moved.year),
        "o": _ordinal(moved.day) if parts["o"] else "",
    }
    if parts.get("a") == "  " and moved.day > 9:
        new["a"] = " "
    return _rebuilt(found, new)


def _rebuilt(found: re.Match[str], new: dict[str, str]) -> str:
    made, at, text = [], found.start(), found.string
    for name, _ in sorted(
        ((n, found.start(n)) for n in found.groupdict() if found.start(n) >= 0), key=lambda p: p[1]
    ):
        made += [text[at : found.start(name)], new.get(name, found.group(name))]
        at = found.end(name)
    return "".join((*made, text[at : found.end()]))


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _epoch(found: re.Match[str], days: int) -> str:
    if not _is_moment(found):
        return found.group()
    whole, dot, part = found.group().partition(".")
    return str(epoch(int(whole), days)) + dot + part


def epoch(value: int, days: int) -> int:
    """Return seconds, milli-, micro- or nanoseconds since 1970, moved by whole days."""
    unit: int = 10 ** (3 * ((len(str(value)) - 10) // 3))
    return value + days * 86_400 * unit
