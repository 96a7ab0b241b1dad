"""``harness nightly``: every open and every watched item, within a budget, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness import __version__, plugins
from harness.commands import life
from harness.commands.check import check, read_evidence
from harness.commands.close import close_one
from harness.commands.context import Context
from harness.commands.measuring import build_models, measure
from harness.commands.night_outputs import catch_up, write_outputs
from harness.commands.night_records import drift_counts, new_trials, spent_in
from harness.commands.nights import Night
from harness.commands.purse import refuse_unpriced
from harness.commands.questions import Options, Subject
from harness.commands.reopenings import (
    closing_of,
    incidents_of,
    reason_of,
    reopening,
    restart,
)
from harness.commands.standings import Held, all_held
from harness.commands.watch_escalation import watch_field
from harness.decide import drift
from harness.decide.evidence import Evidence
from harness.decide.lifecycle import other_model
from harness.decide.watching import Watch, Watched, watch, watch_object
from harness.domain.decision import Verdict
from harness.domain.postmortem import Postmortem
from harness.domain.project import Budget
from harness.domain.record import Json
from harness.domain.trial import BASE
from harness.errors import (
    EXIT_INVALID,
    EXIT_MET,
    EXIT_NOT_MET,
    EXIT_UNDECIDED,
    HarnessError,
    LedgerError,
    ModelError,
    NotEvaluableError,
)
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.layout import timestamp
from harness.ledger.locks import hold_events, hold_night, is_in_use
from harness.ledger.reader import read_run
from harness.ports.model import Model


@dataclass(frozen=True, slots=True)
class NightOptions:
    """What the user asked for; None stands for the project's budget, or for no limit."""

    calls: int | None = None
    tokens: int | None = None
    money: float | None = None
    minutes: float | None = None
    close: bool = False
    junit: str | None = None


@dataclass(slots=True)
class _Tonight:
    """A night on its way."""

    project: LoadedProject
    budget: Budget
    started: str
    incidents: Mapping[str, Postmortem]
    before: dict[str, str] = field(default_factory=dict)
    """Item -> its stage when the night began."""
    notes: dict[str, str] = field(default_factory=dict)
    """Item -> why it could not be evaluated."""
    warnings: list[str] = field(default_factory=list)
    closed: list[dict[str, Json]] = field(default_factory=list)
    reopened: list[dict[str, Json]] = field(default_factory=list)
    watches: dict[str, Watch] = field(default_factory=dict)
    """Watched item -> its watch when the night began."""
    floor: dict[str, bool] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    """Verdicts of items that are not decided by replaying."""
    spent_out: str = ""
    money: float | None = None


def nightly(context: Context, options: NightOptions) -> dict[str, Json]:
    """Spend the night and return its record, which is in the ledger and in reports/nights by then.

    NotEvaluableError when another nightly job is under way; ModelError, before anything is written,
    where money is a limit and a model has no prices. Ctrl-C and kills lose nothing: the next
    nightly job of the same day goes on in the same run.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    with _alone(context, project):
        incidents, warnings = incidents_of(project)
        budget = _budget(project, options)
        tonight = _Tonight(project, budget, timestamp(context.now()), incidents, warnings=warnings)
        evidence = read_evidence(project.reports)
        life.catch_up(project, evidence)
        catch_up(project, evidence)
        held = all_held(project, evidence, context.now().date())
        subjects = [e.subject for e in held if _in_play(e) and e.subject is not None]
        refuse_unpriced(budget.money, [pair for each in subjects for pair in each.priced()])
        tonight.before = {each.item.id: each.standing.stage for each in held}
        evidence, held = _reopen(context, tonight, evidence, held)
        runs = _replay(context, tonight, evidence, held)
        evidence = read_evidence(project.reports)
        held = all_held(project, evidence, context.now().date())
        watched = _watched(held, evidence)
        fingerprints = _drift(tonight, evidence, held)
        evidence, held = _reopen(context, tonight, evidence, held)
        if options.close:
            _close(context, tonight, evidence, held)
            held = all_held(project, evidence, context.now().date())
        _elsewhere(context, tonight, held)
        record = _record(context, tonight, evidence, held, watched, fingerprints, runs)
        given_up = _given_up(evidence, held, fingerprints)
        with hold_events(project.reports, context.now):
            life.record(context, project, evidence, [*given_up, record])
        write_outputs(context, project, record, options.junit)
        return record


@contextmanager
def _alone(context: Context, project: LoadedProject) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(hold_night(project.reports, context.now))
        except LedgerError as error:
            raise NotEvaluableError(*error.problems) from error
        yield


def _budget(project: LoadedProject, options: NightOptions) -> Budget:
    declared = project.config.budget
    return Budget(
        calls=declared.calls if options.calls is None else options.calls,
        minutes=declared.minutes if options.minutes is None else options.minutes,
        tokens=declared.tokens if options.tokens is None else options.tokens,
        money=declared.money if options.money is None else options.money,
    )


def _reopen(
    context: Context, tonight: _Tonight, evidence: Evidence, held: Sequence[Held]
) -> tuple[Evidence, list[Held]]:
    """Open again what must be, and give up evidence that another model answered for."""
    records: list[dict[str, Json]] = []
    for each in held:
        seen = _field(context, tonight, evidence, each)
        why = reason_of(each, evidence, tonight.incidents, seen)
        if why is not None:
            event, more = reopening(context, tonight.project, evidence, each, why)
            records += more
            tonight.reopened.append(
                {
                    "item": each.item.id,
                    "number": event.number,
                    "cause": why.cause,
                    "reason": why.text,
                }
            )
        elif closing_of(each) is None and each.inquiry is not None:
            changed = other_model(each.item.id, None, each.inquiry.question, evidence)
            if changed and _in_play(each):
                tonight.warnings.append(f"{each.item.id}: {changed}; a new epoch begins")
                records.append(restart(evidence, each, changed))
    if records:
        with hold_events(tonight.project.reports, context.now):
            life.record(context, tonight.project, evidence, records)
    return evidence, all_held(tonight.project, evidence, context.now().date())


def _field(context: Context, tonight: _Tonight, evidence: Evidence, held: Held) -> Watched | None:
    """Return what the field says of a closed escalation item since its closing."""
    closed = closing_of(held)
    if closed is None or held.inquiry is not None or held.item.kind != "escalation":
        return None
    return watch_field(context, tonight.project, evidence, held.item.id, closed)


def _in_play(held: Held) -> bool:
    return held.standing.stage not in {"waived", "superseded"}


def _replay(
    context: Context,
    tonight: _Tonight,
    evidence: Evidence,
    held: Sequence[Held],
) -> list[dict[str, Json]]:
    """Replay what the night can afford; return (run, count, head) of its run, if there was one."""
    asked = [(each, each.subject) for each in held if _in_play(each) and each.subject is not None]
    for each, subject in asked:
        if subject.drafts:
            tonight.notes[each.item.id] = str(subject.drafts[0])
    models = _models(context, tonight, [pair for pair in asked if not pair[1].drafts])
    found = [subject for each, subject in asked if each.item.id not in tonight.notes]
    closings = {each.item.id: closed for each in held if (closed := closing_of(each)) is not None}
    for each in held:
        if each.standing.stage == "closed" and each.inquiry is not None:
            since = closings[each.item.id].watch_from
            tonight.watches[each.item.id] = watch(each.inquiry.question, since, evidence)
            tonight.floor[each.item.id] = False
    night = Night(
        scope=["night", tonight.started[:10]],
        closings=closings,
        floor=tonight.floor,
    )
    limits = Options(
        items=tuple(subject.item.id for subject in found),
        calls=tonight.budget.calls,
        minutes=tonight.budget.minutes,
        tokens=tonight.budget.tokens,
        money=tonight.budget.money,
    )
    if not found:
        return []
    measured = measure(context, tonight.project, found, limits, night, models)
    for inquiry in measured.inquiries:
        if inquiry.stopped.startswith(("the model", "the judge")):
            tonight.notes[inquiry.question.item] = inquiry.stopped
    tonight.spent_out = night.spent_out
    tonight.money = night.money
    return [_head(tonight.project, night.run)] if night.run else []


def _head(project: LoadedProject, run: str) -> dict[str, Json]:
    found = read_run(project.reports, run)
    return {"run": run, "count": found.count, "head": found.head}


def _models(
    context: Context, tonight: _Tonight, asked: Sequence[tuple[Held, Subject]]
) -> dict[str, Model]:
    """Build the models; items of one that cannot be, or whose eval is in use, are noted."""
    models: dict[str, Model] = {}
    refused: dict[str, str] = {}
    for each, subject in asked:
        name = each.item.id
        if is_in_use(tonight.project.reports, subject.evaluation.id):
            tonight.notes[name] = f"another process replays {subject.evaluation.id}"
            continue
        if subject.model not in models and subject.model not in refused:
            try:
                models |= build_models(context, tonight.project, [subject])
            except ModelError as error:
                refused[subject.model] = str(error)
        if subject.model in refused:
            tonight.notes[name] = refused[subject.model]
    return models


def _watched(held: Sequence[Held], evidence: Evidence) -> dict[str, Watch]:
    """Return the watch of every closed item after the night's trials, before any is reopened."""
    return {
        each.item.id: watch(each.inquiry.question, closed.watch_from, evidence)
        for each in held
        if each.standing.stage == "closed"
        and each.inquiry is not None
        and (closed := closing_of(each)) is not None
    }


def _drift(tonight: _Tonight, evidence: Evidence, held: Sequence[Held]) -> list[dict[str, Json]]:
    """Return, for each fingerprint, what its detector says after tonight's whole rounds."""
    watched: dict[str, dict[str, dict[str, Json]]] = {}
    models: dict[str, str] = {}
    for each in held:
        closed = closing_of(each)
        before = tonight.watches.get(each.item.id, {}).get(BASE)
        if closed is None or before is None or each.inquiry is None:
            continue
        question = each.inquiry.question
        now = watch(question, closed.watch_from, evidence)[BASE]
        rounds = now.rounds - before.rounds
        if rounds <= 0 or question.key.fingerprint != closed.fingerprint:
            continue
        first = closed.watch_from[BASE] + before.rounds
        places, series = question.places(BASE), evidence.of(question.key)
        trials, failures = drift_counts(places, series, first, rounds)
        evals = watched.setdefault(question.key.fingerprint, {})
        models[question.key.fingerprint] = question.model
        other = evals.get(question.key.eval)
        # An eval counts once, by the highest of its targets: no rate is claimed twice.
        if other is None or other["target"] < now.target:
            evals[question.key.eval] = {
                "item": each.item.id,
                "closing": closed.number,
                "target": now.target,
                "first_round": first,
                "rounds": rounds,
                "trials": trials,
                "failures": failures,
            }
    found: list[dict[str, Json]] = []
    for fingerprint, evals in sorted(watched.items()):
        drifted: dict[str, Json] = {
            "fingerprint": fingerprint,
            "model": models[fingerprint],
            "watched": [evals[name] for name in sorted(evals)],
        }
        nights = [*evidence.nights, {"drift": [drifted]}]
        level, alarmed = drift.after(nights, fingerprint)
        found.append({**drifted, "level": level, "alarmed": alarmed})
    return found


def _given_up(
    evidence: Evidence, held: Sequence[Held], fingerprints: Sequence[Mapping[str, Any]]
) -> list[dict[str, Json]]:
    """Return the records that begin a new epoch for open items on a model that drifted."""
    drifted = {each["fingerprint"] for each in fingerprints if each["alarmed"]}
    reason = "the model drifted: its watched evals fail more often than they may"
    return [
        restart(evidence, each, reason)
        for each in held
        if _in_play(each)
        and each.standing.stage != "closed"
        and each.inquiry is not None
        and each.inquiry.question.key.fingerprint in drifted
    ]


def _close(context: Context, tonight: _Tonight, evidence: Evidence, held: Sequence[Held]) -> None:
    """Close what is met; only on the user's explicit wish."""
    with hold_events(tonight.project.reports, context.now):
        for each in held:
            if each.standing.stage == "met" and each.inquiry is not None:
                closing = close_one(context, tonight.project, evidence, each.inquiry)
                if closing.event is not None:
                    number = closing.event["number"]
                    tonight.closed.append({"item": each.item.id, "number": number})


def _elsewhere(context: Context, tonight: _Tonight, held: Sequence[Held]) -> None:
    """Decide the items that are not replayed from what there is; note those that cannot be."""
    for each in held:
        if each.inquiry is None and _in_play(each):
            try:
                (report,) = check(context, Options((each.item.id,), decide_only=True))
            except HarnessError as error:
                tonight.notes[each.item.id] = str(error)
            else:
                tonight.verdicts[each.item.id] = report.decision.verdict.value


def _record(
    context: Context,
    tonight: _Tonight,
    evidence: Evidence,
    held: Sequence[Held],
    watched: Mapping[str, Watch],
    fingerprints: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
) -> dict[str, Json]:
    records = [r for each in runs for r in read_run(tonight.project.reports, each["run"]).records]
    trials = new_trials(records)
    items = [_item(tonight, each, watched.get(each.item.id), trials) for each in held]
    outcome, code = _outcome(tonight, items, fingerprints)
    date, budget = tonight.started[:10], tonight.budget
    return {
        "kind": "night",
        "night": max((each["night"] for each in evidence.nights), default=0) + 1,
        "date": date,
        "number": sum(each["date"] == date for each in evidence.nights) + 1,
        "started": tonight.started,
        "ended": timestamp(context.now()),
        "harness": __version__,
        "outcome": outcome,
        "exit_code": code,
        "budget": {
            "calls": budget.calls,
            "tokens": budget.tokens,
            "money": budget.money,
            "minutes": budget.minutes,
        },
        "spent": {**spent_in(records), "money": tonight.money, "out": tonight.spent_out or None},
        "runs": list(runs),
        "closed": tonight.closed,
        "reopened": tonight.reopened,
        "drift": list(fingerprints),
        "items": items,
        "warnings": tonight.warnings,
    }


def _item(
    tonight: _Tonight,
    held: Held,
    watched: Watch | None,
    trials: Mapping[tuple[str, str], int],
) -> dict[str, Json]:
    name, decision, inquiry = held.item.id, held.decision, held.inquiry
    closed = closing_of(held)
    key = inquiry.question.key if inquiry is not None else None
    verdict = decision.verdict.value if decision is not None else tonight.verdicts.get(name)
    judged = decision.base if decision is not None else None
    return {
        "item": name,
        "kind": held.item.kind,
        "owner": held.item.owner,
        "before": tonight.before.get(name, "open"),
        "after": held.standing.stage,
        "verdict": verdict,
        "eval": key.eval if key else None,
        "fingerprint": key.fingerprint if key else None,
        "new_trials": trials.get((key.eval, key.fingerprint), 0) if key else 0,
        "trials": judged.trials if judged else None,
        "failures": judged.failures if judged else None,
        "target": judged.target if judged else None,
        "floor": tonight.floor.get(name),
        "closing": closed.number if closed is not None and watched is not None else None,
        "watch": watch_object(watched) if watched is not None and closed is not None else None,
        "note": tonight.notes.get(name),
    }


def _outcome(
    tonight: _Tonight,
    items: Sequence[Mapping[str, Any]],
    fingerprints: Sequence[Mapping[str, Any]],
) -> tuple[str, int]:
    """Return what to call the night, and its exit code.

    Red for what evidence shows, never green for what nobody evaluated.
    """
    if tonight.reopened or any(each["alarmed"] for each in fingerprints):
        return "regression", EXIT_NOT_MET
    asked = [each for each in items if each["after"] not in {"waived", "superseded"}]
    lacking = [each for each in asked if _lacks(each)]
    if len(lacking) == len(asked):
        return "nothing evaluable", EXIT_INVALID
    return ("partial", EXIT_UNDECIDED) if lacking else ("green", EXIT_MET)


def _lacks(item: Mapping[str, Any]) -> bool:
    """Say whether an item could not be evaluated tonight."""
    return (
        item["note"] is not None
        or item["floor"] is False
        or item["verdict"] in {None, Verdict.INVALID.value}
    )
