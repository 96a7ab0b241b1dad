"""What deciding an item will take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prospect:
    """What happens if the true failure rate is this."""

    true_rate: float
    met: float
    """Probability of a met verdict within the cap."""
    not_met: float
    undecided: float
    mean_trials: float
    trials_low: int | None
    """Trials by which a fifth of the paths is decided; None when not within the cap."""
    trials_high: int | None
    """Trials by which four fifths are."""
    calls: float
    """Mean trials of cases and twins together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What deciding one item from its epoch's start will take."""

    item: str
    eval: str
    model: str
    cases: int
    twins: int
    target: float
    twin_target: float | None
    alpha: float
    epoch: int
    max_trials: int
    clean_trials: int
    prospects: tuple[Prospect, ...]
    tokens_per_trial: float | None
    """Measured on the trials that the ledger holds of this eval on this model."""
    seconds_per_trial: float | None
