"""``harness check``: load, look at the evidence, replay what is missing, decide, report."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Union

from harness import plugins
from harness.commands.context import Context
from harness.commands.drafts import refuse_drafts
from harness.commands.kinds import part
from harness.commands.last_known import recorded_fingerprint, recorded_judge
from harness.commands.questions import Inquiry, Measured, Options, Subject, inquiry_of, subjects
from harness.commands.reading import read_feeds
from harness.decide.batches import next_rounds
from harness.decide.evidence import Evidence, Held
from harness.domain.decision import Decision, Verdict
from harness.domain.project import Prices
from harness.domain.report import CheckReport, Cost, GuardrailFile, Unrecorded, money
from harness.domain.trial import BASE, TWIN, Fingerprint
from harness.errors import (
    EXIT_INVALID,
    EXIT_MET,
    EXIT_NOT_MET,
    EXIT_UNDECIDED,
    InputError,
    Place,
    Problem,
)
from harness.files.project import LoadedProject, find_root, load_project
from harness.plan.policies import policies

if TYPE_CHECKING:
    from harness.commands import escalation_weighing
    from harness.domain.escalation import EscalationReport

_OPEN = frozenset({Verdict.UNDECIDED, Verdict.INVALID})
_EXIT_CODES = (
    (Verdict.NOT_MET, EXIT_NOT_MET),
    (Verdict.INVALID, EXIT_INVALID),
    (Verdict.UNDECIDED, EXIT_UNDECIDED),
)


AnyReport = Union[CheckReport, "EscalationReport"]


def check(context: Context, options: Options) -> list[AnyReport]:
    """Decide the items, replaying trials as needed; one report per item, in the order given."""
    if options.exact and options.decide_only:
        rule, fix = "asks the model, and --decide-only asks none", "leave one of the two out"
        raise InputError(Problem(Place("--exact"), "", rule, fix=fix))
    project = load_project(find_root(context.start), plugins.adapter_names())
    from_events, replayed = part(project, options.items)
    decided = _field_subjects(project, from_events)
    found = subjects(project, replayed, options.model)
    reports: list[AnyReport] = [*_replayed(context, project, found, options)]
    reports += _decided(context, project, decided, options)
    order = list(dict.fromkeys(options.items))
    return sorted(reports, key=lambda report: order.index(report.decision.item))


def _field_subjects(
    project: LoadedProject, names: Sequence[str]
) -> "list[escalation_weighing.FieldSubject]":
    if not names:
        return []
    # Nothing that reads field events is imported to replay.
    from harness.commands import escalation_weighing  # noqa: PLC0415

    return escalation_weighing.subjects(project, names)


def _decided(
    context: Context,
    project: LoadedProject,
    found: "Sequence[escalation_weighing.FieldSubject]",
    options: Options,
) -> "list[EscalationReport]":
    if not found:
        return []
    from harness.commands import escalation  # noqa: PLC0415 - as above

    evidence, record = read_evidence(project.reports), not options.decide_only
    return escalation.check(context, project, found, evidence, record=record)


def _replayed(
    context: Context, project: LoadedProject, found: Sequence[Subject], options: Options
) -> list[CheckReport]:
    if not found:
        return []
    refuse_drafts(problem for subject in found for problem in subject.drafts)
    if options.decide_only:
        measured = recorded(project, read_evidence(project.reports), found)
    else:
        # Nothing that replays is imported to decide from the ledger.
        from harness.commands.measuring import measure  # noqa: PLC0415

        measured = measure(context, project, found, options)
    reports = [report_of(measured, inquiry) for inquiry in measured.inquiries]
    return [_as_asked(report, context, options) for report in reports]


def recorded(project: LoadedProject, evidence: Evidence, found: Sequence[Subject]) -> Measured:
    """Return what the ledger as it is holds for the items; nothing is written, no model loaded."""
    unknown = Fingerprint("", {})
    known = [recorded_judge(subject, evidence) for subject in found]
    inquiries = (
        inquiry_of(project, evidence, subject, recorded_fingerprint(subject, evidence) or unknown)
        for subject in known
    )
    return Measured(evidence, tuple(inquiries))


def read_evidence(reports: Path) -> Evidence:
    """Return all that the ledger holds; damage anywhere in it raises LedgerError."""
    return read_feeds(reports)[0]


def report_of(measured: Measured, inquiry: Inquiry) -> CheckReport:
    """Return what there is to say about one item."""
    decision = inquiry.decision(measured.evidence)
    held = measured.evidence.of(inquiry.question.key)
    run, head = measured.evidence.last_run(inquiry.question.key)
    guards = inquiry.subject.guarding
    closed = inquiry.subject.grader_spec.closed_decisions and guards is None
    more = next_rounds(inquiry.question, decision, inquiry.subject.config.concurrency)
    return CheckReport(
        decision=decision,
        title=inquiry.subject.item.title,
        incident=inquiry.subject.item.incident,
        new_trials=inquiry.new_trials,
        cost=cost_of(held, inquiry.subject.config.prices),
        policies=policies(inquiry.subject.pairs()) if closed else None,
        exact=measured.exact.get(decision.item, {}),
        stopped=inquiry.stopped if decision.verdict in _OPEN else "",
        run=run,
        head=head,
        next_command=next_command(
            decision,
            run,
            goes_on=bool(more or inquiry.question.uncovered()),
            unmeasured=bool(inquiry.question.unmeasured()),
        ),
        unrecorded=_unrecorded(held, inquiry),
        guardrail=GuardrailFile(str(guards.loaded.path), guards.digest) if guards else None,
    )


def _unrecorded(held: Held, inquiry: Inquiry) -> tuple[Unrecorded, ...]:
    return tuple(
        Unrecorded(case, variant, *held.unrecorded[place], of=len(held.codes[place]))
        for name in (BASE, TWIN)
        for place in inquiry.question.places(name)
        if place in held.unrecorded
        for variant, case, _ in [place]
    )


def cost_of(held: Held, prices: Prices | None) -> Cost:
    """Return what the trials of a series took, in money by the prices of today."""
    known = prices is not None and held.unmetered < held.calls
    spent = money(prices, held.input_tokens, held.output_tokens) if prices and known else None
    return Cost(
        held.calls,
        held.input_tokens,
        held.output_tokens,
        held.model_s,
        money=spent,
        currency=prices.currency if prices else "",
        unmetered=held.unmetered,
        judge_calls=held.judge_calls,
        judge_input_tokens=held.judge_input_tokens,
        judge_output_tokens=held.judge_output_tokens,
    )


def _as_asked(report: CheckReport, context: Context, options: Options) -> CheckReport:
    """Return the report with a next command that works where and as this one was typed."""
    command = report.next_command
    if options.model and not command.startswith("harness verify"):
        command += f" --model {options.model}"
    if str(context.start) != ".":
        command += f" --root {shlex.quote(str(context.start))}"
    return replace(report, next_command=command)


def next_command(
    decision: Decision, run: str | None, *, goes_on: bool, unmeasured: bool = False
) -> str:
    """Return the command that comes next, ready to be typed.

    ``goes_on`` says whether checking again may replay more, now or once the eval is complete.
    """
    item = decision.item
    if decision.verdict is Verdict.MET:
        return f"harness verify {run}" if run else f"harness check {item}"
    if decision.base.sight is not None and unmeasured:
        return f"harness judge calibrate {decision.eval}"
    if decision.verdict is Verdict.NOT_MET:
        return f"harness trials {item} --outcome fail"
    if goes_on:
        return f"harness check {item}"
    if decision.verdict is Verdict.INVALID:
        return f"harness trials {item} --outcome ungraded"
    return f"harness plan {item}"


def exit_code(reports: Sequence[AnyReport]) -> int:
    """Return the exit code of a check: the worst of its verdicts, never 0 on "cannot tell"."""
    verdicts = {report.decision.verdict for report in reports}
    for verdict, code in _EXIT_CODES:
        if verdict in verdicts:
            return code
    return EXIT_MET
