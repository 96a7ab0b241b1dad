"""Checks of a model behind a network that fails, at any concurrency."""

import datetime as dt
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.commands.check import check
from harness.commands.context import Context
from harness.commands.questions import Options
from harness.domain.report import CheckReport
from harness.errors import InputError, ModelError
from harness.files.project import load_project
from tests.faults import BEFORE, BROKEN, ODD, FaultServer, serving, share

CASES = 10
KEY = "sk-live-0123456789abcdefghSECRET"


def fails(body: Any) -> str:
    """Fail a tenth of the trials, by their seed alone."""
    return "wait" if random.Random(body["seed"]).random() < 0.1 else "restart"  # noqa: S311


def written(project: Any, server: FaultServer, target: str = "0.3", **more: Any) -> None:
    """Write a project of ten cases without twins on the server's model."""
    known = {"adapter": "openai", "model": "m-1", "base_url": server.url, "concurrency": 16}
    project.models("far: " + json.dumps({**known, **more}))
    project.item(target=f"failure_rate: {target}")
    project.evaluation()
    for number in range(CASES):
        project.case(f"c{number}", twin=False)


def checked(root: Path, **options: Any) -> CheckReport:
    """Return the report of a check whose run has always the same name, and so the same seeds."""
    moment = dt.datetime(2026, 3, 4, tzinfo=dt.UTC)

    @contextmanager
    def quiet() -> Any:
        yield lambda _done, _total, _text: None

    context = Context(
        root, dict(os.environ) | {"K": KEY}, lambda: moment, random.Random(3), print, quiet  # noqa: S311
    )  # fmt: skip
    (report,) = check(context, Options(("ITEM-1",), **options))
    assert isinstance(report, CheckReport)
    return report


def outcomes(project: Any) -> dict[str, str]:
    """Return trial -> outcome; every trial once."""
    trials = project.records("trial")
    assert max(Counter(trial["id"] for trial in trials).values()) == 1
    return {trial["id"]: trial["outcome"] for trial in trials}


def test_every_planned_trial_ends_exactly_once(bare: Any):
    """With faults of every kind in 30 % of requests: each has an outcome."""
    faults = (*BEFORE, *BROKEN, *(fault for fault in ODD if fault != "duplicated ids"))
    server = FaultServer(answer=fails, choose=share(0.3, faults))
    with serving(server):
        written(bare, server, target="0.05", concurrency=32)
        report = checked(bare.root, calls=300)
    trials = bare.records("trial")
    places = Counter((trial["case"], trial["round"]) for trial in trials)
    assert set(places.values()) == {1}
    rounds = {round_ for _, round_ in places}
    whole = [r for r in rounds if all((f"c{n}", r) in places for n in range(CASES))]
    assert len(whole) >= report.decision.base.rounds > 0
    assert {trial["outcome"] for trial in trials} <= {"pass", "fail", "ungraded"}
    assert not bare.records("error")
    broken = sum(fault in {*BROKEN, *ODD} for fault in server.sent)
    assert sum(trial["outcome"] == "ungraded" for trial in trials) == broken
    assert report.decision.verdict.value == "invalid"


def test_a_model_that_stays_away_leaves_errors_and_no_trial(bare: Any):
    """Exit code 4, the reason, and a run that the same command resumes."""
    with serving(FaultServer()) as server:
        written(bare, server)
    ran = bare.run("check", "ITEM-1")
    assert ran.code == 4
    assert "trials got no answer from the model: Cannot connect to host 127.0.0.1" in ran.out
    assert not bare.records("trial")


def test_what_was_spent_is_shown_and_bounded(bare: Any):
    """Money by the prices, in text and JSON; the budget ends the check before the next batch."""
    with serving(FaultServer()) as server:
        written(bare, server, target="0.01", prices={"input": 1000, "output": 10000})
        ran = bare.run("check", "ITEM-1", "--money", "1.0", "--format", "json")
        (report,) = ran.json
        assert ran.code == 3
        assert report["stopped"] == "the budget of money is spent"
        trials = len(bare.records("trial"))
        assert report["cost"]["money"] == pytest.approx(trials * (20 * 1000 + 2 * 10000) / 1e6)
        assert 25 <= trials < 25 + 10 + 2 * 16
        assert "\n             " in bare.run("check", "ITEM-1", "--decide-only").out
        bare.reset()
        ran = bare.run("check", "ITEM-1", "--tokens", "200", "--format", "json")
        assert ran.json[0]["stopped"] == "the budget of tokens is spent"
        written(bare, server, target="0.01")
        with pytest.raises(ModelError, match=r"^budget\.money: far has no prices"):
            checked(bare.root, money=1.0)


def test_the_key_is_nowhere(bare: Any):
    """A model that says the key back is redacted in the ledger, in JSON and on the terminal."""
    with serving(FaultServer(answer=lambda _body: f"restart {KEY} {KEY}")) as server:
        written(bare, server, api_key_env="K")
        ran = bare.spawn("check", "ITEM-1", "--format", "json", K=KEY)
        shown = bare.spawn("trials", "ITEM-1", "--format", "json", K=KEY)
        assert server.headers, ran
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in ran.out + ran.err + shown.out + shown.err
    assert "[redacted key]" in shown.out
    for path in bare.root.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"api_key": KEY}, "models.far.api_key: unknown key, did you mean api_key_env?"),
        (
            {"api_key_env": KEY},
            (
                "models.far.api_key_env: must be the name of an environment variable, not the key "
                "itself, write a name such as LLM_API_KEY and export the key under it"
            ),
        ),
        (
            {"headers": {"X-Org": KEY}},
            (
                "models.far.headers.X-Org: looks like a secret, which stands in no file, name its "
                "environment variable in api_key_env, its header in api_key_header"
            ),
        ),
        (
            {"headers": {"Authorization": "x"}},
            (
                "models.far.headers.Authorization: looks like a secret, which stands in no file, "
                "name its environment variable in api_key_env, its header in api_key_header"
            ),
        ),
        (
            {"headers": {"X-A": "a\nB: c"}},
            "models.far.headers.X-A: must be one line of ASCII, take the other characters away",
        ),
        (
            {"base_url": f"https://me:{KEY}@llm.internal/v1"},
            (
                "models.far.base_url: must not hold a name or password, name the key's variable in "
                "api_key_env"
            ),
        ),
        (
            {"base_url": f"https://llm.internal/v1?key={KEY}"},
            (
                "models.far.base_url: holds what looks like a secret, name the key's variable in "
                "api_key_env"
            ),
        ),
        (
            {"base_url": "file:///etc/passwd"},
            "models.far.base_url: must be an address, write it like https://llm.internal/v1",
        ),
    ],
)
def test_no_secret_stands_in_a_file(bare: Any, setting: dict[str, Any], told: str):
    """It is refused in harness.yaml, and the message does not show it."""
    with serving(FaultServer()) as server:
        written(bare, server, **setting)
    with pytest.raises(InputError) as raised:
        load_project(bare.root)
    message = str(raised.value)
    assert message.partition(": ")[2] == told
    assert KEY not in message


def test_harmless_headers_are_taken(bare: Any):
    """Names of organizations, versions and flags are no secrets."""
    headers = {
        "OpenAI-Organization": "org-ingest-team",
        "anthropic-beta": "context-1m-2025-08-07,output-128k-2025-02-19",
        "X-Trace": "nightly",
    }
    with serving(FaultServer()) as server:
        written(bare, server, headers=headers)
    assert load_project(bare.root).config.models["far"].headers == headers


def killed_and_resumed(
    project: Any, server: FaultServer, kills: int, rng: random.Random
) -> list[int]:
    """Kill a check again and again, then let it end; returns what each kill made be repeated."""
    command = project.command("check", "ITEM-1", "--calls", "100000")
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    ends: list[int] = []
    while len(ends) < kills:
        before = len(server.asked)
        process = subprocess.Popen(
            command, cwd=project.root, env=environ, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 300
        while len(server.asked) == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            break  # it had ended before
        ends.append(len(server.asked))
    assert len(ends) == kills
    subprocess.run(command, cwd=project.root, env=environ, stdout=subprocess.DEVNULL, check=False)
    asked = [json.dumps([body["seed"], body["messages"]]) for body in server.asked]
    last = {request: number for number, request in enumerate(asked)}
    spans = zip([0, *ends], [*ends, len(asked)], strict=True)
    # A request belongs to the kill before whose end it was made, and was made again after it.
    return [sum(last[asked[i]] >= end for i in range(start, end)) for start, end in spans]


@pytest.mark.slow
def test_kills_lose_nothing_and_repeat_only_what_was_under_way(bare: Any):
    """After each kill -9 the same command goes on; few calls are repeated."""
    kills, concurrency = 5, 8
    with serving(FaultServer(answer=fails, latency_s=0.02)) as server:
        written(bare, server, target="0.1", concurrency=concurrency)
        bare.item(target="failure_rate: 0.1", more="max_trials: 1500\n")
        repeated = killed_and_resumed(bare, server, kills, random.Random(5))  # noqa: S311
        assert len(server.asked) - sum(repeated) == len(bare.records("trial"))
    assert max(repeated) <= concurrency
    assert outcomes(bare)
    assert len(bare.runs()) == 1
    places = Counter((trial["case"], trial["round"]) for trial in bare.records("trial"))
    assert set(places.values()) == {1}


def test_doctor_says_what_a_model_can_do(bare: Any):
    """Reached, seeds, decisions, tools, identity, usage; 3 with a warning, 2 out of reach."""
    replies = {1: "a", 2: "b", 3: "c"}

    def answer(body: Any) -> Any:
        if "tools" in body:
            call = {"id": "c", "function": {"name": "queue_length", "arguments": '{"queue": "o"}'}}
            return {"role": "assistant", "content": None, "tool_calls": [call]}
        if "Pick one" in body["messages"][0]["content"]:
            return "bravo"
        return replies.setdefault(body["seed"], f"text {body['seed']}")

    with serving(FaultServer(answer=answer)) as server:
        written(bare, server)
        ran = bare.run("doctor", "--format", "json")
        text = bare.run("doctor", "far").out
        server.answer = lambda _body: "the same"
        dull = bare.run("doctor", "far")
    assert ran.code == 0
    found = {each["subject"]: each["level"] for each in ran.json["findings"]}
    assert found == dict.fromkeys(
        ["reached", "seeds", "decisions", "tools", "identity", "usage", "extras"], "ok"
    )
    assert ran.json["reproducible"] == 1.0
    assert text.startswith("far (openai): 12 questions, ")
    assert dull.code == 3
    assert "every seed got the same answer" in dull.out
    away = bare.run("doctor", "far")
    assert away.code == 2
    assert "reached    failure  no answer: Cannot connect to host" in away.out
