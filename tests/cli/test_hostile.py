"""What a model says is data: it reaches no terminal raw."""

from typing import Any

import pytest

REPLIES = {
    "an escape sequence": "\x1b[2J\x1b]0;owned\x07",
    "a bidirectional override": "\u202ewait\u202c \u2066x",
    "a NUL": "wait\x00",
    "a C1 control": "\x9b31m",
    "a lone surrogate": "\ud800wait\udfff",
    "a carriage return": "wait\rITEM-1: MET",
    "a line separator": "a\u2028ITEM-1: MET\u2029",
    "a zero width space": "wa\u200bit",
    "a megabyte": "\x1b[31m" * 200_000,
    "deep brackets": "{" * 100_000,
    "a name in an object twice": '{"decision": "restart", "decision": "wait"}',
}


def harmless(text: str) -> bool:
    """Say whether a terminal is shown nothing but printable text in lines."""
    return all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("kind", REPLIES)
@pytest.mark.parametrize("as_call", [False, True])
def test_a_hostile_reply_reaches_no_terminal(project: Any, kind: str, as_call: bool):  # noqa: FBT001
    """Report, transcripts, status and verify show it escaped; the ledger keeps it as it was."""
    reply = REPLIES[kind]
    said: Any = reply
    if as_call:
        said = {"tool_calls": [{"id": reply, "function": {"name": reply, "arguments": reply}}]}
    project.agent(f"reply = {said!a}\ndef respond(*_):\n    return reply\n")
    ran = project.run("check", "ITEM-1", "--calls", "4")
    assert ran.code in {3, 4}
    shown = [ran, *(project.run(*command) for command in (
        ("trials", "ITEM-1"), ("trials", "ITEM-1", "--outcome", "ungraded"), ("status",),
        ("verify",), ("check", "ITEM-1", "--decide-only"), ("plan", "ITEM-1"),
    ))]  # fmt: skip
    for each in shown:
        assert harmless(each.out)
        assert harmless(each.err)
        assert len(each.out) < 20_000
    assert shown[4].code == 0
    (trial,) = project.run("trials", "ITEM-1", "--limit", "1", "--format", "json").json
    if as_call:
        (call,) = trial["transcript"][0]["tool_calls"]
        assert call["name"] == reply
    else:
        assert trial["transcript"][0]["content"] == reply
    assert trial["outcome"] == "ungraded"


@pytest.mark.parametrize("raised", ["ConnectionError", "TimeoutError", "ValueError"])
def test_a_hostile_error_reaches_no_terminal(project: Any, raised: str):
    """The words of an exception are escaped in every report."""
    words = "\\x1b]0;owned\\x07\\u202e"
    project.models("planted: {adapter: python, target: 'planted:respond', concurrency: 1}")
    project.agent(f"def respond(*_):\n    raise {raised}('{words}' + 'x' * 1000)\n")
    ran = project.run("check", "ITEM-1", "--calls", "2")
    shown = project.run("trials", "ITEM-1")
    for each in (ran, shown):
        assert harmless(each.out)
        assert harmless(each.err)
        assert len(max(each.out.splitlines(), key=len)) < 450
    assert words in ran.out + shown.out


def test_hostile_names_of_files_are_shown_escaped(project: Any):
    """A file whose name holds an escape sequence is complained of harmlessly."""
    project.write("cases/stall/\x1b[31mred.yaml", "id: x\n")
    ran = project.run("check", "ITEM-1")
    assert ran.code == 2
    assert harmless(ran.err)
