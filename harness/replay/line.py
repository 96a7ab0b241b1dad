"""The line to one model: all requests of a command go through it, whichever trial they serve."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Turn, Usage
from harness.ports.model import Model, OutOfTime, Unavailable
from harness.replay.breaker import Breaker
from harness.replay.limits import Limiter
from harness.replay.silence import Allowance, Silence

if TYPE_CHECKING:
    from tenacity.wait import wait_base

_T = TypeVar("_T")

_CHARACTERS_A_TOKEN = 4
_ENDS_S = 10.0
"""Time for a trial that is at its limit to end by that, and not by the command's."""
_FIRST_GUESS = 256
"""Tokens of a reply, before any was seen."""


class GaveUp(Unavailable):
    """The endpoint did not answer, however often it was asked."""

    def __init__(self, message: str, attempts: int) -> None:
        """Say what failed last, and how often."""
        super().__init__(message)
        self.attempts = attempts


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is made while the model does not answer, and how long between."""

    attempts: int = 10
    """With 30 % of the requests failing, one in 170,000 is given up."""
    before_reached: int = 6
    """As long as nothing was ever answered."""
    wait: "wait_base | None" = None
    """Between 0 and twice as long after each attempt, from 0.25 s to 8 s, where it is not given."""

    def pause_s(self, attempts: int) -> float:
        """Return the seconds to wait after so many attempts."""
        # Imported with the first failure, which most commands never meet.
        from tenacity import RetryCallState  # noqa: PLC0415
        from tenacity.wait import wait_random_exponential  # noqa: PLC0415

        state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
        state.attempt_number = attempts
        return float((self.wait or wait_random_exponential(0.25, max=8.0))(state))


@dataclass(slots=True)
class Line:
    """Retries, rate limits and the circuit breaker of one model."""

    retries: Retries = field(default_factory=Retries)
    limiter: Limiter = field(default_factory=Limiter)
    breaker: Breaker = field(default_factory=Breaker)
    trial_s: float | None = None
    """The time of a whole trial."""
    longest_s: float | None = None
    """How long a trial that is under way when the command's time ends may take yet."""
    over: Callable[[], bool] | None = None
    """Whether the command's time is over: then no trial begins that only waits for its turn."""
    gone: str = field(default="", init=False)
    """Why the model is to be asked no more, or an empty text."""
    _silence: Silence = field(default_factory=Silence, init=False)
    _seen: int = field(default=0, init=False)
    _tokens: int = field(default=0, init=False)

    def trial(self, model: Model) -> "Asking":
        """Return the model as one trial asks it, with the time of a trial."""
        return Asking(self, model, self.allowance())

    def allowance(self, times: int = 1, more_s: float = 0.0) -> Allowance | None:
        """Return the time that so many trials have together; None without a limit."""
        return None if self.trial_s is None else Allowance(self.trial_s * times + more_s)

    async def call(
        self,
        ask: Callable[[], Awaitable[_T]],
        tokens: float,
        left: Allowance | None = None,
        *,
        first: bool = True,
    ) -> _T:
        """Return what ``ask`` returns; while it raises Unavailable, wait and ask again.

        GaveUp after the last attempt. What is ``left`` of the trial's time ends a request with
        OutOfTime; only what the model took itself is taken from it. Late when the command's time
        ends before the ``first`` request of a trial was made; one that was begun is finished.
        """
        attempts = 0
        while True:
            if self.breaker.is_open:
                try:
                    await self.breaker.admit()
                except Unavailable as error:
                    self.gone = str(error)
                    raise GaveUp(str(error), attempts) from None
            if self.limiter.limits:
                try:
                    await self.limiter.admit(tokens, self.over if first and not attempts else None)
                except BaseException:
                    self.breaker.let_go()
                    raise
            attempts += 1
            try:
                answer = await (ask() if left is None else self._in_time(ask, left))
            except Unavailable as error:
                await self._wait(error, attempts)
                continue
            except OutOfTime:
                self.breaker.let_go()
                self.gone = self.gone or self._silence.grew()
                raise
            except Exception:
                self.breaker.answered()
                raise
            except BaseException:
                self.breaker.let_go()
                raise
            self.breaker.answered()
            self._silence.broken()
            return answer

    def estimate(self, asked: Conversation) -> float:
        """Return about how many tokens a request will take; 0 where nobody counts them."""
        if self.limiter.tokens_per_minute is None:
            return 0.0
        if self._seen:
            return self._tokens / self._seen
        read = sum(len(str(message.content)) for message in asked.messages)
        return read / _CHARACTERS_A_TOKEN + _FIRST_GUESS

    def took(self, estimated: float, used: Usage) -> None:
        """Note what a request took in truth, where the model says it."""
        if used.input_tokens is None and used.output_tokens is None:
            return
        taken = (used.input_tokens or 0) + (used.output_tokens or 0)
        self._seen += 1
        self._tokens += taken
        self.limiter.settle(estimated, taken)

    async def _in_time(self, ask: Callable[[], Awaitable[_T]], left: Allowance) -> _T:
        started = time.monotonic()
        try:
            async with asyncio.timeout(left.seconds) as limit:
                answer = await ask()
        except TimeoutError:
            if limit.expired():
                raise OutOfTime(f"the {self.trial_s:g} s of the trial are over") from None
            raise
        left.seconds -= time.monotonic() - started
        return answer

    async def _wait(self, error: Unavailable, attempts: int) -> None:
        asked_for = error.retry_after_s
        if asked_for is None:
            self.breaker.failed(str(error))
        else:  # it answered that it is busy: it is there
            self.breaker.let_go()
            self.limiter.pause(min(asked_for, self.breaker.patience_s))
        enough = self.retries.attempts if self.breaker.reached else self.retries.before_reached
        if attempts >= min(enough, self.retries.attempts):
            self.gone = str(error) or type(error).__name__
            raise GaveUp(self.gone, attempts) from error
        pause = self.retries.pause_s(attempts) + (asked_for or 0.0)
        if asked_for is not None and asked_for > self.breaker.patience_s:
            self.gone = f"{error} (asks for {asked_for:g} s; timeouts.outage_s allows less)"
            raise GaveUp(self.gone, attempts) from error
        await asyncio.sleep(pause)


def line_of(config: ModelConfig) -> Line:
    """Return a line with the limits and times of a model in harness.yaml: one a command."""
    times = config.timeouts
    one_s = times.reply_s if config.command is None else max(times.reply_s, config.command.limit_s)
    return Line(
        limiter=Limiter(config.requests_per_minute, config.tokens_per_minute),
        breaker=Breaker(config.timeouts.outage_s),
        trial_s=config.timeouts.trial_s,
        longest_s=(times.trial_s or one_s) + _ENDS_S,
    )


@dataclass(slots=True)
class Asking:
    """A model as one trial asks it: over the line, within the trial's time."""

    line: Line
    model: Model
    left: Allowance | None
    asked: bool = False
    """Whether a request of the trial was made."""

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer; GaveUp once the line has given up."""
        line = self.line
        tokens = line.estimate(conversation)
        turn = await line.call(
            lambda: self._request(conversation, settings, seed),
            tokens,
            self.left,
            first=not self.asked,
        )
        line.took(tokens, turn.usage)
        return turn

    async def _request(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        self.asked = True
        return await self.model.respond(conversation, settings, seed)

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the model's own."""
        return self.model.fingerprint_parts()

    async def aclose(self) -> None:
        """Do nothing: the model outlives the trial."""


@dataclass(frozen=True, slots=True)
class OverLine:
    """A model whose every question goes over a line, as a question of its own: a judge."""

    line: Line
    model: Model
    slots: asyncio.Semaphore
    """As many as may be asked at once."""

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer; GaveUp once the line has given up. Late is never raised.

        What was answered and waits for its grade is graded, also when the command's time is over.
        """
        asking = Asking(self.line, self.model, self.line.allowance(), asked=True)
        async with self.slots:
            return await asking.respond(conversation, settings, seed)

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the model's own."""
        return self.model.fingerprint_parts()

    async def aclose(self) -> None:
        """Close the model."""
        await self.model.aclose()
