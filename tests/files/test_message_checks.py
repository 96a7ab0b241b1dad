# ruff: noqa: E501 - a message stands on one line, as the user sees it
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.files.evals import load_eval
from harness.files.project import load_project

Write = Callable[..., Path]
Text = Callable[..., str]
STRUCTURED = "must be a text: only a tool's result may be structured"
CURE = "put the text in quotes, or write role: tool"
CALL = "{role: assistant, tool_calls: [{name: t, id: c1}]}"


def load_messages(write: Write, case_text: Text, root: Path, messages: str) -> None:
    """Load a case that holds these messages."""
    write("cases/stall/silent.yaml", case_text(messages=f"[{messages}]"))
    load_eval(load_project(root), "stall")


@pytest.mark.parametrize(
    ("messages", "lines"),
    [
        ("{role: user, content: 5}", [f"34: messages[0].content: {STRUCTURED}, got 5, {CURE}"]),
        ("{role: system, content: {a: 1}}", [f"36: messages[0].content: {STRUCTURED}, got a mapping, {CURE}"]),
        ("{role: assistant, content: null}", [f"39: messages[0].content: {STRUCTURED}, got null, {CURE}"]),
        ("{role: user}", ["12: messages[0]: must say something, write its content"]),
        ('{role: user, content: " "}', ["12: messages[0]: must say something, write its content"]),
        ("{role: user, content: x, name: t}", ["43: messages[0].name: is for tool messages only, take it away"]),
        ("{role: user, content: x, tool_calls: [{name: t}]}", ["49: messages[0].tool_calls: is for assistant messages only, take it away"]),
        ("{role: tool, content: x, reasoning: y}", ["48: messages[0].reasoning: is for assistant messages only, take it away"]),
        ("{role: tool, sentences: [x]}", ["36: messages[0].sentences: is not for tool messages, write them into content"]),
        (CALL + ", {role: tool, tool_call_id: c2}", ["91: messages[1].tool_call_id: no message before this one makes that call, got c2, known: c1"]),
        ("{role: tool, tool_call_id: c1}, " + CALL, ["39: messages[0].tool_call_id: no message before this one makes that call, got c1, take it away"]),
    ],
)  # fmt: skip
def test_a_message_holds_what_its_role_allows(
    project_folder: Path, write: Write, case_text: Text, messages: str, lines: list[str]
) -> None:
    """A transcript that no model could have been shown is refused before it is replayed."""
    with pytest.raises(InputError) as raised:
        load_messages(write, case_text, project_folder, messages)
    found = str(raised.value).replace(f"{project_folder}/cases/stall/silent.yaml:6:", "")
    assert found.splitlines() == lines


@pytest.mark.parametrize(
    "messages",
    [
        CALL + ", {role: tool, tool_call_id: c1, name: t, content: {a: [1, null]}}",
        "{role: tool}",
        "{role: system, sentences: [One., Two.]}",
        "{role: assistant, content: Let me look., reasoning: Stalled?}",
    ],
)
def test_a_transcript_as_models_write_it_is_allowed(
    project_folder: Path, write: Write, case_text: Text, messages: str
) -> None:
    """Empty results, calls without text and free sentences are part of real transcripts."""
    load_messages(write, case_text, project_folder, messages)


def test_two_tools_of_one_name_are_told(
    project_folder: Path, write: Write, case_text: Text
) -> None:
    """A tool that a model could not tell from another is refused."""
    write("cases/stall/silent.yaml", case_text(more="tools: [{name: t}, {name: t}]"))
    with pytest.raises(InputError) as raised:
        load_eval(load_project(project_folder), "stall")
    assert str(raised.value).endswith(
        "silent.yaml:9:27: tools[1].name: is named twice, got t, keep one of the two"
    )
