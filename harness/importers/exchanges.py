"""Logs of requests with their answers: each request repeats what was said before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.domain.record import Json
from harness.importers.builder import Builder
from harness.importers.threads import keys_of, richer
from harness.ports.importer import Trajectory

_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Exchange:
    """A record as it was read."""

    builder: Builder
    source: Json
    title: str


def is_exchange(record: Json) -> bool:
    """Whether a record holds a request beside its answer."""
    return isinstance(record, Mapping) and bool(record.get("request") and record.get("response"))


def read_exchanges(records: Sequence[Json], found: Sequence[Exchange]) -> list[Trajectory]:
    """Return the trajectories; of a log of exchanges, those that no later one repeats.

    Reasoning is often not sent back, so it is taken from the exchange in which it was said.
    """
    if len(records) < _SEVERAL or not all(is_exchange(record) for record in records):
        return [each.builder.finish(each.source, each.title) for each in found]
    keys = [keys_of(each.builder.entries) for each in found]
    made = []
    for number, each in enumerate(found):
        if not any(_goes_on(keys[number], later) for later in keys[number + 1 :]):
            earlier = [n for n in range(number) if _goes_on(keys[n], keys[number])]
            for n in earlier:
                each.builder.entries = richer(each.builder.entries, found[n].builder.entries)
                each.builder.tools = {**found[n].builder.tools, **each.builder.tools}
            why = "the last request holds what was said in them"
            each.builder.lose("earlier requests of the conversation", why, len(earlier))
            made.append(each.builder.finish(each.source, each.title))
    return made


def _goes_on(first: list[str], then: list[str]) -> bool:
    return bool(first) and len(then) > len(first) and then[: len(first)] == first
