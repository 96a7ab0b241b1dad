"""What happened to action items: the files of their closures, and the events they are made of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.domain.closure import ClosureEvent, Closures
from harness.errors import InputError
from harness.files.folders import inside
from harness.files.project import LoadedProject
from harness.files.records import Loaded, adapter
from harness.files.strict_json import load_json

_FOLDER = "closures"


def closures_folder(project: LoadedProject) -> Path:
    """Return the folder of the closures."""
    return project.reports / _FOLDER


def closures_files(project: LoadedProject) -> list[Path]:
    """Return the files of the closures in the order of their names."""
    folder = closures_folder(project)
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def load_closures(root: Path, path: Path) -> Loaded[Closures]:
    """Return the closures of a file; raise InputError with all that is wrong in it."""
    found = load_json(inside(root, path), Closures)
    if found.value.item != path.stem:
        fix = f"write {path.stem}"
        raise InputError(found.problem(("item",), "is not the file's name", found.value.item, fix))
    return found


def closures_of(item: str, events: Sequence[Mapping[str, Any]]) -> Closures:
    """Return an item's closures from event objects; InputError where one is none."""
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import, as in records

    text = json.dumps({"item": item, "events": list(events)})
    try:
        found: Closures = adapter(Closures).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{item}: an event in the ledger is none: {where}: {first['msg']}"
        ) from None
    return found


def event_object(event: ClosureEvent) -> dict[str, Any]:
    """Return an event as its plain JSON object."""
    plain = asdict(event)
    if "expires" in plain and plain["expires"] is not None:
        plain["expires"] = plain["expires"].isoformat()
    return json.loads(json.dumps(plain))  # type: ignore[no-any-return]


def render_closures(closures: Closures) -> bytes:
    """Return the file of an item's closures: the same bytes for the same events."""
    value = {"item": closures.item, "events": [event_object(event) for event in closures.events]}
    text = json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False)
    return text.encode("ascii") + b"\n"


def is_beginning(content: bytes, known: Closures, *, whole: bool = False) -> bool:
    """Whether a file is what the ledger gave before its last events, or with ``whole`` all."""
    counts = range(len(known.events) + whole)
    return any(
        content == render_closures(Closures(item=known.item, events=known.events[:count]))
        for count in counts
    )
