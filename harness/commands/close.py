"""``harness close``: an item closes on a met decision on what is asked today, on nothing else."""

from dataclasses import dataclass
from typing import Any

from harness import plugins
from harness.commands import close_escalation, life
from harness.commands.check import read_evidence
from harness.commands.context import Context
from harness.commands.kinds import part
from harness.commands.last_known import recorded_fingerprint, recorded_judge
from harness.commands.questions import Inquiry, Subject, inquiry_of, subject
from harness.commands.recording import decision_record, plan_name
from harness.decide.evidence import Evidence, Record
from harness.decide.lifecycle import other_model, staleness
from harness.domain.closure import Closed, RunHead, last_closing, last_reopening, state
from harness.domain.decision import Decision, Verdict
from harness.errors import EXIT_INVALID, EXIT_MET, EXIT_NOT_MET, EXIT_UNDECIDED
from harness.files.closures import event_object
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.locks import hold_events
from harness.plan.digests import digest
from harness.reporters.check_json import decision_object

_EXIT_CODES = {
    Verdict.MET: EXIT_MET,
    Verdict.NOT_MET: EXIT_NOT_MET,
    Verdict.UNDECIDED: EXIT_UNDECIDED,
    Verdict.INVALID: EXIT_INVALID,
}


@dataclass(frozen=True, slots=True)
class Closing:
    """What came of the wish to close an item."""

    item: str
    closed: bool
    code: int
    text: str
    event: dict[str, Any] | None
    """The closing that stands."""


def close(context: Context, items: tuple[str, ...]) -> list[Closing]:
    """Close each item that is met on today's eval and pinned model; say why the others stay open.

    InputError for names and files that are wrong; nothing is closed then.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    from_events, replayed = part(project, items)
    found = {name: subject(project, name, None) for name in replayed}
    decided = {
        name: close_escalation.recorded_decision(context, project, name) for name in from_events
    }
    with hold_events(project.reports, context.now):
        evidence = read_evidence(project.reports)
        return [
            _close_replayed(context, project, evidence, found[name])
            if name in found
            else _close_decided(context, project, evidence, name, decided[name])
            for name in dict.fromkeys(items)
        ]


def _close_replayed(
    context: Context, project: LoadedProject, evidence: Evidence, found: Subject
) -> Closing:
    found = recorded_judge(found, evidence)
    fingerprint = recorded_fingerprint(found, evidence)
    if fingerprint is None:
        name = found.item.id
        text = f"{name} stays open: no trial of it on {found.model}, run: harness check {name}"
        return Closing(name, closed=False, code=EXIT_UNDECIDED, text=text, event=None)
    inquiry = inquiry_of(project, evidence, found, fingerprint)
    return close_one(context, project, evidence, inquiry)


def _close_decided(
    context: Context, project: LoadedProject, evidence: Evidence, name: str, record: Record | None
) -> Closing:
    """Close an escalation item if the recorded decision on today's events is met."""
    known = life.closures(evidence, name)
    standing = last_closing(known)
    if standing is not None:
        text = f"{name} is closed already, since {standing.at}"
        return Closing(name, closed=True, code=EXIT_MET, text=text, event=event_object(standing))
    verdict = Verdict(record["verdict"]) if record is not None else Verdict.UNDECIDED
    again = last_reopening(known)
    spent = record is not None and again is not None and record["epoch"] < again.epoch
    if record is None or verdict is not Verdict.MET or spent:
        reason = "; ".join(record["reasons"]) if record is not None else "no incident counts yet"
        if spent:
            reason = "it was reopened: write since, the moment from which incidents count"
        code = EXIT_UNDECIDED if spent else _EXIT_CODES[verdict]
        text = f"{name} stays open: {verdict.value}, {reason}"
        return Closing(name, closed=False, code=code, text=text, event=None)
    event = close_escalation.closing(context, project, evidence, record)
    life.record(context, project, evidence, [life.event_record(name, event)])
    text = (
        f"{name} is closed: {record['agent_only']} of {record['incidents']} incidents decided by "
        f"the agent alone, below {record['target']:g} shown at alpha {record['alpha']:g}"
    )
    return Closing(name, closed=True, code=EXIT_MET, text=text, event=event_object(event))


def close_one(
    context: Context, project: LoadedProject, evidence: Evidence, inquiry: Inquiry
) -> Closing:
    """Close one item if it is met; the caller holds the lock of the events."""
    name = inquiry.question.item
    known = life.closures(evidence, name)
    today = context.now().date()
    standing = last_closing(known)
    if state(known, today) == "superseded":
        text = f"{name} stays as it is: another item took its place"
        return Closing(name, closed=False, code=EXIT_UNDECIDED, text=text, event=None)
    if standing is not None and not staleness(standing, inquiry.question):
        text = f"{name} is closed already, since {standing.at}"
        return Closing(name, closed=True, code=EXIT_MET, text=text, event=event_object(standing))
    decision = inquiry.decision(evidence)
    changed = other_model(name, None, inquiry.question, evidence)
    if decision.verdict is not Verdict.MET or changed:
        reason = changed if decision.verdict is Verdict.MET else "; ".join(decision.reasons)
        code = EXIT_INVALID if changed else _EXIT_CODES[decision.verdict]
        text = f"{name} stays open: {decision.verdict.value}, {reason}"
        return Closing(name, closed=False, code=code, text=text, event=None)
    event = _event(context, project, evidence, inquiry, decision)
    plan = plan_name(inquiry.question)
    records = [
        *life.asked(inquiry, evidence),
        decision_record(decision, plan, evidence, inquiry.question.key),
        life.event_record(name, event, inquiry),
    ]
    life.record(context, project, evidence, records)
    text = f"{name} is closed: {_shown(decision, guarded=inquiry.question.rules.guardrail)}"
    return Closing(name, closed=True, code=EXIT_MET, text=text, event=event_object(event))


def _event(
    context: Context,
    project: LoadedProject,
    evidence: Evidence,
    inquiry: Inquiry,
    decision: Decision,
) -> Closed:
    question, epoch = inquiry.question, inquiry.epoch
    held = evidence.of(question.key)
    statistic = decision_object(decision)
    return Closed(
        event="closed",
        at=life.moment(context, evidence, [question.item]),
        number=life.next_number(evidence, question.item),
        runs=tuple(
            RunHead(run=run, count=count, head=head)
            for run, (count, head) in evidence.runs[question.key].items()
        ),
        decision=digest(statistic),
        verdict=decision.verdict.value,
        eval_digest=question.eval_digest,
        fingerprint=question.key.fingerprint,
        model=question.model,
        epoch=epoch.number,
        watch_from=watch_from(inquiry, decision),
        responded_model=held.responded[-1][0] if held.responded else None,
        statistic=statistic,
        versions=life.versions(),
        commit=life.commit(project.root),
    )


def watch_from(inquiry: Inquiry, decision: Decision) -> dict[str, int]:
    """Return the first round of each variant that a decision does not stand on."""
    judged = {"base": decision.base, "twin": decision.twins}
    return {
        variant: first + (each.rounds if (each := judged[variant]) is not None else 0)
        for variant, first in inquiry.epoch.first_round.items()
    }


def _shown(decision: Decision, *, guarded: bool) -> str:
    base = decision.base
    what = "trials got through" if guarded else "trials failed"
    return (
        f"{base.failures} of {base.trials} {what}, below {base.target:g} shown at alpha "
        f"{decision.alpha:g} in epoch {decision.epoch}; it is watched from now on"
    )


def exit_code(closings: list[Closing]) -> int:
    """Return the worst of the codes: 1, then 4, then 3, then 0."""
    codes = {closing.code for closing in closings}
    order = (EXIT_NOT_MET, EXIT_INVALID, EXIT_UNDECIDED)
    return next((code for code in order if code in codes), EXIT_MET)
