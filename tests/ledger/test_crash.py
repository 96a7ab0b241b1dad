"""Real processes, killed: nothing acknowledged is lost, nothing counts twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger import frame
from harness.ledger.reader import read_run
from harness.ledger.runs import find_resumable
from harness.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit

CHILD = Path(__file__).with_name("child.py")


def start(*arguments: str) -> Popen[str]:
    """Start the child with pipes to and from it."""
    command = [sys.executable, str(CHILD), *arguments]
    return Popen(command, stdin=PIPE, stdout=PIPE, text=True, bufsize=1)


class Nursery:
    """Starts children that have their imports behind them, and hears what they say."""

    def __init__(self) -> None:
        """Start the process that forks them."""
        self.server = start("serve")

    def child(self, reports: Path, run: str, mode: str, trials: int, seed: int) -> list[list[str]]:
        """Start one and wait until it is about to open the ledger; returns what it said."""
        assert self.server.stdin is not None
        self.server.stdin.write(f"{reports} {run} {mode} {trials} {seed}\n")
        said: list[list[str]] = []
        while not {"pid", "open"} <= {words[0] for words in said}:
            said.append(self.line())
        return said

    def line(self) -> list[str]:
        """Return the next line of the child, word and rest."""
        assert self.server.stdout is not None
        return self.server.stdout.readline().rstrip("\n").split(" ", 1)

    def rest(self, said: list[list[str]]) -> list[list[str]]:
        """Hear the child to its end."""
        while said[-1] != ["dead"]:
            said.append(self.line())
        return said

    def end(self) -> None:
        """End the server."""
        self.server.communicate()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One server for all kills."""
    made = Nursery()
    yield made
    made.end()


def tear(kit: Kit, run: str, rng: random.Random) -> None:
    """Leave what a power failure leaves of an append: some first bytes of the next record."""
    records = read_run(kit.reports, run)
    if records.torn_bytes:
        return  # the last child was killed before it repaired the tail
    line, _ = frame.line(records.count, records.head.encode(), frame.members(kit.trial()))
    with records.path.open("ab") as file:
        file.write(line[: rng.randrange(1, len(line) - 1)])


def trials_of(kit: Kit, run: str) -> list[str]:
    """Return the trials that a run holds; raises when its chain is broken."""
    return [r["id"] for r in read_run(kit.reports, run).records if r["kind"] == "trial"]


def kill_one(nursery: Nursery, kit: Kit, run: str, kill: int, rng: random.Random) -> set[str]:
    """Let a child write and kill it at a random moment; returns what it said was acknowledged."""
    said = nursery.child(kit.reports, run, rng.choice(["sync", "async"]), 10**9, kill)
    time.sleep(rng.uniform(0, 0.03))
    (pid,) = (int(words[1]) for words in said if words[0] == "pid")
    os.kill(pid, signal.SIGKILL)
    said = nursery.rest(said)
    assert not [words for words in said if words[0] == "error"]
    return {words[1] for words in said if words[0] == "ack"}


def killed_and_resumed(nursery: Nursery, kit: Kit, kills: int, rng: random.Random) -> int:
    """Kill a run's writer again and again, then let it end; returns how much was acknowledged."""
    run: str | None = None
    acknowledged: set[str] = set()
    held: list[str] = []
    for kill in range(kills):
        acknowledged |= kill_one(nursery, kit, run or "new", kill, rng)
        run = find_resumable(kit.reports, "s")
        if run is None:  # killed before the run was there
            assert not acknowledged
            continue
        held = trials_of(kit, run)
        assert acknowledged <= set(held)
        assert len(held) == len(set(held))
        if rng.random() < 0.4:
            tear(kit, run, rng)
    said = nursery.child(kit.reports, run or "new", "sync", len(held) + 50, 0)
    assert nursery.rest(said)[-2:] == [["sealed"], ["dead"]]
    assert verify(kit.reports) == []
    (summary,) = (kit.reports / "runs").glob("*.json")
    assert sorted(trials_of(kit, summary.stem)) == sorted(f"t{i}" for i in range(len(held) + 50))
    return len(acknowledged)


def test_ten_kills(nursery: Nursery, new_kit: Callable[[], Kit]) -> None:
    """After each of ten kill -9 at random moments the run is whole, and it can be finished."""
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    assert killed_and_resumed(nursery, new_kit(), 10, rng) > 0


@pytest.mark.slow
def test_two_hundred_kills(nursery: Nursery, new_kit: Callable[[], Kit]) -> None:
    """As above, over twenty ledgers that are killed ten times each."""
    rng = random.Random(2)  # noqa: S311 - seeded on purpose
    assert sum(killed_and_resumed(nursery, new_kit(), 10, rng) for _ in range(20)) > 1000


def test_ctrl_c_loses_nothing_that_was_handed_over(kit: Kit) -> None:
    """What tasks submitted before Ctrl-C is in the ledger, though nobody waited for it."""
    process = start(str(kit.reports), "new", "interrupt", "0", "0")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(40)]
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate()
    sent = {line.split()[1] for line in [*lines, *rest.splitlines()] if line.startswith("sent ")}
    run = find_resumable(kit.reports, "s")
    assert run is not None
    assert len(sent) >= 38
    assert sent <= set(trials_of(kit, run))


def test_a_second_writer_in_another_process_is_refused(kit: Kit) -> None:
    """One run, one writer: the second is told which run, and which process has it."""
    process = start(str(kit.reports), "new", "hold", "0", "0")
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "open\n"
        run = process.stdout.readline().split()[1]
        before = (kit.reports / "ledger" / "runs" / f"{run}.jsonl").read_bytes()
        with pytest.raises(LedgerError) as caught:
            kit.resume(run)
        path = kit.reports / "ledger" / "runs" / f"{run}.jsonl"
        assert str(caught.value).startswith(
            f"{path}: lock: run {run} is being written by process {process.pid} since 2"
        )
        assert str(caught.value).endswith("Z, wait until it ends, or stop it; nothing was changed")
        assert caught.value.exit_code == 2
        assert find_resumable(kit.reports, "s") is None
        assert path.read_bytes() == before
    finally:
        process.kill()
        process.communicate()
    assert find_resumable(kit.reports, "s") == run
    kit.resume(run).close()
