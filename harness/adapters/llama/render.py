"""A transcript as a small model is shown it."""

import json
from collections.abc import Sequence

from harness.domain.record import Json
from harness.domain.transcript import Message, ToolCall

RENDER_VERSION = 1
"""Part of the fingerprint: another rendering is another model."""


def chat(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return plain system, user and assistant messages with the same content, in order.

    Many chat templates drop the tool role or know a call syntax that small models never learnt:
    a call is written as ``name(key=value)`` in the assistant's turn, a result as ``Result of
    name:`` and JSON in a user's turn. Turns of one role that follow each other become one, since
    many templates insist on taking turns.
    """
    plain: list[dict[str, str]] = []
    for message in messages:
        role, text = _turn(message)
        if plain and plain[-1]["role"] == role:
            plain[-1]["content"] = f"{plain[-1]['content']}\n\n{text}"
        else:
            plain.append({"role": role, "content": text})
    return plain


def _turn(message: Message) -> tuple[str, str]:
    text = _text(message.content)
    if message.role == "tool":
        return "user", f"Result of {message.name or 'the tool'}: {text}"
    if message.role == "assistant":
        lines = [text, *(_call(call) for call in message.tool_calls)]
        return "assistant", "\n".join(line for line in lines if line)
    return message.role, text


def _text(content: Json) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _call(call: ToolCall) -> str:
    if call.raw is not None:
        return f"{call.name}({call.raw})"
    arguments = (
        f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in call.arguments.items()
    )
    return f"{call.name}({', '.join(arguments)})"
