"""Who may write: locks that the system lets go of when their process ends, however it ends."""

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.errors import LedgerError, Place, Problem
from harness.ledger.disk import disk_errors, make_folder
from harness.ledger.layout import Clock, Layout, timestamp

_PROBE_S = 0.1
"""A process that merely asks whether a run is held holds it for an instant; wait that long."""
_CREATE_S = 10.0
"""Creating a run takes milliseconds; a process that holds the lock longer was stopped."""


@contextmanager
def hold(reports: Path, name: str, now: Clock) -> Iterator[None]:
    """Hold the lock called ``name``; LedgerError with the holder's pid when another has it."""
    layout = Layout(reports)
    with _held(layout.lock_file(name), f"{name} is in use", now, 0.0):
        yield


@contextmanager
def hold_all(reports: Path, names: Iterable[str], now: Clock) -> Iterator[None]:
    """Hold several locks, in one order for everybody; LedgerError when another has one of them."""
    with ExitStack() as locks:
        for name in sorted(set(names)):
            locks.enter_context(hold(reports, name, now))
        yield


@contextmanager
def hold_creation(layout: Layout, now: Clock) -> Iterator[None]:
    """Hold the lock under which runs are created, after waiting for it."""
    with _held(layout.creation_lock(), "a run is being created", now, _CREATE_S):
        yield


@contextmanager
def hold_events(reports: Path, now: Clock) -> Iterator[None]:
    """Hold the lock under which what happens to items is recorded, after waiting for it."""
    with _held(Layout(reports).events_lock(), "what happens to items is recorded", now, _CREATE_S):
        yield


@contextmanager
def hold_night(reports: Path, now: Clock) -> Iterator[None]:
    """Hold the lock of the nightly job; LedgerError with the holder's pid when another has it."""
    with _held(Layout(reports).night_lock(), "a nightly job is under way, held", now, 0.0):
        yield


def is_in_use(reports: Path, name: str) -> bool:
    """Tell whether a process holds the lock called ``name`` at this moment."""
    path = Layout(reports).lock_file(name)
    return path.exists() and is_held(path)


@contextmanager
def _held(path: Path, what: str, now: Clock, wait_s: float) -> Iterator[None]:
    with disk_errors(path, "lock"):
        make_folder(path.parent)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        with disk_errors(path, "lock"):
            taken = take(fd, wait_s)
        if not taken:
            raise LedgerError(
                Problem(
                    Place(str(path)),
                    "lock",
                    f"{what} by {holder(path)}",
                    fix="wait until it ends, or stop it; nothing was changed",
                )
            )
        with disk_errors(path, "lock"):
            os.ftruncate(fd, 0)
            os.pwrite(fd, _note(now), 0)
        try:
            yield
        finally:
            os.ftruncate(fd, 0)
            release(fd)
    finally:
        os.close(fd)


def take(fd: int, wait_s: float = _PROBE_S) -> bool:
    """Lock an open file for this process alone; False when another still has it after a wait."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def release(fd: int) -> None:
    """Let go, even while a forked child still has the descriptor."""
    fcntl.flock(fd, fcntl.LOCK_UN)


def is_held(run_file: Path) -> bool:
    """Tell whether a process is writing the run at this moment."""
    with disk_errors(run_file, "ask for the lock"):
        fd = os.open(run_file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with disk_errors(run_file, "ask for the lock"):
            try:
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            release(fd)
            return False
    finally:
        os.close(fd)


def note_holder(path: Path, now: Clock) -> None:
    """Leave a note of who holds a lock; it informs people, the lock itself is the system's."""
    make_folder(path.parent)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    fresh.write_bytes(_note(now))
    fresh.rename(path)


def holder(path: Path) -> str:
    """Read such a note: ``process PID since TIME``, or ``another process``."""
    try:
        note = json.loads(path.read_bytes())
        return f"process {int(note['pid'])} since {note['since']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another process"


def _note(now: Clock) -> bytes:
    return json.dumps({"pid": os.getpid(), "since": timestamp(now())}).encode("ascii")
