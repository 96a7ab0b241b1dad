"""Tool servers for trial after trial, from one process that has loaded the MCP SDK.

Loading it takes a second of CPU, more than everything else of a trial together. So an agent starts
a small script instead, which hands its standard streams on; whoever answers is a child of a process
that the first of them brings to life.
"""

import asyncio
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.adapters.command.process import kill_group

_SHIM = Path(__file__).with_name("shim.py")
_LONGEST = 100
"""Bytes that the address of a socket may have on every system."""
_BACKLOG = 128


@dataclass(slots=True)
class ToolPool:
    """Says how an agent starts its tool server; nothing is started before an agent does."""

    environ: Mapping[str, str] = field(default_factory=dict)
    """What the servers' parent is started with."""
    _folder: str | None = None
    _address: str | None = None
    _waiting: socket.socket | None = None
    _parent: "subprocess.Popen[bytes] | None" = None

    def command(self, surface: Path, calls: Path) -> list[str]:
        """Return the words that start the server of a trial's tools."""
        address = self._address or self._listen()
        if address is None:
            words = ["-m", "harness", "serve-tools", "--surface", str(surface), "--log", str(calls)]
            return [sys.executable, *words]
        return [sys.executable, "-I", "-S", str(_SHIM), address, str(surface), str(calls)]

    def _listen(self) -> str | None:
        """Take a socket that only this user can reach; None where servers must start alone."""
        if importlib.util.find_spec("mcp") is None or not _SHIM.is_file():
            return None  # the server itself says what is missing
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="harness-tools-")
        address = str(Path(self._folder) / "socket")
        if len(os.fsencode(address)) > _LONGEST:
            return None
        self._waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._waiting.bind(address)
        self._waiting.listen(_BACKLOG)
        asyncio.get_running_loop().add_reader(self._waiting.fileno(), self._begin)
        self._address = address
        return address

    def _begin(self) -> None:
        """Start the parent, which takes the socket over: when it has gone, nobody waits for it."""
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return
        asyncio.get_running_loop().remove_reader(waiting.fileno())
        with waiting:
            number = waiting.fileno()
            self._parent = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [sys.executable, "-m", "harness", "serve-tools", "--pool", str(number)],
                stdin=subprocess.PIPE,  # which ends with this process, however it ends
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(self.environ),
                pass_fds=(number,),
                start_new_session=True,
            )

    async def end(self) -> None:
        """End the parent with all servers, and take the socket away."""
        if self._waiting is not None:
            asyncio.get_running_loop().remove_reader(self._waiting.fileno())
            self._waiting.close()
            self._waiting = None
        if self._parent is not None:
            kill_group(self._parent.pid)
            if self._parent.stdin is not None:
                self._parent.stdin.close()
            self._parent.wait()
            self._parent = None
        if self._folder is not None:
            with suppress(OSError):
                shutil.rmtree(self._folder)
        self._folder = self._address = None
