"""The draft of a postmortem: what is known at 3 am, and the agent's turns to choose from."""

import datetime as dt
from collections.abc import Iterator

from harness.commands.new_text import comment, open_text, quoted, schema_line
from harness.domain.postmortem import Trace
from harness.domain.transcript import Message

_MOST_TURNS = 12
_LONGEST_TURN = 200
_LONGEST_QUOTE = 300
_FEWEST_WORDS = 5

_BODY = """\
## Summary

<!-- What happened, for somebody who was not there: a paragraph. -->

## Timeline

<!-- - 02:51 UTC: what was seen or done, by whom -->

## What went well

<!-- What kept it from being worse, and should stay as it is. -->

## Where we got lucky

<!-- What kept it from being worse, and cannot be counted on. -->
"""


def draft(
    incident: str, date: dt.date, reference: str, trace: Trace | None, harmful: int | None
) -> str:
    """Return the draft's text; ``reference`` is the trace's path as the postmortem writes it."""
    agent = "\n".join(_agent(reference, trace, harmful))
    return f"""\
---
{schema_line(1, "postmortem")}
id: {incident}
title: {open_text("what went wrong, in one line")}
date: {date.isoformat()}
status: draft             # final when harness lint has nothing left to say
agent_involved: true      # false when no agent inferred or did anything
failure_class:            # the class whose recurrence is followed, such as ops.queue-recovery
trigger:                  # what set it off
contributing_factors: []  # what else had to be so; never one cause
detection:                # how it was noticed, by whom, after how long
impact:                   # who was affected, how much, how long
{agent}
attribution:              # the four shares sum to 1; from 0.15 on each with its evidence
#  agent:   {{share: 0.25, evidence: ...}}
#  tool:    {{share: 0.25, evidence: ...}}
#  data:    {{share: 0.25, evidence: ...}}
#  handoff: {{share: 0.25, evidence: ...}}
action_items: []          # harness new item ITEM-... --incident {incident} --kind ... --eval ...
links: []                 # {{system: jira, key: OPS-12, url: https://...}}
---
{_BODY}"""


def _agent(reference: str, trace: Trace | None, harmful: int | None) -> Iterator[str]:
    yield "agent:"
    yield "  inferences:"
    turns = candidates(trace, harmful) if trace is not None else []
    if turns:
        before = f" before message {harmful}" if harmful is not None else ""
        yield f"    # What the agent said{before}; quote the belief that it acted on, verbatim."
        left_out = len(turns) - _MOST_TURNS
        if left_out > 0:
            yield f"    # ({left_out} earlier turns are left out)"
        for number, message in turns[-_MOST_TURNS:]:
            yield f"    #   message {number}: {_told(message)}"
    yield from _inference(reference, _best(turns))
    shown = "" if harmful is None else str(harmful)
    yield f"  harmful_message: {shown}".rstrip() + _why_empty(trace, harmful)


def _why_empty(trace: Trace | None, harmful: int | None) -> str:
    if trace is None or harmful is not None:
        return ""
    return "        # the message of the trace in which the harmful step was taken"


def _inference(reference: str, best: tuple[int, Message] | None) -> Iterator[str]:
    if best is None:
        yield "    - inferred:           # the agent's words before the harmful step, verbatim"
        if reference:
            yield f"      # trace: {{file: {quoted(reference)}, message: 0}}"
        else:
            yield "      # trace: {file: traces/INC.json, message: 0}"
    else:
        number, message = best
        yield f"    - inferred: {quoted(_quote(message))}"
        yield f"      trace: {{file: {quoted(reference)}, message: {number}}}"
    yield "      inference_correct:  # true when the agent was right and something around it failed"
    yield "      correct_inference:  # what was so: a state of the world, not an action"
    yield "      missed_signal:      # the piece of context that would have changed it"
    yield "      signal_in_context:  # whether that was in what the agent had read"
    yield "      change:             # {layer: tool, what: ...} or {layer: context, what: ...}"


def candidates(trace: Trace, harmful: int | None) -> list[tuple[int, Message]]:
    """Return the agent's turns before the harmful step, with their numbers.

    The harmful turn itself counts: what it says comes before what it calls.
    """
    last = len(trace.messages) - 1 if harmful is None else harmful
    turns = enumerate(trace.messages[: last + 1])
    return [(number, message) for number, message in turns if message.role == "assistant"]


def _text(message: Message) -> str:
    parts = [message.content if isinstance(message.content, str) else "", *message.sentences]
    return " ".join(" ".join(part for part in parts if part).split())


def _told(message: Message) -> str:
    said = _text(message) or " ".join((message.reasoning or "").split())
    calls = ", ".join(call.name for call in message.tool_calls)
    told = comment(said, _LONGEST_TURN) if said else ""
    return f"{told} (calls {comment(calls, 60)})".strip() if calls else told


def _best(turns: list[tuple[int, Message]]) -> tuple[int, Message] | None:
    """Return the last turn that says enough to be quoted."""
    for number, message in reversed(turns):
        if len(_text(message).split()) >= _FEWEST_WORDS:
            return number, message
    return None


def _quote(message: Message) -> str:
    """Return the beginning of a turn, cut between words."""
    text = _text(message)
    if len(text) <= _LONGEST_QUOTE:
        return text
    return text[:_LONGEST_QUOTE].rpartition(" ")[0] or text[:_LONGEST_QUOTE]
