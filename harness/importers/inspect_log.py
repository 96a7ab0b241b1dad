"""Inspect's logs: .eval archives, whole or in chunks, and .json."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.moments import seconds
from harness.importers.outcome import spoken
from harness.importers.payloads import take_tools
from harness.importers.speech import speak
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "eval and samples, or an archive with header.json and samples/*.json"
_REFERENCE = re.compile(r"(?:attachment|tc)://([0-9A-Za-z]+)")
_PARSED = re.compile(
    r"Error parsing the following tool call arguments:\n\n(.*)\n\nError details: ", re.DOTALL
)
_DEEPEST = 80


def detect(document: Document) -> Detection:
    """Look for a log's header, in the archive or in the file."""
    if document.members:
        own = "header.json" in document.members or "_journal/start.json" in document.members
        return Detection(1.0, "an archive with Inspect's header") if own else NOT_MINE
    data = document.data
    if not isinstance(data, Mapping):
        return NOT_MINE
    evaluation = data.get("eval")
    if isinstance(evaluation, Mapping) and ("task" in evaluation or "model" in evaluation):
        return Detection(1.0, "eval beside samples")
    if isinstance(data.get("messages"), list) and {"epoch", "target"} <= set(data):
        return Detection(0.9, "one sample of a log")
    return NOT_MINE


def read(document: Document) -> list[Trajectory]:
    """Return the conversation of every sample and epoch."""
    header: Json = document.data
    samples: list[Json]
    if document.members:
        members = document.members
        header = members.get("header.json", members.get("_journal/start.json"))
        samples = [*_of_archive(members)]
    elif isinstance(header, Mapping) and "samples" in header:
        found = header["samples"]
        samples = found if isinstance(found, list) else []
        header = {key: value for key, value in header.items() if key != "samples"}
    else:
        samples, header = [header], {}
    head = header if isinstance(header, Mapping) else {}
    each = [_sample(sample, head) for sample in samples if isinstance(sample, Mapping)]
    return spoken(document, each, WHERE)


def _of_archive(members: Mapping[str, Json]) -> Iterator[Json]:
    names = [name for name in members if name.startswith("samples/") and name.endswith(".json")]
    for name in sorted(names, key=_natural):
        steps = name.split("/")
        if len(steps) == 2:  # noqa: PLR2004 - samples/NAME.json
            yield members[name]
        elif steps[-1] == "sample.json":
            yield _chunked(members, "/".join(steps[:-1]))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d{1,18})", name)]


def _chunked(members: Mapping[str, Json], prefix: str) -> Json:
    """Return a sample whose messages, events and attachments stand in members of their own."""
    shell = members[f"{prefix}/sample.json"]
    if not isinstance(shell, Mapping):
        return None
    pool = _sequence(members, prefix, "messages")
    attachments = {str(n): text for n, text in enumerate(_sequence(members, prefix, "attachments"))}
    made = {key: value for key, value in shell.items() if key != "message_refs"}
    made["messages"] = _expanded(shell.get("message_refs"), pool)
    made["events"] = _sequence(members, prefix, "events")
    made["events_data"] = {"messages": pool}
    made["attachments"] = attachments
    return made


def _sequence(members: Mapping[str, Json], prefix: str, name: str) -> list[Json]:
    start = f"{prefix}/{name}/"
    chunks = [
        (int(stem), members[key])
        for key in members
        if key.startswith(start) and (stem := key[len(start) :].removesuffix(".json")).isdigit()
        and len(stem) < 16  # noqa: PLR2004 - a place
    ]  # fmt: skip
    ordered = [chunk for _, chunk in sorted(chunks, key=lambda pair: pair[0])]
    return [item for chunk in ordered if isinstance(chunk, list) for item in chunk]


def _expanded(references: Json, pool: list[Json]) -> list[Json]:
    """Return the messages of a pool that ranges name: pairs of start and exclusive end."""
    found: list[Json] = []
    for pair in references if isinstance(references, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int) for n in pair):  # noqa: PLR2004
            found += pool[max(pair[0], 0) : max(pair[1], 0)]
        elif isinstance(pair, int) and 0 <= pair < len(pool):
            found.append(pool[pair])
    return found


def _sample(sample: Mapping[str, Any], header: Mapping[str, Any]) -> Trajectory:
    builder = Builder()
    transcript = sample.get("transcript")
    older = transcript.get("content") if isinstance(transcript, Mapping) else None
    table = {
        key: value
        for held in (older, sample.get("attachments"))
        if isinstance(held, Mapping)
        for key, value in held.items()
    }
    models = [e for e in _events(sample) if e.get("event") == "model"]
    _model(builder, sample, header, models)
    times = _times(models)
    missing: set[str] = set()
    for message in _messages(sample, models):
        whole = _resolved(message, table, missing, _DEEPEST)
        if not isinstance(whole, Mapping):
            continue
        speak(builder, _as_written(builder, whole), times.get(str(whole.get("id"))))
    builder.lose("attachments that the log refers to and does not hold", "not there", len(missing))
    if sample.get("error"):
        builder.lose("the error that ended the sample", "the transcript has no place for it")
    rest = {k: _resolved(v, table, missing, _DEEPEST) for k, v in sample.items()
            if k not in ("attachments", "events_data", "message_pool")}  # fmt: skip
    title = f"{sample.get('id', '')} epoch {sample.get('epoch', 1)}"
    return builder.finish({"header": dict(header), "sample": rest}, title)


def _as_written(builder: Builder, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message whose calls hold what the model wrote, where Inspect could not parse it.

    The log then holds no arguments, but an error that quotes them.
    """
    calls = message.get("tool_calls")
    made = []
    for call in calls if isinstance(calls, list) else ():
        error = call.get("parse_error") if isinstance(call, Mapping) else None
        quoted = _PARSED.match(error) if isinstance(error, str) else None
        if error and (quoted is None or "(arguments middle-truncated from " in quoted[1]):
            why = "the call stands as Inspect read it"
            builder.lose("arguments of a call that could not be parsed", why)
        elif quoted is not None:
            made.append({**call, "arguments": quoted[1]})
            continue
        made.append(call)
    return {**message, "tool_calls": made} if made else message


def _events(sample: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    events = sample.get("events")
    transcript = sample.get("transcript")
    if not events and isinstance(transcript, Mapping):
        events = transcript.get("events")
    return [e for e in (events if isinstance(events, list) else ()) if isinstance(e, Mapping)]


def _messages(sample: Mapping[str, Any], models: list[Mapping[str, Any]]) -> list[Json]:
    """Return the conversation; where the log did not keep it, that of its last model call."""
    own = sample.get("messages")
    own = own if isinstance(own, list) else []
    if len(own) > 1 or not models:
        return own
    data = sample.get("events_data")
    pool = data.get("messages") if isinstance(data, Mapping) else sample.get("message_pool")
    pool = pool if isinstance(pool, list) else []
    longest: list[Json] = own
    for event in models:
        said = event.get("input")
        sent = said if isinstance(said, list) and said else _expanded(event.get("input_refs"), pool)
        output = event.get("output")
        choices = output.get("choices") if isinstance(output, Mapping) else None
        first = choices[0] if isinstance(choices, list) and choices else None
        answer = first.get("message") if isinstance(first, Mapping) else None
        view = [*sent, *([answer] if answer is not None else [])]
        longest = view if len(view) >= len(longest) else longest
    return longest


def _times(models: list[Mapping[str, Any]]) -> dict[str, float]:
    """Return when each of the model's messages was said, by the message's id."""
    found = {}
    for event in models:
        output = event.get("output")
        choices = output.get("choices") if isinstance(output, Mapping) else None
        at = seconds(event.get("completed") or event.get("timestamp"))
        for choice in choices if isinstance(choices, list) else ():
            message = choice.get("message") if isinstance(choice, Mapping) else None
            if isinstance(message, Mapping) and message.get("id") and at is not None:
                found[str(message["id"])] = at
    return found


def _model(
    builder: Builder,
    sample: Mapping[str, Any],
    header: Mapping[str, Any],
    models: list[Mapping[str, Any]],
) -> None:
    evaluation, plan = header.get("eval"), header.get("plan")
    if isinstance(evaluation, Mapping):
        model = evaluation.get("model")
        builder.requested = model if isinstance(model, str) else None
        config = evaluation.get("model_generate_config")
        builder.settings(config if isinstance(config, Mapping) else {})
    if isinstance(plan, Mapping) and isinstance(plan.get("config"), Mapping):
        builder.settings(plan["config"])
    output = sample.get("output")
    if isinstance(output, Mapping) and isinstance(output.get("model"), str):
        builder.responded = output["model"] or None
    for event in models:
        take_tools(builder, event.get("tools"))
        config = event.get("config")
        builder.settings(config if isinstance(config, Mapping) else {})


def _resolved(value: Json, table: Mapping[str, Json], missing: set[str], levels: int) -> Json:
    """Return a value with the attachments put where they are referred to."""
    if isinstance(value, str):
        match = _REFERENCE.fullmatch(value)
        if match is None:
            return value
        if match[1] in table:
            return table[match[1]]
        missing.add(match[1])
        return value
    if levels and isinstance(value, Mapping):
        return {k: _resolved(v, table, missing, levels - 1) for k, v in value.items()}
    if levels and isinstance(value, list):
        return [_resolved(each, table, missing, levels - 1) for each in value]
    return value


SPEC = ImporterSpec("inspect", WHERE, detect, read)
