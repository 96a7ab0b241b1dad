"""Comparisons on record: a file of question and answer, its hash in the ledger, decided again.

Gates and attributions are kept alike. The hash enters the ledger before the file is put in place: a
file without its hash there is a forgery, a hash without its file is missed once its run is sealed.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.decide.evidence import Evidence, SeriesKey
from harness.domain.record import Json
from harness.domain.report import Finding
from harness.errors import InputError, LedgerError, Place, Problem
from harness.files.folders import inside
from harness.files.project import LoadedProject
from harness.files.source import read_bytes
from harness.ledger.disk import disk_errors, write_atomically
from harness.ledger.reader import RunRecords, read_all, runs_in_order
from harness.ledger.writer import RunWriter

Again = Callable[[LoadedProject, Mapping[str, Any], Evidence, list[RunRecords]], Json]
"""(project, what the file holds, its evidence, the records it stands on) -> the answer."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of comparison: what its record is called, where its files lie, how it is decided."""

    record: str
    folder: str
    answer: str
    """The key of the file that holds the answer."""
    again: Again


def stands_on(
    project: LoadedProject, evidence: Evidence, keys: Iterable[SeriesKey]
) -> list[tuple[str, int, str]]:
    """Return the runs that hold trials of these series, in the order of the ledger.

    Where two runs fill one place the first counts, so the order is part of the evidence.
    """
    found: dict[str, tuple[int, str]] = {}
    for key in keys:
        found |= evidence.runs.get(key, {})
    return [(run, *found[run]) for run in runs_in_order(project.reports) if run in found]


def write(project: LoadedProject, writer: RunWriter, kind: Kind, stored: Mapping[str, Json]) -> str:
    """Put a comparison on record; return its file, below the project's folder."""
    data = json.dumps(stored, indent=1, allow_nan=False).encode("ascii") + b"\n"
    path = project.reports / kind.folder / f"{writer.run}.json"
    inside(project.root, path)
    digest = hashlib.sha256(data).hexdigest()
    writer.append_group([{"kind": kind.record, "file": path.name, "sha256": digest}])
    with disk_errors(path, f"write the {kind.record}'s record"):
        write_atomically(path, data)
    return f"{project.config.reports}/{kind.folder}/{path.name}"


def verify(
    project: LoadedProject, run: str | None, every: tuple[Kind, ...]
) -> tuple[int, list[Finding]]:
    """Decide every recorded comparison again; return how many there are, and what does not fit.

    ``run`` limits it to those of one run.
    """
    folders = {kind.record: project.reports / kind.folder for kind in every}
    runs = {held.run: held for held in read_all(project.reports)}
    count, findings = 0, list[Finding]()
    for kind in every:
        folder = folders[kind.record]
        names = {path.stem for path in folder.glob("*.json")} if folder.is_dir() else set()
        hashes = {
            held.run: str(record.get("sha256"))
            for held in runs.values()
            for record in held.records
            if record["kind"] == kind.record
        }
        names |= {name for name in hashes if runs[name].sealed}
        for name in sorted(n for n in names if run in {None, n}):
            count += 1
            findings += _compared(project, kind, name, hashes.get(name), runs)
    return count, findings


def _compared(
    project: LoadedProject,
    kind: Kind,
    name: str,
    digest: str | None,
    runs: Mapping[str, RunRecords],
) -> list[Finding]:
    path = project.reports / kind.folder / f"{name}.json"
    place = Place(str(path))
    try:
        data = read_bytes(inside(project.root, path))
    except InputError as error:
        return list(error.problems)
    if digest is None:
        return [Problem(place, "run", f"the ledger knows no {kind.record} of this name")]
    if hashlib.sha256(data).hexdigest() != digest:
        rule = "is not what the ledger says was written"
        return [Problem(place, "sha256", rule, fix="restore it from a copy")]
    try:
        return _again(project, kind, json.loads(data), place, runs)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, LedgerError) as error:
        wrong = f"{type(error).__name__}: {error}"
        return [Problem(place, "", f"is no {kind.record} of this version", wrong)]


def _again(
    project: LoadedProject,
    kind: Kind,
    stored: Mapping[str, Any],
    place: Place,
    runs: Mapping[str, RunRecords],
) -> list[Finding]:
    evidence, counted = Evidence(), list[RunRecords]()
    for run, count, head in stored["stands_on"]:
        found = runs.get(run)
        if found is None or count > found.count or found.head_at(count) != head:
            rule = f"stands on {count} records of run {run}, which holds others now"
            return [Problem(place, "stands_on", rule)]
        records = found.records[:count]
        evidence.add_run(run, head, records)
        counted.append(RunRecords(run, found.path, records, [], sealed=False, torn_bytes=0))
    decided = json.loads(json.dumps(kind.again(project, stored, evidence, counted)))
    return different(place, kind.answer, stored[kind.answer], decided)


def different(
    place: Place, key: str, stored: Mapping[str, Json], decided: Mapping[str, Json]
) -> list[Finding]:
    """Return the first thing in an answer that is another when it is decided again."""
    for name in [*decided, *stored]:
        if name not in stored or name not in decided:
            rule = "is missing" if name in decided else "is nothing that is decided"
            return [Problem(place, f"{key}.{name}", rule)]
        if stored[name] != decided[name]:
            rule = f"decided again, it is {_short(decided[name])}"
            return [Problem(place, f"{key}.{name}", rule, _short(stored[name]))]
    return []


def _short(value: Json) -> str:
    return json.dumps(value)[:60]
