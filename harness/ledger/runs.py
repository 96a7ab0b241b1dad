"""Runs that ended without a seal: the one to go on with, and those to close."""

import json
from collections.abc import Collection
from pathlib import Path

from harness.domain.record import Json
from harness.errors import LedgerError
from harness.ledger.layout import Clock, Layout
from harness.ledger.locks import is_held
from harness.ledger.reader import RunStream, first_record
from harness.ledger.seal import write_seal
from harness.ledger.writer import RunWriter


def find_resumable(reports: Path, scope: Json) -> str | None:
    """Return the latest unsealed run that nobody writes and whose ``scope`` equals this one."""
    layout = Layout(reports)
    wanted = _canonical(scope)
    found = []
    for run in _loose(layout):
        first, _ = first_record(layout, run)
        if _canonical(first.get("scope")) == wanted and not _ends_in_seal(layout, run):
            found.append((str(first["started"]), run))
    return max(found)[1] if found else None


def seal_abandoned(reports: Path, *, now: Clock, keep: Collection[str] = ()) -> list[str]:
    """Seal as interrupted every unsealed run that nobody writes, except those to ``keep``.

    A run whose seal lacks its summary, because the process died between the two, gets it. Returns
    the runs that were sealed. A damaged run is left as it is: reading it says what is wrong.
    """
    layout = Layout(reports)
    sealed = []
    for run in _loose(layout):
        if run in keep:
            continue
        try:
            if _ends_in_seal(layout, run):
                write_seal(reports, run)
            else:
                RunWriter.resume(reports, run, now=now).seal("interrupted")
        except LedgerError:
            continue
        sealed.append(run)
    return sealed


def _loose(layout: Layout) -> list[str]:
    """Return the runs without a summary that nobody writes."""
    runs = sorted(set(layout.run_ids()) - set(layout.sealed_ids()))
    return [run for run in runs if not is_held(layout.run_file(run))]


def _ends_in_seal(layout: Layout, run: str) -> bool:
    stream = RunStream(layout.reports, run, check_seal=False)
    for _ in stream:
        pass
    return stream.sealed


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
