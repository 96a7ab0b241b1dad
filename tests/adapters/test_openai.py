"""The openai adapter, on real sockets, against a server that fails in every way."""

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.openai import SPEC
from harness.domain.project import ModelConfig, Timeouts
from harness.domain.transcript import Conversation, Message, ToolCall, ToolSpec, Turn, Usage
from harness.errors import ModelError
from harness.ports.model import AdapterContext, Model, OutOfTime, Refused, Unavailable, Unusable
from tests.faults import BEFORE, BROKEN, FaultServer, framed, serving

KEY = "sk-proj-0123456789abcdefSECRET"
ASKED = Conversation((Message(role="user", content="The queue stands still."),))
CLOSED = Conversation(ASKED.messages, choices=("restart", "wait"))
FORM = {"type": "object", "properties": {"outcome": {"enum": ["pass", "fail"]}}}
STRICT = {"name": "reply", "strict": True, "schema": FORM}
OWN = {"type": "json_object"}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Serve a server that answers ``restart``."""
    with serving(FaultServer()) as made:
        yield made


def built(url: str, environ: dict[str, str] | None = None, **config: Any) -> Model:
    """Return a model behind an address."""
    known: dict[str, Any] = {"adapter": "openai", "model": "m-1", "base_url": url}
    context = AdapterContext(Path(), environ or {}, lambda _line: None)
    return SPEC.build(ModelConfig(**{**known, **config}), context)


def asked(
    model: Model, *conversations: Conversation, settings: dict[str, Any] | None = None
) -> list[Turn]:
    """Return the turns to some conversations, with the seeds 1, 2, 3 ..."""

    async def main() -> list[Turn]:
        try:
            return [
                await model.respond(conversation, settings or {}, seed)
                for seed, conversation in enumerate(conversations, 1)
            ]
        finally:
            await model.aclose()

    return asyncio.run(main())


def test_a_request_says_what_the_case_says(server: FaultServer):
    """Model, messages, tools, settings and a seed go out; nothing of ours but that."""
    tool = ToolSpec(name="queue", description="looks", parameters={"type": "object"})
    asked(built(server.url), Conversation(ASKED.messages, (tool,)), settings={"temperature": 0.7})
    assert server.asked == [
        {
            "model": "m-1",
            "messages": [{"role": "user", "content": "The queue stands still."}],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "queue",
                        "description": "looks",
                        "parameters": {"type": "object"},
                    },
                }
            ],
            "temperature": 0.7,
            "seed": 1,
        }
    ]
    assert "authorization" not in server.headers[0]


def test_a_reply_is_kept_with_all_that_is_known_of_it(server: FaultServer):
    """Text, calls, reasoning, responded model, the provider's fingerprint, usage, probability."""
    call = {"id": "c1", "type": "function", "function": {"name": "q", "arguments": '{"a": 1}'}}
    server.answer = lambda _body: {
        "role": "assistant",
        "content": "restart",
        "reasoning_content": "since it hangs",
        "tool_calls": [call],
    }
    (turn,) = asked(built(server.url), ASKED)
    assert turn == Turn(
        text="restart",
        tool_calls=(ToolCall(name="q", arguments={"a": 1}, id="c1"),),
        reasoning="since it hangs",
        stop="stop",
        model="m-1",
        usage=Usage(20, 2),
        provider="fp_loopback",
    )


def test_log_probabilities_sum_to_that_of_the_reply(server: FaultServer):
    """The log-probability of a text is the sum over its tokens; one missing leaves it unknown."""

    class Logged(FaultServer):
        def completion(self, body: Any, said: Any) -> dict[str, Any]:
            reply = super().completion(body, said)
            logged = [{"token": "re", "logprob": -0.5}, {"token": "start", "logprob": said}]
            reply["choices"][0]["logprobs"] = {"content": logged}
            reply["choices"][0]["message"] = {"content": "restart"}
            return reply

    with serving(Logged(answer=lambda body: -0.25 if body["seed"] == 1 else "?")) as logged:
        first, second = asked(built(logged.url), ASKED, ASKED)
    assert first.logprob == pytest.approx(math.log(math.exp(-0.5) * math.exp(-0.25)))
    assert second.logprob is None


@pytest.mark.parametrize(
    ("how", "sent"),
    [
        ("free", {}),
        ("vllm", {"structured_outputs": {"choice": ["restart", "wait"]}}),
        (
            "json_schema",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "decision",
                        "strict": True,
                        "schema": {
                            "type": "object",
                            "properties": {
                                "decision": {"type": "string", "enum": ["restart", "wait"]}
                            },
                            "required": ["decision"],
                            "additionalProperties": False,
                        },
                    },
                }
            },
        ),
    ],
)
def test_a_closed_set_can_be_asked_for(server: FaultServer, how: str, sent: dict[str, Any]):
    """As the settings say; the setting itself is ours and does not go out."""
    asked(built(server.url, settings={"choices": how}), CLOSED, settings={"choices": how})
    messages = [{"role": "user", "content": "The queue stands still."}]
    assert server.asked == [{"model": "m-1", "messages": messages, "seed": 1, **sent}]


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {"response_format": {"type": "json_schema", "json_schema": STRICT}}),
        ({"choices": "vllm"}, {"structured_outputs": {"json": FORM}}),
        ({"choices": "free"}, {}),
        ({"response_format": OWN}, {"response_format": OWN}),
    ],
)
def test_a_reply_is_asked_for_in_its_form(
    server: FaultServer, settings: dict[str, Any], sent: dict[str, Any]
):
    """Strictly, unless the settings say that the server takes no schema."""
    conversation = Conversation(ASKED.messages, form=FORM)
    asked(built(server.url, settings=settings), conversation, settings=settings)
    messages = [{"role": "user", "content": "The queue stands still."}]
    assert server.asked == [{"model": "m-1", "messages": messages, "seed": 1, **sent}]


def test_seeds_go_where_the_server_takes_them(server: FaultServer):
    """In another field, or not at all; one seed for all trials would make them one trial."""
    asked(built(server.url), ASKED, settings={"seed": "random_seed"})
    asked(built(server.url), ASKED, settings={"seed": False})
    assert server.asked[0]["random_seed"] == 1
    assert not {"seed", "random_seed"} & set(server.asked[1])
    with pytest.raises(ModelError) as raised:
        built(server.url, settings={"seed": 7, "stream": True, "choices": "grammar"})
    assert str(raised.value).splitlines() == [
        "settings.stream: the adapter writes it itself, take it away",
        (
            "settings.choices: how a closed set is asked for, got grammar, "
            "write one of free, json_schema, vllm"
        ),
        (
            "settings.seed: every trial has a seed of its own, got 7, write false where the server "
            "takes none, or the name of the field that it is sent in"
        ),
    ]


def test_the_key_goes_into_its_header_and_nowhere_else(server: FaultServer):
    """From the environment; as a bearer, or in the header that Azure wants."""
    environ = {"LLM_KEY": KEY}
    asked(built(server.url, environ, api_key_env="LLM_KEY"), ASKED)
    azure = built(
        f"{server.url.removesuffix('/v1')}/openai/deployments/d?api-version=2024-10-21",
        environ,
        api_key_env="LLM_KEY",
        api_key_header="api-key",
        headers={"X-Team": "ingest"},
    )
    asked(azure, ASKED)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert server.headers[1]["api-key"] == KEY
    assert server.headers[1]["x-team"] == "ingest"
    assert "authorization" not in server.headers[1]
    assert KEY not in repr(dict(azure.fingerprint_parts()))


def test_a_key_that_is_not_there_is_told_by_its_name(server: FaultServer):
    """Before any request; the company's own key is not sent to another address."""
    with pytest.raises(ModelError) as raised:
        built(server.url, {}, api_key_env="LLM_KEY")
    assert str(raised.value) == (
        "api_key_env: the environment variable LLM_KEY is not set, export it with the key before "
        "the command, never write the key into a file"
    )
    asked(built(server.url, {"OPENAI_API_KEY": KEY}), ASKED)
    assert "authorization" not in server.headers[0]


def test_a_model_that_says_the_key_is_not_quoted(server: FaultServer):
    """Text, reasoning, names and arguments of calls, and errors hold it no longer."""
    call = {"id": KEY, "function": {"name": f"q{KEY}", "arguments": {"a": [{KEY: KEY}]}}}
    server.answer = lambda _body: {
        "content": f"the key is {KEY}",
        "reasoning": KEY,
        "tool_calls": [call],
    }
    (turn,) = asked(built(server.url, {"K": KEY}, api_key_env="K"), ASKED)
    assert KEY not in repr(turn)
    assert turn.text == "the key is [redacted key]"
    server.answer = lambda _body: {"content": {KEY: 1}}
    with serving(Echo()) as echo, pytest.raises(Unavailable) as raised:
        asked(built(echo.url, {"K": KEY}, api_key_env="K"), ASKED)
    assert str(raised.value) == "500 Internal Server Error: you sent Bearer [redacted key]"


class Echo(FaultServer):
    """Answers every request with an error that quotes its key."""

    async def _reply(self, fault: Any, body: Any, writer: Any) -> bool:
        said = f"you sent {self.headers[-1]['authorization']}"
        writer.write(framed(said.encode(), "500 Internal Server Error"))
        await writer.drain()
        return True


@pytest.mark.parametrize("fault", BEFORE)
def test_what_happens_before_an_answer_is_no_trial(server: FaultServer, fault: str):
    """Connections, 429 and 5xx are the infrastructure's."""
    server.choose = lambda _body, _earlier: fault
    with pytest.raises(Unavailable) as raised:
        asked(built(server.url), ASKED)
    assert str(raised.value)
    assert str(raised.value).isprintable()
    wanted = 0.02 if fault == "429 with Retry-After" else None
    assert raised.value.retry_after_s == wanted


@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_broken_after_an_answer_is_a_trial_without_a_grade(server: FaultServer, fault: str):
    """Asking again would drop what the model may have said."""
    server.choose = lambda _body, _earlier: fault
    with pytest.raises(Unusable) as raised:
        asked(built(server.url), ASKED)
    assert str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("fault", ["slow-loris", "silence"])
def test_an_answer_has_its_time(server: FaultServer, fault: str):
    """Bytes that trickle in do not extend it."""
    server.choose = lambda _body, _earlier: fault
    with pytest.raises(OutOfTime, match=r"^no whole answer within 0\.3 s$"):
        asked(built(server.url, timeouts=Timeouts(reply_s=0.3)), ASKED)


def test_odd_answers_are_answers(server: FaultServer):
    """A refusal, lone surrogates, control sequences and long texts are what the model said."""
    faults = ["refusal", "surrogates", "control sequences", "endless text"]
    server.choose = lambda body, _earlier: faults[body["seed"] - 1]
    turns = asked(built(server.url), ASKED, ASKED, ASKED, ASKED)
    assert (turns[0].text, turns[0].stop) == ("I cannot help with that.", "refusal")
    assert turns[1].text == "\ud800restart\udfff"
    assert turns[2].text.startswith("\x1b[2J")
    assert len(turns[3].text) == 40_000


def test_a_reply_from_a_gateways_memory_is_no_new_trial(server: FaultServer):
    """Its id came before: counted again, one draw would be evidence twice."""
    server.choose = lambda _body, _earlier: "duplicated ids"
    with pytest.raises(Unusable) as raised:
        asked(built(server.url), ASKED, ASKED)
    assert str(raised.value) == "the reply bears the id of an earlier one: it is no new trial"


@pytest.mark.parametrize(
    ("status", "content", "error", "told"),
    [
        ("401 Unauthorized", b'{"error": {"message": "bad key"}}', ModelError,
         ("127.0.0.1:PORT answers 401 Unauthorized: bad key; "
          "is the key in api_key_env the right one?")),
        ("403 Forbidden", b'{"detail": "no"}', ModelError,
         "127.0.0.1:PORT answers 403 Forbidden: no; may this key use this model?"),
        ("404 Not Found", b"<html>", ModelError,
         "127.0.0.1:PORT answers 404 Not Found: a web page; are base_url and model right?"),
        ("307 Temporary Redirect", b"", ModelError,
         ("127.0.0.1:PORT answers 307 Temporary Redirect: requests are not sent on to other "
          "addresses; write the address itself as base_url")),
        ("400 Bad Request", b'{"error": {"message": "too long\\u001b[2J"}}', Refused,
         "400 Bad Request: too long\\x1b[2J"),
        ("599 Own", b"", Unavailable, "599 of no known meaning"),
    ],
)  # fmt: skip
def test_what_the_user_can_mend_is_told(status: str, content: bytes, error: Any, told: str):
    """A wrong key, model, address or request ends the command; a redirection is not followed."""

    class Fixed(FaultServer):
        async def _reply(self, fault: Any, body: Any, writer: Any) -> bool:
            writer.write(framed(content, status, ("Location: http://127.0.0.1:9/elsewhere",)))
            await writer.drain()
            return True

    with serving(Fixed()) as fixed, pytest.raises(error) as raised:
        asked(built(fixed.url), ASKED)
    assert str(raised.value) == told.replace("PORT", str(fixed.port))


def test_nobody_there_is_no_trial():
    """A port on which nobody listens, a name that nobody has."""
    for url in ("http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1"):
        with pytest.raises(Unavailable):
            asked(built(url), ASKED)


def test_a_certificate_that_is_not_trusted_is_the_users_to_mend(tmp_path: Path):
    """SSL_CERT_FILE names the authority; a file without certificates is told."""
    (tmp_path / "empty.pem").write_text("")
    environ = {"SSL_CERT_FILE": str(tmp_path / "empty.pem")}
    with pytest.raises(ModelError, match=r"SSL_CERT_FILE: .*empty\.pem holds no certificates"):
        asked(built("https://127.0.0.1:9/v1", environ), ASKED)


def test_a_proxy_of_the_environment_is_used_but_for_the_exceptions(server: FaultServer):
    """HTTP_PROXY gets the request for another host, with the whole address; NO_PROXY does not."""
    proxy = f"http://127.0.0.1:{server.port}"
    (turn,) = asked(built("http://llm.invalid/v1", {"HTTP_PROXY": proxy}), ASKED)
    assert turn.text == "restart"
    assert server.headers[0]["host"] == "llm.invalid"
    with pytest.raises(Unavailable):
        asked(built("http://llm.invalid/v1", {"http_proxy": proxy, "no_proxy": ".invalid"}), ASKED)


def test_calls_with_equal_ids_are_told_apart(server: FaultServer):
    """Servers refuse two calls with one id, so each is sent with its own."""
    call = ToolCall(name="q", id="c1")
    said = (
        *ASKED.messages,
        Message(role="assistant", tool_calls=(call, call)),
        Message(role="tool", content="a", tool_call_id="c1", name="q"),
        Message(role="tool", content="b", tool_call_id="c1", name="q"),
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content="c", tool_call_id="c1", name="q"),
    )
    asked(built(server.url), Conversation(said))
    sent = server.asked[0]["messages"]
    calls = [c["id"] for m in sent for c in m.get("tool_calls", ())]
    assert len(set(calls)) == 3
    assert [(m["tool_call_id"], m["content"]) for m in sent if m["role"] == "tool"] == list(
        zip(calls, "abc", strict=True)
    )
