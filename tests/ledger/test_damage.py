"""What was changed on the disk is found, and only a broken-off append is ever repaired."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger import frame
from harness.ledger.reader import read_all, read_run
from harness.ledger.verify import verify
from harness.ledger.writer import RunWriter

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


MASKS = (0x01, 0x28, 0x80)  # 0x28 makes newlines of quotes
FIX = "restore the file from a copy, or move it out of the ledger and lose its trials"


def refuses(kit: Kit, run: str) -> str:
    """Return what reading says; resuming must refuse too."""
    with pytest.raises(LedgerError) as caught:
        read_run(kit.reports, run)
    with pytest.raises(LedgerError):
        kit.resume(run)
    return str(caught.value)


@pytest.mark.parametrize("mask", MASKS)
def test_every_flipped_byte_of_an_unsealed_run_is_found(kit: Kit, mask: int) -> None:
    """Whichever byte is flipped, the newlines included, reading and resuming both refuse."""
    writer = kit.written(2)
    good = writer.path.read_bytes()
    for at in range(len(good)):
        writer.path.write_bytes(good[:at] + bytes([good[at] ^ mask]) + good[at + 1 :])
        assert refuses(kit, writer.run).startswith(f"{writer.path}:"), at
        assert verify(kit.reports), at


@pytest.mark.parametrize("mask", MASKS)
def test_every_flipped_byte_of_a_sealed_run_and_its_summary_is_found(kit: Kit, mask: int) -> None:
    """No byte of a sealed run's two files can change without a finding."""
    writer = kit.sealed(1)
    assert verify(kit.reports) == []
    for path in (writer.path, writer.layout.seal_file(writer.run)):
        good = path.read_bytes()
        for at in range(len(good)):
            path.write_bytes(good[:at] + bytes([good[at] ^ mask]) + good[at + 1 :])
            assert verify(kit.reports), at
        path.write_bytes(good)
    assert verify(kit.reports) == []


def test_every_truncation_keeps_all_whole_records_or_is_refused(kit: Kit) -> None:
    """Wherever the file ends, the whole records before stay, and what follows is not glued."""
    writer = kit.written(2)
    good = writer.path.read_bytes()
    before = read_run(kit.reports, writer.run).records
    for size in range(len(good) + 1):
        writer.path.write_bytes(good[:size])
        whole = good[:size].count(b"\n") + (good[size : size + 1] == b"\n")
        if not whole:
            refuses(kit, writer.run)
            continue
        assert read_run(kit.reports, writer.run).records == before[:whole]
        assert [run.count for run in read_all(kit.reports)] == [whole]
        with kit.resume(writer.run) as resumed:
            assert resumed.count == whole
            assert writer.path.stat().st_size == sum(
                map(len, good.splitlines(keepends=True)[:whole])
            )
            resumed.append_group([kit.trial(case="next")])
        records = read_run(kit.reports, writer.run).records
        assert records[:-1] == before[:whole]
        assert records[-1]["case"] == "next"


def test_a_torn_tail_is_ignored_by_readers_and_removed_by_the_writer(kit: Kit) -> None:
    """Bytes of a broken-off append are no record; resuming says how many it took away."""
    writer = kit.written(2)
    whole = writer.path.read_bytes()
    torn = b'{"seq":3,"kind":"trial","id":"ab'
    writer.path.write_bytes(whole + torn)
    records = read_run(kit.reports, writer.run)
    assert (records.count, records.torn_bytes) == (3, len(torn))
    assert writer.path.read_bytes() == whole + torn
    with kit.resume(writer.run) as resumed:
        assert resumed.repaired_bytes == len(torn)
    assert writer.path.read_bytes() == whole


def test_zeros_that_a_power_failure_leaves_are_a_torn_tail(kit: Kit) -> None:
    """A file that grew without its data reaching the disk is repaired like any torn tail."""
    writer = kit.written(2)
    whole = writer.path.read_bytes()
    for torn in (b"\0" * 700, b'{"seq":3,"kind"' + b"\0" * 700, b'{"s\0\0'):
        writer.path.write_bytes(whole + torn)
        with kit.resume(writer.run) as resumed:
            assert resumed.repaired_bytes == len(torn)
        assert writer.path.read_bytes() == whole


def test_bytes_at_the_end_that_no_append_left_are_damage(kit: Kit) -> None:
    """What is no beginning of the next record is refused, for it was not an append that broke."""
    writer = kit.written(2)
    whole = writer.path.read_bytes()
    for stranger in (b'{"seq":4,"kind":"tr', b"x", b"\xff\xfe"):
        writer.path.write_bytes(whole + stranger)
        said = f"{writer.path}:4: chain: "
        assert refuses(kit, writer.run).startswith(said)


def lines_of(writer: RunWriter) -> list[bytes]:
    """Return the lines of a run."""
    return writer.path.read_bytes().splitlines(keepends=True)


def test_a_removed_line_is_named(kit: Kit) -> None:
    """The message says which records are gone, where, and what to do."""
    writer = kit.written(4)
    lines = lines_of(writer)
    writer.path.write_bytes(b"".join(lines[:2] + lines[4:]))
    assert refuses(kit, writer.run) == (
        f"{writer.path}:3: chain: the records 2 to 3 were removed before this line, {FIX}"
    )


def test_swapped_lines_are_named(kit: Kit) -> None:
    """The message says which record stands in the place of which."""
    writer = kit.written(4)
    lines = lines_of(writer)
    lines[2], lines[3] = lines[3], lines[2]
    writer.path.write_bytes(b"".join(lines))
    assert refuses(kit, writer.run) == (
        f"{writer.path}:3: chain: record 3 stands where record 2 belongs, which stands further "
        f"down, {FIX}"
    )


def test_a_duplicated_line_is_named(kit: Kit) -> None:
    """The message says which record stands twice."""
    writer = kit.written(3)
    lines = lines_of(writer)
    writer.path.write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))
    assert refuses(kit, writer.run) == (
        f"{writer.path}:4: chain: record 2 stands here a second time, where record 3 belongs, {FIX}"
    )


def test_a_flipped_byte_in_the_last_whole_line_is_damage_and_no_torn_tail(kit: Kit) -> None:
    """A line that has its newline was acknowledged: it is never repaired away."""
    writer = kit.written(2)
    good = writer.path.read_bytes()
    writer.path.write_bytes(good[:-90] + b"#" + good[-89:])
    assert refuses(kit, writer.run) == (
        f"{writer.path}:3: chain: the bytes of record 2 are not those that were written, {FIX}"
    )


def test_a_line_that_is_no_record_is_damage(kit: Kit) -> None:
    """A line written by hand is refused, in the middle and at the end."""
    writer = kit.written(2)
    lines = lines_of(writer)
    for at in (1, 3):
        writer.path.write_bytes(b"".join([*lines[:at], b'{"kind":"trial"}\n', *lines[at:]]))
        assert refuses(kit, writer.run) == (
            f"{writer.path}:{at + 1}: chain: this line is not record {at}: bytes of it, or the "
            f"newline before, were changed, {FIX}"
        )


def test_a_record_glued_to_a_torn_tail_is_damage(kit: Kit) -> None:
    """What another program appended behind a torn tail is refused, not counted and not lost."""
    writer = kit.written(3)
    lines = lines_of(writer)
    writer.path.write_bytes(b"".join(lines[:3]) + lines[3][:20] + lines[3])
    assert ":4: chain: the bytes of record 3 are not" in refuses(kit, writer.run)


def test_a_renamed_run_is_refused(kit: Kit) -> None:
    """A run that bears another run's name would be counted as that one."""
    writer = kit.written(1)
    other = writer.path.with_name("20300101T000000Z-00000000.jsonl")
    shutil.move(writer.path, other)
    assert refuses(kit, other.stem) == (
        f"{other}:1: run: the file was renamed or copied: it holds another run, "
        f"got {writer.run}, {FIX}"
    )


def test_a_file_whose_name_is_no_runs_is_refused(kit: Kit) -> None:
    """A run file under a strange name would silently not be counted."""
    writer = kit.written(1)
    stray = Path(shutil.move(writer.path, writer.path.with_name("copy.jsonl")))
    with pytest.raises(LedgerError) as caught:
        list(read_all(kit.reports))
    assert str(caught.value) == (
        f"{stray}: run: the name is no run's, so nothing in it would be counted: copy, "
        "give the file its name back, or move it out of the ledger"
    )


def test_all_damaged_runs_are_named_at_once(kit: Kit) -> None:
    """Reading everything reports every run that is damaged, not only the first."""
    paths = [kit.written(2).path for _ in range(3)]
    for path in (paths[0], paths[2]):
        path.write_bytes(path.read_bytes()[:-90] + b"#" + path.read_bytes()[-89:])
    with pytest.raises(LedgerError) as caught:
        list(read_all(kit.reports))
    assert [str(p).split(":")[0] for p in caught.value.problems] == [str(paths[0]), str(paths[2])]
    assert len(verify(kit.reports)) == 2


def test_a_ledger_of_a_newer_format_is_refused(kit: Kit) -> None:
    """A format that this version does not know is not guessed at."""
    writer = kit.written(0)
    first = read_run(kit.reports, writer.run).records[0]
    payload = {key: value for key, value in first.items() if key != "seq"}
    line, _ = frame.line(0, frame.GENESIS, frame.members(payload | {"format": 2}))
    writer.path.write_bytes(line)
    assert refuses(kit, writer.run) == (
        f"{writer.path}:1: format: written by a newer harness: format 1 and below can be read, "
        "got 2, upgrade the harness"
    )


GOOD = b'"kind":"run","format":1,"run":"%b","started":"2026","harness":"0","previous":%b'


@pytest.mark.parametrize(
    ("bodies", "said"),
    [
        ([b'"kind":"run"}'], "chain: a record is no JSON"),
        ([b'"kind":"run","deep":' + b"[" * 100_000], "chain: a record is no JSON"),
        ([b'"kind":"plan"'], "kind: the first record is not whole, so nothing says what this run"),
        ([b'"format":1'], "chain: a record has no kind or no number"),
        ([b'"kind":"run","seq":null'], "chain: a record has no kind or no number"),
        ([GOOD.replace(b"2026", b"") % (b"x", b"[]")], "run: the file was renamed or copied"),
        ([GOOD % (b"%b", b"{}")], "previous: the first record does not name the runs before it"),
        ([GOOD % (b"%b", b'[{"run":1}]')], "previous: the first record does not name the runs"),
        ([GOOD % (b"%b", b"[]"), b'"kind":7'], "chain: a record has no kind"),
    ],
)
def test_a_forged_run_with_a_valid_chain_is_refused_without_a_traceback(
    kit: Kit, bodies: list[bytes], said: str
) -> None:
    """Whoever recomputes the chain still has to write records: readers never crash on others."""
    writer = kit.written(0)
    head, lines = frame.GENESIS, b""
    for seq, body in enumerate(bodies):
        line, head = frame.line(seq, head, body.replace(b"%b", writer.run.encode()))
        lines += line
    writer.path.write_bytes(lines)
    assert f": {said}" in refuses(kit, writer.run)
    assert any(said in str(finding) for finding in verify(kit.reports))
    with pytest.raises(LedgerError):
        list(read_all(kit.reports))
