"""From a question to trials in the ledger.

Rounds are planned, replayed and appended until the question is decided, the budget is spent, or
the model stops answering.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.commands.context import Progress
from harness.commands.questions import Subject, Task
from harness.commands.recording import TrialRecorder, item_record, plan_name, plan_record
from harness.decide.batches import next_rounds
from harness.decide.evidence import RunFeed
from harness.domain.decision import Decision
from harness.domain.record import Json
from harness.domain.trial import BASE, TWIN, TrialError, TrialResult, TrialSpec
from harness.ledger.committer import GroupCommitter
from harness.ledger.writer import RunWriter
from harness.plan import prompts
from harness.plan.trials import Planner, Series
from harness.ports.model import Model
from harness.replay.runner import Job, Report, Runner

_ACKNOWLEDGE_S = 0.005
"""A worker waits for its trial's acknowledgement: groups form by load, not by waiting."""


@dataclass(slots=True)
class Purse:
    """What is left of a command's budget."""

    calls: int
    deadline: float
    """On the clock of time.monotonic()."""

    def spent(self) -> str:
        """Return why nothing more may be spent, or an empty text."""
        if self.calls <= 0:
            return "the budget of calls is spent"
        if time.monotonic() >= self.deadline:
            return "the budget of minutes is spent"
        return ""


@dataclass(slots=True)
class Replaying:
    """An open run, the evidence that it adds to, and what may be spent on it."""

    writer: RunWriter
    feed: RunFeed
    reports: Path
    purse: Purse
    progress: Progress

    def announce(self, task: Task) -> None:
        """Record what is to be replayed, before the first trial of it."""
        name = plan_name(task.question)
        if name not in self.feed.plans:
            held = self.feed.evidence.of(task.question.key)
            self._append(plan_record(task.question, task.fingerprint, task.epoch, held))
        task.from_round = self.feed.plans[name][1]["from_round"]

    def _begin(self, task: Task, committer: GroupCommitter) -> None:
        """Record the item's epoch, ahead of the first trial that it stands on.

        Not sooner: a model that never answers has shown nothing, and spends no alpha.
        """
        if not task.begun:
            task.begun = True
            record = item_record(task.question, task.epoch)
            committer.submit(record)
            self.feed.take(record)

    def _append(self, record: dict[str, Json]) -> None:
        self.writer.append_group([record])
        self.feed.take(record)

    async def run(self, task: Task, model: Model) -> None:
        """Replay batches until the question is decided or nothing more may be spent."""
        recorder = TrialRecorder(plan_name(task.question), task.fingerprint.digest)
        runner = _runner(task.subject, model)
        async with GroupCommitter(self.writer, wait_s=_ACKNOWLEDGE_S) as committer:
            while not task.stopped:
                decision = task.decision(self.feed.evidence)
                if decision.base.rounds:
                    self._begin(task, committer)
                rounds = next_rounds(task.question, decision, task.subject.config.concurrency)
                task.stopped = self.purse.spent() if rounds else ""
                if not rounds or task.stopped:
                    return
                specs = self._specs(task, decision, rounds)[: self.purse.calls]
                jobs = [_job(task.subject, spec) for spec in specs]
                await runner.replay(jobs, self._report(task, decision, jobs, recorder, committer))

    def _report(
        self,
        task: Task,
        decision: Decision,
        jobs: list[Job],
        recorder: TrialRecorder,
        committer: GroupCommitter,
    ) -> Report:
        shown = {job.spec.id: job.conversation for job in jobs}
        so_far = f"{decision.item}: {decision.base.failures}/{decision.base.trials} failed so far"
        done = 0
        self.progress(0, len(jobs), so_far)

        async def report(result: TrialResult | TrialError) -> None:
            nonlocal done
            if isinstance(result, TrialResult):
                self._begin(task, committer)
            record = recorder.record(result, shown[result.spec.id])
            await recorder.store(self.reports)
            await committer.append(record)
            self.feed.take(record)
            self.purse.calls -= 1
            done += 1
            if isinstance(result, TrialError):
                task.stopped = f"the model cannot be reached: {result.error}"
            else:
                task.new_trials += 1
            self.progress(done, len(jobs), so_far)

        return report

    def _specs(self, task: Task, decision: Decision, rounds: Mapping[str, int]) -> list[TrialSpec]:
        held = self.feed.evidence.of(task.question.key)
        judged = {BASE: decision.base, TWIN: decision.twins}
        specs: list[TrialSpec] = []
        for variant, count in rounds.items():
            stands = judged[variant]
            since = task.epoch.first_round[variant]
            until = since + (stands.rounds if stands else 0) + count
            places = task.question.places(variant)
            taken = {place[1]: set(held.codes.get(place, ())) for place in places}
            planner = Planner(self._series(task, variant), task.from_round[variant])
            specs += planner.missing(taken, until, since)
        return specs

    def _series(self, task: Task, variant: str) -> Series:
        places = task.question.places(variant)
        closed = task.subject.grader_spec.closed_decisions
        cases = {case: task.subject.resolved[case, variant] for _, case, _ in places}
        return Series(
            run=self.writer.run,
            eval=task.question.key.eval,
            eval_digest=task.question.eval_digest,
            fingerprint=task.fingerprint.digest,
            variant=variant,
            digests={case: digest for _, case, digest in places},
            orders={name: prompts.orders(case, closed=closed) for name, case in cases.items()},
        )


def _runner(subject: Subject, model: Model) -> Runner:
    return Runner(
        model=model,
        grader=subject.grader,
        settings={**subject.config.settings, **subject.evaluation.settings},
        concurrency=subject.config.concurrency,
        max_steps=subject.evaluation.max_steps,
        unparsed_fails=subject.evaluation.unparsed == "fail",
        one_turn=subject.grader_spec.closed_decisions,
    )


def _job(subject: Subject, spec: TrialSpec) -> Job:
    case = subject.resolved[spec.case, spec.variant]
    shown = prompts.conversation(
        case,
        spec.shuffle,
        closed=subject.grader_spec.closed_decisions,
        question=subject.evaluation.question,
    )
    return Job(spec, case, shown)
