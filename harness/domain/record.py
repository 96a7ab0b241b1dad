"""What makes a class a record, and the value types that records are built of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, dataclass_transform

from annotated_types import Ge, Gt, Interval, Lt, MinLen

_T = TypeVar("_T")


def _key(field_name: str) -> str:
    """Return the key that a file uses for a field: ``class_`` is written ``class``."""
    return field_name.rstrip("_")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """Make a class a frozen keyword-only dataclass whose files allow no unknown key.

    The configuration is read by the validator in ``harness.files``; the records themselves
    stay free of it.
    """
    made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    made.__pydantic_config__ = CONFIG  # type: ignore[attr-defined]
    return made


CONFIG: dict[str, Any] = {
    "extra": "forbid",
    "strict": True,
    "alias_generator": _key,
    "use_attribute_docstrings": False,
}
"""How records are validated. Reading what each field means takes longer than all else: it is asked
for where somebody wants to know."""


A_NAME = "a name"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that a string must match, with the rule in words."""

    regex: str
    rule: str
    """Of what a name consists; or, for another noun, what is asked instead of it."""
    noun: str = A_NAME

    def __get_pydantic_core_schema__(
        self, source: object, handler: Callable[[object], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Add the pattern to the schema of a string; the protocol of the validator in ``files``."""
        return {**handler(source), "pattern": self.regex}


NAME_RULE = "letters, digits, dot, hyphen and underscore, starting with a letter or digit"

Name = Annotated[str, Pattern(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", NAME_RULE)]
"""An identifier that is safe as a file name."""

Text = Annotated[str, MinLen(1)]
"""A text that is not empty."""

Json = Any
"""A JSON value: None, bool, int, finite float, str, or lists and string-keyed dicts of them."""

Probability = Annotated[float, Interval(ge=0.0, le=1.0)]
"""A probability or rate in [0, 1]."""

OpenRate = Annotated[float, Gt(0.0), Lt(1.0)]
"""A rate strictly between 0 and 1."""

Count = Annotated[int, Ge(1)]
"""A whole number, at least 1."""

PositiveSeconds = Annotated[float, Gt(0.0)]
"""A duration in seconds, above 0."""
