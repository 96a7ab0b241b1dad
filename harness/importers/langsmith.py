"""Exports of LangSmith: runs, in a list or line by line, flat or with their children inside."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import answered, asked, decoded, take_tools
from harness.importers.spans import trajectories
from harness.importers.threads import Kind, Span
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "runs with run_type, inputs and outputs"
_KINDS: Mapping[str, Kind] = {"llm": "model", "chat_model": "model", "tool": "tool"}
_DEEPEST = 60


def detect(document: Document) -> Detection:
    """Look for runs."""
    for record in _records(document)[:5]:
        if isinstance(record, Mapping) and "run_type" in record and "inputs" in record:
            return Detection(0.9, "runs with run_type and inputs")
    return NOT_MINE


def _records(document: Document) -> list[Json]:
    data = document.data
    if isinstance(data, Mapping):
        for key in ("runs", "data", "results"):
            if isinstance(data.get(key), list):
                return [*data[key]]
    return [*document.records]


def read(document: Document) -> list[Trajectory]:
    """Return the conversations that the runs hold."""
    runs = [run for record in _records(document) for run in _flat(record, None, _DEEPEST)]
    spans = [_span(run, parent, number) for number, (run, parent) in enumerate(runs)]
    return spoken(document, trajectories(spans), WHERE)


def _flat(
    run: Json, parent: str | None, levels: int
) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    if not isinstance(run, Mapping) or levels == 0:
        return
    yield run, parent
    children = run.get("child_runs")
    for child in children if isinstance(children, list) else ():
        yield from _flat(child, str(run.get("id") or ""), levels - 1)


def _span(run: Mapping[str, Any], parent: str | None, number: int) -> Span:
    kind = _KINDS.get(str(run.get("run_type")), "other")
    metadata = _metadata(run)
    thread = next((metadata[k] for k in ("thread_id", "session_id", "conversation_id")
                   if isinstance(metadata.get(k), str)), "")  # fmt: skip
    span = Span(
        id=str(run.get("id") or f"run-{number}"),
        parent=str(run.get("parent_run_id") or parent or "") or None,
        trace=str(run.get("trace_id") or ""),
        kind=kind,
        name=str(run.get("name") or ""),
        conversation=thread,
        start=seconds(run.get("start_time")),
        end=seconds(run.get("end_time")),
        failed=bool(run.get("error")),
        failure=str(run.get("error") or ""),
        source={k: v for k, v in run.items() if k != "child_runs"},
    )
    inputs, outputs = decoded(run.get("inputs")), decoded(run.get("outputs"))
    if kind == "tool":
        span.tool, span.arguments = span.name, _arguments(inputs)
        span.result, span.call_id = _output(outputs)
    else:
        span.ask = lambda builder, at: asked(builder, inputs, at)
        span.reply = lambda builder, at: answered(builder, outputs, at)
        span.equip = lambda builder: _equip(builder, run, metadata)
    return span


def _metadata(run: Mapping[str, Any]) -> Mapping[str, Any]:
    extra = decoded(run.get("extra"))
    found = extra.get("metadata") if isinstance(extra, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _arguments(inputs: Json) -> Json:
    """Return a tool's arguments: LangChain writes them as the text ``input``."""
    if isinstance(inputs, Mapping) and set(inputs) == {"input"}:
        inner = decoded(inputs["input"])
        if isinstance(inner, Mapping):
            return inner
    return inputs


def _output(outputs: Json) -> tuple[Json, str | None]:
    """Return a tool's result and the call that it answers."""
    inner = outputs.get("output", outputs) if isinstance(outputs, Mapping) else outputs
    inner = decoded(inner)
    if isinstance(inner, Mapping):
        message = inner.get("kwargs", inner)
        if isinstance(message, Mapping) and "tool_call_id" in message:
            return message.get("content"), str(message["tool_call_id"])
    return inner, None


def _equip(builder: Builder, run: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    extra = decoded(run.get("extra"))
    parameters = extra.get("invocation_params") if isinstance(extra, Mapping) else None
    if isinstance(parameters, Mapping):
        name = parameters.get("model") or parameters.get("model_name")
        builder.requested = name if isinstance(name, str) else builder.requested
        take_tools(builder, parameters.get("tools"))
        builder.settings(parameters)
    name = metadata.get("ls_model_name")
    builder.requested = builder.requested or (name if isinstance(name, str) else None)
    for key in ("temperature", "max_tokens", "stop"):
        builder.settings({key: metadata.get(f"ls_{key}")})


SPEC = ImporterSpec("langsmith", WHERE, detect, read)
