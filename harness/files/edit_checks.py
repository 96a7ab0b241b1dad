"""Edits: one action each, on a message that is there and that can take it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from harness.domain.case import LAYERS, Case, Edit
from harness.domain.transcript import Message
from harness.errors import Problem
from harness.files.marks import KeyPath, dotted
from harness.files.message_checks import message_problems
from harness.files.names import suggestion
from harness.files.records import Loaded
from harness.files.wording import shown

_ON_MESSAGE = ("merge", "replace", "drop")
_ACTIONS = (*_ON_MESSAGE, "append", "system_append", "tool", "remove_tool")

EditList = tuple[KeyPath, tuple[Edit, ...]]


def edit_problems(case: Loaded[Case]) -> list[Problem]:
    """Return what is wrong in the edits of a case's variants and twin."""
    lists = _edit_lists(case.value)
    problems = [
        problem
        for path, edits in lists
        for index, edit in enumerate(edits)
        for problem in _edit_problems(case, (*path, index), edit)
    ]
    if problems:
        return problems
    for one in lists:
        problems += _applied(case, (one,))
        problems += _moved(case, one, lists)
    for pair in combinations(lists, 2):
        if not problems:
            problems += _applied(case, pair)
    return problems


def added_tools(case: Case) -> list[str]:
    """Return the names of the tools that the edits of a case add."""
    return [edit.tool.name for _, edits in _edit_lists(case) for edit in edits if edit.tool]


def _edit_lists(case: Case) -> list[EditList]:
    """Return the edit lists that are not empty, in the order in which they are applied."""
    lists: list[EditList] = [
        (("variants", layer), getattr(case.variants, layer)) for layer in LAYERS
    ]
    if case.twin is not None:
        lists.append((("twin", "edits"), case.twin.edits))
    return [(path, edits) for path, edits in lists if edits]


def _edit_problems(case: Loaded[Case], path: KeyPath, edit: Edit) -> list[Problem]:
    given = [action for action in _ACTIONS if case.has(*path, action)]
    if len(given) != 1:
        got = ", ".join(given) or "none"
        rule = f"an edit does exactly one of {', '.join(_ACTIONS)}"
        return [case.problem(path, rule, got, "write an edit for each" if given else "add one")]
    action = (*path, given[0])
    value = getattr(edit, given[0])
    if value is None or (given[0] != "replace" and _empty(value)):
        written: Any = list(value) if isinstance(value, tuple) else value
        got = shown(written, case.marks.values[action])
        return [case.problem(action, "must not be empty", got)]
    on_message = given[0] in _ON_MESSAGE
    if on_message and edit.message is None:
        fix = "add it: the number of the message, counted from 0"
        return [case.problem((*path, "message"), "is missing", fix=fix)]
    if not on_message and edit.message is not None:
        rule = f"is for {', '.join(_ON_MESSAGE)} only"
        return [case.problem((*path, "message"), rule, str(edit.message), "take it away")]
    if edit.append is not None:
        return message_problems(case, action, edit.append)
    return []


def _empty(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else value in ({}, ())


@dataclass(slots=True)
class _Situation:
    """What the edits made so far have left of a case."""

    messages: list[Message]
    tools: list[str]
    after: str
    """Which edits went before those that are looked at, for messages; empty for none."""


def _applied(case: Loaded[Case], lists: tuple[EditList, ...]) -> list[Problem]:
    """Return the first problem that shows when the edits are made, one list after the other."""
    after = f" after the edits of {dotted(lists[0][0])}" if len(lists) > 1 else ""
    tools = [tool.name for tool in case.value.tools]
    now = _Situation(list(case.value.messages), tools, after)
    for path, edits in lists:
        for index, edit in enumerate(edits):
            problem = _apply(case, (*path, index), edit, now)
            if problem is not None:
                return [problem]
    return []


def _apply(case: Loaded[Case], path: KeyPath, edit: Edit, now: _Situation) -> Problem | None:
    if edit.append is not None:
        now.messages.append(edit.append)
    elif edit.tool is not None:
        now.tools.append(edit.tool.name)
    elif edit.remove_tool is not None:
        if edit.remove_tool not in now.tools and not now.after:
            fix, rule = suggestion(edit.remove_tool, now.tools), "the case has no such tool"
            return case.problem((*path, "remove_tool"), rule, edit.remove_tool, fix)
    elif edit.system_append is not None:
        if all(message.role != "system" for message in now.messages):
            rule = "the case has no system message, and a new one would move the others"
            fix = "write a system message into the case"
            return case.problem((*path, "system_append"), rule, fix=fix)
    elif edit.message is not None:
        count = len(now.messages)
        if not -count <= edit.message < count:
            rule = f"must be the number of a message, from 0 to {count - 1}"
            return case.problem((*path, "message"), rule, str(edit.message))
        if edit.merge is None and not edit.drop:
            return _replaced(case, path, edit, now)
        return _changed(case, path, edit, now)
    return None


def _replaced(case: Loaded[Case], path: KeyPath, edit: Edit, now: _Situation) -> Problem | None:
    number = edit.message or 0
    now.messages[number] = replace(now.messages[number], content=edit.replace)
    if now.messages[number].role != "tool" and not isinstance(edit.replace, str):
        at = (*path, "replace")
        rule = f"message {number} is no tool's result, so its content must be a text"
        return case.problem(at, rule, shown(edit.replace, case.marks.values.get(at)))
    return None


def _changed(case: Loaded[Case], path: KeyPath, edit: Edit, now: _Situation) -> Problem | None:
    number = edit.message or 0
    content = now.messages[number].content
    action = "merge" if edit.merge is not None else "drop"
    if not isinstance(content, Mapping):
        kind = "text" if isinstance(content, str) else "value without keys"
        rule = f"message {number} is a {kind}{now.after}, and only a mapping is changed by key"
        return case.problem((*path, action), rule, fix=f"write replace instead of {action}")
    for index, key in enumerate(edit.drop):
        if key not in content and not now.after:
            rule, fix = f"message {number} has no such key", suggestion(key, content)
            return case.problem((*path, "drop", index), rule, key, fix)
    kept = {key: value for key, value in content.items() if key not in edit.drop}
    changed = {**kept, **(edit.merge or {})}
    now.messages[number] = replace(now.messages[number], content=changed)
    return None


def _moved(case: Loaded[Case], edits: EditList, lists: list[EditList]) -> list[Problem]:
    """Return the edits whose message, counted from the end, another list's appending moves."""
    moving = [path for path, others in lists if path != edits[0] and any(e.append for e in others)]
    if not moving:
        return []
    count, problems = len(case.value.messages), []
    for index, edit in enumerate(edits[1]):
        if edit.message is not None and edit.message < 0:
            path = (*edits[0], index, "message")
            rule = f"counts from the end, which the edits of {dotted(moving[0])} move"
            fix = f"count from 0: write {count + edit.message}"
            problems.append(case.problem(path, rule, str(edit.message), fix))
        count += edit.append is not None
    return problems
