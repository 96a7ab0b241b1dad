"""Exports of MLflow's traces: info and data.spans, in either version of the schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.attributes import span_of
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import decoded
from harness.importers.spans import trajectories
from harness.importers.threads import Span
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "info beside data.spans with attributes mlflow.spanInputs and mlflow.spanOutputs"


def detect(document: Document) -> Detection:
    """Look for traces, or for spans with MLflow's attributes."""
    for record in _traces(document)[:5]:
        spans = [*_raw(record)]
        if spans and any(key.startswith("mlflow.") for key in _attributes(spans[0])):
            return Detection(0.95, "spans with mlflow.* attributes")
        if spans and isinstance(record, Mapping) and "info" in record:
            return Detection(0.75, "info beside data.spans")
    return NOT_MINE


def _traces(document: Document) -> list[Json]:
    data = document.data
    if isinstance(data, Mapping) and isinstance(data.get("traces"), list):
        return [*data["traces"]]
    return [*document.records]


def _raw(record: Json) -> Iterator[Mapping[str, Any]]:
    if not isinstance(record, Mapping):
        return
    data = decoded(record.get("data"))
    inner = record.get("trace")
    found = data.get("spans") if isinstance(data, Mapping) else record.get("spans")
    if found is None and isinstance(inner, Mapping):
        yield from _raw(inner)
        return
    found = decoded(found)
    for span in found if isinstance(found, list) else ():
        if isinstance(span, Mapping) and "attributes" in span:
            yield span


def read(document: Document) -> list[Trajectory]:
    """Return the conversations that the traces hold."""
    spans: list[Span] = []
    for record in _traces(document):
        session = _session(record)
        spans += [_span(raw, len(spans) + n, session) for n, raw in enumerate(_raw(record))]
    return spoken(document, trajectories(spans), WHERE)


def _session(record: Json) -> str:
    info = record.get("info") if isinstance(record, Mapping) else None
    for key in ("trace_metadata", "request_metadata", "tags"):
        found = info.get(key) if isinstance(info, Mapping) else None
        if isinstance(found, Mapping) and isinstance(found.get("mlflow.trace.session"), str):
            return str(found["mlflow.trace.session"])
    return ""


def _attributes(raw: Mapping[str, Any]) -> dict[str, Json]:
    """Return a span's attributes; MLflow writes each as JSON."""
    found = decoded(raw.get("attributes"))
    if not isinstance(found, Mapping):
        return {}
    return {str(key): _plain(value) for key, value in found.items()}


def _plain(value: Json) -> Json:
    if isinstance(value, str) and value[:1] in ('"', "{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _span(raw: Mapping[str, Any], number: int, session: str) -> Span:
    context = raw.get("context")
    context = context if isinstance(context, Mapping) else {}
    attributes = _attributes(raw)
    for key, own in (("inputs", "mlflow.spanInputs"), ("outputs", "mlflow.spanOutputs"),
                     ("span_type", "mlflow.spanType")):  # fmt: skip
        if raw.get(key) is not None:
            attributes.setdefault(own, raw[key])
    status = raw.get("status")
    code = status.get("code") if isinstance(status, Mapping) else raw.get("status_code", status)
    message = status.get("message") if isinstance(status, Mapping) else raw.get("status_message")
    events = raw.get("events")
    span = span_of(
        str(raw.get("span_id") or context.get("span_id") or f"span-{number}"),
        attributes,
        [e for e in (events if isinstance(events, list) else ()) if isinstance(e, Mapping)],
        parent=str(raw.get("parent_span_id") or raw.get("parent_id") or "") or None,
        trace=str(raw.get("trace_id") or context.get("trace_id") or ""),
        name=str(raw.get("name") or ""),
        start=seconds(raw.get("start_time_unix_nano") or raw.get("start_time")),
        end=seconds(raw.get("end_time_unix_nano") or raw.get("end_time")),
        failed=str(code) in ("STATUS_CODE_ERROR", "ERROR", "2"),
        failure=str(message or ""),
        source={"attributes": attributes, "name": raw.get("name"), "events": events},
    )
    span.conversation = span.conversation or session
    return span


SPEC = ImporterSpec("mlflow", WHERE, detect, read)
