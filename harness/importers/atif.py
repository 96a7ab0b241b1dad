"""ATIF, the Agent Trajectory Interchange Format of Harbor."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.blocks import Answered, Dropped, Said, no_text, parts, tidy
from harness.importers.builder import NOT_TEXT, Builder
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import take_tools
from harness.importers.texts import first, tool_call
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "schema_version ATIF-v1 with steps of source system, user or agent"
_SOURCES = frozenset({"system", "user", "agent"})


def detect(document: Document) -> Detection:
    """Look for the schema's name, or for steps with a source."""
    for record in document.records[:1]:
        if not isinstance(record, Mapping) or not isinstance(record.get("steps"), list):
            return NOT_MINE
        if str(record.get("schema_version", "")).upper().startswith("ATIF"):
            return Detection(1.0, f"schema_version {record['schema_version']}")
        steps = [step for step in record["steps"] if isinstance(step, Mapping)]
        if steps and all(
            str(step.get("source")) in _SOURCES and "message" in step for step in steps
        ):
            return Detection(0.8, "steps with source and message")
    return NOT_MINE


def read(document: Document) -> list[Trajectory]:
    """Return the trajectories, those of subagents after the one that called them."""
    return spoken(document, [t for record in document.records for t in trajectories(record)], WHERE)


def trajectories(record: Json) -> Iterator[Trajectory]:
    """Yield a trajectory and those that it embeds."""
    if not isinstance(record, Mapping):
        return
    builder = Builder()
    agent = record.get("agent")
    if isinstance(agent, Mapping):
        model = agent.get("model_name")
        builder.requested = model if isinstance(model, str) else None
        take_tools(builder, agent.get("tool_definitions"))
    steps = record.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Mapping):
            _step(builder, step)
    for key in ("continued_trajectory_ref", "subagent_trajectory_ref"):
        if record.get(key):
            builder.lose(f"the trajectory that {key} names", "it stands in another file")
    inner = record.get("subagent_trajectories")
    rest = {k: v for k, v in record.items() if k != "subagent_trajectories"}
    name = first(record, ("trajectory_id", "session_id"))
    yield builder.finish(rest, str(name or "trajectory"))
    for each in inner if isinstance(inner, list) else ():
        yield from trajectories(each)


def _step(builder: Builder, step: Mapping[str, Any]) -> None:
    at, source = seconds(step.get("timestamp")), step.get("source")
    text = _text(builder, step.get("message"))
    if source == "agent":
        model = step.get("model_name")
        builder.responded = model if isinstance(model, str) else builder.responded
        reasoning = step.get("reasoning_content")
        calls = [
            tool_call(str(call.get("function_name") or "tool"), call.get("arguments"),
                      call.get("tool_call_id"))
            for call in (step.get("tool_calls") or ())
            if isinstance(call, Mapping)
        ]  # fmt: skip
        builder.turn(text, reasoning if isinstance(reasoning, str) else "", calls, at=at)
        effort = step.get("reasoning_effort")
        builder.settings({"reasoning_effort": effort} if effort is not None else {})
    elif text or source != "system" or not step.get("observation"):
        builder.say("system" if source == "system" else "user", text, at)
    observed = step.get("observation")
    results = observed.get("results") if isinstance(observed, Mapping) else None
    for each in results if isinstance(results, list) else ():
        if isinstance(each, Mapping):
            _result(builder, each, source, at)


def _result(builder: Builder, found: Mapping[str, Any], source: Json, at: float | None) -> None:
    call_id = found.get("source_call_id")
    content = found.get("content")
    failed = bool(found.get("is_error"))
    if source == "system" and call_id is None:
        text = _text(builder, content)
        if text:
            builder.say("system", text, at)
        return
    identifier = call_id if isinstance(call_id, str) and call_id else None
    builder.answer(Answered(identifier, tidy(content), None, failed, tuple(no_text(content))), at)
    if found.get("subagent_trajectory_ref"):
        builder.lose("the trajectory of a subagent", "it stands on its own")


def _text(builder: Builder, message: Json) -> str:
    texts = []
    for part in parts(message):
        if isinstance(part, Said):
            texts.append(part.text)
        elif isinstance(part, Dropped):
            builder.lose(part.what, NOT_TEXT)
            texts.append(f"[{part.what}]")
    return "\n\n".join(text for text in texts if text)


SPEC = ImporterSpec("atif", WHERE, detect, read)
