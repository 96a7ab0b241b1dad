"""A transcript as a small model is shown it."""

import json
from collections.abc import Sequence
from typing import Any

from harness.domain.record import Json
from harness.domain.transcript import Message, ToolCall, ToolSpec

RENDER_VERSION = 1
"""Part of the fingerprint: another rendering is another model."""


def plain(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return system, user and assistant messages with the same content, in order.

    Many chat templates drop the tool role, or write calls as small models never learnt to read
    them. So a call becomes ``name(key=value)`` in the assistant's turn, a result becomes ``Result
    of name:`` and JSON in the user's; turns of one role that follow each other become one, since
    many templates insist on taking turns.
    """
    turns: list[dict[str, Any]] = []
    for message in messages:
        role, text = _turn(message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] = f"{turns[-1]['content']}\n\n{text}"
        else:
            turns.append({"role": role, "content": text})
    return turns


def native(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return OpenAI-style messages, calls and results as such: for templates that know tools."""
    return [_native(message) for message in messages]


def tools(specs: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Return the tools as the OpenAI API has them."""
    return [
        {
            "type": "function",
            "function": {
                "name": spec.name,
                "description": spec.description,
                "parameters": dict(spec.parameters) or {"type": "object", "properties": {}},
            },
        }
        for spec in specs
    ]


def said_call(text: str, names: Sequence[str]) -> ToolCall | None:
    """Return the call that a reply consists of, when it was written as text, or None.

    Small coder models answer with the right JSON object but outside the tags that their template
    asks for: bare, in a code fence, or in doubled braces, which one template shows by mistake.
    """
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        bare = bare.strip("`").removeprefix("json").strip()
    for candidate in (bare, bare[1:-1]):
        try:
            said = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if not isinstance(said, dict):
            return None
        name, arguments = str(said.get("name")), said.get("arguments", {})
        if name in names and isinstance(arguments, dict):
            return ToolCall(name=name, arguments=arguments)
        return None
    return None


def read_call(call: dict[str, Any]) -> ToolCall:
    """Return a call that the runtime itself recognised."""
    name, text = call["function"]["name"], call["function"]["arguments"]
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        return ToolCall(name=name, raw=text, id=call.get("id"))
    return ToolCall(name=name, arguments=arguments, id=call.get("id"))


def _turn(message: Message) -> tuple[str, str]:
    text = _text(message.content)
    if message.role == "tool":
        return "user", f"Result of {message.name or 'the tool'}: {text}"
    if message.role == "assistant":
        lines = [text, *(_call(call) for call in message.tool_calls)]
        return "assistant", "\n".join(line for line in lines if line)
    return message.role, text


def _native(message: Message) -> dict[str, Any]:
    made: dict[str, Any] = {"role": message.role, "content": _text(message.content)}
    if message.tool_calls:
        made["tool_calls"] = [
            {
                "id": call.id or f"call_{place}",
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call)},
            }
            for place, call in enumerate(message.tool_calls)
        ]
    if message.role == "tool":
        made["tool_call_id"] = message.tool_call_id or "call_0"
    return made


def _text(content: Json) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _arguments(call: ToolCall) -> str:
    return call.raw if call.raw is not None else _text(dict(call.arguments))


def _call(call: ToolCall) -> str:
    if call.raw is not None:
        return f"{call.name}({call.raw})"
    arguments = (
        f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in call.arguments.items()
    )
    return f"{call.name}({', '.join(arguments)})"
