"""Group commit for tasks of one event loop."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger.committer import GroupCommitter
from harness.ledger.reader import read_run
from harness.ledger.writer import RunWriter

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


def held(kit: Kit, run: str) -> list[str]:
    """Return the trials that a run holds."""
    return [r["id"] for r in read_run(kit.reports, run).records if r["kind"] == "trial"]


def test_an_awaited_record_is_acknowledged(kit: Kit) -> None:
    """When append returns, the writer has synced the record; order is that of submission."""

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer, wait_s=0.001) as committer:
            for trial in trials:
                await committer.append(trial)
                assert writer.count == 2 + trials.index(trial)

    trials = [kit.trial() for _ in range(5)]
    with kit.create() as writer:
        asyncio.run(main(writer))
    assert held(kit, writer.run) == [trial["id"] for trial in trials]


def test_a_full_group_waits_for_nobody(kit: Kit) -> None:
    """64 records are committed at once, a smaller group after the time that was set."""

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer, wait_s=60) as committer:
            await asyncio.wait_for(
                asyncio.gather(*(committer.append(kit.trial()) for _ in range(64))), 10
            )
            assert writer.count == 65
            lone = committer.submit(kit.trial())
            await asyncio.sleep(0.05)
            assert not lone.done()
        assert lone.done()
        async with GroupCommitter(writer, wait_s=0.05) as committer:
            await asyncio.wait_for(committer.append(kit.trial()), 10)

    with kit.create() as writer:
        asyncio.run(main(writer))
        assert writer.count == 67


def test_a_cancelled_task_does_not_lose_its_record(kit: Kit) -> None:
    """Cancelling ends the wait, not the writing."""

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer, wait_s=60) as committer:
            task = asyncio.create_task(committer.append(trial))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    trial = kit.trial()
    with kit.create() as writer:
        asyncio.run(main(writer))
        assert writer.count == 2
    assert held(kit, writer.run) == [trial["id"]]


def test_a_cancelled_drain_still_leaves_everything_acknowledged(kit: Kit) -> None:
    """Whoever is impatient twice still loses nothing, and nobody waits for ever."""

    async def block(writer: RunWriter, submitted: list[asyncio.Future[None]]) -> None:
        async with GroupCommitter(writer, wait_s=60) as committer:
            submitted.extend(committer.submit(kit.trial()) for _ in range(200))
            await asyncio.sleep(60)

    async def main(writer: RunWriter) -> None:
        submitted: list[asyncio.Future[None]] = []
        task = asyncio.create_task(block(writer, submitted))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(asyncio.gather(*submitted), 10)
        assert writer.count == 201

    with kit.create() as writer:
        asyncio.run(main(writer))


def test_a_refused_record_touches_no_other(kit: Kit) -> None:
    """A record that cannot be written raises where it is handed over, and there alone."""

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer) as committer:
            first = committer.submit(kit.trial())
            with pytest.raises(LedgerError, match="cannot be written as JSON"):
                await committer.append(kit.trial(reply=float("nan")))
            await committer.append(kit.trial())
            assert first.done()

    with kit.create() as writer:
        asyncio.run(main(writer))
        assert writer.count == 3


def test_a_record_may_be_changed_once_it_was_handed_over(kit: Kit) -> None:
    """What counts is the record at the time of the call."""

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer, wait_s=60) as committer:
            committer.submit(trial)
            trial["outcome"] = "pass"

    trial = kit.trial(outcome="fail")
    with kit.create() as writer:
        asyncio.run(main(writer))
    assert read_run(kit.reports, writer.run).records[1]["outcome"] == "fail"


def test_a_disk_error_reaches_everyone_who_waits(kit: Kit) -> None:
    """Nobody is told that a record is safe when the sync failed, and the block raises."""
    reading, writing = os.pipe()

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer, group=3, wait_s=60) as committer:
            futures = [committer.submit(kit.trial()) for _ in range(2)]
            os.dup2(writing, writer._fd)  # a pipe cannot be synced: the kernel says EINVAL
            futures.append(committer.submit(kit.trial()))
            results = await asyncio.gather(*futures, return_exceptions=True)
            assert [type(result) for result in results] == [LedgerError] * 3
            with pytest.raises(LedgerError, match="cannot put the ledger on the disk"):
                committer.submit(kit.trial())

    with kit.create() as writer:
        with pytest.raises(LedgerError, match="an earlier write failed"):
            asyncio.run(main(writer))
        assert writer.count == 1
    os.close(reading)
    os.close(writing)


def test_a_disk_error_after_an_impatient_ctrl_c_is_no_success(kit: Kit) -> None:
    """What was handed over while the sync failed is told so, even when drain was cancelled."""
    reading, writing = os.pipe()

    async def block(writer: RunWriter, submitted: list[asyncio.Future[None]]) -> None:
        async with GroupCommitter(writer, group=2, wait_s=60) as committer:
            submitted.append(committer.submit(kit.trial()))
            os.dup2(writing, writer._fd)
            submitted.append(committer.submit(kit.trial()))
            await asyncio.sleep(60)

    async def main(writer: RunWriter) -> None:
        submitted: list[asyncio.Future[None]] = []
        task = asyncio.create_task(block(writer, submitted))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(LedgerError):
            await task
        results = await asyncio.gather(*submitted, return_exceptions=True)
        assert [type(result) for result in results] == [LedgerError] * 2

    with kit.create() as writer:
        asyncio.run(main(writer))
        assert writer.count == 1
    os.close(reading)
    os.close(writing)


def test_a_busy_loop_does_not_starve_the_ledger(kit: Kit) -> None:
    """Appending beside a loop that computes all the time keeps a useful pace.

    Lines are written on the loop for this: 20 groups take 20 turns of the interpreter lock, not
    1280 of 5 ms each.
    """

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer) as committer:
            futures = []
            for _ in range(1280):
                futures.append(committer.submit(kit.trial()))
                sum(range(2000))
                await asyncio.sleep(0)
            await asyncio.gather(*futures)

    with kit.create() as writer:
        start = time.perf_counter()
        asyncio.run(main(writer))
        assert time.perf_counter() - start < 4
        assert writer.count == 1281
