"""Transcripts as text: whatever a model said is data, and cannot steer a terminal."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import printable

_LONGEST_LINE = 400


def trials_text(trials: Sequence[Mapping[str, Any]]) -> str:
    """Return the trials one after another: where they stand, what was shown, what was said."""
    if not trials:
        return "no such trials in the ledger\n"
    return "\n".join("\n".join(_trial(trial)) + "\n" for trial in trials)


def _trial(trial: Mapping[str, Any]) -> Iterator[str]:
    decision = f" {trial['decision']}" if trial["decision"] else ""
    yield printable(
        f"{trial['outcome'].upper()}{decision}: {trial['eval']}/{trial['case']} "
        f"({trial['variant']}), round {trial['round']}, on {trial['model']}"
    )
    yield f"  run {trial['run']}, seed {trial['seed']}"
    if trial["reason"]:
        yield printable(f"  because {trial['reason']}")
    for message in trial["prompt"]["messages"]:
        yield from _message(message)
    for message in trial["transcript"]:
        yield from _message(message, mark="> ")


def _message(message: Mapping[str, Any], mark: str = "  ") -> Iterator[str]:
    content = message.get("content", "")
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    for call in message.get("tool_calls", ()):
        text += f"\ncalls {call['name']}({json.dumps(call.get('arguments', {}))})"
    lines = text.strip("\n").split("\n")
    for index, line in enumerate(lines):
        role = f"{message['role']}:" if index == 0 else ""
        yield f"{mark}{role:11}{printable(line, _LONGEST_LINE)}"
