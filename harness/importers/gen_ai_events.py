"""Messages that OpenTelemetry's GenAI conventions keep in events, of a span or of a log."""

from collections.abc import Mapping

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.payloads import answered, asked, decoded
from harness.importers.speech import speak

_EVENT_ROLES: Mapping[str, str] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
DETAILS = "gen_ai.client.inference.operation.details"
_CONTENT = "gen_ai.event.content"
"""Where the first events kept their body: an attribute, before events had one."""


def asked_by_events(builder: Builder, events: list[Mapping[str, Json]], at: float | None) -> bool:
    """Read the deprecated events: one a message, or one with them all."""
    before = len(builder.entries)
    for event in events:
        name, body = str(event.get("name")), body_of(event)
        if name in _EVENT_ROLES:
            role = _EVENT_ROLES[name]
            speak(builder, {"role": role, **_message(body)}, at)
        elif name == "gen_ai.content.prompt" and body.get("gen_ai.prompt"):
            asked(builder, body["gen_ai.prompt"], at)
    return len(builder.entries) > before


def answered_by_events(
    builder: Builder, events: list[Mapping[str, Json]], at: float | None
) -> bool:
    """Read the deprecated events of an answer; say if there were any."""
    before = len(builder.entries)
    for event in events:
        body = body_of(event)
        if event.get("name") == "gen_ai.choice":
            if len(builder.entries) > before:
                builder.lose("a further answer to one request", "the first is what was used")
                continue
            inner = decoded(body.get("message"))
            message = inner if isinstance(inner, Mapping) else body
            role = {"role": "assistant"}
            extra = {k: decoded(body[k]) for k in ("tool_calls",) if k in body}
            speak(builder, {**_message(message), **extra, **role}, at)
        elif event.get("name") == "gen_ai.content.completion" and body.get("gen_ai.completion"):
            answered(builder, body["gen_ai.completion"], at)
    return len(builder.entries) > before


def _message(body: Mapping[str, Json]) -> dict[str, Json]:
    found = {str(k).removeprefix("gen_ai.event."): v for k, v in body.items()}
    for key in ("content", "tool_calls"):
        value = found.get(key)
        inner = decoded(value)
        if isinstance(inner, Mapping) and key == "content":
            inner = inner.get("content", value)
        found[key] = inner if key == "tool_calls" or isinstance(inner, list | str) else value
    return {k: v for k, v in found.items() if v is not None}


def body_of(event: Mapping[str, Json]) -> dict[str, Json]:
    """Return what an event carries, in its attributes and in its body."""
    attributes, body = event.get("attributes"), event.get("body")
    found = dict(attributes) if isinstance(attributes, Mapping) else {}
    body = decoded(found.pop(_CONTENT, None) if body is None else body)
    if isinstance(body, Mapping):
        found |= body
    elif isinstance(body, str) and body:
        found["content"] = body
    return found
