import importlib
import pkgutil
from typing import Any

import pytest

import harness.domain
from harness.domain.case import Case
from harness.domain.item import ActionItem
from harness.files.shapes import discriminator, fields, member_for, shape, shape_at
from harness.files.wording import noun


def records() -> list[Any]:
    """Return every record that a file can hold."""
    found = []
    for module in pkgutil.iter_modules(harness.domain.__path__, "harness.domain."):
        content = vars(importlib.import_module(module.name))
        found += [
            value
            for value in content.values()
            if hasattr(value, "__pydantic_config__") and value.__module__ == module.name
        ]
    return found


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_every_annotation_of_every_record_can_be_put_into_words(record: Any) -> None:
    """A new field never makes a user's mistake end in a traceback."""
    for field in fields(record).values():
        asked = shape(field.annotation)
        while asked.item is not None:
            asked = shape(asked.item)
        for one in (asked, *asked.members):
            assert noun(one)


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_the_records_that_may_stand_in_one_place_can_be_told_apart(record: Any) -> None:
    """Where several records are allowed, one key says which is meant."""
    for field in fields(record).values():
        asked = shape(field.annotation)
        kinds = [member.kind for member in asked.members]
        assert kinds.count("record") < 2 or discriminator(asked)


def test_what_is_asked_is_found_by_key_path() -> None:
    """A path leads through lists, mappings and unions; one that the records lack leads nowhere."""
    data = {"messages": [{"content": {"a": 1}}], "correct": ["x", {"where": {"$.a": "b"}}], "zz": 1}

    def kind(*path: str | int) -> str | None:
        asked = shape_at(Case, data, path)
        return asked.kind if asked else None

    assert kind() == "record"
    assert kind("messages", 0, "content", "a") == "any"
    assert kind("correct", 0) == "text"
    assert kind("correct", 1, "where", "$.a") == "text"
    assert kind("zz") is None


def test_the_kind_of_an_item_chooses_its_record() -> None:
    """A kind that is unknown, or no text, chooses none."""
    union = shape(ActionItem)
    chosen = member_for(union, {"kind": "escalation"})
    assert chosen is not None
    assert chosen.annotation.__name__ == "EscalationItem"
    others: list[Any] = [{"kind": "zebra"}, {"kind": []}, {}, [], "escalation", None]
    for data in others:
        assert member_for(union, data) is None
