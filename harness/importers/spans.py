"""Conversations out of spans: every call of a model repeats what was said before it.

The views of one agent are laid over each other, never one after the other: a view that goes on
from what is known replaces it. Only where a view repeats nothing and says no system text of its own
is it the continuation of a log that holds what is new alone.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from harness.domain.record import Json
from harness.importers.blocks import Answered, tidy, tool_call
from harness.importers.builder import Builder, Entry, seconds
from harness.ports.importer import Trajectory

Kind = Literal["model", "agent", "tool", "other"]


@dataclass(slots=True)
class Span:
    """One span of a trace, whatever system wrote it."""

    id: str
    parent: str | None = None
    trace: str = ""
    kind: Kind = "other"
    name: str = ""
    agent: str = ""
    """The agent's name, where the span says it."""
    conversation: str = ""
    """What ties several traces to one conversation."""
    start: float | None = None
    end: float | None = None
    failed: bool = False
    failure: str = ""
    ask: Callable[[Builder, float | None], bool] = lambda _builder, _at: False
    """Reads what was sent into a builder."""
    reply: Callable[[Builder, float | None], bool] = lambda _builder, _at: False
    """Reads what came back into a builder."""
    equip: Callable[[Builder], None] = lambda _builder: None
    """Reads tools, models and settings."""
    tool: str = ""
    call_id: str | None = None
    arguments: Json = None
    result: Json = None
    source: Json = None
    """What the account of losses is made against."""


@dataclass(slots=True)
class _View:
    """What one call of a model shows: what it was sent, and what it said."""

    sent: list[Entry]
    said: list[Entry]
    builder: Builder


@dataclass(slots=True)
class _Thread:
    """A conversation as far as it is known."""

    entries: list[Entry]
    builder: Builder
    spans: list[Span] = field(default_factory=list)


def trajectories(spans: Sequence[Span], title: str = "") -> list[Trajectory]:
    """Return the conversations of a document's spans, the ones that others contain left out."""
    by_id = {span.id: span for span in spans}
    told_apart = len(by_id) == len(spans)  # or somebody has blacked the ids out
    groups: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        key = _group(span, by_id) if told_apart else (span.trace, "")
        groups.setdefault(key, []).append(span)
    threads: list[_Thread] = []
    around = _around(groups.values(), by_id) if told_apart else []
    for members in groups.values():
        if not any(span in around for span in members):
            threads += _threads(members, by_id)
    threads = _uncontained(threads)
    if threads:
        threads[0].spans += around
    several = len(threads) > 1
    made = []
    for number, thread in enumerate(threads, 1):
        thread.builder.entries = thread.entries
        named = next((s.agent or s.conversation for s in thread.spans if s.agent), "")
        called = f"{title or 'trace'} {number}" + (f" ({named})" if named else "")
        source = [span.source for span in (thread.spans if several else spans)]
        made.append(thread.builder.finish(source, called if several else title))
    return made


def _around(groups: Iterable[list[Span]], by_id: Mapping[str, Span]) -> list[Span]:
    """Return the spans of groups that hold no call, and stand around others that do.

    What goes into them and comes out is what the agents inside were asked and said.
    """
    groups = list(groups)
    own = {span.id for members in groups for span in members if span.kind == "model"}
    inside = {above.id for key in own for above in list(_upward(by_id[key], by_id))[1:]}
    return [
        span
        for members in groups
        if not any(span.kind in ("model", "tool") for span in members)
        and any(span.id in inside for span in members)
        for span in members
    ]


def _group(span: Span, by_id: Mapping[str, Span]) -> tuple[str, str]:
    """Return what the spans of one agent's conversation have in common."""
    line = list(_upward(span, by_id))
    agent = next((each for each in line if each.kind == "agent"), None)
    conversation = next((each.conversation for each in line if each.conversation), "")
    if conversation:
        return conversation, agent.agent or agent.name if agent is not None else ""
    return span.trace, agent.id if agent is not None else ""


def _upward(span: Span, by_id: Mapping[str, Span]) -> Iterator[Span]:
    """Yield a span and those above it; a circle ends where it closes."""
    seen: set[str] = set()
    at: Span | None = span
    while at is not None and at.id not in seen:
        seen.add(at.id)
        yield at
        at = by_id.get(at.parent) if at.parent else None


def _threads(members: list[Span], by_id: Mapping[str, Span]) -> list[_Thread]:
    members.sort(key=lambda s: (s.start is None, s.start or 0.0))
    models = [span for span in members if span.kind == "model"]
    outer = {
        above.id
        for span in models
        for above in list(_upward(span, by_id))[1:]
        if above.kind == "model" and span not in _upward(above, by_id) and _seen(span).sent
    }
    threads: list[_Thread] = []
    views = [(_seen(span), span) for span in models if span.id not in outer]
    grows = _grows([view for view, _ in views])
    for view, span in views:
        _lay(threads, view, span, grows=grows)
    for span in members:
        if span.kind == "agent" or (span.kind == "other" and not threads):
            _lay_agent(threads, _seen(span), span)
    tools = [span for span in members if span.kind == "tool"]
    if not threads and tools:
        threads.append(_Thread([], Builder()))
    for thread in threads:
        _answers(thread, tools, alone=len(threads) == 1)
        thread.spans = thread.spans + [s for s in members if s.kind != "model"]
    return [thread for thread in threads if thread.entries]


def _seen(span: Span) -> _View:
    sent, said = Builder(), Builder()
    span.ask(sent, span.start)
    span.equip(sent)
    span.reply(said, span.end if span.end is not None else span.start)
    sent.responded = said.responded or sent.responded
    sent.losses.update(said.losses)
    for spec in said.tools.values():
        sent.tool(spec)
    if span.failed and not said.entries:
        what = f"a call of the model that failed{f': {span.failure}' if span.failure else ''}"
        sent.lose(what, "the model did not answer, and the conversation holds no turn for it")
    return _View(sent.entries, said.entries, sent)


def _lay(threads: list[_Thread], view: _View, span: Span, *, grows: bool) -> None:
    """Lay a view over the threads: onto the one that it goes on from, or beside them."""
    whole = [*view.sent, *view.said]
    if not whole:
        _merge(threads[-1], view, span) if threads else None
        return
    best, kind = _match(threads, view, grows=grows)
    if best is None:
        threads.append(_Thread(whole, view.builder, [span]))
        return
    old = best.entries
    if kind == "same":
        best.entries = _richer(old, whole)
    elif kind == "goes on":
        best.entries = _richer(whole, old)
    elif kind in ("more", "waited for"):
        best.entries = [*old, *whole]
    else:
        keys = set(_keys(whole))
        lost = sum(key not in keys for key in _keys(old))
        why = {
            "again": "the model was asked again, and the conversation went on from there",
            "rewritten": "the agent no longer saw them: its context was cut or summed up",
        }[kind]
        view.builder.lose("messages of an earlier view", why, lost)
        best.entries = _richer(whole, old)
    _merge(best, view, span)


def _match(threads: list[_Thread], view: _View, *, grows: bool) -> tuple[_Thread | None, str]:
    """Return the thread that a view belongs to, and how: by the surest way, then the latest."""
    for ways in (("more", "same", "goes on"), ("again",), ("rewritten",), ("waited for",)):
        for thread in reversed(threads):
            kind = _relation(thread, view, grows=grows)
            if kind in ways:
                return thread, kind
    return None, ""


def _relation(thread: _Thread, view: _View, *, grows: bool) -> str:
    """Return how a view goes on from a thread; empty where it does not."""
    keys, sent, old = _keys([*view.sent, *view.said]), len(view.sent), _keys(thread.entries)
    if grows and not _system(keys):
        return "more"
    if keys == old[: len(keys)]:
        return "same"
    if old == keys[: len(old)] and len(old) <= sent:
        return "goes on"
    if sent and keys[:sent] == old[:sent]:
        return "again"
    tells = {k for k, e in zip(old, thread.entries, strict=True) if _tells(e)}
    if _system(keys) == _system(old) and tells.intersection(keys[: max(sent, 1)]):
        return "rewritten"
    waited = _waits(thread) & {entry.message.tool_call_id for entry in view.sent}
    return "waited for" if waited else ""


def _system(keys: list[str]) -> list[str]:
    return [key for key in keys if key.startswith("system ")]


def _grows(views: list[_View]) -> bool:
    """Whether only the first view holds the system's text: then each holds what is new alone."""
    first, *later = [_system(_keys(view.sent)) for view in views if view.sent] or [[]]
    return bool(first and later) and not any(later)


def _waits(thread: _Thread) -> set[str | None]:
    """Return the calls that nothing in a thread answers."""
    calls: set[str | None] = {
        call.id for entry in thread.entries for call in entry.message.tool_calls if call.id
    }
    return calls - {entry.message.tool_call_id for entry in thread.entries}


def _tells(entry: Entry) -> bool:
    """Whether a message is one that two conversations would hardly share."""
    message = entry.message
    if message.role == "system":
        return False
    return bool(message.tool_calls) or len(str(message.content)) > 3  # noqa: PLR2004 - "yes", "ok"


def _merge(thread: _Thread, view: _View, span: Span) -> None:
    old, new = thread.builder, view.builder
    thread.spans.append(span)
    if new is old:
        return
    new.losses.update(old.losses)
    new.tools = {**old.tools, **new.tools}
    new.sampling = {**old.sampling, **new.sampling}
    new.requested = new.requested or old.requested
    new.responded = new.responded or old.responded
    thread.builder = new


def _lay_agent(threads: list[_Thread], view: _View, span: Span) -> None:
    """Use what a span around the model's calls shows, where it shows more than they do."""
    whole = [*view.sent, *view.said]
    if not whole:
        if threads:
            _merge(threads[0], view, span)
        return
    if not threads:
        threads.append(_Thread(whole, view.builder, [span]))
        return
    keys = _keys(whole)
    for thread in threads:
        old = _keys(thread.entries)
        if len(keys) > len(old) and keys[: len(old)] == old:
            thread.entries = _richer(whole, thread.entries)
        elif len(keys) > len(old) and all(_is_in(key, keys) for key in old if _no_system(key)):
            head = [e for e in thread.entries if e.message.role == "system"]
            rest = [e for e in whole if e.message.role != "system"]
            thread.entries = _richer([*head, *rest], thread.entries)
    _merge(threads[0], view, span)


def _no_system(key: str) -> bool:
    return not key.startswith("system ")


def _is_in(key: str, keys: list[str]) -> bool:
    return key in keys


def _richer(entries: list[Entry], other: list[Entry]) -> list[Entry]:
    """Return the entries with times, reasoning and errors that another view has of the same."""
    known = dict(zip(_keys(other), other, strict=True))
    made = []
    for key, entry in zip(_keys(entries), entries, strict=True):
        found = known.get(key)
        if found is not None:
            entry.message = replace(
                entry.message,
                reasoning=entry.message.reasoning or found.message.reasoning,
                tool_calls=_calls(entry, found),
                tool_call_id=entry.message.tool_call_id or found.message.tool_call_id,
            )
            entry.at = found.at if found.at is not None else entry.at
            entry.failed = entry.failed or found.failed
        made.append(entry)
    return made


def _calls(entry: Entry, found: Entry) -> tuple[Any, ...]:
    pairs = zip(entry.message.tool_calls, found.message.tool_calls, strict=True)
    return tuple(replace(one, id=one.id or other.id) for one, other in pairs)


def _keys(entries: Iterable[Entry]) -> list[str]:
    """Return what makes two views' messages the same; the second of two alike is another."""
    seen: dict[str, int] = {}
    keys = []
    for entry in entries:
        message = entry.message
        calls = [[c.name, c.raw or c.arguments] for c in message.tool_calls]
        content = message.content
        text = content.strip() if isinstance(content, str) else content
        key = f"{message.role} {json.dumps([text, calls], sort_keys=True, default=str)}"
        seen[key] = seen.get(key, 0) + 1
        keys.append(f"{key} {seen[key]}")
    return keys


def _answers(thread: _Thread, tools: list[Span], *, alone: bool) -> None:
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


def _known(thread: _Thread, span: Span, marked: set[str]) -> str | None:
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


def _insert(thread: _Thread, call: Any, answered: Answered, span: Span) -> None:
    """Put a result behind the call that it answers and the results that stand there."""
    place = next(n for n, e in enumerate(thread.entries) if call in e.message.tool_calls) + 1
    while place < len(thread.entries) and thread.entries[place].message.role == "tool":
        place += 1
    builder = Builder()
    builder.answer(answered, span.end)
    thread.entries.insert(place, builder.entries[0])


def _mark(thread: _Thread, span: Span, call: str) -> None:
    for entry in thread.entries:
        if entry.message.tool_call_id == call and entry.message.role == "tool":
            entry.failed = entry.failed or span.failed
            entry.at = span.end if span.end is not None else entry.at


def _uncontained(threads: list[_Thread]) -> list[_Thread]:
    """Leave out a thread whose whole conversation is the beginning of another's."""
    keys = [_keys(thread.entries) for thread in threads]
    kept = []
    for number, thread in enumerate(threads):
        own = keys[number]
        containing = any(
            other != number
            and keys[other][: len(own)] == own
            and (len(keys[other]) > len(own) or other < number)
            for other in range(len(threads))
        )
        if not containing:
            kept.append(thread)
    return kept


def point(value: Json) -> float | None:
    """Return a span's time in seconds since 1970."""
    return seconds(value)
