"""What a record's annotations ask of a value, read once and in one form."""

import dataclasses
import datetime as dt
import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import GroupedMetadata

Kind = Literal[
    "any", "text", "integer", "number", "boolean", "date", "choice", "list", "mapping", "record",
    "union",
]  # fmt: skip

_KINDS: dict[Any, Kind] = {
    Any: "any",
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    dt.date: "date",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One key of a record."""

    annotation: Any
    required: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What is asked of a value."""

    kind: Kind
    annotation: Any
    """The annotation without its metadata."""
    rules: tuple[Any, ...] = ()
    """Bounds, lengths and patterns: the annotation's metadata."""
    nullable: bool = False
    """Whether null is a value."""
    options: tuple[Any, ...] = ()
    """What a choice allows."""
    members: tuple["Shape", ...] = ()
    """What a union allows."""
    key: Any = None
    """The annotation of a mapping's keys."""
    item: Any = None
    """The annotation of a list's entries or a mapping's values."""

    def rule(self, kind: type) -> Any:
        """Return the rule of a type, or None."""
        return next((rule for rule in self.rules if isinstance(rule, kind)), None)


@cache
def shape(annotation: Any) -> Shape:
    """Return what an annotation asks."""
    rules: list[Any] = []
    if get_origin(annotation) is Annotated:
        annotation, *found = get_args(annotation)
        for rule in found:
            rules.extend(rule if isinstance(rule, GroupedMetadata) else [rule])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        members = [member for member in arguments if member is not types.NoneType]
        nullable = len(members) < len(arguments)
        if len(members) == 1:
            only = shape(members[0])
            return dataclasses.replace(only, nullable=nullable, rules=(*only.rules, *rules))
        shapes = tuple(shape(member) for member in members)
        return Shape("union", annotation, tuple(rules), nullable, members=shapes)
    return _simple(annotation, origin, arguments, tuple(rules))


def _simple(annotation: Any, origin: Any, arguments: Any, rules: tuple[Any, ...]) -> Shape:
    if origin is Literal:
        return Shape("choice", annotation, rules, options=arguments)
    if origin is tuple:
        return Shape("list", annotation, rules, item=arguments[0])
    if origin is Mapping:
        return Shape("mapping", annotation, rules, key=arguments[0], item=arguments[1])
    if dataclasses.is_dataclass(annotation):
        return Shape("record", annotation, rules)
    return Shape(_KINDS[annotation], annotation, rules)


@cache
def fields(record: Any) -> Mapping[str, Field]:
    """Return the keys of a record in their order, as files write them."""
    hints = get_type_hints(record, include_extras=True)
    alias = record.__pydantic_config__["alias_generator"]
    return {
        alias(field.name): Field(
            hints[field.name],
            required=field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(record)
    }


@cache
def discriminator(union: Shape) -> str | None:
    """Return the key that tells the records of a union apart, if one does."""
    records = [member for member in union.members if member.kind == "record"]
    if len(records) < 2:  # noqa: PLR2004 - one record needs none
        return None
    for key, field in fields(records[0].annotation).items():
        if shape(field.annotation).kind == "choice" and all(
            key in fields(record.annotation) for record in records
        ):
            return key
    return None


def choices(union: Shape, key: str) -> tuple[Any, ...]:
    """Return all that the records of a union allow for the key that tells them apart."""
    return tuple(
        option
        for member in union.members
        if member.kind == "record"
        for option in shape(fields(member.annotation)[key].annotation).options
    )


def member_for(union: Shape, value: Any) -> Shape | None:
    """Return the one member of a union that a value is meant to be; None when it fits none."""
    if isinstance(value, str):
        return next((m for m in union.members if m.kind in {"text", "choice", "date"}), None)
    if not isinstance(value, dict):
        return None
    records = [member for member in union.members if member.kind in {"record", "mapping"}]
    key = discriminator(union)
    if key is None:
        return records[0] if records else None
    meant = value.get(key)
    return next(
        (m for m in records if meant in shape(fields(m.annotation)[key].annotation).options), None
    )


def shape_at(annotation: Any, data: Any, path: tuple[str | int, ...]) -> Shape | None:
    """Return what is asked of the value at a key path; None where the records know no such path."""
    found: Shape | None = shape(annotation)
    for step in path:
        if found is not None and found.kind == "union":
            found = member_for(found, data)
        if found is None or found.kind == "any":
            return found
        if found.kind in {"list", "mapping"}:
            found = shape(found.item)
        elif found.kind == "record" and step in fields(found.annotation):
            found = shape(fields(found.annotation)[str(step)].annotation)
        else:
            return None
        data = data[step]
    if found is not None and found.kind == "union":
        return member_for(found, data) or found
    return found
