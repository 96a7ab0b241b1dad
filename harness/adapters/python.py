"""Adapter ``python``: a function of the user's own, sync or async."""

import asyncio
import hashlib
import importlib
import inspect
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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

_END_S = 0.2
"""How long the end of a command waits for a coroutine that does not let go."""

Respond = Callable[[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], int], Any]


class _Threads:
    """Threads that die with the process: a call that hangs must not outlive Ctrl-C.

    Those of ``concurrent.futures`` are waited for when the interpreter exits. A call that nobody
    waits for any more keeps its thread; another takes its place, so that calls that hang do not
    make others late that were never made.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._calls: SimpleQueue[_Call] = SimpleQueue()

    async def call(self, function: Callable[..., Json], *arguments: Any) -> Json:
        """Return what the function returns or raises; StopIteration and exits as errors."""
        if self._free:
            self._free -= 1
            threading.Thread(target=self._work, name="harness-python", daemon=True).start()
        loop = asyncio.get_running_loop()
        call = _Call(loop, loop.create_future(), partial(function, *arguments))
        self._calls.put(call)
        try:
            return await call.future
        except asyncio.CancelledError:
            if call.drop():
                self._free += 1
            raise

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            if call.take():
                _perform(call.loop, call.future, call.function)
                if call.dropped:  # its place was given to another thread
                    return


@dataclass(slots=True)
class _Call:
    """A call on its way to a thread; it can be dropped before it was made, or while it is."""

    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Json]"
    function: Callable[[], Json]
    dropped: bool = False
    _taken: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        """Say whether the call is still to be made; from now on it counts as made."""
        with self._lock:
            self._taken = not self.dropped
            return self._taken

    def drop(self) -> bool:
        """Wait for it no more; say whether a thread is making it."""
        with self._lock:
            self.dropped = True
            return self._taken


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


class _Loop:
    """An event loop in a thread of its own, begun with the first call.

    A coroutine that blocks, or takes no cancellation, makes its own trials late; in the loop of the
    command it would hold up the limits of time themselves.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def call(self, made: Awaitable[Json]) -> Json:
        """Return what an awaitable comes to; exits as errors."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._work, args=(self._loop,), name="harness-python-loop", daemon=True
            )
            self._thread.start()
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(_without_exit(made), self._loop)
        )

    @staticmethod
    def _work(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        loop.close()

    async def end(self) -> None:
        """Stop the loop; one that is blocked ends with the process."""
        if self._loop is not None and self._thread is not None:
            with suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join, _END_S)


async def _without_exit(made: Awaitable[Json]) -> Json:
    try:
        return await made
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


class PythonModel:
    """Calls ``respond(messages, tools, settings, seed)``.

    A ConnectionError or ``harness.ports.model.Unavailable`` means that the model was not
    reached: the trial is tried again. A TimeoutError means that its time ran out, as does an answer
    that takes longer than ``reply_s``. Any other exception may have come after an answer, so the
    trial counts, and is ungraded.
    """

    def __init__(
        self, respond: Respond, concurrency: int, parts: Mapping[str, Json], reply_s: float
    ) -> None:
        """Take the function, how many threads may run it at once, and what identifies it."""
        self._respond = respond
        self._parts = parts
        self._reply_s = reply_s
        self._loop = _Loop()
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
            async with asyncio.timeout(self._reply_s) as limit:
                reply = await self._call(messages, tools, dict(settings), seed)
        except ConnectionError as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        except TimeoutError as error:
            late = f"no answer within {self._reply_s:g} s" if limit.expired() else str(error)
            raise OutOfTime(late or "TimeoutError") from error
        return turn_of(reply)

    async def _call(self, *arguments: Any) -> Json:
        if self._threads is None:
            reply = self._respond(*arguments)
        else:
            reply = await self._threads.call(self._respond, *arguments)
        return await self._loop.call(reply) if isinstance(reply, Awaitable) else reply

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the hash of the function's source file: another agent's code, another agent."""
        return self._parts

    async def aclose(self) -> None:
        """Let the threads end with the process, without waiting for a call that hangs."""
        await self._loop.end()


def _build(config: ModelConfig, context: AdapterContext) -> Model:
    function = load(config.target or "", context.root)
    source = _source(function)
    parts: dict[str, Json] = {}
    if source and Path(source).is_file():
        parts["source_sha256"] = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return PythonModel(function, config.concurrency, parts, config.timeouts.reply_s)


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
