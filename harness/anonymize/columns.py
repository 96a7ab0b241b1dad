"""Tables: the column's head says what stands below it, in CSV, in INSERT statements and between bars."""

import re
from collections.abc import Iterator

from harness.anonymize.assignments import judged
from harness.anonymize.keys import kind_of_key
from harness.anonymize.pattern import pattern
from harness.anonymize.shape import Shape, at_each, places
from harness.anonymize.spans import Span

_INSERT = pattern(
    r"(?i)\b(?:insert|replace)\s{1,8}(?:ignore\s{1,8})?into\s{1,8}[\w.\"`\[\]]{1,120}\s{0,8}\((?P<heads>[^()]{3,2000})\)\s{0,8}values\s{0,8}(?=\()"
)
_ROW = pattern(r"\s{0,8},?\s{0,8}\((?P<row>(?:[^()']|'(?:[^'\\]|''|\\.){0,2000}'){1,8000})\)")
_FIELD = pattern(
    r"\s{0,20}(?:[NE]?'(?P<q>(?:[^'\\]|''|\\.){0,2000})'|(?P<b>[^,']{0,2000}))\s{0,20}(?:,|$)"
)
_HEAD = pattern(
    r"(?m)^[ \t]{0,8}(?P<heads>[|\"]?[ ]{0,4}[A-Za-z_][\w .\"-]{0,60}(?:[,;\t|][ ]{0,40}[A-Za-z_\"][\w .\"-]{0,60}){1,60}[ |]{0,40})\r?$"
)
_SIGNED = pattern(r"[,;|\t]")
_LONGEST = 600
_RULE = pattern(r"[ \t|+:=-]{3,400}\r?$")
_MOST_ROWS = 5_000
_KINDS = frozenset(
    {
        "secret",
        "user",
        "person",
        "phone",
        "card",
        "ssn",
        "iban",
        "latitude",
        "longitude",
        "host",
        "account",
    }
)


def columns(text: str, shape: Shape) -> Iterator[Span]:
    """Yield what the heads of columns declare."""
    words = shape.words
    if "values" in words and "into" in words:
        for found in at_each(_INSERT, text, places(shape.low, "insert", "replace")):
            yield from _inserted(text, found)
    if "\n" in text and (cues := words & _CUES):
        yield from _tables(text, shape.low, cues)


_CUES = frozenset(
    """password passwd pass pwd secret token key pin apikey user username login name phone mobile card
    pan ssn host hostname account contrase passwort kennwort senha clave motdepasse mot wachtwoord nombre nom telefono telefon usuario benutzer utilisateur lat lon latitude longitude email cvv""".split()
)


def _inserted(text: str, found: re.Match[str]) -> Iterator[Span]:
    kinds = [kind_of_key(head.strip(' \t\r\n"`[]')) for head in found["heads"].split(",")]
    if not any(kind in _KINDS for kind in kinds):
        return
    at = found.end()
    for _ in range(_MOST_ROWS):
        row = _ROW.match(text, at)
        if row is None:
            return
        at, place = row.end(), row.start("row")
        for kind in kinds:
            field = _FIELD.match(text, place, row.end("row"))
            if field is None:
                break
            place = field.end()
            if kind in _KINDS and field["q"]:
                yield from judged(kind, field["q"], field.start("q"))


def _tables(text: str, low: str, cues: frozenset[str]) -> Iterator[Span]:
    done = 0
    for at in places(low, *cues):
        if at < done:
            continue
        begun = text.rfind("\n", max(0, at - _LONGEST), at) + 1
        done = at + 1
        found = _HEAD.match(text, begun) if _SIGNED.search(text, begun, at + 40) else None
        if found is None:
            continue
        done = found.end()
        heads = found["heads"]
        sign = next((s for s in ("\t", "|", ",", ";") if s in heads), "")
        names = [head.strip(" \t\"'") for head in heads.strip().strip("|").split(sign)]
        kinds = [
            kind_of_key(name.replace(" ", "_")) if len(name.split()) < 4 else "" for name in names
        ]
        if len(names) < 2 or not any(kind in _KINDS for kind in kinds) or not all(names):
            continue
        if sign in ",;" and any(" " in name and name != names[-1] for name in names):
            continue  # a sentence
        place = found.end() + 1
        for _ in range(_MOST_ROWS):
            end = text.find("\n", place)
            end = len(text) if end < 0 else end
            line = text[place:end]
            if line.count(sign) < len(names) - 1 or end - place > 8_000:
                if not _RULE.fullmatch(line):
                    break
            else:
                yield from _cells(line, place, sign, kinds)
            place = done = end + 1
            if place >= len(text):
                break


def _cells(line: str, at: int, sign: str, kinds: list[str]) -> Iterator[Span]:
    place = 0
    if sign == "|":
        place = len(line) - len(line.lstrip(" \t"))
        place += line[place : place + 1] == "|"
    for kind in kinds:
        if sign != "|" and line[place : place + 1] == '"':
            end = line.find('"' + sign, place + 1)
            end = len(line.rstrip()) if end < 0 else end + 1
        else:
            end = line.find(sign, place)
            end = len(line) if end < 0 else end
        raw = line[place:end]
        cell = raw.strip(" \t\"'\r")
        if kind in _KINDS and cell and cell.lower() not in {"null", "none", "-"}:
            yield from judged(kind, cell, at + place + raw.index(cell))
        place = end + 1
