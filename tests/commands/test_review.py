import datetime as dt
import json
import random
from contextlib import nullcontext
from pathlib import Path

import pytest

from harness.commands.check import check
from harness.commands.close import close
from harness.commands.context import Context
from harness.commands.questions import Options
from harness.domain.review import Quarter
from harness.rules.grade import RUBRIC
from harness.rules.sound import FILES

CLASS = "ops.queue-recovery"


@pytest.fixture
def reviewed(project):
    """Return a project with an incident of 2026Q1, whose item is replayed on a planted agent."""
    text = FILES["postmortems/INC-1.md"].replace("INC-1", "INC-2026-1")
    text = text.replace("[ITEM-1, ITEM-2]", "[ITEM-1]")
    project.write("postmortems/INC-2026-1.md", text)
    item = (project.root / "action_items/ITEM-1.yaml").read_text()
    incident = next(line for line in item.splitlines() if line.startswith("incident:"))
    project.write("action_items/ITEM-1.yaml", item.replace(incident, "incident: INC-2026-1"))
    return project


def _replay(project, day: dt.date, rate: float, calls: int) -> None:
    """Replay as if it were that day, on an agent that fails at that rate."""
    project.config(rate=rate)
    project.forget()
    check(_context(day), Options(("ITEM-1",), calls=calls))


def _context(day: dt.date) -> Context:
    """Return the world on that day."""
    return Context(
        start=Path.cwd(),
        environ={},
        now=lambda: dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC),
        rng=random.Random(day.toordinal()),  # noqa: S311 - names runs
        say=lambda _line: None,
        progress=lambda: nullcontext(lambda *_: None),
    )


@pytest.mark.parametrize("text", ["2026Q3", "2026q3", "2026-Q3"])
def test_quarters_are_read_as_people_write_them(text: str) -> None:
    """A quarter is a year and a number, with its first and last day."""
    quarter = Quarter.parse(text)
    assert (str(quarter), quarter.first, quarter.last) == (
        "2026Q3", dt.date(2026, 7, 1), dt.date(2026, 9, 30),
    )  # fmt: skip
    assert str(quarter.back(3)) == "2025Q4"
    assert Quarter(2026, 4).last == dt.date(2026, 12, 31)


@pytest.mark.parametrize("text", ["2026", "Q3", "2026Q5", "0000Q1", "2026Q3x", "\u0662026Q3"])
def test_what_is_no_quarter_is_refused(reviewed, text: str) -> None:
    """One line, exit 2."""
    ran = reviewed.run("review", text)
    assert ran.code == 2
    assert "is no quarter" in ran.err


def test_a_quarter_that_has_not_begun_is_refused(reviewed) -> None:
    """Nothing is said about the future."""
    ran = reviewed.run("review", "2026Q4", "--as-of", "2026-03-31")
    assert (ran.code, ran.out) == (2, "")
    assert "begins after 2026-03-31, got 2026Q4, name 2026Q1 or an earlier one" in ran.err


def test_both_questions_are_answered_side_by_side(reviewed) -> None:
    """A grade with its losses, and a class whose trials do not tell yet."""
    ran = reviewed.run("review", "2026Q1", "--format", "json")
    found = ran.json
    assert ran.code == 0
    assert [(g["incident"], g["points"]) for g in found["grades"]] == [("INC-2026-1", 84)]
    assert [loss["line"] for loss in found["grades"][0]["lost"]] == ["R31", "R54"]
    (one,) = found["classes"]
    assert (one["failure_class"], one["course"], one["open"]) == (
        CLASS, "undetermined", ["ITEM-1"],
    )  # fmt: skip
    assert "points" not in one
    assert {"classes", "grades", "by_quarter", "rubric", "undeclared"} <= set(found)


def test_the_same_inputs_give_the_same_bytes(reviewed) -> None:
    """A review can be compared with the one that was filed."""
    first = [reviewed.run("review", "2026Q1", "--format", f).out for f in ("text", "json")]
    again = [reviewed.run("review", "2026Q1", "--format", f).out for f in ("text", "json")]
    assert first == again
    assert reviewed.run("review", "2026Q1", "--format", "markdown").out.startswith("# Review")


def test_an_agent_that_is_not_declared_is_listed_and_not_graded(reviewed) -> None:
    """What escapes the rows by leaving a key away stands in the review all the same."""
    path = reviewed.root / "postmortems/INC-2026-1.md"
    path.write_text(path.read_text().replace("agent_involved: true\n", ""))
    found = reviewed.run("review", "2026Q1", "--format", "json").json
    assert found["grades"] == []
    assert [one["incident"] for one in found["undeclared"]] == ["INC-2026-1"]


def test_a_falling_rate_converges_and_a_steady_one_does_not(reviewed) -> None:
    """Replays of four quarters, case by case: 60 % to 5 % converges; other fingerprints and all."""
    for quarter, rate in enumerate((0.6, 0.45, 0.25, 0.05)):
        _replay(reviewed, dt.date(2025 + (quarter + 1) // 4, (3 * quarter + 4) % 12, 9), rate, 40)
    found = reviewed.run("review", "2026Q1", "--format", "json").json
    (one,) = found["classes"]
    assert one["course"] == "converging"
    assert one["holm"] <= 0.05
    assert [q["quarter"] for q in one["quarters"]] == ["2025Q2", "2025Q3", "2025Q4", "2026Q1"]
    earlier = reviewed.run("review", "2026Q1", "--as-of", "2026-01-01", "--format", "json").json
    assert all(q["quarter"] != "2026Q1" for one in earlier["classes"] for q in one["quarters"])


def test_an_incident_after_a_closing_is_a_recurrence(reviewed) -> None:
    """The class came back although an item of it had been closed."""
    _replay(reviewed, dt.date(2026, 3, 19), 0.0, 200)
    assert close(_context(dt.date(2026, 3, 20)), ("ITEM-1",))[0].closed
    again = (reviewed.root / "postmortems/INC-2026-1.md").read_text()
    again = again.replace("INC-2026-1", "INC-2026-2").replace(
        "date: 2026-03-04", "date: 2026-05-04"
    )
    reviewed.write("postmortems/INC-2026-2.md", again)
    (one,) = reviewed.run("review", "2026Q2", "--format", "json").json["classes"]
    assert one["recurrences"] == ["INC-2026-2"]
    assert one["closed"] == ["ITEM-1"]
    ran = reviewed.run("review", "2026Q1", "--format", "json", "--as-of", "2026-03-10")
    (before,) = ran.json["classes"]
    assert (before["closed"], before["open"]) == ([], ["ITEM-1"])


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_closing_that_the_ledger_does_not_hold_closes_nothing(reviewed, form: str) -> None:
    """A file by hand is shown as such, and the item is open in every figure."""
    closed = {"event": "closed", "at": "2026-03-20T00:00:00Z", "verdict": "met"}
    body = {"item": "ITEM-1", "events": [closed]}
    reviewed.write("reports/closures/ITEM-1.json", json.dumps(body))
    ran = reviewed.run("review", "2026Q1", "--format", form)
    told = "ITEM-1.json: the ledger holds no event of the item: it counts as open"
    assert (ran.code, told in ran.out) == (0, True)
    if form == "json":
        (one,) = ran.json["classes"]
        assert (one["closed"], one["open"]) == ([], ["ITEM-1"])
        assert ran.json["not_on_record"] == [told]
    assert reviewed.run("verify").code == 1


def test_an_edited_closing_counts_as_the_ledger_has_it(reviewed) -> None:
    """The item stays closed, on the day of the ledger, and the file is named."""
    _replay(reviewed, dt.date(2026, 3, 19), 0.0, 200)
    assert close(_context(dt.date(2026, 3, 20)), ("ITEM-1",))[0].closed
    found = reviewed.run("review", "2026Q1", "--format", "json").json
    assert (found["not_on_record"], found["classes"][0]["closed"]) == ([], ["ITEM-1"])
    path = reviewed.root / "reports/closures/ITEM-1.json"
    path.write_text(path.read_text().replace("2026-03-20", "2026-01-20"))
    found = reviewed.run("review", "2026Q1", "--format", "json").json
    assert found["classes"][0]["closed"] == ["ITEM-1"]
    assert found["not_on_record"] == [
        "ITEM-1.json: is not what the ledger holds, whose 1 events count"
    ]
    path.write_text("{")
    found = reviewed.run("review", "2026Q1", "--format", "json").json
    assert len(found["not_on_record"]) == 1
    site = reviewed.run("report", "--format", "json")
    assert site.code in {0, 2}
    page = (reviewed.root / "reports/site/review.html").read_text()
    assert "Not on record: ITEM-1.json" in page


def test_what_cannot_be_read_is_named_and_exits_with_2(reviewed) -> None:
    """A file that is in no figure is never silently in none."""
    reviewed.write("postmortems/INC-2026-3.md", "---\nid: [\n---\n")
    ran = reviewed.run("review", "2026Q1")
    assert ran.code == 2
    assert "could not be read, and is in no figure: INC-2026-3" in ran.out


def test_the_docs_print_the_rubric_line_by_line() -> None:
    """What is graded stands in docs/review.md, to the point."""
    page = (Path(__file__).parents[2] / "docs/review.md").read_text()
    for line in RUBRIC:
        each = f" a {line.each}" if line.each else ""
        assert f"| {line.id} | {line.section} | {line.points}{each} |" in page
        assert line.text in page
