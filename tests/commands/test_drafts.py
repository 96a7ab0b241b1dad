"""What an import left open is never replayed, whichever command asks for it."""

from typing import Any

import pytest

DRAFT = """\
error: cases/stall/drafted.yaml:6:12: decisions.restart: is a draft: FILL IN stands where a person \
must write (and in 1 more places), write what it stands for; harness lint lists every place
"""
POSTMORTEM = """
---
id: INC-1
title: A stalled queue
date: 2026-03-04
status: draft
agent:
  inferences:
    - inferred: the queue is stuck
      change: {layer: tool, what: add the heartbeat to the payload}
---
Text.
"""
CASE = """
id: drafted
incident: INC-1
messages:
  - {role: user, content: The queue stands still.}
decisions:
  restart: "FILL IN: what the correct inference leads to"
  wait: "FILL IN: what else can be done"
correct: [restart]
failing: [wait]
variants:
  tool: [{append: {role: user, content: The heartbeat is gone.}}]
"""
PLANTED = '{adapter: python, target: "planted:respond", settings: {rate: %s}}'


@pytest.fixture
def drafted(project: Any) -> Any:
    """Return a project with two models, of whose cases one is a draft."""
    project.models(f"planted: {PLANTED % '0.0'}", f"other: {PLANTED % '0.5'}")
    project.write("postmortems/INC-1.md", POSTMORTEM)
    project.write("cases/stall/drafted.yaml", CASE)
    return project


@pytest.mark.parametrize(
    "command",
    [
        ("check", "ITEM-1"),
        ("check", "ITEM-1", "--decide-only"),
        ("gate", "--baseline", "planted", "--candidate", "other"),
        ("attribute", "INC-1"),
        ("effect", "ITEM-1"),
        ("effect", "ITEM-1", "--layer", "tool"),
    ],
)
def test_a_draft_is_refused_before_any_trial(drafted: Any, command: tuple[str, ...]):
    """A stub asks the model nothing, so whoever would replay it says where it stands."""
    ran = drafted.run(*command)
    assert (ran.code, ran.out, ran.err) == (2, "", DRAFT)
    assert not drafted.runs()


def test_a_night_leaves_the_items_of_a_draft_out_and_goes_on(drafted: Any):
    """One draft that somebody imported at 3 am does not end the watch over everything else."""
    drafted.evaluation("flow")
    drafted.case("slow", eval_="flow")
    item = (drafted.root / "action_items/ITEM-1.yaml").read_text()
    drafted.write(
        "action_items/ITEM-2.yaml",
        item.replace("ITEM-1", "ITEM-2").replace("eval: stall", "eval: flow"),
    )
    ran = drafted.run("nightly", "--format", "json")
    found = {each["item"]: each for each in ran.json["items"]}
    assert DRAFT.removeprefix("error: ").strip() in str(found["ITEM-1"])
    assert found["ITEM-1"]["new_trials"] == 0
    assert found["ITEM-2"]["new_trials"] > 0
    assert ran.code != 0
