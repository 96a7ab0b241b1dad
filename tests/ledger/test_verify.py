"""Everything that the ledger says of itself is recomputed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.ledger.blobs import put_blob
from harness.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


FIX = "restore the file from a copy"


def said(kit: Kit, run: str | None = None) -> list[str]:
    """Return the findings as they are printed."""
    return [str(finding) for finding in verify(kit.reports, run)]


def test_a_run_that_was_removed_whole_is_missed(kit: Kit) -> None:
    """The next run names it, so that nights that went badly cannot vanish."""
    first, second, third = kit.written(1), kit.written(1), kit.written(1)
    assert said(kit) == []
    second.path.unlink()
    finding = (
        f"{third.path}:1: previous: run {second.run}, which stood in the ledger before this one, "
        f"was removed, {FIX}"
    )
    assert said(kit) == [finding]
    assert said(kit, third.run) == [finding]
    assert said(kit, first.run) == []


def test_a_run_that_was_replaced_is_noticed(kit: Kit) -> None:
    """A run rewritten with a valid chain of its own does not fit what the next run says of it."""
    from harness.ledger import frame
    from harness.ledger.reader import read_run

    first, second = kit.written(1), kit.written(1)
    record = {k: v for k, v in read_run(kit.reports, first.run).first.items() if k != "seq"}
    line, _ = frame.line(0, frame.GENESIS, frame.members(record | {"note": "forged"}))
    first.path.write_bytes(line)
    finding = (
        f"{second.path}:1: previous: run {first.run} no longer begins with the 1 records that "
        f"it had, {FIX}"
    )
    assert said(kit) == [finding]
    assert said(kit, second.run) == [finding]
    assert said(kit, first.run) == []


def test_a_trial_in_two_runs_is_found(kit: Kit) -> None:
    """Two runs that hold the same trial, such as after a merge, would count it twice."""
    trial = kit.trial()
    runs = []
    for _ in range(2):
        with kit.create() as writer:
            writer.append_group([kit.trial(), trial])
        runs.append(writer)
    (finding,) = said(kit)
    assert finding == (
        f"{runs[1].path}:3: id: trial {trial['id'][:12]} is in run {runs[0].run} already, "
        f"so it would count twice, {FIX}"
    )


def test_missing_and_changed_blobs_are_found(kit: Kit) -> None:
    """What a record names must be there, with the bytes that it had."""
    digests = [put_blob(kit.reports, data) for data in (b"one", b"two", b"three")]
    with kit.create() as writer:
        writer.append_group(
            [kit.trial(transcript={"blob": d}, prompt={"blob": digests[0]}) for d in digests]
        )
    assert said(kit) == []
    paths = [writer.layout.blob_file(d) for d in digests]
    paths[0].unlink()
    paths[1].write_bytes(b"tw0")
    assert said(kit) == [
        f"{paths[0]}: cannot read the blob: No such file or directory",
        f"{paths[1]}: blob: the bytes are not those that were stored, {FIX}",
    ]


def test_a_run_that_does_not_exist_is_a_finding(kit: Kit) -> None:
    """Verifying a wrong name does not succeed."""
    kit.written(1)
    (finding,) = said(kit, "20260304T101500Z-0123abcd")
    assert finding.endswith("0123abcd.jsonl: cannot read the run: No such file or directory")
    (finding,) = said(kit, "nonsense")
    assert "no such run: a run is named like" in finding


def test_merged_ledgers_verify_and_go_on_as_one(kit: Kit, new_kit: Callable[[], Kit]) -> None:
    """Two machines' runs copied into one folder are two beginnings; the next run names both."""
    other = new_kit()
    other.rng.seed(8)
    one, two = kit.sealed(1), other.sealed(1)
    for path in (two.path, two.layout.seal_file(two.run)):
        (kit.reports / path.relative_to(other.reports)).write_bytes(path.read_bytes())
    third = kit.written(0)
    assert said(kit) == []
    one.path.unlink()
    one.layout.seal_file(one.run).unlink()
    assert [finding.split(":")[0] for finding in said(kit)] == [str(third.path)]
