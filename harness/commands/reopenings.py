"""What opens a closed item again: the watch, an incident of its class, stale evidence, a model."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.commands import life
from harness.commands.context import Context
from harness.commands.recording import plan_name
from harness.commands.standings import Held
from harness.commands.waive import next_epoch
from harness.commands.watch_escalation import stands_on
from harness.decide.coverage import names_of_rates
from harness.decide.evidence import Evidence, Record
from harness.decide.lifecycle import other_model, staleness
from harness.decide.watching import Watch, Watched, alarmed, watch, watch_object
from harness.domain.closure import Cause, Closed, Reopened, RunHead, last_closing
from harness.domain.postmortem import Postmortem
from harness.domain.record import Json
from harness.domain.trial import BASE
from harness.errors import InputError
from harness.files.postmortems import load_postmortem, postmortem_files
from harness.files.project import LoadedProject


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is opened again."""

    cause: Cause
    text: str
    incident: str = ""
    watched: Watch | None = None


def closing_of(held: Held) -> Closed | None:
    """Return the closing that stands of an item, stale or not; None for every other item."""
    return last_closing(held.closures)


def reason_of(
    held: Held,
    evidence: Evidence,
    incidents: Mapping[str, Postmortem],
    field: Watched | None = None,
) -> Reason | None:
    """Return why a closed item is to be opened again; None where nothing says so.

    ``field`` is what the incidents since the closing of an escalation item say.
    """
    closed = closing_of(held)
    if closed is None:
        return None
    again = _recurrence(held, closed, incidents)
    if again is not None:
        return again
    if held.inquiry is None:
        return None if field is None else _came_back({BASE: field})
    question = held.inquiry.question
    stale = staleness(closed, question)
    if stale:
        return Reason("stale", stale)
    seen = watch(question, closed.watch_from, evidence)
    regression = _came_back(seen, *names_of_rates(question.rules))
    if regression is not None:
        return regression
    changed = other_model(held.item.id, closed, question, evidence)
    return Reason("model", changed) if changed else None


def _came_back(watched: Watch, rate: str = "failure rate", twin_rate: str = "") -> Reason | None:
    """Return the watch's own reason, if it alarmed, with what its rates are called."""
    variant = alarmed(watched)
    if variant is None:
        return None
    seen = watched[variant]
    text = (
        f"the {rate if variant == BASE else twin_rate} is shown to have come back above "
        f"{seen.target:g}: {seen.failures} of {seen.trials} since the closing"
    )
    return Reason("regression", text, watched=watched)


def _recurrence(held: Held, closed: Closed, incidents: Mapping[str, Postmortem]) -> Reason | None:
    """Return the first incident of the item's class that is not older than its closing."""
    own = incidents.get(held.item.incident)
    class_ = getattr(held.item, "class_", None) or (own.failure_class if own else None)
    if class_ is None:
        return None
    told = {each.incident for each in held.closures.events if isinstance(each, Reopened)}
    since = dt.date.fromisoformat(closed.at[:10])
    for name, post in sorted(incidents.items()):
        again = post.failure_class == class_ and post.agent_involved is not False
        if again and name not in told | {held.item.incident} and post.date >= since:
            text = f"{name} of {post.date} is of the same failure class, {class_}"
            return Reason("recurrence", text, incident=name)
    return None


def incidents_of(project: LoadedProject) -> tuple[dict[str, Postmortem], list[str]]:
    """Return the postmortems that can be read, and what is wrong with the others."""
    found, warnings = {}, []
    for path in postmortem_files(project.root)[0]:
        try:
            post = load_postmortem(project.root, path).value
        except InputError as error:
            first = str(error.problems[0])
            warnings.append(f"a postmortem cannot be read, so no recurrence is seen in it: {first}")
        else:
            found[post.id] = post
    return found, warnings


def untold(evidence: Evidence) -> list[dict[str, Json]]:
    """Return the reopenings that no night told: those of a night that was killed before its end."""
    told = {(e["item"], e["number"]) for night in evidence.nights for e in night["reopened"]}
    return [
        reopened_object(record)
        for item, records in sorted(evidence.events.items())
        for record in records
        if of_a_night(record) and (item, record["number"]) not in told
    ]


def of_a_night(record: Record) -> bool:
    """Say whether an event is a reopening by a night, and none by a person."""
    return record["event"] == "reopened" and record["cause"] not in {"", "person"}


def reopened_object(record: Mapping[str, Json]) -> dict[str, Json]:
    """Return how a night tells of a reopening."""
    return {key: record[key] for key in ("item", "number", "cause", "reason")}


def behind_the_clock(started: str, evidence: Evidence, held: Sequence[Held]) -> list[str]:
    """Return what a clock that went back leaves to be said."""
    said = []
    last = max((str(night["started"]) for night in evidence.nights), default="")
    if started < last:
        said.append(
            f"the clock reads {started}, before the last night at {last}: nights keep their order"
        )
    for each in held:
        closed = closing_of(each)
        if closed is not None and started[:10] < closed.at[:10]:
            said.append(
                f"{each.item.id} was closed at {closed.at} by a clock that was ahead: an incident "
                "of its class that is dated before does not open it again"
            )
    return said


def reopening(
    context: Context, project: LoadedProject, evidence: Evidence, held: Held, why: Reason
) -> list[dict[str, Json]]:
    """Return the records that a reopening takes in the ledger; the last is the event itself."""
    item = held.item.id
    runs: Sequence[RunHead] = ()
    records: list[dict[str, Json]] = []
    stale = why.cause == "stale"
    if why.watched is not None and held.inquiry is not None:
        held_runs = evidence.runs.get(held.inquiry.question.key, {})
        runs = [RunHead(run=r, count=n, head=h) for r, (n, h) in held_runs.items()]
        records = life.asked(held.inquiry, evidence)
    elif why.watched is not None:
        runs = stands_on(context, project, item)
    responded: list[tuple[str, int]] = []
    if held.inquiry is not None:
        responded = evidence.of(held.inquiry.question.key).responded
    event = Reopened(
        event="reopened",
        at=life.moment(context, evidence, [item]),
        number=life.next_number(evidence, item),
        reason=why.text,
        cause=why.cause,
        incident=why.incident,
        # What went stale is another question by itself: its epoch follows from the ledger.
        epoch=0 if stale else next_epoch(evidence, item),
        responded_model=responded[-1][0] if responded else None,
        runs=tuple(runs),
        statistic=watch_object(why.watched) if why.watched is not None else {},
    )
    record = life.event_record(item, event)
    if records and held.inquiry is not None:
        record["plan"] = plan_name(held.inquiry.question)
    return [*records, record]


def restart(evidence: Evidence, held: Held, reason: str) -> dict[str, Json]:
    """Return the record that gives up an open item's evidence: its next trial begins an epoch."""
    responded = evidence.of(held.inquiry.question.key).responded if held.inquiry else []
    return {
        "kind": "restart",
        "item": held.item.id,
        "epoch": next_epoch(evidence, held.item.id),
        "reason": reason,
        "responded_model": responded[-1][0] if responded else None,
    }
