"""What a sealed run says of itself, and that readers hold it to that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger.reader import read_all, read_run
from harness.ledger.runs import find_resumable, seal_abandoned
from harness.ledger.verify import verify
from harness.ledger.writer import RunWriter

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


def mixed(kit: Kit) -> RunWriter:
    """Return a run with a record of each kind, not sealed yet."""
    writer = kit.create()
    writer.append_group(
        [
            {"kind": "plan", "plan": "p1"},
            {"kind": "item", "plan": "p1", "item": "ITEM-2"},
            {"kind": "item", "plan": "p1", "item": "ITEM-1"},
            kit.trial(outcome="fail", input_tokens=10, output_tokens=1, latency_s=0.1),
            kit.trial(outcome="pass", input_tokens=20, output_tokens=2, latency_s=0.2),
            kit.trial(outcome="ungraded", latency_s=0.3),
            kit.trial(variant="twin", outcome="pass"),
            kit.trial(kind="error", error="refused"),
        ]
    )
    return writer


def test_the_summary_is_computed_from_the_records(kit: Kit) -> None:
    """Totals count outcomes per eval, case, variant and fingerprint, and name the items."""
    writer = mixed(kit)
    summary = writer.seal("complete")
    assert json.loads(writer.layout.seal_file(writer.run).read_bytes()) == summary
    group = {
        "items": ["ITEM-1", "ITEM-2"],
        "plan": "p1",
        "eval": "queue-stall",
        "case": "producer-silent",
        "fingerprint": "f" * 64,
    }
    counts = {"trials": 3, "pass": 1, "fail": 1, "ungraded": 1, "errors": 1}
    twins = {"trials": 1, "pass": 1, "fail": 0, "ungraded": 0, "errors": 0}
    records = read_run(kit.reports, writer.run)
    assert summary == {
        "format": 1,
        "run": writer.run,
        "status": "complete",
        "count": 10,
        "head": records.head,
        "started": records.first["started"],
        "ended": records.records[-1]["ended"],
        "harness": "0.1.0",
        "previous": [],
        "kinds": {"error": 1, "item": 2, "plan": 1, "run": 1, "seal": 1, "trial": 4},
        "cost": {"input_tokens": 30, "output_tokens": 3, "latency_s": 0.6},
        "totals": [
            group | {"variant": "base"} | counts,
            group | {"variant": "twin"} | twins,
        ],
    }
    assert summary["started"] < summary["ended"]
    assert records.sealed
    assert verify(kit.reports) == []


def test_a_run_that_was_cut_behind_its_seals_back_is_refused(kit: Kit) -> None:
    """A sealed run that lost whole records at its end no longer fits its summary."""
    writer = kit.sealed(2)
    head = read_run(kit.reports, writer.run).head
    lines = writer.path.read_bytes().splitlines(keepends=True)
    writer.path.write_bytes(b"".join(lines[:-2]))
    with pytest.raises(LedgerError) as caught:
        read_run(kit.reports, writer.run)
    found = json.loads(lines[-3])["chain"]
    seal = writer.layout.seal_file(writer.run)
    assert str(caught.value) == (
        f"{writer.path}:2: seal: {seal} says that the run was sealed with 4 records and head "
        f"{head[:12]}, here are 2 and {found[:12]}, restore both files from one copy"
    )
    with pytest.raises(LedgerError):
        kit.resume(writer.run)


def test_a_sealed_run_without_its_records_is_refused(kit: Kit) -> None:
    """Removing a sealed run's file is noticed, by name."""
    writer = kit.sealed(1)
    kit.sealed(1)
    writer.path.unlink()
    said = (
        f"{writer.path}: seal: the run was sealed and its records are missing, "
        "restore the file from a copy"
    )
    with pytest.raises(LedgerError) as caught:
        list(read_all(kit.reports))
    assert str(caught.value) == said
    assert said in [str(finding) for finding in verify(kit.reports)]


def test_a_seal_without_its_summary_is_refused_and_can_be_recomputed(kit: Kit) -> None:
    """A process that died between seal and summary blocks nobody: the summary is derived."""
    writer = kit.sealed(2)
    seal = writer.layout.seal_file(writer.run)
    good = seal.read_bytes()
    seal.unlink()
    with pytest.raises(LedgerError) as caught:
        read_run(kit.reports, writer.run)
    assert str(caught.value) == (
        f"{seal}: seal: the run is sealed and its summary is missing, restore it from a copy, "
        "or run `harness check` again, which recomputes it"
    )
    assert find_resumable(kit.reports, None) is None
    assert seal_abandoned(kit.reports, now=kit.now) == [writer.run]
    assert seal.read_bytes() == good


def test_a_summary_that_is_no_json_is_refused(kit: Kit) -> None:
    """A damaged summary is named, whatever is in it."""
    writer = kit.sealed(1)
    seal = writer.layout.seal_file(writer.run)
    for junk in (b"{", b"\xff\xfe", b"", b"[" * 100_000):
        seal.write_bytes(junk)
        with pytest.raises(LedgerError, match="the sealed run is no JSON"):
            read_run(kit.reports, writer.run)
    seal.write_bytes(b"[]")
    with pytest.raises(LedgerError, match="the sealed run is no JSON object"):
        read_run(kit.reports, writer.run)


def test_nothing_may_stand_behind_the_seal(kit: Kit) -> None:
    """Whole records and torn tails alike are refused behind a seal."""
    writer = kit.create()
    writer.append_group([{"kind": "seal", "status": "complete", "ended": "x"}, kit.trial()])
    writer.close()
    with pytest.raises(LedgerError, match=":3: chain: something stands behind the seal"):
        read_run(kit.reports, writer.run)
    writer.path.unlink()
    other = kit.sealed(1)
    with other.path.open("ab") as file:
        file.write(b'{"seq":3,')
    with pytest.raises(LedgerError, match="something stands behind the seal"):
        read_run(kit.reports, other.run)


def test_reading_while_the_run_is_sealed_is_no_error(kit: Kit) -> None:
    """Between seal and summary the writer still holds the run: a reader sees it as unsealed."""
    with kit.create() as writer:
        writer.append_group([{"kind": "seal", "status": "complete", "ended": "x"}])
        assert read_run(kit.reports, writer.run).sealed
