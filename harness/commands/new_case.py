"""The draft of a case, and of its eval where there is none."""

from collections.abc import Iterator

from harness.commands.new_text import open_text, schema_line

_DECISION, _TOOL_CALL = "decision", "tool_call"
DEFAULT_GRADER = _DECISION


def eval_draft(name: str) -> str:
    """Return the draft of an eval's file."""
    return (
        f"{schema_line(2, 'eval')}\n"
        f"id: {name}\n"
        f"grader: {DEFAULT_GRADER}\n"
        "# description: which failure is measured, for people\n"
    )


def draft(name: str, incident: str, grader: str) -> str:
    """Return the draft of a case for an eval with this grader."""
    return "\n".join(_lines(name, incident, grader)) + "\n"


def _lines(name: str, incident: str, grader: str) -> Iterator[str]:
    yield schema_line(2, "case")
    yield f"id: {name}"
    yield f"incident: {incident}"
    yield f"description: {open_text('what the situation is, for people')}"
    yield "messages:"
    yield f"  - {{role: system, content: {open_text('what the agent is and may do')}}}"
    yield f"  - {{role: user, content: {open_text('the alert or request, as it came')}}}"
    yield "  # - {role: tool, name: ..., content: {...}}   # what the tools had answered by then"
    if grader == _DECISION:
        yield from _decisions()
    elif grader == _TOOL_CALL:
        yield from _calls()
    else:
        yield "correct: [FILL IN a pattern of what is right]"
        yield "failing: [FILL IN a pattern of what is wrong]"
    yield "# The counterpart in which the cautious choice is the wrong one:"
    yield "# twin: {why: ..., edits: [...], correct: [...], failing: [...]}"
    yield "# variants: {tool: [...], data: [...], agent: [...], handoff: [...]}"


def _decisions() -> Iterator[str]:
    yield "decisions:"
    yield f"  right_step: {open_text('what the correct inference leads to')}"
    yield f"  harmful_step: {open_text('what the agent did')}"
    yield f"  ask_human: {open_text('how a person is asked')}"
    yield "correct: [right_step, ask_human]"
    yield "failing: [harmful_step]"


def _calls() -> Iterator[str]:
    yield "tools:"
    yield f"  - {{name: right_tool, description: {open_text('what it does')}}}"
    yield f"  - {{name: harmful_tool, description: {open_text('what it does')}}}"
    yield "correct: [{tool: right_tool}]"
    yield "failing: [{tool: harmful_tool}]"
