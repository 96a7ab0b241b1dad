"""Traces as people bring them: JSON, JSON lines, or an archive of JSON files. All of it is hostile.

Nothing of an archive is ever unpacked to disk, and what its members hold together is bounded.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.domain.record import Json
from harness.domain.trajectory import Loss
from harness.errors import InputError, Place, Problem
from harness.files.source import position, read_bytes
from harness.files.trace_archive import refused, unpacked
from harness.ports.importer import Document

_MIB = 1024 * 1024
MOST_BYTES = 64 * _MIB
"""The largest file that is read."""
_MOST_DEPTH = 400
_HALVES = re.compile("[\ud800-\udfff]")
_HALVES_WRITTEN = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_FIRST_BYTES = {
    b"\x1f\x8b": ("gzip", "gunzip it"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd it"),
    b"PAR1": ("Parquet", "export it as JSON"),
    b"SQLite format 3": ("SQLite", "export it as JSON"),
}


def read_document(path: Path) -> tuple[Document, str]:
    """Return what a file holds and the SHA-256 of its bytes; InputError where that fails."""
    content = _read(path)
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(content, path), digest
    for start, (name, fix) in _FIRST_BYTES.items():
        if content.startswith(start):
            raise refused(path, f"is no JSON, but {name}", fix=fix)
    notes: Counter[str] = Counter()
    text = _text(content, path)
    data, lines = _parsed(text, path, notes)
    return Document(str(path), data, tuple(lines), losses=_losses(notes)), digest


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, MOST_BYTES)
    except InputError as error:
        problem = error.problems[0]
        if isinstance(problem, Problem) and problem.rule.startswith("must be at most"):
            fix = "export the one session or trace of the incident"
            raise InputError(Problem(problem.place, "", problem.rule, problem.got, fix)) from None
        raise


def _text(content: bytes, path: Path) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refused(path, "must be UTF-8", "UTF-16", "save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = position(before, len(before))
        got = f"the byte 0x{content[error.start]:02x}"
        place = Place(str(path), line, column)
        raise InputError(Problem(place, "", "must be UTF-8", got, "export it anew")) from None
    if not text.strip():
        raise refused(path, "is empty", fix="name a trace")
    return text


def _parsed(text: str, path: Path, notes: Counter[str]) -> tuple[Json, list[Json]]:
    """Return the value of a JSON file, or those of a file of JSON lines."""
    try:
        return _loads(text, notes), []
    except json.JSONDecodeError as error:
        first = next(line for line in text.splitlines() if line.strip())
        if not error.msg.startswith("Extra data") or not _stands_alone(first):
            raise _unreadable(path, error) from None
    except (RecursionError, ValueError) as error:
        raise _unreadable(path, error) from None
    notes.clear()
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                lines.append(_loads(line, notes))
            except (RecursionError, ValueError) as error:
                raise _unreadable(path, error, number) from None
    return None, lines


def _stands_alone(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _loads(text: str, notes: Counter[str]) -> Json:
    value = json.loads(
        text,
        object_pairs_hook=_pairs(notes),
        parse_constant=_constant(notes),
        parse_float=_float(notes),
    )
    _check_depth(value)
    return _whole(value, notes) if _HALVES_WRITTEN.search(text) else value


def _pairs(notes: Counter[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        notes["keys that are written twice"] += len(pairs) - len(found)
        return found

    return made


def _constant(notes: Counter[str]) -> Callable[[str], str]:
    def made(word: str) -> str:
        notes[f"numbers that are {word}"] += 1
        return word

    return made


def _float(notes: Counter[str]) -> Callable[[str], float | str]:
    def made(word: str) -> float | str:
        value = float(word)
        if math.isfinite(value):
            return value
        notes["numbers that are too large"] += 1
        return word

    return made


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(_MOST_DEPTH):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
            if isinstance(below, dict | list)
        ]
        if not level:
            return
    raise RecursionError


def _whole(value: Json, notes: Counter[str]) -> Json:
    """Return a value without halves of characters; they cannot be written anywhere again."""
    if isinstance(value, str):
        found, count = _HALVES.subn("\ufffd", value)
        notes["halves of characters"] += count
        return found
    if isinstance(value, dict):
        return {_whole(key, notes): _whole(each, notes) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each, notes) for each in value]
    return value


_WHY = {
    "keys that are written twice": "the last of a name counts",
    "halves of characters": "they are no text; the replacement character stands for each",
}


def _losses(notes: Counter[str]) -> tuple[Loss, ...]:
    return tuple(
        Loss(what=what, why=_WHY.get(what, "JSON has no such number; its name is kept"), count=n)
        for what, n in notes.items()
        if n
    )


def _archive(content: bytes, path: Path) -> Document:
    members: dict[str, Json] = {}
    notes: Counter[str] = Counter()
    for member, data in unpacked(content, path):
        name = Path(f"{path}!{member}")
        members[member] = _parsed(_text(data, name), name, notes)[0]
    return Document(str(path), members=members, losses=_losses(notes))


def _unreadable(path: Path, error: Exception, line: int = 0) -> InputError:
    if isinstance(error, json.JSONDecodeError):
        place = Place(str(path), line or error.lineno, error.colno)
        cut_off = error.pos >= len(error.doc.rstrip()) - 1 or error.msg.startswith("Unterminated")
        fix = "it seems to be cut off: export it anew" if cut_off else "export it anew"
        return InputError(Problem(place, "", f"is not readable as JSON: {error.msg}", fix=fix))
    rule = "lists and mappings are nested too deeply"
    if not isinstance(error, RecursionError):
        rule = "holds a number that is too long"
    return InputError(Problem(Place(str(path), line), "", rule, fix="export it anew"))
