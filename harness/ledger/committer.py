"""Group commit for asyncio: many tasks append, one thread syncs, and the loop never waits for it.

Lines are written on the loop, all that come in one turn of it at once: were they written in the
thread, each write would have to win the interpreter back from a busy loop, 64 times a group.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from harness.domain.record import Json
from harness.errors import LedgerError
from harness.ledger.writer import RunWriter

GROUP = 64
"""Records that are committed at once, without waiting for more."""
WAIT_S = 0.2
"""Seconds after which a record is committed, however few there are."""


class _Group:
    """Records that will be acknowledged together: how many, and the future of all of them."""

    def __init__(self) -> None:
        self.count = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle(self, error: BaseException | None) -> None:
        """Tell those who wait; an error that nobody waits for is raised by ``drain``."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
            self.done.exception()  # known to be seen: drain raises it


class GroupCommitter:
    """Appends to one run for the tasks of one event loop; used as ``async with``.

    A record that was handed over is written even when the task that waits for it is cancelled.
    Leaving the block writes everything that was handed over, after Ctrl-C too.
    """

    def __init__(self, writer: RunWriter, *, group: int = GROUP, wait_s: float = WAIT_S) -> None:
        """Commit to ``writer``, which stays the caller's to seal or close."""
        self._writer = writer
        self._group = group
        self._wait_s = wait_s
        self._pending: _Group | None = None
        self._in_flight: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._draining = False
        self._flushing = False
        self._failure: BaseException | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def __aenter__(self) -> Self:
        """Return the committer."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what was handed over, and end the thread."""
        try:
            await self.drain()
        finally:
            self.close()

    def submit(self, record: Mapping[str, Json]) -> asyncio.Future[None]:
        """Hand a record over; the future is done once it is acknowledged, or holds the error.

        It is that of all records which are acknowledged together: wait for it with a shield. The
        record is written before anything else gets its turn: it may be changed afterwards, and one
        that the writer refuses raises here without touching any other.
        """
        if self._failure is not None:
            raise self._failure
        loop = asyncio.get_running_loop()
        self._writer.stage(record)
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self._flush)
        group = self._pending = self._pending or _Group()
        group.count += 1
        self._consider(group)
        return group.done

    def _flush(self) -> None:
        self._flushing = False
        try:
            self._writer.flush()
        except LedgerError as error:
            self._fail(error)

    @property
    def waiting(self) -> int:
        """How many records were handed over and are not acknowledged, those of a sync apart."""
        return 0 if self._pending is None else self._pending.count

    async def append(self, record: Mapping[str, Json]) -> None:
        """Hand a record over and wait until it is acknowledged; cancelling only ends the wait."""
        await asyncio.shield(self.submit(record))

    async def drain(self) -> None:
        """Acknowledge all that was handed over, now; raises the first error that a commit met."""
        self._draining = True
        try:
            self._consider(self._pending)
            while self._in_flight is not None:
                await asyncio.wait([self._in_flight])  # whose callback starts the next one
        finally:
            self._draining = False
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Acknowledge without the loop what a cancelled ``drain`` left, and end the thread."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._thread.shutdown(wait=True)
        left, self._pending = self._pending, None
        try:
            self._writer.sync()
        except LedgerError as error:
            if left is not None:
                left.settle(error)
            raise
        if left is not None:
            left.settle(None)

    def _consider(self, group: _Group | None) -> None:
        """Start a commit if it is time for one; else see to it that one comes."""
        if self._in_flight is not None or group is None:
            return
        if self._draining or group.count >= self._group:
            self._commit()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait_s, self._commit)

    def _commit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._in_flight is not None or self._pending is None:
            return
        batch, self._pending = self._pending, None
        loop = asyncio.get_running_loop()
        self._in_flight = loop.run_in_executor(self._thread, self._writer.sync)
        self._in_flight.add_done_callback(partial(self._committed, batch))

    def _committed(self, batch: _Group, done: asyncio.Future[None]) -> None:
        self._in_flight = None
        error = done.exception()
        batch.settle(error)
        if error is None:
            self._consider(self._pending)
        else:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Tell everyone who waits; nothing is taken any more."""
        self._failure = self._failure or error
        left, self._pending = self._pending, None
        if left is not None:
            left.settle(error)
