"""What happened to items by the ledger, and the files that say something else.

The files under ``reports/closures/`` are written from the ledger; whoever writes one by hand closes
nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.domain.closure import Closures
from harness.errors import Place
from harness.files.closures import closures_files, closures_folder, closures_of, is_beginning
from harness.files.project import LoadedProject
from harness.rules.view import Document, View

_OWN = frozenset({"seq", "kind", "item", "plan"})


def on_record(
    project: LoadedProject, view: View, events: Mapping[str, Sequence[Mapping[str, Any]]]
) -> tuple[View, tuple[str, ...]]:
    """Return a project's view with the closures that the ledger holds, and what files say beyond.

    ``events`` are the ledger's, by item. InputError where one of them is none.
    """
    known = {
        item: closures_of(item, [_plain(record) for record in _ordered(records)])
        for item, records in events.items()
    }
    files = {path.stem: path for path in closures_files(project)}
    strange = []
    for item, path in files.items():
        found = known.get(item, Closures(item=item))
        if not found.events:
            strange.append(f"{path.name}: the ledger holds no event of the item: it counts as open")
        elif not is_beginning(path.read_bytes(), found, whole=True):
            count = len(found.events)
            strange.append(f"{path.name}: is not what the ledger holds, whose {count} events count")
    held = {
        item: _document(closures_folder(project) / f"{item}.json", found, view)
        for item, found in known.items()
    }
    return replace(view, closures=held), tuple(strange)


def _ordered(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(records, key=lambda record: int(record.get("number", 0)))


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in _OWN}


def _document(path: Path, closures: Closures, view: View) -> Document[Closures]:
    """Return a document with the places of its file, where the file could be read."""
    read = view.closures.get(closures.item)
    return Document(closures, read.place if read else lambda *_: Place(str(path)))
