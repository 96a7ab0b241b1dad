"""Runs that ended without a seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.ledger.reader import read_all, read_run
from harness.ledger.runs import find_resumable, seal_abandoned
from harness.ledger.verify import verify

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


def test_the_latest_open_run_of_the_same_scope_is_resumed(kit: Kit) -> None:
    """Same scope, unsealed, not being written: otherwise a run is not to be gone on with."""
    assert find_resumable(kit.reports, {"items": ["A"], "n": 1}) is None
    kit.written(1, scope={"n": 1, "items": ["A"]})
    wanted = kit.written(1, scope={"n": 1, "items": ["A"]})
    kit.written(1, scope={"n": True, "items": ["A"]})
    kit.written(1)
    assert find_resumable(kit.reports, {"items": ["A"], "n": 1}) == wanted.run
    with kit.resume(wanted.run) as writer:
        assert find_resumable(kit.reports, {"items": ["A"], "n": 1}) != wanted.run
        writer.seal("complete")
    assert find_resumable(kit.reports, {"items": ["A"], "n": 1}) not in {None, wanted.run}


def test_abandoned_runs_are_sealed_as_interrupted(kit: Kit) -> None:
    """What is kept, what is being written and what is damaged stay as they are."""
    abandoned, kept, damaged = (kit.written(2) for _ in range(3))
    damaged.path.write_bytes(damaged.path.read_bytes()[:-90] + b"#" * 89 + b"\n")
    with kit.create():
        assert seal_abandoned(kit.reports, now=kit.now, keep=[kept.run]) == [abandoned.run]
    records = read_run(kit.reports, abandoned.run)
    assert records.records[-1]["status"] == "interrupted"
    assert records.sealed
    assert not read_run(kit.reports, kept.run).sealed
    assert seal_abandoned(kit.reports, now=kit.now, keep=[kept.run]) != [abandoned.run]


def test_runs_are_read_in_the_order_of_their_start(kit: Kit) -> None:
    """Whatever the folder's order, evidence is taken in by start and id."""
    runs = [kit.written(1).run for _ in range(5)]
    assert [run.run for run in read_all(kit.reports)] == runs
    assert verify(kit.reports) == []


def test_a_project_without_a_ledger_has_no_runs(kit: Kit) -> None:
    """Nothing was measured yet: that is no error."""
    assert list(read_all(kit.reports)) == []
    assert verify(kit.reports) == []
    assert seal_abandoned(kit.reports, now=kit.now) == []
    assert not kit.reports.exists()
