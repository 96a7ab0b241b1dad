"""Building a trajectory message by message: turns are joined, results find their calls."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.domain.record import Json
from harness.domain.trajectory import Loss
from harness.domain.transcript import Message, Role, ToolCall, ToolSpec
from harness.importers.accounting import account_of
from harness.importers.blocks import Answered
from harness.ports.importer import Trajectory

_JOINT = "\n\n"


@dataclass(slots=True)
class Entry:
    """A message on its way: what the record has no place for stands beside it."""

    message: Message
    at: float | None = None
    failed: bool = False
    turn: str | None = None
    """What the pieces of one turn have in common."""
    compacted: bool = False
    """Whether a summary stands from here on for all that was said before."""


class Builder:
    """Takes what was said in order."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.entries: list[Entry] = []
        self.losses: Counter[tuple[str, str]] = Counter()
        self._compacted = False
        self.tools: dict[str, ToolSpec] = {}
        self.requested: str | None = None
        self.responded: str | None = None
        self.sampling: dict[str, Json] = {}

    def say(self, role: Role, text: str, at: float | None = None) -> None:
        """Take a message of a person or of the system."""
        self._add(Entry(Message(role=role, content=text), at))

    def _add(self, entry: Entry) -> None:
        entry.compacted, self._compacted = self._compacted, False
        self.entries.append(entry)

    def turn(
        self,
        text: str = "",
        reasoning: str = "",
        calls: Iterable[ToolCall] = (),
        *,
        at: float | None = None,
        turn: str | None = None,
    ) -> None:
        """Take what the agent said and called; pieces of one turn become one message."""
        calls = tuple(calls)
        open_ = self._open(turn)
        if open_ is not None:
            old = open_.message
            open_.message = replace(
                old,
                content=_joined(old.content, text),
                reasoning=_joined(old.reasoning or "", reasoning) or None,
                tool_calls=(*old.tool_calls, *calls),
            )
            return
        made = Message(
            role="assistant", content=text, reasoning=reasoning or None, tool_calls=calls
        )
        self._add(Entry(made, at, turn=turn))

    def _open(self, turn: str | None) -> Entry | None:
        """Return the message to which a piece of this turn belongs."""
        if turn is None:
            return None
        for entry in reversed(self.entries):
            if entry.message.role == "assistant":
                return entry if entry.turn == turn else None
            if entry.message.role != "tool" or turn == ITEMS:
                return None
        return None

    def answer(self, answered: Answered, at: float | None = None) -> None:
        """Take a tool's result."""
        for what in answered.dropped:
            self.lose(what, NOT_TEXT)
        made = Message(
            role="tool",
            content=answered.content,
            tool_call_id=answered.call_id,
            name=answered.name,
        )
        self._add(Entry(made, at, answered.failed))

    def lose(self, what: str, why: str, count: int = 1) -> None:
        """Note what is dropped."""
        if count:
            self.losses[what, why] += count

    def compacted(self) -> None:
        """Note that from here on the agent sees a summary of what was said before."""
        self._compacted = bool(self.entries)

    def tool(self, spec: ToolSpec | None) -> None:
        """Take the definition of a tool; the last of a name counts."""
        if spec is not None:
            self.tools[spec.name] = spec

    def settings(self, values: Mapping[str, Any]) -> None:
        """Take the sampling settings among some values; later ones count."""
        for key, value in values.items():
            if key in SAMPLING and value is not None and not isinstance(value, dict | list):
                self.sampling[key] = value

    def finish(self, source: Json, title: str = "") -> Trajectory:
        """Return what was taken; ``source`` is what the account of losses is made against."""
        entries = paired(joined(self.entries), self)
        times = [entry.at for entry in entries]
        start = min((at for at in times if at is not None), default=None)
        offsets = () if start is None else tuple(_offset(at, start) for at in times)
        if start is not None:
            self.lose("the day and hour of the conversation", "times are kept as offsets")
        told = tuple(
            Loss(what=what, why=why, count=count) for (what, why), count in self.losses.items()
        )
        return Trajectory(
            messages=tuple(entry.message for entry in entries),
            title=title,
            tools=tuple(self.tools.values()),
            requested_model=self.requested,
            responded_model=self.responded,
            sampling=dict(self.sampling),
            times_s=offsets,
            failed=tuple(n for n, entry in enumerate(entries) if entry.failed),
            compactions=tuple(n for n, entry in enumerate(entries) if entry.compacted),
            told=told,
            account=account_of(source),
        )


NOT_TEXT = "only text is replayed"
"""Why images, sounds and files are dropped."""

ITEMS = "items"
"""The turn of formats that write text, reasoning and calls as items in a row."""

SAMPLING = frozenset(
    {"temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "max_output_tokens",
     "seed", "stop", "stop_sequences", "presence_penalty", "frequency_penalty", "reasoning_effort",
     "tool_choice", "parallel_tool_calls", "n", "topP", "topK", "maxOutputTokens", "maxTokens",
     "min_p", "repetition_penalty", "verbosity", "service_tier"}
)  # fmt: skip


def joined(entries: list[Entry]) -> list[Entry]:
    """Return the entries with a turn's text and its calls in one message.

    Where an answer of several items is sent back to the model, some dialects write a message for
    each: text, then the calls that were made with it.
    """
    made: list[Entry] = []
    for entry in entries:
        last = made[-1] if made else None
        if last is not None and not entry.compacted and _same_turn(last.message, entry.message):
            message = replace(
                last.message,
                content=_joined(last.message.content, str(entry.message.content)),
                reasoning=_joined(last.message.reasoning or "", entry.message.reasoning or "")
                or None,
                tool_calls=entry.message.tool_calls,
            )
            made[-1] = replace(last, message=message)
        else:
            made.append(entry)
    return made


def _same_turn(first: Message, then: Message) -> bool:
    if first.role != "assistant" or then.role != "assistant" or first.tool_calls:
        return False
    return bool(then.tool_calls and not then.content) or not first.content


def paired(entries: list[Entry], builder: Builder) -> list[Entry]:
    """Return the entries with every call named, and every result tied to its call."""
    open_calls: list[ToolCall] = []
    known: dict[str, str] = {}
    made: list[Entry] = []
    number = orphans = 0
    for entry in entries:
        message = entry.message
        if message.tool_calls:
            calls = []
            for call in message.tool_calls:
                number += 1
                calls.append(call if call.id else replace(call, id=f"call-{number}"))
            message = replace(message, tool_calls=tuple(calls))
            open_calls += calls
            known |= {str(call.id): call.name for call in calls}
        elif message.role == "tool":
            own = _called(message, open_calls)
            if own is not None:
                open_calls.remove(own)
                message = replace(message, tool_call_id=own.id, name=own.name)
            elif message.tool_call_id in known:
                message = replace(message, name=known[str(message.tool_call_id)])
            else:
                orphans += 1
        made.append(replace(entry, message=message))
    why = "no call of that id stands before it in the source"
    builder.lose("the call that a tool's result answers", why, orphans)
    return made


def _called(message: Message, open_calls: list[ToolCall]) -> ToolCall | None:
    if message.tool_call_id is not None:
        return next((c for c in open_calls if c.id == message.tool_call_id), None)
    named = [call for call in open_calls if message.name in (None, "", call.name)]
    return named[0] if named else None


def _joined(one: Json, other: str) -> str:
    return _JOINT.join(text for text in (str(one), other) if text)


def _offset(at: float | None, start: float) -> float | None:
    return None if at is None else round(at - start, 6)


def tool_spec(value: Json) -> ToolSpec | None:
    """Return the definition of a tool, in whatever dialect it is written."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get("toolSpec"), Mapping):
        value = value["toolSpec"]
    if isinstance(value.get("function"), Mapping):
        value = value["function"]
    name = value.get("name")
    if not isinstance(name, str) or not name:
        return None
    described = value.get("description")
    return ToolSpec(
        name=name,
        description=described if isinstance(described, str) else "",
        parameters=_parameters(value),
    )


def _parameters(value: Mapping[str, Any]) -> dict[str, Json]:
    for key in ("parameters", "input_schema", "inputSchema", "args_schema", "json_schema"):
        found = value.get(key)
        if isinstance(found, str):
            try:
                found = json.loads(found)
            except (ValueError, RecursionError):
                continue
        if isinstance(found, Mapping):
            inner = found.get("json")
            return dict(inner) if isinstance(inner, Mapping) and len(found) == 1 else dict(found)
    return {}
