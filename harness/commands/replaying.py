"""From a question to trials in the ledger.

Rounds are planned, replayed and appended until the question is decided, the budget is spent, or
the model stops answering.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness import plugins
from harness.commands.context import Progress
from harness.commands.purse import Purse
from harness.commands.questions import Inquiry, Subject
from harness.commands.recording import TrialRecorder, item_record, plan_name, plan_record
from harness.commands.stream import Stream, Wanted
from harness.decide.batches import next_rounds
from harness.decide.evidence import RunFeed
from harness.domain.record import Json
from harness.domain.transcript import Conversation
from harness.domain.trial import Outcome, TrialError, TrialResult, TrialSpec
from harness.ledger.committer import GroupCommitter
from harness.ledger.writer import RunWriter
from harness.plan import prompts
from harness.plan.trials import Planner, Series
from harness.ports.model import Model
from harness.ports.secrets import Secrets
from harness.replay.line import Line, line_of
from harness.replay.redact import redacted, told
from harness.replay.runner import Job, Report, Runner

_UNACKNOWLEDGED = 256
"""Trials that may wait for the disk before workers wait for it too.

They are written already and outlive the process; only a power failure could take them.
"""

_SHOW_EVERY_S = 0.1
"""Progress is for eyes."""


@dataclass(slots=True)
class Replaying:
    """An open run, the evidence that it adds to, and what may be spent on it."""

    writer: RunWriter
    feed: RunFeed
    reports: Path
    purse: Purse
    progress: Progress
    lines: dict[str, Line] = field(default_factory=dict)
    """Model -> what all of its requests go through, whichever item they serve."""
    secrets: Secrets = field(default_factory=Secrets)
    """What no record may hold."""
    shown: dict[tuple[str, str, str, int], Conversation] = field(default_factory=dict)
    """(eval, case, variant, order) -> what a model is asked, once for all trials that ask it."""
    planners: dict[tuple[str, str], Planner] = field(default_factory=dict)
    """(plan, variant) -> what its trials are."""
    _show_at: float = field(default=0.0, init=False)

    def announce(self, inquiry: Inquiry) -> None:
        """Record what is to be replayed, before the first trial of it."""
        name = plan_name(inquiry.question)
        if name not in self.feed.plans:
            held = self.feed.evidence.of(inquiry.question.key)
            self._append(plan_record(inquiry.question, inquiry.fingerprint, inquiry.epoch, held))
        inquiry.from_round = self.feed.plans[name][1]["from_round"]

    def _begin(self, inquiry: Inquiry, committer: GroupCommitter) -> None:
        """Record the item's epoch, ahead of the first trial that it stands on.

        Not sooner: a model that never answers has shown nothing, and spends no alpha.
        """
        if not inquiry.begun:
            inquiry.begun = True
            record = item_record(inquiry.question, inquiry.epoch)
            committer.submit(record)
            self.feed.take(record)

    def _append(self, record: dict[str, Json]) -> None:
        self.writer.append_group([record])
        self.feed.take(record)

    async def run(self, inquiry: Inquiry, model: Model, wanted: Wanted = next_rounds) -> None:
        """Replay what is wanted until it is nothing any more, or nothing more may be spent."""
        recorder = TrialRecorder(plan_name(inquiry.question), inquiry.fingerprint.digest)
        runner = self._runner(inquiry.subject, model)
        async with GroupCommitter(self.writer) as committer:
            stream, replayed = self._stream(inquiry, wanted), False
            while not inquiry.stopped:
                if stream.decision.base.rounds:
                    self._begin(inquiry, committer)
                concurrency = inquiry.subject.config.concurrency
                more = wanted(inquiry.question, stream.decision, concurrency)
                if more or replayed:
                    inquiry.stopped = self._gone(runner)
                if more:
                    inquiry.stopped = inquiry.stopped or self.purse.spent()
                if not more or inquiry.stopped:
                    return
                replayed = True
                await runner.replay(
                    stream.batch(), self._report(inquiry, stream, recorder, committer)
                )
                stream.decision, stream.over = stream.look(), False

    def _stream(self, inquiry: Inquiry, wanted: Wanted) -> Stream:
        def missing(variant: str, since: int, until: int) -> Iterator[TrialSpec]:
            return self._missing(inquiry, variant, since, until)

        return Stream(
            question=inquiry.question,
            wanted=wanted,
            concurrency=inquiry.subject.config.concurrency,
            ahead=plugins.adapter(inquiry.subject.config.adapter).remote,
            look=lambda: inquiry.decision(self.feed.evidence, bounds=False),
            missing=missing,
            job=lambda spec: self._job(inquiry.subject, spec),
            spent=self.purse.spent,
            calls_left=lambda: self.purse.calls,
        )

    def _report(
        self, inquiry: Inquiry, stream: Stream, recorder: TrialRecorder, committer: GroupCommitter
    ) -> Report:
        self._show(stream)

        async def report(result: TrialResult | TrialError) -> None:
            if isinstance(result, TrialResult):
                self._begin(inquiry, committer)
            result = redacted(result, self.secrets)
            record = recorder.record(result, stream.shown(result.spec.id))
            if recorder.unstored:
                await recorder.store(self.reports)
            acknowledged = committer.submit(record)
            self.feed.take(record)
            self.purse.take(result, *inquiry.subject.prices())
            if isinstance(result, TrialError):
                inquiry.stopped = f"the model cannot be reached: {result.error}"
                stream.ahead = False  # the batch ends, and nothing beyond it begins
            else:
                inquiry.new_trials += 1
            stream.took(result.spec.id, passed=_passed(result))
            self._show(stream)
            if committer.waiting > _UNACKNOWLEDGED:
                await asyncio.shield(acknowledged)

        return report

    def _show(self, stream: Stream) -> None:
        now = time.monotonic()
        if now < self._show_at:
            return
        self._show_at = now + _SHOW_EVERY_S
        decision = stream.decision
        so_far = f"{decision.item}: {decision.base.failures}/{decision.base.trials} failed so far"
        if self.purse.currency:
            so_far += f", {self.purse.spent_money:.4g} {self.purse.currency} now"
        self.progress(stream.done, max(stream.begun, stream.to_close), so_far)

    def _gone(self, runner: Runner) -> str:
        """Return why a model, or the one that grades, is asked no more; or an empty text."""
        for who, line in (("model", runner.line), ("judge", runner.grading)):
            if line is not None and line.gone:
                return f"the {who} is asked no more: {told(line.gone, self.secrets)}"
        return ""

    def _runner(self, subject: Subject, model: Model) -> Runner:
        config, judging = subject.config, subject.judging
        if subject.model not in self.lines:
            self.lines[subject.model] = line_of(config)
        return Runner(
            model=model,
            grader=subject.grader,
            settings={**config.settings, **subject.evaluation.settings},
            concurrency=config.concurrency,
            max_steps=subject.evaluation.max_steps,
            unparsed_fails=subject.evaluation.unparsed == "fail",
            one_turn=subject.grader_spec.closed_decisions,
            line=self.lines[subject.model],
            over=self.purse.late,
            grading=self.lines.get(judging.model) if judging else None,
            ends_at=self.purse.deadline,
        )

    def _missing(
        self, inquiry: Inquiry, variant: str, since: int, until: int
    ) -> Iterator[TrialSpec]:
        first = inquiry.epoch.first_round[variant]
        key = (plan_name(inquiry.question), variant)
        if key not in self.planners:
            series = self._series(inquiry, variant)
            self.planners[key] = Planner(series, inquiry.from_round[variant])
        held = self.feed.evidence.of(inquiry.question.key)
        places = inquiry.question.places(variant)
        taken = {place[1]: held.codes.get(place, {}) for place in places}
        return self.planners[key].missing(taken, first + until, first + since)

    def _job(self, subject: Subject, spec: TrialSpec) -> Job:
        case = subject.resolved[spec.case, spec.variant]
        key = (spec.eval, spec.case, spec.variant, spec.shuffle)
        if key not in self.shown:
            self.shown[key] = prompts.conversation(
                case,
                spec.shuffle,
                closed=subject.grader_spec.closed_decisions,
                question=subject.evaluation.question,
            )
        return Job(spec, case, self.shown[key])

    def _series(self, inquiry: Inquiry, variant: str) -> Series:
        places = inquiry.question.places(variant)
        closed = inquiry.subject.grader_spec.closed_decisions
        cases = {case: inquiry.subject.resolved[case, variant] for _, case, _ in places}
        return Series(
            run=self.writer.run,
            eval=inquiry.question.key.eval,
            eval_digest=inquiry.question.eval_digest,
            fingerprint=inquiry.fingerprint.digest,
            variant=variant,
            digests={case: digest for _, case, digest in places},
            orders={name: prompts.orders(case, closed=closed) for name, case in cases.items()},
        )


def _passed(result: TrialResult | TrialError) -> bool:
    return isinstance(result, TrialResult) and result.grade.outcome is Outcome.PASS
