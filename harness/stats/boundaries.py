"""Integer boundaries of the pooled e-processes: how few failures close an item, how many refute it.

At a given number of trials the evidence for met falls with every failure and the evidence for not
met rises, so each decision is a comparison of counts with two integers. A table serves any number
of items that share a target, and is what exact stopping probabilities are computed from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats import pooled
from harness.stats.arguments import Floats, Ints, checked_alpha, checked_size, checked_target

_NEWTON_STEPS = 8
_MOST_STEPS = 80


class Boundaries(NamedTuple):
    """Looks and their decisions, each of shape (..., looks).

    trials: trials done at the look. met_at_most: the most failures that show the rate below the
    target, -1 when none would. not_met_at_least: the fewest failures that show it above,
    trials + 1 when none would.
    """

    trials: Ints
    met_at_most: Ints
    not_met_at_least: Ints


def threshold(alpha: float) -> float:
    """Return log(1 / alpha), the log evidence that decides at error rate alpha (Ville 1939)."""
    return float(-np.log(checked_alpha(alpha)))


def whole_rounds(cases: int, cap_trials: int) -> Ints:
    """Return the trials done at the end of each round, up to the first at or past cap_trials."""
    size, cap = checked_size(cases, "cases"), checked_size(cap_trials, "cap_trials")
    return np.arange(1, -(-cap // size) + 1, dtype=np.int64) * size


def boundaries(trials: ArrayLike, target: ArrayLike, log_threshold: float) -> Boundaries:
    """Return the integer boundaries at which either pooled log evidence reaches log_threshold.

    trials (whole, >= 0) and target (in (0, 1)) broadcast to the returned shape; log_threshold > 0.
    Comparing counts with the table gives the same verdicts as comparing the log evidence with the
    threshold. ValueError for values out of range.
    """
    total = np.asarray(trials)
    if np.any(total < 0) or np.any(total != np.floor(total)):
        raise ValueError("trials must be whole numbers of at least 0")
    if not log_threshold > 0:
        raise ValueError(f"log_threshold must be positive, got {log_threshold!r}")
    total, rate = np.broadcast_arrays(total.astype(np.int64), checked_target(target))
    flat, at = total.ravel(), rate.ravel()
    expected = np.floor(flat * at).astype(np.int64)
    just_below = np.nextafter(log_threshold, 0.0)

    def closing(failures: Ints, some: Ints) -> Floats:
        return pooled.log_e_met(failures, flat[some], at[some]) - log_threshold

    def sparing(failures: Ints, some: Ints) -> Floats:
        return np.asarray(just_below - pooled.log_e_not_met(failures, flat[some], at[some]))

    spread = np.sqrt(2.0 * flat * at * (1.0 - at) * (log_threshold + 0.5 * np.log1p(flat)))
    none = np.full_like(flat, -1)
    most = _last_holding(closing, (none, expected + 1), expected - spread, (flat, at))
    spared = _last_holding(sparing, (expected, flat + 1), expected + spread, (flat, at))
    return Boundaries(total, most.reshape(total.shape), spared.reshape(total.shape) + 1)


def _last_holding(
    excess: Callable[[Ints, Ints], Floats],
    bracket: tuple[Ints, Ints],
    guess: Floats,
    look: tuple[Ints, Floats],
) -> Ints:
    """Return the last count at which a falling excess is >= 0, by Newton's method on integers.

    excess takes counts and the indices of their looks; bracket holds counts on either side, which
    are never evaluated. The slope of the log evidence is close to the difference of the logits of
    estimate and target (trials, target); bisection takes over should that not converge.
    """
    (trials, target), low, high = look, bracket[0].copy(), bracket[1].copy()
    some = np.flatnonzero(high - low > 1)
    x = np.clip(np.floor(guess[some]).astype(np.int64), low[some] + 1, high[some] - 1)
    for step in range(_MOST_STEPS):
        if not len(some):
            break
        value = excess(x, some)
        holds = value >= 0
        low[some], high[some] = np.where(holds, x, low[some]), np.where(holds, high[some], x)
        going = high[some] - low[some] > 1
        some, x, value = some[going], x[going], value[going]
        odds = np.log((x + 0.5) / (trials[some] - x + 0.5))
        slope = np.abs(odds - np.log(target[some] / (1.0 - target[some]))) + 1e-3
        newton, middle = x + np.clip(value / slope, -1e9, 1e9), (low[some] + high[some]) / 2
        x = np.floor(newton if step < _NEWTON_STEPS else middle).astype(np.int64)
        x = np.clip(x, low[some] + 1, high[some] - 1)
    return low
