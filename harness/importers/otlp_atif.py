"""Spans that carry ATIF step by step, as agentpile writes them."""

import json
from collections.abc import Mapping
from typing import Any

from harness.domain.record import Json
from harness.importers.atif import trajectories as atif_trajectories
from harness.ports.importer import Trajectory


def carried_trajectories(raw: list[Mapping[str, Any]]) -> list[Trajectory]:
    """Return the trajectories of spans that carry ATIF step by step, as agentpile writes them."""
    roots = {}
    steps: dict[str, list[tuple[int, dict[str, Json]]]] = {}
    calls: dict[str, list[tuple[int, int, dict[str, Json]]]] = {}
    parent_of = {
        id_of(s, "spanId", "span_id"): id_of(s, "parentSpanId", "parent_span_id") for s in raw
    }
    for span in raw:
        attributes = span["attributes"]
        kind, place = attributes.get("agentpile.kind"), attributes.get("agentpile.index")
        identifier = id_of(span, "spanId", "span_id")
        index = place if isinstance(place, int) else 0
        if kind == "trajectory":
            roots[identifier] = span
        elif kind == "step":
            step = _carried(attributes, "agentpile.step.")
            if attributes.get("agentpile.time_synthetic") is not True:
                step["timestamp"] = step.get("timestamp") or span.get("startTimeUnixNano")
            steps.setdefault(parent_of[identifier], []).append((index, step))
        elif kind == "call":
            at = attributes.get("agentpile.step_index")
            above = parent_of[identifier]
            owner = above if above in roots else parent_of.get(above, "")
            call = (
                at if isinstance(at, int) else -1,
                index,
                _carried(attributes, "agentpile.call."),
            )
            calls.setdefault(owner, []).append(call)
    made = []
    for identifier, root in roots.items():
        attributes = root["attributes"]
        record = _carried(attributes, "agentpile.trajectory.")
        record["agent"] = _carried(attributes, "agentpile.agent.")
        record["steps"] = []
        for index, step in sorted(steps.get(identifier, []), key=lambda pair: pair[0]):
            found = [c for at, _, c in sorted(calls.get(identifier, []), key=lambda c: c[:2])
                     if at == index]  # fmt: skip
            record["steps"].append({**step, "tool_calls": found} if found else step)
        made += [*atif_trajectories(record)]
    return made


def _carried(attributes: Mapping[str, Json], prefix: str) -> dict[str, Json]:
    """Return the values that stand below a prefix as JSON texts."""
    made = {}
    for key, value in attributes.items():
        if key.startswith(prefix):
            made[key.removeprefix(prefix)] = _json(value)
    return made


def _json(value: Json) -> Json:
    """Return the value of a JSON text, scalars too."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def id_of(raw: Mapping[str, Any], *keys: str) -> str:
    """Return the first id under one of the keys; empty where there is none."""
    return next((str(raw[key]) for key in keys if raw.get(key)), "")
