"""One trial: a model in the situation of a case, its tool calls answered from the recordings."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.domain.case import Case
from harness.domain.record import Json
from harness.domain.transcript import (
    Conversation,
    Message,
    ToolCall,
    Transcript,
    Turn,
    Usage,
)
from harness.errors import HarnessError, printable
from harness.plan.recordings import RecordedTools, matching
from harness.ports.grader import Grader
from harness.ports.model import Agent, Model, OutOfTime, Unavailable

_LONGEST_ERROR = 300
_CIRCLES = 3
"""Turns that make the same calls and get the same results, after which a trial ends."""
_CALLS_A_STEP = 16
"""Calls that a whole agent may make for each step of the eval's limit."""


@dataclass(slots=True)
class _Progress:
    messages: list[Message] = field(default_factory=list)
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str | None = None
    provider: str | None = None
    logprob: float | None = None
    unrecorded: int = 0
    failure: str | None = None
    error: str | None = None
    stopped: str | None = None
    _last: object = None
    _same: int = 0

    def circles(self, turn: Turn, results: Sequence[Message]) -> bool:
        """Say whether the model calls the same for the same results again and again."""
        calls = [(call.name, call.arguments, call.raw) for call in turn.tool_calls]
        made = (calls, [result.content for result in results])
        self._same = self._same + 1 if made == self._last else 1
        self._last = made
        return self._same >= _CIRCLES

    def take(self, turn: Turn) -> None:
        self.messages.append(said(turn))
        self.input_tokens = _plus(self.input_tokens, turn.usage.input_tokens)
        self.output_tokens = _plus(self.output_tokens, turn.usage.output_tokens)
        self.model = turn.model or self.model
        self.provider = turn.provider or self.provider
        self.logprob = turn.logprob

    def transcript(self, latency_s: float) -> Transcript:
        return Transcript(
            messages=tuple(self.messages),
            usage=Usage(self.input_tokens, self.output_tokens),
            responded_model=self.model,
            provider=self.provider,
            logprob=self.logprob,
            latency_s=latency_s,
            unrecorded_calls=self.unrecorded,
            failure=self.failure,
            error=self.error,
            stopped=self.stopped,
        )


def _plus(total: int | None, more: int | None) -> int | None:
    return total if more is None else (total or 0) + more


def shortened(error: str) -> str:
    """Return an error's words as a record keeps them: in one line, printable, not endless."""
    return printable(error, _LONGEST_ERROR)


def said(turn: Turn) -> Message:
    """Return a model's turn as a message of the transcript."""
    return Message(
        role="assistant",
        content=turn.text,
        reasoning=turn.reasoning,
        tool_calls=turn.tool_calls,
    )


def single_turn(turn: Turn, latency_s: float) -> Transcript:
    """Return the transcript of a trial that one turn settles."""
    progress = _Progress()
    progress.take(turn)
    return progress.transcript(latency_s)


async def run(
    model: Model,
    case: Case,
    conversation: Conversation,
    grader: Grader,
    *,
    settings: Mapping[str, Json],
    seed: int,
    max_steps: int,
) -> Transcript:
    """Let the model act until the grader sees a decision, it stops calling tools, or runs out.

    Raises Unavailable while nothing was answered. Once the model has answered, whatever breaks is
    part of the transcript: dropping it would drop evidence.
    """
    progress, started = _Progress(), time.perf_counter()
    await _turns(model, case, conversation, grader, settings, seed, max_steps, progress)
    return progress.transcript(time.perf_counter() - started)


async def act(
    agent: Agent,
    case: Case,
    conversation: Conversation,
    grader: Grader,
    *,
    settings: Mapping[str, Json],
    seed: int,
    max_steps: int,
) -> Transcript:
    """Let a whole agent, which has a loop of its own, act until it is done; errors as for run."""
    started = time.perf_counter()
    shown = replace(case, messages=conversation.messages, tools=conversation.tools)
    tools = RecordedTools(shown, at_most=max_steps * _CALLS_A_STEP)
    acted = await agent.run(shown, tools, settings, seed)
    counted = _counted(case, acted, grader)
    return replace(counted, latency_s=time.perf_counter() - started)


async def _turns(
    model: Model,
    case: Case,
    conversation: Conversation,
    grader: Grader,
    settings: Mapping[str, Json],
    seed: int,
    max_steps: int,
    progress: _Progress,
) -> None:
    tools: RecordedTools | None = None
    for _ in range(max_steps):
        # The first request is the same for all trials of a case in one order, object and all.
        asked = conversation if not progress.messages else _after(conversation, progress.messages)
        turn = await _respond(model, asked, settings, seed, progress)
        if turn is None:
            return
        progress.take(turn)
        if not turn.tool_calls or grader.decided(case, progress.messages):
            return
        before = len(progress.messages)
        tools = tools or RecordedTools(case)
        if not _answer(case, turn.tool_calls, tools, progress):
            return
        if progress.circles(turn, progress.messages[before:]):
            progress.stopped = (
                f"made the same calls {_CIRCLES} times in a row, with the same results"
            )
            return
    progress.stopped = f"took all of its {max_steps} steps"


def _after(conversation: Conversation, messages: Sequence[Message]) -> Conversation:
    shown = (*conversation.messages, *messages)
    return Conversation(shown, conversation.tools, conversation.choices)


async def _respond(
    model: Model,
    asked: Conversation,
    settings: Mapping[str, Json],
    seed: int,
    progress: _Progress,
) -> Turn | None:
    """Return the next turn; None when the model broke off after an answer, or ran out of time."""
    try:
        return await model.respond(asked, settings, seed)
    except OutOfTime as error:
        progress.error = shortened(f"out of time: {error}")
    except Unavailable as error:
        if not progress.messages:
            raise
        progress.error = shortened(f"broke off: {error}")
    except HarnessError:
        raise
    except Exception as error:
        if not progress.messages:
            raise
        progress.error = shortened(f"broke off: {type(error).__name__}: {error}")
    return None


def _answer(
    case: Case, calls: Sequence[ToolCall], tools: RecordedTools, progress: _Progress
) -> bool:
    """Answer the calls of one turn in their order; False when one of them fails the trial."""
    for call in calls:
        result = tools.answer(call)
        missed, progress.unrecorded = tools.unrecorded - progress.unrecorded, tools.unrecorded
        if missed and case.unrecorded == "fail":
            progress.failure = _unanswered(call)
            return False
        progress.messages.append(result)
    return True


def _unanswered(call: ToolCall) -> str:
    return f"called {shortened(call.name)} in a way that no recording answers"


def _counted(case: Case, acted: Transcript, grader: Grader) -> Transcript:
    """Return an agent's transcript with what it called off the record, until it had decided.

    The call that settles the trial needs no recording, nor does what comes after it.
    """
    unrecorded, failure = 0, None
    for index, message in enumerate(acted.messages):
        if not message.tool_calls:
            continue
        if grader.decided(case, acted.messages[: index + 1]):
            break
        missed = [call for call in message.tool_calls if not matching(case, call)]
        unrecorded += len(missed)
        if missed and case.unrecorded == "fail":
            failure = _unanswered(missed[0])
            break
    return replace(acted, unrecorded_calls=unrecorded, failure=failure)
