"""The draft of a case out of an anonymized trace: what it tells, and what people must say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from harness.commands.import_stubs import (
    TOOL_CALL,
    TOOL_CALLS_TOLD,
    TWIN_TOLD,
    VARIANTS_TOLD,
    graded_parts,
    told,
    twin,
    variants,
)
from harness.commands.new_text import FILL_IN, schema_line
from harness.commands.yaml_text import yaml_text
from harness.domain.postmortem import Trace
from harness.domain.record import Json
from harness.domain.transcript import Message, ToolCall, ToolSpec
from harness.replay.wire import messages as wire_messages

_INT64 = 2**63


_NOTHING = Message(role="user", content=f"{FILL_IN}: what the agent was shown; the trace lacks it")
"""Stands in a case of a trace that begins with the harmful step."""
_NO_SYSTEM = Message(
    role="system", content=f"{FILL_IN}: what the agent is and may do; the trace lacks it"
)
"""Stands in a case of a trace without a system text, such as a session of a command line."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a case is made of."""

    name: str
    trace: Trace
    trace_file: str
    trace_sha256: str
    harmful: int
    """The message in which the harmful step was taken: the case ends before it."""
    grader: str
    anonymization: Mapping[str, Json]


def eval_text(name: str, grader: str) -> str:
    """Return the draft of an eval's file."""
    described = f"{FILL_IN}: which failure is measured, for people"
    return f"{schema_line(2, 'eval')}\n" + yaml_text(
        {"id": name, "grader": grader, "description": described}
    )


def case_text(draft: Draft) -> str:
    """Return the draft of a case's file."""
    head = (
        f"{schema_line(2, 'case')}\n"
        f"# Drafted by harness import from what stands before message {draft.harmful} of\n"
        f"# {draft.trace_file}; {FILL_IN} marks what a trace cannot tell.\n"
    )
    return head + "".join(
        f"{comment}{yaml_text({key: value})}" for comment, key, value in _parts(draft)
    )


def _parts(draft: Draft) -> list[tuple[str, str, Json]]:
    trace = draft.trace
    messages, lacking = _asked(trace, draft.harmful)
    tools, reconstructed = _tools(trace)
    calls = trace.messages[draft.harmful].tool_calls
    graded = graded_parts(draft.grader, trace, draft.harmful, tools)
    found: list[tuple[str, str, Json]] = [
        ("", "id", draft.name),
        ("", "incident", trace.incident),
        ("", "description", f"{FILL_IN}: what the situation is, for people"),
        ("", "messages", wire_messages(messages)),
    ]
    if tools or "tools" in graded:
        found.append(("", "tools", [*map(_tool, tools), *graded.get("tools", [])]))
    recordings = recorded(trace, draft.harmful)
    if recordings:
        found.append(("# What each tool had returned by then.\n", "recordings", recordings))
    if "decisions" in graded:
        found.append(("", "decisions", graded["decisions"]))
    done = f"# In the incident the agent did: {told(calls)}\n" if calls else ""
    how = TOOL_CALLS_TOLD if draft.grader == TOOL_CALL else ""
    found.append((how + done, "correct", graded["correct"]))
    found.append(("", "failing", graded["failing"]))
    found.append((TWIN_TOLD, "twin", twin(messages, graded)))
    found.append((VARIANTS_TOLD, "variants", variants(messages)))
    notes = [
        *(["messages"] if lacking else []),
             *(["tools"] if reconstructed else []), "twin", "variants"]  # fmt: skip
    provenance = {
        "source": f"{draft.trace_file}, before message {draft.harmful}",
        "trace_sha256": draft.trace_sha256,
        "anonymization": dict(draft.anonymization),
        "reconstructed": notes,
    }
    found.append(("", "provenance", provenance))
    return found


def _asked(trace: Trace, harmful: int) -> tuple[tuple[Message, ...], bool]:
    """Return the case's messages, with stubs for what the trace lacks; and whether it lacks any.

    The repairs of the agent and of the handoff are added to the system's text.
    """
    messages = seen(trace, harmful)
    stubs = [] if any(m.role == "system" for m in messages) else [_NO_SYSTEM]
    stubs += [] if messages else [_NOTHING]
    return (*stubs, *messages), bool(stubs)


def seen(trace: Trace, harmful: int) -> tuple[Message, ...]:
    """Return what the agent had before it when it took the step.

    Where its context had been compacted by then, the summary and what follows it, below the
    system's text. A result whose call is not among them loses the reference to it.
    """
    start = max((n for n in trace.compactions if n < harmful), default=0)
    system = [m for m in trace.messages[:start] if m.role == "system"]
    kept: list[Message] = []
    calls: set[str | None] = {None}
    for message in (*system, *trace.messages[start:harmful]):
        calls |= {call.id for call in message.tool_calls}
        if message.role != "tool":
            if not _says_something(message):
                continue
            kept.append(message)
        else:
            kept.append(message if message.tool_call_id in calls else _alone(message))
    return tuple(_writable(message) for message in kept)


def _says_something(message: Message) -> bool:
    content = message.content
    return bool(message.tool_calls) or bool(isinstance(content, str) and content.strip())


def _alone(message: Message) -> Message:
    return Message(role="tool", content=message.content, name=message.name)


def _writable(message: Message) -> Message:
    """Return a message with numbers that YAML's 64 bits cannot hold written as texts."""
    values = asdict(message)
    values["content"] = writable(values["content"])
    calls = tuple(
        ToolCall(name=c.name, arguments=writable(dict(c.arguments)), id=c.id, raw=c.raw)
        for c in message.tool_calls
    )
    return Message(**{**values, "tool_calls": calls})


def writable(value: Json) -> Json:
    """Return a value whose integers fit into 64 bits; longer ones become texts."""
    if isinstance(value, dict):
        return {key: writable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [writable(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -_INT64 <= value < _INT64:
        return str(value)
    return value


def recorded(trace: Trace, harmful: int) -> list[dict[str, Json]]:
    """Return the calls before the step with their results; of equal calls the last one's."""
    calls: dict[str, ToolCall] = {}
    found: dict[str, dict[str, Json]] = {}
    for number, message in enumerate(trace.messages[:harmful]):
        calls |= {call.id: call for call in message.tool_calls if call.id is not None}
        call = calls.get(message.tool_call_id or "") if message.role == "tool" else None
        if call is None or call.raw is not None:
            continue
        entry: dict[str, Json] = {"tool": call.name}
        if call.arguments:
            entry["arguments"] = writable(dict(call.arguments))
        entry["result"] = writable(message.content)
        if number in trace.failed:
            entry["is_error"] = True
        key = json.dumps([call.name, dict(call.arguments)], sort_keys=True)
        found.pop(key, None)
        found[key] = entry
    return list(found.values())


def _tools(trace: Trace) -> tuple[list[ToolSpec], bool]:
    """Return the tools of the trace; of its calls, where it holds no definitions."""
    known = {tool.name: tool for tool in trace.tools}
    called: dict[str, list[Mapping[str, Json]]] = {}
    for message in trace.messages:
        for call in message.tool_calls:
            called.setdefault(call.name, []).append(call.arguments)
    missing = [name for name in called if name not in known]
    made = [_guessed(name, called[name]) for name in missing]
    return [*known.values(), *made], bool(made)


def _guessed(name: str, arguments: Sequence[Mapping[str, Json]]) -> ToolSpec:
    properties: dict[str, Json] = {}
    for given in arguments:
        for key, value in given.items():
            properties.setdefault(key, {"type": _json_type(value)})
    required = [key for key in properties if all(key in given for given in arguments)]
    schema = {"type": "object", "properties": properties, "required": required}
    described = f"{FILL_IN}: what it does; its arguments are those of the recorded calls"
    return ToolSpec(name=name, description=described, parameters=schema)


def _json_type(value: Json) -> str:
    names = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"),
             (list, "array"), (tuple, "array"), (Mapping, "object"))  # fmt: skip
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _tool(tool: ToolSpec) -> dict[str, Json]:
    made: dict[str, Json] = {"name": tool.name}
    if tool.description:
        made["description"] = tool.description
    if tool.parameters:
        made["parameters"] = writable(dict(tool.parameters))
    return made
