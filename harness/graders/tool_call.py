"""Grader ``tool_call``: which tool the model calls, and with which arguments."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from jsonpath_rfc9535 import JSONPathError, find

from harness.domain.case import Case, Condition
from harness.domain.record import Json
from harness.domain.transcript import Message, ToolCall, Transcript
from harness.domain.trial import Grade, Outcome
from harness.graders.replies import READ_AT_MOST, final_text, unanswered, unparsed
from harness.ports.grader import CaseProblem, GraderSpecification


class ToolCallGrader:
    """Fails a transcript at the first failing call, passes it at the first correct one.

    A correct or failing entry is a tool's name, or a tool with conditions on its arguments:
    JSON path -> regular expression that must be found in the value there, which is read as it
    is when it is a string, and else as JSON. A call that fits neither settles nothing: the trial
    goes on. So does one whose arguments cannot be read, where a failing entry asks for them.
    """

    def decided(self, case: Case, messages: Sequence[Message]) -> bool:
        """Say whether a call so far is correct or failing."""
        return any(_verdict(case, call) for call in _calls(messages))

    def grade(self, case: Case, transcript: Transcript) -> Grade:
        """Return the grade of the first call that settles it."""
        broken = unanswered(transcript)
        if broken:
            return broken
        for call in _calls(transcript.messages):
            outcome = _verdict(case, call)
            if outcome:
                return Grade(outcome, call.name)
        return unparsed(final_text(transcript.messages), "a correct or failing tool call")


def _calls(messages: Sequence[Message]) -> Iterator[ToolCall]:
    for message in messages:
        yield from message.tool_calls


def _verdict(case: Case, call: ToolCall) -> Outcome | None:
    if any(matches(condition, call) for condition in case.failing):
        return Outcome.FAIL
    if call.raw is not None and any(_asks_for_arguments(c, call) for c in case.failing):
        return None  # nobody can tell whether the arguments were those that fail
    if any(matches(condition, call) for condition in case.correct):
        return Outcome.PASS
    return None


def _asks_for_arguments(condition: str | Condition, call: ToolCall) -> bool:
    return isinstance(condition, Condition) and condition.tool == call.name


def matches(condition: str | Condition, call: ToolCall) -> bool:
    """Say whether a call is the one that a condition looks for."""
    if isinstance(condition, str):
        return call.name == condition
    if call.name != condition.tool:
        return False
    return all(
        any(re.search(pattern, _text(value)) for value in _values(path, call.arguments))
        for path, pattern in condition.where.items()
    )


def _values(path: str, arguments: Mapping[str, Json]) -> list[Json]:
    if path.startswith("$"):
        return list(find(path, dict(arguments)).values())
    return [arguments[path]] if path in arguments else []


def _text(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:READ_AT_MOST]


def _build(options: Mapping[str, Json]) -> ToolCallGrader:
    if options:
        raise ValueError("the tool_call grader takes no options")
    return ToolCallGrader()


def check_case(case: Case) -> list[CaseProblem]:
    """Return the conditions of a resolved case that no call could be held against."""
    problems: list[CaseProblem] = []
    tools = [tool.name for tool in case.tools]
    for key in ("correct", "failing"):
        for index, value in enumerate(getattr(case, key)):
            place = f"{key}[{index}]"
            name = value if isinstance(value, str) else value.tool
            if name not in tools:
                fix = f"write one of {', '.join(tools)}" if tools else "add it to tools"
                problems.append((place, "is no tool of this case", name, fix))
            if isinstance(value, Condition):
                problems.extend(_check_where(place, value))
    return problems


def _check_where(place: str, condition: Condition) -> Iterator[CaseProblem]:
    for path, pattern in condition.where.items():
        try:
            re.compile(pattern)
        except re.error as error:
            rule = f"is no regular expression: {error}"
            yield (f"{place}.where.{path}", rule, pattern, "")
        try:
            _values(path, {})
        except JSONPathError as error:
            fix = "write $.key, $.list[0].key or a plain key"
            yield (f"{place}.where", f"is no JSON path: {error}", path, fix)


SPEC = GraderSpecification(name="tool_call", build=_build, check_case=check_case)
