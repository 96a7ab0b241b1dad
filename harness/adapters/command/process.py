"""A program under control: no shell, a group of its own, bounded output, and an end."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from harness.errors import printable
from harness.ports.model import Unavailable

_STDERR_BYTES = 2000
_CHUNK = 65536
_NOT_STARTED = frozenset({126, 127})
"""Exit codes by which env and shells say that there is no such program."""
NOT_REACHED = 75
"""EX_TEMPFAIL: the program says that what it depends on could not be reached."""


class TooMuch(Exception):  # noqa: N818 - it names what the program did
    """The program wrote more than it may."""


@dataclass(slots=True)
class Started:
    """A running program; ``end`` kills all of its group, and is harmless twice."""

    process: asyncio.subprocess.Process
    most_bytes: int
    read_bytes: int = 0
    _stderr: bytearray = field(default_factory=bytearray)
    _drain: "asyncio.Task[None] | None" = None

    @classmethod
    async def start(
        cls, argv: Sequence[str], folder: Path, environ: Mapping[str, str], most_bytes: int
    ) -> Self:
        """Start the program in a process group of its own; Unavailable when that fails."""
        # Cancelled within, asyncio waits for pipes that it has not connected yet: for ever.
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=folder,
                env=dict(environ),
                start_new_session=True,
                limit=_CHUNK,
            )
        )
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            with suppress(OSError, ValueError):
                await cls(await starting, most_bytes).end()
            raise
        except (OSError, ValueError) as error:
            raise Unavailable(f"{argv[0]} cannot be started: {error}") from error
        started = cls(process, most_bytes)
        started._drain = asyncio.create_task(started._keep_errors())
        return started

    async def send(self, data: bytes, *, close: bool = False) -> None:
        """Write to standard input; a program that reads none is no error here."""
        stdin = self.process.stdin
        if stdin is None:
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(data)
            await stdin.drain()
        if close:
            stdin.close()

    async def line(self) -> bytes | None:
        """Return the next line of standard output, None at its end; TooMuch past the limit."""
        parts = bytearray()
        stdout = self.process.stdout
        while stdout is not None:
            try:
                part = await stdout.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                part = await stdout.readexactly(error.consumed or 1)
            except asyncio.IncompleteReadError as error:
                part = error.partial
                self._count(part)
                return bytes(parts + part) or None
            self._count(part)
            parts += part
            if part.endswith(b"\n"):
                return bytes(parts)
        return None

    async def rest(self) -> bytes:
        """Return all of standard output to its end; TooMuch past the limit."""
        parts = bytearray()
        stdout = self.process.stdout
        while stdout is not None and (part := await stdout.read(_CHUNK)):
            self._count(part)
            parts += part
        return bytes(parts)

    def _count(self, part: bytes) -> None:
        self.read_bytes += len(part)
        if self.read_bytes > self.most_bytes:
            raise TooMuch(f"wrote more than {self.most_bytes:,} bytes")

    async def _keep_errors(self) -> None:
        stderr = self.process.stderr
        while stderr is not None and (part := await stderr.read(_CHUNK)):
            self._stderr += part
            del self._stderr[:-_STDERR_BYTES]

    async def ended(self, clean: Callable[[bytes], bytes] = bytes) -> str:
        """Wait for the end, and say how it came; Unavailable where the program never ran.

        What it wrote to standard error last is part of it, as ``clean`` leaves it.
        """
        code = await self.process.wait()
        if self._drain is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._drain), 1.0)
        last = clean(bytes(self._stderr)).decode("utf-8", "replace").strip().splitlines()
        said = f": {printable(last[-1], 200)}" if last else ""
        if code in _NOT_STARTED:
            raise Unavailable(f"the program was not found (exit code {code}){said}")
        if code == NOT_REACHED:
            raise Unavailable(f"the program could not reach what it needs{said}")
        return f"exit code {code}{said}"

    async def end(self) -> None:
        """Kill the program with all of its children, and wait until it is gone."""
        kill_group(self.process.pid)
        if self.process.stdin is not None:
            self.process.stdin.close()
        await self.process.wait()
        if self._drain is not None:
            self._drain.cancel()
            with suppress(asyncio.CancelledError):
                await self._drain
        # A child that left the group may still hold a pipe: nobody waits for it.
        getattr(self.process, "_transport").close()  # noqa: B009 - asyncio gives no other way


def kill_group(group: int) -> None:
    """Kill every process of a group; one that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
