"""All rules, in the order of their ids."""

from collections.abc import Mapping
from types import MappingProxyType

from harness.rules import (
    attribution,
    causes,
    declared,
    ignores,
    items_numbers,
    items_wording,
    lifecycle,
    quotes,
    references,
    rows,
    rows_wording,
    traces,
)
from harness.rules.rule import Rule

_MODULES = (
    references,
    declared,
    ignores,
    rows,
    rows_wording,
    causes,
    items_wording,
    items_numbers,
    quotes,
    traces,
    attribution,
    lifecycle,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        found.id: found
        for found in sorted(
            (each for module in _MODULES for each in vars(module).values() if type(each) is Rule),
            key=lambda each: each.id,
        )
    }
)
"""Rule id -> rule."""

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "PM0": "Declared at all, and references that meet",
        "PM1": "The agent's rows",
        "PM2": "Root cause",
        "PM3": "Action items",
        "PM4": "Trace and verbatim",
        "PM5": "Attribution",
        "PM6": "Lifecycle",
    }
)
"""The beginning of an id -> what the family is about."""
