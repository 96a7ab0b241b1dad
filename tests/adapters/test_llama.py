"""The llama adapter with a real model; what needs no weights comes first."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import pytest
from scipy import stats

from harness.adapters.llama import SPEC, LlamaModel
from harness.adapters.llama.runtime import load_library
from harness.domain.project import ModelConfig
from harness.domain.transcript import Conversation, Message, ToolSpec
from harness.errors import ModelError
from harness.ports.model import AdapterContext, ExactModel, SharedPrefillModel

REPOSITORY = Path(__file__).parents[2]
MODEL = "smollm2-135m"
FALSE_ALARM = 1e-6

QUESTION = "The queue stands still. What is your next action? Answer with one of these names:"
ASKED = Conversation(
    (
        Message(role="system", content="You watch queues."),
        Message(role="user", content=QUESTION + "\n- page_human\n- restart\n- recovery\n- check"),
    ),
    choices=("page_human", "restart", "recovery", "check"),
)
OVERLAPPING = Conversation(
    (Message(role="user", content="Choose: restart, restart_all or no_restart."),),
    choices=("restart", "restart_all", "no_restart"),
)
CHAT = Conversation((Message(role="user", content="Tell me a very long story."),))

_T = TypeVar("_T")


def around(root: Path, environ: dict[str, str] | None = None) -> AdapterContext:
    """Return an adapter's surroundings; by default with the user's own cache."""
    return AdapterContext(root, os.environ if environ is None else environ, lambda line: None)


def build(**settings: Any) -> LlamaModel:
    """Return the smallest model, its weights fetched if they are missing."""
    config = ModelConfig(adapter="llama", model=MODEL, settings=settings)
    made = SPEC.build(config, around(Path.cwd()))
    assert isinstance(made, LlamaModel)
    return made


class Loaded:
    """A model that stays loaded, and the event loop that it lives in."""

    def __init__(self) -> None:
        """Build the model; it is loaded when it is first asked."""
        self.model = build(n_ctx=1024)
        self.runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Return what comes of a coroutine."""
        return self.runner.run(coroutine)

    def texts(self, conversation: Conversation, seeds: range, **settings: Any) -> list[str]:
        """Return the replies to a conversation."""
        turns = self.run(self.model.respond_many(conversation, settings, seeds))
        return [turn.text for turn in turns]

    def exact(self, conversation: Conversation, **settings: Any) -> dict[str, float]:
        """Return the exact probabilities of the choices."""
        return self.run(self.model.exact_choice_probabilities(conversation, settings))


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    """Return one loaded model for all tests of this module."""
    made = Loaded()
    yield made
    made.run(made.model.aclose())
    made.runner.close()


def refusal(coroutine: Coroutine[Any, Any, object], loaded: Loaded) -> str:
    """Return the message with which a request is refused."""
    with pytest.raises(ModelError) as caught:
        loaded.run(coroutine)
    return str(caught.value)


def child(script: str, tmp_path: Path, **environ: str) -> subprocess.Popen[str]:
    """Start a script with the model at hand as ``model``; its own folder for temporary files."""
    head = """
        import asyncio, os, pathlib, sys
        from harness.adapters.llama import SPEC
        from harness.domain.project import ModelConfig
        from harness.domain.transcript import Conversation, Message
        from harness.ports.model import AdapterContext
        context = AdapterContext(pathlib.Path.cwd(), os.environ, print)
        model = SPEC.build(ModelConfig(adapter="llama", model="smollm2-135m"), context)
        def ask(text, *choices):
            return Conversation((Message(role="user", content=text),), choices=choices)
    """
    return subprocess.Popen(
        [sys.executable, "-W", "default", "-c", textwrap.dedent(head) + textwrap.dedent(script)],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_without_xllamacpp_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """The extra that brings the embedded model is named, and nothing is fetched before."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelError) as caught:
        SPEC.build(ModelConfig(adapter="llama", model=MODEL), around(tmp_path, {}))
    assert str(caught.value) == (
        "the embedded model needs xllamacpp: pip install 'postmortem-harness[local]'"
    )


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        (
            "libgomp.so.1: cannot open shared object file: No such file or directory",
            "the embedded model needs libgomp: apt-get install libgomp1 (Debian, Ubuntu)",
        ),
        (
            "wrong ELF class",
            "xllamacpp cannot be loaded: wrong ELF class; pip install 'postmortem-harness[local]'",
        ),
    ],
)
def test_a_library_that_does_not_load_is_an_error_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reason: str, message: str
):
    """A missing libgomp is named with the package that has it; other reasons are passed on."""
    (tmp_path / "xllamacpp.py").write_text(f"raise ImportError({reason!r})\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    with pytest.raises(ModelError) as caught:
        load_library()
    assert str(caught.value) == message


def test_openmp_is_told_to_sleep_before_it_is_loaded():
    """Importing the adapter alone loads no runtime; loading it sets what OpenMP reads once."""
    script = """
        import os, sys
        from harness.adapters.llama import SPEC
        from harness.adapters.llama.runtime import load_library
        assert "xllamacpp" not in sys.modules
        load_library()
        print(os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        env={key: value for key, value in os.environ.items() if "OMP" not in key},
    )
    assert (done.stdout, done.stderr) == ("passive 0\n", "")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """A GGUF file that the runtime cannot load is named; the runtime's own log stays silent."""
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF and then nothing that makes sense")
    context = around(tmp_path, {"HARNESS_CACHE": str(tmp_path / "cache")})
    model = SPEC.build(ModelConfig(adapter="llama", model="broken.gguf"), context)

    async def ask() -> None:
        try:
            await model.respond(ASKED, {}, 1)
        finally:
            await model.aclose()

    with pytest.raises(ModelError) as caught:
        asyncio.run(ask())
    assert str(caught.value) == (
        f"{path}: the embedded model cannot be loaded: this is no GGUF file of a model that the "
        "runtime knows, or the memory is not enough"
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.model
def test_the_adapter_shares_prefills_and_knows_probabilities(loaded: Loaded):
    """Replay and ``--exact`` find the abilities by the ports that name them."""
    assert isinstance(loaded.model, SharedPrefillModel)
    assert isinstance(loaded.model, ExactModel)


@pytest.mark.model
def test_a_reply_is_one_of_the_choices_and_nothing_else(loaded: Loaded):
    """Even this model, which knows nothing, answers with a name; tokens and stop are told."""
    turns = loaded.run(loaded.model.respond_many(ASKED, {}, range(100)))
    assert {turn.text for turn in turns} <= set(ASKED.choices)
    assert len({turn.text for turn in turns}) > 1
    assert {turn.stop for turn in turns} == {"stop"}
    assert {turn.usage.input_tokens for turn in turns} == {51}
    assert all((turn.usage.output_tokens or 0) >= 1 for turn in turns)


@pytest.mark.model
@pytest.mark.parametrize(
    ("conversation", "temperature"), [(ASKED, 0.8), (ASKED, 2.0), (OVERLAPPING, 0.8)]
)
def test_choices_are_drawn_with_their_exact_probabilities(
    loaded: Loaded, conversation: Conversation, temperature: float
):
    """640 draws fit the exact probabilities: chi-square, false alarms at 1e-6 for each.

    The seeds are fixed, so a pass here is a pass again.
    """
    exact = loaded.exact(conversation, temperature=temperature)
    assert sum(exact.values()) == pytest.approx(1, abs=1e-6)
    drawn = Counter(loaded.texts(conversation, range(7000, 7640), temperature=temperature))
    seen = [drawn[name] for name in exact]
    expected = [640 * value / sum(exact.values()) for value in exact.values()]
    assert min(expected) > 5
    assert stats.chisquare(seen, expected).pvalue > FALSE_ALARM


@pytest.mark.model
def test_exact_probabilities_agree_with_raw_logits(loaded: Loaded):
    """An independent way: the whole vocabulary's log-probabilities, cut to what may begin a name.

    yes and no differ in their first letter, so the first token decides.
    """
    asked = Conversation(
        (Message(role="user", content="Is it raining? Answer yes or no."),), choices=("yes", "no")
    )
    exact = loaded.exact(asked, temperature=0.5)

    async def raw() -> list[dict[str, Any]]:
        post = loaded.model._runtime.post
        messages = {"messages": [{"role": "user", "content": asked.messages[0].content}]}
        prompt = (await post("/apply-template", messages))["prompt"]
        body = {"prompt": prompt, "n_predict": 1, "n_probs": 49152, "samplers": ["temperature"]}
        answer = await post("/completion", body)
        shown: list[dict[str, Any]] = answer["completion_probabilities"][0]["top_logprobs"]
        return shown

    import math

    weights = Counter[str]()
    for token in loaded.run(raw()):
        for name in asked.choices:
            if token["bytes"] and name.encode().startswith(bytes(token["bytes"])):
                weights[name] += math.exp(token["logprob"] / 0.5)  # type: ignore[assignment]
    total = sum(weights.values())
    assert exact == pytest.approx({name: weights[name] / total for name in exact}, abs=2e-4)


@pytest.mark.model
def test_what_was_asked_before_changes_no_probability(loaded: Loaded):
    """A prompt computed at once and one mostly remembered give the same numbers to 1e-4."""
    before = loaded.exact(ASKED)
    loaded.texts(OVERLAPPING, range(40))
    turned = Conversation(
        (ASKED.messages[0], Message(role="user", content=QUESTION + "\n- check\n- restart")),
        choices=("check", "restart"),
    )
    loaded.texts(turned, range(64))
    assert loaded.exact(ASKED) == pytest.approx(before, abs=1e-4)


@pytest.mark.model
def test_a_seed_means_the_same_alone_and_in_a_group(loaded: Loaded):
    """Trials that share a prefill are the trials that each would have been by itself.

    So it is where the first token decides; later tokens of a group are computed side by side,
    and rounding may part them.
    """
    alone = [loaded.texts(ASKED, range(seed, seed + 1))[0] for seed in range(20, 36)]
    assert loaded.texts(ASKED, range(20, 36)) == alone
    assert len(set(alone)) > 1


@pytest.mark.model
def test_any_seeds_get_their_turns_in_order(loaded: Loaded):
    """Seeds with gaps, and more than one group of them, come back one turn each."""
    seeds = [5, 6, 7, 30, 2, 3]
    turns = loaded.run(loaded.model.respond_many(ASKED, {}, seeds))
    assert [turn.text for turn in turns] == [
        loaded.texts(ASKED, range(seed, seed + 1))[0] for seed in seeds
    ]
    assert len(loaded.texts(ASKED, range(150))) == 150
    assert loaded.texts(ASKED, range(0)) == []


@pytest.mark.model
def test_without_choices_the_model_talks(loaded: Loaded):
    """Free text, one reply a seed, cut at max_tokens and marked so."""
    turns = loaded.run(loaded.model.respond_many(CHAT, {"max_tokens": 8}, range(3)))
    assert len({turn.text for turn in turns}) == 3
    assert {turn.stop for turn in turns} == {"length"}
    turn = loaded.run(loaded.model.respond(CHAT, {"max_tokens": 8}, 0))
    assert turn.usage.output_tokens == 8
    assert turn.text


@pytest.mark.model
def test_a_reply_has_its_form_and_nothing_else(loaded: Loaded):
    """Even this model, which knows nothing, writes the object that a judge's reply is."""
    wanted = {"outcome": {"enum": ["pass", "fail"]}, "sure": {"type": "boolean"}}
    form = {
        "type": "object", "properties": wanted, "required": list(wanted),
        "additionalProperties": False,
    }  # fmt: skip
    turns = loaded.run(
        loaded.model.respond_many(replace(CHAT, form=form), {"max_tokens": 64}, range(20))
    )
    for turn in turns:
        jsonschema.validate(json.loads(turn.text), form)
    assert len({turn.text for turn in turns}) > 1


@pytest.mark.model
@pytest.mark.parametrize("choices", [(), ("restart", "wait")])
def test_a_conversation_that_does_not_fit_is_refused(loaded: Loaded, choices: tuple[str, ...]):
    """The message tells the tokens, the limit, and the setting that raises it."""
    long = Conversation((Message(role="user", content="word " * 2000),), choices=choices)
    reply = 8 if choices else 256
    assert refusal(loaded.model.respond(long, {}, 1), loaded) == (
        f"the conversation has 2031 tokens, with a reply of up to {reply} more than n_ctx (1024): "
        "raise n_ctx in the model's settings in harness.yaml, or shorten the case"
    )


@pytest.mark.model
def test_many_long_prompts_in_turn_fit(loaded: Loaded):
    """What is remembered of earlier conversations makes room for the next one."""
    for number in range(3):
        asked = Conversation(
            (Message(role="user", content=f"{number} " + "word " * 700),), choices=("a", "b")
        )
        assert len(loaded.texts(asked, range(64))) == 64


@pytest.mark.model
def test_settings_of_an_eval_are_checked(loaded: Loaded):
    """An unknown setting is refused whenever it comes; n_ctx belongs to the loaded model."""
    assert refusal(loaded.model.respond(ASKED, {"temprature": 1.0}, 1), loaded) == (
        "settings: the llama adapter has no such setting, got temprature, did you mean temperature?"
    )
    assert refusal(loaded.model.respond(ASKED, {"n_ctx": 8192}, 1), loaded) == (
        "settings.n_ctx: it belongs to the model, which has 1024, got 8192, set it in harness.yaml"
    )


@pytest.mark.model
def test_exact_probabilities_need_the_temperature_alone(loaded: Loaded):
    """With other samplers there is no such number, and none is made up."""
    assert refusal(loaded.model.exact_choice_probabilities(ASKED, {"top_k": 5}), loaded) == (
        "exact probabilities exist for the temperature alone, got the samplers top_k, temperature, "
        "leave the other settings at their defaults"
    )


@pytest.mark.model
def test_tools_are_not_dropped_in_silence(loaded: Loaded):
    """A model whose template has no place for tools says so."""
    asked = Conversation(CHAT.messages, tools=(ToolSpec(name="stop"),))
    assert refusal(loaded.model.respond(asked, {}, 1), loaded) == (
        "SmolLM2-135M-Instruct.Q4_1.gguf: its chat template has no place for tools, which would be "
        "dropped without a word; use a case with decisions, or another model"
    )


@pytest.mark.model
def test_the_fingerprint_is_of_what_decides_the_answers():
    """Weights, runtime, sampling and rendering are in it; the number of threads is not."""
    parts = build(temperature=0.5, top_p=0.9).fingerprint_parts()
    assert parts["weights_sha256"] == (
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    )
    assert parts["weights_file"] == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert parts["samplers"] == ["top_p", "temperature"]
    assert parts["sampling"] == {
        "temperature": 0.5,
        "top_k": 0,
        "top_p": 0.9,
        "min_p": 0.0,
        "repeat_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": 256,
        "n_ctx": 4096,
    }
    assert set(parts) == {
        *("weights_sha256", "weights_file", "samplers", "sampling"),
        *("xllamacpp", "adapter_version", "render_version"),
    }


@pytest.mark.model
def test_nobody_else_can_talk_to_the_model(loaded: Loaded):
    """The runtime listens on a socket in a folder of the user's own, and asks for a key."""
    loaded.texts(ASKED, range(1))
    path = Path(loaded.model._runtime._socket)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(path))
        stranger.sendall(b"GET /props HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert stranger.recv(100).startswith(b"HTTP/1.1 401")


@pytest.mark.model
def test_a_request_that_is_given_up_leaves_the_model_usable(loaded: Loaded):
    """Cancelling returns at once, the event loop was free all the while, and the next works."""

    async def main() -> float:
        story = asyncio.create_task(loaded.model.respond_many(CHAT, {"max_tokens": 900}, range(1)))
        ticks = 0
        while ticks < 20:
            await asyncio.sleep(0.05)
            ticks += 1
        assert not story.done()
        story.cancel()
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await story
        return time.monotonic() - started

    assert loaded.run(main()) < 0.5
    assert loaded.texts(ASKED, range(1))


@pytest.mark.model
def test_a_session_leaves_nothing_behind(tmp_path: Path):
    """No word on stdout or stderr, no file, no hang: load, answer, close, exit."""
    script = """
        async def main():
            for _ in range(2):
                await model.respond(ask("hello", "a", "b"), {}, 1)
                await model.aclose()
        asyncio.run(main())
    """
    with child(script, tmp_path) as process:
        assert process.communicate(timeout=120) == ("", "")
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.model
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "left open"])
def test_ctrl_c_ends_the_process_at_once(tmp_path: Path, closed: bool):  # noqa: FBT001
    """In the midst of a long prompt the process ends within seconds, whether it closes or not."""
    script = f"""
        import signal, warnings
        signal.signal(signal.SIGINT, signal.default_int_handler)  # may be ignored by a parent
        if not {closed}:
            warnings.simplefilter("ignore", ResourceWarning)
        async def main():
            await model.respond(ask("hello", "a", "b"), {{}}, 1)
            print("ready", flush=True)
            try:
                await model.respond(ask("word " * 3000, "a", "b"), {{}}, 1)
            finally:
                if {closed}:
                    await model.aclose()
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    with child(script, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(1)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        took_s = time.monotonic() - started
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    assert took_s < 20  # the whole prompt takes longer; one batch of it is waited for
    assert list(tmp_path.iterdir()) == []
