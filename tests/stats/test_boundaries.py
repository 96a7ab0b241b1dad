"""Integer boundaries against the evidence that they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats import boundaries as bd
from harness.stats import pooled

LEVEL = bd.threshold(0.05)


@pytest.mark.parametrize("target", [0.001, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 42])
def test_table_holds_the_outermost_counts(target: float, alpha: float) -> None:
    """At every look the table's integers are those found by trying every count."""
    level = bd.threshold(alpha)
    looks = np.array([0, 1, 2, 3, 5, 10, 33, 100, 317, 1000, 2500])
    table = bd.boundaries(looks, target, level)
    for trials, most, fewest in zip(*table, strict=True):
        failures = np.arange(trials + 1)
        closing = np.flatnonzero(pooled.log_e_met(failures, trials, target) >= level)
        refuting = np.flatnonzero(pooled.log_e_not_met(failures, trials, target) >= level)
        assert most == (closing[-1] if len(closing) else -1)
        assert fewest == (refuting[0] if len(refuting) else trials + 1)


def test_bisection_takes_over_from_newton(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a single Newton step the table is the same."""
    looks = np.arange(0, 3000, 37)
    usual = bd.boundaries(looks, 0.05, LEVEL)
    monkeypatch.setattr(bd, "_NEWTON_STEPS", 0)
    for a, b in zip(usual, bd.boundaries(looks, 0.05, LEVEL), strict=True):
        np.testing.assert_array_equal(a, b)


def test_tables_of_many_targets_broadcast() -> None:
    """A column of targets gives one row of boundaries each."""
    targets = np.array([[0.05], [0.3]])
    table = bd.boundaries([20, 40, 60], targets, LEVEL)
    assert table.met_at_most.shape == (2, 3)
    np.testing.assert_array_equal(
        table.not_met_at_least[1], bd.boundaries([20, 40, 60], 0.3, LEVEL).not_met_at_least
    )


def test_rounds_reach_the_cap() -> None:
    """Looks run to the first whole round at or past the cap."""
    assert bd.whole_rounds(20, 50).tolist() == [20, 40, 60]
    assert bd.whole_rounds(20, 60).tolist() == [20, 40, 60]
    assert bd.whole_rounds(100, 7).tolist() == [100]


def test_impossible_arguments_are_refused() -> None:
    """Trials that are no counts, a threshold that says nothing and empty rounds are refused."""
    with pytest.raises(ValueError, match="trials must be whole numbers of at least 0"):
        bd.boundaries([-1], 0.1, LEVEL)
    with pytest.raises(ValueError, match="trials must be whole numbers of at least 0"):
        bd.boundaries([1.5], 0.1, LEVEL)
    with pytest.raises(ValueError, match=r"log_threshold must be positive, got 0\.0"):
        bd.boundaries([1], 0.1, 0.0)
    with pytest.raises(ValueError, match="cases must be a whole number of at least 1, got 0"):
        bd.whole_rounds(0, 10)
