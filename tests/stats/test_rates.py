"""The failure rate, the plain interval beside single cases, and the chance level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats import proportion

from harness.stats import rates


def test_every_case_weighs_the_same() -> None:
    """The failure rate is the mean of the cases' rates, however often each was tried."""
    assert rates.failure_rate([5, 0], [10, 1000]) == 0.25


def test_whole_rounds_give_failures_over_trials() -> None:
    """With equal trials per case the rate is exactly failures over trials."""
    assert rates.failure_rate([1, 0, 2], [7, 7, 7]) == 3 / 21


@pytest.mark.parametrize(("failures", "trials"), [([], []), ([0], [0]), ([1, 0], [5, 0])])
def test_no_trials_have_no_failure_rate(failures: list[int], trials: list[int]) -> None:
    """A case without trials leaves the rate unknown: an error, never 0."""
    with pytest.raises(ValueError, match="needs at least one trial of every case"):
        rates.failure_rate(failures, trials)


# R: binom.test(1, 20)$conf.int; binom.test(0, 20)$conf.int
@pytest.mark.parametrize(
    ("failures", "trials", "alpha", "lower", "upper"),
    [(1, 20, 0.05, 0.001265089, 0.2487328), (0, 20, 0.05, 0.0, 0.1684335)],
)
def test_interval_of_one_case_equals_r(
    failures: int, trials: int, alpha: float, lower: float, upper: float
) -> None:
    """The interval of one case equals R's binom.test."""
    bounds = rates.clopper_pearson(failures, trials, alpha)
    assert (float(bounds.lower), float(bounds.upper)) == pytest.approx((lower, upper), rel=1e-6)


def test_interval_of_one_case_equals_scipy_and_statsmodels() -> None:
    """The interval of one case equals SciPy's and statsmodels' exact interval, ends included."""
    for failures, trials in ((0, 1), (1, 1), (3, 17), (17, 17), (50, 1000)):
        bounds = rates.clopper_pearson(failures, trials, 0.1)
        oracle = stats.binomtest(failures, trials).proportion_ci(0.9, "exact")
        assert bounds == pytest.approx((oracle.low, oracle.high))
        assert bounds == pytest.approx(
            proportion.proportion_confint(failures, trials, 0.1, "beta"), nan_ok=False
        )


def test_no_trials_leave_the_whole_range() -> None:
    """Without trials the interval is [0, 1]."""
    assert tuple(map(float, rates.clopper_pearson(0, 0))) == (0.0, 1.0)


def test_chance_level_averages_over_cases() -> None:
    """Chance level is the mean share of failing decisions, not the share of all decisions."""
    assert rates.chance_rate([1, 3], [2, 4]) == 0.625
    with pytest.raises(ValueError, match="failures must lie between 0 and trials"):
        rates.chance_rate([3], [2])


def test_rates_take_arrays() -> None:
    """Bounds broadcast over cases."""
    bounds = rates.clopper_pearson(np.array([0, 1, 2]), 10)
    assert bounds.lower.shape == bounds.upper.shape == (3,)
