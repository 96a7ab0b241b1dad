"""Anthropic's messages: a request with its answer, a request alone, an answer alone."""

from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.exchanges import Exchange, read_exchanges
from harness.importers.openai_chat import has_part
from harness.importers.outcome import spoken
from harness.importers.payloads import answered, asked, decoded
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "content blocks of type tool_use, tool_result or thinking, or an answer of type message"
_OWN = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"})


def detect(document: Document) -> Detection:
    """Look for Anthropic's own content blocks and envelope."""
    if document.members:
        return NOT_MINE
    record = next(iter(_records(document)), None)
    if isinstance(record, list):
        return Detection(0.7, "a list of messages with its blocks") if has_part(record, _OWN) else (
            NOT_MINE
        )  # fmt: skip
    if not isinstance(record, Mapping):
        return NOT_MINE
    for part in (record, *_inner(record)):
        if part.get("type") == "message" and isinstance(part.get("content"), list):
            return Detection(0.8, "an answer of type message")
        messages = part.get("messages")
        if has_part(messages, _OWN):
            return Detection(0.7, "messages with its blocks")
        if isinstance(messages, list) and (_own_tools(part.get("tools")) or "system" in part):
            return Detection(0.65, "messages beside system or tools with input_schema")
    return NOT_MINE


def _own_tools(tools: Json) -> bool:
    return isinstance(tools, list) and any(
        isinstance(tool, Mapping) and "input_schema" in tool for tool in tools
    )


def _inner(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = []
    for key in ("body", "request", "response", "result", "message"):
        inner = decoded(record.get(key))
        if isinstance(inner, Mapping):
            found += [inner, *_inner(inner)]
    return found


def _records(document: Document) -> list[Json]:
    if document.lines:
        return [*document.lines]
    data = document.data
    if isinstance(data, list) and data and isinstance(data[0], Mapping) and "role" not in data[0]:
        return data
    return [data]


def read(document: Document) -> list[Trajectory]:
    """Return the conversations."""
    records, found = _records(document), []
    for number, record in enumerate(records, 1):
        builder = Builder()
        _conversation(builder, record)
        name = record.get("id") if isinstance(record, Mapping) else None
        found.append(Exchange(builder, record, str(name or f"conversation {number}")))
    return spoken(document, read_exchanges(records, found), WHERE)


def _conversation(builder: Builder, record: Json) -> None:
    if not isinstance(record, Mapping):
        asked(builder, record)
        return
    request = decoded(record.get("request"))
    if isinstance(request, Mapping):
        inner = decoded(request.get("body"))
        asked(builder, inner if isinstance(inner, Mapping) else request)
    elif record.get("messages"):
        asked(builder, record)
    for key in ("response", "body", "result", "message"):
        inner = decoded(record.get(key))
        if isinstance(inner, Mapping):
            inner = decoded(inner.get("body") or inner.get("message")) or inner
            if isinstance(inner, Mapping) and inner.get("messages"):
                _conversation(builder, inner)
            else:
                answered(builder, inner)
            return
    if record.get("type") == "message":
        answered(builder, record)


SPEC = ImporterSpec("anthropic", WHERE, detect, read)
