"""What the tools' own spans add to a conversation: results, failures, times."""

from typing import Any

from harness.domain.record import Json
from harness.importers.blocks import Answered, tidy
from harness.importers.builder import Builder
from harness.importers.texts import tool_call
from harness.importers.threads import Span, Thread


def add_answers(thread: Thread, tools: list[Span], *, alone: bool) -> None:
    """Add results that only the tools' own spans hold, and calls that no model's span holds."""
    calls = [call for entry in thread.entries for call in entry.message.tool_calls]
    answered = {
        entry.message.tool_call_id for entry in thread.entries if entry.message.role == "tool"
    }
    unnamed = sum(
        entry.message.role == "tool" and entry.message.tool_call_id is None
        for entry in thread.entries
    )
    open_calls = [call for call in calls if call.id not in answered or call.id is None][unnamed:]
    marked: set[str] = set()
    for span in tools:
        own = next((c for c in open_calls if _fits(c, span)), None)
        if own is not None:
            open_calls.remove(own)
            result = Answered(own.id, _result(span), own.name, span.failed)
            _insert(thread, own, result, span)
        elif (known := _known(thread, span, marked)) is not None:
            marked.add(known)
            _mark(thread, span, known)
        elif alone and not calls:
            made = tool_call(span.tool or span.name, span.arguments, span.call_id)
            thread.builder.entries = thread.entries
            thread.builder.turn(calls=[made], at=span.start)
            result = Answered(span.call_id, _result(span), made.name, span.failed)
            thread.builder.answer(result, span.end)


def _known(thread: Thread, span: Span, marked: set[str]) -> str | None:
    """Return the call of a tool's span whose result stands in the thread already."""
    answered = {e.message.tool_call_id for e in thread.entries if e.message.role == "tool"}
    calls = [c for e in thread.entries for c in e.message.tool_calls if c.id in answered]
    fitting = (c.id for c in calls if _fits(c, span) and c.id not in marked)
    return next(fitting, None)


def _fits(call: Any, span: Span) -> bool:
    if span.call_id and call.id:
        return bool(span.call_id == call.id)
    wanted = tool_call(call.name, span.arguments)
    alike = call.arguments == wanted.arguments and call.raw == wanted.raw
    return bool(call.name == span.tool and alike)


def _result(span: Span) -> Json:
    content = tidy(span.result)
    return span.failure if content == "" and span.failed else content


def _insert(thread: Thread, call: Any, answered: Answered, span: Span) -> None:
    """Put a result behind the call that it answers and the results that stand there."""
    place = next(n for n, e in enumerate(thread.entries) if call in e.message.tool_calls) + 1
    while place < len(thread.entries) and thread.entries[place].message.role == "tool":
        place += 1
    builder = Builder()
    builder.answer(answered, span.end)
    thread.entries.insert(place, builder.entries[0])


def _mark(thread: Thread, span: Span, call: str) -> None:
    for entry in thread.entries:
        if entry.message.tool_call_id == call and entry.message.role == "tool":
            entry.failed = entry.failed or span.failed
            entry.at = span.end if span.end is not None else entry.at
