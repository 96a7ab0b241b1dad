"""The conversation as sessions of command lines and Inspect's logs hold it."""

import json
from typing import Any

from tests.importers.fresh.conversation import ANSWERED, MODEL, TOOLS, Can, Step, loads, steps
from tests.importers.fresh.messages import anthropic_blocks, response_items


def claude_code(can: Can) -> list[Any]:
    """Return lines: a block a line, a branch that was left, a sidechain, what is no message."""
    lines: list[Any] = [
        {"type": "file-history-snapshot", "messageId": "m0", "snapshot": {"trackedFileBackups": {}},
         "isSnapshotUpdate": False},
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s9",
         "timestamp": "2026-03-04T02:50:59.000Z"},
    ]  # fmt: skip
    parent: str | None = None
    number = 0

    def line(kind: str, message: Any, **more: Any) -> str:
        nonlocal parent, number
        number += 1
        uuid = f"00000000-0000-4000-8000-{number:012}"
        lines.append({"parentUuid": parent, "isSidechain": False, "userType": "external",
                      "cwd": "/srv", "sessionId": "s9", "version": "2.1.3", "gitBranch": "main",
                      "type": kind, "message": message, "uuid": uuid,
                      "timestamp": f"2026-03-04T02:51:{number:02}.000Z", **more})  # fmt: skip
        parent = uuid
        return uuid

    for index, step in enumerate(steps(can)):
        if step.text.startswith("Stop."):
            before = parent  # the question was first asked in another way
            line("user", {"role": "user", "content": "Stop! What was that?"})
            line("assistant", {"id": "msg_x", "type": "message", "role": "assistant",
                               "model": ANSWERED,
                               "content": [{"type": "text", "text": "I am sorry."}]})  # fmt: skip
            parent = before
        if step.role == "user":
            content: Any = step.text if not step.image else anthropic_blocks(step)
            line("user", {"role": "user", "content": content})
        elif step.role == "tool":
            line("user", {"role": "user", "content": anthropic_blocks(step)},
                 toolUseResult={"stdout": step.text, "interrupted": False})  # fmt: skip
        else:
            for block in anthropic_blocks(step):
                line("assistant", {"id": f"msg_{index}", "type": "message", "role": "assistant",
                                   "model": ANSWERED, "content": [block], "stop_reason": None,
                                   "usage": {"input_tokens": 1, "output_tokens": 1}},
                     requestId=f"req_{index}")  # fmt: skip
    lines.append({"type": "last-prompt", "lastPrompt": "Stop. What have you done?",
                  "sessionId": "s9"})  # fmt: skip
    return lines


def codex(can: Can) -> list[Any]:
    """Return a rollout: items, the events that repeat them, the turns' settings."""
    system, *rest = steps(can)
    lines: list[Any] = []

    def line(kind: str, payload: Any) -> None:
        lines.append({"timestamp": f"2026-03-04T02:51:{len(lines):02}.000Z", "type": kind,
                      "payload": payload})  # fmt: skip

    line("session_meta", {"id": "0199-7", "timestamp": "2026-03-04T02:51:00Z", "cwd": "/srv",
                          "originator": "codex_cli_rs", "cli_version": "0.80.0", "source": "cli",
                          "base_instructions": {"text": system.text},
                          "model_provider": "acme"})  # fmt: skip
    line("turn_context", {"cwd": "/srv", "approval_policy": "on-request", "model": MODEL,
                          "sandbox_policy": {"type": "read-only"}, "effort": "high",
                          "summary": "auto"})  # fmt: skip
    for number, step in enumerate(rest):
        if step.role == "user":
            line("response_item", {"type": "message", **response_items(step, number)[0]})
            line("event_msg", {"type": "user_message", "message": step.text, "images": []})
            continue
        if step.role == "assistant":
            if step.thought:
                line("event_msg", {"type": "agent_reasoning", "text": step.thought})
            if step.text:
                line("event_msg", {"type": "agent_message", "message": step.text})
        for item in response_items(step, number):
            own = {k: v for k, v in item.items() if k not in ("id", "status")}
            if item["type"] == "reasoning":
                own["content"] = None
            line("response_item", own)
        line("event_msg", {"type": "token_count", "info": None, "rate_limits": None})
    return lines


def inspect_message(
    step: Step, number: int, attachments: dict[str, str], names: dict[str, str]
) -> dict[str, Any]:
    """Return a message of Inspect's; long texts are attachments."""

    def text(value: str) -> str:
        if len(value) < 40:
            return value
        key = f"{number:032x}"
        attachments[key] = value
        return f"attachment://{key}"

    made: dict[str, Any] = {"id": f"m{number}", "role": step.role, "content": text(step.text)}
    if step.role == "tool":
        made |= {"tool_call_id": step.answers, "function": names[step.answers]}
        if step.failed:
            made["error"] = {"type": "timeout", "message": step.text}
    if step.role == "user":
        made["source"] = "input"
        if step.image:
            attachments["f" * 32] = f"data:image/png;base64,{step.image}"
            made["content"] = [{"type": "text", "text": step.text},
                               {"type": "image", "image": f"attachment://{'f' * 32}",
                                "detail": "auto"}]  # fmt: skip
    if step.role == "assistant":
        made |= {"source": "generate", "model": ANSWERED}
        if step.thought:
            made["content"] = [{"type": "reasoning", "reasoning": step.thought,
                                "signature": "c2ln", "redacted": False},
                               {"type": "text", "text": text(step.text)}]  # fmt: skip
        if step.calls:
            made["tool_calls"] = [
                {"id": c.id, "function": c.name, "type": "function", **_arguments(c.arguments)}
                for c in step.calls
            ]
    return made


def _arguments(text: str) -> dict[str, Any]:
    try:
        return {"arguments": json.loads(text)}
    except ValueError:
        return {
            "arguments": {},
            "parse_error": (
                "Error parsing the following tool call arguments:\n\n"
                f"{text}\n\nError details: Expecting value"
            ),
        }


def inspect_header() -> dict[str, Any]:
    """Return the header of a log."""
    return {"version": 2, "status": "success",
            "eval": {"run_id": "r", "created": "2026-03-04T02:51:00+00:00", "task": "ops",
                     "task_id": "t", "model": MODEL, "model_generate_config": {"temperature": 0.4},
                     "dataset": {"samples": 1}, "config": {"epochs": 1}},
            "plan": {"name": "plan", "steps": [], "config": {}},
            "results": {"total_samples": 1}, "stats": {}}  # fmt: skip


def _model_event(sent: list[Any], said: Any, **more: Any) -> dict[str, Any]:
    tools = [{"name": t["name"], "description": t["description"], "parameters": t["parameters"]}
             for t in TOOLS]  # fmt: skip
    return {"event": "model", "timestamp": "2026-03-04T02:51:01+00:00", "model": MODEL,
            "input": sent, "tools": tools, "tool_choice": "auto", "config": {"temperature": 0.4},
            "output": {"model": ANSWERED, "choices": [{"message": said, "stop_reason": "stop"}]},
            "completed": "2026-03-04T02:51:02+00:00", **more}  # fmt: skip


def inspect_sample(can: Can) -> dict[str, Any]:
    """Return a sample with its messages, attachments and events."""
    attachments: dict[str, str] = {}
    names = {c.id: c.name for step in steps(can) for c in step.calls}
    messages = [inspect_message(s, n, attachments, names) for n, s in enumerate(steps(can))]
    return {"id": "case-1", "epoch": 1, "input": "The billing group is red.", "target": "ask",
            "messages": messages, "attachments": attachments, "metadata": {}, "store": {},
            "output": {"model": ANSWERED, "choices": [{"message": messages[-1],
                                                       "stop_reason": "stop"}]},
            "scores": {"match": {"value": "I"}}, "model_usage": {},
            "events": [{"event": "sample_init", "sample": {}, "state": {}},
                       _model_event(messages[:-1], messages[-1])]}  # fmt: skip


def inspect_json(can: Can) -> Any:
    """Return a log as one JSON file."""
    return {**inspect_header(), "samples": [inspect_sample(can)]}


def inspect_deduplicated(can: Can) -> Any:
    """Return a log whose events refer to a pool of messages, and that kept none beside."""
    sample = inspect_sample(can)
    *sent, last = sample["messages"]
    sample["events_data"] = {"messages": sent, "calls": []}
    sample["events"] = [
        *(
            _model_event([], message, input_refs=[[0, number]])
            for number, message in enumerate(sent)
            if message["role"] == "assistant"
        ),
        _model_event([], last, input_refs=[[0, 1], [1, len(sent)]]),
    ]
    sample["messages"] = []
    return {**inspect_header(), "samples": [sample]}


def inspect_members(can: Can) -> dict[str, Any]:
    """Return the members of an archive."""
    return {"_journal/start.json": {"version": 2, "eval": inspect_header()["eval"]},
            "_journal/summaries/1.json": [{"id": "case-1", "epoch": 1}],
            "samples/case-1_epoch_1.json": inspect_sample(can),
            "summaries.json": [{"id": "case-1", "epoch": 1}],
            "header.json": inspect_header()}  # fmt: skip


def loaded(step: Step) -> list[Any]:
    """Return the arguments of a step's calls."""
    return [loads(call) for call in step.calls]
