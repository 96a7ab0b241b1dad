"""Real processes, killed: nothing acknowledged is lost, nothing counts twice."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.errors import LedgerError
from harness.ledger import frame
from harness.ledger.reader import read_run
from harness.ledger.runs import find_resumable
from harness.ledger.verify import verify

CHILD = Path(__file__).with_name("child.py")


def start(kit, run, mode, trials=10**9, seed=0):
    command = [sys.executable, "-X", "faulthandler=0", str(CHILD), str(kit.reports), run, mode]
    return subprocess.Popen(
        [*command, str(trials), str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )


def told(process):
    """What a process said until its end."""
    out = process.communicate()[0]
    return [line.split(" ", 1) for line in out.splitlines(keepends=False)]


def tear(kit, run, rng):
    """Leave what a power failure leaves of an append: some first bytes of the next record."""
    records = read_run(kit.reports, run)
    line, _ = frame.line(records.count, records.head.encode(), frame.members(kit.trial()))
    with records.path.open("ab") as file:
        file.write(line[: rng.randrange(1, len(line) - 1)])


def killed_and_resumed(kit, kills, rng):
    """Kill a run's writer again and again, then let it end; raises when a promise is broken."""
    run, acknowledged, held = "new", set(), []
    for kill in range(kills):
        mode = rng.choice(["sync", "async"])
        process = start(kit, run, mode, seed=kill)
        assert process.stdout.readline() == "open\n"
        time.sleep(rng.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        said = told(process)
        process.stdout.close()
        runs = [words[1] for words in said if words[0] == "run"]
        acknowledged |= {words[1] for words in said if words[0] == "ack"}
        if run == "new":
            found = find_resumable(kit.reports, "s")
            assert not runs or runs == [found]
            run = found or "new"
            if run == "new":
                continue
        records = read_run(kit.reports, run)
        held = [r["id"] for r in records.records if r["kind"] == "trial"]
        assert acknowledged <= set(held)
        assert len(set(held)) == len(held)
        if rng.random() < 0.4:
            tear(kit, run, rng)
    process = start(kit, run, "sync", trials=len(held) + 50)
    assert told(process)[-1] == ["sealed"]
    assert verify(kit.reports) == []
    final = [r["id"] for r in read_run(kit.reports, find_only(kit)).records if r["kind"] == "trial"]
    assert sorted(final) == sorted(set(final))
    assert acknowledged <= set(final)
    assert {f"t{i}" for i in range(len(held) + 50)} <= set(final)
    return len(acknowledged)


def find_only(kit):
    (summary,) = (kit.reports / "runs").glob("*.json")
    return summary.stem


def test_ten_kills(new_kit):
    """After each of ten kill -9 at random moments the run is whole, and it can be finished."""
    assert killed_and_resumed(new_kit(), 10, random.Random(1)) > 0


@pytest.mark.slow
def test_two_hundred_kills(new_kit):
    """As above, over twenty ledgers that are killed ten times each."""
    rng = random.Random(2)
    assert sum(killed_and_resumed(new_kit(), 10, rng) for _ in range(20)) > 1000


def test_ctrl_c_loses_nothing_that_was_handed_over(kit):
    """What tasks submitted before Ctrl-C is in the ledger, though nobody waited for it."""
    process = start(kit, "new", "interrupt")
    lines = [process.stdout.readline() for _ in range(40)]
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate()
    sent = {line.split()[1] for line in [*lines, *rest.splitlines()] if line.startswith("sent ")}
    run = find_resumable(kit.reports, "s")
    held = {r["id"] for r in read_run(kit.reports, run).records if r["kind"] == "trial"}
    assert len(sent) >= 38
    assert sent <= held


def test_a_second_writer_in_another_process_is_refused(kit):
    """One run, one writer: the second is told which run, and which process has it."""
    process = start(kit, "new", "hold")
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
