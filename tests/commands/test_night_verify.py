"""Nights computed again: what ``harness verify`` finds behind hashes that all fit."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.forging import forge

AGENT = """
import pathlib

def respond(messages, tools, settings, seed):
    return pathlib.Path("says.txt").read_text()
"""


@pytest.fixture
def closed(project: Any) -> Any:
    """Return a project with a closed item, and an open one on the same eval."""
    for name in ("silent", "spike"):
        project.case(name, twin=False)
    project.agent(AGENT)
    project.write("says.txt", "restart")
    project.item("ITEM-2", target="failure_rate: 0.02")
    assert project.run("check", "ITEM-1").code == 0
    assert project.run("close", "ITEM-1").code == 0
    return project


@pytest.fixture
def nights(closed: Any) -> Any:
    """Return it after two quiet nights, and one in which the closed item is reopened."""
    project = closed
    for _ in range(2):
        assert project.run("nightly", "--calls", "6").code == 0
    project.write("says.txt", "wait")
    codes = [project.run("nightly", "--calls", "40").code for _ in range(2)]
    assert codes[-1] == 1 or codes[0] == 1
    return project


def test_forging_without_a_change_is_no_difference(nights: Any):
    """The forger of these tests makes everything fit."""
    assert nights.run("verify").code == 0
    forge(nights.root, lambda _: None)
    assert nights.run("verify").code == 0


def edited(nights: Any, number: int, change: Any) -> list[str]:
    """Return what verify finds after a night was changed in the ledger and in its file."""

    def forged(record: dict[str, Any]) -> None:
        if record["kind"] == "night" and record["night"] == number:
            change(record)

    forge(nights.root, forged)
    done = nights.run("verify")
    assert done.code == 1, done.out
    return [str(line).partition(": ")[2] for line in done.out.splitlines()]


def first(record: dict[str, Any], **change: Any) -> None:
    """Change what a night says of its first item."""
    record["items"][0].update(change)


EDITS: list[tuple[Any, str]] = [
    (lambda n: n.update(outcome="partial"), "outcome: by its own items it is green, 0"),
    (lambda n: n.update(exit_code=3), "outcome: by its own items it is green, 0"),
    (lambda n: n.update(night=7), "night: is night 1"),
    (lambda n: n.update(number=2), "number: it is night 1 of its date"),
    (lambda n: n.update(date="2020-01-01"), "date: it began at"),
    (lambda n: n["spent"].update(calls=1), "spent: computed again"),
    (lambda n: n["runs"][0].update(count=3), "runs: run"),
    (lambda n: first(n, new_trials=0), "items.ITEM-1.new_trials: the runs hold"),
    (lambda n: first(n, watch=None), "items.ITEM-1.watch: is missing of an item"),
    (lambda n: first(n, floor=None), "items.ITEM-1.floor: is missing of an item"),
    (lambda n: first(n, verdict="not met"), "items.ITEM-1.verdict: the decision of that"),
    (lambda n: first(n, trials=5), "items.ITEM-1.trials: the decision of that night"),
    (lambda n: first(n, failures=5), "items.ITEM-1.failures: the decision of that night"),
    (lambda n: first(n, target=0.9), "items.ITEM-1.target: the decision of that night"),
    (lambda n: first(n, after="met"), "items.ITEM-1.after: by its events and its verdict"),
    (lambda n: first(n, after="waived"), "items.ITEM-1.after: by its events"),
    (lambda n: n["items"][0]["watch"]["base"].update(failures=1), "items.ITEM-1.watch"),
    (lambda n: n["items"][1].update(after="closed"), "items.ITEM-2.after: by its events"),
    (lambda n: n["items"][1].update(verdict="met"), "items.ITEM-2.verdict: the decision"),
    (lambda n: n["drift"].clear(), "drift: computed again"),
    (lambda n: n["drift"][0].update(level=0.0), "drift: computed again"),
    (lambda n: n["drift"][0]["watched"][0].update(failures=2), "drift: computed again"),
    (lambda n: n["closed"].append({"item": "ITEM-1", "number": 2}), "closed: the ledger"),
    (lambda n: n["closed"].append({"item": "ITEM-9", "number": 1}), "night: is no night"),
    (lambda n: n["reopened"].append({"item": "ITEM-1", "number": 2}), "reopened: the ledger"),
    (lambda n: n.pop("items"), "night: is no night of this version"),
]


def test_every_changed_figure_of_a_night_is_found(nights: Any, tmp_path: Path):
    """Everything that the ledger holds of a night is computed again."""
    kept = shutil.copytree(nights.root / "reports", tmp_path / "kept")
    for change, told in EDITS:
        assert edited(nights, 1, change)[0].startswith(told)
        shutil.rmtree(nights.root / "reports")
        shutil.copytree(kept, nights.root / "reports")


def test_a_reopening_that_a_night_keeps_to_itself_is_found(nights: Any):
    """A red night cannot be made green by leaving out what was reopened."""
    (night,) = [each for each in nights.records("night") if each["reopened"]]

    def green(record: dict[str, Any]) -> None:
        record["reopened"] = []
        record["drift"] = [{**each, "alarmed": False} for each in record["drift"]]
        record["outcome"], record["exit_code"] = "green", 0

    lines = edited(nights, night["night"], green)
    assert any("does not tell that ITEM-1 was reopened, event 2" in line for line in lines)


def test_a_night_that_was_taken_out_is_found(nights: Any):
    """Nights are numbered, and the next one says that one is missing."""

    def forged(record: dict[str, Any]) -> None:
        if record["kind"] == "night" and record["night"] == 2:
            record.clear()
            record.update(kind="note")

    forge(nights.root, forged)
    done = nights.run("verify")
    assert done.code == 1
    assert "night: is night 2: one was taken away, or two hands wrote, got 3" in done.out


def test_a_floor_that_nobody_gave_is_found(closed: Any):
    """A night without its round cannot say that it had it."""
    done = closed.run("nightly", "--calls", "1", "--format", "json")
    assert done.code == 3

    def got(record: dict[str, Any]) -> None:
        first(record, floor=True)
        record["outcome"], record["exit_code"] = "green", 0

    lines = edited(closed, 1, got)
    assert lines == ["items.ITEM-1.floor: the night holds 1 trials of it, and no round, got true"]
