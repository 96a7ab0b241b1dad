"""A clock that goes back between commands: orders hold, nothing is lost, and it is said."""

import datetime as dt
import json
import random
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from harness.commands.check import check
from harness.commands.close import close
from harness.commands.context import Context
from harness.commands.nightly import NightOptions, nightly
from harness.commands.questions import Options
from harness.commands.status import status
from harness.commands.verify import verify
from harness.commands.waive import waive

AGENT = """
import pathlib

def respond(messages, tools, settings, seed):
    return pathlib.Path("says.txt").read_text()
"""
NAMED = """
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

SPEC = AdapterSpec("clocked", lambda config, context: Named())
"""


class Clocked:
    """A project whose clock a test sets."""

    def __init__(self, project: Any) -> None:
        """Begin on the tenth of March."""
        self.project = project
        self.said: list[str] = []
        self._rng = random.Random(7)  # noqa: S311 - names of runs
        self.day(10)

    def day(self, day: int) -> None:
        """Set the clock to a day of March, forwards or back."""
        self._now = dt.datetime(2026, 3, day, 3, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        """Return a moment one second later at each call."""
        self._now += dt.timedelta(seconds=1)
        return self._now

    @property
    def context(self) -> Context:
        """The world as a command sees it."""
        self.project.forget()
        return Context(
            start=self.project.root,
            environ={},
            now=self.now,
            rng=self._rng,
            say=self.said.append,
            progress=lambda: nullcontext(lambda *_: None),
        )

    def night(self, day: int, **options: Any) -> Any:
        """Run a night on a day and return its record."""
        self.day(day)
        return nightly(self.context, NightOptions(**options))

    def stands(self) -> str:
        """Return where the item stands."""
        return str(status(self.context)[0]["state"])

    def differences(self) -> tuple[Any, ...]:
        """Return all that verify finds."""
        found = verify(self.context, None)
        return (*found.damage, *found.differences)


@pytest.fixture
def clocked(project: Any) -> Clocked:
    """Return a project whose item is closed on the tenth."""
    for name in ("silent", "spike"):
        project.case(name, twin=False)
    project.agent(AGENT)
    project.write("says.txt", "restart")
    made = Clocked(project)
    check(made.context, Options(("ITEM-1",)))
    assert close(made.context, ("ITEM-1",))[0].closed
    return made


def test_nights_keep_their_order(clocked: Clocked):
    """Numbers count on, a date met again gets a number, and the clock's way back is told."""
    days = (11, 7, 8, 11)
    found = [clocked.night(day) for day in days]
    assert [each["night"] for each in found] == [1, 2, 3, 4]
    assert [each["exit_code"] for each in found] == [0, 0, 0, 0]
    assert [each["items"][0]["watch"]["base"]["rounds"] for each in found] == [1, 2, 3, 4]
    assert [(each["date"], each["number"]) for each in found] == [
        ("2026-03-11", 1), ("2026-03-07", 1), ("2026-03-08", 1), ("2026-03-11", 2),
    ]  # fmt: skip
    names = sorted(path.name for path in (clocked.project.root / "reports/nights").iterdir())
    assert names == ["2026-03-07.json", "2026-03-08.json", "2026-03-11-2.json", "2026-03-11.json"]
    assert found[1]["warnings"] == [
        (
            "the clock reads 2026-03-07T03:00:02.000Z, before the last night at "
            "2026-03-11T03:00:02.000Z: nights keep their order"
        ),
        (
            "ITEM-1 was closed at 2026-03-10T03:00:08.000Z by a clock that was ahead: an incident "
            "of its class that is dated before does not open it again"
        ),
    ]
    assert found[3]["warnings"] == []
    assert clocked.differences() == ()


def test_a_regression_is_found_while_the_clock_goes_back(clocked: Clocked):
    """Rounds count in the order in which they came: reopened, restarted, closed, all verified."""
    clocked.night(11)
    clocked.project.write("says.txt", "wait")
    codes = [clocked.night(day)["exit_code"] for day in (9, 8, 7, 6)]
    assert codes[0:1] == [0]
    assert 1 in codes
    assert clocked.stands() == "reopened"
    clocked.project.write("says.txt", "restart")
    clocked.day(5)
    clocked.project.item("ITEM-1", target="failure_rate: 0.4")
    check(clocked.context, Options(("ITEM-1",)))
    (closing,) = close(clocked.context, ("ITEM-1",))
    assert closing.closed, closing.text
    assert any("events keep their order" in line for line in clocked.said)
    assert clocked.stands() == "closed"
    assert clocked.night(4)["exit_code"] == 0
    assert [e["number"] for e in clocked.project.records("event")] == [3, 2, 1]  # by their clocks
    assert clocked.differences() == ()


def test_a_waiver_ends_by_the_day_alone(clocked: Clocked):
    """A waiver is a promise until a day: on a day before it, the item is waived again."""
    clocked.project.item("ITEM-2", target="failure_rate: 0.01")
    waive(clocked.context, "ITEM-2", "later", "team-ingest", "2026-03-12")
    for day, state in ((11, "waived"), (12, "measuring"), (9, "waived"), (13, "measuring")):
        record = clocked.night(day, calls=6)
        assert record["items"][1]["after"] == state
        assert status(clocked.context)[1]["state"] == state
        assert record["exit_code"] == 0
    assert clocked.differences() == ()


def test_the_name_of_the_latest_answer_is_the_latest(
    bare: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A model that changed silently is noticed, though its new answers are dated before."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "clocked_plugin.py").write_text(NAMED)
    info = tmp_path / "clocked_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: clocked-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[harness.adapters]\nclocked = clocked_plugin:SPEC\n")
    bare.models("planted: {adapter: clocked}")
    bare.item()
    bare.evaluation()
    bare.case("silent", twin=False)
    bare.write("name.txt", "m-1")
    made = Clocked(bare)
    check(made.context, Options(("ITEM-1",)))
    close(made.context, ("ITEM-1",))
    bare.write("name.txt", "m-2")
    record = made.night(3)
    assert [each["cause"] for each in record["reopened"]] == ["model"]
    assert record["reopened"][0]["reason"] == "the model answered as m-1, and as m-2 now"
    assert made.night(2)["exit_code"] == 0  # told once, and no other change is seen
    assert made.differences() == ()


def test_events_are_decided_on_in_their_own_order(bare: Any):
    """The latest decision on field events is the latest, by whatever clock it was made."""
    bare.models("none: {adapter: scripted}")
    bare.write(
        "action_items/ITEM-7.yaml",
        """
        id: ITEM-7
        title: The agent decides less alone
        kind: escalation
        incident: INC-1
        owner: team-ingest
        metric: agent_only_rate
        class: ops.queue
        target: {rate: 0.3, after_incidents: 20}
        events: field_events/q.jsonl
        """,
    )

    def log(count: int) -> None:
        lines = [
            {
                "id": f"e{number}",
                "incident": f"P{number}",
                "time": f"2026-02-{number // 2 + 1:02d}T0{number % 2}:00:00Z",
                "class": "ops.queue",
                "decision": "escalated",
            }
            for number in range(count)
        ]
        bare.write("field_events/q.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))

    made = Clocked(bare)
    log(21)
    check(made.context, Options(("ITEM-7",)))
    made.day(2)
    log(40)
    (closing,) = close(made.context, ("ITEM-7",))
    assert closing.closed
    assert closing.event is not None
    assert closing.event["statistic"]["incidents"] == 40
    assert made.differences() == ()
