"""Evidence about the mean failure rate over future cases: the cases at hand are drawn.

Here the cases are random and the unit is a case, so that more trials of the same cases do not
replace more cases. Each case contributes its observed failure share Y in [0, 1]. For a fixed bet,
prod(1 + bet (target - Y)) has expectation at most 1 when the cases are drawn independently with
mean share >= target; a mixture over bets keeps that and does not depend on the order of cases
(Waudby-Smith and Ramdas 2024, sec. 4; Hoeffding-type hedging over a grid as in their sec. B.5).

The evidence is an e-value for one set of case shares fixed in advance. It is no process in the
number of rounds: evaluate it once, or on cases added in a fixed order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.arguments import Floats, checked_alpha, checked_rate, checked_target
from harness.stats.confseq import Interval

_BETS = 24
_FULL_BET_WEIGHT = 0.5
_BISECTIONS = 48


def log_e_met(case_rates: ArrayLike, target: ArrayLike) -> Floats:
    """Return the log evidence that future cases fail on average below the target.

    case_rates: observed failure shares (cases,) in [0, 1]; target: any shape, in (0, 1), the
    returned shape. Half the weight is on the largest bet 1 / (1 - target), the rest even on a grid
    of smaller ones. ValueError for values out of range or no cases.
    """
    shares = np.atleast_1d(checked_rate(case_rates, "case_rates"))
    if shares.ndim != 1 or shares.size == 0:
        raise ValueError("case_rates must have shape (cases,) with at least one case")
    rates = checked_target(target)
    grid = np.arange(1, _BETS + 1) / _BETS
    weights = np.full(_BETS, (1.0 - _FULL_BET_WEIGHT) / (_BETS - 1))
    weights[-1] = _FULL_BET_WEIGHT
    gains = (rates[..., None, None] - shares) / (1.0 - rates[..., None, None])
    factors = 1.0 + grid[:, None] * gains
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(factors, 0.0)).sum(axis=-1)
    return np.asarray(np.logaddexp.reduce(logs + np.log(weights), axis=-1))


def log_e_not_met(case_rates: ArrayLike, target: ArrayLike) -> Floats:
    """Return the log evidence that future cases fail on average above the target (mirrored)."""
    return log_e_met(1.0 - checked_rate(case_rates, "case_rates"), 1.0 - checked_target(target))


def fewest_cases(target: float, alpha: float) -> int:
    """Return the number of perfect cases below which no bet can show the target at alpha.

    A perfect case multiplies any evidence by at most 1 / (1 - target), so log(1/alpha) / -log(1 -
    target) of them are needed. ValueError for values outside (0, 1).
    """
    rate = float(checked_target(target))
    return int(np.ceil(np.log(checked_alpha(alpha)) / np.log1p(-rate)))


def population_interval(case_rates: ArrayLike, alpha: float) -> Interval:
    """Return bounds of the mean failure rate over future cases, each one-sided at alpha.

    Inverts the evidence; case_rates: (cases,) in [0, 1]. Advice beside the verdict, not a verdict.
    ValueError as in log_e_met.
    """
    level = -np.log(checked_alpha(alpha))
    shares = np.atleast_1d(checked_rate(case_rates, "case_rates"))
    centre = float(shares.mean())
    return Interval(
        np.asarray(1.0 - _upper(1.0 - shares, 1.0 - centre, level)),
        np.asarray(_upper(shares, centre, level)),
    )


def _upper(shares: Floats, centre: float, level: float) -> float:
    low, high = centre, 1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if float(log_e_met(shares, middle)) >= level:
            high = middle
        else:
            low = middle
    return high
