"""Cases as draws from the incidents to come: few cases can show little."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.stats import incidents
from harness.stats.boundaries import threshold

LEVEL = threshold(0.05)


@pytest.mark.parametrize(("target", "fewest"), [(0.05, 59), (0.10, 29), (0.30, 9)])
def test_fewest_perfect_cases(target: float, fewest: int) -> None:
    """No evidence on case means can show 5 / 10 / 30 % with fewer than 59 / 29 / 9 cases."""
    assert incidents.fewest_cases(target, 0.05) == fewest
    assert (1 - target) ** -fewest >= 20 > (1 - target) ** -(fewest - 1)
    assert incidents.log_e_met(np.zeros(fewest - 1), target) < LEVEL


@pytest.mark.parametrize(("target", "needed"), [(0.05, 68), (0.10, 33), (0.30, 10)])
def test_perfect_cases_that_close(target: float, needed: int) -> None:
    """The mixture, which survives failing cases, closes at 68 / 33 / 10 perfect ones."""
    assert incidents.log_e_met(np.zeros(needed), target) >= LEVEL
    assert incidents.log_e_met(np.zeros(needed - 1), target) < LEVEL


@pytest.mark.parametrize("target", [0.05, 0.3])
def test_expectation_is_one_for_any_law_of_case_shares(target: float) -> None:
    """For case shares drawn from any law with mean t, the e-value's expectation is 1."""
    for values in ((0.0, 1.0), (0.0, 0.5), (target / 2, 1.0), (0.0, 2 * target)):
        high = (target - values[0]) / (values[1] - values[0])
        mean = 0.0
        for draw in itertools.product((0, 1), repeat=6):
            shares = np.take(values, draw)
            chance = float(np.where(np.array(draw) == 1, high, 1 - high).prod())
            mean += chance * float(np.exp(incidents.log_e_met(shares, target)))
        assert mean == pytest.approx(1.0, abs=1e-12)


def test_order_of_cases_does_not_matter() -> None:
    """The evidence about future cases is the same in whatever order the cases stand."""
    shares = np.r_[np.zeros(30), 0.4, 1.0, 0.05]
    assert incidents.log_e_met(shares, 0.3) == pytest.approx(incidents.log_e_met(shares[::-1], 0.3))


def test_a_failing_case_does_not_end_the_evidence() -> None:
    """One case that always fails leaves evidence that can still grow."""
    assert np.isfinite(incidents.log_e_met(np.r_[np.ones(1), np.zeros(80)], 0.3))
    assert incidents.log_e_met(np.r_[np.ones(1), np.zeros(80)], 0.3) > LEVEL


def test_population_interval_inverts_the_evidence() -> None:
    """Both bounds sit where the evidence reaches 1/alpha, around the mean over cases."""
    shares = np.r_[np.zeros(25), 0.2, 0.9, 1.0]
    bounds = incidents.population_interval(shares, 0.05)
    assert bounds.lower < shares.mean() < bounds.upper
    assert incidents.log_e_met(shares, bounds.upper) == pytest.approx(LEVEL, abs=1e-6)
    assert incidents.log_e_not_met(shares, bounds.lower) == pytest.approx(LEVEL, abs=1e-6)


@pytest.mark.parametrize("shares", [[0.0], [1.0], [0.0, 1.0]])
def test_few_cases_leave_nearly_everything_open(shares: list[float]) -> None:
    """One or two cases exclude next to nothing about cases to come."""
    bounds = incidents.population_interval(shares, 0.05)
    assert bounds.upper - bounds.lower > 0.7


def test_impossible_shares_are_refused() -> None:
    """Shares outside [0, 1], no cases, or a matrix raise ValueError."""
    with pytest.raises(ValueError, match="case_rates must lie between 0 and 1"):
        incidents.log_e_met([1.5], 0.1)
    with pytest.raises(ValueError, match=r"case_rates must have shape \(cases,\)"):
        incidents.log_e_met([], 0.1)
    with pytest.raises(ValueError, match=r"case_rates must have shape \(cases,\)"):
        incidents.log_e_met([[0.1]], 0.1)
