"""OpenAI chat messages, alone or as benchmarks and agents keep them.

Also: SWE-agent's and mini-swe-agent's .traj, tau-bench and tau2-bench, chat completions with their
answer, files with one conversation a line.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.blocks import block_type
from harness.importers.builder import Builder
from harness.importers.exchanges import Exchange, read_exchanges
from harness.importers.outcome import spoken
from harness.importers.payloads import answered, asked, decoded, is_message, take_tools
from harness.importers.speech import speak
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "messages with role and content: a list, or under messages, history, traj or choices"
_LISTS = ("messages", "history", "traj", "trajectory", "conversation", "conversations")
_ENVELOPES = ("request", "body", "response")
_NAMES = ("id", "task_id", "instance_id", "conversation_id", "session_id", "trial", "name")


def detect(document: Document) -> Detection:
    """Look for lists of messages, in the envelopes that are known."""
    if document.members:
        return NOT_MINE
    records = _records(document)
    first = next(iter(records), None)
    if first is None:
        return NOT_MINE
    if isinstance(first, Mapping) and _chat(first):
        kind = next((key for key in (*_LISTS, "choices") if key in first), "request or response")
        return Detection(0.6, f"messages under {kind}")
    if is_bare(first):
        return Detection(0.5, "a list of messages with roles")
    return NOT_MINE


def _chat(record: Mapping[str, Any]) -> bool:
    if any(_messages(record.get(key)) for key in _LISTS) or _steps(record):
        return True
    if isinstance(record.get("choices"), list):
        return True
    return any(
        isinstance(inner, Mapping) and _chat(inner)
        for inner in (decoded(record.get(key)) for key in _ENVELOPES)
    )


def _messages(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and any(is_message(each) for each in value[:3])


def _steps(record: Mapping[str, Any]) -> bool:
    steps = record.get("trajectory")
    first = steps[0] if isinstance(steps, list) and steps else None
    return isinstance(first, Mapping) and "action" in first and "observation" in first


def _records(document: Document) -> list[Json]:
    """Return one value a conversation."""
    data = document.data
    if document.lines:
        lines = document.lines
        return [list(lines)] if is_bare(lines[0]) else [*lines]
    if isinstance(data, Mapping):
        key = _several(data)
        return [data] if key is None else data[key]
    if isinstance(data, list) and data:
        if is_bare(data[0]):
            return data if isinstance(data[0], list) else [data]
        return data
    return []


def _several(data: Mapping[str, Any]) -> str | None:
    """Return the key under which a file holds one record a conversation."""
    for key in ("simulations", "results", "trajectories", "data", "rollouts", "attempts"):
        inner = data.get(key)
        first = inner[0] if isinstance(inner, list) and inner else None
        if isinstance(first, Mapping) and _chat(first):
            return key
    return None


def _envelope(document: Document) -> tuple[str, Mapping[str, Any]] | None:
    """Return the key of the records, and what stands beside them in the file."""
    data = document.data
    key = _several(data) if isinstance(data, Mapping) and not document.lines else None
    if key is None or not isinstance(data, Mapping):
        return None
    return key, {name: value for name, value in data.items() if name != key}


def is_bare(value: Json) -> bool:
    """Whether a value is a message, or a list of messages, without an envelope."""
    if isinstance(value, list):
        return bool(value) and is_bare(value[0])
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("role"), str)
        and not any(isinstance(value.get(key), list) for key in _LISTS)
    )


def read(document: Document) -> list[Trajectory]:
    """Return the conversations."""
    records = _records(document)
    if records and is_bare(records[0]) and isinstance(records[0], Mapping):
        records = [records]
    found = [*_read(records, _envelope(document))]
    return spoken(document, read_exchanges(records, found), WHERE)


def _read(
    records: list[Json], envelope: tuple[str, Mapping[str, Any]] | None
) -> Iterator[Exchange]:
    for number, record in enumerate(records, 1):
        builder = Builder()
        source: Json = record
        if envelope is not None:
            key, beside = envelope
            _surroundings(builder, beside)
            source = {**beside, key: [record]}
        _conversation(builder, record)
        yield Exchange(builder, source, _title(record, number))


def _title(record: Json, number: int) -> str:
    names = [
        f"{key} {record[key]}"
        for key in _NAMES
        if isinstance(record, Mapping) and isinstance(record.get(key), str | int)
    ]
    return ", ".join(names) or f"conversation {number}"


def _conversation(builder: Builder, record: Json) -> None:
    if isinstance(record, list):
        asked(builder, record)
        return
    if not isinstance(record, Mapping):
        return
    _surroundings(builder, record)
    if _messages(record.get("history")) and record.get("trajectory") is not None:
        asked(builder, record["history"])
    elif _steps(record) and not any(_messages(record.get(key)) for key in _LISTS):
        _swe_steps(builder, record["trajectory"])
    else:
        _request(builder, record)
    for key in ("response", "choices", "completion", "output"):
        inner = decoded(record.get(key))
        if isinstance(inner, Mapping | list) and inner:
            answered(builder, {key: inner} if key == "choices" else inner)
            break
    body = decoded(record.get("body"))
    if not builder.entries and isinstance(body, Mapping):
        _conversation(builder, body)


def _request(builder: Builder, record: Mapping[str, Any]) -> None:
    for key in _LISTS:
        if _messages(record.get(key)):
            rest = {k: v for k, v in record.items() if k not in _LISTS}
            asked(builder, {**rest, "messages": record[key]})
            return
    request = decoded(record.get("request"))
    if isinstance(request, Mapping):
        inner = decoded(request.get("body"))
        _conversation(builder, inner if isinstance(inner, Mapping) else request)


def _surroundings(builder: Builder, record: Mapping[str, Any]) -> None:
    """Read the model and the settings where agents keep them."""
    if isinstance(record.get("model"), str) and "choices" in record:
        builder.responded = record["model"]
    info = record.get("info")
    config = info.get("config") if isinstance(info, Mapping) else None
    agent = info.get("agent_info") if isinstance(info, Mapping) else None
    if isinstance(agent, Mapping):
        name, given = agent.get("llm"), agent.get("llm_args")
        builder.requested = name if isinstance(name, str) else builder.requested
        builder.settings(given if isinstance(given, Mapping) else {})
    replay = decoded(record.get("replay_config"))
    for each in (config, replay.get("agent") if isinstance(replay, Mapping) else None):
        model = each.get("model") if isinstance(each, Mapping) else None
        if isinstance(model, Mapping):
            name = model.get("model_name") or model.get("name")
            builder.requested = name if isinstance(name, str) else builder.requested
            builder.settings(model)
            inner = model.get("model_kwargs")
            builder.settings(inner if isinstance(inner, Mapping) else {})
    take_tools(builder, record.get("tools"))


def _swe_steps(builder: Builder, steps: list[Json]) -> None:
    """Read SWE-agent's steps, for files without the history: what it did and what came of it."""
    for step in steps:
        if not isinstance(step, Mapping):
            continue
        said = step.get("response") or step.get("thought") or step.get("action") or ""
        speak(builder, {"role": "assistant", "content": said})
        if step.get("observation") is not None:
            builder.say("user", str(step["observation"]))


def has_part(messages: Json, kinds: frozenset[str]) -> bool:
    """Whether any message of a list holds a part of these types."""
    return any(
        isinstance(part, Mapping) and block_type(part) in kinds
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, Mapping) and isinstance(message.get("content"), list)
        for part in message["content"]
    )


SPEC = ImporterSpec("openai_chat", WHERE, detect, read)
