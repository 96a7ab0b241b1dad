"""spaCy's names as a detector: a real pipeline of spaCy, its model where it is installed."""

import importlib.util

import pytest

from harness.anonymize import Anonymizer
from harness.anonymize.optional import (
    MODEL,
    DetectSecrets,
    Names,
    default_detectors,
    incident_detectors,
)  # fmt: skip
from harness.anonymize.rules import Rules

_TOLD = "Yesterday Olumide Okonkwo restarted the billing queue, and Mei Tanaka approved it."


def _ruled() -> Names:
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": "PERSON", "pattern": name} for name in ("Olumide Okonkwo", "Mei Tanaka", "Mei")]
    )
    return Names(pipeline)


def test_names_of_two_words_are_found_where_they_stand() -> None:
    """A person's full name is a span at its own place; a first name alone is a word like others."""
    spans = list(_ruled().find(_TOLD + " Mei left."))
    assert [_TOLD[span.start : span.end] for span in spans] == ["Olumide Okonkwo", "Mei Tanaka"]
    assert {span.kind for span in spans} == {"person"}


def test_a_name_far_into_a_long_text_is_found_at_its_place() -> None:
    """A long text is read in parts, to its end: nothing is cut off."""
    text = "the queue was drained again. " * 9_000 + _TOLD
    assert [text[s.start : s.end] for s in _ruled().find(text)] == ["Olumide Okonkwo", "Mei Tanaka"]


def test_a_name_that_no_roster_knows_is_replaced_everywhere() -> None:
    """What names find once is replaced in every form, as a roster's names are."""
    anonymizer = Anonymizer(b"k" * 32, incident="I", detectors=(Rules(), DetectSecrets(), _ruled()))
    documents = [_TOLD, "ping ookonkwo about it", "billing queue restarted"]
    anonymizer.collect(documents)
    made = anonymizer.replace(documents)
    assert not any(name in text.lower() for text in made for name in ("okonkwo", "tanaka"))
    assert made[2] == documents[2]


def test_names_are_read_where_the_extra_is_installed_and_only_in_an_incident() -> None:
    """Installing ``[ner]`` switches names on for an incident's documents, not for scanning."""
    there = all(importlib.util.find_spec(name) is not None for name in ("spacy", MODEL))
    assert any(isinstance(each, Names) for each in incident_detectors()) is there
    assert not any(isinstance(each, Names) for each in default_detectors())


def test_the_packaged_model_sees_names() -> None:
    """The model that ``[ner]`` installs tells a person from a tool."""
    pytest.importorskip("spacy")
    pytest.importorskip(MODEL)
    found = {span.value for span in Names().find("Yesterday Sarah Johnson called Peter Miller.")}
    assert found == {"Sarah Johnson", "Peter Miller"}
