"""A trace's spans, and the conversations that are laid out of them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from harness.domain.record import Json
from harness.importers.builder import Builder, Entry

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
class View:
    """What one call of a model shows: what it was sent, and what it said."""

    sent: list[Entry]
    said: list[Entry]
    builder: Builder


@dataclass(slots=True)
class Thread:
    """A conversation as far as it is known."""

    entries: list[Entry]
    builder: Builder
    spans: list[Span] = field(default_factory=list)


def upward(span: Span, by_id: Mapping[str, Span]) -> Iterator[Span]:
    """Yield a span and those above it; a circle ends where it closes."""
    seen: set[str] = set()
    at: Span | None = span
    while at is not None and at.id not in seen:
        seen.add(at.id)
        yield at
        at = by_id.get(at.parent) if at.parent else None


def richer(entries: list[Entry], other: list[Entry]) -> list[Entry]:
    """Return the entries with times, reasoning and errors that another view has of the same."""
    known = dict(zip(keys_of(other), other, strict=True))
    made = []
    for key, entry in zip(keys_of(entries), entries, strict=True):
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


def keys_of(entries: Iterable[Entry]) -> list[str]:
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
