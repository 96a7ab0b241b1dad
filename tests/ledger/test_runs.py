"""Runs that ended without a seal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.ledger import frame
from harness.ledger.reader import read_all, read_run, runs_in_order
from harness.ledger.runs import find_resumable, seal_abandoned
from harness.ledger.seal import write_seal
from harness.ledger.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_a_clock_that_goes_back_changes_no_order(kit: Kit) -> None:
    """A run stands behind all that were there before it, whatever its clock said."""
    made = []
    for hours in (0, 72, 24, 48, 1):
        kit.set_clock(hours)
        made.append(kit.sealed(1).run)
    assert runs_in_order(kit.reports) == made
    assert [found.run for found in read_all(kit.reports)] == made


def test_merged_runs_go_by_their_start(kit: Kit, new_kit: Callable[[], Kit]) -> None:
    """Runs that never knew of one another are ordered by their clocks, each after its own past."""
    other = new_kit()
    other.rng.seed(8)
    made = {}
    for kits, hours in ((kit, 0), (other, 1), (kit, 4), (other, 3), (kit, 2)):
        kits.set_clock(hours)
        made[hours] = kits.sealed(1)
    for hours in (1, 3):
        for path in (made[hours].path, made[hours].layout.seal_file(made[hours].run)):
            (kit.reports / path.relative_to(other.reports)).write_bytes(path.read_bytes())
    order = [made[hours].run for hours in (0, 1, 3, 4, 2)]
    assert runs_in_order(kit.reports) == order
    last = kit.sealed(1).run
    assert runs_in_order(kit.reports) == [*order, last]


def test_runs_that_name_each_other_are_not_left_out(kit: Kit) -> None:
    """Nobody but a forger makes a circle: verify tells of it, and no trial is lost by it."""
    made = [kit.sealed(1) for _ in range(3)]
    for one, two in ((0, 1), (1, 0)):
        path = made[one].path
        records = [json.loads(line) for line in path.read_bytes().splitlines()]
        head, lines = frame.GENESIS, []
        for seq, record in enumerate(records):
            payload = {k: v for k, v in record.items() if k not in {"seq", "chain"}}
            if payload["kind"] == "run":
                payload["previous"] = [{"run": made[two].run, "count": 1, "head": "0" * 64}]
            line, head = frame.line(seq, head, frame.members(payload))
            lines.append(line)
        path.write_bytes(b"".join(lines))
        write_seal(kit.reports, path.stem)
    assert sorted(runs_in_order(kit.reports)) == sorted(each.run for each in made)
    assert verify(kit.reports)
