"""What a sealed run says of itself: all of it computed from the records, by one function."""

import json
import math
from array import array
from collections.abc import Mapping
from pathlib import Path

from harness.domain.record import Json
from harness.errors import LedgerError
from harness.ledger.disk import disk_errors, write_atomically
from harness.ledger.reader import FORMAT, RunStream

GROUP = ("plan", "eval", "case", "variant", "fingerprint")
"""Totals are kept for each combination of these keys of a trial; a missing one is null."""
TOKENS = ("input_tokens", "output_tokens")
"""The keys of a trial that are summed, beside ``latency_s``."""


class Totals:
    """Counts of trials and sums of cost, built record by record."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._rows: dict[tuple[str, ...], dict[str, int]] = {}
        self._keys: dict[tuple[str, ...], dict[str, Json]] = {}
        self._items: dict[Json, set[str]] = {}
        self._tokens = dict.fromkeys(TOKENS, 0)
        self._latencies = array("d")
        self.kinds: dict[str, int] = {}

    def add(self, record: Mapping[str, Json]) -> None:
        """Count one record: trials and errors make totals, ``item`` ties an item to a plan."""
        kind = record["kind"]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == "item":
            self._items.setdefault(str(record.get("plan")), set()).add(str(record.get("item")))
        elif kind in {"trial", "error"}:
            self._count(record, str(record.get("outcome")) if kind == "trial" else "error")

    def _count(self, record: Mapping[str, Json], outcome: str) -> None:
        key = tuple(str(record.get(name)) for name in GROUP)
        if key not in self._rows:
            self._keys[key] = {name: record.get(name) for name in GROUP}
            self._rows[key] = {"trials": 0, "pass": 0, "fail": 0, "ungraded": 0, "errors": 0}
        row = self._rows[key]
        if outcome == "error":
            row["errors"] += 1
            return
        row["trials"] += 1
        row[outcome if outcome in {"pass", "fail"} else "ungraded"] += 1
        for name in TOKENS:
            count = record.get(name)
            self._tokens[name] += count if isinstance(count, int) else 0
        latency = record.get("latency_s")
        self._latencies.append(latency if isinstance(latency, (int, float)) else 0.0)

    @property
    def cost(self) -> dict[str, int | float]:
        """The sums of tokens and seconds over all trials; the seconds are rounded once."""
        return {**self._tokens, "latency_s": math.fsum(self._latencies)}

    def rows(self) -> list[dict[str, Json]]:
        """Return one row per combination that occurs, with its items, in the order of its keys."""
        return [
            {"items": sorted(self._items.get(key[0], ())), **self._keys[key], **self._rows[key]}
            for key in sorted(self._rows)
        ]


class Summary:
    """What a sealed run says of itself, computed while its records are read."""

    def __init__(self) -> None:
        """Start before the first record."""
        self._totals = Totals()
        self._first: Mapping[str, Json] = {}
        self._last: Mapping[str, Json] = {}

    def add(self, record: Mapping[str, Json]) -> None:
        """Take the next record."""
        self._first = self._first or record
        self._last = record
        self._totals.add(record)

    def of(self, stream: RunStream) -> dict[str, Json]:
        """Return the summary of the stream whose records were added, the seal among them."""
        if not stream.sealed:
            raise LedgerError(f"run {stream.run} is not sealed, so it has no summary")
        return {
            "format": FORMAT,
            "run": stream.run,
            "status": self._last.get("status"),
            "count": len(stream.chains),
            "head": stream.head,
            "started": self._first.get("started"),
            "ended": self._last.get("ended"),
            "harness": self._first.get("harness"),
            "previous": self._first.get("previous"),
            "kinds": dict(sorted(self._totals.kinds.items())),
            "cost": self._totals.cost,
            "totals": self._totals.rows(),
        }


def render(summary: Mapping[str, Json]) -> bytes:
    """Return the summary's file: the same bytes for the same records."""
    text = json.dumps(summary, allow_nan=False, ensure_ascii=True, indent=1)
    return text.encode("ascii") + b"\n"


def write_seal(reports: Path, run: str) -> dict[str, Json]:
    """Verify a run that ends in a seal record, and put its summary in place."""
    stream = RunStream(reports, run, check_seal=False)
    building = Summary()
    for record in stream:
        building.add(record)
    summary = building.of(stream)
    path = stream.layout.seal_file(run)
    with disk_errors(path, "write the sealed run"):
        write_atomically(path, render(summary))
    return summary


def _plain(value: Json) -> Json:
    """Return what may key a total: a text or null."""
    return value if value is None or isinstance(value, str) else json.dumps(value, sort_keys=True)
