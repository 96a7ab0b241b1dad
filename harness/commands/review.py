"""``harness review``: the quarter's postmortems graded, and its failure classes followed."""

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import plugins
from harness.commands.attribution_files import measured_attributions, measured_shares
from harness.commands.closures_on_record import on_record
from harness.commands.context import Context
from harness.commands.lint_loading import read_project
from harness.decide.quarters import Verdict, courses
from harness.decide.tallies import Held, Tallies
from harness.domain.closure import Closed, Closures, state
from harness.domain.item import ActionItem, EscalationItem
from harness.domain.lint import Finding
from harness.domain.review import (
    ClassTrend,
    Course,
    Grade,
    Quarter,
    QuarterCount,
    QuarterGrades,
    Review,
    Shares,
    Undeclared,
)
from harness.errors import EXIT_INPUT, EXIT_MET, InputError, Place, Problem
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.reader import read_all
from harness.rules.causes import shares
from harness.rules.grade import RUBRIC, grade, open_rows
from harness.rules.lint import Choice, lint
from harness.rules.view import PostmortemDocument, View

QUARTERS = 8
"""So many quarters are looked back on, this one included."""
_FITTED = 2
"""From so many closed items on a flat class is a remark."""
_NOT_DECLARED = ("PM001", "PM002")
_RESEARCH = "worked as engineering, behaves like research"


def review(context: Context, quarter: str, as_of: dt.date | None = None) -> Review:
    """Return the review of a quarter; InputError for a quarter that has not begun."""
    try:
        asked = Quarter.parse(quarter)
    except ValueError:
        place, fix = Place("QUARTER"), "write a year and a quarter, such as 2026Q3"
        raise InputError(Problem(place, "", "is no quarter", quarter, fix)) from None
    today = as_of or context.now().date()
    if asked.first > today:
        place, fix = Place("QUARTER"), f"name {Quarter.of(today)} or an earlier one"
        raise InputError(Problem(place, "", f"begins after {today}", quarter, fix))
    until = min(today, asked.last)
    project = load_project(find_root(context.start), plugins.adapter_names())
    view, files = read_project(project, until)
    tallied = _tallies(project, until)
    view, strange = on_record(project, view, tallied.events)
    findings = lint(view, Choice(), len(files)).findings
    return review_of(project, view, findings, asked, tallied, strange)


def review_of(
    project: LoadedProject,
    view: View,
    findings: Sequence[Finding],
    quarter: Quarter,
    tallied: Tallies,
    strange: tuple[str, ...],
) -> Review:
    """Return the review of a quarter of a project and a ledger that were read already.

    The view's closures are those of the ledger; ``strange`` is what their files say beyond.
    """
    until = tallied.until
    known = [p for p in view.postmortems.values() if p and p.value.date <= until]
    known.sort(key=lambda post: (post.value.date, post.value.id))
    declared = [post for post in known if post.value.agent_involved]
    graded = [(post, grade(post, view, findings)) for post in declared]
    now = [(p, g) for p, g in graded if Quarter.of(g.date) == quarter]
    measured = measured_attributions(project.reports)
    return Review(
        quarter=quarter,
        as_of=until,
        grades=tuple(found for _, found in now),
        undeclared=_undeclared(known, findings, quarter),
        by_quarter=_grades_by_quarter([found for _, found in graded], quarter),
        most_skipped=_most_skipped([post for post, _ in now]),
        classes=_classes(view, known, findings, quarter, tallied),
        shares=tuple(_shares(post, measured) for post, _ in now if post.value.attribution),
        rubric=RUBRIC,
        unreadable=_unreadable(view),
        not_on_record=strange,
    )


def exit_code(found: Review) -> int:
    """Return 2 when something could not be read and is therefore in no figure, else 0."""
    return EXIT_INPUT if found.unreadable else EXIT_MET


def _unreadable(view: View) -> tuple[str, ...]:
    names = [name for name, found in view.postmortems.items() if found is None]
    names += [name for name, found in view.items.items() if found is None]
    return tuple(sorted(names))


def _undeclared(
    known: Iterable[PostmortemDocument], findings: Sequence[Finding], quarter: Quarter
) -> tuple[Undeclared, ...]:
    """Return postmortems of the quarter that name an agent and do not declare it, once each."""
    within = {p.value.id for p in known if Quarter.of(p.value.date) == quarter}
    found: dict[str, Undeclared] = {}
    for finding in findings:
        if finding.rule in _NOT_DECLARED and finding.document in within:
            one = Undeclared(finding.document, str(finding.place), finding.message)
            found.setdefault(finding.document, one)
    return tuple(found[name] for name in sorted(found))


def _grades_by_quarter(grades: Sequence[Grade], quarter: Quarter) -> tuple[QuarterGrades, ...]:
    asked = [quarter.back(count) for count in range(QUARTERS - 1, -1, -1)]
    held = {one: [g for g in grades if Quarter.of(g.date) == one] for one in asked}
    return tuple(
        QuarterGrades(one, len(found), sum(g.letter in {"A", "B"} for g in found))
        for one, found in held.items()
        if found or one == quarter
    )


def _most_skipped(posts: Sequence[PostmortemDocument]) -> str:
    counted = Counter(row for post in posts for row in open_rows(post))
    if not counted:
        return ""
    most = max(counted.values())
    return min(row for row, count in counted.items() if count == most)


def _shares(post: PostmortemDocument, measured: Mapping[str, Mapping[str, Any]]) -> Shares:
    found, record = post.value.attribution, measured.get(post.value.id)
    declared = {} if found is None else {k: v.share for k, v in shares(found).items()}
    return Shares(post.value.id, declared, measured_shares(record) if record else None)


@dataclass(slots=True)
class _Items:
    """The items of one class, by state at the review's day."""

    closed: list[str] = field(default_factory=list)
    waived: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    ages: list[int] = field(default_factory=list)


def _tallies(project: LoadedProject, until: dt.date) -> Tallies:
    found = Tallies(until)
    for run in read_all(project.reports):
        found.take(run.run, run.records)
    return found


def _classes(
    view: View,
    known: Sequence[PostmortemDocument],
    findings: Sequence[Finding],
    quarter: Quarter,
    tallies: Tallies,
) -> tuple[ClassTrend, ...]:
    by_class: dict[str, list[PostmortemDocument]] = defaultdict(list)
    for post in known:
        if post.value.agent_involved and post.value.failure_class:
            by_class[post.value.failure_class].append(post)
    items = {name: _items_of(view, posts) for name, posts in by_class.items()}
    asked = [quarter.back(count) for count in range(QUARTERS - 1, -1, -1)]
    until = tallies.until
    counts = {name: _counts(tallies, found, asked) for name, found in items.items()}
    verdicts = courses(counts)
    return tuple(
        _class_trend(
            name,
            by_class[name],
            _standing(items[name], view, findings, until),
            _closed_at(items[name], view, until),
            _by_quarter(counts[name], asked),
            verdicts[name],
            quarter,
        )
        for name in sorted(by_class)
    )


def _items_of(view: View, posts: Iterable[PostmortemDocument]) -> list[ActionItem]:
    incidents = {post.value.id for post in posts}
    found = [d.value for d in view.items.values() if d and d.value.incident in incidents]
    return sorted(found, key=lambda item: item.id)


def _events(view: View, item: str, until: dt.date) -> Closures | None:
    """Return an item's closures as they stood at the end of a day."""
    found = view.closures.get(item)
    if found is None:
        return None
    events = tuple(e for e in found.value.events if e.at[:10] <= until.isoformat())
    return Closures(item=item, events=events)


def _standing(
    items: Sequence[ActionItem], view: View, findings: Sequence[Finding], until: dt.date
) -> _Items:
    found = _Items()
    for item in items:
        stands = state(_events(view, item.id, until), until)
        if stands == "closed":
            found.closed.append(item.id)
        else:
            (found.waived if stands == "waived" else found.open).append(item.id)
            post = view.postmortems.get(item.incident)
            if post is not None:
                found.ages.append((until - post.value.date).days)
        told = {f.rule for f in findings if f.document == item.id}
        if "PM602" in told:
            found.stale.append(item.id)
        if "PM603" in told:
            found.overdue.append(item.id)
    return found


def _closed_at(items: Sequence[ActionItem], view: View, until: dt.date) -> list[dt.date]:
    """Return the days on which items of the class were closed."""
    days = []
    for item in items:
        events = _events(view, item.id, until)
        found = events.events if events is not None else ()
        days += [dt.date.fromisoformat(e.at[:10]) for e in found if isinstance(e, Closed)]
    return days


def _class_trend(
    name: str,
    posts: Sequence[PostmortemDocument],
    items: _Items,
    closed: Sequence[dt.date],
    quarters: tuple[QuarterCount, ...],
    verdict: Verdict,
    quarter: Quarter,
) -> ClassTrend:
    now = [post.value for post in posts if Quarter.of(post.value.date) == quarter]
    again = [post.id for post in now if any(day < post.date for day in closed)]
    found = verdict.trend
    research = verdict.course is Course.FLAT and len(items.closed) >= _FITTED
    return ClassTrend(
        failure_class=name,
        course=verdict.course,
        why=verdict.why,
        quarters=quarters,
        change=found.change if found else None,
        lower=found.lower if found else None,
        upper=found.upper if found else None,
        falling=found.falling if found else None,
        rising=found.rising if found else None,
        holm=verdict.holm,
        incidents=len(now),
        recurrences=tuple(again),
        closed=tuple(items.closed),
        waived=tuple(items.waived),
        stale=tuple(items.stale),
        overdue=tuple(items.overdue),
        open=tuple(items.open),
        median_age_days=float(statistics.median(items.ages)) if items.ages else None,
        remark=_RESEARCH if research else "",
    )


_Counts = tuple[list[list[int]], list[list[int]]]


def _counts(tallies: Tallies, items: Iterable[ActionItem], asked: Sequence[Quarter]) -> _Counts:
    """Return failures and trials, each (cells, quarters); items on one eval count it once."""
    cells: Held = {}
    kept = [item.id for item in items if not isinstance(item, EscalationItem)]
    for key in sorted({key for item in kept for key in tallies.of_item.get(item, ())}):
        for cell, quarters in tallies.series.get(key, {}).items():
            for quarter, (failures, trials) in quarters.items():
                held = cells.setdefault(cell, {}).setdefault(quarter, [0, 0])
                held[0] += failures
                held[1] += trials
    rows = [cells[cell] for cell in sorted(cells)]
    pick = [[[row.get(one, [0, 0])[index] for one in asked] for row in rows] for index in (0, 1)]
    return pick[0], pick[1]


def _by_quarter(counts: _Counts, asked: Sequence[Quarter]) -> tuple[QuarterCount, ...]:
    failures, trials = counts
    return tuple(
        QuarterCount(
            one,
            sum(row[index] > 0 for row in trials),
            sum(row[index] for row in trials),
            sum(row[index] for row in failures),
        )
        for index, one in enumerate(asked)
        if any(row[index] for row in trials)
    )
