"""``harness serve-tools``: the recorded tools of a case as an MCP server.

An agent with a loop of its own calls them as it calls any server's. Nothing is asked of anybody
else: every answer is a recording or what the case declares for calls without one.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Self

from harness import __version__, plugins
from harness.commands.context import Context
from harness.commands.questions import checks
from harness.commands.serve_pool import serve_pool
from harness.domain.case import LAYERS, Case
from harness.domain.record import Json
from harness.domain.transcript import Message, ToolCall
from harness.domain.trial import BASE, TWIN
from harness.errors import HarnessError, InputError, Place, Problem, show
from harness.files.evals import eval_ids, load_eval
from harness.files.project import LoadedProject, find_root, load_project
from harness.plan.recordings import RecordedTools
from harness.plan.surface import case_of, logged
from harness.plan.variants import resolve
from harness.plugins import near
from harness.replay.wire import plain_text

_HOST = "127.0.0.1"
_NO_SDK = "the MCP server needs an extra: pip install 'postmortem-harness[mcp]'"


@dataclass(frozen=True, slots=True)
class Serving:
    """What to serve, and how it is reached."""

    case: str | None
    variant: str
    surface: str | None
    transport: Literal["stdio", "http"]
    port: int
    log: str | None
    pool: int | None = None
    """A listening socket at which trials of a check ask for servers, instead of a case."""


def serve_tools(context: Context, wanted: Serving) -> None:
    """Serve until the other side has gone, or Ctrl-C."""
    if wanted.pool is not None:
        _load_sdk()
        serve_pool(wanted.pool, _serve_surface)
        return
    if wanted.surface is not None:
        case, at_most = _from_surface(Path(wanted.surface))
    elif wanted.case is not None:
        project = load_project(find_root(context.start), plugins.adapter_names())
        case, at_most = _variant(_find(project, wanted.case), wanted.variant), None
    else:
        raise HarnessError("CASE: is missing, write the name of a case, or EVAL/CASE")
    tools = RecordedTools(case, at_most)
    with _Log(wanted.log) as log:
        server = _server(tools, log.note)
        if wanted.transport == "stdio":
            asyncio.run(_over_stdio(server))
            return
        with _bound(wanted.port) as listening:
            port = listening.getsockname()[1]
            context.say(f"{len(case.tools)} tools at http://{_HOST}:{port}/mcp, Ctrl-C ends it")
            asyncio.run(_over_http(server, listening))


def _serve_surface(surface: str, log: str) -> None:
    tools = RecordedTools(*_from_surface(Path(surface)))
    with _Log(log) as opened:
        asyncio.run(_over_stdio(_server(tools, opened.note)))


def _load_sdk() -> None:
    """Import what every server needs; HarnessError without the extra."""
    try:
        for name in ("mcp.server.lowlevel", "mcp.server.stdio"):
            import_module(name)
    except ImportError as error:
        raise HarnessError(_NO_SDK) from error


def _from_surface(path: Path) -> tuple[Case, int | None]:
    try:
        return case_of(path.read_text(encoding="ascii"))
    except (OSError, ValueError, TypeError, LookupError) as error:
        place = Place(str(path))
        raise InputError(Problem(place, "", "is no tool surface of harness", str(error))) from error


def _find(project: LoadedProject, name: str) -> tuple[Case, tuple[Any, ...]]:
    """Return a case with the layers that its eval repairs; InputError for none or several."""
    eval_name, _, case_name = name.rpartition("/")
    found, known = [], []
    for each in eval_ids(project):
        if eval_name and each != eval_name:
            continue
        loaded = load_eval(project, each, checks())
        for case in loaded.cases:
            known.append(case.value.id)
            if case.value.id == case_name:
                found.append((each, case.value, loaded.value.repair))
    place = Place(str(project.evals))
    if not found:
        fix = near(case_name, sorted(set(known))) if known else "write an eval first"
        raise InputError(Problem(place, "", "no such case", name, fix))
    if len(found) > 1:
        names = " or ".join(f"{each}/{case_name}" for each, _, _ in found)
        raise InputError(Problem(place, "", "several evals replay it", name, f"write {names}"))
    return found[0][1], found[0][2]


def _variant(found: tuple[Case, tuple[Any, ...]], variant: str) -> Case:
    case, repair = found
    known = {BASE, *LAYERS} | ({TWIN} if case.twin else set())
    wrong = [part for part in variant.split("+") if part not in known]
    if wrong or (variant.count("+") and {BASE, TWIN} & set(variant.split("+"))):
        fix = f"write one of {', '.join(sorted(known))}, or layers as in tool+data"
        raise HarnessError(
            f"--variant: case {case.id} has no such variant, got {show(variant)}, {fix}"
        )
    return resolve(case, variant, repair)


class _Log:
    """A file to which each call is appended before it is answered."""

    def __init__(self, path: str | None) -> None:
        self._fd = -1
        if path is None:
            return
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except (OSError, ValueError) as error:
            raise HarnessError(f"--log: {show(path)} cannot be written: {error}") from error

    def note(self, call: ToolCall, answer: Message) -> None:
        if self._fd >= 0:
            os.write(self._fd, logged(call, answer).encode("ascii") + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _server(tools: RecordedTools, note: Callable[[ToolCall, Message], None]) -> Any:
    """Return a server of the official SDK with the case's tools; it is imported here alone."""
    try:
        from mcp import types  # noqa: PLC0415 - an extra
        from mcp.server.lowlevel import Server  # noqa: PLC0415 - as above
    except ImportError as error:
        raise HarnessError(_NO_SDK) from error

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name,
                    description=tool.description or None,
                    input_schema=_schema(tool.parameters),
                )
                for tool in tools.specs
            ]
        )

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        call = ToolCall(name=params.name, arguments=params.arguments or {})
        answer = tools.answer(call)
        note(call, answer)
        failed = isinstance(answer.content, Mapping) and answer.content.keys() == {"error"}
        return types.CallToolResult(
            content=[types.TextContent(text=plain_text(answer.content))], is_error=failed
        )

    return Server("harness", version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


def _schema(parameters: Mapping[str, Json]) -> dict[str, Json]:
    """Return a tool's JSON Schema; MCP wants an object at its root."""
    return {"properties": {}, **parameters, "type": "object"}


async def _over_stdio(server: Any) -> None:
    from mcp.server.stdio import stdio_server  # noqa: PLC0415 - an extra

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _bound(port: int) -> socket.socket:
    """Return a socket on the loopback interface; never on another."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
    except OSError as error:
        listening.close()
        raise HarnessError(f"--port: {port} cannot be bound: {error.strerror}") from error
    return listening


async def _over_http(server: Any, listening: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 - an extra

    # The SDK's own guard refuses other Host and Origin headers, so that no web page gets here.
    app = server.streamable_http_app(host=_HOST)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, lifespan="on")
    await uvicorn.Server(config).serve(sockets=[listening])
