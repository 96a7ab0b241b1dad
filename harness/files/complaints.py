"""The validator's errors as problems in our words, one for each thing that is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotated_types import MinLen

from harness.errors import Problem
from harness.files.marks import KeyPath, Marks, dotted
from harness.files.names import suggestion
from harness.files.scalars import ambiguous
from harness.files.shapes import (
    Shape,
    choices,
    discriminator,
    fields,
    member_for,
    shape,
    shape_at,
)
from harness.files.strict_yaml import Document
from harness.files.wording import complaint, requirement

_KEY = "[key]"


@dataclass(frozen=True, slots=True)
class _Found:
    """Where an error of the validator lies, in terms of the file."""

    path: KeyPath
    asked: Shape
    value: Any
    is_key: bool = False


def problems_of(
    errors: Sequence[Mapping[str, Any]], annotation: Any, document: Document, describe: Any
) -> list[Problem]:
    """Return the problems behind the validator's errors, in the order of the file.

    ``describe(record)`` returns what each key of a record means.
    """
    problems: dict[KeyPath, Problem] = {}
    for error in errors:
        found = _locate(annotation, document.data, tuple(error["loc"]), error["type"])
        if found is None or _below(found.path, document.refused):
            continue
        problem = _problem(error["type"], found, document.marks, describe)
        if problem is not None:
            problems.setdefault(found.path, problem)
    meant = {p.fix for p in problems.values() if p.rule == _UNKNOWN}
    kept = [
        p
        for path, p in problems.items()
        if not (p.rule == _MISSING and f"did you mean {path[-1]}?" in meant)
    ]
    return sorted(kept, key=lambda p: (p.place.line, p.place.column))


_UNKNOWN = "unknown key"
_MISSING = "is missing"


def suspicions(annotation: Any, document: Document) -> list[Problem]:
    """Return the problems of texts that only their place in a record can tell to be wrong."""
    problems = []
    for path in document.suspects:
        asked = shape_at(annotation, document.data, path)
        mark = document.marks.values[path]
        text = mark.text or ""
        if asked is not None and asked.kind == "any" and mark.plain:
            fix = f'write {ambiguous(text)} or "{text}"'
            rule = "is read as a text here and as something else by others"
            problems.append(Problem(document.marks.place(*path), dotted(path), rule, text, fix))
        elif asked is not None and asked.kind == "date" and not mark.plain:
            rule, got, fix = complaint(asked, text, mark)
            problems.append(Problem(document.marks.place(*path), dotted(path), rule, got, fix))
    return problems


def undecided_union(union: Shape, document: Document, describe: Any) -> Problem:
    """Return why it can't be told which of a union's records a file holds."""
    key = discriminator(union)
    if key is None or not isinstance(document.data, dict):
        record = next(member for member in union.members if member.kind == "record")
        rule, got, fix = complaint(record, document.data, document.marks.values.get(()))
        return Problem(document.marks.place(), "", rule, got, fix)
    options = choices(union, key)
    if key not in document.data:
        return _missing((key,), union.members[0], document.marks, describe)
    value = document.data[key]
    rule, got, fix = complaint(
        Shape("choice", None, options=options), value, document.marks.values.get((key,))
    )
    return Problem(document.marks.place(key), key, rule, got, fix)


def _below(path: KeyPath, refused: set[KeyPath]) -> bool:
    return any(path[:end] in refused for end in range(len(path) + 1))


def _locate(annotation: Any, data: Any, loc: KeyPath, kind: str) -> _Found | None:
    """Return where an error lies; None for one of a union's member that is not the one meant."""
    asked, rest = shape(annotation), list(loc)
    path: KeyPath = ()
    while True:
        if asked.kind == "union":
            branch = rest.pop(0) if rest else None
            member = member_for(asked, data)
            if member is None:
                return _Found(path, asked, data)
            if not _names(branch, member):
                return None
            asked = member
        if not rest or asked.kind not in {"list", "mapping", "record"}:
            return _Found(path, asked, data)
        step = rest.pop(0)
        path = (*path, step)
        if asked.kind == "record":
            known = fields(asked.annotation)
            if step not in known or (kind == "missing" and not rest):
                return _Found(path, asked, data)
            asked = shape(known[str(step)].annotation)
        elif asked.kind == "mapping" and rest == [_KEY]:
            return _Found(path, shape(asked.key), step, is_key=True)
        else:
            asked = shape(asked.item)
        data = data[step]


def _names(branch: object, member: Shape) -> bool:
    """Whether the validator's name for a union's member means this one."""
    is_record = member.kind == "record"
    return (branch == member.annotation.__name__) if is_record else not str(branch)[:1].isupper()


def _problem(kind: str, found: _Found, marks: Marks, describe: Any) -> Problem | None:
    path = found.path
    if kind == "missing":
        return _missing(path, found.asked, marks, describe)
    if kind == "unexpected_keyword_argument":
        fix = suggestion(str(path[-1]), fields(found.asked.annotation))
        return Problem(marks.key_place(*path), dotted(path), _UNKNOWN, fix=fix)
    if found.is_key:
        rule = requirement(found.asked, found.value)
        return Problem(marks.key_place(*path), dotted(path), f"a key here {rule}", str(path[-1]))
    least = found.asked.rule(MinLen)
    long_enough = isinstance(found.value, list) and least and len(found.value) >= least.min_length
    if kind == "too_short" and long_enough:  # its entries are wrong, which is told of each
        return None
    rule, got, fix = complaint(found.asked, found.value, marks.values.get(path))
    return Problem(marks.place(*path), dotted(path), rule, got, fix)


def _missing(path: KeyPath, record: Shape, marks: Marks, describe: Any) -> Problem:
    meaning = describe(record.annotation).get(str(path[-1]), "")
    told = meaning[:1].lower() + meaning[1:].rstrip(".") if meaning else "its value"
    return Problem(marks.place(*path[:-1]), dotted(path), _MISSING, fix=f"add it: {told}")
