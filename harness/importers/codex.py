"""Sessions of the Codex command line: rollouts, old and new, and what ``exec --json`` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.domain.transcript import ToolCall
from harness.importers.blocks import Answered, tidy
from harness.importers.builder import ITEMS, Builder
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import take_tools
from harness.importers.speech import is_item, speak, speak_item
from harness.importers.texts import tool_call
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "lines of type session_meta, response_item, turn_context or item.completed"
_KINDS = frozenset({"session_meta", "response_item", "turn_context", "event_msg", "compacted"})
_STREAM = frozenset({"thread.started", "item.completed", "item.started", "turn.completed"})


def detect(document: Document) -> Detection:
    """Look for the lines of a rollout."""
    for record in document.records[:50]:
        if not isinstance(record, Mapping):
            return NOT_MINE
        kind = str(record.get("type"))
        if kind in _KINDS and isinstance(record.get("payload"), Mapping):
            return Detection(1.0, f"lines of type {kind}")
        if kind in _STREAM and ("item" in record or "thread_id" in record):
            return Detection(0.9, f"lines of type {kind}")
        if record.get("record_type") == "state":
            return Detection(0.9, "lines of record_type state")
    return NOT_MINE


def read(document: Document) -> list[Trajectory]:
    """Return the session's conversation."""
    builder = Builder()
    lines = [line for line in document.records if isinstance(line, Mapping)]
    items = [*_items(lines)]
    speaks = any(kind == "response_item" and is_item(item) for kind, item, _ in items)
    for kind, item, at in items:
        _take(builder, kind, item, at, events=not speaks)
    return spoken(document, [builder.finish(lines, _title(lines))], WHERE)


def _title(lines: list[Mapping[str, Any]]) -> str:
    for line in lines[:5]:
        payload = line.get("payload")
        inner = payload if isinstance(payload, Mapping) else line
        for key in ("id", "thread_id", "session_id"):
            if isinstance(inner.get(key), str):
                return str(inner[key])
    return "session"


def _items(lines: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any], float | None]]:
    """Yield what the lines carry: its kind, itself, its time."""
    for line in lines:
        payload, kind = line.get("payload"), line.get("type")
        at = seconds(line.get("timestamp"))
        if isinstance(payload, Mapping) and isinstance(kind, str):
            yield kind, payload, at
        elif isinstance(line.get("item"), Mapping):
            if kind == "item.completed":
                yield "stream", line["item"], at
        elif is_item(line):
            yield "response_item", line, at
        elif "instructions" in line:
            yield "session_meta", line, at


def _take(
    builder: Builder, kind: str, item: Mapping[str, Any], at: float | None, *, events: bool
) -> None:
    if kind == "session_meta":
        _meta(builder, item, at)
    elif kind == "turn_context":
        model = item.get("model")
        builder.requested = model if isinstance(model, str) else builder.requested
        effort = item.get("effort")
        builder.settings({"reasoning_effort": effort} if effort else {})
    elif kind == "response_item":
        _response(builder, item, at)
    elif kind == "compacted":
        _compacted(builder, item, at)
    elif kind == "event_msg":
        _event(builder, item, at, speaks=events)
    elif kind == "stream":
        _streamed(builder, item, at)


def _meta(builder: Builder, item: Mapping[str, Any], at: float | None) -> None:
    for key in ("base_instructions", "instructions"):
        value = item.get(key)
        text = value.get("text") if isinstance(value, Mapping) else value
        if isinstance(text, str) and text.strip():
            if not any(e.message.content == text for e in builder.entries):
                builder.say("system", text, at)
            break
    take_tools(builder, item.get("dynamic_tools"))


def _response(builder: Builder, item: Mapping[str, Any], at: float | None) -> None:
    kind = item.get("type")
    if is_item(item):
        speak_item(builder, item, at)
    elif kind not in ("ghost_snapshot", "other"):
        builder.lose(f"an item of type {kind}", "the transcript has no place for it")


def _compacted(builder: Builder, item: Mapping[str, Any], at: float | None) -> None:
    builder.compacted()
    replaced = item.get("replacement_history")
    for each in replaced if isinstance(replaced, list) else ():
        if isinstance(each, Mapping) and is_item(each):
            speak_item(builder, each, at)
    if not replaced and isinstance(item.get("message"), str):
        builder.say("user", item["message"], at)


def _event(builder: Builder, item: Mapping[str, Any], at: float | None, *, speaks: bool) -> None:
    """Read what only events tell; else they are a second view of the items."""
    kind = item.get("type")
    if kind == "thread_rolled_back":
        _roll_back(builder, item.get("num_turns"))
    elif kind in ("error", "stream_error"):
        builder.lose("errors of the connection", "they are none of the conversation")
    elif speaks and isinstance(item.get("message"), str):
        if kind == "user_message":
            builder.say("user", item["message"], at)
        elif kind == "agent_message":
            builder.turn(item["message"], at=at, turn=ITEMS)
    elif speaks and kind == "agent_reasoning" and isinstance(item.get("text"), str):
        builder.turn(reasoning=item["text"], at=at, turn=ITEMS)


def _roll_back(builder: Builder, turns: Json) -> None:
    """Take back the last turns of the user, with all that followed them."""
    places = [n for n, e in enumerate(builder.entries) if e.message.role == "user"]
    if isinstance(turns, int) and turns > 0 and places:
        start = places[max(len(places) - turns, 0)]
        builder.lose("messages that were rolled back", "the agent no longer saw them",
                     len(builder.entries) - start)  # fmt: skip
        del builder.entries[start:]


def _streamed(builder: Builder, item: Mapping[str, Any], at: float | None) -> None:
    kind, text = item.get("type") or item.get("item_type"), item.get("text")
    call_id = item.get("id")
    if kind in ("agent_message", "assistant_message") and isinstance(text, str):
        builder.turn(text, at=at, turn=ITEMS)
    elif kind == "reasoning" and isinstance(text, str):
        builder.turn(reasoning=text, at=at, turn=ITEMS)
    elif kind == "user_message":
        speak(builder, {"role": "user", "content": text}, at)
    elif kind == "command_execution":
        call = tool_call("command_execution", {"command": item.get("command")}, call_id)
        failed = item.get("exit_code") not in (0, None)
        _both(builder, call, item.get("aggregated_output"), at, failed=failed)
    elif kind == "mcp_tool_call":
        call = tool_call(f"{item.get('server')}.{item.get('tool')}", item.get("arguments"), call_id)
        result = item.get("error") or item.get("result")
        _both(builder, call, result, at, failed=bool(item.get("error")))
    elif kind in ("file_change", "web_search", "todo_list"):
        given = {k: v for k, v in item.items() if k not in ("id", "type", "status")}
        _both(builder, tool_call(str(kind), given, call_id), item.get("status"), at, failed=False)


def _both(
    builder: Builder, call: ToolCall, result: Json, at: float | None, *, failed: bool
) -> None:
    builder.turn(calls=[call], at=at, turn=ITEMS)
    builder.answer(Answered(call.id, tidy(result), call.name, failed), at)


SPEC = ImporterSpec("codex", WHERE, detect, read)
