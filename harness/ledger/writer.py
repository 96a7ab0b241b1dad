"""Writing one run: one writer, whole records only, one sync a group, before it counts."""

import errno
import os
import random
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self

from harness.domain.record import Json
from harness.errors import LedgerError, Place, Problem
from harness.ledger import frame
from harness.ledger.compact import TrialIds
from harness.ledger.disk import disk_error, disk_errors, make_folder, sync, sync_folder, write_whole
from harness.ledger.layout import Clock, Layout, run_id, timestamp
from harness.ledger.lineage import tips
from harness.ledger.locks import hold_creation, holder, note_holder, release, take
from harness.ledger.reader import FORMAT, RunStream
from harness.ledger.seal import write_seal

OWN_KEYS = frozenset({"kind", "format", "run", "started", "harness", "previous"})
"""The keys of the first record that the ledger fills."""

_BROKEN = "an earlier write failed; run the same command again to resume"
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC


class _End(NamedTuple):
    """Where a run ends: how many records, the chain after them, how many bytes."""

    records: int
    head: bytes
    size: int


class RunWriter:
    """The only writer of one run; made by ``create`` or ``resume``, let go of by ``close``.

    ``write`` appends, ``sync`` acknowledges: what was written before a ``sync`` that returned is
    on the disk, and never lost. ``append_group`` does both. ``stage`` and ``flush`` are the halves
    of ``write``, for many records at once. All may be called from different threads. After a
    failure the writer refuses further work: resume the run instead.
    """

    def __init__(self, layout: Layout, run: str, fd: int, now: Clock) -> None:
        """Take over an open run file; ``create`` and ``resume`` do."""
        self.layout: Final = layout
        self.run: Final = run
        self.path: Final = layout.run_file(run)
        self.repaired_bytes = 0
        """Bytes of a broken-off append that ``resume`` took away."""
        self.trials = TrialIds()
        """The ids of the trials that this run holds, acknowledged or not yet."""
        self._fd = fd
        self._now = now
        self._staged: list[bytes] = []
        """Lines that are not in the file yet."""
        self._end = self._written = self._safe = _End(0, frame.GENESIS, 0)
        """Behind what is staged, what is in the file, what is on the disk."""
        self._locked = False
        self._refusal = ""
        self._lost = False
        """A sync failed: what was written since the last one is gone."""
        self._one_at_a_time = threading.Lock()

    @classmethod
    def create(
        cls,
        reports: Path,
        fields: Mapping[str, Json],
        *,
        now: Clock,
        rng: random.Random,
        harness: str,
    ) -> Self:
        """Start a run whose first record holds ``fields``; it is on the disk when this returns."""
        if taken := OWN_KEYS & fields.keys():
            raise ValueError(f"the ledger fills {sorted(taken)} itself")
        layout = Layout(reports)
        with hold_creation(layout, now):
            started = now()
            run = run_id(started, rng)
            own = {
                "kind": "run",
                "format": FORMAT,
                "run": run,
                "started": timestamp(started),
                "harness": harness,
                "previous": tips(layout),
            }
            return cls._begin(layout, run, own | dict(fields), now)

    @classmethod
    def _begin(cls, layout: Layout, run: str, first: Mapping[str, Json], now: Clock) -> Self:
        """Write the first record under another name, so that no run is ever without one."""
        path = layout.run_file(run)
        fresh = path.with_name(f".{path.name}.tmp")
        with disk_errors(path, "create the run", "nothing was changed"):
            make_folder(layout.runs)
            for stale in layout.runs.glob(".*.jsonl.tmp"):
                stale.unlink()  # left by a kill; under the creation lock nobody else makes one
            if path.exists():
                raise FileExistsError(errno.EEXIST, "a run of this name exists")
            fd = os.open(fresh, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        writer = cls(layout, run, fd, now)
        try:
            writer._lock()
            writer.append_group([first])
            with disk_errors(path, "create the run", "nothing was changed"):
                fresh.rename(path)
                sync_folder(layout.runs)
        except BaseException:
            fresh.unlink(missing_ok=True)
            writer.close()
            raise
        return writer

    @classmethod
    def resume(cls, reports: Path, run: str, *, now: Clock) -> Self:
        """Go on with an unsealed run, after verifying all of it and repairing a torn tail.

        What the run then holds is on the disk. Damage, a sealed run or another writer: LedgerError.
        """
        layout = Layout(reports)
        path = layout.run_file(run)
        with disk_errors(path, "open the run for writing"):
            fd = os.open(path, _FLAGS)
        writer = cls(layout, run, fd, now)
        try:
            writer._lock()
            writer._take_stock(reports)
        except BaseException:
            writer.close()
            raise
        return writer

    @property
    def count(self) -> int:
        """How many records are acknowledged."""
        return self._safe.records

    @property
    def head(self) -> str:
        """The chain after the last acknowledged record, in hexadecimal."""
        return self._safe.head.decode("ascii")

    def write(self, payload: Mapping[str, Json]) -> None:
        """Append one record; it counts once a later ``sync`` returned.

        A trial that the run holds already and what is no JSON are refused, with nothing written.
        """
        self.stage(payload)
        self.flush()

    def stage(self, payload: Mapping[str, Json]) -> None:
        """Take one record for the next ``flush``; refusals are those of ``write``."""
        members = frame.members(payload)
        trial = payload.get("id") if payload["kind"] == "trial" else None
        with self._one_at_a_time:
            self._check_open()
            if trial is not None and not self.trials.add(trial):
                rule = "the run holds this trial already"
                raise LedgerError(Problem(Place(str(self.path)), "id", rule, str(trial)))
            line, head = frame.line(self._end.records, self._end.head, members)
            self._staged.append(line)
            self._end = _End(self._end.records + 1, head, self._end.size + len(line))

    def flush(self) -> None:
        """Append what was staged."""
        with self._one_at_a_time:
            if self._staged:
                self._check_open()
                self._write_staged()

    def sync(self) -> None:
        """Acknowledge everything staged or written so far; on return it is on the disk."""
        self.flush()
        with self._one_at_a_time:
            if self._lost:
                self._check_open()
            end = self._written
            if end == self._safe:
                return
        try:
            with disk_errors(self.path, "put the ledger on the disk", self._what_is_safe()):
                sync(self._fd)
        except BaseException:
            with self._one_at_a_time:
                self._refusal, self._lost = _BROKEN, True
                self._cut(self._safe)
            raise
        with self._one_at_a_time:
            self._safe = max(self._safe, end)

    def append_group(self, payloads: Iterable[Mapping[str, Json]]) -> None:
        """Append the payloads in order; when this returns, all of them are acknowledged."""
        for payload in payloads:
            self.write(payload)
        self.sync()

    def seal(self, status: Literal["complete", "interrupted"]) -> dict[str, Json]:
        """End the run: verify all of it, write its summary, let go of it, return the summary."""
        ended = timestamp(self._now())
        self.append_group([{"kind": "seal", "status": status, "ended": ended}])
        self._refusal = "the run is sealed"
        summary = write_seal(self.layout.reports, self.run)
        self.close()
        return summary

    def close(self) -> None:
        """Let go of the run without sealing it; it can be resumed. Closing twice is harmless."""
        if self._fd < 0:
            return
        with suppress(LedgerError):
            self.flush()
        if self._locked:
            with suppress(OSError):
                self.layout.holder_file(self.run).unlink(missing_ok=True)
            with suppress(OSError):
                release(self._fd)
        os.close(self._fd)
        self._fd = -1
        self._refusal = self._refusal or "the run was closed"

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the run, without sealing it."""
        self.close()

    def _lock(self) -> None:
        """Become the only writer, or say who is."""
        note = self.layout.holder_file(self.run)
        with disk_errors(self.path, "lock the run"):
            self._locked = take(self._fd)
        if not self._locked:
            raise LedgerError(
                Problem(
                    Place(str(self.path)),
                    "lock",
                    f"run {self.run} is being written by {holder(note)}",
                    fix="wait until it ends, or stop it; nothing was changed",
                )
            )
        with disk_errors(note, "note who writes the run"):
            note_holder(note, self._now)

    def _take_stock(self, reports: Path) -> None:
        """Verify what the run holds, repair its end, and put all of it on the disk."""
        stream = RunStream(reports, self.run)
        for record in stream:
            if record["kind"] == "trial" and isinstance(record.get("id"), str):
                self.trials.add(record["id"])
        if stream.sealed:
            raise LedgerError(
                Problem(Place(str(self.path)), "seal", "the run is sealed, nothing can be added")
            )
        with disk_errors(self.path, "repair the end of the run"):
            size = os.fstat(self._fd).st_size - stream.torn_bytes
            if stream.torn_bytes:
                os.ftruncate(self._fd, size)
            if stream.unfinished:
                size += os.write(self._fd, b"\n")
            sync(self._fd)
        self.repaired_bytes = stream.torn_bytes
        self._end = self._written = self._safe = _End(len(stream.chains), stream.chains[-1], size)

    def _write_staged(self) -> None:
        """Write all lines whole, or cut what came of them; nothing is ever glued to a part."""
        lines, self._staged = b"".join(self._staged), []
        self._refusal = _BROKEN  # stands if anything, Ctrl-C included, ends this half way
        try:
            write_whole(self._fd, lines)
        except BaseException as error:
            self._cut(self._written)
            if isinstance(error, OSError):
                doing = "append to the ledger"
                raise disk_error(error, self.path, doing, self._what_is_safe()) from error
            raise
        self._written = self._end
        self._refusal = ""

    def _cut(self, end: _End) -> None:
        """Take away what stands behind ``end``; where the disk refuses, resuming does it."""
        self._end = self._written = end
        self._staged = []
        with suppress(OSError):
            os.ftruncate(self._fd, end.size)

    def _check_open(self) -> None:
        if self._refusal:
            raise LedgerError(Problem(Place(str(self.path)), "", self._refusal))

    def _what_is_safe(self) -> str:
        return f"the {self._safe.records} records acknowledged before are safe"
