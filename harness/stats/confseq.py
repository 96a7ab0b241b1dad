"""Confidence sequences: the target rates that the evidence has not rejected at any look so far.

Inverting a family of e-processes gives bounds valid at all looks together (Howard et al. 2021, sec.
1; Waudby-Smith and Ramdas 2024, theorem 1). Each bound is one-sided at alpha, so that a two-sided
interval has confidence 1 - 2 alpha. Because the verdict comes from the same numbers, and the search
starts from the target, "met" and "upper < target" are one statement, and so are "not met" and
"lower > target".

Rejection is monotone for the pooled process wherever it matters: with E >= 1/alpha > 1 the estimate
lies on the shown side of the target, and moving the target away raises the likelihood ratio faster
than the truncated prior's normalisation lowers it. For the hybrid the search keeps to the stretch
of rejected values next to the target's; tests compare it with a full grid.

Hand over the looks up to the one that decided: with later looks included, an interval may exclude
its target on both sides (probability at most 2 alpha), in which case lower > upper is returned as
it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats import hybrid, pooled
from harness.stats.arguments import Floats, checked_counts, checked_outcomes, checked_target

_BISECTIONS = 48
_MOST_STEPS = 60


class Interval(NamedTuple):
    """Bounds of the failure rate in [0, 1], scalars or arrays of one shape."""

    lower: Floats
    upper: Floats


def pooled_interval(
    failures_worst: ArrayLike,
    failures_best: ArrayLike,
    trials: ArrayLike,
    target: ArrayLike,
    log_threshold: float,
) -> Interval:
    """Return the bounds from pooled counts at looks (..., looks), anchored at target (...).

    failures_worst (ungraded as failures) gives the upper bound, failures_best (ungraded as passes)
    the lower one. Accurate to 1e-14 towards the outside; [0, 1] without trials; lower is 0 without
    failures, upper 1 when all failed. ValueError for counts or targets out of range, or no looks
    axis.
    """
    worst, total = checked_counts(failures_worst, trials)
    best, _ = checked_counts(failures_best, trials)
    if worst.ndim < 1:
        raise ValueError("counts must have shape (..., looks)")
    shape = np.broadcast_shapes(worst.shape[:-1], np.shape(target))
    anchor = np.broadcast_to(checked_target(target), shape)

    def above(rate: Floats) -> NDArray[np.bool_]:
        evidence = pooled.log_e_met(worst, total, rate[..., None])
        return np.asarray(np.any(evidence >= log_threshold, axis=-1))

    return Interval(_lower(best, total, anchor, log_threshold), _outermost(above, anchor, end=1.0))


def hybrid_interval(
    failures_worst: ArrayLike,
    failures_best: ArrayLike,
    target: float,
    log_threshold: float,
    tolerance: float = 1e-6,
) -> Interval:
    """Return the bounds from outcomes (rounds, cases) looked at after every round.

    failures_worst counts ungraded trials as failures (upper bound), failures_best as passes (lower
    bound). The search starts at target. The upper bound inverts the hybrid process and lies at most
    tolerance x target outside the exact one; the lower bound inverts the pooled process. ValueError
    as in hybrid.trajectories.
    """
    worst, best = checked_outcomes(failures_worst), checked_outcomes(failures_best)
    if worst.shape != best.shape or worst.ndim != 2:  # noqa: PLR2004 - rounds and cases
        raise ValueError("failures_worst and failures_best must share one shape (rounds, cases)")
    rounds, cases = worst.shape
    anchor = checked_target(target)
    if rounds == 0:
        return Interval(np.zeros(()), np.ones(()))
    counts = np.cumsum(best.sum(axis=1, dtype=np.float64))
    trials = np.arange(1, rounds + 1, dtype=np.float64) * cases

    def excess(rate: float) -> float:
        return float(hybrid.log_e_met(worst, rate).max()) - log_threshold

    upper = _crossing_from_above(excess, float(anchor), tolerance * float(anchor))
    return Interval(_lower(counts, trials, anchor, log_threshold), np.asarray(upper))


def _lower(best: Floats, total: Floats, anchor: Floats, log_threshold: float) -> Floats:
    def below(rate: Floats) -> NDArray[np.bool_]:
        evidence = pooled.log_e_not_met(best, total, rate[..., None])
        return np.asarray(np.any(evidence >= log_threshold, axis=-1))

    return _outermost(below, anchor, end=0.0)


def _outermost(
    rejected: Callable[[Floats], NDArray[np.bool_]], anchor: Floats, end: float
) -> Floats:
    """Bisect for the rejected value next to the rates not rejected, coming from end (0 or 1).

    The bracket runs from the anchor to the end when the anchor stands, and to the other end when it
    is rejected. A rejected anchor is never returned itself: the bound lies beyond it by at least
    one representable number.
    """
    falls = rejected(anchor)
    outside = np.where(falls, anchor, end)
    inside = np.where(falls, 1.0 - end, anchor)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (outside + inside)
        out = rejected(np.clip(middle, 1e-300, 1.0 - 1e-16))
        outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
    beyond = np.nextafter(anchor, 1.0 - end)
    return np.asarray(np.where(falls & (outside == anchor), beyond, outside), dtype=np.float64)


def _crossing_from_above(
    excess: Callable[[float], float], anchor: float, tolerance: float
) -> float:
    """Return the rejected rate (excess >= 0) that lies at most tolerance above the crossing.

    The function is dear, so Illinois' secant replaces two of three bisections.
    """
    at_anchor = excess(anchor)
    if at_anchor >= 0:
        low, high, f_low, f_high = 0.0, anchor, -1.0, at_anchor
    else:
        low, high, f_low, f_high = anchor, 1.0, at_anchor, 1.0
    for step in range(_MOST_STEPS):
        if high - low <= tolerance:
            break
        share = 0.5 if step % 3 == 0 else min(max(-f_low / (f_high - f_low), 0.05), 0.95)
        middle = low + share * (high - low)
        value = excess(middle)
        if value >= 0:
            high, f_high, f_low = middle, value, f_low / 2
        else:
            low, f_low, f_high = middle, value, f_high / 2
    return min(high, float(np.nextafter(anchor, 0.0))) if at_anchor >= 0 else high
