"""JSON Schemas for editors and other tools, exported from the records that validate the files."""

import json
from pathlib import Path
from typing import Any

from harness.domain.case import Case, Eval
from harness.domain.field_event import FieldEvent
from harness.domain.guardrail import GuardrailRules
from harness.domain.item import ActionItem
from harness.domain.label import Label
from harness.domain.postmortem import Postmortem, Trace
from harness.domain.project import Project
from harness.files.records import described

_RECORDS: dict[str, tuple[Any, str]] = {
    "project": (Project, "harness.yaml"),
    "eval": (Eval, "cases/EVAL/eval.yaml"),
    "case": (Case, "cases/EVAL/CASE.yaml"),
    "action_item": (ActionItem, "action_items/ITEM.yaml"),
    "guardrail": (GuardrailRules, "guardrails/GUARDRAIL.yaml"),
    "postmortem": (Postmortem, "the front matter of postmortems/INC.md"),
    "trace": (Trace, "traces/INC.json"),
    "field_event": (FieldEvent, "a line of field_events/NAME.jsonl"),
    "label": (Label, "a line of cases/EVAL/labels.jsonl"),
}
_SUFFIX = ".schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def export(folder: Path) -> list[Path]:
    """Write the schemas into a folder that exists; return the files."""
    written = []
    for name, text in schemas().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def stale(folder: Path) -> list[str]:
    """Return the names of the files in a folder that ``export`` would change, or leave behind."""
    expected = schemas()
    held = {path.name for path in folder.glob(f"*{_SUFFIX}")}
    changed = {
        name
        for name, text in expected.items()
        if name not in held or (folder / name).read_text(encoding="utf-8") != text
    }
    return sorted(changed | (held - expected.keys()))


def schemas() -> dict[str, str]:
    """Return file name -> text of every schema."""
    return {
        f"{name}{_SUFFIX}": json.dumps(
            _schema(name, record, file), indent=2, ensure_ascii=False, allow_nan=False
        )
        + "\n"
        for name, (record, file) in _RECORDS.items()
    }


def _schema(name: str, record: Any, file: str) -> dict[str, Any]:
    head = {"$schema": _DIALECT, "$id": f"{name}{_SUFFIX}", "title": file}
    body: dict[str, Any] = _without_titles(described(record).json_schema())
    return head | body


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that only repeat the keys."""
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, part in schema.items():
        if key in {"properties", "$defs"}:
            kept[key] = {name: _without_titles(value) for name, value in part.items()}
        elif key in {"default", "const", "enum"}:
            kept[key] = part
        elif key != "title":
            kept[key] = _without_titles(part)
    return kept
