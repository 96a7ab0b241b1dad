"""Rate limits, the circuit breaker and retries, on a clock that the test moves."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tenacity.wait import wait_none

from harness.domain.project import Command, ModelConfig, Timeouts
from harness.domain.transcript import Conversation, Message, Turn, Usage
from harness.ports.model import OutOfTime, Unavailable
from harness.replay.breaker import Breaker
from harness.replay.limits import Late, Limiter
from harness.replay.line import GaveUp, Line, Retries, line_of
from harness.replay.silence import Silence


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        """Start at 1000 s."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds
        await asyncio.sleep(0)


def starts(limiter: Limiter, clock: Clock, tokens: list[float]) -> list[float]:
    """Return when requests of so many tokens start, one after the other."""

    async def main() -> list[float]:
        found = []
        for count in tokens:
            await limiter.admit(count)
            found.append(round(clock.now - 1000, 6))
        return found

    return asyncio.run(main())


def test_requests_are_spaced_evenly():
    """120 a minute are one every half second, and never more in any minute."""
    clock = Clock()
    limiter = Limiter(120, clock=clock, sleep=clock.sleep)
    assert starts(limiter, clock, [0.0] * 4) == [0.0, 0.5, 1.0, 1.5]


def test_tokens_are_spaced_by_what_they_were_in_truth():
    """6000 a minute are 100 a second; what an estimate missed is made up for."""
    clock = Clock()
    limiter = Limiter(tokens_per_minute=6000, clock=clock, sleep=clock.sleep)
    assert starts(limiter, clock, [100, 100]) == [0.0, 1.0]
    limiter.settle(100, 400)
    assert starts(limiter, clock, [100]) == [5.0]


def test_a_pause_holds_everybody():
    """What the endpoint asked for is kept, without limits of our own too."""
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    assert starts(limiter, clock, [0.0, 0.0]) == [0.0, 0.0]
    limiter.pause(7)
    assert starts(limiter, clock, [0.0, 0.0]) == [7.0, 7.0]


def test_a_breaker_asks_one_at_a_time_and_gives_up():
    """Open after twenty failures in a row; one request after each pause; closed by an answer."""
    clock = Clock()
    breaker = Breaker(60, clock=clock, sleep=clock.sleep)
    breaker.answered()
    for _ in range(20):
        assert not breaker.is_open
        breaker.failed("refused")
    assert breaker.is_open
    asyncio.run(breaker.admit())
    assert clock.now == pytest.approx(1000.5, abs=0.06)
    breaker.answered()
    assert not breaker.is_open
    for _ in range(20):
        breaker.failed("refused")

    async def wait_out() -> None:
        while True:
            await breaker.admit()
            breaker.failed("still refused")

    with pytest.raises(Unavailable, match=r"^still refused$"):
        asyncio.run(wait_out())
    assert 60 <= clock.now - 1000.5 < 72


def called(line: Line, ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return what comes of a call."""
    return asyncio.run(line.call(ask, 0.0))


def quick(**given: Any) -> Line:
    """Return a line that waits for nothing."""
    return Line(Retries(wait=wait_none()), **given)


def raising(error: Exception, times: int = 10**6) -> Callable[[], Awaitable[str]]:
    """Return a request that fails so often, and then is answered."""
    left = [times]

    async def ask() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise error
        return "restart"

    return ask


def test_a_model_never_reached_is_given_up_sooner():
    """Six attempts for a name that may be misspelt, ten once it had answered."""
    line = quick()
    with pytest.raises(GaveUp) as raised:
        called(line, raising(Unavailable("refused")))
    assert raised.value.attempts == 6
    assert called(line, raising(Unavailable("refused"), 3)) == "restart"
    with pytest.raises(GaveUp) as raised:
        called(line, raising(Unavailable("refused")))
    assert raised.value.attempts == 10


def test_what_was_answered_is_never_asked_again():
    """A model out of its time, or foreign code that breaks, had its chance."""
    for error in (OutOfTime("30 s"), ValueError("bad")):
        asked: list[int] = []

        async def ask(error: Exception = error, asked: list[int] = asked) -> str:
            asked.append(1)
            raise error

        with pytest.raises(type(error)):
            called(quick(), ask)
        assert len(asked) == 1


def test_an_endpoint_that_asks_for_too_long_a_pause_is_given_up():
    """Longer than an outage may last: the user is told instead of left waiting."""
    with pytest.raises(GaveUp) as raised:
        called(quick(), raising(Unavailable("429 Too Many Requests", 3600.0)))
    assert str(raised.value) == (
        "429 Too Many Requests (asks for 3600 s; timeouts.outage_s allows less)"
    )


def test_a_trial_has_its_time():
    """What is under way when it ends is out of time; what was never answered is no trial."""

    class Slow:
        async def respond(self, *_: Any) -> Turn:
            await asyncio.sleep(30)
            return Turn()

    async def main() -> None:
        line = quick(trial_s=0.05)
        model: Any = Slow()
        await line.trial(model).respond(Conversation(()), {}, 1)

    with pytest.raises(OutOfTime, match=r"^the 0\.05 s of the trial are over$"):
        asyncio.run(main())


def test_tokens_are_estimated_from_what_was_seen():
    """At first from the length of the conversation, then from the mean of the replies."""
    line = quick(limiter=Limiter(tokens_per_minute=1e9))
    asked = Conversation((Message(role="user", content="x" * 400),))
    assert line.estimate(asked) == 100 + 256
    line.took(356, Usage(90, 10))
    line.took(100, Usage(190, 10))
    line.took(100, Usage())
    assert line.estimate(asked) == 150


def test_waiting_takes_nothing_from_the_time_of_a_trial():
    """Neither for a rate limit, nor for a pause that was asked for, nor after a failure."""
    asked: list[float] = []

    class Busy:
        async def respond(self, *_: Any) -> Turn:
            asked.append(time.monotonic())
            if len(asked) in {1, 3}:
                raise Unavailable("429", 0.3)
            return Turn(text="restart")

    async def main() -> None:
        model: Any = Busy()
        trial = quick(trial_s=0.2, limiter=Limiter(requests_per_minute=200)).trial(model)
        for _ in range(2):
            assert (await trial.respond(Conversation(()), {}, 1)).text == "restart"

    asyncio.run(main())
    assert len(asked) == 4
    assert asked[-1] - asked[0] > 0.8


def test_the_time_of_a_trial_is_that_of_all_its_answers():
    """Turns that are each in time may together be too late."""

    class Slow:
        async def respond(self, *_: Any) -> Turn:
            await asyncio.sleep(0.06)
            return Turn(text="restart")

    async def main() -> int:
        model: Any = Slow()
        trial = quick(trial_s=0.2).trial(model)
        for number in range(10):
            try:
                await trial.respond(Conversation(()), {}, 1)
            except OutOfTime:
                return number
        return 10

    assert 1 <= asyncio.run(main()) <= 3


def test_a_request_that_is_too_late_lets_another_ask_in_its_stead():
    """An open breaker's one request must not be lost while it waits for its turn."""
    clock = Clock()
    breaker = Breaker(1000, clock=clock, sleep=clock.sleep)
    breaker.answered()
    for _ in range(20):
        breaker.failed("refused")
    line = Line(Retries(wait=wait_none()), Limiter(1, clock=clock, sleep=clock.sleep), breaker)
    line.limiter.pause(5)
    line.over = lambda: True
    with pytest.raises(Late):
        called(line, raising(ValueError("is not asked")))
    line.over = None
    clock.now += 5
    assert called(line, raising(ValueError("bad"), 0)) == "restart"


def test_a_model_that_answers_nothing_in_time_is_asked_no_more():
    """Eight in a row that never answered, twenty of one that has; an answer begins anew."""
    silence = Silence()
    assert [bool(silence.grew()) for _ in range(8)] == [False] * 7 + [True]
    silence = Silence()
    silence.broken()
    assert [bool(silence.grew()) for _ in range(20)] == [False] * 19 + [True]
    silence.broken()
    assert silence.grew() == ""
    line = quick()
    for _ in range(8):
        assert line.gone == ""
        with pytest.raises(OutOfTime):
            called(line, raising(OutOfTime("30 s")))
    told = "8 requests in a row ran out of their time, and none was ever answered"
    assert line.gone == told


def test_the_end_of_a_command_leaves_a_trial_its_time():
    """That of a trial, else that of a reply or of a program, and ten seconds to end by itself."""
    command = Command(argv=("agent",), limit_s=900.0)
    for timeouts, program, expected in (
        (Timeouts(), None, 310.0),
        (Timeouts(reply_s=20.0), None, 30.0),
        (Timeouts(reply_s=20.0, trial_s=60.0), command, 70.0),
        (Timeouts(), command, 910.0),
    ):
        config = ModelConfig(adapter="x", timeouts=timeouts, command=program)
        assert line_of(config).longest_s == expected
