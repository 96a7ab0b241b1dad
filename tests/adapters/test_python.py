"""Adapter ``python``."""

import asyncio
import hashlib
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.python import SPEC, load
from harness.domain.project import ModelConfig
from harness.domain.transcript import Conversation, Message, ToolCall, ToolSpec, Turn
from harness.errors import ModelError
from harness.ports.model import AdapterContext, OutOfTime, Unavailable

Build = Callable[..., Any]
ASKED = Conversation(
    (Message(role="user", content="Hm?"), Message(role="tool", content={"depth": 5})),
    (ToolSpec(name="page"),),
)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Return a function that writes a module and builds the model of its target."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def made(source: str, target: str = "own_agent:respond", concurrency: int = 4) -> Any:
        (tmp_path / "own_agent.py").write_text(source)
        sys.modules.pop("own_agent", None)
        importlib.invalidate_caches()
        config = ModelConfig(adapter="python", target=target, concurrency=concurrency)
        return SPEC.build(config, AdapterContext(tmp_path, {}, lambda line: None))

    yield made
    sys.modules.pop("own_agent", None)


def reply(model: Any, seed: int = 7, **settings: Any) -> Turn:
    """Return the model's turn."""
    turn = asyncio.run(model.respond(ASKED, settings, seed))
    assert isinstance(turn, Turn)
    return turn


SOURCES = {
    "a function": "def respond(messages, tools, settings, seed):\n    return f'{seed}'",
    "an async function": "async def respond(messages, tools, settings, seed):\n"
    "    return f'{seed}'",
    "a function that returns an awaitable": "async def later(seed):\n    return f'{seed}'\n"
    "def respond(messages, tools, settings, seed):\n    return later(seed)",
    "a callable object": "class Agent:\n    def __call__(self, messages, tools, settings, seed):\n"
    "        return f'{seed}'\nrespond = Agent()",
    "an async callable object": "class Agent:\n"
    "    async def __call__(self, messages, tools, settings, seed):\n"
    "        return f'{seed}'\nrespond = Agent()",
    "a partial": "import functools\ndef named(p, messages, tools, settings, seed):\n"
    "    return f'{p}{seed}'\nrespond = functools.partial(named, '')",
    "a bound method": "class Agent:\n    def answer(self, messages, tools, settings, seed):\n"
    "        return f'{seed}'\nrespond = Agent().answer",
}


@pytest.mark.parametrize("kind", SOURCES)
def test_whatever_can_be_called_answers(build: Build, tmp_path: Path, kind: str):
    """Functions, methods and objects, sync or async, answer, and their source identifies them."""
    model = build(SOURCES[kind])
    assert reply(model, 41).text == "41"
    digest = hashlib.sha256((tmp_path / "own_agent.py").read_bytes()).hexdigest()
    assert model.fingerprint_parts() == {"source_sha256": digest}


def test_the_function_gets_plain_values(build: Build):
    """Messages, tools and settings are dicts in OpenAI's form, the seed is an int."""
    model = build(
        "import json\ndef respond(messages, tools, settings, seed):\n"
        "    return json.dumps([messages, tools, settings, seed])"
    )
    import json

    messages, tools, settings, seed = json.loads(reply(model, 3, rate=0.5).text)
    assert messages == [
        {"role": "user", "content": "Hm?"},
        {"role": "user", "content": 'Result of the tool: {"depth": 5}'},
    ]
    assert tools[0]["function"]["name"] == "page"
    assert (settings, seed) == ({"rate": 0.5}, 3)


def test_an_assistant_message_may_call_tools(build: Build):
    """A dict with tool_calls is a turn that calls them."""
    model = build(
        "def respond(*_):\n"
        "    return {'tool_calls': [{'function': {'name': 'page', 'arguments': '{}'}}]}"
    )
    assert reply(model) == Turn(tool_calls=(ToolCall(name="page"),))


@pytest.mark.parametrize("word", ["def", "async def"])
@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        ("ConnectionError('refused')", Unavailable, "ConnectionError: refused"),
        ("ConnectionResetError()", Unavailable, "ConnectionResetError: "),
        ("BrokenPipeError(32, 'x')", Unavailable, "BrokenPipeError: [Errno 32] x"),
        ("Unavailable('429')", Unavailable, "429"),
        ("TimeoutError()", OutOfTime, "TimeoutError"),
        ("TimeoutError('30 s')", OutOfTime, "30 s"),
        ("ValueError('bad')", ValueError, "bad"),
        ("KeyError('x')", KeyError, "'x'"),
    ],
)
def test_an_exception_says_whether_the_model_was_reached(
    build: Build, word: str, raised: str, error: type[Exception], words: str
):
    """Connection errors are no trial, timeouts are ungraded ones, all others pass through."""
    model = build(
        "from harness.ports.model import Unavailable\n"
        f"{word} respond(messages, tools, settings, seed):\n    raise {raised}"
    )
    with pytest.raises(error) as caught:
        reply(model)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("SystemExit(0)", "SystemExit: 0"),
        ("KeyboardInterrupt()", "KeyboardInterrupt: "),
        ("StopIteration('x')", "StopIteration: x"),
    ],
)
def test_an_exit_in_a_thread_is_an_error_like_others(build: Build, raised: str, words: str):
    """What would end the check, or hang it, comes back as an ordinary error."""
    model = build(f"def respond(*_):\n    raise {raised}")
    with pytest.raises(RuntimeError) as caught:
        reply(model)
    assert str(caught.value) == words


@pytest.mark.parametrize("returned", ["None", "5", "[]"])
def test_a_reply_of_another_kind_is_refused(build: Build, returned: str):
    """A function that forgets to return is told so."""
    kind = {"None": "NoneType", "5": "int", "[]": "list"}[returned]
    with pytest.raises(TypeError) as caught:
        reply(build(f"def respond(*_):\n    return {returned}"))
    assert str(caught.value) == (f"expected a string or an assistant message as a dict, got {kind}")


def test_plain_functions_run_at_once_up_to_the_concurrency(build: Build):
    """Three calls that wait for one another finish with three threads, which are kept."""
    model = build(
        "import threading\nbarrier = threading.Barrier(3, timeout=20)\nnames = set()\n"
        "def respond(*_):\n    barrier.wait()\n"
        "    names.add(threading.current_thread().name)\n    return 'x'",
        concurrency=3,
    )
    before = threading.active_count()

    async def main() -> None:
        for _ in range(3):
            await asyncio.gather(*(model.respond(ASKED, {}, seed) for seed in range(3)))
        await model.aclose()

    asyncio.run(main())
    assert threading.active_count() - before == 3


def test_a_call_that_hangs_is_not_waited_for(build: Build):
    """Cancelling returns at once, and an answer that comes after the loop ended hurts nobody."""
    model = build(
        "import threading\ngo = threading.Event()\nstarted = threading.Event()\n"
        "def respond(*_):\n    started.set()\n    go.wait(20)\n    return 'late'"
    )
    own: Any = sys.modules["own_agent"]

    async def main() -> None:
        task = asyncio.create_task(model.respond(ASKED, {}, 1))
        assert await asyncio.to_thread(own.started.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await model.aclose()

    asyncio.run(main())
    own.go.set()


@pytest.mark.parametrize(
    ("target", "source", "words"),
    [
        ("own_agent", "", "target 'own_agent': is no module:function, write e.g. agent:respond"),
        (":respond", "", "target ':respond': is no module:function, write e.g. agent:respond"),
        ("own_agent:", "", "target 'own_agent:': is no module:function, write e.g. agent:respond"),
        ("own_agent:respnod", "def respond(*_): ...",
         "target 'own_agent:respnod': module own_agent has no respnod"),
        ("own_agent:respond", "respond = 5", "target 'own_agent:respond': respond is not callable"),
        ("own_agent:respond", "import os\nos.nope",
         ("target 'own_agent:respond': cannot be imported: AttributeError: "
         "module 'os' has no attribute 'nope'")),
        ("own_agent:respond", "def respond(:",
         ("target 'own_agent:respond': cannot be imported: SyntaxError: "
         "invalid syntax (own_agent.py, line 1)")),
        ("own_agent:respond", "raise SystemExit(0)",
         "target 'own_agent:respond': cannot be imported: SystemExit: 0"),
        ("own_agent:respond", "raise ValueError('\\x1b[31mred')",
         "target 'own_agent:respond': cannot be imported: ValueError: \\x1b[31mred"),
        ("no_such_agent:respond", "",
         ("target 'no_such_agent:respond': cannot be imported: ModuleNotFoundError: "
         "No module named 'no_such_agent'")),
        ("..:respond", "", None),
    ],
)  # fmt: skip
def test_a_target_that_leads_nowhere_is_told(
    build: Build, target: str, source: str, words: str | None
):
    """Every way in which a target can be wrong is one line, an exit at import included."""
    with pytest.raises(ModelError) as raised:
        build(source, target)
    if words is not None:
        assert str(raised.value) == words


def test_a_target_may_lie_deeper(build: Build):
    """module:object.method names an attribute of an attribute."""
    model = build(
        "class Agent:\n    def answer(self, *_):\n        return 'deep'\nagent = Agent()",
        "own_agent:agent.answer",
    )
    assert reply(model).text == "deep"


def test_the_project_comes_first_on_the_path(build: Build, tmp_path: Path):
    """The module is looked up from the project's folder, which is added once."""
    build("def respond(*_): ...")
    build("def respond(*_): ...")
    assert sys.path.count(str(tmp_path)) == 1
    assert callable(load("own_agent:respond", tmp_path))


def test_a_function_of_the_interpreter_has_no_source(tmp_path: Path):
    """What has no source file has no hash of one."""
    context = AdapterContext(tmp_path, {}, lambda line: None)
    model = SPEC.build(ModelConfig(adapter="python", target="builtins:print"), context)
    assert model.fingerprint_parts() == {}
