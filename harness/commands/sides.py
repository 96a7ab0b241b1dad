"""An eval on a model, and the filling of the places that a comparison still lacks.

The gate, an attribution and the effect of a change all need the same: certain rounds of certain
variants of certain cases on one or two models, each place filled once, in a run that the same
command resumes.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness import __version__, plugins
from harness.commands.context import Context, Progress
from harness.commands.drafts import draft_problems, refuse_drafts
from harness.commands.keys import secrets_of
from harness.commands.purse import Purse, purse_of, refuse_unpriced
from harness.commands.questions import checks
from harness.commands.recording import TrialRecorder
from harness.decide.evidence import Evidence, RunFeed, SeriesKey
from harness.domain.case import Case, Eval, GraderSpec
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.trial import Fingerprint, TrialError, TrialResult, TrialSpec
from harness.errors import InputError
from harness.files.evals import LoadedEval, load_eval
from harness.files.project import LoadedProject, adapter_problems, model_config
from harness.ledger.committer import GroupCommitter
from harness.ledger.reader import read_all
from harness.ledger.runs import find_resumable, seal_abandoned
from harness.ledger.writer import RunWriter
from harness.plan import digests, prompts
from harness.plan.trials import Planner, Series
from harness.plan.variants import resolve
from harness.ports.grader import Grader, GraderSpecification, JudgingGrader
from harness.ports.model import AdapterContext, Model
from harness.ports.secrets import Secrets
from harness.replay.line import Line, line_of
from harness.replay.redact import redacted, told
from harness.replay.runner import Job, Runner

_ACKNOWLEDGE_S = 0.005


@dataclass(frozen=True, slots=True)
class LoadedSide:
    """An eval with its grader, and the cases in the variants that a comparison needs."""

    evaluation: Eval
    grader: Grader
    grader_spec: GraderSpecification
    resolved: Mapping[tuple[str, str], Case]
    """(case, variant) -> the case as it is replayed."""
    protocol: str
    digests: Mapping[str, Mapping[str, str]]
    """Case -> variant -> digest."""
    eval_digest: str
    """The digest of how the eval asks and grades, and of all its cases, as a check has it."""
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Side:
    """A loaded eval on one model, and what came of asking it."""

    loaded: LoadedSide
    model: str
    config: ModelConfig
    asked: Model
    fingerprint: Fingerprint
    purpose: str = ""
    """Sets the plan apart from that of other commands in one run."""
    new_trials: int = 0
    stopped: str = ""
    from_round: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> SeriesKey:
        """The series that the side's trials belong to."""
        return SeriesKey(self.loaded.evaluation.id, self.loaded.protocol, self.fingerprint.digest)

    @property
    def plan(self) -> str:
        """The name of the side's plan within a run."""
        parts = f"{self.loaded.eval_digest[:16]}-{self.fingerprint.digest[:16]}"
        return f"{self.purpose}{self.loaded.evaluation.id}-{self.model}-{parts}"


def judged(loaded: LoadedSide) -> str:
    """Return why trials of an eval are not compared, where a model grades them; else nothing.

    A judge that misses failures makes two models look alike, and what is known of how well it sees
    holds against a target, not between two rates.
    """
    grader = loaded.grader
    if not isinstance(grader, JudgingGrader):
        return ""
    return (
        f"{loaded.evaluation.id} is graded by the model {grader.judge}, and what a judge misses "
        "would pass for no difference: it is decided by harness check alone"
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rounds that are to be whole: of one variant, of some cases."""

    side: Side
    variant: str
    cases: tuple[str, ...]
    since: int
    until: int


def side_of_eval(
    project: LoadedProject, name: str, variants: Mapping[tuple[str, str], Case] | None = None
) -> tuple[LoadedEval, LoadedSide]:
    """Return an eval as loaded and as replayed; by default its cases and their twins.

    ``variants`` are the resolved cases to replay in place of those. InputError with all problems
    of its files, and where a draft left one of its cases open.
    """
    found = load_eval(project, name, checks())
    refuse_drafts(draft_problems(found))
    evaluation = found.value
    grader = evaluation.grader
    wanted = GraderSpec(name=grader) if isinstance(grader, str) else grader
    spec = plugins.grader(wanted.name)
    grading = spec.build(wanted.options)
    cases = {case.value.id: case.value for case in found.cases}
    kinds = digests.case_digests(evaluation, cases)
    protocol = digests.protocol_digest(evaluation)
    if variants is None:
        variants = {
            (case, variant): resolve(cases[case], variant, evaluation.repair)
            for case, held in kinds.items()
            for variant in held
        }
    hashed: dict[str, dict[str, str]] = {}
    for (case, variant), resolved in variants.items():
        hashed.setdefault(case, {})[variant] = digests.case_digest(resolved)
    return found, LoadedSide(
        evaluation=evaluation,
        grader=grading,
        grader_spec=spec,
        resolved=variants,
        protocol=protocol,
        digests=hashed,
        eval_digest=digests.eval_digest(protocol, kinds),
        warnings=tuple(str(problem) for problem in found.warnings),
    )


def configured(project: LoadedProject, name: str) -> ModelConfig:
    """Return a model's configuration; InputError when it is none, or its adapter misses a key."""
    chosen, config = model_config(project, name)
    problems = adapter_problems(project, chosen, plugins.adapter(config.adapter))
    if problems:
        raise InputError(*problems)
    return config


def build(context: Context, project: LoadedProject, names: Sequence[str]) -> dict[str, Model]:
    """Return the models of these names; ModelError when one cannot be built, or lacks a price."""
    configs = {name: configured(project, name) for name in names}
    refuse_unpriced(project.config.budget.money, list(configs.items()))
    with context.progress() as progress:

        def fetched(done: int, total: int) -> None:
            progress(done // 10**6, total // 10**6, "fetching the model (MB)")

        around = AdapterContext(project.root, context.environ, context.say, fetched)
        return {
            name: plugins.adapter(config.adapter).build(config, around)
            for name, config in configs.items()
        }


def side_on(
    project: LoadedProject, loaded: LoadedSide, name: str, model: Model, purpose: str
) -> Side:
    """Return a loaded eval on the model of a name, which was built before."""
    config = configured(project, name)
    known = digests.fingerprint(config, loaded.evaluation, model.fingerprint_parts())
    return Side(loaded, name, config, model, known, purpose)


def gather(project: LoadedProject) -> tuple[Evidence, dict[str, RunFeed]]:
    """Return all that the ledger holds, with the feeds of its runs."""
    evidence, feeds = Evidence(), dict[str, RunFeed]()
    for held in read_all(project.reports):
        feeds[held.run] = evidence.add_run(held.run, held.head, held.records)
    return evidence, feeds


@contextmanager
def open_run(context: Context, project: LoadedProject, scope: Json) -> Iterator[RunWriter]:
    """Open a new run, or resume the one of the same scope that was interrupted."""
    run = find_resumable(project.reports, scope)
    seal_abandoned(project.reports, now=context.now, keep=[run] if run else [])
    if run:
        writer = RunWriter.resume(project.reports, run, now=context.now)
        context.say(f"resuming run {run}, which holds {len(writer.trials)} trials")
    else:
        writer = RunWriter.create(
            project.reports, {"scope": scope}, now=context.now, rng=context.rng, harness=__version__
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
        writer.close()


def filling_of(
    context: Context,
    project: LoadedProject,
    run: tuple[RunWriter, RunFeed],
    sides: Iterable[Side],
    progress: Progress,
    limits: tuple[int | None, float | None] = (None, None),
) -> "Filling":
    """Return what fills places in an open run; ``limits`` are calls and minutes as asked.

    ModelError where a budget of money cannot be kept.
    """
    asked = list(sides)
    spending = purse_of(
        project.config.budget, [(side.model, side.config) for side in asked], *limits
    )
    # One line a model: its limits are the endpoint's, whichever eval a request serves.
    lines = {side.model: line_of(side.config) for side in asked}
    return Filling(*run, project.reports, spending, progress, lines, secrets_of(context, project))


@dataclass(slots=True)
class Filling:
    """An open run, the evidence that it adds to, and what may be spent on it."""

    writer: RunWriter
    feed: RunFeed
    reports: Path
    purse: Purse
    progress: Progress
    lines: Mapping[str, Line]
    """Model -> what all of its requests go through."""
    secrets: Secrets
    """What no record may hold."""

    def announce(self, side: Side) -> None:
        """Record what is to be replayed, before the first trial of it."""
        if side.plan not in self.feed.plans:
            held = self.feed.evidence.of(side.key)
            variants = sorted(
                {variant for found in side.loaded.digests.values() for variant in found}
            )
            first = {variant: held.started(variant) for variant in variants}
            record = {
                "kind": "plan",
                "plan": side.plan,
                "eval": side.key.eval,
                "protocol": side.key.protocol,
                "eval_digest": side.loaded.eval_digest,
                "cases": {case: dict(found) for case, found in side.loaded.digests.items()},
                "model": side.model,
                "fingerprint": side.fingerprint.digest,
                "parts": dict(side.fingerprint.parts),
                "from_round": dict.fromkeys(first, 0),
            }
            self.writer.append_group([record])
            self.feed.take(record)
        side.from_round = self.feed.plans[side.plan][1]["from_round"]

    async def fill(self, wanted: Sequence[Wanted], text: str) -> bool:
        """Replay what the places lack; return whether anything was replayed.

        A side that stopped answering, or a purse that is empty, is noted on the side.
        """
        before = self.writer.count
        async with GroupCommitter(self.writer, wait_s=_ACKNOWLEDGE_S) as committer:
            for each in wanted:
                if each.side.stopped:
                    continue
                specs = list(self._specs(each))
                if specs and (spent := self._gone(each.side) or self.purse.spent()):
                    each.side.stopped = spent
                    continue
                await self._replay(each.side, specs, committer, text)
        return self.writer.count > before

    async def _replay(
        self, side: Side, specs: Sequence[TrialSpec], committer: GroupCommitter, text: str
    ) -> None:
        if not specs:
            return
        within = specs[: self.purse.calls]
        recorder = TrialRecorder(side.plan, side.fingerprint.digest)
        jobs = [job_of(side.loaded, spec) for spec in within]
        shown = {job.spec.id: job.conversation for job in jobs}
        done = 0
        self._show(done, len(jobs), text)

        async def report(result: TrialResult | TrialError) -> None:
            nonlocal done
            result = redacted(result, self.secrets)
            record = recorder.record(result, shown[result.spec.id])
            await recorder.store(self.reports)
            await committer.append(record)
            self.feed.take(record)
            self.purse.take(result, side.config.prices)
            done += 1
            if isinstance(result, TrialError):
                side.stopped = f"{side.model} cannot be reached: {result.error}"
            else:
                side.new_trials += 1
            self._show(done, len(jobs), text)

        await self._runner(side).replay(jobs, report)
        if done < len(specs) and not side.stopped:
            side.stopped = self._gone(side) or self.purse.spent()

    def _show(self, done: int, total: int, text: str) -> None:
        purse = self.purse
        spent = f", {purse.spent_money:.4g} {purse.currency} now" if purse.currency else ""
        self.progress(done, total, text + spent)

    def _gone(self, side: Side) -> str:
        gone = told(self.lines[side.model].gone, self.secrets)
        return f"{side.model} is asked no more: {gone}" if gone else ""

    def _runner(self, side: Side) -> Runner:
        evaluation = side.loaded.evaluation
        return Runner(
            model=side.asked,
            grader=side.loaded.grader,
            settings={**side.config.settings, **evaluation.settings},
            concurrency=side.config.concurrency,
            max_steps=evaluation.max_steps,
            unparsed_fails=evaluation.unparsed == "fail",
            one_turn=side.loaded.grader_spec.closed_decisions,
            line=self.lines[side.model],
            over=lambda: bool(self.purse.spent()),
            ends_at=self.purse.deadline,
        )

    def _specs(self, each: Wanted) -> Iterator[TrialSpec]:
        loaded, variant = each.side.loaded, each.variant
        held = self.feed.evidence.of(each.side.key)
        places = {case: (variant, case, loaded.digests[case][variant]) for case in each.cases}
        taken = {case: set(held.codes.get(place, ())) for case, place in places.items()}
        closed = loaded.grader_spec.closed_decisions
        series = Series(
            # Orders and seeds of their own on each model: the exact screen takes the two sides of a
            # pair for independent.
            run=f"{self.writer.run} {each.side.fingerprint.digest}",
            eval=loaded.evaluation.id,
            eval_digest=loaded.eval_digest,
            fingerprint=each.side.fingerprint.digest,
            variant=variant,
            digests={case: place[2] for case, place in places.items()},
            orders={
                case: prompts.orders(loaded.resolved[case, variant], closed=closed)
                for case in places
            },
        )
        planner = Planner(series, each.side.from_round.get(variant, 0))
        return planner.missing(taken, each.until, each.since)


def job_of(loaded: LoadedSide, spec: TrialSpec) -> Job:
    """Return a planned trial with all that replaying it takes."""
    case = loaded.resolved[spec.case, spec.variant]
    shown = prompts.conversation(
        case,
        spec.shuffle,
        closed=loaded.grader_spec.closed_decisions,
        question=loaded.evaluation.question,
    )
    return Job(spec, case, shown)
