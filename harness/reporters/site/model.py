"""What the pages show: plain frozen records, made by ``commands/report_data.py``."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.domain.decision import Judgement
from harness.domain.postmortem import Postmortem
from harness.domain.review import Review


@dataclass(frozen=True, slots=True)
class Look:
    """The confidence sequence at one look."""

    trials: int
    failures: int
    estimate: float
    lower: float
    upper: float
    night: str
    """The day on which the round was replayed."""


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One epoch of an item."""

    number: int
    model: str
    fingerprint: str
    target: float
    first_round: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One case on one model."""

    case: str
    model: str
    trials: int
    failures: int


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a transcript, made harmless and cut to a bearable length."""

    number: int
    role: str
    text: str
    calls: tuple[str, ...] = ()
    reasoning: str = ""
    marked: bool = False
    """The decision, the quoted inference or the harmful step."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial that failed, with all that was shown and said."""

    run: str
    model: str
    case: str
    variant: str
    round: int
    outcome: str
    decision: str
    reason: str
    shown: tuple[Said, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An action item."""

    id: str
    title: str
    kind: str
    incident: str
    failure_class: str
    owner: str
    due: str
    state: str
    verdict: str
    why: tuple[str, ...]
    eval: str
    model: str
    base: Judgement | None
    twins: Judgement | None
    looks: tuple[Look, ...] = ()
    epochs: tuple[EpochRow, ...] = ()
    cells: tuple[Cell, ...] = ()
    failures: tuple[Failure, ...] = ()
    failed_in_all: int = 0
    """How many failing trials there are; only the last ones are shown."""
    events: tuple[Mapping[str, Any], ...] = ()
    """Closings, reopenings and waivers, in their order."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostmortemPage:
    """A postmortem."""

    value: Postmortem
    sections: tuple[tuple[str, str], ...]
    """Heading and text of what stands below the front matter."""
    traces: frozenset[str] = frozenset()
    """The traces that have a page."""
    measured: Mapping[str, Any] | None = None
    """What ``harness attribute`` measured: model, reasons, and figures by layer."""
    shares: Mapping[str, float] | None = None
    """The measured shares; None where no drop was shown."""
    grade: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class TracePage:
    """A trace, with the places that postmortems refer to."""

    name: str
    incident: str
    reconstructed: bool
    messages: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A gate, a night or an attribution: its record, as it lies in reports/."""

    name: str
    verdict: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of the ledger."""

    run: str
    day: str
    records: int
    trials: int
    head: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class Site:
    """All that the pages show."""

    name: str
    as_of: dt.date
    version: str
    items: tuple[ItemPage, ...]
    postmortems: tuple[PostmortemPage, ...]
    traces: tuple[TracePage, ...]
    gates: tuple[RecordPage, ...]
    nights: tuple[RecordPage, ...]
    runs: tuple[RunRow, ...]
    review: Review | None
    unreadable: tuple[str, ...] = ()
