"""Files as records: validated whole, with the place of every value."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from harness.domain.record import CONFIG
from harness.errors import InputError, Place, Problem
from harness.files.complaints import problems_of, suspicions, undecided_union
from harness.files.marks import KeyPath, Marks, dotted
from harness.files.shapes import member_for, shape
from harness.files.source import read_bytes
from harness.files.strict_yaml import Document, read_document

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T_co]):
    """A record, and the file that it was read from."""

    path: Path
    """The file."""
    value: T_co
    """The record."""
    sha256: str
    """The SHA-256 of the file's bytes, in hex."""
    marks: Marks
    """Where every key and value stands."""

    def place(self, *path: str | int) -> Place:
        """Return where the value at a key path stands; or the nearest that holds it."""
        return self.marks.place(*path)

    def has(self, *path: str | int) -> bool:
        """Whether the file itself gives a value at a key path."""
        return path in self.marks.values

    def problem(self, path: KeyPath, rule: str, got: str = "", fix: str = "") -> Problem:
        """Return a problem of the value at a key path."""
        return Problem(self.marks.place(*path), dotted(path), rule, got, fix)


def load(path: Path, annotation: type[T]) -> Loaded[T]:
    """Return the record of a YAML file; raise InputError with all that is wrong in it.

    ``annotation`` is a record or a union of records.
    """
    return load_bytes(read_bytes(path), path, annotation)


def load_bytes(content: bytes, path: Path, annotation: type[T]) -> Loaded[T]:
    """Return the record of a file's bytes; ``path`` is what messages call it."""
    return load_document(read_document(content, path), content, path, annotation)


def load_document(document: Document, content: bytes, path: Path, annotation: type[T]) -> Loaded[T]:
    """Return the record of a document that was read from a file's bytes."""
    if not document.complete or (document.problems and document.data is None):
        raise InputError(*document.problems)
    record: Any = annotation
    asked = shape(record)
    if asked.kind == "union":
        member = member_for(asked, document.data)
        if member is None:
            raise InputError(*document.problems, undecided_union(asked, document, describe))
        record = member.annotation
    problems = [*document.problems, *suspicions(record, document)]
    value, errors = _validated(record, document.data)
    problems += problems_of(errors, record, document, describe)
    if problems:
        raise InputError(*sorted(problems, key=lambda p: (p.place.line, p.place.column)))
    digest = hashlib.sha256(content).hexdigest()
    return Loaded(path, value, digest, document.marks)


def describe(record: Any) -> Mapping[str, str]:
    """Return what each key of a record means, from the docstrings of its fields."""
    properties = described(record).json_schema().get("properties", {})
    return {key: property_.get("description", "") for key, property_ in properties.items()}


@cache
def adapter(record: Any) -> "TypeAdapter[Any]":
    """Return the validator of a record; pydantic is imported with the first."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - slow to import, and only needed to load

    made: TypeAdapter[Any] = TypeAdapter(record)
    return made


@cache
def described(record: Any) -> "TypeAdapter[Any]":
    """Return the validator of a record with what every field means, from the sources."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - as above

    CONFIG["use_attribute_docstrings"] = True
    try:
        made: TypeAdapter[Any] = TypeAdapter(record)
    finally:
        CONFIG["use_attribute_docstrings"] = False
    return made


def _validated(record: Any, data: Any) -> tuple[Any, list[Any]]:
    """Validate as JSON, where lists stand for tuples, texts for dates, and all else is strict."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    try:
        return adapter(record).validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        return None, list(error.errors(include_url=False, include_context=False))
