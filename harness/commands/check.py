"""``harness check``: load, look at the evidence, replay what is missing, decide, report."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import __version__, plugins
from harness.commands.context import Context
from harness.commands.exact import exact_rates
from harness.commands.questions import Subject, recorded_fingerprint, subjects
from harness.commands.recording import decision_record, plan_name
from harness.commands.replaying import Purse, Replaying, Task
from harness.decide import epochs
from harness.decide.batches import next_rounds
from harness.decide.evidence import Evidence, RunFeed
from harness.domain.decision import Decision, Verdict
from harness.domain.record import Json
from harness.domain.report import CheckReport, Cost
from harness.domain.trial import Fingerprint
from harness.errors import EXIT_INVALID, EXIT_MET, EXIT_NOT_MET, EXIT_UNDECIDED
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.locks import hold
from harness.ledger.reader import read_all
from harness.ledger.runs import find_resumable, seal_abandoned
from harness.ledger.writer import RunWriter
from harness.plan import digests
from harness.plan.policies import policies
from harness.ports.model import AdapterContext, Model

Exact = tuple[float, float | None]
_OPEN = frozenset({Verdict.UNDECIDED, Verdict.INVALID})
_EXIT_CODES = (
    (Verdict.NOT_MET, EXIT_NOT_MET),
    (Verdict.INVALID, EXIT_INVALID),
    (Verdict.UNDECIDED, EXIT_UNDECIDED),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    items: tuple[str, ...]
    model: str | None = None
    decide_only: bool = False
    exact: bool = False
    calls: int | None = None
    minutes: float | None = None


def check(context: Context, options: Options) -> list[CheckReport]:
    """Decide the items, replaying trials as needed; one report per item, in the order given."""
    project = load_project(find_root(context.start), plugins.adapter_names())
    found = subjects(project, options.items, options.model)
    if options.decide_only:
        return decide_only(project, found)
    models = _models(context, project, found)
    return asyncio.run(_check(context, project, found, models, options))


def decide_only(project: LoadedProject, found: Sequence[Subject]) -> list[CheckReport]:
    """Decide from the ledger as it is; nothing is written and no model is loaded."""
    evidence = read_evidence(project.reports)
    unknown = Fingerprint("", {})
    tasks = [
        _task(project, evidence, subject, recorded_fingerprint(subject, evidence) or unknown)
        for subject in found
    ]
    return [_report(evidence, task, {}) for task in tasks]


def read_evidence(reports: Path) -> Evidence:
    """Return all that the ledger holds; damage anywhere in it raises LedgerError."""
    evidence = Evidence()
    for run in read_all(reports):
        evidence.add_run(run.run, run.head, run.records)
    return evidence


async def _check(
    context: Context,
    project: LoadedProject,
    found: Sequence[Subject],
    models: Mapping[str, Model],
    options: Options,
) -> list[CheckReport]:
    try:
        with ExitStack() as locks:
            for name in sorted({subject.evaluation.id for subject in found}):
                locks.enter_context(hold(project.reports, name, context.now))
            evidence, tasks = await _measure(context, project, found, models, options)
        exact = await exact_rates(tasks, models) if options.exact else {}
        return [_report(evidence, task, exact.get(task.question.item, {})) for task in tasks]
    finally:
        for model in models.values():
            await model.aclose()


async def _measure(
    context: Context,
    project: LoadedProject,
    found: Sequence[Subject],
    models: Mapping[str, Model],
    options: Options,
) -> tuple[Evidence, list[Task]]:
    fingerprints = [_fingerprint(subject, models[subject.model]) for subject in found]
    scope = _scope(found, fingerprints)
    run = find_resumable(project.reports, scope)
    seal_abandoned(project.reports, now=context.now, keep=[run] if run else [])
    evidence, feeds = Evidence(), dict[str, RunFeed]()
    for held in read_all(project.reports):
        feeds[held.run] = evidence.add_run(held.run, held.head, held.records)
    tasks = [
        _task(project, evidence, subject, fingerprint)
        for subject, fingerprint in zip(found, fingerprints, strict=True)
    ]
    if run or any(_wants_more(task, evidence) for task in tasks):
        with _open_run(context, project, run, scope) as writer, context.progress() as progress:
            feed = feeds.get(writer.run) or RunFeed(evidence, writer.run)
            purse = _purse(project, options)
            replaying = Replaying(writer, feed, project.reports, purse, progress)
            await _replay(replaying, tasks, models)
            feed.stands_at(writer.count, writer.head)
            _conclude(writer, evidence, tasks)
            feed.stands_at(writer.count, writer.head)
    return evidence, tasks


async def _replay(replaying: Replaying, tasks: Sequence[Task], models: Mapping[str, Model]) -> None:
    # Every item's epoch is on record before the first trial that any of them may stand on.
    for task in tasks:
        replaying.announce(task)
    for task in tasks:
        await replaying.run(task, models[task.subject.model])


@contextmanager
def _open_run(
    context: Context, project: LoadedProject, run: str | None, scope: Json
) -> Iterator[RunWriter]:
    if run:
        writer = RunWriter.resume(project.reports, run, now=context.now)
        context.say(f"resuming run {run}, which holds {len(writer.trials)} trials")
    else:
        writer = RunWriter.create(
            project.reports,
            {"scope": scope},
            now=context.now,
            rng=context.rng,
            harness=__version__,
        )
    try:
        yield writer
    except (KeyboardInterrupt, asyncio.CancelledError):
        context.say(
            f"interrupted: {len(writer.trials)} trials are safe in run {writer.run}; "
            "the same command goes on from there"
        )
        raise
    finally:
        # Unsealed after an error or Ctrl-C: the same command resumes it.
        writer.close()


def _conclude(writer: RunWriter, evidence: Evidence, tasks: Sequence[Task]) -> None:
    writer.append_group(
        decision_record(
            task.decision(evidence), plan_name(task.question), evidence, task.question.key
        )
        for task in tasks
    )
    writer.seal("complete")


def _models(context: Context, project: LoadedProject, found: Sequence[Subject]) -> dict[str, Model]:
    surroundings = AdapterContext(project.root, context.environ, context.say)
    return {
        subject.model: plugins.adapter(subject.config.adapter).build(subject.config, surroundings)
        for subject in found
    }


def _fingerprint(subject: Subject, model: Model) -> Fingerprint:
    return digests.fingerprint(subject.config, subject.evaluation, model.fingerprint_parts())


def _scope(found: Sequence[Subject], fingerprints: Sequence[Fingerprint]) -> Json:
    return [
        [subject.item.id, subject.eval_digest, fingerprint.digest]
        for subject, fingerprint in zip(found, fingerprints, strict=True)
    ]


def _task(
    project: LoadedProject, evidence: Evidence, subject: Subject, fingerprint: Fingerprint
) -> Task:
    question = subject.question(project, fingerprint.digest)
    epoch = epochs.current(evidence, question.item, question.key, question.rules, question.cases)
    return Task(subject, question, fingerprint, epoch)


def _wants_more(task: Task, evidence: Evidence) -> bool:
    decision = task.decision(evidence)
    return bool(next_rounds(task.question, decision, task.subject.config.concurrency))


def _purse(project: LoadedProject, options: Options) -> Purse:
    budget = project.config.budget
    minutes = budget.minutes if options.minutes is None else options.minutes
    calls = budget.calls if options.calls is None else options.calls
    return Purse(calls, time.monotonic() + 60 * minutes)


def _report(evidence: Evidence, task: Task, exact: Mapping[str, Exact]) -> CheckReport:
    decision = task.decision(evidence)
    held = evidence.of(task.question.key)
    run, head = evidence.last_run(task.question.key)
    return CheckReport(
        decision=decision,
        title=task.subject.item.title,
        incident=task.subject.item.incident,
        new_trials=task.new_trials,
        cost=Cost(held.calls, held.input_tokens, held.output_tokens, held.model_s),
        policies=policies(task.subject.pairs()),
        exact=exact,
        stopped=task.stopped if decision.verdict in _OPEN else "",
        run=run,
        head=head,
        next_command=next_command(decision, run),
    )


def next_command(decision: Decision, run: str | None) -> str:
    """Return the command that comes next, ready to be typed."""
    item = decision.item
    if decision.verdict is Verdict.MET:
        return f"harness verify {run}" if run else f"harness check {item}"
    if decision.verdict is Verdict.NOT_MET:
        return f"harness trials {item} --outcome fail"
    if decision.verdict is Verdict.INVALID:
        return f"harness trials {item} --outcome ungraded"
    if decision.base.trials >= decision.max_trials:
        return f"harness plan {item}"
    return f"harness check {item}"


def exit_code(reports: Sequence[CheckReport]) -> int:
    """Return the exit code of a check: the worst of its verdicts, never 0 on "cannot tell"."""
    verdicts = {report.decision.verdict for report in reports}
    for verdict, code in _EXIT_CODES:
        if verdict in verdicts:
            return code
    return EXIT_MET
