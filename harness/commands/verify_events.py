"""Closures and nights recomputed from the ledger: each event again, then each file, by bytes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from harness.commands.close_escalation import statistic_of
from harness.commands.night_checks import Difference, NightChecks
from harness.commands.night_records import night_name, render_night
from harness.commands.verify_runs import Runs, last_of, question_of, stood_on
from harness.commands.watch_escalation import watch_recorded
from harness.decide.evidence import ESCALATION, Evidence, Record
from harness.decide.watching import alarmed, watch, watch_object
from harness.domain.closure import Closures
from harness.domain.report import Finding
from harness.domain.trial import BASE
from harness.errors import InputError, LedgerError, Place, Problem
from harness.files.closures import closures_files, closures_of, event_object, render_closures
from harness.files.project import LoadedProject
from harness.ledger.reader import RunRecords, runs_in_order
from harness.plan.digests import digest

_DECISION_KEYS = ("seq", "kind", "plan", "stands_on")
_OWN = frozenset({"seq", "kind", "item", "plan"})


@dataclass(slots=True)
class FoundEvents:
    """How many events and nights the ledger holds, and all that does not fit."""

    events: int = 0
    nights: int = 0
    differences: list[Finding] = field(default_factory=list)


def verify_events(project: LoadedProject, runs: Runs) -> FoundEvents:
    """Recompute every event and night of the ledger, and compare the files with them."""
    found = FoundEvents()
    life: dict[str, list[tuple[RunRecords, Record]]] = {}
    nights: list[tuple[RunRecords, Record]] = []
    order = runs_in_order(project.reports)
    for run in order:
        for record in runs[run].records:
            if record["kind"] == "event":
                life.setdefault(str(record.get("item")), []).append((runs[run], record))
            elif record["kind"] == "night":
                nights.append((runs[run], record))
    known: dict[str, Closures] = {}
    for item, records in life.items():
        found.events += len(records)
        _life(project, runs, item, records, known, found.differences)
    found.differences += _files(project, known)
    found.nights = len(nights)
    nights.sort(key=lambda each: each[1].get("night", 0))
    if nights:
        found.differences += _nights(runs, order, nights, life)
    found.differences += _night_files(project, [record for _, record in nights])
    return found


def _nights(
    runs: Runs,
    order: Sequence[str],
    nights: list[tuple[RunRecords, Record]],
    life: Mapping[str, list[tuple[RunRecords, Record]]],
) -> Iterator[Finding]:
    """Compute every night again; the first difference of each is told."""
    evidence = Evidence()
    for run in order:
        evidence.add_run(run, runs[run].head, runs[run].records)
    places = {run: place for place, run in enumerate(order)}
    checks = NightChecks(runs, places, evidence, life)
    for own, record in nights:
        yield from _guarded(own, record, "night", partial(checks.differences, own, record))[:1]


def _life(
    project: LoadedProject,
    runs: Runs,
    item: str,
    records: list[tuple[RunRecords, Record]],
    known: dict[str, Closures],
    differences: list[Finding],
) -> None:
    """Recompute the events of one item, in the order of their numbers."""
    records.sort(key=lambda each: each[1].get("number", 0))
    closed: Record | None = None
    for index, (own, record) in enumerate(records):
        wrong = _guarded(own, record, "event", partial(_event, project, runs, own, record, closed))
        differences += wrong[:1]
        if record.get("number") != index + 1:
            place = Place(str(own.path), record["seq"] + 1)
            rule = f"is event {index + 1} of {item}: one was taken away, or two hands wrote"
            differences.append(Problem(place, "number", rule, str(record.get("number"))))
        if record.get("event") == "closed":
            closed = record
    plain = [{k: v for k, v in record.items() if k not in _OWN} for _, record in records]
    try:
        known[item] = closures_of(item, plain)
    except InputError as error:
        differences += error.problems


def _guarded(
    own: RunRecords, record: Record, kind: str, again: Callable[[], Iterable[Difference]]
) -> list[Finding]:
    """Return what recomputing finds; a record that lacks what it needs is a finding too."""
    place = Place(str(own.path), record["seq"] + 1)
    try:
        return [Problem(place, key, rule, got) for key, rule, got in again()]
    except (LookupError, TypeError, ValueError, AttributeError, InputError, LedgerError) as error:
        wrong = f"{type(error).__name__}: {error}"
        return [Problem(place, kind, f"is no {kind} of this version", wrong)]


def _event(
    project: LoadedProject, runs: Runs, own: RunRecords, record: Record, closed: Record | None
) -> Iterator[Difference]:
    if record["event"] == "closed" and "plan" not in record:
        yield from _closing_from_events(runs, record)
    elif record["event"] == "closed":
        yield from _closing(own, record)
    elif record["event"] == "reopened" and record["cause"] == "regression":
        yield from _reopening(project, runs, own, record, closed)
    elif record["event"] == "waived" and record["expires"] <= record["at"][:10]:
        yield "expires", "lies before the waiver itself", record["expires"]


def _closing(own: RunRecords, record: Record) -> Iterator[Difference]:
    """Compare a closing with the decision before it, which is decided again on its own account."""
    question, epoch = question_of(own, record)
    decision = last_of(own.records, record, "decision", ("plan", "item"))
    statistic = {k: v for k, v in decision.items() if k not in _DECISION_KEYS}
    twins = statistic["twins"]
    rounds = {"base": statistic["rounds"], "twin": twins["rounds"] if twins else 0}
    expected = {
        "verdict": "met",
        "statistic": statistic,
        "decision": digest(statistic),
        "runs": [{"run": r, "count": n, "head": h} for r, n, h in decision["stands_on"]],
        "eval_digest": question.eval_digest,
        "fingerprint": question.key.fingerprint,
        "model": question.model,
        "epoch": epoch.number,
        "watch_from": {v: first + rounds[v] for v, first in epoch.first_round.items()},
    }  # fmt: skip
    if statistic["verdict"] != "met":
        yield "verdict", "stands on a decision that is not met", str(statistic["verdict"])
    yield from _compared(expected, record)


def _closing_from_events(runs: Runs, record: Record) -> Iterator[Difference]:
    """Compare the closing of an escalation item with the decision that it names."""
    (stated,) = record["runs"]
    run = runs[stated["run"]]
    if stated["count"] > run.count or run.head_at(stated["count"]) != stated["head"]:
        yield "runs", f"run {stated['run']} holds others now", ""
        return
    decisions = [
        each
        for each in run.records
        if each["kind"] == ESCALATION and each["item"] == record["item"]
    ]
    if not decisions:
        yield "runs", "hold no decision on this item", stated["run"]
        return
    statistic = statistic_of(decisions[-1])
    if statistic["verdict"] != "met":
        yield "verdict", "stands on a decision that is not met", str(statistic["verdict"])
    expected = {
        "verdict": "met",
        "statistic": statistic,
        "decision": digest(statistic),
        "eval_digest": statistic["events"]["blob"],
        "epoch": statistic["epoch"],
    }
    yield from _compared(expected, record)


def _reopening(
    project: LoadedProject, runs: Runs, own: RunRecords, record: Record, closed: Record | None
) -> Iterator[Difference]:
    if closed is None:
        yield "event", "reopens what was not closed", "reopened"
        return
    if "plan" not in record:
        yield from _reopening_from_events(project, runs, record, closed)
        return
    question, _ = question_of(own, record)
    stated = [(each["run"], each["count"], each["head"]) for each in record["runs"]]
    evidence = stood_on(runs, stated)
    if isinstance(evidence, str):
        yield "runs", evidence, ""
        return
    watched = watch(question, closed["watch_from"], evidence)
    if alarmed(watched) is None:
        yield "statistic", "the watch does not alarm on these trials", ""
    yield from _compared({"statistic": watch_object(watched)}, record)


def _reopening_from_events(
    project: LoadedProject, runs: Runs, record: Record, closed: Record
) -> Iterator[Difference]:
    """Watch the incidents of an escalation item again, on the events that were recorded then."""
    (stated,) = record["runs"]
    run = runs[stated["run"]]
    if stated["count"] > run.count or run.head_at(stated["count"]) != stated["head"]:
        yield "runs", f"run {stated['run']} holds others now", ""
        return
    (decision,) = [
        each
        for each in run.records
        if each["kind"] == ESCALATION and each["item"] == record["item"]
    ]
    watched = {BASE: watch_recorded(project, decision, closed)}
    if alarmed(watched) is None:
        yield "statistic", "the watch does not alarm on these incidents", ""
    yield from _compared({"statistic": watch_object(watched)}, record)


def _compared(expected: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Difference]:
    for key, value in expected.items():
        if record.get(key) != value:
            yield key, f"computed again, it is {value!r}", str(record.get(key))


def _files(project: LoadedProject, known: Mapping[str, Closures]) -> Iterator[Finding]:
    """Compare each file with the events of the ledger; the first difference of each is told."""
    paths = {path.stem: path for path in closures_files(project)}
    for item in sorted(paths.keys() | known.keys()):
        path = paths.get(item)
        if path is None:
            place = Place(str(project.reports / "closures" / f"{item}.json"))
            rule = "is missing: the ledger holds events of the item"
            yield Problem(place, "", rule, fix="restore it; harness nightly writes it again")
            continue
        events = known.get(item, Closures(item=item))
        content = path.read_bytes()
        if content != render_closures(events):
            yield _first_difference(path, content, events)


def _first_difference(path: Path, content: bytes, known: Closures) -> Problem:
    place, fix = Place(str(path)), "restore the file: it is written from the ledger, never by hand"
    try:
        found = json.loads(content)
        events = found["events"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Problem(place, "", "is no file of closures any more", fix=fix)
    if not isinstance(events, list):
        return Problem(place, "events", "is no list any more", fix=fix)
    expected = [event_object(event) for event in known.events]
    for index, (there, here) in enumerate(zip(events, expected, strict=False)):
        keys = [*here, *(there if isinstance(there, dict) else ())]
        for key in dict.fromkeys(keys):
            value = there.get(key) if isinstance(there, dict) else there
            if value != here.get(key):
                rule = f"the ledger says {here.get(key)!r}"
                return Problem(place, f"events.{index}.{key}", rule, str(value), fix)
    if len(events) != len(expected):
        rule = f"the ledger holds {len(expected)} events of the item"
        return Problem(place, "events", rule, str(len(events)), fix)
    return Problem(place, "", "is not what the ledger gives", fix=fix)


def _night_files(project: LoadedProject, nights: Sequence[Record]) -> Iterator[Finding]:
    folder = project.reports / "nights"
    expected = {night_name(record): record for record in nights}
    present = {path.name: path for path in sorted(folder.glob("*.json"))} if folder.is_dir() else {}
    for name in sorted(expected.keys() | present.keys()):
        place = Place(str(folder / name))
        if name not in expected:
            yield Problem(place, "", "the ledger knows no such night", fix="take it away")
        elif name not in present:
            rule = "is missing: the ledger holds the night"
            yield Problem(place, "", rule, fix="restore it; harness nightly writes it again")
        elif present[name].read_bytes() != render_night(expected[name]):
            rule = "is not what the ledger says of the night"
            yield Problem(place, "", rule, fix="restore the file")
