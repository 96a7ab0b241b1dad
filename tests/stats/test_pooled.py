"""The pooled e-process against high-precision integrals and exact sums."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.stats import pooled

DIGITS = 80


def beta_integral(a: mpmath.mpf, b: mpmath.mpf, x: mpmath.mpf) -> mpmath.mpf:
    """Return the log of the integral of q^(a-1) (1-q)^(b-1) over (0, x).

    The series DLMF 8.17.8 has positive terms only, so that no digit is lost; above 1/2 the integral
    is taken from the whole, for which there are digits to spare.
    """
    if x > 0.5:
        return mpmath.log(mpmath.beta(a, b) - mpmath.exp(beta_integral(b, a, 1 - x)))
    term = total = mpmath.mpf(1)
    k = 0
    while term > total * mpmath.mpf(10) ** -DIGITS or (a + b + k) * x > a + 1 + k:
        term *= (a + b + k) * x / (a + 1 + k)
        total += term
        k += 1
    return a * mpmath.log(x) + b * mpmath.log(1 - x) - mpmath.log(a) + mpmath.log(total)


def reference(failures: int, trials: int, target: float, *, below: bool) -> float:
    """Return the log evidence with digits to spare, straight from its definition."""
    with mpmath.workdps(DIGITS):
        t = mpmath.mpf(target)
        a, b = mpmath.mpf("0.5"), mpmath.mpf("0.5") if below else 1 / (2 * t)
        first, second = a + failures, b + trials - failures
        if below:
            evidence, prior = beta_integral(first, second, t), beta_integral(a, b, t)
        else:
            evidence, prior = beta_integral(second, first, 1 - t), beta_integral(b, a, 1 - t)
        likelihood = failures * mpmath.log(t) + (trials - failures) * mpmath.log(1 - t)
        return float(evidence - prior - likelihood)


MET_POINTS = [
    (0, 1, 0.05),
    (0, 74, 0.05),
    (3, 200, 0.05),
    (0, 377, 0.01),
    (17, 100, 0.1),
    (100, 100, 0.05),
    (2000, 2000, 0.3),
    (0, 1_000_000, 1e-4),
    (28, 151_033, 1e-4),
    (250, 1_000_000, 1e-4),
    (1000, 1_000_000, 1e-4),
    (13_892, 407_788, 0.01),
    (49_000, 1_000_000, 0.05),
    (19_536, 21_327, 0.9),
    (0, 40, 0.99),
]

NOT_MET_POINTS = [
    (0, 1, 0.05),
    (3, 3, 0.05),
    (5, 40, 0.05),
    (0, 400, 0.05),
    (17, 100, 0.1),
    (100, 100, 0.3),
    (2000, 2000, 0.3),
    (0, 3000, 0.01),
    (200, 1_000_000, 1e-4),
    (20_000, 407_788, 0.01),
    (51_000, 1_000_000, 0.05),
    (40, 40, 0.99),
]


@pytest.mark.parametrize(("failures", "trials", "target"), MET_POINTS)
def test_evidence_for_met_has_nine_digits(failures: int, trials: int, target: float) -> None:
    """The log evidence for met equals the integral to 1e-9, underflowing tails included."""
    expected = reference(failures, trials, target, below=True)
    assert pooled.log_e_met(failures, trials, target) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("failures", "trials", "target"), NOT_MET_POINTS)
def test_evidence_for_not_met_has_nine_digits(failures: int, trials: int, target: float) -> None:
    """The log evidence for not met equals the high-precision integral to 1e-9."""
    expected = reference(failures, trials, target, below=False)
    result = pooled.log_e_not_met(failures, trials, target)
    assert result == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("target", [1e-4, 0.05, 0.3, 0.9])
def test_the_underflow_branch_joins_the_other_one(
    target: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where both formulas work they agree, so the switch between them leaves no step."""
    trials = 2000
    failures = np.arange(int(trials * target) + 150 * (1 - int(target > 0.85)), trials + 1, 7)
    usual = pooled.log_e_met(failures, trials, target)
    monkeypatch.setattr(pooled, "_UNDERFLOW", 1e-20)
    np.testing.assert_allclose(pooled.log_e_met(failures, trials, target), usual, rtol=1e-10)


@pytest.mark.parametrize("target", [0.01, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("trials", [1, 7, 60])
def test_evidence_has_expectation_one_at_the_target(trials: int, target: float) -> None:
    """At the target both e-values have expectation exactly 1, the basis of every error rate."""
    failures = np.arange(trials + 1)
    chance = stats.binom.pmf(failures, trials, target)
    for evidence in (pooled.log_e_met, pooled.log_e_not_met):
        mean = chance @ np.exp(evidence(failures, trials, target))
        assert mean == pytest.approx(1.0, abs=1e-11)


@given(
    rates=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6),
    rounds=st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_uneven_cases_never_raise_the_expectation(rates: list[float], rounds: int) -> None:
    """With fixed unequal case rates of mean t, both expectations stay at most 1."""
    target = float(np.mean(rates))
    if not 0.001 < target < 0.999:
        return
    law = np.ones(1)
    for rate in rates * rounds:
        law = np.convolve(law, (1 - rate, rate))
    failures, trials = np.arange(len(law)), len(law) - 1
    for evidence in (pooled.log_e_met, pooled.log_e_not_met):
        assert law @ np.exp(evidence(failures, trials, target)) <= 1 + 1e-9


def test_no_trials_are_no_evidence() -> None:
    """Without trials the log evidence is exactly 0 both ways, at every target."""
    targets = np.array([1e-4, 0.05, 0.5, 0.99])
    assert np.array_equal(pooled.log_e_met(0, 0, targets), np.zeros(4))
    assert np.array_equal(pooled.log_e_not_met(0, 0, targets), np.zeros(4))


def test_arguments_broadcast() -> None:
    """Failures, trials and targets of different shapes give their common shape."""
    failures, trials = np.arange(3)[:, None], np.array([10, 20])
    result = pooled.log_e_met(failures, trials, np.full((4, 1, 1), 0.1))
    assert result.shape == (4, 3, 2)
    assert result[2, 1, 1] == pooled.log_e_met(1, 20, 0.1)


@given(trials=st.integers(1, 3000), target=st.floats(1e-3, 0.99), failures=st.floats(0.0, 1.0))
@settings(max_examples=200, deadline=None)
def test_a_failure_never_helps_to_close(trials: int, target: float, failures: float) -> None:
    """One failure more lowers the evidence for met and raises the evidence for not met."""
    count = int(failures * (trials - 1))
    met = pooled.log_e_met([count, count + 1], trials, target)
    not_met = pooled.log_e_not_met([count, count + 1], trials, target)
    assert met[1] < met[0] + 1e-9
    assert not_met[1] > not_met[0] - 1e-9


@given(trials=st.integers(0, 3000), target=st.floats(1e-3, 0.99), share=st.floats(0.0, 1.0))
@settings(max_examples=200, deadline=None)
def test_a_clean_trial_never_hurts(trials: int, target: float, share: float) -> None:
    """One pass more raises the evidence for met, so the forecast is well defined."""
    count = int(share * trials)
    pair = pooled.log_e_met(count, [trials, trials + 1], target)
    assert pair[1] > pair[0] - 1e-9


@pytest.mark.parametrize(
    ("failures", "trials", "target", "rule"),
    [
        (-1, 10, 0.1, "failures must lie between 0 and trials"),
        (11, 10, 0.1, "failures must lie between 0 and trials"),
        (0.5, 10, 0.1, "failures and trials must be whole numbers"),
        (float("nan"), 10, 0.1, "failures and trials must be whole numbers"),
        (0, float("inf"), 0.1, "failures and trials must be whole numbers"),
        (0, 10, 0.0, r"target must lie strictly between 0 and 1, got 0\.0"),
        (0, 10, 1.0, r"target must lie strictly between 0 and 1, got 1\.0"),
        (0, 10, float("nan"), "target must lie strictly between 0 and 1, got nan"),
    ],
)
def test_impossible_arguments_are_refused(
    failures: float, trials: float, target: float, rule: str
) -> None:
    """Counts that no experiment can have, and targets without two sides, raise ValueError."""
    for evidence in (pooled.log_e_met, pooled.log_e_not_met):
        with pytest.raises(ValueError, match=rule):
            evidence(failures, trials, target)
