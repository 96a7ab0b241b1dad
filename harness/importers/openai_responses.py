"""Items of OpenAI's Responses: an item list, a request with its answer, an answer alone."""

from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.exchanges import Exchange, read_exchanges
from harness.importers.outcome import spoken
from harness.importers.payloads import answered, asked, decoded
from harness.importers.speech import is_item
from harness.ports.importer import NOT_MINE, Detection, Document, ImporterSpec, Trajectory

WHERE = "items of type message, function_call and function_call_output, under input or output"


def detect(document: Document) -> Detection:
    """Look for items: calls and results that stand beside the messages."""
    if document.members:
        return NOT_MINE
    record = next(iter(_records(document)), None)
    if isinstance(record, list):
        return Detection(0.7, "a list of items") if _items(record) else NOT_MINE
    for part in _parts(record):
        if part.get("object") == "response" and isinstance(part.get("output"), list):
            return Detection(0.85, "an answer of type response")
        for key in ("input", "output", "items", "data"):
            if _items(part.get(key)):
                return Detection(0.75, f"items under {key}")
        if isinstance(part.get("input"), str | list) and "instructions" in part:
            return Detection(0.6, "input beside instructions")
        if "model" in part and isinstance(part.get("input"), list) and _spoken(part["input"]):
            return Detection(0.6, "messages under input, beside a model")
    return NOT_MINE


def _parts(record: Json) -> list[Mapping[str, Any]]:
    if not isinstance(record, Mapping):
        return []
    inner = [decoded(record.get(key)) for key in ("request", "response", "body")]
    return [record, *(part for each in inner for part in _parts(each))]


def _items(value: Json) -> bool:
    if not isinstance(value, list) or not value:
        return False
    own = any(isinstance(each, Mapping) and "role" not in each and is_item(each) for each in value)
    return own or all(is_item(each) for each in value)


def _spoken(value: list[Json]) -> bool:
    return bool(value) and all(
        is_item(each) or (isinstance(each, Mapping) and isinstance(each.get("role"), str))
        for each in value
    )


def _records(document: Document) -> list[Json]:
    if document.lines:
        lines = [*document.lines]
        return [lines] if is_item(lines[0]) else lines
    data = document.data
    if isinstance(data, list) and data and isinstance(data[0], Mapping) and not is_item(data[0]):
        return [data] if "role" in data[0] else data
    return [data]


def read(document: Document) -> list[Trajectory]:
    """Return the conversations; answers that name one another are one conversation."""
    records, found = _records(document), []
    for number, chain in enumerate(_chains(records), 1):
        builder = Builder()
        for record in chain:
            _conversation(builder, _without_known(builder, record))
        name = chain[0].get("id") if isinstance(chain[0], Mapping) else None
        source = chain[0] if len(chain) == 1 else chain
        found.append(Exchange(builder, source, str(name or f"conversation {number}")))
    return spoken(document, read_exchanges(records, found), WHERE)


def _chains(records: list[Json]) -> list[list[Json]]:
    """Return the records of each conversation in order: from an answer that none goes on from."""
    by_id = {name: record for record in records if (name := _named(record, "id"))}
    before = {_named(record, "previous_response_id") for record in records}
    ends = [r for r in records if (name := _named(r, "id")) is None or name not in before]
    chains = []
    for end in ends or records[-1:]:
        chain, seen = [end], {_named(end, "id")}
        while (name := _named(chain[-1], "previous_response_id")) in by_id and name not in seen:
            seen.add(name)
            chain.append(by_id[str(name)])
        chains.append(chain[::-1])
    return chains


def _named(record: Json, key: str) -> str | None:
    """Return an id that an answer gives, or the request that it answers."""
    for part in _parts(record):
        if isinstance(part.get(key), str) and part[key]:
            return str(part[key])
    return None


def _without_known(builder: Builder, record: Json) -> Json:
    """Return a record without instructions that stand in the conversation already."""
    said = {e.message.content for e in builder.entries if e.message.role == "system"}
    if not said or not isinstance(record, Mapping):
        return record
    return {
        key: _without_known(builder, value) if key in ("request", "response", "body") else value
        for key, value in record.items()
        if key != "instructions" or value not in said
    }


def _conversation(builder: Builder, record: Json) -> None:
    if not isinstance(record, Mapping):
        asked(builder, record)
        return
    request = decoded(record.get("request"))
    if isinstance(request, Mapping):
        inner = decoded(request.get("body"))
        asked(builder, inner if isinstance(inner, Mapping) else request)
    elif any(record.get(key) for key in ("input", "items", "data")):
        items = next(record[key] for key in ("input", "items", "data") if record.get(key))
        asked(builder, {**record, "input": items, "output": None})
    elif record.get("object") == "response":
        asked(builder, {k: record.get(k) for k in ("model", "tools", "instructions", "temperature",
                                                   "top_p", "max_output_tokens")})  # fmt: skip
    for part in (record, *(decoded(record.get(key)) for key in ("response", "body"))):
        if isinstance(part, Mapping) and isinstance(part.get("output"), list):
            answered(builder, part["output"])
            if isinstance(part.get("model"), str):
                builder.responded = part["model"]
            return


SPEC = ImporterSpec("openai_responses", WHERE, detect, read)
