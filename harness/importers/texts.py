"""JSON that stands inside texts: arguments of calls, results, and what is neither."""

import json
from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.domain.transcript import ToolCall


def tool_call(name: str, arguments: Json, call_id: Json = None) -> ToolCall:
    """Return a call whose arguments are an object; what is none is kept as it was written."""
    found, raw = _object(arguments)
    identifier = call_id if isinstance(call_id, str) and call_id else None
    return ToolCall(name=name or "tool", arguments=found, id=identifier, raw=raw)


def _object(arguments: Json) -> tuple[dict[str, Json], str | None]:
    if isinstance(arguments, Mapping):
        return dict(arguments), None
    if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
        return {}, None
    if not isinstance(arguments, str):
        return {}, json.dumps(arguments, ensure_ascii=False)
    found = loads(arguments)
    return (found, None) if isinstance(found, dict) else ({}, arguments)


def loads(text: str) -> Json:
    """Return the value of a JSON text; None where it is none, or where it would change.

    A key that is written twice, and numbers that JSON lacks, would be lost: then the text stays.
    """
    start = text.lstrip()[:1]
    if start not in ("{", "[") or not start:
        return None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is written twice")
    return made


def _refuse(word: str) -> None:
    raise ValueError(word)


def first(mapping: Mapping[str, Any], keys: tuple[str, ...]) -> Json:
    """Return the first value under one of the keys that says something."""
    return next((mapping[key] for key in keys if mapping.get(key) not in (None, "", [], {})), None)
