"""Many trials at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from tenacity.wait import wait_none

from harness.adapters.scripted import ScriptedModel
from harness.domain.transcript import Conversation, Message, Transcript, Turn
from harness.domain.trial import Grade, Outcome, TrialError, TrialResult, TrialSpec
from harness.errors import LedgerError, ModelError
from harness.graders.decision import SPEC as DECISION
from harness.graders.tool_call import SPEC as TOOL_CALL
from harness.plan.prompts import conversation
from harness.ports.model import OutOfTime, Unavailable
from harness.replay.limits import Limiter
from harness.replay.line import Line, Retries
from harness.replay.runner import Job, Runner

Reported = list[TrialResult | TrialError]
QUICK = Retries(attempts=4, wait=wait_none())


class SharedModel(ScriptedModel):
    """Answers many seeds in one call, and notes which."""

    def __init__(self, respond: Callable[[Conversation, int], Any]) -> None:
        """Take the function that answers one seed."""
        super().__init__(respond)
        self.asked: list[tuple[tuple[str, ...], list[int]]] = []

    async def respond_many(
        self, asked: Conversation, settings: Mapping[str, Any], seeds: Sequence[int]
    ) -> list[Turn]:
        """Answer each seed as respond does."""
        self.asked.append((asked.choices, list(seeds)))
        return [await self.respond(asked, settings, seed) for seed in seeds]


def spec(number: int, seed: int | None = None, shuffle: int = 0, case: str = "silent") -> TrialSpec:
    """Return a planned trial."""
    chosen = number if seed is None else seed
    return TrialSpec(f"{number}", "stall", case, "base", number, 0, chosen, shuffle)


@pytest.fixture
def job(make_case: Callable[..., Any]) -> Callable[..., Job]:
    """Return a function that makes a job."""

    def make(number: int, seed: int | None = None, shuffle: int = 0, **given: Any) -> Job:
        case = make_case(**given)
        return Job(spec(number, seed, shuffle), case, conversation(case, shuffle, closed=True))

    return make


def runner(model: Any, **given: Any) -> Runner:
    """Return a runner that retries at once."""
    known: dict[str, Any] = {
        "grader": DECISION.build({}), "settings": {}, "concurrency": 4, "one_turn": True,
        "line": Line(QUICK),
    }  # fmt: skip
    return Runner(model=model, **{**known, **given})


def replay(model: Any, jobs: Sequence[Job], **given: Any) -> Reported:
    """Return what was reported of some jobs."""
    reported: Reported = []

    async def report(result: TrialResult | TrialError) -> None:
        reported.append(result)

    asyncio.run(runner(model, **given).replay(jobs, report))
    return reported


def raising(error: BaseException) -> Callable[[Conversation, int], Any]:
    """Return a model's function that raises."""

    def respond(_asked: Conversation, _seed: int) -> Any:
        raise error

    return respond


def test_every_job_is_reported_once_with_its_own_reply(job: Any):
    """Each trial gets the reply to its own seed."""
    jobs = [job(number) for number in range(20)]
    replies = ("restart", "wait", "hm")
    reported = replay(ScriptedModel(replies), jobs)
    assert Counter(result.spec.id for result in reported) == Counter(str(n) for n in range(20))
    expected = {0: Outcome.PASS, 1: Outcome.FAIL, 2: Outcome.UNGRADED}
    for result in reported:
        assert isinstance(result, TrialResult)
        assert result.grade.outcome is expected[result.spec.seed % 3]


def test_no_jobs_are_no_work(job: Any):
    """Nothing planned, nothing reported."""
    assert replay(ScriptedModel(("restart",)), []) == []
    assert job


def test_a_model_that_comes_back_has_lost_nothing(job: Any):
    """A trial is tried again while nothing was answered, with the same seed."""
    seen: Counter[int] = Counter()

    def respond(_asked: Conversation, seed: int) -> str:
        seen[seed] += 1
        if seen[seed] < 4:
            raise Unavailable("refused")
        return "restart"

    reported = replay(ScriptedModel(respond), [job(n) for n in range(5)])
    assert [type(result) for result in reported] == [TrialResult] * 5
    assert seen == Counter(dict.fromkeys(range(5), 4))


def test_a_model_that_stays_away_leaves_errors(job: Any):
    """After the last attempt the trial is reported as an error with its count of attempts."""
    reported = replay(ScriptedModel(raising(Unavailable("refused\x1b[31m"))), [job(1)])
    assert reported == [TrialError(spec(1), "refused\\x1b[31m", 4)]


def test_an_error_without_words_is_named(job: Any):
    """An empty message is no explanation, so the error's name stands in."""
    assert replay(ScriptedModel(raising(Unavailable())), [job(1)]) == [
        TrialError(spec(1), "Unavailable", 4)
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("bad"), "ValueError: bad"),
        (ValueError(), "ValueError"),
        (KeyError("x\n\x1b[2J"), "KeyError: 'x\\n\\x1b[2J'"),
        (ValueError("x" * 400), "ValueError: " + "x" * 287 + "…"),
        (OutOfTime("30 s"), "out of time: 30 s"),
        (SystemExit(0), "SystemExit: 0"),
        (asyncio.CancelledError("of its own"), "CancelledError: of its own"),
        (RecursionError("deep"), "RecursionError: deep"),
    ],
)
def test_whatever_a_model_raises_is_an_ungraded_trial(job: Any, error: BaseException, reason: str):
    """It may have come after an answer, so the trial counts; exits and cancellations as well."""
    reported = replay(ScriptedModel(raising(error)), [job(n) for n in range(6)])
    assert [result.spec.seed for result in reported] == list(range(6))
    for result in reported:
        assert isinstance(result, TrialResult)
        assert result.grade == Grade(Outcome.UNGRADED, None, reason)


def test_what_the_user_can_mend_ends_the_replay(job: Any):
    """A HarnessError of the adapter is raised as it is, not as a group of errors."""
    with pytest.raises(ModelError, match=r"^no key$"):
        replay(ScriptedModel(raising(ModelError("no key"))), [job(n) for n in range(9)])


def test_a_ledger_that_refuses_ends_the_replay(job: Any):
    """An error of the report is raised as it is, from shared and single trials alike."""

    async def report(_result: TrialResult | TrialError) -> None:
        raise LedgerError("disk full")

    for model in (ScriptedModel(("restart",)), SharedModel(lambda _a, _s: "restart")):
        with pytest.raises(LedgerError, match=r"^disk full$"):
            asyncio.run(runner(model).replay([job(n) for n in range(9)], report))


def test_no_more_trials_are_under_way_than_allowed(job: Any):
    """The bound holds at every moment, and is reached."""
    now = most = 0

    class Slow(ScriptedModel):
        async def respond(
            self, conversation: Conversation, settings: Mapping[str, Any], seed: int
        ) -> Turn:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1
            return await super().respond(conversation, settings, seed)

    replay(Slow(("restart",)), [job(n) for n in range(30)], concurrency=3)
    assert most == 3


def test_trials_of_one_request_share_a_prefill(job: Any):
    """Consecutive seeds of one case in one order are one call; other orders and gaps are others."""
    model = SharedModel(lambda _asked, seed: "restart" if seed % 2 else "wait")
    jobs = [job(n, seed, shuffle) for n, (seed, shuffle) in enumerate(
        [(10, 0), (900, 1), (12, 0), (11, 0), (14, 0), (901, 1)])]  # fmt: skip
    reported = replay(model, jobs)
    assert sorted(model.asked) == [
        (("restart", "wait"), [10, 11, 12]),
        (("restart", "wait"), [14]),
        (("wait", "restart"), [900, 901]),
    ]
    assert {(r.spec.seed, r.grade.outcome) for r in reported if isinstance(r, TrialResult)} == {
        (seed, Outcome.PASS if seed % 2 else Outcome.FAIL) for seed in (10, 11, 12, 14, 900, 901)
    }


def test_a_shared_call_that_breaks_is_every_trials(job: Any):
    """Unavailable leaves an error for each trial of the call; anything else an ungraded trial."""
    jobs = [job(n) for n in range(3)]
    gone = replay(SharedModel(raising(Unavailable("refused"))), jobs)
    assert gone == [TrialError(spec(n), "refused", 4) for n in range(3)]
    broken = replay(SharedModel(raising(ValueError("bad"))), jobs)
    assert [r.grade.reason for r in broken if isinstance(r, TrialResult)] == ["ValueError: bad"] * 3


def test_too_few_replies_are_ungraded_trials_and_not_lost_ones(job: Any):
    """A shared call that returns fewer turns than seeds is a bug that no trial vanishes in."""

    class Short(SharedModel):
        async def respond_many(
            self, asked: Conversation, settings: Mapping[str, Any], seeds: Sequence[int]
        ) -> list[Turn]:
            return (await super().respond_many(asked, settings, seeds))[:-1]

    reported = replay(Short(lambda _a, _s: "restart"), [job(n) for n in range(3)])
    assert [r.grade for r in reported if isinstance(r, TrialResult)] == [
        Grade(Outcome.UNGRADED, None, "ValueError: got 2 turns for 3 seeds")
    ] * 3


def test_a_grader_of_many_turns_shares_nothing(job: Any):
    """Where a trial may take several turns, each is replayed alone."""
    model = SharedModel(lambda _asked, _seed: "restart")
    replay(model, [job(n) for n in range(3)], one_turn=False)
    assert model.asked == []


def test_what_was_answered_is_reported_when_the_check_is_cancelled(job: Any):
    """Ctrl-C while the first of several shared trials is reported loses none of them."""
    reported: list[str] = []
    started = asyncio.Event()

    async def report(result: TrialResult | TrialError) -> None:
        reported.append(result.spec.id)
        started.set()
        await asyncio.sleep(3600)

    async def main() -> None:
        model = SharedModel(lambda _asked, _seed: "restart")
        jobs = [job(n) for n in range(5)] + [job(n, n + 100) for n in range(5, 9)]
        task = asyncio.create_task(runner(model).replay(jobs, report))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(model.asked) == 1

    asyncio.run(main())
    assert reported == ["0", "1", "2", "3", "4"]


def test_no_trial_starts_after_a_cancellation(job: Any):
    """Trials under way end with the cancellation, and none that waits is begun."""
    seen: list[int] = []
    both = asyncio.Event()

    class Hanging(ScriptedModel):
        async def respond(
            self, conversation: Conversation, settings: Mapping[str, Any], seed: int
        ) -> Turn:
            seen.append(seed)
            if len(seen) == 2:
                both.set()
            await asyncio.sleep(3600)
            return await super().respond(conversation, settings, seed)

    async def report(result: TrialResult | TrialError) -> None:
        raise AssertionError(result)

    async def main() -> None:
        jobs = [job(n) for n in range(10)]
        task = asyncio.create_task(runner(Hanging(("x",)), concurrency=2).replay(jobs, report))
        await both.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == [0, 1]


class Broken:
    """A grader that raises."""

    def decided(self, case: Any, messages: Sequence[Message]) -> bool:
        """Say that one message settles it."""
        return bool(messages) or not case

    def grade(self, case: Any, transcript: Transcript) -> Grade:
        """Break."""
        raise ZeroDivisionError(f"on {case.id} with {len(transcript.messages)}")


def test_a_grader_that_raises_leaves_the_trial_ungraded(job: Any):
    """Its error is the reason, and the transcript is kept; unparsed: fail does not apply."""
    for fails in (False, True):
        (result,) = replay(
            ScriptedModel(("restart",)), [job(1)], grader=Broken(), unparsed_fails=fails
        )
        assert isinstance(result, TrialResult)
        reason = "the grader broke: ZeroDivisionError: on silent with 1"
        assert result.grade == Grade(Outcome.UNGRADED, None, reason)
        assert result.transcript.messages[0].content == "restart"


def test_an_eval_says_what_a_reply_is_that_fits_nothing(job: Any):
    """unparsed: fail makes it a failure with its reason; a trial that broke stays ungraded."""
    (result,) = replay(ScriptedModel(("hm",)), [job(1)], unparsed_fails=True)
    assert isinstance(result, TrialResult)
    expected = "expected one of restart, wait, got hm"
    assert result.grade == Grade(Outcome.FAIL, None, expected)
    (late,) = replay(ScriptedModel(raising(OutOfTime("30 s"))), [job(1)], unparsed_fails=True)
    assert isinstance(late, TrialResult)
    assert late.grade == Grade(Outcome.UNGRADED, None, "out of time: 30 s")


def test_a_case_may_fail_a_trial_by_its_own_rule(job: Any):
    """An unrecorded call under unrecorded: fail fails, also where the grader sees no failure."""
    reply = {"tool_calls": [{"function": {"name": "diagnose", "arguments": "{}"}}]}
    made = job(1, unrecorded="fail", correct=("page",), failing=("restart",))
    for grader in (TOOL_CALL.build({}), Breaking()):
        (result,) = replay(ScriptedModel((reply,)), [made], grader=grader, one_turn=False)
        assert isinstance(result, TrialResult)
        assert result.grade.outcome is Outcome.FAIL
        assert result.grade.reason == "called diagnose in a way that no recording answers"


class Breaking(Broken):
    """A grader that never sees enough, and then raises."""

    def decided(self, case: Any, messages: Sequence[Message]) -> bool:
        """Say that nothing settles it."""
        return False


def test_waiting_between_attempts_grows_with_chance():
    """A request is made ten times, six of a model never reached, with random waits up to 8 s."""
    retries = Retries()
    assert (retries.before_reached, retries.attempts) == (6, 10)
    for attempts in range(1, 11):
        longest = min(0.25 * 2 ** (attempts - 1), 8.0)
        drawn = [retries.pause_s(attempts) for _ in range(200)]
        assert all(0 <= pause <= longest for pause in drawn)
        # 200 uniform draws all lie in one half with probability 2**-199.
        assert min(drawn) < longest / 2 < max(drawn)


def test_a_wait_for_the_rate_limit_ends_with_the_time(job: Any):
    """One request an hour and no time left: the first is answered, the others never were trials."""
    asked = [0]

    def respond(_conversation: Conversation, _seed: int) -> str:
        asked[0] += 1
        return "check_producer"

    line = Line(retries=QUICK, limiter=Limiter(requests_per_minute=1 / 60))
    jobs = [job(n) for n in range(4)]
    found = replay(ScriptedModel(respond), jobs, line=line, over=lambda: asked[0] > 0)
    assert asked == [1]
    assert len(found) == 1
    assert isinstance(found[0], TrialResult)


class Hanging(ScriptedModel):
    """Never answers a seed that is even."""

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Any], seed: int
    ) -> Turn:
        """Answer, or hang."""
        if seed % 2 == 0:
            await asyncio.sleep(3600)
        return await super().respond(conversation, settings, seed)


def test_what_hangs_when_the_time_is_over_is_broken_off(job: Any):
    """It gets as long as a trial may take, and was no trial: its place is filled another time."""
    line = Line(retries=QUICK, longest_s=0.1)
    jobs = [job(number) for number in range(8)]
    found = replay(Hanging(("restart",)), jobs, line=line, ends_at=time.monotonic() + 0.1)
    assert [result.spec.id for result in found] == ["1", "3", "5"]


def test_a_line_that_is_gone_begins_no_trial(job: Any):
    """Neither the model's own nor that of its judge."""
    gone = Line(QUICK)
    gone.gone = "it does not answer"
    for lines in ({"line": gone}, {"grading": gone}):
        assert replay(ScriptedModel(("restart",)), [job(1)], **lines) == []


class Endless(ScriptedModel):
    """A whole agent that never comes to an end."""

    async def run(self, case: Any, tools: Any, settings: Any, seed: int) -> Transcript:
        """Act for ever."""
        await asyncio.sleep(3600)
        raise AssertionError


@pytest.mark.slow
def test_a_whole_agent_has_the_time_of_a_trial(job: Any):
    """And a little more, to end by itself with all that it did."""
    (result,) = replay(Endless(("x",)), [job(1)], line=Line(QUICK, trial_s=0.1))
    assert isinstance(result, TrialResult)
    assert result.transcript.error == "out of time: the 0.1 s of the trial are over"
    assert result.grade.outcome is Outcome.UNGRADED
