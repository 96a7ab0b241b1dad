"""What a stopping rule will do, exactly, by dynamic programming: nothing is simulated.

State: failures so far, among the paths not yet decided. Each round adds a Poisson-binomial number
of failures (one trial of every case, each with its own true rate); at the round's end the paths at
or past an integer boundary are absorbed. Armitage, McPherson and Rowe (1969, "Repeated significance
tests on accumulating data") is the same recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.arguments import Floats, Ints, checked_rate
from harness.stats.boundaries import Boundaries

_NEGLIGIBLE = 1e-280


@dataclass(frozen=True)
class StoppingLaw:
    """Distribution of the decision under given true rates.

    trials (looks,): trials done at each look. met, not_met (looks,): probability of being decided
    so at that very look. undecided: probability left after the last look. open_failures, open_rate:
    the failures of the paths still undecided then and their probabilities (summing to undecided).
    """

    trials: Ints
    met: Floats
    not_met: Floats
    undecided: float
    open_failures: Ints
    open_rate: Floats

    @property
    def met_rate(self) -> float:
        """Probability of met within the looks."""
        return float(self.met.sum())

    @property
    def not_met_rate(self) -> float:
        """Probability of not met within the looks."""
        return float(self.not_met.sum())

    @property
    def mean_trials(self) -> float:
        """Mean number of trials; paths still undecided count the trials of the last look."""
        return float((self.met + self.not_met) @ self.trials + self.undecided * self.trials[-1])

    def quantile(self, level: float) -> float:
        """Return the trials by which a share of paths in [0, 1] is decided; inf if it never is."""
        share = float(checked_rate(level, "level"))
        decided = np.cumsum(self.met + self.not_met)
        reached = np.flatnonzero(decided >= share * (1.0 - 1e-12))
        return float(self.trials[reached[0]]) if len(reached) else float("inf")


def failures_in_round(case_rates: ArrayLike) -> Floats:
    """Return the probabilities of 0..cases failures in a round, for true rates (cases,).

    The Poisson-binomial law, by convolution; its error is rounding only. ValueError for rates
    outside [0, 1].
    """
    rates = np.atleast_1d(checked_rate(case_rates, "case_rates"))
    law = np.ones(1)
    for rate in rates:
        law = np.convolve(law, (1.0 - rate, rate))
    return law


def stopping_law(
    case_rates: ArrayLike, table: Boundaries, *, stop_not_met: bool = True
) -> StoppingLaw:
    """Return the law of the decision under true rates case_rates of shape (cases,).

    table: boundaries at the ends of consecutive whole rounds (cases, 2 cases, ...), shape (looks,).
    With stop_not_met False only met stops, which is the worst case for a false closing. Time is
    looks x (failures still possible) x cases. ValueError when table and case_rates do not fit.
    """
    law = failures_in_round(case_rates)
    cases = len(law) - 1
    looks = len(table.trials)
    if looks == 0 or not np.array_equal(table.trials, np.arange(1, looks + 1) * cases):
        raise ValueError(f"the table must look at the end of every round of {cases} trials")
    met, not_met = np.zeros(looks), np.zeros(looks)
    first, paths = 0, np.ones(1)
    for look in range(looks):
        paths = np.convolve(paths, law)
        closed = max(int(table.met_at_most[look]) + 1 - first, 0)
        met[look] = paths[:closed].sum()
        refuted = len(paths)
        if stop_not_met:
            refuted = max(min(int(table.not_met_at_least[look]) - first, refuted), 0)
            not_met[look] = paths[refuted:].sum()
        first, paths = first + closed, paths[closed:refuted]
        first, paths = _trimmed(first, paths)
        if not len(paths):
            break
    return StoppingLaw(
        np.asarray(table.trials, dtype=np.int64),
        met,
        not_met,
        float(paths.sum()),
        first + np.arange(len(paths)),
        paths,
    )


def _trimmed(first: int, paths: Floats) -> tuple[int, Floats]:
    """Drop the ends with negligible probability, which would otherwise underflow."""
    kept = np.flatnonzero(paths > _NEGLIGIBLE)
    if not len(kept):
        return first, paths[:0]
    return first + int(kept[0]), paths[kept[0] : kept[-1] + 1]
