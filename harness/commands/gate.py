"""``harness gate``: whether the candidate may take the baseline's place.

Load, look at what the ledger holds of both, replay paired rounds until each eval is decided,
confirm suspected cases on fresh trials, decide, record, report.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness import plugins
from harness.commands import gate_record
from harness.commands.context import Context
from harness.commands.gate_question import Asked, Options, asked_evals, question_of
from harness.commands.lent import lent
from harness.commands.sides import (
    Filling,
    Side,
    Wanted,
    build,
    configured,
    filling_of,
    gather,
    open_run,
    side_on,
)
from harness.decide import gate as deciding
from harness.decide.evidence import Evidence, RunFeed
from harness.decide.flips import fresh, wants_fresh
from harness.domain.gate import GateDecision, GateQuestion, GateReport, GateVerdict
from harness.domain.record import Json
from harness.errors import EXIT_INVALID, EXIT_MET, EXIT_NOT_MET, EXIT_UNDECIDED, InputError
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.locks import hold_all
from harness.ledger.runs import find_resumable
from harness.ports.model import Model

_BASELINE, _CANDIDATE = "baseline", "candidate"


@dataclass(slots=True)
class _Gate:
    """A gate under way."""

    project: LoadedProject
    question: GateQuestion
    sides: Mapping[tuple[str, str], Side]
    """(eval, baseline or candidate) -> its side."""
    evidence: Evidence

    def decision(self) -> GateDecision:
        """Return what the evidence says now, quickly."""
        return deciding.decide(self.question, self.evidence, _nothing, bounds=False)


def gate(context: Context, options: Options) -> GateReport:
    """Compare candidate and baseline, replaying what is missing; the answer is on record.

    InputError for names that are none or one model twice; LedgerError and ModelError as for a
    check. Whatever was answered before an error or Ctrl-C is in the ledger, and the same command
    goes on from there.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    if options.baseline == options.candidate:
        raise InputError(_same(options.baseline, options.candidate))
    for name in (options.baseline, options.candidate):
        configured(project, name)
    asked = asked_evals(project, options.evals, context.now().date(), gather(project)[0])
    models = build(context, project, [options.baseline, options.candidate])
    return asyncio.run(_gate(context, project, options, asked, models))


async def _gate(
    context: Context,
    project: LoadedProject,
    options: Options,
    asked: Asked,
    models: Mapping[str, Model],
) -> GateReport:
    async with lent(models.values()):
        with hold_all(project.reports, asked.evals, context.now):
            sides = _sides(project, options, asked, models)
            return await _measured(context, project, options, asked, sides)


def _sides(
    project: LoadedProject, options: Options, asked: Asked, models: Mapping[str, Model]
) -> dict[tuple[str, str], Side]:
    sides = {}
    for role, name in ((_BASELINE, options.baseline), (_CANDIDATE, options.candidate)):
        for evaluation, loaded in asked.evals.items():
            sides[evaluation, role] = side_on(project, loaded, name, models[name], "gate-")
    for evaluation in asked.evals:
        ours, theirs = sides[evaluation, _CANDIDATE], sides[evaluation, _BASELINE]
        if ours.fingerprint.digest == theirs.fingerprint.digest:
            raise InputError(_same(options.baseline, options.candidate))
    return sides


async def _measured(
    context: Context,
    project: LoadedProject,
    options: Options,
    asked: Asked,
    sides: Mapping[tuple[str, str], Side],
) -> GateReport:
    scope: Json = ["gate", options.baseline, options.candidate] + [
        [name, role, side.loaded.eval_digest, side.fingerprint.digest]
        for (name, role), side in sorted(sides.items())
    ]
    resumed = find_resumable(project.reports, scope)
    evidence, feeds = gather(project)
    question = question_of(project, options, asked, sides, evidence, resumed)
    for reason in question.holds:
        context.say(f"cannot pass: {reason}")
    found = _Gate(project, question, sides, evidence)
    with open_run(context, project, scope) as writer, context.progress() as progress:
        feed = feeds.get(writer.run) or RunFeed(evidence, writer.run)
        held = sum(evidence.of(side.key).calls for side in sides.values())
        limits = options.budget, options.minutes
        filling = filling_of(context, project, (writer, feed), sides.values(), progress, limits)
        for side in sides.values():
            filling.announce(side)
        await _pairs(found, filling)
        await _flips(found, filling)
        feed.stands_at(writer.count, writer.head)
        undeclared = gate_record.undeclared_calls(project, question)
        decision = deciding.decide(question, evidence, undeclared)
        report = GateReport(
            question=question,
            decision=decision,
            run=writer.run,
            new_trials=sum(side.new_trials for side in sides.values()),
            reused_trials=held,
            stopped=_stopped(found, decision),
            record="",
        )
        file = gate_record.write(project, writer, evidence, report, context.now())
        writer.seal("complete")
    return replace(report, record=file)


async def _pairs(found: _Gate, filling: Filling) -> None:
    """Replay paired rounds of the open evals in turn, until each is decided or out of reach."""
    slots = {role: _slots(found, role) for role in (_BASELINE, _CANDIDATE)}
    while True:
        decision = found.decision()
        steps = deciding.wanted_rounds(found.question, decision, slots)
        pairings = {pairing.eval: pairing for pairing in found.question.evals}
        wanted = []
        for name, role, variant, until in steps:
            pairing, side = pairings[name], found.sides[name, role]
            cases = tuple(case for _, case, _ in deciding.places(pairing, variant))
            since = pairing.first_round.get(variant, 0)
            wanted.append(Wanted(side, variant, cases, since, until))
        open_ = sum(each.verdict is GateVerdict.HOLD for each in decision.evals)
        if not await filling.fill(wanted, f"gate: {open_} of {len(decision.evals)} evals open"):
            return
        _stop_everywhere(found)


async def _flips(found: _Gate, filling: Filling) -> None:
    """Replay fresh pairs of the suspected cases alone."""
    while True:
        decision = found.decision()
        wanted = [
            Wanted(
                found.sides[each.eval, role],
                fresh(flip.variant),
                (flip.case,),
                0,
                flip.fresh_pairs + 4,
            )
            for each in decision.evals
            for flip in each.flips
            if wants_fresh(flip)
            for role in (_BASELINE, _CANDIDATE)
        ]
        if not wanted or not await filling.fill(wanted, "gate: confirming flipped cases"):
            return
        _stop_everywhere(found)


def _slots(found: _Gate, role: str) -> int:
    slots = (side.config.concurrency for (_, r), side in found.sides.items() if r == role)
    return next(slots, 1)  # no side at all where no eval can be compared


def _stop_everywhere(found: _Gate) -> None:
    """Ask a model that cannot be reached on one eval no more on the others."""
    for side in found.sides.values():
        if "cannot be reached" in side.stopped or "is asked no more" in side.stopped:
            for other in found.sides.values():
                if other.model == side.model and not other.stopped:
                    other.stopped = side.stopped


def _stopped(found: _Gate, decision: GateDecision) -> dict[str, str]:
    """Return why sampling ended on the evals that are not decided."""
    reasons = {}
    for each in decision.evals:
        if each.verdict is not GateVerdict.HOLD:
            continue
        sides = [found.sides[each.eval, role] for role in (_CANDIDATE, _BASELINE)]
        stopped = next((side.stopped for side in sides if side.stopped), "")
        if not stopped and decision.verdict is GateVerdict.BLOCK and not found.question.every_eval:
            stopped = "the gate blocks already; --every-eval goes on"
        if stopped:
            reasons[each.eval] = stopped
    return reasons


def _same(baseline: str, candidate: str) -> str:
    if baseline == candidate:
        return f"--candidate: is the baseline itself, got {candidate}, name another model"
    return (
        f"--candidate: {candidate} is the same model with the same settings as {baseline} (one "
        "fingerprint): there is nothing to compare"
    )


def _nothing(_eval: str, _fingerprint: str) -> int:
    return 0


def exit_code(report: GateReport) -> int:
    """Return 0 for pass, 1 for block, 4 where too much is ungraded to judge, 3 for hold."""
    decision = report.decision
    if decision.verdict is GateVerdict.PASS:
        return EXIT_MET
    if decision.verdict is GateVerdict.BLOCK:
        return EXIT_NOT_MET
    return EXIT_INVALID if decision.invalid else EXIT_UNDECIDED
