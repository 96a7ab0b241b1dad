"""Adapter ``scripted``."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from harness.adapters.scripted import SPEC, ScriptedModel
from harness.domain.project import ModelConfig
from harness.domain.transcript import Conversation, Message, ToolCall, Turn
from harness.errors import ModelError
from harness.ports.model import AdapterContext, Unavailable

ASKED = Conversation((Message(role="user", content="Hm?"),))


def reply(model: Any, seed: int) -> Turn:
    """Return the model's turn."""
    turn = asyncio.run(model.respond(ASKED, {}, seed))
    assert isinstance(turn, Turn)
    return turn


def test_replies_come_by_seed_and_not_in_turn():
    """A resumed run, which asks for other seeds first, gets the replies that it would have got."""
    model = ScriptedModel(("a", "b", "c"))
    assert [reply(model, seed).text for seed in (5, 1, 3, 5)] == ["c", "b", "a", "c"]


def test_a_reply_may_be_an_assistant_message():
    """Tool calls are written as OpenAI-style messages."""
    call = {"function": {"name": "page", "arguments": '{"a": 1}'}, "id": "c"}
    turn = reply(ScriptedModel(({"content": None, "tool_calls": [call]},)), 0)
    assert turn == Turn(tool_calls=(ToolCall(name="page", arguments={"a": 1}, id="c"),))


def test_a_function_sees_conversation_and_seed():
    """In tests a function may answer, with a reply or a whole turn, or raise."""

    def respond(asked: Conversation, seed: int) -> Any:
        if seed == 2:
            raise Unavailable("gone")
        return Turn(text="t", model="m") if seed else asked.messages[0].content

    model = ScriptedModel(respond)
    assert reply(model, 0).text == "Hm?"
    assert reply(model, 1) == Turn(text="t", model="m")
    with pytest.raises(Unavailable, match=r"^gone$"):
        reply(model, 2)
    assert model.fingerprint_parts() == {}


def test_another_script_is_another_model():
    """The replies are part of the fingerprint."""
    assert ScriptedModel(("a", "b")).fingerprint_parts() == {"replies": ["a", "b"]}


def test_an_empty_script_is_refused():
    """Without a reply there is nothing to say, and silence would be graded."""
    context = AdapterContext(Path(), {}, lambda line: None)
    with pytest.raises(ModelError) as raised:
        SPEC.build(ModelConfig(adapter="scripted", replies=()), context)
    assert str(raised.value) == (
        "replies: must hold at least one reply, write e.g. replies: [restart]"
    )
