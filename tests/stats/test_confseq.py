"""Bounds that cannot contradict the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats import confseq, crossing, hybrid, pooled
from harness.stats.boundaries import threshold

LEVEL = threshold(0.05)


def test_interval_agrees_with_the_verdict_on_ten_thousand_counts() -> None:
    """Met and upper < target, not met and lower > target: one statement on 10,000 (S, n, t)."""
    rng = np.random.default_rng(20260102)
    trials = (10 ** rng.uniform(0, 5, 10_000)).astype(np.int64)
    target = rng.uniform(0.001, 0.9, 10_000)
    near = np.clip(target * rng.choice([0, 0.5, 0.9, 1, 1.1, 1.5], 10_000), 0, 1)
    failures = rng.binomial(trials, near)
    failures[:50], failures[50:100] = 0, trials[50:100]
    bounds = confseq.pooled_interval(
        failures[:, None], failures[:, None], trials[:, None], target, LEVEL
    )
    met = pooled.log_e_met(failures, trials, target) >= LEVEL
    not_met = pooled.log_e_not_met(failures, trials, target) >= LEVEL
    np.testing.assert_array_equal(met, bounds.upper < target)
    np.testing.assert_array_equal(not_met, bounds.lower > target)
    assert np.all((bounds.lower <= failures / trials) & (failures / trials <= bounds.upper))
    assert min(met.mean(), not_met.mean()) > 0.1


def test_agreement_survives_targets_on_the_boundary() -> None:
    """Where the target sits at the bound itself, to the last digits, the two still agree."""
    failures, trials = np.array([[0], [3], [40]]), np.array([[100], [200], [1000]])
    edge = confseq.pooled_interval(failures, failures, trials, np.full(3, 0.5), LEVEL)
    for bound in edge:
        for ulps in range(-40, 41):
            target = np.clip(bound + ulps * np.spacing(bound), 1e-6, 1 - 1e-6)
            again = confseq.pooled_interval(failures, failures, trials, target, LEVEL)
            met = pooled.log_e_met(failures[:, 0], trials[:, 0], target) >= LEVEL
            not_met = pooled.log_e_not_met(failures[:, 0], trials[:, 0], target) >= LEVEL
            np.testing.assert_array_equal(met, again.upper < target)
            np.testing.assert_array_equal(not_met, again.lower > target)


def test_bounds_hardly_depend_on_the_anchor() -> None:
    """The target moves the search, not the answer."""
    failures, trials = np.full((5, 1), 7), np.full((5, 1), 130)
    anchors = np.array([0.001, 0.03, 0.054, 0.2, 0.9])
    bounds = confseq.pooled_interval(failures, failures, trials, anchors, LEVEL)
    assert np.ptp(bounds.lower) < 1e-12
    assert np.ptp(bounds.upper) < 1e-12


def test_bounds_at_the_edges() -> None:
    """No trials give [0, 1]; no failures give lower 0; only failures give upper 1."""
    failures, trials = np.array([[0], [0], [30]]), np.array([[0], [30], [30]])
    bounds = confseq.pooled_interval(failures, failures, trials, 0.2, LEVEL)
    assert bounds.lower[:2].tolist() == [0.0, 0.0]
    assert bounds.upper[[0, 2]].tolist() == [1.0, 1.0]
    assert 0 < bounds.upper[1] < 0.2
    assert 0.5 < bounds.lower[2] < 1
    empty = confseq.hybrid_interval(np.zeros((0, 3)), np.zeros((0, 3)), 0.1, LEVEL)
    assert (float(empty.lower), float(empty.upper)) == (0.0, 1.0)


def test_bounds_only_tighten_with_looks() -> None:
    """The interval keeps what earlier looks excluded: each further look can only narrow it."""
    failures = np.cumsum(np.random.default_rng(2).random((40, 10)) < 0.15, axis=0).sum(axis=1)
    trials = np.arange(1, 41) * 10
    widths = [
        confseq.pooled_interval(failures[:k], failures[:k], trials[:k], 0.3, LEVEL)
        for k in range(1, 41)
    ]
    assert np.all(np.diff([w.upper for w in widths]) <= 1e-12)
    assert np.all(np.diff([w.lower for w in widths]) >= -1e-12)


def random_evals(count: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return outcomes (worst, best) and targets: even, packed, ungraded and hopeless evals."""
    rng = np.random.default_rng(77)
    evals = []
    for _ in range(count):
        rounds, cases = int(rng.integers(1, 40)), int(rng.integers(1, 12))
        rates = rng.beta(0.3, rng.choice([1, 5, 20]), size=cases)
        best = (rng.random((rounds, cases)) < rates).astype(np.uint8)
        ungraded = (rng.random((rounds, cases)) < rng.choice([0, 0.02])).astype(np.uint8)
        evals.append((best | ungraded, best, float(rng.uniform(0.02, 0.8))))
    return evals


def test_hybrid_interval_agrees_with_the_verdict() -> None:
    """On 150 random evals the hybrid's bounds agree with its verdicts."""
    verdicts = set()
    for worst, best, target in random_evals(150):
        bounds = confseq.hybrid_interval(worst, best, target, LEVEL)
        look = crossing.first_look(*hybrid.trajectories(worst, best, target), LEVEL)
        assert (bounds.upper < target) == (look.met >= 0)
        assert (bounds.lower > target) == (look.not_met >= 0)
        verdicts.add((look.met >= 0, look.not_met >= 0))
    assert {(True, False), (False, True), (False, False)} <= verdicts


def test_hybrid_bound_is_the_outermost_rejection() -> None:
    """Over a grid of rates the hybrid rejects all above the upper bound and none just below it."""
    for worst, best, target in random_evals(25):
        upper = float(confseq.hybrid_interval(worst, best, target, LEVEL).upper)
        grid = np.linspace(0.002, 0.998, 250)
        rejected = np.any(hybrid.log_e_met(worst, grid) >= LEVEL, axis=1)
        assert rejected[grid >= upper].all()
        assert not rejected[grid < upper - 1e-5].any()


def test_hybrid_interval_is_tighter_on_packed_failures() -> None:
    """With all failures in one case of ten, the hybrid's upper bound lies below the pooled one."""
    outcomes = np.zeros((30, 10), dtype=np.uint8)
    outcomes[::2, 3] = 1
    counts, trials = np.cumsum(outcomes.sum(axis=1)), np.arange(1, 31) * 10
    alone = confseq.pooled_interval(counts, counts, trials, 0.1, LEVEL)
    both = confseq.hybrid_interval(outcomes, outcomes, 0.1, LEVEL)
    assert both.upper < 0.95 * alone.upper
    assert both.lower == alone.lower


def test_impossible_arguments_are_refused() -> None:
    """Counts without looks and outcome matrices that differ in shape raise ValueError."""
    with pytest.raises(ValueError, match=r"counts must have shape \(\.\.\., looks\)"):
        confseq.pooled_interval(0, 0, 10, 0.1, LEVEL)
    with pytest.raises(ValueError, match="must share one shape"):
        confseq.hybrid_interval(np.zeros((2, 3)), np.zeros((3, 2)), 0.1, LEVEL)
