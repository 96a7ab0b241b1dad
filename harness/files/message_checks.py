"""What a message of a transcript may hold, by who speaks."""

from harness.domain.case import Case
from harness.domain.transcript import Message
from harness.errors import Problem
from harness.files.marks import KeyPath
from harness.files.names import suggestion
from harness.files.records import Loaded
from harness.files.wording import shown

_ROLE_KEYS = {
    "tool_calls": "assistant",
    "reasoning": "assistant",
    "tool_call_id": "tool",
    "name": "tool",
}


def transcript_problems(case: Loaded[Case]) -> list[Problem]:
    """Return what is wrong in a case's messages, tools and recordings."""
    problems: list[Problem] = []
    calls: list[str] = []
    for index, message in enumerate(case.value.messages):
        path = ("messages", index)
        problems += message_problems(case, path, message)
        if message.tool_call_id is not None and message.tool_call_id not in calls:
            fix = suggestion(message.tool_call_id, calls) or "take it away"
            rule = "no message before this one makes that call"
            problems.append(case.problem((*path, "tool_call_id"), rule, message.tool_call_id, fix))
        calls += [call.id for call in message.tool_calls if call.id is not None]
    names = [tool.name for tool in case.value.tools]
    for index, name in enumerate(names):
        if name in names[:index]:
            path_ = ("tools", index, "name")
            problems.append(case.problem(path_, "is named twice", name, "keep one of the two"))
    return problems


def message_problems(case: Loaded[Case], path: KeyPath, message: Message) -> list[Problem]:
    """Return what is wrong in one message: only a tool's result may be structured."""
    problems = []
    for key, role in _ROLE_KEYS.items():
        if getattr(message, key) not in (None, ()) and message.role != role:
            rule = f"is for {role} messages only"
            problems.append(case.problem((*path, key), rule, fix="take it away"))
    if message.role == "tool":
        if message.sentences:
            rule, fix = "is not for tool messages", "write them into content"
            problems.append(case.problem((*path, "sentences"), rule, fix=fix))
        return problems
    if not isinstance(message.content, str):
        content = (*path, "content")
        got = shown(message.content, case.marks.values.get(content))
        fix = "put the text in quotes, or write role: tool"
        rule = "must be a text: only a tool's result may be structured"
        problems.append(case.problem(content, rule, got, fix))
    elif not (message.content.strip() or message.sentences or message.tool_calls):
        problems.append(case.problem(path, "must say something", fix="write its content"))
    return problems
