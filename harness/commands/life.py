"""What happens to items: recorded in the ledger first, then written to each item's closures file.

The ledger is the truth and the file is written from it, so that a kill between the two loses
nothing and an edited file shows.
"""

import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from harness import __version__
from harness.commands.context import Context
from harness.commands.questions import Inquiry
from harness.commands.recording import item_record, plan_name, plan_record
from harness.decide.evidence import Evidence, RunFeed
from harness.domain.closure import ClosureEvent, Closures
from harness.domain.record import Json
from harness.errors import LedgerError, Place, Problem
from harness.files.closures import (
    closures_folder,
    closures_of,
    event_object,
    is_beginning,
    render_closures,
)
from harness.files.folders import inside
from harness.files.project import LoadedProject
from harness.ledger.disk import disk_errors, write_atomically
from harness.ledger.layout import timestamp
from harness.ledger.writer import RunWriter

_OWN = frozenset({"seq", "kind", "item", "plan"})
_GIT_S = 10.0


def closures(evidence: Evidence, item: str) -> Closures:
    """Return what happened to an item; LedgerError where the ledger holds what is no event."""
    records = evidence.events.get(item, [])
    return closures_of(item, [_plain(record) for record in records])


def _plain(record: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in record.items() if key not in _OWN}


def next_number(evidence: Evidence, item: str) -> int:
    """Return the number of an item's next event."""
    return max((record["number"] for record in evidence.events.get(item, [])), default=0) + 1


def moment(context: Context, evidence: Evidence, items: Iterable[str]) -> str:
    """Return the present moment as events hold it.

    A clock that went back changes nothing about the order, which is that of the events' numbers;
    the user is told.
    """
    now = timestamp(context.now())
    ats = [str(record["at"]) for item in items for record in evidence.events.get(item, [])]
    if ats and now < max(ats):
        context.say(
            f"the clock reads {now}, before the last event at {max(ats)}: events keep their order"
        )
    return now


def asked(inquiry: Inquiry, evidence: Evidence) -> list[dict[str, Json]]:
    """Return the records that say what was asked: the plan, and the item in its epoch."""
    question = inquiry.question
    held = evidence.of(question.key)
    return [
        plan_record(question, inquiry.fingerprint, inquiry.epoch, held),
        item_record(question, inquiry.epoch),
    ]


def event_record(item: str, event: ClosureEvent, inquiry: Inquiry | None = None) -> dict[str, Json]:
    """Return an event as a record of the ledger."""
    plan = {} if inquiry is None else {"plan": plan_name(inquiry.question)}
    return {"kind": "event", "item": item, **plan, **event_object(event)}


def record(
    context: Context, project: LoadedProject, evidence: Evidence, records: list[dict[str, Json]]
) -> str:
    """Append records to the ledger in a run of their own; then write the files of their items.

    Returns the run. Nothing is appended when the closures of an item were edited by hand.
    """
    items = {str(each["item"]) for each in records if each["kind"] == "event"}
    for item in items:
        _untouched(project, evidence, item)
    writer = RunWriter.create(
        project.reports, {"scope": "events"}, now=context.now, rng=context.rng, harness=__version__
    )
    feed = RunFeed(evidence, writer.run)
    with writer:
        writer.append_group(records)
        for each in records:
            feed.take(each)
        writer.seal("complete")
    for item in sorted(items):
        _write(project, evidence, item)
    return writer.run


def catch_up(project: LoadedProject, evidence: Evidence) -> None:
    """Write what a killed command left unwritten; edited files are left for ``verify``."""
    for item in evidence.events:
        path = _path(project, item)
        if not path.exists() or is_beginning(path.read_bytes(), closures(evidence, item)):
            _write(project, evidence, item)


def _write(project: LoadedProject, evidence: Evidence, item: str) -> None:
    path = _path(project, item)
    with disk_errors(path, "write the closures", "the event is safe in the ledger"):
        write_atomically(path, render_closures(closures(evidence, item)))


def _path(project: LoadedProject, item: str) -> Path:
    return inside(project.root, closures_folder(project) / f"{item}.json")


def is_edited(project: LoadedProject, evidence: Evidence, item: str) -> bool:
    """Say whether an item's file holds what the ledger never gave."""
    path = _path(project, item)
    return path.exists() and not is_beginning(
        path.read_bytes(), closures(evidence, item), whole=True
    )


def _untouched(project: LoadedProject, evidence: Evidence, item: str) -> None:
    path = _path(project, item)
    if is_edited(project, evidence, item):
        rule = "is not what the ledger says: it was edited, or belongs to another ledger"
        fix = "see harness verify, and restore the file; nothing was changed"
        raise LedgerError(Problem(Place(str(path)), "events", rule, fix=fix))


def versions() -> dict[str, str]:
    """Return the versions of what decides."""
    return {
        "harness": __version__,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "scipy": metadata.version("scipy"),
    }


def commit(root: Path) -> str | None:
    """Return the git commit that a folder stands on, or None outside of git."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the folder is the user's own
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            timeout=_GIT_S,
            text=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = done.stdout.strip()
    return found if done.returncode == 0 and found.isalnum() else None
