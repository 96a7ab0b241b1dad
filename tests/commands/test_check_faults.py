"""The whole decision of a check, with faults of every kind in 30 % of the requests and without."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from harness.domain.decision import Decision
from tests.commands.test_check_network import CASES, checked, written
from tests.faults import BEFORE, BROKEN, FAULTS, ODD, SLOW, FaultServer, serving, share

ADDRESS = "http://model.test/v1"
"""Reached through the server as its proxy."""
UNREADABLE = "I would rather not say"


@dataclass(frozen=True)
class Asked:
    """What a check is about: how often the model fails, the target, and the most trials."""

    rate: float
    target: str
    max_trials: int
    concurrency: tuple[int, int] = (32, 16)
    """With faults, and without."""
    ungraded_rate: float = 0.6


HALF = Asked(0.02, "0.5", 600, concurrency=(64, 1))
NEVER = Asked(0.0, "0.06", 200)
NEAR = Asked(0.3, "0.3", 120)
# Past a verdict of not met up to ``concurrency`` trials have begun, as many as the network let.
OFTEN = Asked(0.8, "0.3", 600, concurrency=(1, 1))
STRICT = Asked(0.02, "0.5", 600, concurrency=(1, 1), ungraded_rate=0.05)
CHECKS = {
    "met": (HALF, BEFORE, "met"),
    "not met": (OFTEN, BEFORE, "not met"),
    "undecided": (NEAR, BEFORE, "undecided"),
    "met by the last trial": (NEVER, BEFORE, "met"),
    "met, some ungraded": (HALF, FAULTS, "met"),
    "not met, some ungraded": (OFTEN, FAULTS, "not met"),
    "undecided, some ungraded": (NEAR, FAULTS, "undecided"),
    "undecided for what is ungraded": (NEVER, FAULTS, "undecided"),
    "invalid": (STRICT, FAULTS, "invalid"),
}
"""Name -> what is checked, the faults, the verdict on both networks."""


def outcome(rate: float, seed: int) -> str:
    """Return what the model says to a seed, whenever it is asked."""
    return "wait" if random.Random(seed).random() < rate else "restart"  # noqa: S311


def decided(project: Any, server: FaultServer, asked: Asked, concurrency: int) -> Decision:
    """Return the decision of a check on an empty ledger.

    The model has one address, whatever the server's port, and so the trials always the same seeds.
    """
    project.reset()
    written(project, server, concurrency=concurrency, base_url=ADDRESS, timeouts={"reply_s": 1.0})
    with (project.root / "harness.yaml").open("a") as file:
        file.write(f"\ndefaults: {{max_ungraded_rate: {asked.ungraded_rate}}}\n")
    project.item(target=f"failure_rate: {asked.target}", more=f"max_trials: {asked.max_trials}\n")
    return checked(project.root).decision


def ended(project: Any, rounds: int) -> dict[int, str]:
    """Return seed -> outcome of every trial; each place once, none of a whole round missing."""
    trials = project.records("trial")
    places = Counter((trial["case"], trial["round"]) for trial in trials)
    assert set(places.values()) == {1}
    assert {(f"c{n}", r) for n in range(CASES) for r in range(rounds)} <= set(places)
    found = {trial["seed"]: trial["outcome"] for trial in trials}
    assert len(found) == len(trials)
    assert not project.records("error")
    return found


def spoiled(server: FaultServer, heard: Mapping[int, str]) -> set[int]:
    """Return the seeds whose answer nobody can grade, by the faults that the server sent.

    Of the replies that bear one id the first to be read is an answer like others.
    """
    sent: dict[int, str | None] = {}
    for body, fault in zip(server.asked, server.sent, strict=True):
        assert sent.get(body["seed"]) in {None, *BEFORE}, "asked again after an answer"
        sent[body["seed"]] = fault
    same = {seed for seed, fault in sent.items() if fault == "duplicated ids"}
    first = {seed for seed in same if heard[seed] != "ungraded"}
    assert len(first) == bool(same)
    lost = {*BROKEN, *SLOW, *ODD}
    return {seed for seed, fault in sent.items() if fault in lost} - first


@pytest.mark.parametrize("name", CHECKS)
def test_faults_change_nothing_but_what_nobody_can_grade(
    bare: Any, monkeypatch: pytest.MonkeyPatch, name: str
):
    """Trials, outcomes, counts per case, evidence, bounds and verdict are those of a quiet network.

    The quiet server answers each seed as the other one does; to one whose answer a fault had
    broken it says something that nobody can grade.
    """
    asked, faults, verdict = CHECKS[name]
    spoilt: set[int] = set()
    with serving(FaultServer(choose=share(0.3, faults))) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        server.answer = lambda body: outcome(asked.rate, body["seed"])
        loud = decided(bare, server, asked, asked.concurrency[0])
        heard = ended(bare, loud.base.rounds)
        spoilt |= spoiled(server, heard)
        assert 0.15 < sum(map(bool, server.sent)) / len(server.sent) < 0.45
        server.choose = lambda _body, _earlier: None
        server.answer = lambda body: (
            UNREADABLE if body["seed"] in spoilt else outcome(asked.rate, body["seed"])
        )
        still = decided(bare, server, asked, asked.concurrency[1])
        alone = ended(bare, still.base.rounds)
    graded = {"wait": "fail", "restart": "pass"}
    assert heard == {
        seed: "ungraded" if seed in spoilt else graded[outcome(asked.rate, seed)] for seed in heard
    }
    assert heard == alone
    assert bool(spoilt) == (faults is FAULTS)
    assert loud.verdict.value == verdict
    assert loud == still
