"""``harness nightly``: every open and every watched item, within a budget, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from harness import plugins
from harness.commands import life
from harness.commands.check import check, read_evidence
from harness.commands.close import close
from harness.commands.context import Context
from harness.commands.measuring import build_models, measure
from harness.commands.night_drift import drift_of
from harness.commands.night_outputs import catch_up, write_outputs
from harness.commands.nights import Night
from harness.commands.purse import refuse_unpriced
from harness.commands.questions import Options, Subject
from harness.commands.reopenings import (
    behind_the_clock,
    closing_of,
    incidents_of,
    reason_of,
    reopened_object,
    reopening,
    restart,
    untold,
)
from harness.commands.standings import Held, all_held
from harness.commands.tonight import Tonight
from harness.commands.watch_escalation import watch_field
from harness.decide.evidence import Evidence
from harness.decide.lifecycle import other_model, standing
from harness.decide.watching import Watch, Watched, watch
from harness.domain.closure import Closed
from harness.domain.project import Budget
from harness.domain.record import Json
from harness.errors import HarnessError, LedgerError, ModelError, NotEvaluableError
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
        tonight = Tonight(project, budget, timestamp(context.now()), incidents, warnings=warnings)
        evidence = read_evidence(project.reports)
        life.catch_up(project, evidence)
        catch_up(project, evidence)
        held = _all_held(context, tonight, evidence)
        subjects = [e.subject for e in held if _in_play(e) and e.subject is not None]
        refuse_unpriced(budget.money, [pair for each in subjects for pair in each.priced()])
        tonight.before = {each.item.id: each.standing.stage for each in held}
        tonight.reopened = untold(evidence)
        tonight.warnings += behind_the_clock(tonight.started, evidence, held)
        evidence, held = _reopen(context, tonight, evidence, held)
        _replay(context, tonight, held)
        evidence = read_evidence(project.reports)
        held = _all_held(context, tonight, evidence)
        tonight.watched = _watched(held, evidence)
        tonight.drift = drift_of(evidence.nights, tonight.kept(), evidence)
        evidence, held = _reopen(context, tonight, evidence, held)
        held = _elsewhere(context, tonight, held)
        if options.close and _close(context, tonight, held):
            evidence = read_evidence(project.reports)
            held = _elsewhere(context, tonight, _all_held(context, tonight, evidence))
        record = tonight.record(context, evidence, held)
        given_up = _given_up(evidence, held, tonight.drift)
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
    context: Context, tonight: Tonight, evidence: Evidence, held: Sequence[Held]
) -> tuple[Evidence, list[Held]]:
    """Open again what must be, and give up evidence that another model answered for."""
    records: list[dict[str, Json]] = []
    for each in held:
        seen = _field(context, tonight, evidence, each)
        why = reason_of(each, evidence, tonight.incidents, seen)
        if why is not None:
            more = reopening(context, tonight.project, evidence, each, why)
            records += more
            tonight.reopened.append(reopened_object(more[-1]))
        elif closing_of(each) is None and each.inquiry is not None:
            changed = other_model(each.item.id, None, each.inquiry.question, evidence)
            if changed and _in_play(each):
                tonight.warnings.append(f"{each.item.id}: {changed}; a new epoch begins")
                records.append(restart(evidence, each, changed))
    if records:
        with hold_events(tonight.project.reports, context.now):
            life.record(context, tonight.project, evidence, records)
    return evidence, _all_held(context, tonight, evidence)


def _all_held(context: Context, tonight: Tonight, evidence: Evidence) -> list[Held]:
    """Return the items; one whose files are broken takes no night from the others.

    InputError where none is left.
    """
    refused: dict[str, str] = {}
    today = context.now().date()
    held = all_held(tonight.project, evidence, today, refused=refused)
    if refused and not held:
        all_held(tonight.project, evidence, today)
    tonight.refused = refused
    return held


def _field(context: Context, tonight: Tonight, evidence: Evidence, held: Held) -> Watched | None:
    """Return what the field says of a closed escalation item since its closing."""
    closed = closing_of(held)
    if closed is None or held.inquiry is not None or held.item.kind != "escalation":
        return None
    return watch_field(context, tonight.project, evidence, held.item.id, closed)


def _in_play(held: Held) -> bool:
    return held.standing.stage not in {"waived", "superseded"}


def _replay(
    context: Context,
    tonight: Tonight,
    held: Sequence[Held],
) -> None:
    """Replay what the night can afford."""
    asked = [(each, each.subject) for each in held if _in_play(each) and each.subject is not None]
    for each, subject in asked:
        if subject.drafts:
            tonight.notes[each.item.id] = str(subject.drafts[0])
    models = _models(context, tonight, [pair for pair in asked if not pair[1].drafts])
    found = [subject for each, subject in asked if each.item.id not in tonight.notes]
    closings = {each.item.id: closed for each in held if (closed := closing_of(each)) is not None}
    for each in held:
        if each.standing.stage == "closed" and each.inquiry is not None:
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
        return
    measured = measure(context, tonight.project, found, limits, night, models)
    for inquiry in measured.inquiries:
        if inquiry.stopped.startswith(("the model", "the judge")):
            tonight.notes[inquiry.question.item] = inquiry.stopped
    tonight.spent_out = night.spent_out
    tonight.money = night.money
    if night.run:
        run = read_run(tonight.project.reports, night.run)
        tonight.runs = [{"run": night.run, "count": run.count, "head": run.head}]


def _models(
    context: Context, tonight: Tonight, asked: Sequence[tuple[Held, Subject]]
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


def _watched(held: Sequence[Held], evidence: Evidence) -> dict[str, tuple[Held, Closed, Watch]]:
    """Return every closed item with its watch after the night's trials, before any is reopened."""
    return {
        each.item.id: (each, closed, watch(each.inquiry.question, closed.watch_from, evidence))
        for each in held
        if each.standing.stage == "closed"
        and each.inquiry is not None
        and (closed := closing_of(each)) is not None
    }


def _given_up(
    evidence: Evidence, held: Sequence[Held], fingerprints: Sequence[Mapping[str, Any]]
) -> list[dict[str, Json]]:
    """Return the records that begin a new epoch for open items on a model that drifted.

    What was reopened tonight holds no trial yet that it could give up.
    """
    drifted = {each["fingerprint"] for each in fingerprints if each["alarmed"]}
    reason = "the model drifted: its watched evals fail more often than they may"
    return [
        restart(evidence, each, reason)
        for each in held
        if _in_play(each)
        and each.standing.stage != "closed"
        and each.inquiry is not None
        and each.inquiry.question.key.fingerprint in drifted
        and each.decision is not None
        and each.decision.base.trials > 0
    ]


def _close(context: Context, tonight: Tonight, held: Sequence[Held]) -> bool:
    """Close what is met, only on the user's explicit wish; return whether anything was."""
    met = tuple(each.item.id for each in held if each.standing.stage == "met")
    tonight.closed = [
        {"item": each.item, "number": each.event["number"]}
        for each in (close(context, met) if met else ())
        if each.closed and each.event is not None
    ]
    return bool(tonight.closed)


def _elsewhere(context: Context, tonight: Tonight, held: Sequence[Held]) -> list[Held]:
    """Decide the items that are not replayed from what there is; note those that cannot be."""
    today = context.now().date()
    found = []
    for each in held:
        one = each
        if each.inquiry is None and _in_play(each):
            try:
                (report,) = check(context, Options((each.item.id,), decide_only=True))
            except HarnessError as error:
                tonight.notes[each.item.id] = str(error)
            else:
                where = standing(each.closures, None, report.decision, today)
                one = replace(each, decision=report.decision, standing=where)
        found.append(one)
    return found
