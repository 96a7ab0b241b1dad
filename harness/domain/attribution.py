"""Attribution by replay: which layers an incident's failure rate hangs on."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.domain.case import Layer


@dataclass(frozen=True, slots=True)
class CellPlan:
    """One combination of repaired layers, and where its trials stand."""

    layers: tuple[Layer, ...]
    variant: str
    rounds: int
    """Rounds of all cases that are replayed."""
    places: tuple[tuple[str, str, str, str, str], ...]
    """Eval, protocol, fingerprint, case, and digest of the case as it is replayed."""


@dataclass(frozen=True, slots=True)
class AttributionQuestion:
    """All that an attribution depends on, besides the ledger."""

    incident: str
    model: str
    agent: str
    """How the agent layer is repaired, in words; empty for the cases' own edits."""
    layers: tuple[Layer, ...]
    """The layers that every case can repair, in the order of the cells' bits."""
    lacking: Mapping[str, tuple[str, ...]]
    """Layer -> the cases that declare no repair of it."""
    author: Mapping[str, float]
    """Layer -> the share that the postmortem gives it; empty without an attribution."""
    alpha: float
    max_ungraded_rate: float
    cells: tuple[CellPlan, ...]
    """2^layers cells; bit i of a cell's place says that layer i is repaired."""
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What was replayed of one combination."""

    layers: tuple[Layer, ...]
    trials: int
    failures: int
    """Trials that did not pass; what could not be graded is among them."""
    ungraded: int


@dataclass(frozen=True, slots=True)
class Bounded:
    """A number with two-sided bounds."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class LayerShare:
    """One measured layer."""

    layer: Layer
    drop: Bounded
    """The part of the total drop that the layer accounts for: its Shapley value."""
    alone: float
    """The drop that repairing this layer alone brings."""
    share: Bounded | None
    """The drop over the total drop; None while there is no drop to share."""
    author: float | None
    agrees: bool | None
    """Whether the author's share lies within the bounds; None where there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """What repairing both layers brings beyond repairing each: above 0 AND, below 0 OR."""

    layers: tuple[Layer, Layer]
    beyond: Bounded


@dataclass(frozen=True, slots=True)
class Attributed:
    """The answer."""

    complete: bool
    """Whether every cell holds all its rounds; nothing is computed before."""
    invalid: bool
    """Whether too much is ungraded to judge."""
    reasons: tuple[str, ...]
    cells: tuple[Cell, ...]
    drop: Bounded | None
    """v(none) - v(all)."""
    rest: Bounded | None
    """v(all): the failure rate that no repair takes away."""
    shown: bool
    """Whether the interval of the total drop lies above 0, so that shares mean something."""
    layers: tuple[LayerShare, ...]
    interactions: tuple[Interaction, ...]


@dataclass(frozen=True, slots=True)
class AttributionReport:
    """An attribution with what it took, or exact rates that stand beside it."""

    question: AttributionQuestion
    answer: Attributed
    exact: Mapping[str, float] | None
    """Combination -> exact failure rate; a diagnostic that no decision rests on.

    None where nobody asked.
    """
    run: str | None
    new_trials: int
    stopped: str
    record: str | None
