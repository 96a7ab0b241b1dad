"""Error rates and trials of the pooled process, exactly, against bounds and rival rules."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from harness.stats import boundaries as bd
from harness.stats import exact, pooled
from harness.stats.boundaries import Boundaries

LEVEL = bd.threshold(0.05)
HORIZON = {0.05: 12_000, 0.10: 8_000, 0.30: 4_000}


def closed_for_ever(law: exact.StoppingLaw, target: float) -> float:
    """Bound the chance of ever closing: what closed, and 5 % of the evidence still about.

    From the last look on, Ville's inequality bounds the chance of a later crossing by the evidence
    held times alpha; at a rate equal to the target the bound is exact up to overshoot.
    """
    left = pooled.log_e_met(law.open_failures, law.trials[-1], target)
    return law.met_rate + 0.05 * float(law.open_rate @ np.exp(left))


def uneven(target: float, cases: int) -> list[np.ndarray]:
    """Return case rates with mean equal to the target: even, packed, graded and two-point."""
    graded = np.arange(1, cases + 1) ** 2.0
    packed = np.clip(cases * target - np.arange(cases), 0.0, 1.0)
    half = np.r_[np.full(cases // 2, 1.5 * target), np.full(cases - cases // 2, 0.0)]
    half[cases // 2 :] = (cases * target - half.sum()) / (cases - cases // 2)
    return [np.full(cases, target), packed, graded * cases * target / graded.sum(), half]


@pytest.mark.parametrize("target", [0.05, 0.10, 0.30])
@pytest.mark.parametrize("cases", [1, 5, 20])
def test_false_close_looked_at_for_ever_is_at_most_alpha(target: float, cases: int) -> None:
    """At the target, looked at after every round for ever, an item closes with chance <= 0.05."""
    table = bd.boundaries(bd.whole_rounds(cases, HORIZON[target]), target, LEVEL)
    for rates in uneven(target, cases):
        assert rates.mean() == pytest.approx(target)
        law = exact.stopping_law(rates, table, stop_not_met=False)
        assert closed_for_ever(law, target) <= 0.05 + 1e-9


@pytest.mark.parametrize("target", [0.05, 0.10, 0.30])
def test_false_refutation_is_at_most_alpha(target: float) -> None:
    """At the target an item is found not met, looked at after every trial, with chance <= 0.05."""
    table = bd.boundaries(bd.whole_rounds(1, HORIZON[target]), target, LEVEL)
    law = exact.stopping_law([target], table._replace(met_at_most=np.full_like(table.trials, -1)))
    left = pooled.log_e_not_met(law.open_failures, law.trials[-1], target)
    assert law.not_met_rate + 0.05 * float(law.open_rate @ np.exp(left)) <= 0.05 + 1e-9


# Rows are targets, columns true rates 0, t/4, t/2, 0.8 t; looks after every trial, met only.
MEAN_TRIALS = {
    0.05: [(0.0, 74.0, 1.30), (0.25, 161.9, 1.20), (0.5, 452.2, 1.27)],
    0.10: [(0.0, 36.0, 1.30), (0.25, 78.3, 1.20), (0.5, 216.9, 1.27)],
    0.30: [(0.0, 11.0, 1.35), (0.25, 22.7, 1.20), (0.5, 60.3, 1.27)],
}


@pytest.mark.parametrize("target", [0.05, 0.10, 0.30])
def test_mean_trials_stay_near_the_bound(target: float) -> None:
    """Mean trials stay within 1.30 / 1.20 / 1.27 of log(1/alpha) / KL at rates 0, t/4, t/2."""
    table = bd.boundaries(np.arange(1, 6001), target, LEVEL)
    for share, mean, most in MEAN_TRIALS[target]:
        rate = share * target
        law = exact.stopping_law([rate], table, stop_not_met=False)
        divergence = (1 - rate) * np.log((1 - rate) / (1 - target))
        divergence += rate * np.log(rate / target) if rate else 0.0
        assert law.undecided < 1e-12
        assert law.mean_trials == pytest.approx(mean, abs=0.06)
        assert law.mean_trials <= most * LEVEL / divergence


@pytest.mark.slow
def test_a_rate_close_to_the_target_takes_thousands_of_trials() -> None:
    """At 0.8 t with t = 5 % the mean is 3946 trials, 1.48 times the bound."""
    table = bd.boundaries(np.arange(1, 60_001), 0.05, LEVEL)
    law = exact.stopping_law([0.04], table, stop_not_met=False)
    assert law.undecided < 1e-10
    assert law.mean_trials == pytest.approx(3946, abs=0.5)


@pytest.mark.parametrize(
    ("target", "trials"), [(0.01, 377), (0.05, 74), (0.10, 36), (0.20, 17), (0.30, 11)]
)
def test_clean_trials_that_close(target: float, trials: int) -> None:
    """Without a failure an item closes at 377 / 74 / 36 / 17 / 11 trials."""
    table = bd.boundaries(np.arange(1, 401), target, LEVEL)
    law = exact.stopping_law([0.0], table)
    assert law.mean_trials == law.quantile(0.01) == law.quantile(1.0) == trials


def nightly(met_at_most: np.ndarray, cases: int = 20) -> float:
    """Return the chance that a rule on cumulative counts ever closes in 365 nights of 20 trials."""
    looks = bd.whole_rounds(cases, 365 * cases)
    table = Boundaries(looks, met_at_most, looks + 1)
    return exact.stopping_law(np.full(cases, 0.05), table, stop_not_met=False).met_rate


def test_rival_rules_close_falsely_within_a_year() -> None:
    """At 5 % for a year of nightly looks: rate below target 0.957, binomial 0.320, ours 0.035."""
    looks = bd.whole_rounds(20, 7300)
    assert nightly(np.ceil(looks * 0.05).astype(np.int64) - 1) == pytest.approx(0.957, abs=5e-4)
    failures = np.arange(500)
    shown = stats.binom.cdf(failures, looks[:, None], 0.05) <= 0.05
    binomial = np.where(shown.any(axis=1), shown.sum(axis=1) - 1, -1)
    assert nightly(binomial) == pytest.approx(0.320, abs=5e-4)
    ours = bd.boundaries(looks, 0.05, LEVEL).met_at_most
    assert nightly(ours) == pytest.approx(0.0354, abs=5e-5)


def test_a_clean_streak_of_59_closes_falsely() -> None:
    """Closing on 59 clean trials in a night closes at 5 % within 365 nights with chance 1.000."""
    assert 1 - (1 - 0.95**59) ** 365 > 0.9995


def test_law_equals_enumeration() -> None:
    """On a design small enough to enumerate, all stopping probabilities are those of all paths."""
    rates = np.array([0.9, 0.2])
    table = Boundaries(np.array([2, 4, 6]), np.array([-1, 1, 2]), np.array([3, 4, 5]))
    met, not_met, undecided = np.zeros(3), np.zeros(3), 0.0
    for path in itertools.product((0, 1), repeat=6):
        outcomes = np.array(path).reshape(3, 2)
        chance = float(np.where(outcomes == 1, rates, 1 - rates).prod())
        counts = np.cumsum(outcomes.sum(axis=1))
        closed, refuted = counts <= table.met_at_most, counts >= table.not_met_at_least
        if not (closed | refuted).any():
            undecided += chance
            continue
        look = int((closed | refuted).argmax())
        met[look] += chance * closed[look]
        not_met[look] += chance * refuted[look]
    law = exact.stopping_law(rates, table)
    np.testing.assert_allclose(law.met, met, atol=1e-15)
    np.testing.assert_allclose(law.not_met, not_met, atol=1e-15)
    assert law.undecided == pytest.approx(undecided)
    assert law.open_rate.sum() == pytest.approx(undecided)
    mean = (met + not_met) @ table.trials + undecided * 6
    assert law.mean_trials == pytest.approx(mean)


def test_quantiles_are_infinite_past_the_cap() -> None:
    """A share of paths that no look decides has no quantile, rather than the cap."""
    law = exact.stopping_law([0.04], bd.boundaries(np.arange(1, 1201), 0.05, LEVEL))
    assert law.undecided > 0.5
    assert law.quantile(0.2) == 1071
    assert law.quantile(0.8) == float("inf")
    assert law.met_rate + law.not_met_rate + law.undecided == pytest.approx(1.0)


def test_failures_in_a_round_are_poisson_binomial() -> None:
    """The law of a round's failures equals SciPy's Poisson-binomial, certain cases included."""
    rates = np.array([0.0, 1.0, 0.3, 0.3, 0.01, 0.77])
    law = exact.failures_in_round(rates)
    np.testing.assert_allclose(law, stats.poisson_binom(rates).pmf(np.arange(7)), atol=1e-14)


@pytest.mark.parametrize("trials", [[1, 2], [2, 6], [], [4, 6]])
def test_looks_fit_the_rounds(trials: list[int]) -> None:
    """A table that does not look at the end of every round raises ValueError."""
    looks = np.array(trials, dtype=np.int64)
    table = Boundaries(looks, np.full_like(looks, -1), looks + 1)
    with pytest.raises(ValueError, match="must look at the end of every round of 2 trials"):
        exact.stopping_law([0.1, 0.2], table)
