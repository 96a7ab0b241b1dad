"""Writing a run."""

from __future__ import annotations

import os
import random
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger.reader import read_run
from harness.ledger.writer import RunWriter

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


CHILD = Path(__file__).with_name("child.py")


def test_the_first_record_says_what_the_run_is(kit: Kit) -> None:
    """A run says its id, start, format and harness, whatever the caller adds."""
    writer = kit.written(0, scope=["ITEM-1"], note="x")
    first = read_run(kit.reports, writer.run).first
    assert re.fullmatch(r"20260304T1015\d\dZ-[0-9a-f]{8}", writer.run)
    assert first == {
        "seq": 0,
        "kind": "run",
        "format": 1,
        "run": writer.run,
        "started": f"2026-03-04T10:15:{writer.run[13:15]}.000Z",
        "harness": "0.1.0",
        "previous": [],
        "scope": ["ITEM-1"],
        "note": "x",
    }


def test_the_caller_cannot_fill_the_ledgers_keys(kit: Kit) -> None:
    """A caller that names a key of the ledger has a bug."""
    with pytest.raises(ValueError, match=r"the ledger fills \['previous', 'run'\] itself"):
        kit.create(run="x", previous=[])


def test_each_run_names_the_one_before(kit: Kit) -> None:
    """A sealed run is named with its final head, an unsealed one with its first record."""
    sealed = kit.sealed(2)
    loose = kit.written(2)
    last = kit.written(0)
    firsts = [read_run(kit.reports, w.run).first["previous"] for w in (loose, last)]
    assert firsts == [
        [{"run": sealed.run, "count": 4, "head": read_run(kit.reports, sealed.run).head}],
        [{"run": loose.run, "count": 1, "head": read_run(kit.reports, loose.run).head_at(1)}],
    ]


def test_an_acknowledged_group_counts_at_once(kit: Kit) -> None:
    """Count and head of the writer are those that a reader finds."""
    with kit.create() as writer:
        for size in (1, 5, 0):
            writer.append_group([kit.trial() for _ in range(size)])
            records = read_run(kit.reports, writer.run)
            assert (writer.count, writer.head) == (records.count, records.head)
        assert writer.count == 7


def test_a_trial_is_never_written_twice(kit: Kit) -> None:
    """The same id is refused in a group, in a later group and after resuming."""
    trial = kit.trial()
    with kit.create() as writer:
        writer.append_group([trial])
        with pytest.raises(LedgerError) as caught:
            writer.append_group([trial])
        assert str(caught.value) == (
            f"{writer.path}: id: the run holds this trial already, got {trial['id']}"
        )
        writer.append_group([kit.trial()])
    with kit.resume(writer.run) as writer:
        assert trial["id"] in writer.trials
        with pytest.raises(LedgerError, match="the run holds this trial already"):
            writer.append_group([trial])
    assert read_run(kit.reports, writer.run).count == 3


def test_an_error_is_no_trial(kit: Kit) -> None:
    """A trial that the infrastructure prevented may be tried again in the same run."""
    trial = kit.trial()
    with kit.create() as writer:
        writer.append_group([trial | {"kind": "error"}, trial | {"kind": "error"}, trial])
    assert read_run(kit.reports, writer.run).count == 4


def test_a_sealed_run_takes_nothing_more(kit: Kit) -> None:
    """Sealing is final, for the writer and for whoever opens the run again."""
    writer = kit.sealed(1)
    with pytest.raises(LedgerError) as caught:
        writer.append_group([kit.trial()])
    assert str(caught.value) == f"{writer.path}: the run is sealed"
    with pytest.raises(LedgerError) as caught:
        kit.resume(writer.run)
    assert str(caught.value) == f"{writer.path}: seal: the run is sealed, nothing can be added"


def test_a_closed_writer_refuses(kit: Kit) -> None:
    """After closing, nothing is written to whatever file has the descriptor by then."""
    writer = kit.written(0)
    writer.close()
    with pytest.raises(LedgerError, match="the run was closed"):
        writer.append_group([kit.trial()])


def test_a_run_that_is_not_there_cannot_be_resumed(kit: Kit) -> None:
    """A wrong name is a clear error, also one that would leave the folder."""
    kit.written(0)
    path = kit.reports / "ledger" / "runs"
    with pytest.raises(LedgerError) as caught:
        kit.resume("20260304T101500Z-0123abcd")
    assert str(caught.value) == (
        f"{path}/20260304T101500Z-0123abcd.jsonl: cannot open the run for writing: "
        "No such file or directory"
    )
    with pytest.raises(LedgerError) as caught:
        kit.resume("../../x")
    assert str(caught.value) == (
        f"{path}: run: no such run: a run is named like 20260304T101500Z-0123abcd, got ../../x"
    )


def test_two_runs_of_one_name_are_refused(kit: Kit) -> None:
    """A name that chance gave twice never lets one run overwrite another."""
    frozen = kit.now()
    first, second = (random.Random(1) for _ in range(2))  # noqa: S311 - seeded on purpose
    made = RunWriter.create(kit.reports, {}, now=lambda: frozen, rng=first, harness="0")
    made.close()
    with pytest.raises(LedgerError) as caught:
        RunWriter.create(kit.reports, {}, now=lambda: frozen, rng=second, harness="0")
    assert str(caught.value) == (
        f"{made.path}: cannot create the run: a run of this name exists; nothing was changed"
    )
    assert read_run(kit.reports, made.run).count == 1


def test_what_a_kill_left_while_creating_is_cleared_away(kit: Kit) -> None:
    """A run that never got its first record leaves no trace once the next is created."""
    runs = kit.written(0).path.parent
    left = runs / ".20260304T101500Z-0123abcd.jsonl.tmp"
    left.write_bytes(b'{"seq":0')
    kit.written(0)
    assert not left.exists()
    assert len(list(runs.iterdir())) == 2


def test_files_have_the_permissions_of_the_umask(kit: Kit) -> None:
    """A group may read the evidence if the user's umask says so."""
    old = os.umask(0o027)
    try:
        writer = kit.sealed(1)
    finally:
        os.umask(old)
    for path in (writer.path, writer.layout.seal_file(writer.run)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


def limited(kit: Kit, limit: int) -> tuple[int, list[list[str]]]:
    """Let a child write groups until the system allows no further byte."""
    command = [sys.executable, str(CHILD), str(kit.reports), "new", f"limit={limit}", "1000", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return done.returncode, said


@pytest.mark.parametrize("limit", [4000, 4001, 4097, 9999, 30_011])
def test_a_write_that_the_system_cuts_short_leaves_whole_records(kit: Kit, limit: int) -> None:
    """At a file size limit the kernel really writes less: the part is taken away again."""
    code, said = limited(kit, limit)
    assert code == 2
    run = next(words[1] for words in said if words[0] == "run")
    acknowledged = {words[1] for words in said if words[0] == "ack"}
    records = read_run(kit.reports, run)
    held = {r["id"] for r in records.records if r["kind"] == "trial"}
    assert acknowledged <= held
    assert records.torn_bytes == 0
    assert records.path.read_bytes().endswith(b'"}\n')
    assert said[-1][0] == "error"
    assert said[-1][1] == (
        f"{records.path}: cannot append to the ledger: File too large; "
        f"the {len(acknowledged) + 1} records acknowledged before are safe, "
        "free some space and run the same command again"
    )
    with kit.resume(run) as writer:
        writer.append_group([kit.trial()])
    assert read_run(kit.reports, run).count == records.count + 1


FULL_DISK = """
mount -t tmpfs -o size=64k tmpfs "$1" || exit 77
"$2" "$3" "$1/reports" new sync 1000 3
echo code $?
tail -c 3 "$1"/reports/ledger/runs/*.jsonl
"""


def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    """On a file system that is really full the message says so and what is safe."""
    command = ["unshare", "-rm", "sh", "-c", FULL_DISK, "sh"]
    try:
        done = subprocess.run(
            [*command, str(tmp_path), sys.executable, str(CHILD)],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if "code " not in done.stdout:
        pytest.skip("this system mounts nothing for us")
    lines = done.stdout.splitlines()
    acknowledged = sum(line.startswith("ack ") for line in lines)
    assert lines[-2:] == ["code 2", '"}']
    assert re.fullmatch(
        rf"error {tmp_path}/reports/ledger/runs/\S+\.jsonl: cannot append to the ledger: No space "
        rf"left on device; the {acknowledged + 1} records acknowledged before are safe, free some "
        r"space and run the same command again",
        lines[-3],
    )


def test_a_failed_sync_acknowledges_nothing_and_ends_the_writer(kit: Kit) -> None:
    """After an error of the disk nothing more is written on top of what may not be there."""
    writer = kit.create()
    writer.append_group([kit.trial()])
    writer.write(kit.trial())
    reading, writing = os.pipe()
    os.dup2(writing, writer._fd)  # a pipe cannot be synced: the kernel says EINVAL
    with pytest.raises(LedgerError) as caught:
        writer.sync()
    assert str(caught.value) == (
        f"{writer.path}: cannot put the ledger on the disk: Invalid argument; "
        "the 2 records acknowledged before are safe"
    )
    assert writer.count == 2
    for again in (writer.sync, lambda: writer.append_group([kit.trial()])):
        with pytest.raises(LedgerError) as caught:
            again()
        assert str(caught.value) == (
            f"{writer.path}: an earlier write failed; run the same command again to resume"
        )
    writer.close()
    os.close(reading)
    os.close(writing)
    with kit.resume(writer.run) as resumed:
        assert resumed.count == 3


def test_staged_records_are_written_together_and_close_leaves_none(kit: Kit) -> None:
    """What was staged is in the file after flush, sync or close, in order, chained and once."""
    trials = [kit.trial() for _ in range(6)]
    writer = kit.create()
    before = writer.path.stat().st_size
    for trial in trials[:3]:
        writer.stage(trial)
    assert writer.path.stat().st_size == before
    writer.flush()
    assert writer.path.stat().st_size > before
    writer.stage(trials[3])
    writer.sync()
    assert writer.count == 5
    with pytest.raises(LedgerError, match="holds this trial already"):
        writer.stage(trials[0])
    for trial in trials[4:]:
        writer.stage(trial)
    writer.close()
    read = read_run(kit.reports, writer.run)
    assert [r["id"] for r in read.records if r["kind"] == "trial"] == [t["id"] for t in trials]
