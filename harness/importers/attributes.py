"""Spans by their attributes: OpenTelemetry's GenAI conventions, old and new, and OpenInference."""

import json
from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder, tool_spec
from harness.importers.dotted import nested
from harness.importers.gen_ai_events import DETAILS, answered_by_events, asked_by_events, body_of
from harness.importers.payloads import answered, asked, decoded, take_tools
from harness.importers.speech import speak
from harness.importers.texts import loads
from harness.importers.threads import Kind, Span

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("llm", "chat", "text_completion", "generate_content", "completion",
                     "chat_model", "generation", "ai.generatetext.dogenerate",
                     "ai.streamtext.dostream"), "model"),
    **dict.fromkeys(("agent", "invoke_agent", "create_agent", "workflow"), "agent"),
    **dict.fromkeys(("tool", "execute_tool", "ai.toolcall", "function"), "tool"),
}  # fmt: skip
_KIND_KEYS = ("openinference.span.kind", "gen_ai.operation.name", "traceloop.span.kind",
              "mlflow.spanType", "langfuse.observation.type", "ai.operationId", "llm.request.type",
              "span_kind", "type")  # fmt: skip
_INPUTS = ("gen_ai.input.messages", "gen_ai.prompt", "ai.prompt.messages", "ai.prompt",
           "mlflow.chat.messages", "langfuse.observation.input", "mlflow.spanInputs",
           "traceloop.entity.input", "input.value", "input")  # fmt: skip
_OUTPUTS = ("gen_ai.output.messages", "gen_ai.completion", "ai.response",
            "langfuse.observation.output", "mlflow.spanOutputs", "traceloop.entity.output",
            "output.value", "output")  # fmt: skip
_ALL = ("pydantic_ai.all_messages", "all_messages_events")
_REQUESTED = ("gen_ai.request.model", "llm.request.model", "ai.model.id", "langfuse.model",
              "langfuse.observation.model.name", "llm.model_name")  # fmt: skip
_RESPONDED = ("gen_ai.response.model", "llm.response.model", "ai.response.model")
_AGENTS = ("gen_ai.agent.name", "agent.name", "agent_name", "traceloop.entity.name")
_CONVERSATIONS = ("gen_ai.conversation.id", "session.id", "langfuse.session.id",
                  "traceloop.association.properties.session_id")  # fmt: skip
_ARGUMENTS = ("gen_ai.tool.call.arguments", "tool_arguments", "ai.toolCall.args",
              "tool.parameters", "mlflow.spanInputs", "traceloop.entity.input", "input.value",
              "input")  # fmt: skip
_RESULTS = (
    "gen_ai.tool.call.result",
    "tool_response",
    "ai.toolCall.result",
    "gen_ai.tool.message",
    "mlflow.spanOutputs",
    "traceloop.entity.output",
    "output.value",
    "output",
)
_TOOL_NAMES = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name")
_CALL_IDS = ("gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id", "tool.call.id")
_DEFINITIONS = ("gen_ai.tool.definitions", "gen_ai.request.tools", "mlflow.chat.tools",
                "ai.prompt.tools", "llm.tools", "llm.request.functions")  # fmt: skip
MARKS = ("gen_ai.", "openinference.span.kind", "llm.input_messages", "llm.output_messages",
         "traceloop.", "ai.prompt", "mlflow.span")  # fmt: skip


def is_marked(attributes: Mapping[str, Any]) -> bool:
    """Whether attributes are those of a call to a model, a tool or an agent."""
    return any(str(key).startswith(MARKS) for key in attributes)


def span_of(
    identifier: str,
    attributes: Mapping[str, Json],
    events: list[Mapping[str, Json]] = [],  # noqa: B006 - never written to
    **given: Any,
) -> Span:
    """Return a span of its attributes and events; ``given`` are the fields that stand beside."""
    attributes = dict(attributes)
    for event in events:
        if event.get("name") == DETAILS:
            attributes = {**attributes, **body_of(event)}
    kind = kind_of(attributes, str(given.get("name", "")))
    span = Span(identifier, kind=kind, **given)
    span.agent = _text(attributes, _AGENTS) if kind == "agent" else ""
    span.conversation = _text(attributes, _CONVERSATIONS)
    span.failure = _failure(attributes, events, span.failure)
    span.failed = span.failed or "error.type" in attributes
    if kind == "tool":
        span.tool = _text(attributes, _TOOL_NAMES) or _tool_name(span.name)
        span.call_id = _text(attributes, _CALL_IDS) or None
        span.arguments = decoded(_first(attributes, _ARGUMENTS))
        span.result = _first(attributes, _RESULTS)
    else:
        span.ask = lambda builder, at: _ask(builder, attributes, events, at, kind)
        span.reply = lambda builder, at: _reply(builder, attributes, events, at, kind)
        span.equip = lambda builder: _equip(builder, attributes)
    return span


def kind_of(attributes: Mapping[str, Json], name: str = "") -> Kind:
    """Return what a span stands for."""
    for key in _KIND_KEYS:
        value = attributes.get(key)
        if isinstance(value, str):
            found = _KINDS.get(value.strip('"').lower())
            if found is not None:
                return found
    if name.startswith("execute_tool "):
        return "tool"
    if any(k.startswith(("gen_ai.prompt", "llm.input_messages", "gen_ai.input.messages",
                         "gen_ai.completion")) for k in attributes):  # fmt: skip
        return "model"
    if "gen_ai.request.model" in attributes and "gen_ai.operation.name" not in attributes:
        return "model"
    return "other"


def _tool_name(name: str) -> str:
    return name.removeprefix("execute_tool ").removesuffix(".tool")


def _ask(
    builder: Builder,
    attributes: Mapping[str, Json],
    events: list[Mapping[str, Json]],
    at: float | None,
    kind: Kind,
) -> bool:
    if kind == "agent":
        full = decoded(_first(attributes, _ALL))
        if full and asked(builder, full, at):
            return True
    system = decoded(attributes.get("gen_ai.system_instructions"))
    if system and not _starts_with_system(attributes):
        speak(builder, {"role": "system", "content": system}, at)
    if asked_by_events(builder, events, at):
        return True
    for prefix in ("llm.input_messages", "gen_ai.prompt", "llm.prompts"):
        messages = nested(attributes, prefix)
        if isinstance(messages, list) and messages:
            return asked(builder, [_unwrap(m, "user") for m in messages], at)
    for key in _INPUTS:
        value = attributes.get(key) if kind == "model" else decoded(attributes.get(key))
        if kind == "other" and not isinstance(value, dict | list):
            continue
        if value not in (None, "", [], {}) and asked(builder, value, at):
            return True
    return False


def _starts_with_system(attributes: Mapping[str, Json]) -> bool:
    messages = decoded(attributes.get("gen_ai.input.messages"))
    first = messages[0] if isinstance(messages, list) and messages else None
    return isinstance(first, Mapping) and first.get("role") in ("system", "developer")


def _reply(
    builder: Builder,
    attributes: Mapping[str, Json],
    events: list[Mapping[str, Json]],
    at: float | None,
    kind: Kind,
) -> bool:
    if kind == "agent" and _first(attributes, _ALL):
        return False  # they hold the answer as well
    if answered_by_events(builder, events, at):
        return True
    for prefix in ("llm.output_messages", "gen_ai.completion", "llm.completions"):
        messages = nested(attributes, prefix)
        if isinstance(messages, list) and messages:
            return answered(builder, [_unwrap(m, "assistant") for m in messages], at)
    text, calls = (
        attributes.get("ai.response.text"),
        decoded(attributes.get("ai.response.toolCalls")),
    )
    if isinstance(text, str) or calls:
        speak(builder, {"role": "assistant", "content": text, "tool_calls": calls}, at)
        return True
    for key in _OUTPUTS:
        value = attributes.get(key) if kind == "model" else decoded(attributes.get(key))
        if kind == "other" and not isinstance(value, dict | list):
            continue
        if value not in (None, "", [], {}) and answered(builder, value, at):
            return True
    return False


def _unwrap(message: Json, role: str) -> Json:
    """Return a message of indexed attributes without the steps that OpenInference adds."""
    if not isinstance(message, Mapping):
        return message
    inner = message.get("message")
    found = {"role": role, **(inner if isinstance(inner, Mapping) else message)}
    contents = found.pop("contents", None)
    if isinstance(contents, list):
        found["content"] = [
            each.get("message_content", each) if isinstance(each, Mapping) else each
            for each in contents
        ]
    elif isinstance(found.get("content"), str):
        blocks = loads(found["content"])
        if isinstance(blocks, list) and all(isinstance(b, Mapping) and "type" in b for b in blocks):
            found["content"] = blocks
    return found


def _failure(attributes: Mapping[str, Json], events: list[Mapping[str, Json]], said: str) -> str:
    for event in events:
        inner = event.get("attributes")
        if event.get("name") == "exception" and isinstance(inner, Mapping):
            return str(inner.get("exception.message") or inner.get("exception.type") or said)
    return said or str(attributes.get("error.type") or "")


def _equip(builder: Builder, attributes: Mapping[str, Json]) -> None:
    builder.requested = _text(attributes, _REQUESTED) or builder.requested
    builder.responded = _text(attributes, _RESPONDED) or builder.responded
    parameters = decoded(
        _first(attributes, ("llm.invocation_parameters", "langfuse.observation.model.parameters"))
    )
    if isinstance(parameters, Mapping):
        if isinstance(parameters.get("model"), str):
            model = builder.requested
            builder.requested = parameters["model"]
            builder.responded = builder.responded or model
        take_tools(builder, parameters.get("tools"))
        builder.settings(parameters)
    prefix = "gen_ai.request."
    builder.settings(
        {k.removeprefix(prefix): v for k, v in attributes.items() if k.startswith(prefix)}
    )
    if attributes.get("gen_ai.request.stop_sequences"):
        builder.sampling["stop_sequences"] = attributes["gen_ai.request.stop_sequences"]
    for key in _DEFINITIONS:
        take_tools(builder, attributes.get(key))
        found = nested(attributes, key)
        for each in found if isinstance(found, list) else ():
            inner = each.get("tool", each) if isinstance(each, Mapping) else each
            if isinstance(inner, Mapping) and "json_schema" in inner and "name" not in inner:
                inner = inner["json_schema"]
            builder.tool(tool_spec(inner))


def _first(attributes: Mapping[str, Json], keys: tuple[str, ...]) -> Json:
    return next((attributes[key] for key in keys if attributes.get(key) not in (None, "")), None)


def _text(attributes: Mapping[str, Json], keys: tuple[str, ...]) -> str:
    value = _first(attributes, keys)
    if isinstance(value, str) and value[:1] == '"':
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return value if isinstance(value, str) else ""
