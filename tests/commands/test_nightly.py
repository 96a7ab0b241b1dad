"""``harness nightly``: what is watched gets its round, the rest of the budget what is nearest."""

import json
import os
import signal
import subprocess
import time
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from harness.ledger.locks import hold_night

POSTMORTEM = """\
---
id: NAME
title: A queue stood still
date: DAY
failure_class: ops.queue
---
Text.
"""
AGENT = """
import pathlib, random, time

def respond(messages, tools, settings, seed):
    rate = pathlib.Path("rate.txt").read_text()
    if rate == "down":
        raise ConnectionError("down")
    if rate == "slow":
        time.sleep(0.05)
        return "restart"
    return "wait" if random.Random(seed).random() < float(rate) else "restart"
"""


def night(project: Any, *arguments: str) -> Any:
    """Run a night and return its exit code with its record."""
    ran = project.run("nightly", "--format", "json", *arguments)
    return ran.code, ran.json


def of(record: Any, item: str = "ITEM-1") -> Any:
    """Return what a night says of an item."""
    return next(each for each in record["items"] if each["item"] == item)


def agent(project: Any, rate: float | str) -> None:
    """Make the agent fail at another rate, without a change that the fingerprint would show."""
    project.write("rate.txt", str(rate))


PLUGIN = """
import pathlib
from harness.domain.transcript import Turn
from harness.ports.model import AdapterSpec

class Named:
    async def respond(self, conversation, settings, seed):
        return Turn("restart", model=pathlib.Path("name.txt").read_text())
    def fingerprint_parts(self):
        return {}
    async def aclose(self):
        pass

SPEC = AdapterSpec("named", lambda config, context: Named())
"""


@pytest.fixture
def closed(project: Any) -> Any:
    """Return a project of one eval without twins, whose item is closed."""
    for name in ("silent", "spike"):
        project.case(name, twin=False)
    project.agent(AGENT)
    agent(project, 0.0)
    assert project.run("check", "ITEM-1").code == 0
    assert project.run("close", "ITEM-1").code == 0
    return project


def test_a_quiet_night_replays_one_round_of_what_is_watched(closed: Any):
    """Green, one trial a case, and everything recomputes."""
    code, record = night(closed)
    assert (code, record["outcome"], record["spent"]["calls"]) == (0, "green", 2)
    assert of(record)["floor"] is True
    assert of(record)["watch"]["base"]["rounds"] == 1
    assert closed.run("verify").code == 0
    path = closed.root / f"reports/nights/{record['date']}.json"
    assert json.loads(path.read_text()) == record


def test_the_summary_says_what_changed_and_what_it_took(closed: Any):
    """A few lines, for people."""
    closed.item("ITEM-2", target="failure_rate: 0.2")
    out = closed.run("nightly").out.splitlines()
    assert out[0].startswith("night 1, ")
    assert out[0].endswith(": all that is watched holds")
    assert out[1:] == [
        "  met       ITEM-2: close it with harness close ITEM-2",
        "  items     1 closed, 1 met",
        "  spent     20 of 20000 calls",
    ]


def test_an_item_closes_only_when_it_was_asked_for(closed: Any):
    """--close closes what is met; without it nothing closes by itself."""
    closed.item("ITEM-2", target="failure_rate: 0.2")
    assert of(night(closed)[1], "ITEM-2")["after"] == "met"
    code, record = night(closed, "--close")
    assert (code, of(record, "ITEM-2")["after"]) == (0, "closed")
    assert record["closed"] == [{"item": "ITEM-2", "number": 1}]
    assert closed.run("verify").code == 0


def test_a_regression_reopens_and_is_red(closed: Any):
    """The watch alarms, the event holds what it saw, and the next trial begins another epoch."""
    agent(closed, 1.0)
    codes = []
    for _ in range(8):
        code, record = night(closed)
        codes.append(code)
        if code:
            break
    assert codes[-1] == 1
    assert 0 in codes or len(codes) == 1
    assert record["reopened"][0]["cause"] == "regression"
    assert of(record)["after"] == "reopened"
    (event,) = [e for e in closed.records("event") if e["event"] == "reopened"]
    assert event["statistic"]["base"]["alarmed_in"] is not None
    assert event["statistic"]["base"]["level"] >= 1000
    assert closed.run("verify").code == 0
    assert closed.run("close", "ITEM-1").code == 3
    code, record = night(closed)
    assert (code, of(record)["after"], of(record)["verdict"]) == (0, "reopened", "not met")
    assert closed.run("verify").code == 0


def test_a_warning_asks_for_more_rounds_at_once(closed: Any):
    """At a level of 100 a night adds three rounds to its one."""
    agent(closed, 1.0)
    counts = [night(closed)[1]["spent"]["calls"] for _ in range(6)]
    assert counts[0] == 2
    assert 8 in counts


def test_a_new_incident_of_the_class_reopens(closed: Any):
    """What came again is open again, once, and only new trials close it."""
    closed.write(
        "postmortems/INC-1.md", POSTMORTEM.replace("NAME", "INC-1").replace("DAY", "2020-01-01")
    )
    assert night(closed)[0] == 0
    day = closed.records("run")[0]["started"][:10]
    closed.write("postmortems/INC-2.md", POSTMORTEM.replace("NAME", "INC-2").replace("DAY", day))
    code, record = night(closed)
    assert code == 1
    assert record["reopened"] == [
        {
            "item": "ITEM-1",
            "number": 2,
            "cause": "recurrence",
            "reason": f"INC-2 of {day} is of the same failure class, ops.queue",
        }
    ]
    assert closed.run("close", "ITEM-1").code == 0  # met anew tonight, on trials from then on
    assert closed.records("item")[-1]["epoch"] == 2
    assert night(closed)[0] == 0  # told once
    assert closed.run("verify").code == 0


def test_a_changed_eval_reopens(closed: Any):
    """The closing stands on an eval that is no more."""
    closed.case("third", twin=False)
    code, record = night(closed)
    assert (code, record["reopened"][0]["cause"]) == (1, "stale")
    assert closed.run("verify").code == 0


def test_a_silent_change_of_the_model_is_noticed(bare: Any, monkeypatch: pytest.MonkeyPatch):
    """The name in the answers changed under one fingerprint: closed reopens, open starts again."""
    monkeypatch.syspath_prepend(str(bare.root))
    bare.write("named_plugin.py", PLUGIN)
    info = "named_plugin-1.0.dist-info"
    bare.write(f"{info}/METADATA", "Metadata-Version: 2.1\nName: named-plugin\nVersion: 1.0\n")
    bare.write(f"{info}/entry_points.txt", "[harness.adapters]\nnamed = named_plugin:SPEC\n")
    bare.models("planted: {adapter: named}")
    bare.item()
    bare.item("ITEM-2", target="failure_rate: 0.02")
    bare.evaluation()
    bare.case("silent", twin=False)
    bare.write("name.txt", "m-1")
    assert bare.run("check", "ITEM-1").code == 0
    assert bare.run("close", "ITEM-1").code == 0
    assert night(bare, "--calls", "5")[0] == 0
    bare.write("name.txt", "m-2")
    code, record = night(bare, "--calls", "20")
    assert (code, record["reopened"][0]["cause"]) == (1, "model")
    assert record["reopened"][0]["reason"] == "the model answered as m-1, and as m-2 now"
    assert record["warnings"] == [
        "ITEM-2: the model answered as m-1, and as m-2 now; a new epoch begins"
    ]
    code, record = night(bare, "--calls", "30")
    assert (code, record["warnings"]) == (0, [])
    assert {r["item"]: r["epoch"] for r in bare.records("item")} == {"ITEM-1": 2, "ITEM-2": 2}
    assert bare.run("verify").code == 0


def test_too_small_a_budget_is_partial_and_never_green(closed: Any):
    """What is watched and got no round is told: exit 3."""
    closed.evaluation("other")
    closed.case("o1", twin=False, eval_="other")
    closed.case("o2", twin=False, eval_="other")
    text = (closed.root / "action_items/ITEM-1.yaml").read_text()
    closed.write(
        "action_items/ITEM-2.yaml",
        text.replace("ITEM-1", "ITEM-2").replace("eval: stall", "eval: other"),
    )
    closed.run("check", "ITEM-2")
    closed.run("close", "ITEM-2")
    code, record = night(closed, "--budget", "calls=2")
    assert (code, record["outcome"]) == (3, "partial")
    assert sorted(each["floor"] for each in record["items"]) == [False, True]
    assert record["spent"]["out"] == "the budget of calls is spent"
    assert closed.run("verify").code == 0


def test_a_model_that_never_answers_is_not_evaluable(closed: Any):
    """Nothing could be told: exit 4."""
    agent(closed, "down")
    code, record = night(closed)
    assert (code, record["outcome"]) == (4, "nothing evaluable")
    assert of(record)["note"].startswith("the model cannot be reached: ")
    assert closed.run("verify").code == 0


def test_a_model_that_cannot_be_built_is_not_evaluable(closed: Any):
    """The night goes on with the others, and says which were not told."""
    (closed.root / "planted.py").unlink()
    code, record = night(closed)
    assert (code, record["outcome"]) == (4, "nothing evaluable")
    assert "planted" in of(record)["note"]


def test_waived_items_are_no_green_night(project: Any):
    """With nothing to evaluate the exit code is 4."""
    project.run("waive", "ITEM-1", "--reason", "x", "--approver", "y", "--expires", "2099-01-01")
    code, record = night(project)
    assert (code, record["spent"]["calls"], of(record)["after"]) == (4, 0, "waived")


def test_undecided_is_never_red(project: Any):
    """An open item that stays open is no failure of the night."""
    code, record = night(project, "--calls", "8")
    assert (code, of(record)["verdict"]) == (0, "undecided")


def test_past_the_default_cap_a_round_a_night_goes_on(project: Any):
    """Nobody declared a cap: the item is not given up, and takes no more than its round."""
    project.config(fails="spike")
    project.item(target="failure_rate: 0.5")
    project.run("check", "ITEM-1")
    before = len(project.records("trial"))
    assert night(project)[1]["spent"]["calls"] == 2
    assert len(project.records("trial")) == before + 2
    project.item(target="failure_rate: 0.5", more="max_trials: 10\n")
    assert night(project)[1]["spent"]["calls"] == 0


def test_the_second_nightly_job_says_so(closed: Any):
    """One at a time: exit 4, with the pid of the first, and nothing is changed."""
    before = sorted((closed.root / "reports").rglob("*.jsonl"))

    def now() -> Any:
        import datetime as dt

        return dt.datetime.now(dt.UTC)

    with hold_night(closed.root / "reports", now):
        ran = closed.run("nightly")
    assert (ran.code, ran.out) == (4, "")
    assert f"a nightly job is under way, held by process {os.getpid()} since " in ran.err
    assert sorted((closed.root / "reports").rglob("*.jsonl")) == before


def test_a_killed_night_goes_on_where_it_was(closed: Any):
    """Kill -9 in the middle: every acknowledged trial is kept, and the same run is resumed."""
    closed.item("ITEM-2", target="failure_rate: 0.02")
    agent(closed, "slow")
    child = subprocess.Popen(
        closed.command("nightly"), cwd=closed.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    while len(closed.records("trial")) < 24 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    runs = len(closed.runs())
    agent(closed, 0.0)
    code, record = night(closed)
    assert code == 0
    assert len(closed.runs()) == runs + 1  # the night's own record; no other run of trials
    assert of(record)["floor"] is True
    assert of(record, "ITEM-2")["after"] == "met"
    assert closed.run("verify").code == 0


def test_ci_gets_its_files(closed: Any, monkeypatch: pytest.MonkeyPatch):
    """JUnit where it was asked for, and a summary where GitHub says."""
    summary = closed.root / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    closed.item("ITEM-2", target="failure_rate: 0.02")
    closed.run("nightly", "--junit", "out/junit.xml", "--calls", "20")
    root = ET.parse(closed.root / "out/junit.xml").getroot()  # noqa: S314 - our own
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "2", "failures": "0", "errors": "0", "skipped": "1",
    }  # fmt: skip
    text = summary.read_text()
    assert text.startswith("before\n## harness nightly, ")
    assert "| ITEM-1 | closed | closed | met |" in text.replace("\\-", "-").replace("\\", "")


def test_a_full_summary_is_not_made_too_large(closed: Any, monkeypatch: pytest.MonkeyPatch):
    """GitHub drops a summary beyond a mebibyte as a whole."""
    summary = closed.root / "summary.md"
    summary.write_bytes(b"x" * ((1 << 20) - 60))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert closed.run("nightly").code == 0
    assert summary.stat().st_size <= 1 << 20


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("calls", "calls: must be a whole number above 0, got ''"),
        ("calls=0", "calls: must be a whole number above 0, got '0'"),
        ("calls=1.5", "calls: must be a whole number above 0, got '1.5'"),
        ("money=nan", "money: must be a number above 0, got 'nan'"),
        ("minutes=inf", "minutes: must be a number above 0, got 'inf'"),
        ("calls=1,calls=2", "calls is written twice"),
        ("cals=1", "'cals': write calls=, tokens=, money= or minutes="),
    ],
)
def test_a_wrong_budget_is_refused(closed: Any, budget: str, said: str):
    """What cannot be a budget is named, exit 2."""
    ran = closed.run("nightly", "--budget", budget)
    assert ran.code == 2
    assert said in ran.err


PRICED = """
import pathlib
from harness.domain.transcript import Turn, Usage
from harness.ports.model import AdapterSpec

class Metered:
    async def respond(self, conversation, settings, seed):
        return Turn("restart", usage=Usage(100, 10))
    def fingerprint_parts(self):
        return {}
    async def aclose(self):
        pass

SPEC = AdapterSpec("metered", lambda config, context: Metered())
"""


@pytest.fixture
def metered(bare: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a project on a model that says what it uses, at a price of 0.12 a trial."""
    monkeypatch.syspath_prepend(str(bare.root))
    bare.write("metered_plugin.py", PRICED)
    info = "metered_plugin-1.0.dist-info"
    bare.write(f"{info}/METADATA", "Metadata-Version: 2.1\nName: metered-plugin\nVersion: 1.0\n")
    bare.write(f"{info}/entry_points.txt", "[harness.adapters]\nmetered = metered_plugin:SPEC\n")
    bare.models("paid: {adapter: metered, prices: {input: 1000, output: 2000}}")
    bare.item(target="failure_rate: 0.01")
    bare.evaluation()
    bare.case("silent", twin=False)
    return bare


@pytest.mark.parametrize(
    ("budget", "said", "least"),
    [("tokens=1100", "tokens", 10), ("money=1.2", "money", 10)],
)
def test_a_budget_of_tokens_or_money_ends_a_night(metered: Any, budget: str, said: str, least: int):
    """The runner's own purse counts, the batch under way is finished, the cost is told."""
    _, record = night(metered, "--budget", budget)
    trials = len(metered.records("trial"))
    assert record["spent"]["out"] == f"the budget of {said} is spent"
    assert least <= trials < least + 2 * 8 + 8
    assert record["spent"]["input_tokens"] == 100 * trials
    assert record["spent"]["money"] == pytest.approx(0.12 * trials)
    assert metered.run("verify").code == 0


def test_money_without_prices_is_refused(closed: Any):
    """A limit that nobody could keep is never no limit: one line, exit 2, nothing written."""
    before = closed.records()
    ran = closed.run("nightly", "--budget", "money=1")
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        (
            "error: budget.money: planted has no prices, so nobody can tell what it spends; "
            "write prices: {input: ..., output: ...} for a million tokens\n"
        ),
    )
    assert closed.records() == before


def test_prices_in_two_currencies_do_not_add_up(metered: Any):
    """Money of two kinds is no sum: exit 2."""
    metered.models(
        "paid: {adapter: metered, prices: {input: 1000, output: 2000}}",
        "euro: {adapter: metered, prices: {input: 1, output: 2, currency: EUR}}",
    )
    metered.item("ITEM-2", more="model: euro\n")
    ran = metered.run("nightly", "--budget", "money=1")
    assert (ran.code, ran.err) == (
        2,
        (
            "error: budget.money: the prices are in EUR and USD, which do not add up; "
            "write all prices in one currency\n"
        ),
    )


def test_an_edited_night_is_found(closed: Any):
    """A night's file is what the ledger gives, or verify says so."""
    _, record = night(closed)
    path = closed.root / f"reports/nights/{record['date']}.json"
    path.write_text(path.read_text().replace('"exit_code": 0', '"exit_code": 1'))
    ran = closed.run("verify")
    assert (ran.code, ran.out) == (
        1,
        f"reports/nights/{path.name}: is not what the ledger says of the night, restore the file\n",
    )
    path.rename(path.with_name("2020-01-01.json"))
    out = closed.run("verify").out.splitlines()
    assert "the ledger knows no such night" in out[0]
    assert "is missing: the ledger holds the night" in out[1]


def test_a_reopening_of_a_killed_night_is_told_by_the_next(closed: Any):
    """Opened again and killed before the end: the next night is red for it, once."""
    closed.item("ITEM-2", target="failure_rate: 0.02")
    for name, day in (("INC-1", "2020-01-01"), ("INC-2", "2999-01-01")):
        text = POSTMORTEM.replace("NAME", name).replace("DAY", day)
        closed.write(f"postmortems/{name}.md", text)
    agent(closed, "slow")
    child = subprocess.Popen(
        closed.command("nightly"), cwd=closed.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    while len(closed.records("trial")) < 24 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert [e["event"] for e in closed.records("event")] == ["closed", "reopened"]
    assert not closed.records("night")
    agent(closed, 0.0)
    code, record = night(closed)
    assert (code, record["outcome"]) == (1, "regression")
    assert [(e["item"], e["cause"]) for e in record["reopened"]] == [("ITEM-1", "recurrence")]
    code, record = night(closed)
    assert (code, record["reopened"]) == (0, [])
    assert closed.run("verify").code == 0


def test_an_item_decided_from_the_field_is_closed_by_the_night_too(closed: Any):
    """Met is met: an escalation item stands as such, and --close closes it like any other."""
    closed.write(
        "action_items/ITEM-3.yaml",
        """
        id: ITEM-3
        title: The agent decides less alone
        kind: escalation
        incident: INC-1
        owner: team-ingest
        metric: agent_only_rate
        class: ops.queue
        target: {rate: 0.3, after_incidents: 20}
        events: field_events/queue.jsonl
        """,
    )
    lines = [
        json.dumps(
            {
                "id": f"e{number}",
                "incident": f"P{number}",
                "time": f"2026-03-{number // 2 + 1:02d}T0{number % 2}:00:00Z",
                "class": "ops.queue",
                "decision": "escalated",
            }
        )
        for number in range(40)
    ]
    closed.write("field_events/queue.jsonl", "\n".join(lines) + "\n")
    record = night(closed)[1]
    assert (of(record, "ITEM-3")["verdict"], of(record, "ITEM-3")["after"]) == ("met", "met")
    assert of(record, "ITEM-3")["trials"] == 40
    code, record = night(closed, "--close")
    assert (code, of(record, "ITEM-3")["after"]) == (0, "closed")
    assert record["closed"] == [{"item": "ITEM-3", "number": 1}]
    assert closed.run("verify").code == 0


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("action_items/ITEM-2.yaml", "id: ITEM-2\nkind: eval_coverage\nevla: stall\n"),
        ("action_items/ITEM-2.yaml", "id: [\n"),
        ("action_items/ITEM-1-copy.yaml", "COPY"),
        ("cases/other/eval.yaml", "id: other\ngradr: decision\n"),
    ],
)
def test_a_broken_file_takes_no_night_from_the_others(closed: Any, file: str, content: str):
    """What is watched gets its round; the broken one is named, and the night is not green."""
    if content == "COPY":
        content = (closed.root / "action_items/ITEM-1.yaml").read_text()
    elif file.startswith("cases/"):
        closed.item("ITEM-2")
        item = closed.root / "action_items/ITEM-2.yaml"
        item.write_text(item.read_text().replace("eval: stall", "eval: other"))
    closed.write(file, content)
    code, record = night(closed, "--calls", "100")
    assert (code, record["outcome"]) == (3, "partial")
    assert of(record)["new_trials"] > 0
    (broken,) = [each for each in record["items"] if each["kind"] == "unreadable"]
    assert broken["note"].startswith(file)
    assert closed.run("verify").code in {0, 2}
    assert "items." not in closed.run("verify").out


def test_a_night_of_broken_files_alone_is_refused(closed: Any):
    """Where no item can be read there is no night: exit 2, as for every file."""
    closed.write("action_items/ITEM-1.yaml", "id: [\n")
    ran = closed.run("nightly")
    assert ran.code == 2
    assert "action_items/ITEM-1.yaml" in ran.err
