"""Adapter ``python``: a function of the user's own, sync or async."""

import asyncio
import hashlib
import importlib
import inspect
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from harness.adapters.openai_format import messages_to_dicts, tools_to_dicts, turn_of
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Turn
from harness.errors import ModelError
from harness.ports.model import AdapterContext, AdapterSpec, Model, OutOfTime, Unavailable

Respond = Callable[[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], int], Any]


class _Threads:
    """Threads that die with the process: a call that hangs must not outlive Ctrl-C.

    Those of ``concurrent.futures`` are waited for when the interpreter exits.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def call(self, function: Callable[..., Json], *arguments: Any) -> "asyncio.Future[Json]":
        """Return what the function will return or raise; StopIteration and exits as errors."""
        if self._free:
            self._free -= 1
            threading.Thread(target=self._work, name="harness-python", daemon=True).start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Json] = loop.create_future()
        self._calls.put(partial(_perform, loop, future, partial(function, *arguments)))
        return future

    def _work(self) -> None:
        while True:
            self._calls.get()()


def _perform(
    loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Json]", call: Callable[[], Json]
) -> None:
    settle: Callable[[], None]
    try:
        settle = partial(future.set_result, call())
    except BaseException as error:  # noqa: BLE001 - foreign code, sys.exit included
        fit = isinstance(error, Exception) and not isinstance(error, StopIteration)
        settle = partial(
            future.set_exception, error if fit else RuntimeError(f"{type(error).__name__}: {error}")
        )
    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(lambda: None if future.done() else settle())


class PythonModel:
    """Calls ``respond(messages, tools, settings, seed)``.

    A ConnectionError or ``harness.ports.model.Unavailable`` means that the model was not
    reached: the trial is tried again. A TimeoutError means that its time ran out. Any other
    exception may have come after an answer, so the trial counts, and is ungraded.
    """

    def __init__(self, respond: Respond, concurrency: int, parts: Mapping[str, Json]) -> None:
        """Take the function, how many threads may run it at once, and what identifies it."""
        self._respond = respond
        self._parts = parts
        # An object with an async __call__ is awaited as well; only plain functions need threads.
        call = getattr(respond, "__call__", respond)  # noqa: B004 - the bound method is looked at
        is_async = inspect.iscoroutinefunction(respond) or inspect.iscoroutinefunction(call)
        self._threads = None if is_async else _Threads(concurrency)

    async def respond(
        self, conversation: Conversation, settings: Mapping[str, Json], seed: int
    ) -> Turn:
        """Answer, as the class says."""
        messages = messages_to_dicts(conversation.messages)
        tools = tools_to_dicts(conversation.tools)
        try:
            reply = await self._call(messages, tools, dict(settings), seed)
        except ConnectionError as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        except TimeoutError as error:
            raise OutOfTime(str(error) or "TimeoutError") from error
        return turn_of(reply)

    async def _call(self, *arguments: Any) -> Json:
        if self._threads is None:
            reply = self._respond(*arguments)
        else:
            reply = await self._threads.call(self._respond, *arguments)
        return await reply if isinstance(reply, Awaitable) else reply

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the hash of the function's source file: another agent's code, another agent."""
        return self._parts

    async def aclose(self) -> None:
        """Do nothing: the threads end with the process, without waiting for a call that hangs."""


def _build(config: ModelConfig, context: AdapterContext) -> Model:
    function = load(config.target or "", context.root)
    source = _source(function)
    parts: dict[str, Json] = {}
    if source and Path(source).is_file():
        parts["source_sha256"] = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return PythonModel(function, config.concurrency, parts)


def _source(function: Callable[..., Any]) -> str | None:
    """Return the file in which a function, or the class of a callable object, is written."""
    while isinstance(function, partial):
        function = function.func
    made: Any = inspect.unwrap(function)
    written = inspect.isroutine(made) or inspect.isclass(made)
    try:
        return inspect.getsourcefile(made if written else type(made))
    except TypeError:  # built into the interpreter
        return None


def load(target: str, root: Path) -> Respond:
    """Return the function that ``module:function`` names, looked up from the project's folder.

    Raises ModelError when the module cannot be imported or has no such function.
    """
    module_name, colon, name = target.partition(":")
    if not (module_name and colon and name):
        raise ModelError(f"target {target!r}: is no module:function, write e.g. agent:respond")
    folder = str(root)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found: object = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # foreign code runs at import
        message = f"target {target!r}: cannot be imported: {type(error).__name__}: {error}"
        raise ModelError(message) from error
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise ModelError(f"target {target!r}: module {module_name} has no {name}") from None
    if not callable(found):
        raise ModelError(f"target {target!r}: {name} is not callable")
    return found


SPEC = AdapterSpec(name="python", build=_build, required=frozenset({"target"}))
