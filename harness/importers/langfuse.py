"""Exports of Langfuse: a trace with its observations, or observations alone."""

from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import answered, asked, decoded
from harness.importers.spans import trajectories
from harness.importers.threads import Kind, Span
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "observations of type GENERATION, SPAN or TOOL with input and output"
_KINDS: Mapping[str, Kind] = {"generation": "model", "agent": "agent", "tool": "tool"}
_TYPES = frozenset({"generation", "span", "event", "agent", "tool", "chain", "retriever",
                    "evaluator", "embedding", "guardrail"})  # fmt: skip


def detect(document: Document) -> Detection:
    """Look for observations."""
    for record in _traces(document)[:5]:
        found = _observations(record)
        if found and _is_observation(found[0]):
            return Detection(0.9, "observations with type and input")
        if _is_observation(record):
            return Detection(0.85, "a list of observations")
    return NOT_MINE


def _is_observation(value: Json) -> bool:
    return (
        isinstance(value, Mapping)
        and str(value.get("type", "")).lower() in _TYPES
        and any(key in value for key in ("traceId", "trace_id", "parentObservationId",
                                         "parent_observation_id", "startTime", "start_time"))
        and any(key in value for key in ("input", "output"))
    )  # fmt: skip


def _traces(document: Document) -> list[Json]:
    data = document.data
    if isinstance(data, Mapping):
        for key in ("data", "traces"):
            if isinstance(data.get(key), list):
                return [*data[key]]
    return [*document.records]


def _observations(record: Json) -> list[Json]:
    if not isinstance(record, Mapping):
        return []
    found = record.get("observations")
    if not isinstance(found, list):
        inner = record.get("trace")
        found = inner.get("observations") if isinstance(inner, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def read(document: Document) -> list[Trajectory]:
    """Return the conversations that the observations hold."""
    spans: list[Span] = []
    for record in _traces(document):
        found = _observations(record)
        if found and isinstance(record, Mapping):
            trace = record["trace"] if isinstance(record.get("trace"), Mapping) else record
            root = _span(trace, len(spans), "")
            root.id = f"trace {root.id}"
            root.kind = "other"
            spans.append(root)
            for each in found:
                span = _span(each, len(spans), str(trace.get("id") or ""))
                span.parent = span.parent or root.id
                span.conversation = root.conversation
                spans.append(span)
        elif isinstance(record, Mapping):
            spans.append(_span(record, len(spans), ""))
    return spoken(document, trajectories(spans), WHERE)


def _span(raw: Mapping[str, Any], number: int, trace: str) -> Span:
    kind = _KINDS.get(str(raw.get("type", "")).lower(), "other")
    level = str(raw.get("level") or "")
    model = _get(raw, "model", "providedModelName", "provided_model_name", "modelId")
    if kind == "other" and isinstance(model, str) and "observations" not in raw:
        kind = "model"
    span = Span(
        id=str(raw.get("id") or f"observation-{number}"),
        parent=str(_get(raw, "parentObservationId", "parent_observation_id") or "") or None,
        trace=str(_get(raw, "traceId", "trace_id") or trace),
        kind=kind,
        name=str(raw.get("name") or ""),
        agent=str(raw.get("name") or "") if kind == "agent" else "",
        conversation=str(_get(raw, "sessionId", "session_id") or ""),
        start=seconds(_get(raw, "startTime", "start_time", "timestamp")),
        end=seconds(_get(raw, "endTime", "end_time")),
        failed=level == "ERROR",
        failure=str(_get(raw, "statusMessage", "status_message") or ""),
        source={k: v for k, v in raw.items() if k not in ("observations", "trace")},
    )
    sent, said = decoded(raw.get("input")), decoded(raw.get("output"))
    if kind == "tool":
        span.tool = span.name
        span.arguments = sent
        span.result, span.call_id = _result(said)
        return span
    if kind != "other" or isinstance(sent, dict | list):
        span.ask = lambda builder, at: asked(builder, sent, at)
        span.reply = lambda builder, at: answered(builder, said, at)
    span.equip = lambda builder: _equip(builder, raw, model)
    return span


def _result(said: Json) -> tuple[Json, str | None]:
    if isinstance(said, Mapping) and "tool_call_id" in said and "content" in said:
        return said["content"], str(said["tool_call_id"])
    return said, None


def _get(raw: Mapping[str, Any], *keys: str) -> Json:
    return next((raw[key] for key in keys if raw.get(key) is not None), None)


def _equip(builder: Builder, raw: Mapping[str, Any], model: Json) -> None:
    builder.requested = model if isinstance(model, str) else builder.requested
    parameters = decoded(_get(raw, "modelParameters", "model_parameters"))
    builder.settings(parameters if isinstance(parameters, Mapping) else {})


SPEC = ImporterSpec("langfuse", WHERE, detect, read)
