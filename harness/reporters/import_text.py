"""An import as text: what was read, what was dropped, what was replaced, what was written."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from harness.domain.postmortem import Trace
from harness.domain.transcript import Message
from harness.errors import printable

_WIDTH = 72
_MOST_LOSSES = 12


class Made(Protocol):
    """What is shown of an import."""

    @property
    def importer(self) -> str:
        """Its name."""
        ...

    @property
    def why(self) -> str:
        """What it goes by."""
        ...

    @property
    def trace(self) -> Trace:
        """The anonymized trace."""
        ...

    @property
    def harmful(self) -> int:
        """The message of the harmful step."""
        ...

    @property
    def chosen(self) -> bool:
        """Whether the user named it."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values were replaced, by type."""
        ...

    @property
    def key(self) -> str:
        """Where the key comes from."""
        ...

    @property
    def files(self) -> Mapping[Any, str]:
        """Path -> text."""
        ...

    @property
    def dry_run(self) -> bool:
        """Whether nothing was written."""
        ...

    @property
    def next(self) -> tuple[str, ...]:
        """What comes next."""
        ...


def import_text(found: Made) -> str:
    """Return the report of an import."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Made) -> Iterator[str]:
    trace = found.trace
    yield f"read as {found.importer} ({printable(found.why)}): {len(trace.messages)} messages"
    for number, message in enumerate(trace.messages):
        mark = ">" if number == found.harmful else " "
        yield f"{mark} {number:3} {_told(message)}"
    named = (
        "as named" if found.chosen else "the agent's last call; --harmful-message N names another"
    )
    yield f"harmful step  message {found.harmful} ({named})"
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(found.counts.items()) if count)
    yield f"replaced      {counts or 'nothing'}"
    yield f"key           {printable(found.key)}"
    yield from _lossy(trace)
    for path, text in found.files.items():
        if found.dry_run:
            yield f"would write {printable(str(path))}:"
            yield from (f"  | {printable(line)}" for line in text.splitlines())
        else:
            yield f"created {printable(str(path))}"
    yield from (f"next: {printable(step)}" for step in found.next)


def _told(message: Message) -> str:
    said = message.content if isinstance(message.content, str) else str(message.content)
    calls = ", ".join(
        f"{call.name} {call.raw or json.dumps(dict(call.arguments), ensure_ascii=False)}"
        for call in message.tool_calls
    )
    told = f"calls {calls}" if calls else said or message.reasoning or ""
    return printable(f"{message.role:9} {' '.join(told.split())}", _WIDTH)


def _lossy(trace: Trace) -> Iterator[str]:
    if not trace.lossy:
        yield "dropped       nothing"
    for number, loss in enumerate(trace.lossy[:_MOST_LOSSES]):
        head = "dropped" if number == 0 else ""
        times = f" ({loss.count})" if loss.count > 1 else ""
        yield printable(f"{head:13} {loss.what}{times}: {loss.why}")
    more = len(trace.lossy) - _MOST_LOSSES
    if more > 0:
        yield f"{'':13} and {more} more places: lossy in the trace lists them"
