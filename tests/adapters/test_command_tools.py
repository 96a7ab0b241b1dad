"""The tool servers of the command adapter: one process has the SDK, each trial a child of it."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from harness.adapters.command.place import Place
from harness.adapters.command.pool import ToolPool
from harness.domain.case import Case, Recording
from harness.domain.transcript import ToolSpec

ENVIRON = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}


@pytest.fixture
def case(make_case: Callable[..., Case]) -> Case:
    """Return a case whose one recording answers one call."""
    recording = Recording(tool="diagnose", arguments={}, result={"depth": 5})
    return make_case(tools=(ToolSpec(name="diagnose"),), recordings=(recording,))


def started(place: Place) -> tuple[str, list[str]]:
    """Return the command of a place's tool server, with its arguments."""
    server = json.loads(place.config.read_text())["mcpServers"]["harness"]
    return server["command"], server["args"]


@asynccontextmanager
async def offered(pool: ToolPool, case: Case) -> AsyncIterator[Place]:
    """Lend the place of a trial, with its server offered."""
    place = Place(case.messages, 1, ENVIRON)
    place.offer(case, 1, pool)
    try:
        yield place
    finally:
        place.clear()


async def called(place: Place) -> Any:
    """Return what the SDK's client gets for a call."""
    command, arguments = started(place)
    start = StdioServerParameters(command=command, args=arguments, env=ENVIRON)
    async with Client(start) as client:
        got = await client.call_tool("diagnose", {})
        return json.loads(got.content[0].text)  # type: ignore[union-attr]


@pytest.mark.slow
def test_trials_share_the_process_that_has_the_sdk(case: Case):
    """Each has answers, a log and a limit of its own; nothing is left when the check ends."""

    async def main() -> None:
        pool = ToolPool(ENVIRON)
        async with offered(pool, case) as first, offered(pool, case) as second:
            assert pool._parent is None, "before an agent wants one, no server is started"
            both = await asyncio.gather(called(first), called(second))
            assert list(both) == [{"depth": 5}, {"depth": 5}]
            parent = pool._parent
            assert parent is not None
            assert await called(first) == {"depth": 5}
            assert pool._parent is parent
            assert parent.poll() is None
            assert len(first.called(10**6)) == 2 * len(second.called(10**6)) == 4
            folder = Path(started(first)[1][-3]).parent
            assert folder.stat().st_mode & 0o777 == 0o700
            await pool.end()
            assert parent.poll() is not None
            assert not folder.exists()

    asyncio.run(main())


@pytest.mark.slow
def test_the_servers_end_with_the_check_however_it_ends(case: Case):
    """A kill -9 closes the pipe that the parent listens to."""

    async def main() -> None:
        pool = ToolPool(ENVIRON)
        async with offered(pool, case) as place:
            assert await called(place) == {"depth": 5}
            parent = pool._parent
            assert parent is not None
            assert parent.stdin is not None
            parent.stdin.close()  # as the kernel does for a process that is gone
            assert await asyncio.to_thread(parent.wait, 20) == 0
            command, arguments = started(place)
            late = await asyncio.to_thread(
                subprocess.run, [command, *arguments], stdin=subprocess.DEVNULL,
                capture_output=True, check=False, timeout=20,
            )  # fmt: skip
            assert late.returncode == 1, "nobody waits for a parent that has gone"
            await pool.end()

    asyncio.run(main())


def test_where_no_socket_can_be_each_server_starts_alone(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """An address longer than systems take is no reason to be without tools."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))

    async def main() -> None:
        pool = ToolPool(ENVIRON)
        async with offered(pool, case) as place:
            assert started(place)[1][:3] == ["-m", "harness", "serve-tools"]
        await pool.end()
        assert list(deep.iterdir()) == []

    asyncio.run(main())
