"""What deciding will take: exact counts, and bands that agree with exact laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.stats import boundaries as bd
from harness.stats import exact, forecast, hybrid, pooled

LEVEL = bd.threshold(0.05)


def test_clean_rounds_are_the_first_that_suffice() -> None:
    """One clean round fewer would not show met, for counts of every size and round size."""
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 3000, 300)
    failures = rng.binomial(trials, 0.04)
    target, cases = rng.uniform(0.02, 0.4, 300), 7
    rounds = forecast.clean_rounds_needed(failures, trials, target, cases, LEVEL)
    assert np.all(pooled.log_e_met(failures, trials + rounds * cases, target) >= LEVEL)
    short = rounds > 0
    before = pooled.log_e_met(failures, trials + (rounds - 1) * cases * short, target)
    assert np.all((before < LEVEL)[short])
    assert short.any()
    assert not short.all()


@pytest.mark.parametrize(
    ("target", "clean", "failing"),
    [(0.01, 377, 3), (0.05, 74, 3), (0.10, 36, 3), (0.20, 17, 4), (0.30, 11, 5)],
)
def test_from_nothing(target: float, clean: int, failing: int) -> None:
    """Before the first trial the forecast is the shortest way to either verdict."""
    assert forecast.clean_rounds_needed(0, 0, target, 1, LEVEL) == clean
    assert forecast.failing_trials_needed(0, 0, target, LEVEL) == failing


def test_failing_trials_are_the_first_that_suffice() -> None:
    """One failing trial fewer would not show not met."""
    failures, trials = np.array([0, 5, 30, 90]), np.array([100, 100, 400, 400])
    more = forecast.failing_trials_needed(failures, trials, 0.1, LEVEL)
    assert np.all(pooled.log_e_not_met(failures + more, trials + more, 0.1) >= LEVEL)
    assert more[-1] == 0
    kept = more[:-1] - 1
    assert np.all(pooled.log_e_not_met(failures[:-1] + kept, trials[:-1] + kept, 0.1) < LEVEL)


@pytest.mark.parametrize("rounds", [0, 1, 9, 30])
def test_hybrid_clean_rounds_are_the_first_that_suffice(rounds: int) -> None:
    """Appending exactly that many clean rounds decides the hybrid, and one fewer does not."""
    rng = np.random.default_rng(rounds)
    past = (rng.random((rounds, 8)) < np.r_[0.8, np.zeros(7)]).astype(np.uint8)
    more = forecast.hybrid_clean_rounds_needed(past, 0.12, LEVEL)
    whole = np.concatenate([past, np.zeros((more + 1, 8), dtype=np.uint8)])
    reached = hybrid.log_e_met(whole, 0.12) >= LEVEL
    assert int(reached.argmax()) == rounds + more - 1
    done = forecast.hybrid_clean_rounds_needed(whole, 0.12, LEVEL)
    assert done == 0


@pytest.mark.parametrize(
    ("concurrency", "cases", "clean", "rounds"),
    [(64, 1, 74, 64), (64, 1, 10, 10), (64, 20, 4, 4), (64, 50, 2, 2), (8, 20, 3, 1), (8, 1, 0, 1)],
)
def test_next_batch_fills_the_concurrency_without_overshooting(
    concurrency: int, cases: int, clean: int, rounds: int
) -> None:
    """A batch fills the concurrency with whole rounds, but never past what clean ones need."""
    assert forecast.next_rounds(concurrency, cases, clean) == rounds


def test_no_batch_runs_past_the_deciding_round() -> None:
    """Batches no bigger than the clean rounds needed cost no trial over single rounds."""
    rng, target, cases = np.random.default_rng(6), 0.1, 4
    table = bd.boundaries(bd.whole_rounds(cases, 4000), target, LEVEL)
    for rate in (0.0, 0.02, 0.04, 0.05):
        counts = np.cumsum(rng.binomial(cases, rate, size=1000))
        decided = int(np.argmax(counts <= table.met_at_most)) + 1
        done = 0
        while done < decided:
            failures = int(counts[done - 1]) if done else 0
            clean = forecast.clean_rounds_needed(failures, done * cases, target, cases, LEVEL)
            done += forecast.next_rounds(64, cases, int(clean))
        assert done == decided


@pytest.mark.parametrize(("failures", "trials"), [(0, 0), (2, 40), (12, 100)])
def test_outlook_averages_exact_laws_over_the_posterior(failures: int, trials: int) -> None:
    """The urn's probabilities equal stopping laws averaged over Jeffreys' posterior of the rate."""
    cases, cap, target = 10, 400, 0.1
    result = forecast.outlook(
        failures, trials, target, cases=cases, log_threshold=LEVEL, cap_trials=cap
    )
    table = bd.boundaries(np.arange(1, (cap - trials) // cases + 1) * cases + trials, target, LEVEL)
    shifted = bd.Boundaries(
        table.trials - trials, table.met_at_most - failures, table.not_met_at_least - failures
    )
    nodes = (np.arange(400) + 0.5) / 400
    rates = stats.beta(0.5 + failures, 0.5 + trials - failures).ppf(nodes)
    laws = [exact.stopping_law(np.full(cases, rate), shifted) for rate in rates]
    assert result.met == pytest.approx(np.mean([law.met_rate for law in laws]), abs=2e-3)
    assert result.not_met == pytest.approx(np.mean([law.not_met_rate for law in laws]), abs=2e-3)
    assert result.met + result.not_met + result.undecided == pytest.approx(1.0)


def test_outlook_band_is_none_past_the_cap() -> None:
    """A band that the cap cuts off has no upper end instead of the cap."""
    result = forecast.outlook(5, 200, 0.05, cases=20, log_threshold=LEVEL, cap_trials=1200)
    assert result.trials_low == 120
    assert result.trials_high is None
    assert result.undecided > 0.2


def test_hybrid_outlook_repeats_with_its_seed() -> None:
    """The same generator seed gives the same outlook; its parts sum to 1."""
    past = (np.random.default_rng(1).random((10, 20)) < 0.02).astype(np.uint8)
    first, second = (
        forecast.hybrid_outlook(past, 0.05, LEVEL, cap_trials=600, rng=np.random.default_rng(3))
        for _ in range(2)
    )
    assert first == second
    assert first.met + first.not_met + first.undecided == pytest.approx(1.0)
    assert first.trials_low is not None


def test_hybrid_outlook_is_close_to_the_pooled_one_before_any_trial() -> None:
    """Without data the drawn outlook is within 5 standard errors (0.22) of the pooled one."""
    none = np.zeros((0, 20), dtype=np.uint8)
    drawn = forecast.hybrid_outlook(none, 0.05, LEVEL, cap_trials=600, rng=np.random.default_rng(0))
    whole = forecast.outlook(0, 0, 0.05, cases=20, log_threshold=LEVEL, cap_trials=600)
    assert abs(drawn.not_met - whole.not_met) < 0.22
