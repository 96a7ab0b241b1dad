"""Adapter ``anthropic``: the messages API."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.adapters.endpoint import Endpoint, address, encoded, key_of
from harness.adapters.openai import (
    NETWORK_KEYS,
    check_settings,
    decision_schema,
    public_url,
    text_or_none,
    token_count,
)
from harness.adapters.openai_format import text_of
from harness.adapters.remembered import Remembered
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Message, ToolCall, Turn, Usage
from harness.ports.model import AdapterContext, AdapterSpec, Model, Unusable
from harness.ports.secrets import SHORTEST_KEY, Secrets

ADAPTER_VERSION = 1
"""Part of the fingerprint: raised when a change may change what the model answers."""

_BASE = "https://api.anthropic.com/v1"
_PATH = "/messages"
_API = "2023-06-01"
_MAX_TOKENS = 1024
"""The API wants to be told; part of the fingerprint like every other setting."""
_RESERVED = frozenset({"model", "messages", "system", "tools", "tool_choice", "stream", "seed"})
_CHOICES = ("free", "tool")
_DECIDE = "decide"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Block = dict[str, Any]


class AnthropicModel:
    """A model behind a messages endpoint; the API takes no seeds, so trials differ by chance."""

    def __init__(self, config: ModelConfig, endpoint: Endpoint, secrets: Secrets) -> None:
        """Take the model's configuration and its endpoint; ModelError for settings of no use."""
        self._model = config.model
        self._endpoint = endpoint
        self._secrets = secrets
        self._seen = Remembered()
        self._parts = {
            "adapter_version": ADAPTER_VERSION,
            "base_url": public_url(config.base_url or _BASE),
            "headers": {"anthropic-version": _API, **config.headers},
            "default_max_tokens": _MAX_TOKENS,
        }
        check_settings(config.settings, _RESERVED, _CHOICES)

    async def respond(
        self,
        conversation: Conversation,
        settings: Mapping[str, Json],
        seed: int,  # noqa: ARG002 - the API takes none
    ) -> Turn:
        """Answer once; see the port."""
        reply = await self._endpoint.ask(encoded(self._body(conversation, settings)))
        try:
            turn = _turn(reply)
        except (TypeError, ValueError) as error:
            raise Unusable(f"the reply cannot be read: {self._endpoint.shown(error)}") from None
        self._seen.refuse_again(reply.get("id"))
        return self._secrets.redact_turn(turn)

    def _body(self, conversation: Conversation, settings: Mapping[str, Json]) -> dict[str, Json]:
        system = [text_of(m.content) for m in conversation.messages if m.role == "system"]
        body: dict[str, Any] = {
            "model": self._model,
            "max_tokens": _MAX_TOKENS,
            **{name: value for name, value in settings.items() if name != "choices"},
            "messages": messages_to_blocks(m for m in conversation.messages if m.role != "system"),
        }
        if system:
            body["system"] = "\n\n".join(system)
        if conversation.choices:
            if settings.get("choices") == "tool":
                body.update(_decide(decision_schema(conversation.choices)))
        elif conversation.form is not None:
            if settings.get("choices", "tool") == "tool":
                body.update(_decide(conversation.form))
        elif conversation.tools:
            body["tools"] = [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "input_schema": dict(tool.parameters) or {"type": "object"},
                }
                for tool in conversation.tools
            ]
        return body

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return where it is asked and how."""
        return self._parts

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()


def _decide(schema: Mapping[str, Json]) -> dict[str, Json]:
    told = "Say what you decide."
    return {
        "tools": [{"name": _DECIDE, "description": told, "input_schema": dict(schema)}],
        "tool_choice": {"type": "tool", "name": _DECIDE},
    }


def messages_to_blocks(messages: Iterable[Message]) -> list[Block]:
    """Return messages without a system's as turns of user and assistant, in blocks.

    The API takes a call only if its result follows at once, and a result only after its call:
    what has no counterpart is told in words.
    """
    told: list[tuple[str, Block]] = []
    pending = list(messages)
    for place, message in enumerate(pending):
        if message.role == "tool":
            continue  # with the turn that called
        text = text_of(message.content)
        if text.strip():
            told.append((message.role, {"type": "text", "text": text}))
        results = _following(pending, place + 1)
        told += _exchange(message.tool_calls, results, place)
    merged: list[Block] = []
    for role, block in told:
        if not merged or merged[-1]["role"] != role:
            merged.append({"role": role, "content": []})
        merged[-1]["content"].append(block)
    return merged


def _following(messages: Sequence[Message], start: int) -> list[Message]:
    found = []
    for message in messages[start:]:
        if message.role != "tool":
            break
        found.append(message)
    return found


def _exchange(
    calls: Sequence[ToolCall], results: list[Message], place: int
) -> list[tuple[str, Block]]:
    asked: list[tuple[str, Block]] = []
    answered: list[tuple[str, Block]] = []
    left = list(results)
    for number, call in enumerate(calls):
        found = _answer(call, left)
        if found is None or call.raw is not None:
            words = f"(called {call.name} with {call.raw or json.dumps(dict(call.arguments))})"
            asked.append(("assistant", {"type": "text", "text": words}))
            continue
        left.remove(found)
        own = f"call_{place}_{number}"
        whole = call.id if call.id and _ID.fullmatch(call.id) else own
        used = {block["id"] for _, block in asked if block["type"] == "tool_use"}
        whole = own if whole in used else whole
        block = {"type": "tool_use", "id": whole, "name": call.name, "input": dict(call.arguments)}
        asked.append(("assistant", block))
        result = {
            "type": "tool_result",
            "tool_use_id": whole,
            "content": text_of(found.content) or "(nothing)",
        }
        answered.append(("user", result))
    for message in left:
        words = f"Result of {message.name or 'the tool'}: {text_of(message.content)}"
        answered.append(("user", {"type": "text", "text": words}))
    return asked + answered


def _answer(call: ToolCall, results: Sequence[Message]) -> Message | None:
    for message in results:
        if message.tool_call_id in {call.id, None} and message.name in {call.name, None}:
            return message
    return None


def _turn(reply: Mapping[str, Json]) -> Turn:
    content = reply.get("content")
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise TypeError("it has no content")
    texts, thoughts, calls = [], [], []
    for block in content:
        kind = block.get("type")
        if kind == "text":
            texts.append(_text(block.get("text")))
        elif kind == "thinking":
            thoughts.append(_text(block.get("thinking")))
        elif kind == "tool_use":
            calls.append(_call(block))
    decided = [call for call in calls if call.name == _DECIDE]
    if decided and len(calls) == 1:  # the closed set, asked for as a tool
        texts, calls = [json.dumps(dict(decided[0].arguments))], []
    return Turn(
        text="".join(texts),
        tool_calls=tuple(calls),
        reasoning="".join(thoughts) or None,
        stop=text_or_none(reply.get("stop_reason")),
        model=text_or_none(reply.get("model")),
        usage=_usage(reply.get("usage")),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {type(value).__name__}")
    return value


def _call(block: Mapping[str, Json]) -> ToolCall:
    name, given = text_or_none(block.get("name")), block.get("input")
    if name is None:
        raise ValueError("a tool_use needs a name")
    identifier = text_or_none(block.get("id"))
    if isinstance(given, dict):
        return ToolCall(name=name, arguments=given, id=identifier)
    return ToolCall(name=name, id=identifier, raw=json.dumps(given))


def _usage(usage: Json) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    read = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    counts = [count for name in read if (count := token_count(usage.get(name))) is not None]
    return Usage(sum(counts) if counts else None, token_count(usage.get("output_tokens")))


def _build(config: ModelConfig, context: AdapterContext) -> Model:
    key = key_of(config, context, None if config.base_url else "ANTHROPIC_API_KEY")
    headers = {"anthropic-version": _API}
    if key is not None:
        name = config.api_key_header or "x-api-key"
        headers[name] = f"Bearer {key}" if name.lower() == "authorization" else key
    secrets = Secrets((key,) if key and len(key) >= SHORTEST_KEY else ())
    where = address(config, context, base=_BASE, path=_PATH, headers=headers)
    return AnthropicModel(config, Endpoint(where, config, secrets), secrets)


SPEC = AdapterSpec(
    name="anthropic",
    build=_build,
    required=frozenset({"model"}),
    optional=NETWORK_KEYS,
    remote=True,
)
