"""``harness attribute`` and ``harness effect``: layers repaired on purpose, by replay."""

from typing import Any

import pytest

from tests.forging import forge

AGENT = """
import random

def respond(messages, tools, settings, seed):
    text = " ".join(str(message["content"]) for message in messages)
    fixed = {layer: "REPAIR " + layer in text for layer in ("agent", "tool", "data", "handoff")}
    strong = settings.get("strong", False) or "POLICY" in text
    twin = "benign" in text
    right, wrong = ("wait", "restart") if twin else ("restart", "wait")
    known = {"twin": twin, "strong": strong, **fixed}
    rate = eval(settings["rate"], known)
    return wrong if random.Random(seed).random() < rate else right
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
attribution:
  agent: {share: 0.25, evidence: message 7}
  tool: {share: 0.5, evidence: no heartbeat}
  data: {share: 0.0}
  handoff: {share: 0.25, evidence: approved in 8 seconds}
action_items: [ITEM-1]
---
Text.
"""
LAYERS = ("agent", "tool", "data", "handoff")


def variants(*layers: str) -> str:
    """Return the repairs of a case."""
    lines = [f"  {each}: [{{append: {{role: user, content: REPAIR {each}}}}}]" for each in layers]
    return "\n".join(["variants:", *lines]) + "\n"


def planted(bare: Any, rate: str, *models: str, more: str = "") -> Any:
    """Write a project whose agent fails at a rate that hangs on what is repaired."""
    settings = f"settings: {{rate: '{rate}'}}"
    target = 'adapter: python, target: "planted:respond", concurrency: 64'
    bare.models(f"planted: {{{target}, {settings}}}", *models)
    with (bare.root / "harness.yaml").open("a") as file:
        file.write("\n" + more)
    bare.agent(AGENT)
    bare.item()
    bare.evaluation()
    bare.write("postmortems/INC-1.md", POSTMORTEM)
    bare.case("silent", more=variants(*LAYERS))
    bare.case("spike", more=variants(*LAYERS))
    return bare


def attribute(project: Any, *more: str) -> Any:
    """Run the attribution."""
    return project.run("attribute", "INC-1", "--format", "json", *more)


def test_and_is_measured_and_contradicts_or_agrees_in_words(bare: Any):
    """Two layers that need each other share the drop; the author's shares are judged beside it."""
    planted(bare, "0 if tool and data or twin else 1")
    done = attribute(bare)
    found = done.json
    assert (done.code, found["shown"], found["complete"]) == (0, True, True)
    assert sum(cell["trials"] for cell in found["cells"]) == found["new_trials"] >= 480
    by_layer = {each["layer"]: each for each in found["layers"]}
    assert by_layer["tool"]["share"]["value"] == pytest.approx(0.5)
    assert by_layer["tool"]["agrees"] is True
    assert by_layer["data"]["agrees"] is False
    assert by_layer["agent"]["drop"]["value"] == 0
    pairs = {tuple(each["layers"]): each["beyond"] for each in found["interactions"]}
    assert pairs["tool", "data"]["lower"] > 0.3
    total = sum(each["drop"]["value"] for each in found["layers"])
    assert total == pytest.approx(found["drop"]["value"])
    assert any(
        sentence.startswith("the author gives tool 50 %; repairing the tool alone")
        and sentence.endswith(": that agrees")
        for sentence in found["sentences"]
    )
    assert any("that contradicts the author" in sentence for sentence in found["sentences"])
    assert any("tool and data need each other" in sentence for sentence in found["sentences"])
    assert bare.run("verify").code == 0
    again = attribute(bare)
    assert again.json["new_trials"] == 0
    assert again.json["layers"] == found["layers"]


def test_without_a_drop_there_are_no_shares(bare: Any):
    """Repairs that change nothing are said to, and exit with 3."""
    planted(bare, "1")
    done = attribute(bare)
    assert (done.code, done.json["shown"]) == (3, False)
    assert all(each["share"] is None for each in done.json["layers"])
    assert "that may be nothing, so there are no shares" in done.json["reasons"][0]


def test_what_a_case_cannot_repair_is_named(bare: Any):
    """A layer that one case lacks is left out of all combinations, by name, with the author's."""
    planted(bare, "0 if tool else 1")
    bare.case("spike", more=variants("agent", "tool", "data"))
    found = attribute(bare).json
    assert found["layers"][0]["layer"] == "agent"
    assert len(found["cells"]) == 8
    assert found["lacking"] == {"handoff": ["stall/spike"]}
    assert len(found["not_replayed"]) == 8
    assert any(
        s.startswith("the author gives handoff 25 %; handoff is not measured: stall/spike declares")
        for s in found["sentences"]
    )
    bare.case("spike")
    none = bare.run("attribute", "INC-1")
    assert (none.code, none.err) == (
        4,
        (
            "error: INC-1: no layer can be repaired in all of its cases, so nothing can be "
            "attributed: give the cases variants\n"
        ),
    )


def test_the_agent_may_be_a_stronger_model_or_another_policy(bare: Any):
    """harness.yaml says how the agent is repaired; the other layers stay the cases' own."""
    strong = (
        'strong: {adapter: python, target: "planted:respond", concurrency: 64, '
        "settings: {strong: true, rate: '0 if strong else 1'}}"
    )
    rate = "0 if strong else 1"
    planted(bare, rate, strong, more="attribution: {agent_model: strong}\n")
    found = attribute(bare).json
    by_layer = {each["layer"]: each for each in found["layers"]}
    assert found["agent"] == "the model strong"
    assert by_layer["agent"]["share"]["value"] > 0.8
    assert bare.run("verify").code == 0
    bare.reset()
    planted(bare, rate, more="attribution: {agent_policy: POLICY}\n")
    found = attribute(bare).json
    assert found["agent"] == "the policy of harness.yaml"
    assert {e["layer"]: e for e in found["layers"]}["agent"]["share"]["value"] > 0.8


def test_a_budget_that_is_spent_measures_nothing(bare: Any):
    """Half the combinations give no shares; the same command goes on from there."""
    planted(bare, "0 if tool else 1", more="budget: {calls: 100}\n")
    done = attribute(bare)
    assert (done.code, done.json["complete"], done.json["record"]) == (3, False, None)
    assert done.json["stopped"] == "the budget of calls is spent"
    text = (bare.root / "harness.yaml").read_text().replace("calls: 100", "calls: 5000")
    (bare.root / "harness.yaml").write_text(text)
    again = attribute(bare)
    assert again.code == 0
    assert done.json["new_trials"] + again.json["new_trials"] >= 480
    assert len(bare.runs()) == 1


def test_an_unknown_incident_and_one_without_cases_are_clear_errors(bare: Any):
    """Exit 2, one line."""
    planted(bare, "0.5")
    done = bare.run("attribute", "INC-2")
    assert (done.code, done.err) == (
        2,
        "error: postmortems: no such postmortem, got INC-2, did you mean INC-1?\n",
    )
    done = bare.run("attribute", "INC-1", "--exact")
    assert done.code == 4
    assert "--exact needs a closed decision set" in done.err


def test_a_change_that_lowers_the_rate_and_spares_the_twins(bare: Any):
    """Exit 0: a drop is shown on the cases, and less than the margin is lost on the twins."""
    planted(bare, "0 if twin or tool else 1")
    done = bare.run("effect", "ITEM-1", "--format", "json")
    assert (done.code, done.json["verdict"]) == (0, "lowers")
    assert done.json["change"] == ["add the heartbeat to the payload"]
    assert done.json["cases"]["lower"] > 0
    assert done.json["twins"]["shown_in"] is not None
    again = bare.run("effect", "ITEM-1", "--format", "json")
    assert again.json["new_trials"] == 0
    text = bare.run("effect", "ITEM-1")
    assert text.out.splitlines()[0] == "ITEM-1: repairing tool: LOWERS, on planted"


def test_a_change_that_does_nothing_or_costs_the_twins(bare: Any):
    """Exit 1: too little, or paid for by the twins."""
    planted(bare, "0")
    done = bare.run("effect", "ITEM-1", "--margin", "0.2", "--format", "json")
    assert (done.code, done.json["verdict"]) == (1, "too little")
    bare.reset()
    planted(bare, "tool == twin")
    done = bare.run("effect", "ITEM-1", "--format", "json")
    assert (done.code, done.json["verdict"]) == (1, "twins pay")


def test_an_effect_needs_a_declared_change_and_a_repair(bare: Any):
    """No change in the postmortem, no repair in a case: a clear error each."""
    planted(bare, "0.5")
    bare.case("spike", more=variants("agent"))
    done = bare.run("effect", "ITEM-1")
    assert (done.code, done.err) == (
        4,
        (
            "error: stall: cases declare no repair of the change's layer: spike (tool); write "
            "their variants, or name other layers with --layer\n"
        ),
    )
    line = "      change: {layer: tool, what: add the heartbeat to the payload}\n"
    bare.write("postmortems/INC-1.md", POSTMORTEM.replace(line, ""))
    done = bare.run("effect", "ITEM-1")
    assert done.code == 2
    assert "declares no change, name the layers with --layer" in done.err


def test_repairs_that_make_it_worse_are_no_shares(bare: Any):
    """A rise that repairing brings is named as one, and agrees with no author's share."""
    planted(bare, "0.1 + 0.7 * tool")
    done = attribute(bare)
    assert (done.code, done.json["shown"]) == (3, False)
    assert done.json["drop"]["upper"] < 0
    assert all(each["share"] is None for each in done.json["layers"])
    assert all(each["agrees"] is None for each in done.json["layers"])
    assert done.json["reasons"][0].endswith("it fails more often, so there are no shares")
    assert not any("agrees" in sentence for sentence in done.json["sentences"])
    assert bare.run("verify").code == 0


@pytest.fixture
def attributed(bare: Any) -> Any:
    """Return a project with an attribution on record."""
    planted(bare, "0 if tool and data or twin else 1")
    assert attribute(bare, "--trials", "96").code == 0
    return bare


def edit(key: str, value: Any) -> Any:
    """Return what changes one place of an attribution's file; the place is written with dots."""

    def change(body: dict[str, Any]) -> None:
        *inner, last = key.split(".")
        place: Any = body
        for name in inner:
            place = place[int(name) if name.isdigit() else name]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change


def test_forging_an_attribution_without_a_change_is_no_difference(attributed: Any):
    """The forger of these tests makes everything fit."""
    forge(attributed.root, lambda _: None)
    assert attributed.run("verify").code == 0


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("answer.layers.0.share.value", 0.5, "answer.layers"),
        ("answer.layers.1.drop.lower", 0.0, "answer.layers"),
        ("answer.layers.2.agrees", True, "answer.layers"),
        ("answer.layers.2.author", 0.5, "answer.layers"),
        ("answer.cells.0.failures", 1, "answer.cells"),
        ("answer.drop.value", 0.9, "answer.drop"),
        ("answer.rest.value", 0.9, "answer.rest"),
        ("answer.shown", False, "answer.shown"),
        ("answer.shown", None, "answer.shown: is missing"),
        ("answer.surprise", 1, "answer.surprise: is nothing that is decided"),
        ("answer.reasons", ["because"], "answer.reasons"),
        ("answer.interactions", [], "answer.interactions"),
        ("question.alpha", 0.2, "answer."),
        ("question.layers", ["tool", "agent", "data", "handoff"], "answer.layers"),
        ("question.author", {"agent": 0.0}, "answer.layers"),
        ("question.cells.3.rounds", 1, "answer."),
        ("stands_on", [], "answer."),
    ],
)
def test_a_changed_attribution_is_found(attributed: Any, key: str, value: Any, told: str):
    """Shares, bounds and cells are computed again from the trials, whatever the hashes say."""
    forge(attributed.root, lambda _: None, edit(key, value))
    done = attributed.run("verify")
    assert done.code == 1
    (line,) = done.out.splitlines()
    assert line.startswith("reports/attributions/")
    assert f": {told}" in line


def test_other_outcomes_give_other_shares(attributed: Any):
    """Rewritten trials no longer give the attribution that stands on them."""

    def change(record: dict[str, Any]) -> None:
        if record["kind"] == "trial" and record["variant"] == "tool+data":
            record["outcome"] = "fail"

    forge(attributed.root, change)
    done = attributed.run("verify")
    assert done.code == 1
    assert "answer." in done.out
    assert "decided again, it is" in done.out


@pytest.fixture
def lowered(bare: Any) -> Any:
    """Return a project with the effect of a change on record, found in two runs."""
    planted(bare, "0 if twin or tool else 1")
    bare.run("effect", "ITEM-1", "--budget", "12")
    assert bare.run("effect", "ITEM-1").code == 0
    return bare


def test_an_effect_is_decided_again(lowered: Any):
    """It counts among the decisions, and stands on all trials of its series."""
    done = lowered.run("verify", "--format", "json")
    assert (done.code, done.json["decisions"]) == (0, len(lowered.records("effect")))
    assert lowered.records("effect")
    forge(lowered.root, lambda _: None)
    assert lowered.run("verify").code == 0


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("answer.verdict", "too little", "answer.verdict"),
        ("answer.cases.drop", 0.5, "answer.cases"),
        ("answer.cases.lower", 0.9, "answer.cases"),
        ("answer.twins", None, "answer.twins: is missing"),
        ("answer.reasons", [], "answer.reasons"),
        ("question.alpha", 1e-9, "answer."),
        ("question.before", "tool", "answer."),
        ("stands_on", [], "answer."),
    ],
)
def test_a_changed_effect_is_found(lowered: Any, key: str, value: Any, told: str):
    """The verdict, its figures and its bounds are computed again from the trials."""

    def change(record: dict[str, Any]) -> None:
        if record["kind"] == "effect":
            edit(key, value)(record)

    forge(lowered.root, change)
    done = lowered.run("verify")
    assert done.code == 1
    assert f": {told}" in done.out


def test_an_effect_without_its_runs_is_found(lowered: Any):
    """An effect names count and head of what it stands on."""

    def change(record: dict[str, Any]) -> None:
        if record["kind"] == "effect":
            record["stands_on"][0][2] = "0" * 64

    forge(lowered.root, change)
    done = lowered.run("verify")
    assert done.code == 1
    assert "which holds others now" in done.out


def test_an_effect_that_is_none_is_found(lowered: Any):
    """What cannot be read as an effect is a finding, not a crash."""

    def change(record: dict[str, Any]) -> None:
        if record["kind"] == "effect":
            record["question"] = {"item": 5}

    forge(lowered.root, change)
    done = lowered.run("verify")
    assert done.code == 1
    assert "effect: is no effect of this version" in done.out
