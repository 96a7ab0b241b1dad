"""The anthropic adapter, on real sockets."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.anthropic import SPEC, messages_to_blocks
from harness.domain.project import ModelConfig
from harness.domain.transcript import Conversation, Message, ToolCall, ToolSpec, Turn, Usage
from harness.errors import ModelError
from harness.ports.model import AdapterContext, Unavailable, Unusable
from tests.faults import FaultServer, serving

KEY = "sk-ant-0123456789abcdefSECRET"
ASKED = (
    Message(role="system", content="You watch queues."),
    Message(role="user", content="It stands still."),
)


class Messages(FaultServer):
    """Speaks the messages API: the answer is a list of blocks."""

    def completion(self, body: Any, said: Any) -> dict[str, Any]:
        """Return a whole reply."""
        return {
            "id": f"msg_{next(self._numbers):024d}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": said if isinstance(said, list) else [{"type": "text", "text": said}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 3},
        }


@pytest.fixture
def server() -> Iterator[Messages]:
    """Serve a server that answers ``restart``."""
    with serving(Messages()) as made:
        assert isinstance(made, Messages)
        yield made


def asked(server: FaultServer, conversation: Conversation, **settings: Any) -> Turn:
    """Return the turn to a conversation."""
    config = ModelConfig(
        adapter="anthropic", model="m-1", base_url=server.url, api_key_env="K", settings=settings
    )
    model = SPEC.build(config, AdapterContext(Path(), {"K": KEY}, print))

    async def main() -> Turn:
        try:
            return await model.respond(conversation, settings, 1)
        finally:
            await model.aclose()

    return asyncio.run(main())


def test_a_request_says_what_the_case_says(server: Messages):
    """System apart, messages in blocks, tools with their schema, no seed; the key in its header."""
    tool = ToolSpec(name="queue", description="looks")
    turn = asked(server, Conversation(ASKED, (tool,)), temperature=0.5)
    assert server.asked == [
        {
            "model": "m-1",
            "max_tokens": 1024,
            "temperature": 0.5,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "It stands still."}]}
            ],
            "system": "You watch queues.",
            "tools": [
                {"name": "queue", "description": "looks", "input_schema": {"type": "object"}}
            ],
        }
    ]
    assert server.headers[0]["x-api-key"] == KEY
    assert server.headers[0]["anthropic-version"] == "2023-06-01"
    assert "authorization" not in server.headers[0]
    assert turn == Turn(text="restart", stop="end_turn", model="m-1", usage=Usage(12, 3))


def test_text_thoughts_and_calls_are_told_apart(server: Messages):
    """Each block is what its type says; the key is in none of them."""
    server.answer = lambda _body: [
        {"type": "thinking", "thinking": f"hm {KEY}"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "t1", "name": "queue", "input": {"a": KEY}},
        {"type": "something_new"},
    ]
    turn = asked(server, Conversation(ASKED))
    assert (turn.text, turn.reasoning) == ("I look.", "hm [redacted key]")
    assert turn.tool_calls == (ToolCall(name="queue", arguments={"a": "[redacted key]"}, id="t1"),)


def test_a_closed_set_can_be_asked_for_as_a_tool(server: Messages):
    """The decision comes back as the JSON object that graders read."""
    server.answer = lambda _body: [
        {"type": "tool_use", "id": "t1", "name": "decide", "input": {"decision": "wait"}}
    ]
    turn = asked(server, Conversation(ASKED, choices=("restart", "wait")), choices="tool")
    assert json.loads(turn.text) == {"decision": "wait"}
    assert turn.tool_calls == ()
    assert server.asked[0]["tool_choice"] == {"type": "tool", "name": "decide"}


def test_a_reply_is_asked_for_in_its_form(server: Messages):
    """As a tool whose input it is, and read back as the object; ``free`` asks in words alone."""
    said = {"reason": "it looked", "outcome": "pass"}
    server.answer = lambda _body: [{"type": "tool_use", "id": "t", "name": "decide", "input": said}]
    form = {"type": "object", "properties": {"reason": {"type": "string"}}}
    turn = asked(server, Conversation(ASKED, form=form))
    assert json.loads(turn.text) == said
    assert server.asked[0]["tools"][0]["input_schema"] == form
    assert server.asked[0]["tool_choice"] == {"type": "tool", "name": "decide"}
    asked(server, Conversation(ASKED, form=form), choices="free")
    assert not {"tools", "tool_choice"} & set(server.asked[1])


@pytest.mark.parametrize(
    "said", [[1], [{"type": "text", "text": 1}], [{"type": "tool_use", "input": {}}]]
)
def test_what_cannot_be_read_is_a_trial_without_a_grade(server: Messages, said: Any):
    """Blocks of wrong types are no answer that anybody could grade."""
    server.answer = lambda _body: said
    with pytest.raises(Unusable):
        asked(server, Conversation(ASKED))


def test_failures_mean_what_they_mean_elsewhere(server: Messages):
    """An overloaded server is no trial; a seed or a setting of ours is refused before any."""
    server.choose = lambda _body, _earlier: "503"
    with pytest.raises(Unavailable):
        asked(server, Conversation(ASKED))
    with pytest.raises(ModelError, match=r"^settings\.system: the adapter writes it itself"):
        asked(server, Conversation(ASKED), system="x")


def test_calls_stand_beside_their_results_or_are_told():
    """A call without a result, and a result without a call, become text; roles alternate."""
    call = ToolCall(name="q", arguments={"a": 1}, id="bad id!")
    blocks = messages_to_blocks(
        [
            Message(role="user", content="go"),
            Message(role="assistant", content="I look.", tool_calls=(call, call)),
            Message(role="tool", content="", name="q"),
            Message(role="tool", content="other", name="x"),
        ]
    )
    assert [block["role"] for block in blocks] == ["user", "assistant", "user"]
    said, back = blocks[1]["content"], blocks[2]["content"]
    assert [block["type"] for block in said] == ["text", "tool_use", "text"]
    assert said[1]["id"] == back[0]["tool_use_id"] == "call_1_0"
    assert said[2]["text"] == '(called q with {"a": 1})'
    assert back[0]["content"] == "(nothing)"
    assert back[1] == {"type": "text", "text": "Result of x: other"}
