"""From a case to what is replayed."""

import copy
from typing import Any

import pytest

from harness.domain.case import Edit, Twin, Variants
from harness.domain.transcript import Message, ToolSpec
from harness.plan.variants import apply, merged, resolve, variant_of

SYSTEM = Message(role="system", content="You are on call. ")
RESULT = Message(role="tool", content={"queue": {"depth": 5}, "consumers": 0})
DIAGNOSE = ToolSpec(name="diagnose", description="shows the queue")


@pytest.fixture
def case(make_case: Any) -> Any:
    """Return the case of these tests."""
    return make_case(
        messages=(SYSTEM, RESULT),
        tools=(DIAGNOSE, ToolSpec(name="restart")),
        variants=Variants(
            tool=(Edit(message=1, merge={"queue": {"heartbeat": "lost"}}),),
            data=(Edit(message=1, merge={"consumers": 3}),),
            agent=(Edit(system_append=" Look at the heartbeat. "),),
            handoff=(Edit(append=Message(role="user", content="Approved.")),),
        ),
        twin=Twin(
            why="w",
            edits=(Edit(message=1, merge={"queue": {"heartbeat": "fresh"}, "consumers": 9}),),
            correct=("wait",),
            failing=("restart",),
        ),
    )


@pytest.mark.parametrize(
    ("edit", "content"),
    [
        (Edit(message=1, merge={"queue": {"heartbeat": 1}, "new": [1]}),
         {"queue": {"depth": 5, "heartbeat": 1}, "consumers": 0, "new": [1]}),
        (Edit(message=-1, merge={"queue": 7}), {"queue": 7, "consumers": 0}),
        (Edit(message=1, merge={"queue": None}), {"queue": None, "consumers": 0}),
        (Edit(message=1, drop=("queue", "absent")), {"consumers": 0}),
        (Edit(message=1, drop=("queue",), merge={"queue": 1}), {"queue": 1, "consumers": 0}),
        (Edit(message=1, replace="gone"), "gone"),
        (Edit(message=1, replace={"a": 1}), {"a": 1}),
        (Edit(message=1, replace=None), None),
    ],
)  # fmt: skip
def test_an_edit_changes_the_content_of_its_message_alone(case: Any, edit: Edit, content: Any):
    """Merge goes key by key into objects, drop takes keys out, replace takes all."""
    assert apply(case, [edit]).messages == (SYSTEM, Message(role="tool", content=content))


def test_a_message_is_appended_at_the_end(case: Any):
    """Append adds one message behind the others."""
    more = Message(role="user", content="more")
    assert apply(case, [Edit(append=more)]).messages == (SYSTEM, RESULT, more)


def test_text_is_added_to_the_first_system_message(case: Any):
    """The added text stands one blank behind the system message, whatever blanks both had."""
    changed = apply(case, [Edit(system_append="  Look.\n")]).messages
    assert changed == (Message(role="system", content="You are on call. Look."), RESULT)


def test_a_case_without_system_message_gets_one(make_case: Any):
    """Text for the system message opens the conversation where there was none."""
    case = make_case()
    assert apply(case, [Edit(system_append=" Look. ")]).messages == (
        Message(role="system", content="Look."),
        *case.messages,
    )


def test_tools_are_added_replaced_and_taken_away(case: Any):
    """A tool takes the place of the one of its name; another goes by its name."""
    better = ToolSpec(name="diagnose", description="shows the heartbeat")
    assert apply(case, [Edit(tool=better)]).tools == (ToolSpec(name="restart"), better)
    assert apply(case, [Edit(tool=ToolSpec(name="page"))]).tools[-1].name == "page"
    assert apply(case, [Edit(remove_tool="restart")]).tools == (DIAGNOSE,)
    assert apply(case, [Edit(remove_tool="absent")]).tools == case.tools


def test_edits_are_made_one_after_the_other(case: Any):
    """A later edit sees what an earlier one did."""
    edits = [Edit(append=Message(role="tool", content={})), Edit(message=-1, merge={"a": 1})]
    assert apply(case, edits).messages[-1].content == {"a": 1}


def test_an_edit_of_a_message_that_is_not_there_is_an_error(case: Any):
    """What the loader refuses is no silent no-op here either."""
    with pytest.raises(IndexError):
        apply(case, [Edit(message=7, replace="x")])
    with pytest.raises(TypeError, match=r"^merge and drop need structured content$"):
        apply(case, [Edit(message=0, merge={"a": 1})])


def test_the_base_has_neither_twin_nor_variants(case: Any):
    """A resolved case is exactly what is replayed: no edits are left in it."""
    base = resolve(case, "base")
    assert (base.twin, base.variants) == (None, Variants())
    assert base.messages == case.messages


def test_a_layer_is_repaired_by_its_own_edits(case: Any):
    """A variant's name says which layers are repaired, and no other is."""
    assert resolve(case, "tool").messages[1].content == {
        "queue": {"depth": 5, "heartbeat": "lost"},
        "consumers": 0,
    }
    both = resolve(case, "agent+data")
    assert both.messages[0].content == "You are on call. Look at the heartbeat."
    assert both.messages[1].content == {"queue": {"depth": 5}, "consumers": 3}


def test_the_twin_states_its_own_value_of_a_repaired_signal(case: Any):
    """The edits of a twin come after the eval's repair, and its own correct and failing apply."""
    twin = resolve(case, "twin", ["data", "tool"])
    assert twin.messages[1].content == {
        "queue": {"depth": 5, "heartbeat": "fresh"},
        "consumers": 9,
    }
    assert (twin.correct, twin.failing) == (("wait",), ("restart",))
    assert resolve(case, "twin").messages[1].content["queue"] == {
        "depth": 5,
        "heartbeat": "fresh",
    }


def test_the_repair_of_an_eval_holds_in_every_variant(case: Any):
    """Base, twin and variants alike start from the repaired case."""
    repaired = resolve(case, "base", ["tool"])
    assert repaired == resolve(case, "tool")
    assert resolve(case, "agent", ["tool"]) == resolve(case, "agent+tool")


def test_layers_are_repaired_in_one_order_however_they_are_named(case: Any):
    """agent, tool, data, handoff: the order in a file or a name changes nothing."""
    assert resolve(case, "base", ["data", "tool", "agent"]) == resolve(
        case, "base", ["agent", "tool", "data"]
    )
    assert variant_of(["handoff", "agent"]) == "agent+handoff"
    assert variant_of(["data"]) == "data"
    assert variant_of([]) == "base"


def test_a_case_without_twin_has_none(make_case: Any):
    """Asking for a twin that is not there is a bug of the caller, not an untouched case."""
    with pytest.raises(ValueError, match=r"^case silent has no twin$"):
        resolve(make_case(), "twin")


def test_resolving_leaves_the_case_alone(case: Any):
    """Resolving is pure: the record and the mappings inside are never changed in place."""
    before = copy.deepcopy(case)
    for variant in ("base", "twin", "tool", "agent+tool+data+handoff"):
        assert resolve(case, variant, ["data"]) == resolve(case, variant, ["data"])
    assert case == before


def test_merging_leaves_both_sides_alone():
    """Neither operand changes, and a value that is no object replaces one that is."""
    base: dict[str, Any] = {"a": {"b": 1}, "c": {"d": 1}}
    assert merged(base, {"a": {"e": 2}, "c": 3}) == {"a": {"b": 1, "e": 2}, "c": 3}
    assert base == {"a": {"b": 1}, "c": {"d": 1}}
