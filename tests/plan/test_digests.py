"""What must be equal for two trials to be evidence for the same thing."""

import math
from dataclasses import replace
from typing import Any

import pytest

from harness.domain.case import (
    Condition,
    Edit,
    Eval,
    GraderSpec,
    Provenance,
    Recording,
    Twin,
    Variants,
)
from harness.domain.project import ModelConfig
from harness.domain.transcript import Message, ToolSpec
from harness.plan.digests import (
    case_digest,
    case_digests,
    digest,
    eval_digest,
    fingerprint,
    protocol_digest,
)
from harness.plan.variants import resolve

EVAL = Eval(id="stall", grader="decision")


def test_a_digest_is_that_of_the_canonical_json():
    """The order of keys and tuples for lists change nothing: one value, one text, one hash."""
    # printf '{"a":[1,"\\u00e9"],"b":null}' | sha256sum
    known = "e6ad993c7a569e941cdd65aa57c817cb74d20d9877b15dfc8cc0ac151c74785d"
    assert digest({"b": None, "a": (1, "é")}) == known


def test_what_json_cannot_say_has_no_digest():
    """NaN has no one form, so it is an error and not a digest."""
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        digest({"a": math.nan})


@pytest.mark.parametrize(
    "change",
    [
        {"description": "other words"},
        {"provenance": Provenance(source="a paper")},
        {"incident": "INC-2"},
        {"id": "renamed"},
    ],
)
def test_what_people_read_is_no_part_of_a_case(make_case: Any, change: dict[str, Any]):
    """Description, provenance, incident and name say nothing to the model or the grader."""
    assert case_digest(make_case(**change)) == case_digest(make_case())


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (Message(role="user", content="The queue stands still!"),)},
        {"messages": (Message(role="system", content="The queue stands still."),)},
        {"decisions": {"wait": "do nothing", "restart": "restart the producer"}},
        {"decisions": {"restart": "restart", "wait": "do nothing"}},
        {"correct": ("wait",)},
        {"failing": ("restart",)},
        {"correct": (Condition(tool="restart"),)},
        {"tools": (ToolSpec(name="diagnose"),)},
        {"recordings": (Recording(tool="diagnose", result=1),)},
        {"unrecorded": "fail"},
    ],
)
def test_what_is_replayed_or_graded_is_part_of_a_case(make_case: Any, change: dict[str, Any]):
    """A changed message, tool, recording, decision (or their order) or grade is another case."""
    assert case_digest(make_case(**change)) != case_digest(make_case())


def test_the_order_of_keys_in_a_result_is_no_part_of_a_case(make_case: Any):
    """Two spellings of the same tool result are the same evidence."""

    def with_result(result: dict[str, int]) -> Any:
        return make_case(messages=(Message(role="tool", content=result),))

    assert case_digest(with_result({"a": 1, "b": 2})) == case_digest(with_result({"b": 2, "a": 1}))


def test_a_twin_and_its_case_have_digests_of_their_own(make_case: Any):
    """Editing the twin leaves the evidence of its case alone, and the reverse holds as well."""
    twin = Twin(why="w", edits=(Edit(message=0, replace="x"),), correct=("wait",), failing=("a",))
    both = case_digests(EVAL, {"silent": make_case(twin=twin)})["silent"]
    assert set(both) == {"base", "twin"}
    assert both["base"] == case_digests(EVAL, {"silent": make_case()})["silent"]["base"]
    other = make_case(twin=replace(twin, edits=(Edit(message=0, replace="y"),)))
    edited = case_digests(EVAL, {"silent": other})["silent"]
    assert edited["base"] == both["base"]
    assert edited["twin"] != both["twin"]
    explained = make_case(twin=replace(twin, why="because"))
    assert case_digests(EVAL, {"silent": explained})["silent"] == both


def test_a_variant_that_is_not_replayed_is_no_part_of_a_case(make_case: Any):
    """Writing a repair leaves the evidence on the case alone until an eval applies it."""
    repaired = make_case(variants=Variants(tool=(Edit(message=0, replace="x"),)))
    assert case_digest(resolve(repaired, "base")) == case_digest(resolve(make_case(), "base"))
    with_repair = replace(EVAL, repair=("tool",))
    assert case_digests(with_repair, {"silent": repaired}) != case_digests(
        EVAL, {"silent": repaired}
    )


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"description": "words"}, True),
        ({"id": "renamed"}, True),
        ({"grader": GraderSpec(name="decision")}, True),
        ({"grader": "text"}, False),
        ({"grader": GraderSpec(name="decision", options={"a": 1})}, False),
        ({"settings": {"temperature": 1}}, False),
        ({"max_steps": 3}, False),
        ({"unparsed": "fail"}, False),
        ({"question": "Now?"}, False),
    ],
)
def test_how_an_eval_asks_and_grades_is_its_protocol(change: dict[str, Any], same: bool):  # noqa: FBT001
    """Whatever changes the answer or its grade is another protocol; words for people are not."""
    assert (protocol_digest(replace(EVAL, **change)) == protocol_digest(EVAL)) is same


def test_an_eval_is_its_protocol_and_all_of_its_cases(make_case: Any):
    """Another case or another protocol is another eval digest; the order of cases is not."""
    digests = {"a": {"base": "1"}, "b": {"base": "2"}}
    assert eval_digest("p", digests) == eval_digest("p", dict(reversed(digests.items())))
    assert len({eval_digest("p", digests), eval_digest("q", digests), eval_digest("p", {})}) == 3
    assert make_case() == make_case()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"concurrency": 99}, True),
        ({"settings": {"top_p": 1.0, "temperature": 0.8}}, True),
        ({"settings": {"temperature": 0.7}}, False),
        ({"target": "agent:other"}, False),
        ({"adapter": "scripted"}, False),
    ],
)
def test_a_fingerprint_is_what_answers(change: dict[str, Any], same: bool):  # noqa: FBT001
    """Adapter, target and settings identify a model; how many calls run at once does not."""
    given: dict[str, Any] = {
        "adapter": "python",
        "target": "agent:respond",
        "settings": {"temperature": 0.8, "top_p": 1.0},
    }
    one = fingerprint(ModelConfig(**given), EVAL, {"source_sha256": "1"})
    other = fingerprint(ModelConfig(**{**given, **change}), EVAL, {"source_sha256": "1"})
    assert (one == other) is same


def test_the_settings_of_an_eval_win_over_the_models():
    """The fingerprint holds the settings that are in force, and the adapter's own parts."""
    config = ModelConfig(adapter="python", target="a:b", settings={"temperature": 1, "seed": 2})
    found = fingerprint(config, replace(EVAL, settings={"temperature": 0}), {"weights": "1"})
    assert found.parts == {
        "adapter": "python",
        "requested": "a:b",
        "settings": {"temperature": 0, "seed": 2},
        "loop": 1,
        "weights": "1",
    }
    assert found.digest == digest(found.parts)
