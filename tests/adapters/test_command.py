"""Programs as agents and models: real processes, and all that they may do wrong."""

import asyncio
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.command import SPEC
from harness.domain.case import Recording
from harness.domain.project import Command, ModelConfig
from harness.domain.transcript import Conversation, Message, ToolSpec, Transcript, Turn
from harness.errors import ModelError
from harness.plan.recordings import RecordedTools
from harness.ports.model import AdapterContext, Agent, OutOfTime, Unavailable

HEAD = """
import json, os, sys, time

def read():
    return json.loads(sys.stdin.readline())

def write(value):
    print(json.dumps(value), flush=True)

def done(text):
    write({"type": "done", "message": text})
"""


@pytest.fixture
def case(make_case: Callable[..., Any]) -> Any:
    """Return a case with one recorded call."""
    return make_case(
        tools=(ToolSpec(name="diagnose", parameters={"type": "object"}), ToolSpec(name="page")),
        recordings=(Recording(tool="diagnose", arguments={"queue": "a"}, result={"depth": 5}),),
    )


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that builds a program from the body of a script."""

    def build(body: str, environ: dict[str, str] | None = None, **given: Any) -> Any:
        (tmp_path / "agent.py").write_text(HEAD + textwrap.dedent(body))
        known: dict[str, Any] = {"argv": (sys.executable, "agent.py"), "limit_s": 20.0}
        config = ModelConfig(adapter="command", command=Command(**{**known, **given}))
        here = {**os.environ, **(environ or {})}
        return SPEC.build(config, AdapterContext(tmp_path, here, lambda line: None))

    return build


def acted(agent: Any, case: Any, *seeds: int) -> list[Transcript]:
    """Return the transcripts of an agent, one trial after the other."""

    async def main() -> list[Transcript]:
        try:
            return [
                await agent.run(case, RecordedTools(case), {"rate": 1}, seed)
                for seed in seeds or (7,)
            ]
        finally:
            await agent.aclose()

    return asyncio.run(main())


def gone(pid: int) -> bool:
    """Wait until a process is gone, or a zombie that nobody reaps; say whether it is."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def there(path: Path) -> bool:
    """Wait until a file is there, and say whether it is."""
    for _ in range(1000):
        if path.exists():
            return True
        time.sleep(0.02)
    return False


def test_an_agent_is_asked_and_its_calls_are_answered(built: Any, case: Any):
    """Calls over JSON lines get the recordings, and every step stands in the transcript."""
    agent = built("""
        asked = read()
        assert asked["type"] == "trial" and asked["seed"] == 7 and asked["settings"] == {"rate": 1}
        assert [tool["function"]["name"] for tool in asked["tools"]] == ["diagnose", "page"]
        calls = [{"id": "a", "name": "diagnose", "arguments": {"queue": "a"}},
                 {"id": "b", "name": "page", "arguments": {}}]
        write({"type": "calls", "text": "let me see", "calls": calls})
        answers = read()
        assert answers["type"] == "results"
        write({"type": "message", "message": "hm"})
        done_with = json.loads(answers["results"][0]["content"])["depth"]
        write({"type": "done", "message": f"depth {done_with}", "model": "m-1",
               "usage": {"input_tokens": 10, "output_tokens": 2}})
    """)
    assert isinstance(agent, Agent)
    (transcript,) = acted(agent, case)
    assert [m.role for m in transcript.messages] == [
        "assistant", "tool", "tool", "assistant", "assistant"
    ]  # fmt: skip
    assert transcript.messages[0].content == "let me see"
    assert transcript.messages[1].content == {"depth": 5}
    assert transcript.messages[2].content == {"error": "page did not answer"}
    assert transcript.messages[-1].content == "depth 5"
    assert transcript.error is None
    assert (transcript.usage.input_tokens, transcript.responded_model) == (10, "m-1")


def test_a_model_answers_one_turn_at_a_time(built: Any):
    """With role model the program returns a turn, with calls that the harness's loop answers."""
    model = built(
        """
        asked = read()
        call = {"function": {"name": "diagnose", "arguments": {"n": len(asked["messages"])}}}
        write({"type": "done", "message": {"content": "x", "tool_calls": [call]}})
        """,
        role="model",
    )
    assert not isinstance(model, Agent)
    asked = Conversation((Message(role="user", content="?"),))
    turn: Turn = asyncio.run(model.respond(asked, {}, 1))
    assert turn.tool_calls[0].arguments == {"n": 1}


def test_a_long_lived_program_answers_trial_after_trial(built: Any, case: Any):
    """One process serves several trials, and another takes its place when it has gone."""
    agent = built(
        """
        for _ in range(2):
            asked = read()
            text = f"{os.getpid()} {asked['seed']}"
            write({"type": "done", "trial": asked["trial"], "message": text})
        """,
        long_lived=True,
    )

    async def main() -> list[str]:
        said = []
        for seed in range(4):
            got = await agent.run(case, RecordedTools(case), {}, seed)
            assert got.error is None, got.error
            said.append(str(got.messages[-1].content))
            await asyncio.sleep(0.2 if seed == 1 else 0)
        await agent.aclose()
        return said

    said = [text.split() for text in asyncio.run(main())]
    assert [seed for _, seed in said] == ["0", "1", "2", "3"]
    assert said[0][0] == said[1][0] != said[2][0] == said[3][0]


def test_what_is_left_over_is_no_answer_to_the_next_trial(built: Any, case: Any):
    """A second answer to one trial must not be read as the answer to the next."""
    agent = built(
        """
        while True:
            asked = read()
            for _ in range(2):
                write({"type": "done", "trial": asked["trial"], "message": f"{asked['seed']}"})
        """,
        long_lived=True,
    )
    got = acted(agent, case, 1, 2, 3)
    assert [each.error for each in got] == [
        None, "expected a line of trial 2, got one of 1", None
    ]  # fmt: skip
    assert [each.messages[0].content for each in got if each.messages] == ["1", "3"]
    silent = built("read(); done('x'); time.sleep(60)", long_lived=True)
    assert acted(silent, case)[0].error == "expected a line of trial 1, got one of None"


def test_a_text_program_reads_the_conversation_and_writes_its_answer(built: Any, case: Any):
    """Standard input holds the conversation, standard output is the answer, argv is filled in."""
    agent = built(
        """
        with open(sys.argv[1]) as file:
            assert file.read() == sys.stdin.read() == "The queue stands still.\\n"
        print(f"restart with {sys.argv[2]}")
        """,
        argv=(sys.executable, "agent.py", "{prompt_file}", "--seed={seed}"),
        speaks="text",
    )
    assert acted(agent, case)[0].messages[-1].content == "restart with --seed=7"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("print('hello')", "expected a line of the protocol, got hello"),
        ("print('[1]')", "expected a line of the protocol, got [1]"),
        ("print('[' * 90000)", "expected a line of the protocol, got [[["),
        ("write({'type': 'calls', 'calls': []})", "calls holds no call"),
        ("write({'type': 'calls', 'calls': [{}]})", "a tool call needs function.name"),
        ("write({'type': 'done', 'message': 5})", "expected a string or an assistant message"),
        ("write({'type': 'done'})", "expected a line of the protocol"),
        ("sys.stdout.buffer.write(bytes(range(256)))", "expected a line of the protocol"),
        ("sys.exit('no idea')", "the program ended before it answered, exit code 1: no idea"),
        ("os.kill(os.getpid(), 9)", "the program ended before it answered, exit code -9"),
        ("sys.stdout.write('x' * 200000)", "wrote more than 100,000 bytes"),
        ("while True: print('x' * 65536, end='')", "wrote more than 100,000 bytes"),
        ("write({'type': 'error', 'message': 'gave up'})", "the program gave up: gave up"),
    ],
)
def test_garbage_is_an_error_of_the_transcript(built: Any, case: Any, body: str, error: str):
    """What cannot be read counts as a trial that nobody can grade, and never ends the check."""
    (transcript,) = acted(built(body, most_bytes=100_000), case)
    assert transcript.messages == ()
    assert error in str(transcript.error)


def test_text_that_ended_badly_is_no_answer(built: Any, case: Any):
    """An exit code other than 0, and bytes that are no UTF-8, leave nothing to grade."""
    for body, error in [
        ("print('restart'); sys.exit(3)", "the program ended with exit code 3"),
        ("sys.stdout.buffer.write(b'\\xff')", "standard output is no UTF-8"),
    ]:
        (transcript,) = acted(built(body, speaks="text"), case)
        assert error in str(transcript.error)
        assert transcript.messages == ()


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(75)",
        "sys.exit(127)",
        "read(); write({'type': 'error', 'message': 'down', 'unavailable': True})",
    ],
)
def test_what_was_not_reached_is_no_trial(built: Any, case: Any, body: str):
    """Exit codes 75, 126 and 127 and an error that says so are tried again."""
    with pytest.raises(Unavailable):
        acted(built(body), case)


def test_after_a_call_nothing_is_unavailable_any_more(built: Any, case: Any):
    """An agent that has acted has made a trial, whatever it says then."""
    agent = built("""
        read()
        write({"type": "calls", "calls": [{"name": "diagnose", "arguments": {"queue": "a"}}]})
        read()
        sys.exit(75)
    """)
    (transcript,) = acted(agent, case)
    assert transcript.error == "broke off: the program could not reach what it needs"
    assert len(transcript.messages) == 2


@pytest.mark.parametrize("how", ["limit", "cancelled", "done"])
def test_the_whole_group_is_killed(built: Any, case: Any, tmp_path: Path, how: str):
    """Children die with the program: at the time limit, when interrupted, and after its end."""
    agent = built(
        f"""
        import subprocess
        child = subprocess.Popen(["sleep", "600"])
        with open("pids.part", "w") as file:
            file.write(f"{{os.getpid()}} {{child.pid}}")
        os.rename("pids.part", "pids")
        if {how == "done"}:
            done("wait")
        time.sleep(600)
        """,
        limit_s=1.5 if how == "limit" else 60.0,
    )
    pids = tmp_path / "pids"

    async def main() -> str | None:
        trial = asyncio.create_task(agent.run(case, RecordedTools(case), {}, 1))
        if how == "cancelled":
            assert await asyncio.to_thread(there, pids)
            trial.cancel()
        try:
            await trial
        except asyncio.CancelledError:
            return None
        except OutOfTime as error:
            return str(error)
        finally:
            await agent.aclose()
        return None

    got = asyncio.run(main())
    assert all(gone(int(pid)) for pid in pids.read_text().split())
    assert got == ("nothing was said or done within 1.5 s" if how == "limit" else None)


def test_a_models_time_runs_out_as_a_trial(built: Any):
    """Time that ran out is OutOfTime, which the loop counts."""
    model = built("time.sleep(600)", role="model", limit_s=0.5)
    with pytest.raises(OutOfTime, match=r"^no answer within 0.5 s$"):
        asyncio.run(model.respond(Conversation(()), {}, 1))


def test_the_environment_is_what_the_list_names(built: Any, case: Any):
    """Of the environment only what is listed reaches the program, and no secret comes back."""
    agent = built(
        """
        read()
        done(json.dumps([sorted(k for k in os.environ if "_X" in k), os.environ["KEY_X"]]))
        """,
        environ={"KEY_X": "s3cret-value", "OTHER_X": "no"},
        env=("KEY_X",),
    )
    said = str(acted(agent, case)[0].messages[-1].content)
    assert json.loads(said) == [["KEY_X"], "[redacted]"]


def test_a_word_of_argv_is_one_argument(built: Any, case: Any, tmp_path: Path):
    """No shell ever reads argv: what would be a command in one is a text."""
    agent = built(
        "read(); done(sys.argv[1])",
        argv=(sys.executable, "agent.py", "$(touch owned); `touch owned` | touch owned"),
    )
    assert acted(agent, case)[0].messages[-1].content.startswith("$(touch owned)")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"argv": ("no-such-program-x",)}, "command.argv: no program of that name"),
        ({"argv": (sys.executable, "agnt.py")}, "command.argv: no such file in command.folder"),
        ({"folder": "../up"}, "command.folder: must lie inside the project, got ../up"),
        ({"folder": "none"}, "command.folder: no such folder, got none"),
        ({"files": ("none.py",)}, "command.files: none.py: No such file or directory"),
        ({"env": ("NO_SUCH_VARIABLE",)}, "command.env: NO_SUCH_VARIABLE is not set"),
        ({"long_lived": True, "speaks": "text"}, "command.long_lived: a program that speaks text"),
        (
            {"long_lived": True, "argv": (sys.executable, "{work}")},
            "command.argv: {work} is another",
        ),
    ],
)
def test_what_cannot_work_is_said_before_any_trial(built: Any, given: Any, message: str):
    """A configuration that leads nowhere is an error of the user, with its key."""
    with pytest.raises(ModelError) as caught:
        built("", **given)
    assert message in str(caught.value)


def test_declared_files_identify_the_agent(built: Any, tmp_path: Path):
    """Another content of a declared file is another fingerprint."""
    one = built("done('a')", files=("agent.py",)).fingerprint_parts()
    other = built("done('b')", files=("agent.py",)).fingerprint_parts()
    assert one.keys() == other.keys() == {"files"}
    assert one != other


def test_nothing_of_a_trial_is_left(built: Any, case: Any, tmp_path: Path):
    """The folder that a trial had to itself is taken away, with what the program put there."""
    agent = built(
        """
        with open(os.path.join(os.environ["HARNESS_WORK"], "left"), "w") as file:
            file.write("x")
        read(); done(os.environ["HARNESS_WORK"])
        """
    )
    place = Path(str(acted(agent, case)[0].messages[-1].content))
    assert place.name.startswith("harness-trial-")
    assert not place.exists()
