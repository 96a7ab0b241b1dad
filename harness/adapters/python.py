"""Adapter ``python``: a function of the user's own, sync or async."""

import asyncio
import hashlib
import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.adapters.openai_format import messages_to_dicts, tools_to_dicts, turn_of
from harness.domain.project import ModelConfig
from harness.domain.record import Json
from harness.domain.transcript import Conversation, Turn
from harness.errors import ModelError
from harness.ports.model import AdapterContext, AdapterSpec, Model, OutOfTime, Unavailable

Respond = Callable[[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], int], Any]


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
        self._threads = None if is_async else ThreadPoolExecutor(concurrency, "harness-python")

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
            running = asyncio.get_running_loop()
            reply = await running.run_in_executor(self._threads, self._respond, *arguments)
        return await reply if isinstance(reply, Awaitable) else reply

    def fingerprint_parts(self) -> Mapping[str, Json]:
        """Return the hash of the function's source file: another agent's code, another agent."""
        return self._parts

    async def aclose(self) -> None:
        """Let the threads go without waiting for a call that hangs."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def _build(config: ModelConfig, context: AdapterContext) -> Model:
    target = config.target or ""
    function = load(target, context.root)
    source = inspect.getsourcefile(inspect.unwrap(function)) if _has_source(function) else None
    parts: dict[str, Json] = {}
    if source and Path(source).is_file():
        parts["source_sha256"] = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return PythonModel(function, config.concurrency, parts)


def _has_source(function: object) -> bool:
    return inspect.isfunction(inspect.unwrap(function)) if callable(function) else False


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
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise ModelError(f"target {target!r}: module {module_name} has no {name}") from None
    except Exception as error:  # foreign code runs at import
        message = f"target {target!r}: cannot be imported: {type(error).__name__}: {error}"
        raise ModelError(message) from error
    if not callable(found):
        raise ModelError(f"target {target!r}: {name} is not callable")
    return found


SPEC = AdapterSpec(name="python", build=_build, required=frozenset({"target"}))
