"""The canonical transcript: what was said and done, by whom, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.domain.record import Json, Text, record

Role = Literal["system", "user", "assistant", "tool"]


@record
class ToolCall:
    """A call that an agent made or wants to make."""

    name: Text
    """The tool's name."""
    arguments: Mapping[str, Json] = field(default_factory=dict)
    """The arguments as an object."""
    id: str | None = None
    """The identifier that ties the result to the call."""
    raw: str | None = None
    """The arguments as the model wrote them, kept when they are no JSON object."""


@record
class ToolSpec:
    """A tool as the model sees it."""

    name: Text
    """The tool's name."""
    description: str = ""
    """What the model is told about it."""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """The JSON Schema of its arguments."""


@record
class Message:
    """One message of a transcript."""

    role: Role
    """Who speaks: system, user, assistant or tool."""
    content: Json = ""
    """The text; for a tool result any JSON value, shown to the model as JSON."""
    sentences: tuple[Text, ...] = ()
    """Sentences that follow the content in an order drawn anew for every trial."""
    reasoning: str | None = None
    """The model's reasoning, where the source kept it."""
    tool_calls: tuple[ToolCall, ...] = ()
    """The calls that an assistant message makes."""
    tool_call_id: str | None = None
    """For a tool result: the call that it answers."""
    name: str | None = None
    """For a tool result: the tool's name."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that one turn took; None where the model does not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What a model answered to one conversation."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str | None = None
    stop: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    provider: str | None = None
    """The provider's own fingerprint of what answered, where it gives one."""
    logprob: float | None = None
    """The log-probability of the text as a whole, where it was asked for."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a model is asked: messages, and the closed set of replies where there is one.

    ``choices`` are the decision names in the order in which this trial shows them; an adapter
    that can constrain decoding allows nothing else, others ignore them. ``form`` is, likewise, the
    JSON Schema of the one object that the reply must be.
    """

    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    choices: tuple[str, ...] = ()
    form: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that a trial brought forth after the case's own messages."""

    messages: tuple[Message, ...]
    usage: Usage = Usage()
    responded_model: str | None = None
    provider: str | None = None
    """The provider's own fingerprint of what answered last."""
    logprob: float | None = None
    """The log-probability of the last turn's text, where it was asked for."""
    latency_s: float = 0.0
    unrecorded_calls: int = 0
    failure: str | None = None
    """Why the trial failed by the case's own rule, whatever was decided."""
    error: str | None = None
    """Why there is no answer to grade, when the model ran out of its time or broke off."""
    stopped: str | None = None
    """Why the trial ended before the model was done: no step was left, or it went in circles."""
