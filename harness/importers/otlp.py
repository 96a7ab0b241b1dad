"""OpenTelemetry: OTLP JSON of traces and logs, and spans as other exporters write them.

The attributes are those of the GenAI conventions, current or deprecated, on spans or on events,
or OpenInference's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.attributes import MARKS, is_marked, span_of
from harness.importers.gen_ai_events import DETAILS
from harness.importers.moments import seconds
from harness.importers.otlp_atif import carried_trajectories, id_of
from harness.importers.outcome import spoken
from harness.importers.payloads import decoded
from harness.importers.spans import trajectories
from harness.importers.threads import Span
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "resourceSpans or resourceLogs, or spans with gen_ai.* or openinference.* attributes"
_DEEPEST = 40
_ERROR_CODES = (2, "2", "STATUS_CODE_ERROR", "ERROR")


def detect(document: Document) -> Detection:
    """Look for OTLP's envelope, or for spans whose attributes are of a known convention."""
    if document.members:
        return NOT_MINE
    for record in document.records[:50]:
        if not isinstance(record, Mapping):
            return NOT_MINE
        if "resourceSpans" in record or "resourceLogs" in record:
            return Detection(0.95, "OTLP's resourceSpans or resourceLogs")
        if "resource_spans" in record or "scopeSpans" in record:
            return Detection(0.9, "OTLP's scopeSpans")
        if is_marked(record):
            return Detection(0.8, "attributes of the GenAI or OpenInference conventions")
        spans = [*_plain_spans(record)]
        if any(is_marked(_attributes(span.get("attributes", span))) for span in spans):
            return Detection(0.7, "spans with attributes of a known convention")
    return NOT_MINE


def read(document: Document) -> list[Trajectory]:
    """Return the conversations that the spans hold."""
    raw = [span for record in document.records for span in _raw_spans(record)]
    records = [entry for record in document.records for entry in _logged(record)]
    own = carried_trajectories(raw)
    if own:
        return spoken(document, own, WHERE)
    by_span: dict[str, list[Mapping[str, Json]]] = {}
    for entry in records:
        by_span.setdefault(str(entry.get("span") or ""), []).append(entry)
    spans = [_span(each, number, by_span) for number, each in enumerate(raw)]
    known = {span.id for span in spans}
    spans += [
        _of_events(identifier, entries, number)
        for identifier, found in by_span.items()
        if identifier not in known
        for number, entries in enumerate(_exchanges(found))
    ]
    return spoken(document, trajectories(spans), WHERE)


def _raw_spans(record: Json) -> Iterator[Mapping[str, Any]]:
    """Yield spans with their attributes as a mapping."""
    if not isinstance(record, Mapping):
        return
    if is_marked(record):
        yield {"attributes": dict(record)}
        return
    for resource in _list(record, "resourceSpans", "resource_spans") or [record]:
        scopes = _list(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans")
        for scope in scopes:
            for span in _list(scope, "spans"):
                yield {**span, "attributes": _attributes(span.get("attributes"))}
    yield from (
        {**span, "attributes": _attributes(span.get("attributes", span))}
        for span in _plain_spans(record)
    )


def _plain_spans(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the spans of exporters that do not write OTLP: the console's, Jaeger's, Phoenix's."""
    if "resourceSpans" in record or "scopeSpans" in record:
        return
    data = record.get("data")
    if isinstance(data, list):
        for trace in data:
            for span in _list(trace, "spans") if isinstance(trace, Mapping) else ():
                yield _jaeger(span)
    elif isinstance(record.get("spans"), list):
        yield from _list(record, "spans")
    elif any(str(key).startswith("attributes.") for key in record):
        inner = {str(k).removeprefix("attributes."): v for k, v in record.items()
                 if str(k).startswith("attributes.")}  # fmt: skip
        yield {**record, "attributes": _flat(inner),
               "context": {"span_id": record.get("context.span_id"),
                           "trace_id": record.get("context.trace_id")}}  # fmt: skip
    elif "attributes" in record and ("name" in record or "context" in record):
        yield record


def _jaeger(span: Mapping[str, Any]) -> Mapping[str, Any]:
    tags = {str(tag.get("key")): tag.get("value") for tag in _list(span, "tags")}
    parents = [str(ref.get("spanID")) for ref in _list(span, "references")]
    return {
        "spanId": span.get("spanID"),
        "traceId": span.get("traceID"),
        "parentSpanId": parents[0] if parents else None,
        "name": span.get("operationName"),
        "startTimeUnixNano": span.get("startTime"),
        "attributes": tags,
        "events": [
            {"name": fields.get("event"), "attributes": fields}
            for entry in _list(span, "logs")
            for fields in [{str(f.get("key")): f.get("value") for f in _list(entry, "fields")}]
        ],
    }


def _list(value: Json, *keys: str) -> list[Mapping[str, Any]]:
    for key in keys:
        found = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(found, list):
            return [each for each in found if isinstance(each, Mapping)]
    return []


def _attributes(value: Json) -> dict[str, Json]:
    """Return attributes as a mapping; OTLP writes them as a list of typed values."""
    if isinstance(value, list):
        return {
            str(each["key"]): _value(each.get("value"), _DEEPEST)
            for each in value
            if isinstance(each, Mapping) and "key" in each
        }
    return _flat(value) if isinstance(value, Mapping) else {}


def _flat(value: Mapping[str, Any]) -> dict[str, Json]:
    """Return attributes under dotted keys; some exporters nest them, and lists of messages too."""
    made: dict[str, Json] = {}
    for key, each in value.items():
        if isinstance(each, Mapping) and str(key) in ("gen_ai", "llm", "openinference", "input",
                                                      "output", "tool", "session"):  # fmt: skip
            made |= {f"{key}.{inner}": below for inner, below in _below(each, _DEEPEST).items()}
        elif key in ("llm.input_messages", "llm.output_messages", "llm.tools"):
            found = decoded(each)
            if isinstance(found, list):
                made |= {f"{key}.{k}": v for k, v in _below(found, _DEEPEST).items()}
            else:
                made[str(key)] = each
        else:
            made[str(key)] = each
    return made


def _below(value: Json, levels: int) -> dict[str, Json]:
    pairs: Iterable[tuple[Any, Json]] = (
        value.items() if isinstance(value, Mapping) else enumerate(value)
    )
    made: dict[str, Json] = {}
    for key, each in pairs:
        if levels and isinstance(each, Mapping | list) and each:
            made |= {f"{key}.{k}": v for k, v in _below(each, levels - 1).items()}
        else:
            made[str(key)] = each
    return made


_PLAIN = ("stringValue", "string_value", "bytesValue", "boolValue", "bool_value", "doubleValue",
          "double_value")  # fmt: skip


def _value(value: Json, levels: int) -> Json:
    """Return the value of OTLP's typed form."""
    if not isinstance(value, Mapping) or levels == 0:
        return value
    for key in _PLAIN:
        if key in value:
            return value[key]
    for key in ("intValue", "int_value"):
        if key in value:
            return _whole(value[key])
    for key in ("arrayValue", "array_value"):
        if isinstance(value.get(key), Mapping):
            found = value[key].get("values")
            return [_value(v, levels - 1) for v in (found if isinstance(found, list) else ())]
    for key in ("kvlistValue", "kvlist_value"):
        if key in value:
            pairs = _list(value[key], "values")
            return {str(pair.get("key")): _value(pair.get("value"), levels - 1) for pair in pairs}
    return dict(value) if value else None


def _whole(value: Json) -> Json:
    """Return a whole number, which OTLP writes as a text."""
    plain = isinstance(value, str) and re.fullmatch("-?[0-9]{1,29}", value)
    return int(value) if plain else value


def _span(
    raw: Mapping[str, Any], number: int, by_span: Mapping[str, list[Mapping[str, Json]]]
) -> Span:
    context = raw.get("context")
    context = context if isinstance(context, Mapping) else {}
    identifier = id_of(raw, "spanId", "span_id", "id") or id_of(context, "span_id", "spanId")
    identifier = identifier or f"span-{number}"
    status = raw.get("status")
    status = status if isinstance(status, Mapping) else {"code": raw.get("status_code")}
    events = [_event(event) for event in _list(raw, "events")]
    message = status.get("message") or status.get("description") or raw.get("status_message")
    return span_of(
        identifier,
        raw["attributes"],
        [*events, *by_span.get(identifier, [])],
        parent=id_of(raw, "parentSpanId", "parent_span_id", "parent_id") or None,
        trace=id_of(raw, "traceId", "trace_id") or id_of(context, "trace_id", "traceId"),
        name=str(raw.get("name") or ""),
        start=_time(raw, "startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime"),
        end=_time(raw, "endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime"),
        failed=status.get("code", status.get("status_code")) in _ERROR_CODES,
        failure=str(message or ""),
        source={"attributes": raw["attributes"], "events": events, "name": raw.get("name")},
    )


def _event(raw: Mapping[str, Any]) -> dict[str, Json]:
    """Return an event under its own name; some exporters write it as an attribute."""
    name, attributes = raw.get("name"), _attributes(raw.get("attributes"))
    if not str(name or "").startswith("gen_ai"):
        name = attributes.get("event.name", name)
    return {"name": name, "attributes": attributes}


def _time(raw: Mapping[str, Any], *keys: str) -> float | None:
    return next((seconds(raw[key]) for key in keys if raw.get(key)), None)


def _logged(record: Json) -> Iterator[dict[str, Json]]:
    """Yield log records as events, with the span that they belong to."""
    for resource in _list(record, "resourceLogs", "resource_logs"):
        for scope in _list(resource, "scopeLogs", "scope_logs"):
            for entry in _list(scope, "logRecords", "log_records"):
                attributes = _attributes(entry.get("attributes"))
                name = entry.get("eventName") or entry.get("event_name")
                yield {
                    "name": name or attributes.get("event.name"),
                    "attributes": attributes,
                    "body": _value(entry.get("body"), _DEEPEST),
                    "span": id_of(entry, "spanId", "span_id"),
                    "trace": id_of(entry, "traceId", "trace_id"),
                    "at": seconds(entry.get("timeUnixNano") or entry.get("observedTimeUnixNano")),
                }


def _exchanges(entries: list[Mapping[str, Json]]) -> Iterator[list[Mapping[str, Json]]]:
    """Yield the events of one call of the model at a time: an answer ends it."""
    held: list[Mapping[str, Json]] = []
    for entry in entries:
        held.append(entry)
        if entry.get("name") in ("gen_ai.choice", "gen_ai.content.completion", DETAILS):
            yield held
            held = []
    if held:
        yield held


def _of_events(identifier: str, entries: list[Mapping[str, Json]], number: int) -> Span:
    """Return the span that log records speak of, where the file does not hold it."""
    times = [at for entry in entries if isinstance(at := entry.get("at"), float)]
    attributes: dict[str, Json] = {"gen_ai.operation.name": "chat"}
    for entry in entries:
        inner = entry.get("attributes")
        attributes |= {k: v for k, v in (inner.items() if isinstance(inner, Mapping) else ())
                       if str(k).startswith(MARKS)}  # fmt: skip
    return span_of(
        f"{identifier or 'logs'}-{number}",
        attributes,
        entries,
        trace=str(entries[0].get("trace") or ""),
        start=min(times, default=None),
        end=max(times, default=None),
        source=[{"attributes": e.get("attributes"), "body": e.get("body")} for e in entries],
    )


SPEC = ImporterSpec("otlp", WHERE, detect, read)
