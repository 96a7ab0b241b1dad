"""Messages, tools and replies in the common form."""

from typing import Any

import pytest

from harness.adapters.openai_format import messages_to_dicts, text_of, tools_to_dicts, turn_of
from harness.domain.transcript import Message, ToolCall, ToolSpec, Turn


def test_text_stays_and_everything_else_becomes_json():
    """A tool result is shown to the model as JSON, with its letters readable."""
    assert text_of("a\n") == "a\n"
    assert text_of({"depth": 5, "note": "é"}) == '{"depth": 5, "note": "é"}'
    assert text_of(None) == "null"


def test_a_conversation_becomes_what_servers_accept():
    """Calls without an id get one, and each result names the call that it answers."""
    messages = [
        Message(role="system", content="s"),
        Message(role="user", content="u"),
        Message(
            role="assistant",
            content="",
            tool_calls=(
                ToolCall(name="diagnose", arguments={"q": "a"}),
                ToolCall(name="page", id="own", raw="{broken"),
            ),
        ),
        Message(role="tool", content={"ok": True}, tool_call_id="own"),
        Message(role="tool", content="five", name="diagnose"),
    ]
    assert messages_to_dicts(messages) == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "u"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "diagnose", "arguments": '{"q": "a"}'},
                },
                {
                    "id": "own",
                    "type": "function",
                    "function": {"name": "page", "arguments": "{broken"},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "own", "content": '{"ok": true}'},
        {"role": "tool", "tool_call_id": "call_1", "content": "five"},
    ]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (Message(role="tool", content="5", name="queue"), "Result of queue: 5"),
        (Message(role="tool", content="5"), "Result of the tool: 5"),
        (Message(role="tool", content="5", tool_call_id="x", name="q"), "Result of q: 5"),
    ],
)
def test_a_result_that_answers_no_call_becomes_a_user_message(result: Message, said: str):
    """Servers refuse a result without its call, and the model must see it all the same."""
    assert messages_to_dicts([result]) == [{"role": "user", "content": said}]


def test_a_call_is_answered_once():
    """A second result for one call answers nothing."""
    call = Message(role="assistant", tool_calls=(ToolCall(name="q", id="1"),))
    result = Message(role="tool", content="5", tool_call_id="1", name="q")
    assert [m["role"] for m in messages_to_dicts([call, result, result])] == [
        "assistant",
        "tool",
        "user",
    ]


def test_tools_become_functions():
    """A tool without parameters takes an empty object."""
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    assert tools_to_dicts([ToolSpec(name="a", description="d", parameters=schema)]) == [
        {"type": "function", "function": {"name": "a", "description": "d", "parameters": schema}}
    ]
    (bare,) = tools_to_dicts([ToolSpec(name="a")])
    assert bare["function"]["parameters"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("reply", "turn"),
    [
        ("wait", Turn(text="wait")),
        ("", Turn()),
        ({"role": "assistant", "content": "wait"}, Turn(text="wait")),
        ({}, Turn()),
        ({"content": None, "tool_calls": None}, Turn()),
        ({"content": [{"type": "text", "text": "a"}, {"text": "b"}, {"x": 1}, "c"]},
         Turn(text="ab")),
        ({"tool_calls": [{"id": "1", "function": {"name": "q", "arguments": '{"a": 1}'}}]},
         Turn(tool_calls=(ToolCall(name="q", arguments={"a": 1}, id="1"),))),
        ({"tool_calls": [{"function": {"name": "q", "arguments": {"a": 1}}}]},
         Turn(tool_calls=(ToolCall(name="q", arguments={"a": 1}),))),
        ({"tool_calls": [{"function": {"name": "q"}}]}, Turn(tool_calls=(ToolCall(name="q"),))),
        ({"tool_calls": [{"function": {"name": "q", "arguments": ""}}]},
         Turn(tool_calls=(ToolCall(name="q"),))),
        ({"tool_calls": [{"function": {"name": "q", "arguments": "{a"}}]},
         Turn(tool_calls=(ToolCall(name="q", raw="{a"),))),
        ({"tool_calls": [{"function": {"name": "q", "arguments": "[1]"}}]},
         Turn(tool_calls=(ToolCall(name="q", raw="[1]"),))),
        ({"tool_calls": [{"function": {"name": "q", "arguments": [1]}}]},
         Turn(tool_calls=(ToolCall(name="q", raw="[1]"),))),
        ({"tool_calls": [{"function": {"name": "q", "arguments": "[" * 100_000}}]},
         Turn(tool_calls=(ToolCall(name="q", raw="[" * 100_000),))),
    ],
)  # fmt: skip
def test_a_reply_becomes_a_turn(reply: Any, turn: Turn):
    """Arguments that are no JSON object are kept as the model wrote them."""
    assert turn_of(reply) == turn


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (None, TypeError, "expected a string or an assistant message as a dict, got NoneType"),
        (5, TypeError, "expected a string or an assistant message as a dict, got int"),
        (b"x", TypeError, "expected a string or an assistant message as a dict, got bytes"),
        (["x"], TypeError, "expected a string or an assistant message as a dict, got list"),
        ({"content": 5}, TypeError, "expected content to be a string, got int"),
        ({"tool_calls": [{}]}, ValueError, "a tool call needs function.name"),
        ({"tool_calls": ["x"]}, ValueError, "a tool call needs function.name"),
        ({"tool_calls": {"a": 1}}, ValueError, "a tool call needs function.name"),
        (
            {"tool_calls": [{"function": {"name": 5}}]},
            ValueError,
            "a tool call needs function.name",
        ),
    ],
)
def test_what_is_no_reply_is_refused(reply: Any, error: type[Exception], words: str):
    """The error says what was expected and what came."""
    with pytest.raises(error) as raised:
        turn_of(reply)
    assert str(raised.value) == words
