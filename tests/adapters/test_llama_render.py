import json

import pytest

from harness.adapters.llama import render
from harness.domain.transcript import Message, ToolCall, ToolSpec

TRANSCRIPT = (
    Message(role="system", content="You watch queues."),
    Message(role="user", content="orders stands still"),
    Message(
        role="assistant",
        content="I look.",
        tool_calls=(ToolCall(name="diagnose", arguments={"queue": "orders", "depth": 3}, id="c1"),),
    ),
    Message(role="tool", name="diagnose", content={"consumers": 4}, tool_call_id="c1"),
    Message(role="user", content="What next?"),
)


def test_calls_and_results_become_plain_turns():
    """A model that never saw a tool role reads calls and results as text, turns taking turns."""
    assert render.plain(TRANSCRIPT) == [
        {"role": "system", "content": "You watch queues."},
        {"role": "user", "content": "orders stands still"},
        {"role": "assistant", "content": 'I look.\ndiagnose(queue="orders", depth=3)'},
        {"role": "user", "content": 'Result of diagnose: {"consumers": 4}\n\nWhat next?'},
    ]


def test_nothing_of_a_transcript_is_dropped():
    """A result without a name, arguments that are no JSON, and text beyond ASCII all stay."""
    messages = (
        Message(role="assistant", tool_calls=(ToolCall(name="f", raw="{broken"),)),
        Message(role="tool", content=["ü", None]),
        Message(role="tool", name="g", content="plain"),
    )
    assert render.plain(messages) == [
        {"role": "assistant", "content": "f({broken)"},
        {"role": "user", "content": 'Result of the tool: ["ü", null]\n\nResult of g: plain'},
    ]


def test_a_template_that_knows_tools_gets_them_as_such():
    """Calls and results keep their own fields, tied by their id."""
    shown = render.native(TRANSCRIPT)
    assert shown[2] == {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "diagnose", "arguments": '{"queue": "orders", "depth": 3}'},
            }
        ],
    }
    assert shown[3] == {"role": "tool", "content": '{"consumers": 4}', "tool_call_id": "c1"}


def test_a_tool_without_parameters_takes_none():
    """The schema that the runtime needs is filled in."""
    assert render.tools((ToolSpec(name="stop", description="Stops all."),)) == [
        {
            "type": "function",
            "function": {
                "name": "stop",
                "description": "Stops all.",
                "parameters": {"type": "object", "properties": {}},
            },
        }
    ]


CALL = '{"name": "diagnose", "arguments": {"queue": "orders"}}'


@pytest.mark.parametrize(
    "text", [CALL, f"```json\n{CALL}\n```", f"```\n{CALL}\n```", f"{{{CALL}}}", f"\n {CALL} \n"]
)
def test_a_call_written_as_text_is_a_call(text: str):
    """The forms in which the pinned models were seen to write calls are read as calls."""
    assert render.said_call(text, ["diagnose"]) == ToolCall(
        name="diagnose", arguments={"queue": "orders"}
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I would call diagnose.",
        f"First {CALL}",
        '{"name": "drop_table", "arguments": {}}',
        '{"name": "diagnose", "arguments": "orders"}',
        '{"arguments": {}}',
        '["diagnose"]',
        "[" * 100_000,
    ],
)
def test_other_text_is_no_call(text: str):
    """Only a reply that is one object with a known name is a call; everything else stays text."""
    assert render.said_call(text, ["diagnose"]) is None


def test_arguments_that_are_no_object_are_kept_as_written():
    """What the runtime recognised as a call stays one, whatever its arguments are."""
    call = {"id": "x", "function": {"name": "diagnose", "arguments": json.dumps({"queue": "a"})}}
    assert render.read_call(call) == ToolCall(name="diagnose", arguments={"queue": "a"}, id="x")
    for raw in ("[1]", "{torn"):
        call = {"function": {"name": "diagnose", "arguments": raw}}
        assert render.read_call(call) == ToolCall(name="diagnose", raw=raw)
