"""One trial: a model in the situation of a case."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from harness.adapters.scripted import ScriptedModel
from harness.domain.case import Condition, Recording
from harness.domain.transcript import (
    Conversation,
    Message,
    ToolCall,
    ToolSpec,
    Transcript,
    Turn,
    Usage,
)
from harness.errors import ModelError
from harness.graders.decision import SPEC as DECISION
from harness.graders.text import SPEC as TEXT
from harness.graders.tool_call import SPEC as TOOL_CALL
from harness.plan.prompts import conversation
from harness.ports.model import OutOfTime, Unavailable
from harness.replay import loop

Reply = str | Turn | Exception


def diagnose(**arguments: Any) -> Turn:
    """Return the turn that calls diagnose."""
    return Turn(tool_calls=(ToolCall(name="diagnose", arguments=arguments, id="c1"),))


def act(case: Any, *replies: Reply, grader: Any = TOOL_CALL, max_steps: int = 8) -> Any:
    """Return the transcript of a model that replies so, one reply a turn, and what it was shown."""
    shown: list[Conversation] = []
    turns = iter(replies)

    def respond(asked: Conversation, seed: int) -> Any:
        assert seed == 7
        shown.append(asked)
        reply = next(turns)
        if isinstance(reply, Exception):
            raise reply
        return reply

    closed = grader is DECISION
    transcript = asyncio.run(
        loop.run(
            ScriptedModel(respond),
            case,
            conversation(case, 0, closed=closed),
            grader.build({}),
            settings={},
            seed=7,
            max_steps=max_steps,
        )
    )
    return transcript, shown


@pytest.fixture
def case(make_case: Callable[..., Any]) -> Any:
    """Return a case with a tool that was called twice in the incident."""
    return make_case(
        tools=(ToolSpec(name="diagnose"), ToolSpec(name="page"), ToolSpec(name="restart")),
        recordings=(
            Recording(tool="diagnose", arguments={"queue": "a", "deep": True}, result={"depth": 5}),
            Recording(tool="diagnose", arguments={}, result="down", is_error=True),
        ),
        correct=("page",),
        failing=(Condition(tool="restart"),),
    )


def test_a_call_gets_the_result_that_was_recorded(case: Any):
    """The same tool with the same arguments, in whatever order, gets the incident's result."""
    page = Turn(tool_calls=(ToolCall(name="page"),))
    transcript, shown = act(case, diagnose(deep=True, queue="a"), page)
    result = Message(role="tool", content={"depth": 5}, tool_call_id="c1", name="diagnose")
    assert transcript.messages[1] == result
    assert shown[1].messages == (*case.messages, *transcript.messages[:2])
    assert [message.role for message in transcript.messages] == ["assistant", "tool", "assistant"]
    assert transcript.unrecorded_calls == 0
    assert transcript.error is transcript.failure is None


def test_an_error_that_was_recorded_is_told_as_one(case: Any):
    """A recorded error reaches the model as an object with the key error."""
    transcript, _ = act(case, diagnose(), "hm")
    assert transcript.messages[1].content == {"error": "down"}


@pytest.mark.parametrize(
    ("unrecorded", "content"), [("error", {"error": "diagnose did not answer"}), ("empty", "")]
)
def test_an_unrecorded_call_gets_what_the_case_says(
    make_case: Callable[..., Any], unrecorded: str, content: Any
):
    """The case chooses between an error and an empty result, and the call is counted."""
    case = make_case(unrecorded=unrecorded, correct=("page",), failing=("restart",))
    transcript, _ = act(case, diagnose(queue="b"), "I give up")
    assert transcript.messages[1].content == content
    assert transcript.unrecorded_calls == 1
    assert transcript.failure is None
    assert transcript.messages[2].content == "I give up"


def test_an_unrecorded_call_may_fail_the_trial(make_case: Callable[..., Any]):
    """Where the case says so the trial ends as a failure, before any result is made up."""
    case = make_case(unrecorded="fail", correct=("page",), failing=("restart",))
    transcript, shown = act(case, diagnose(queue="b"), "never asked")
    assert transcript.failure == "called diagnose in a way that no recording answers"
    assert (len(transcript.messages), len(shown)) == (1, 1)


def test_arguments_that_are_no_object_match_no_recording(case: Any):
    """A recording with no arguments is not the answer to a call that nobody can read."""
    wild = Turn(tool_calls=(ToolCall(name="diagnose", raw="{queue"),))
    transcript, _ = act(case, wild, "hm")
    assert transcript.messages[1].content == {"error": "diagnose did not answer"}
    assert transcript.unrecorded_calls == 1


def test_every_call_of_a_turn_is_answered(case: Any):
    """Two calls in one turn get two results, in their order."""
    both = Turn(tool_calls=(ToolCall(name="diagnose", id="a"), ToolCall(name="nothing", id="b")))
    transcript, _ = act(case, both, "hm")
    assert [(m.tool_call_id, m.name) for m in transcript.messages[1:3]] == [
        ("a", "diagnose"),
        ("b", "nothing"),
    ]


def test_the_trial_ends_when_the_grader_has_seen_enough(case: Any):
    """The call that settles it is not carried out, and the model is not asked again."""
    restart = Turn(tool_calls=(ToolCall(name="restart"),))
    transcript, shown = act(case, diagnose(), restart, "never asked")
    assert len(shown) == 2
    assert transcript.messages[-1].tool_calls == restart.tool_calls


def test_the_trial_ends_when_no_tool_is_called(case: Any):
    """A turn without a call is the last word."""
    transcript, shown = act(case, "I am done", "never asked", grader=TEXT)
    assert len(shown) == 1
    assert transcript.messages == (Message(role="assistant", content="I am done"),)


def test_a_closed_decision_takes_one_turn(case: Any):
    """The decision grader reads the first reply, whether or not it calls tools."""
    transcript, shown = act(case, diagnose(), "never asked", grader=DECISION)
    assert len(shown) == len(transcript.messages) == 1


def test_a_trial_takes_at_most_its_steps(case: Any):
    """After max_steps turns the trial ends, without error: the grader reads what there is."""
    transcript, shown = act(case, *[diagnose()] * 9, max_steps=3)
    assert len(shown) == 3
    assert len(transcript.messages) == 6
    assert transcript.error is None


def test_a_model_that_was_not_reached_has_made_no_trial(case: Any):
    """Before the first answer Unavailable passes through, to be tried again."""
    with pytest.raises(Unavailable, match=r"^refused$"):
        act(case, Unavailable("refused"))


def test_a_model_that_broke_off_after_an_answer_has(case: Any):
    """Once it has answered, what breaks is part of the transcript, with what was said before."""
    for broken, error in [
        (Unavailable("refused"), "broke off: refused"),
        (ValueError("bad reply"), "broke off: ValueError: bad reply"),
        (OutOfTime("30 s"), "out of time: 30 s"),
    ]:
        transcript, _ = act(case, diagnose(), broken)
        assert transcript.error == error
        assert len(transcript.messages) == 2


def test_a_model_that_ran_out_of_its_time_has_made_a_trial(case: Any):
    """Time that ran out before the first answer is a trial without messages."""
    transcript, _ = act(case, OutOfTime("30 s"))
    assert (transcript.error, transcript.messages) == ("out of time: 30 s", ())


def test_what_the_user_can_mend_is_no_outcome(case: Any):
    """A HarnessError of the adapter ends the check, also in the middle of a trial."""
    with pytest.raises(ModelError, match=r"^no key$"):
        act(case, diagnose(), ModelError("no key"))


def test_tokens_are_added_up_and_the_last_model_is_named(case: Any):
    """Usage is the sum of what the turns said; None only where no turn said anything."""
    first = Turn(
        tool_calls=(ToolCall(name="diagnose"),), usage=Usage(10, None), model="m-1", reasoning="hm"
    )
    transcript, _ = act(case, first, Turn(text="x", usage=Usage(20, 3)))
    assert transcript.usage == Usage(30, 3)
    assert transcript.responded_model == "m-1"
    assert transcript.messages[0].reasoning == "hm"
    assert transcript.latency_s >= 0
    silent, _ = act(case, "x")
    assert silent.usage == Usage(None, None)
    assert silent.responded_model is None


def test_one_turn_makes_a_transcript():
    """A trial that shares a prefill is the same transcript as one that does not."""
    turn = Turn(text="wait", usage=Usage(1, 2), model="m")
    transcript = loop.single_turn(turn, 0.5)
    assert transcript.messages == (Message(role="assistant", content="wait"),)
    assert (transcript.usage, transcript.latency_s) == (Usage(1, 2), 0.5)


def test_a_model_that_goes_in_circles_is_stopped(case: Any):
    """The same calls for the same results, three turns in a row, end the trial."""
    transcript, shown = act(case, *[diagnose()] * 9)
    assert len(shown) == 3
    assert transcript.stopped == "made the same calls 3 times in a row, with the same results"
    assert transcript.error is None
    turns = [diagnose(), diagnose(queue="b")] * 2
    transcript, shown = act(case, *turns, "done")
    assert (len(shown), transcript.stopped) == (5, None)


def test_a_poll_that_changes_is_no_circle(make_case: Callable[..., Any]):
    """The same call is made again and again while its results change."""
    held = [Recording(tool="poll", result=number) for number in range(5)]
    case = make_case(tools=(ToolSpec(name="poll"),), recordings=tuple(held))
    poll = Turn(tool_calls=(ToolCall(name="poll"),))
    transcript, shown = act(case, *[poll] * 5, "done")
    assert len(shown) == 6
    assert [m.content for m in transcript.messages if m.role == "tool"] == [0, 1, 2, 3, 4]


def test_spent_steps_are_said(case: Any):
    """A trial that took all of its steps says so, and is graded by what there is."""
    turns = [diagnose(queue=str(number)) for number in range(5)]
    transcript, _ = act(case, *turns, max_steps=4)
    assert transcript.stopped == "took all of its 4 steps"
    assert transcript.unrecorded_calls == 4


class Whole(ScriptedModel):
    """An agent with a loop of its own."""

    def __init__(self, *calls: str) -> None:
        """Take the tools that it calls, one after the other."""
        super().__init__(["done"])
        self.calls = calls

    async def run(self, case: Any, tools: Any, settings: Any, seed: int) -> Transcript:
        """Call them all."""
        messages: list[Message] = []
        for name in self.calls:
            call = ToolCall(name=name)
            messages += [Message(role="assistant", tool_calls=(call,)), tools.answer(call)]
        return Transcript((*messages, Message(role="assistant", content="done")), latency_s=-1.0)


def whole(case: Any, *calls: str) -> Transcript:
    """Return the transcript of an agent that makes these calls."""
    return asyncio.run(
        loop.act(
            Whole(*calls), case, conversation(case, 0, closed=False), TOOL_CALL.build({}),
            settings={}, seed=7, max_steps=2,
        )
    )  # fmt: skip


def test_a_whole_agent_is_counted_until_it_has_decided(case: Any):
    """What it called off the record counts, but for the call that settles it and those after."""
    transcript = whole(case, "diagnose", "other", "page", "other", "other")
    assert transcript.unrecorded_calls == 1
    assert len(transcript.messages) == 11
    assert transcript.latency_s >= 0
    assert whole(case, "page").unrecorded_calls == 0


def test_a_whole_agent_fails_where_the_case_says_so(make_case: Callable[..., Any]):
    """Under unrecorded: fail a call off the record fails the trial, unless it had decided."""
    case = make_case(unrecorded="fail", correct=("page",), failing=("restart",))
    assert whole(case, "other", "page").failure == (
        "called other in a way that no recording answers"
    )
    assert whole(case, "page", "other").failure is None


def test_a_whole_agent_gets_so_many_answers(case: Any):
    """Beyond sixteen calls a step, calls get an error and the agent is left to its own time."""
    transcript = whole(case, *["diagnose"] * 40)
    said = [m.content for m in transcript.messages if m.role == "tool"]
    assert said[31] == {"error": "down"}
    assert said[32] == {"error": "no further call is answered in this trial"}
