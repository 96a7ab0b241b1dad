"""The quarterly review for people: as plain text, as Markdown, and as JSON."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from harness.domain.review import ClassTrend, Grade, Quarter, Review, Shares
from harness.errors import printable
from harness.reporters.markdown import cell

_QUESTION_1 = "Question 1: are the agent's rows used?"
_QUESTION_2 = "Question 2: do the targeted rates fall?"


def review_object(found: Review) -> dict[str, Any]:
    """Return the review as plain values; the same review gives the same bytes."""
    held = plain(found)
    assert isinstance(held, dict)  # noqa: S101 - a record becomes a mapping
    return held


def plain(value: Any) -> Any:
    """Return a record as plain values of JSON."""
    if isinstance(value, Quarter):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def review_text(found: Review) -> str:
    """Return the review as text for a terminal."""
    return "\n".join(_text(found)) + "\n"


def _text(found: Review) -> Iterator[str]:
    yield f"Review of {found.quarter}, as of {found.as_of}"
    for name in found.unreadable:
        yield f"could not be read, and is in no figure: {printable(name)} (harness lint says why)"
    for name in found.not_on_record:
        yield f"not on record: {printable(name)} (harness verify says where)"
    yield ""
    yield _QUESTION_1
    if not found.grades:
        yield "  no postmortem of this quarter says that an agent was involved"
    for grade in found.grades:
        yield from _grade(grade)
    for undeclared in found.undeclared:
        yield f"  not declared: {printable(undeclared.place)}: {printable(undeclared.words)}"
    for held in found.shares:
        yield f"  shares of {held.incident}: {_shares(held)}"
    if found.most_skipped:
        yield f"  most often open: {found.most_skipped}"
    yield "  A or B by quarter: " + _grades(found)
    yield ""
    yield _QUESTION_2
    if not found.classes:
        yield "  no failure class: postmortems name theirs in failure_class"
    for one in found.classes:
        yield from _class(one)


def _grades(found: Review) -> str:
    shown = [f"{one.quarter} {one.a_or_b} of {one.postmortems}" for one in found.by_quarter]
    return ", ".join(shown) or "none"


def _grade(grade: Grade) -> Iterator[str]:
    title = printable(grade.title, 60)
    yield f"  {grade.points:3d} {grade.letter}  {grade.incident}  {title}"
    for loss in grade.lost:
        rule = f" {loss.rule}" if loss.rule else ""
        yield f"      -{loss.points:2d}  {loss.line}{rule}: {printable(loss.what, 160)}"


def _shares(one: Shares) -> str:
    def told(held: Mapping[str, float]) -> str:
        return " ".join(f"{layer} {100 * share:.0f} %" for layer, share in held.items())

    measured = "not measured, or no drop shown" if one.measured is None else told(one.measured)
    return f"declared {told(one.declared)}; {measured}"


def _class(one: ClassTrend) -> Iterator[str]:
    yield f"  {one.course.value:12s}  {one.failure_class}: {one.why}"
    for counted in one.quarters:
        rate = f"{100 * counted.failures / counted.trials:.1f} %"
        shown = f"{counted.failures}/{counted.trials} failed ({rate}), {counted.cases} cases"
        yield f"      {counted.quarter}  {shown}"
    for what, names in standing(one):
        yield f"      {what}: {', '.join(map(printable, names))}"
    if one.median_age_days is not None:
        yield f"      median age of what is not closed: {one.median_age_days:g} days"
    if one.remark:
        yield f"      {one.remark}"


def standing(one: ClassTrend) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what became of a class's incidents and items: in words, and their names."""
    for what, names in (
        ("came again after a closing", one.recurrences),
        ("closed on evidence", one.closed),
        ("waived", one.waived),
        ("stale", one.stale),
        ("overdue", one.overdue),
        ("open", one.open),
    ):
        if names:
            yield what, names


def review_markdown(found: Review) -> str:
    """Return the review as Markdown, for a wiki or a pull request."""
    return "\n".join(_markdown(found)) + "\n"


def _markdown(found: Review) -> Iterator[str]:
    yield f"# Review of {found.quarter}"
    yield ""
    yield f"As of {found.as_of}. The two answers stand side by side; nobody is ranked."
    for name in found.unreadable:
        yield f"- could not be read, and is in no figure: {cell(name)}"
    for name in found.not_on_record:
        yield f"- not on record: {cell(name)}"
    yield from ("", f"## {_QUESTION_1}", "")
    yield from _table(
        ("incident", "points", "grade", "lost"),
        [
            (g.incident, str(g.points), g.letter, "; ".join(_loss(g)) or "nothing")
            for g in found.grades
        ],
    )
    for undeclared in found.undeclared:
        yield f"- names an agent, not declared: {cell(undeclared.place)}"
    yield from ("", f"A or B by quarter: {_grades(found)}.")
    if found.most_skipped:
        yield f"Most often open: {found.most_skipped}."
    yield from ("", "Attribution, as declared and as measured by replay:", "")
    yield from (f"- {cell(one.incident)}: {_shares(one)}" for one in found.shares)
    yield from ("", f"## {_QUESTION_2}", "")
    yield from _table(
        ("failure class", "course", "why", "trials by quarter", "items"),
        [
            (
                one.failure_class,
                one.course.value,
                one.why + (f"; {one.remark}" if one.remark else ""),
                "; ".join(f"{q.quarter} {q.failures}/{q.trials}" for q in one.quarters) or "none",
                "; ".join(f"{what} {', '.join(names)}" for what, names in standing(one)),
            )
            for one in found.classes
        ],
    )
    yield from ("", "## The rubric", "")
    yield from _table(
        ("line", "section", "points", "rules", "what"),
        [
            (r.id, r.section, f"{r.points}{f' a {r.each}' if r.each else ''}", " ".join(r.rules),
             r.text)
            for r in found.rubric
        ],
    )  # fmt: skip


def _loss(grade: Grade) -> list[str]:
    return [
        f"{loss.points} ({' '.join(filter(None, (loss.line, loss.rule)))})" for loss in grade.lost
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(cell, row)) + " |"
