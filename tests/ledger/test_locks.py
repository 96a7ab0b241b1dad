"""Locks that end with their process."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger.locks import hold

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from harness.ledger.locks import hold
with hold(Path(sys.argv[1]), "queue-stall", lambda: datetime(2026, 3, 4, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_told_who_has_the_lock(kit: Kit) -> None:
    """The message names process and time; a killed holder holds nothing."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(kit.reports)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    path = kit.reports / "ledger" / "locks" / "queue-stall.lock"
    with pytest.raises(LedgerError) as caught, hold(kit.reports, "queue-stall", kit.now):
        pass
    assert str(caught.value) == (
        f"{path}: lock: queue-stall is in use by process {process.pid} since "
        "2026-03-04T00:00:00.000Z, wait until it ends, or stop it; nothing was changed"
    )
    with hold(kit.reports, "other", kit.now):
        pass
    process.kill()
    process.communicate()
    with hold(kit.reports, "queue-stall", kit.now):
        assert re.search(rf'"pid": {os.getpid()}\b', path.read_text())
    assert path.read_text() == ""


def enter(kit: Kit, name: str) -> None:
    """Take a lock and let go of it."""
    with hold(kit.reports, name, kit.now):
        pass


def test_the_same_process_cannot_hold_a_lock_twice(kit: Kit) -> None:
    """Two checks in one process are two writers all the same."""
    said = f"a is in use by process {os.getpid()} since"
    with hold(kit.reports, "a", kit.now), pytest.raises(LedgerError, match=said):
        enter(kit, "a")
    with hold(kit.reports, "a", kit.now):
        pass


def test_a_lock_is_let_go_of_even_while_a_forked_child_lives(kit: Kit) -> None:
    """A worker that outlives the block does not keep others out."""
    gate = multiprocessing.get_context("fork").Event()
    with hold(kit.reports, "a", kit.now), kit.create() as writer:
        child = multiprocessing.get_context("fork").Process(target=gate.wait)
        child.start()
    try:
        with hold(kit.reports, "a", kit.now), kit.resume(writer.run):
            pass
    finally:
        gate.set()
        child.join()


def test_a_locks_name_cannot_leave_the_folder(kit: Kit) -> None:
    """The name of a lock comes from a file of the user's."""
    for name in ("../x", "+create", "", "a/b", "x\n"):
        with pytest.raises(LedgerError, match="a lock's name has letters"):
            enter(kit, name)


def test_runs_that_are_created_at_once_follow_each_other(kit: Kit) -> None:
    """However many threads or processes start a run, each names the one created before it."""
    from harness.ledger.reader import read_all
    from harness.ledger.verify import verify

    threads = [threading.Thread(target=lambda: kit.create().close()) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    named = [link["run"] for run in read_all(kit.reports) for link in run.first["previous"]]
    assert len(named) == len(set(named)) == 11
    assert verify(kit.reports) == []
