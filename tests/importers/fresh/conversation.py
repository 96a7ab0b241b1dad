"""One conversation with everything that makes formats differ, and what it must be read as."""

import json
from dataclasses import dataclass, replace
from typing import Any

from harness.domain.transcript import Message, Role, ToolCall

MODEL = "acme-medium-2026-05"
ANSWERED = "acme-medium-2026-05-17"
TOOLS: list[dict[str, Any]] = [
    {"name": "lag_of", "description": "How far a consumer group is behind.",
     "parameters": {"type": "object", "properties": {"group": {"type": "string"}},
                    "required": ["group"]}},
    {"name": "reset_offsets", "description": "Moves a group to the end of its topic.",
     "parameters": {"type": "object", "properties": {"group": {"type": "string"},
                                                     "to": {"type": "string"}}}},
]  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A tool call; its arguments as the model wrote them."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Step:
    """What one speaker said at one time."""

    role: Role
    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    answers: str = ""
    """For a tool's result: the call that it answers."""
    failed: bool = False
    image: str = ""
    """For a person: an image that was sent along."""


IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
STEPS = (
    Step("system", "You watch over the stream platform.\nAsk before you move offsets."),
    Step("user", "The billing group is red. The panel:", image=IMAGE),
    Step("assistant", "Two groups to look at.", thought="Red means lag, or a dead consumer.",
         calls=(Call("call_a1", "lag_of", '{"group": "billing"}'),
                Call("call_a2", "lag_of", '{"group": "mail"}'))),
    Step("tool", '{"lag": 88213, "members": [], "ok": false}', answers="call_a1"),
    Step("tool", "group mail: up to date", answers="call_a2"),
    Step("assistant", calls=(Call("call_b1", "reset_offsets", '{"group": "billing", "to"'),)),
    Step("tool", "arguments are no JSON", answers="call_b1", failed=True),
    Step("assistant", "The consumers are stuck, so I move the group to the end.",
         thought="88213 messages and no member.",
         calls=(Call("call_c1", "reset_offsets", '{"group": "billing", "to": "latest"}'),)),
    Step("tool", "timeout after 30 s", answers="call_c1", failed=True),
    Step("user", "Stop. What have you done?"),
    Step("assistant", "I moved the offsets of billing; 88213 messages are skipped."),
)  # fmt: skip


@dataclass(frozen=True)
class Can:
    """What is said, and what of it a format has a place for."""

    system: bool = True
    thought: bool = True
    broken: bool = True
    """Arguments that are no JSON object."""
    image: bool = True
    tools: bool = True
    failed: bool = False
    sampling: bool = True
    said: tuple[Step, ...] = STEPS


def steps(can: Can) -> tuple[Step, ...]:
    """Return the steps as a format can hold them: where it must, with whole arguments."""
    return tuple(
        step if can.broken else replace(step, calls=tuple(map(_whole, step.calls)))
        for step in can.said
        if can.system or step.role != "system"
    )


def _whole(call: Call) -> Call:
    return call if is_object(call) else replace(call, arguments="{}")


def is_object(call: Call) -> bool:
    """Whether a call's arguments are a JSON object."""
    try:
        return isinstance(json.loads(call.arguments), dict)
    except ValueError:
        return False


def expected(can: Can) -> list[Message]:
    """Return the canonical messages of what a format can hold."""
    names = {call.id: call.name for step in can.said for call in step.calls}
    made = []
    for step in steps(can):
        if step.role == "tool":
            content: Any = step.text
            if content[:1] in ("{", "["):
                content = json.loads(content)
            made.append(Message(role="tool", content=content, name=names[step.answers],
                                tool_call_id=step.answers))  # fmt: skip
            continue
        text = step.text
        if step.image and can.image:
            text += "\n\n[content of type image]"
        made.append(
            Message(role=step.role, content=text,
                    reasoning=(step.thought or None) if can.thought else None,
                    tool_calls=tuple(map(_call, step.calls)))
        )  # fmt: skip
    return made


def _call(call: Call) -> ToolCall:
    if is_object(call):
        return ToolCall(name=call.name, arguments=json.loads(call.arguments), id=call.id)
    return ToolCall(name=call.name, id=call.id, raw=call.arguments)


def turns(found: tuple[Step, ...]) -> list[tuple[tuple[Step, ...], Step]]:
    """Return what each call of the model was sent, and what it said."""
    return [(found[:n], step) for n, step in enumerate(found) if step.role == "assistant"]


def loads(call: Call) -> Any:
    """Return a call's arguments as a value."""
    return json.loads(call.arguments)
