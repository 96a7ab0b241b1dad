"""Models that never answer: every command ends within its limits, and says what happened."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.commands.test_attribute import POSTMORTEM, variants
from tests.faults import FaultServer, serving

AGENT = """
import asyncio, threading

def respond(messages, tools, settings, seed):
    threading.Event().wait(600)

async def blocks(messages, tools, settings, seed):
    threading.Event().wait(600)

async def clings(messages, tools, settings, seed):
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass
"""
PROGRAM = {"argv": ["sleep", "600"]}
SILENT: dict[str, dict[str, Any]] = {
    "a function": {"adapter": "python", "target": "planted:respond"},
    "a coroutine that blocks": {"adapter": "python", "target": "planted:blocks"},
    "a coroutine that takes no end": {"adapter": "python", "target": "planted:clings"},
    "a whole agent": {"adapter": "command", "command": PROGRAM},
    "a program as a model": {"adapter": "command", "command": {**PROGRAM, "role": "model"}},
    "an endpoint": {"adapter": "openai", "model": "m"},
}
TOLD = "is asked no more: 8 requests in a row ran out of their time, and none was ever answered"


def written(project: Any, kind: str, url: str = "", **timeouts: float) -> None:
    """Write a project of two models that never answer, and a case with its repairs."""
    known = {**SILENT[kind], "timeouts": timeouts or {"trial_s": 0.3}, "concurrency": 4}
    if kind == "an endpoint":
        known["base_url"] = url
    project.models(
        *(f"{name}: {json.dumps({**known, 'settings': {'user': name}})}" for name in ("old", "new"))
    )
    project.item()
    project.evaluation()
    project.case("silent", more=variants("tool", "data"))
    project.agent(AGENT)
    project.write("postmortems/INC-1.md", POSTMORTEM)


def never(_body: Any, _earlier: int) -> str:
    """Let every request wait for its answer."""
    return "silence"


@pytest.mark.parametrize("kind", SILENT)
def test_a_gate_of_models_that_never_answer_ends(bare: Any, kind: str):
    """Each side is given up after eight requests: what was asked is on record, the verdict open."""
    with serving(FaultServer(choose=never)) as server:
        written(bare, kind, server.url)
        ran = bare.spawn("gate", "--baseline", "old", "--candidate", "new", "--format", "json")
    assert ran.code == 4, ran.err
    assert ran.json["evals"][0]["stopped"] in {f"{name} {TOLD}" for name in ("old", "new")}
    trials = bare.records("trial")
    assert {trial["outcome"] for trial in trials} == {"ungraded"}
    assert all("out of time: " in trial["reason"] for trial in trials)
    assert len(trials) <= 2 * (8 + 4)
    assert len({trial["id"] for trial in trials}) == len(trials)


@pytest.mark.parametrize("kind", ["a function", "a whole agent", "an endpoint"])
def test_a_check_of_a_model_that_never_answers_ends(bare: Any, kind: str):
    """What nobody could grade is no verdict, and stays on record."""
    with serving(FaultServer(choose=never)) as server:
        written(bare, kind, server.url)
        ran = bare.run("check", "ITEM-1", "--format", "json")
    assert ran.code == 4, ran.err
    (report,) = ran.json
    assert report["verdict"] == "invalid"
    assert report["ungraded"] == report["trials"] > 0
    assert len(bare.records("trial")) <= 8 + 4


def test_a_night_with_a_model_that_never_answers_ends(bare: Any):
    """The night's record says so, and the other items get their turn."""
    written(bare, "a function")
    for number in range(12):
        bare.case(f"c{number}")
    bare.item("ITEM-2")
    ran = bare.run("nightly", "--format", "json")
    assert ran.code == 4
    assert f"the model {TOLD}" in json.dumps(ran.json)
    assert len(bare.records("trial")) <= 8 + 4


def test_an_attribution_with_a_model_that_never_answers_ends(bare: Any):
    """No shares of what nobody answered."""
    written(bare, "a function")
    ran = bare.run("attribute", "INC-1", "--format", "json")
    assert ran.code in {3, 4}
    assert ran.json["stopped"] == f"old {TOLD}"
    assert len(bare.records("trial")) <= 8 + 4


def test_a_reply_has_its_time_without_a_limit_for_the_trial(bare: Any):
    """``reply_s`` holds for functions as it does for endpoints."""
    written(bare, "a function", reply_s=0.2)
    ran = bare.run("check", "ITEM-1", "--format", "json")
    assert ran.code == 4
    assert bare.records("trial")[0]["reason"] == "out of time: no answer within 0.2 s"


def test_calls_that_hang_make_no_others_late(bare: Any):
    """Of 60 calls every fifth hangs, more than there are threads: the others are all answered."""
    written(bare, "a function", trial_s=1.0)
    bare.agent("""
        import itertools, threading
        numbers = itertools.count()

        def respond(messages, tools, settings, seed):
            if next(numbers) % 5 == 0:
                threading.Event().wait(600)
            return "restart"
    """)
    bare.item(target="failure_rate: 0.01", more="max_trials: 30\n")
    with (bare.root / "harness.yaml").open("a") as file:
        file.write("\ndefaults: {max_ungraded_rate: 0.9}\n")
    bare.run("check", "ITEM-1")
    outcomes = Counter(trial["outcome"] for trial in bare.records("trial"))
    assert outcomes == {"pass": 24, "fail": 24, "ungraded": 12}
