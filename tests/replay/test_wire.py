"""Transcripts as the ledger stores them."""

import json

from harness.domain.transcript import Conversation, Message, ToolCall, ToolSpec
from harness.replay import wire


def test_messages_become_plain_values_without_what_is_empty():
    """Keys are those of the canonical transcript, and empty ones are left out."""
    said = [
        Message(role="assistant", tool_calls=(ToolCall(name="page", id="1", arguments={"a": 1}),)),
        Message(role="assistant", tool_calls=(ToolCall(name="page", raw="{"),)),
        Message(role="tool", content={"depth": 5}, tool_call_id="1", name="page"),
        Message(role="assistant", content="done", reasoning="hm"),
        Message(role="tool", content=0),
        Message(role="tool", content=False),
    ]
    assert wire.messages(said) == [
        {"role": "assistant", "tool_calls": [{"name": "page", "arguments": {"a": 1}, "id": "1"}]},
        {"role": "assistant", "tool_calls": [{"name": "page", "raw": "{"}]},
        {"role": "tool", "content": {"depth": 5}, "tool_call_id": "1", "name": "page"},
        {"role": "assistant", "content": "done", "reasoning": "hm"},
        {"role": "tool", "content": 0},
        {"role": "tool", "content": False},
    ]


def test_a_conversation_is_all_that_was_shown():
    """Messages, tools and choices in their order, as JSON can hold them."""
    shown = Conversation(
        (Message(role="user", content="\ud800"),), (ToolSpec(name="page"),), ("wait", "restart")
    )
    stored = wire.conversation(shown)
    assert stored == {
        "messages": [{"role": "user", "content": "\ud800"}],
        "tools": [{"name": "page"}],
        "choices": ["wait", "restart"],
    }
    assert json.loads(json.dumps(stored)) == stored
