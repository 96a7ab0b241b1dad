"""A judge behind an endpoint: its limits, its faults and its cost."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.commands.test_judge import AGENT, GRADER, labels
from tests.faults import BROKEN, BUSY, FaultServer, serving


def verdict(body: Any) -> str:
    """Grade as a judge does that sees everything."""
    said = json.loads(body["messages"][-1]["content"])["transcript"][-1]["content"]
    outcome = "fail" if "wait" in said else "pass"
    return json.dumps({"reason": "as it says", "outcome": outcome})


def models(project: Any, server: FaultServer, **more: Any) -> None:
    """Write harness.yaml with a judge at the server."""
    judge = {"adapter": "openai", "model": "j-1", "base_url": server.url, "concurrency": 4, **more}
    project.models(
        "planted: {adapter: python, target: 'planted:respond', concurrency: 16}",
        f"judge: {json.dumps(judge)}",
    )


def written(project: Any, server: FaultServer, **more: Any) -> None:
    """Write a project with such a judge, and measure it there."""
    models(project, server, **more)
    project.item()
    project.evaluation(more=GRADER)
    project.case("silent", twin=False)
    project.agent(AGENT)
    labels(project, 60, 60)
    assert project.run("judge", "calibrate", "stall").code == 0
    for seen in (server.asked, server.times, server.sent):
        seen.clear()
    server.most = 0


def test_a_busy_judge_is_waited_for(bare: Any):
    """Every first question gets a 429, with Retry-After or without: all trials are graded."""
    kinds = iter(BUSY * 1000)

    def first(_body: Any, earlier: int) -> str | None:
        return None if earlier else next(kinds)

    with serving(FaultServer(answer=verdict)) as server:
        written(bare, server)
        server.choose = first
        ran = bare.run("check", "ITEM-1", "--format", "json")
    assert (ran.code, ran.json[0]["verdict"]) == (0, "met")
    trials = bare.records("trial")
    assert {trial["outcome"] for trial in trials} == {"pass"}
    assert len(server.asked) == 2 * len(trials)
    assert set(server.sent) == {None, *BUSY}


def test_the_limits_of_a_judge_hold(bare: Any):
    """Its requests are spaced by its own rate, and no more are under way than it may have."""
    with serving(FaultServer(answer=verdict, latency_s=0.05)) as server:
        written(bare, server)
        models(bare, server, requests_per_minute=1200, concurrency=2)
        assert bare.run("check", "ITEM-1").code == 0
    assert server.most <= 2
    assert len(server.times) == len(bare.records("trial")) >= 12
    # Twenty a second: the first may come at once, and a connection may be quicker than another.
    assert server.times[-1] - server.times[0] > (len(server.times) - 3) / 20


def test_a_judge_that_breaks_leaves_trials_ungraded_and_is_paid(bare: Any):
    """What it answered and nobody can read is no verdict; each question is a call."""
    with serving(FaultServer(answer=verdict)) as server:
        written(bare, server, prices={"input": 1000, "output": 10000})
        server.choose = lambda body, _earlier: BROKEN[body["seed"] % len(BROKEN)]
        ran = bare.run("check", "ITEM-1", "--calls", "40", "--format", "json")
    assert ran.code == 4
    trials = bare.records("trial")
    assert {trial["outcome"] for trial in trials} == {"ungraded"}
    assert all(trial["reason"].startswith("the judge broke: ") for trial in trials)
    assert ran.json[0]["cost"]["judge"]["calls"] == len(trials)
    assert len(trials) < 40


@pytest.mark.slow
def test_a_judge_that_goes_away_fails_nothing(bare: Any):
    """Its trials are ungraded, the check stops soon, and it says why."""
    with serving(FaultServer(answer=verdict)) as server:
        written(bare, server, timeouts={"outage_s": 0.5})
    ran = bare.run("check", "ITEM-1", "--format", "json")
    assert ran.code == 4
    trials = bare.records("trial")
    assert {trial["outcome"] for trial in trials} == {"ungraded"}
    assert all("the judge could not be reached: " in trial["reason"] for trial in trials)
    assert len(trials) <= 16
    assert ran.json[0]["stopped"].startswith("the judge is asked no more: Cannot connect")


def test_a_model_and_its_judge_at_one_endpoint_share_its_limits(bare: Any):
    """One line a model of harness.yaml, whether it answers or grades."""

    def answer(body: Any) -> str:
        grades = "Rubric:" in str(body["messages"][0]["content"])
        return verdict(body) if grades else f"I would restart, says {body['seed']}"

    with serving(FaultServer(answer=answer)) as server:
        written(bare, server)
        one = {"adapter": "openai", "model": "j-1", "base_url": server.url, "concurrency": 8}
        bare.models(f"judge: {json.dumps({**one, 'requests_per_minute': 2400})}")
        assert bare.run("check", "ITEM-1").code == 0
    kinds = Counter("Rubric:" in str(body["messages"][0]["content"]) for body in server.asked)
    assert kinds[True] == kinds[False] == len(bare.records("trial"))
    assert server.times[-1] - server.times[0] > (len(server.times) - 3) / 40


def test_a_calibration_keeps_to_the_budget(bare: Any):
    """What the judge said before it was spent is kept, and the same command goes on."""
    with serving(FaultServer(answer=verdict)) as server:
        written(bare, server)
        bare.reset()
        with (bare.root / "harness.yaml").open("a") as file:
            file.write("\nbudget: {calls: 50}\n")
        first = bare.run("judge", "calibrate", "stall")
        assert first.code == 4
        assert first.err == (
            "error: the budget of calls is spent, and the judge has not read all labels; what it "
            "said so far is kept, the same command goes on\n"
        )
        assert 50 <= len(server.asked) < 54
        again = [bare.run("judge", "calibrate", "stall").code for _ in range(2)]
    assert again == [4, 0]
    assert len(bare.records("label")) == len(server.asked) == 120


def test_a_judge_that_never_answers_ends_its_calibration(bare: Any):
    """One line after eight, not a time limit for every label."""
    with serving(FaultServer(answer=verdict)) as server:
        written(bare, server, timeouts={"trial_s": 0.2})
        bare.reset()
        server.choose = lambda _body, _earlier: "silence"
        ran = bare.run("judge", "calibrate", "stall")
    assert ran.code == 2
    assert ran.err == (
        "error: the judge: 8 requests in a row ran out of their time, and none was ever answered; "
        "what it said so far is kept\n"
    )
    assert len(server.asked) <= 8 + 4
