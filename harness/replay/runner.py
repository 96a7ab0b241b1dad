"""Many trials at once: bounded, retried where nothing was answered, each reported exactly once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.domain.case import Case
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Transcript, Turn
from harness.domain.trial import Grade, Outcome, TrialError, TrialResult, TrialSpec
from harness.errors import HarnessError, ModelError
from harness.ports.grader import Grader
from harness.ports.model import (
    Agent,
    Model,
    OutOfTime,
    Refused,
    SharedPrefillModel,
    Unavailable,
    Unusable,
)
from harness.replay import loop
from harness.replay.limits import Late
from harness.replay.line import GaveUp, Line

Report = Callable[[TrialResult | TrialError], Awaitable[None]]
_Ask = Callable[["list[Job]"], Awaitable[list[Transcript]]]
_Through = Callable[..., Awaitable[Transcript]]
"""``loop.run`` of a model, or ``loop.act`` of a whole agent."""

_AGENT_ENDS_S = 5.0
"""What an agent has beyond the trial's time to end by itself, with all that it did."""


@dataclass(frozen=True, slots=True)
class Job:
    """A planned trial with all that replaying it takes."""

    spec: TrialSpec
    case: Case
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Runner:
    """Replays jobs of one eval on one model."""

    model: Model
    grader: Grader
    settings: Mapping[str, Json]
    concurrency: int
    max_steps: int = 8
    unparsed_fails: bool = False
    one_turn: bool = False
    """Whether the grader reads one turn only, so that trials may share a prefill."""
    line: Line = field(default_factory=Line)
    """What all requests to the model go through; shared by those who share its limits."""
    over: Callable[[], bool] = lambda: False
    """Whether the time is over, so that no further trial starts."""
    grading: Line | None = None
    """What the grader's own requests go through; when it is gone, no further trial starts."""
    ends_at: float | None = None
    """When the time is over, on the clock of time.monotonic()."""

    async def replay(self, jobs: Iterable[Job], report: Report) -> None:
        """Perform the jobs and report each exactly once, as a result or as an error.

        On cancellation, or once the time is over or a line gone, no further trial starts; what was
        answered has been reported. What is under way when the time ends has ``longest_s`` of the
        line to end, and is broken off then: it was never a trial, and its place stays empty.
        """
        shares = self.shares
        self.line.over = self._over
        queue = iter(self._units(jobs)) if shares else ([job] for job in jobs)
        # A model that shares prefills answers a whole unit at once: one unit is its concurrency.
        workers = 1 if shares else self.concurrency
        ask = self._how()

        async def work() -> None:
            for unit in queue:
                if self._over():
                    return
                await self._perform(unit, report, ask)

        try:
            async with asyncio.timeout(self._longest_s()) as limit, asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except ExceptionGroup as broken:
            raise _first(broken) from None
        except TimeoutError:
            if not limit.expired():
                raise

    def _over(self) -> bool:
        return bool(self.over() or self.line.gone or (self.grading and self.grading.gone))

    def _longest_s(self) -> float | None:
        """Return after how many seconds what is under way is broken off; None for never."""
        if self.ends_at is None or self.line.longest_s is None:
            return None
        return max(0.0, self.ends_at - time.monotonic()) + self.line.longest_s

    @property
    def shares(self) -> bool:
        """Whether trials of one case are answered together."""
        return self.one_turn and isinstance(self.model, SharedPrefillModel)

    def _units(self, jobs: Iterable[Job]) -> list[list[Job]]:
        # Trials of one case stand together, so that its prefix is read once.
        ordered = sorted(jobs, key=lambda job: (_request(job), job.spec.seed))
        units: list[list[Job]] = []
        for job in ordered:
            last = units[-1][-1] if units else None
            if last and _request(last) == _request(job) and last.spec.seed + 1 == job.spec.seed:
                units[-1].append(job)
            else:
                units.append([job])
        return units

    def _how(self) -> _Ask:
        """Return how trials are asked: decided once, for it takes as long as grading one."""
        if self.shares:
            return self._together
        return self._as_agent if isinstance(self.model, Agent) else self._by_turns

    async def _together(self, unit: list[Job]) -> list[Transcript]:
        started = time.perf_counter()
        left = self.line.allowance(len(unit))
        turns = await self.line.call(lambda: self._turns(unit), 0.0, left)
        each_s = (time.perf_counter() - started) / len(unit)
        return [loop.single_turn(turn, each_s) for turn in turns]

    async def _as_agent(self, unit: list[Job]) -> list[Transcript]:
        # It makes its own requests, so that it is asked as a whole.
        line, job = self.line, unit[0]
        tokens = line.estimate(job.conversation)
        left = line.allowance(more_s=_AGENT_ENDS_S)
        acted = await line.call(lambda: self._trial(loop.act, self.model, job), tokens, left)
        line.took(tokens, acted.usage)
        return [acted]

    async def _by_turns(self, unit: list[Job]) -> list[Transcript]:
        return [await self._trial(loop.run, self.line.trial(self.model), unit[0])]

    async def _perform(self, unit: list[Job], report: Report, ask: _Ask) -> None:
        try:
            transcripts = await self._transcripts(unit, ask)
        except Late:
            return
        except Unavailable as error:
            attempts = error.attempts if isinstance(error, GaveUp) else 1
            for job in unit:
                await report(TrialError(job.spec, _short(error), attempts))
            return
        if len(unit) == 1:
            await self._graded(unit[0], transcripts[0], report)
            return
        # Together: once one is being reported, a cancellation finds all of them reported.
        async with asyncio.TaskGroup() as group:
            for job, transcript in zip(unit, transcripts, strict=True):
                group.create_task(self._graded(job, transcript, report))

    async def _transcripts(self, unit: list[Job], ask: _Ask) -> list[Transcript]:
        started = time.perf_counter()
        first = unit[0]
        try:
            return await ask(unit)
        except (Unavailable, HarnessError, Late):
            raise
        except Refused as error:
            message = f"case {first.spec.case}: the model's endpoint refuses the request: {error}"
            raise ModelError(message) from error
        except OutOfTime as error:
            failed = Transcript(
                (),
                error=loop.shortened(f"out of time: {error}"),
                latency_s=time.perf_counter() - started,
            )
            return [failed] * len(unit)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            # Foreign code, which may well have been answered. An exit or a cancellation of its
            # own making must not end the check, least of all with exit code 0.
            if isinstance(error, asyncio.CancelledError) and _being_cancelled():
                raise
            failed = Transcript((), error=_short(error), latency_s=time.perf_counter() - started)
            return [failed] * len(unit)

    async def _trial(self, through: _Through, model: Model, job: Job) -> Transcript:
        return await through(
            model,
            job.case,
            job.conversation,
            self.grader,
            settings=self.settings,
            seed=job.spec.seed,
            max_steps=self.max_steps,
        )

    async def _turns(self, unit: list[Job]) -> list[Turn]:
        model = self.model
        if not isinstance(model, SharedPrefillModel):  # for the type checker; _shares() has asked
            raise TypeError("the model shares no prefill")
        seeds = [job.spec.seed for job in unit]
        turns = await model.respond_many(unit[0].conversation, self.settings, seeds)
        if len(turns) != len(seeds):
            raise ValueError(f"got {len(turns)} turns for {len(seeds)} seeds")
        return turns

    async def _graded(self, job: Job, transcript: Transcript, report: Report) -> None:
        await report(TrialResult(job.spec, await self._grade(job.case, transcript), transcript))

    async def _grade(self, case: Case, transcript: Transcript) -> Grade:
        try:
            found = self.grader.grade(case, transcript)
            grade = found if isinstance(found, Grade) else await found
        except HarnessError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code
            grade = Grade(Outcome.UNGRADED, reason=f"the grader broke: {_short(error)}")
            if transcript.failure is None:
                return grade
        ungraded = grade.outcome is Outcome.UNGRADED
        if transcript.failure is not None:
            return replace(grade, outcome=Outcome.FAIL, reason=transcript.failure)
        if ungraded and self.unparsed_fails and transcript.error is None:
            return replace(grade, outcome=Outcome.FAIL)
        return grade


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _request(job: Job) -> tuple[str, str, int]:
    return job.spec.case, job.spec.variant, job.spec.shuffle


def _short(error: BaseException) -> str:
    text = str(error)
    name = type(error).__name__
    known = isinstance(error, Unavailable | Unusable)
    return loop.shortened(text if known and text else f"{name}: {text}" if text else name)
