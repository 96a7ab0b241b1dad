"""The first deciding look, from evidence and from tables."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats import boundaries as bd
from harness.stats import crossing, hybrid, pooled

LEVEL = bd.threshold(0.05)


def test_counts_and_evidence_cross_together() -> None:
    """First looks from the table equal those from the log evidence, on items of every kind."""
    rng = np.random.default_rng(5)
    rates = rng.choice([0.0, 0.01, 0.05, 0.08, 0.3], size=(200, 1, 1))
    outcomes = rng.random((200, 60, 10)) < rates
    failures = np.cumsum(outcomes.sum(axis=-1), axis=-1)
    looks = bd.whole_rounds(10, 600)
    table = bd.boundaries(looks, 0.05, LEVEL)
    by_table = crossing.first_look_in_table(failures, failures, table)
    by_evidence = crossing.first_look(
        pooled.log_e_met(failures, looks, 0.05), pooled.log_e_not_met(failures, looks, 0.05), LEVEL
    )
    np.testing.assert_array_equal(by_table.met, by_evidence.met)
    np.testing.assert_array_equal(by_table.not_met, by_evidence.not_met)
    assert len(set(by_table.met.tolist())) > 5


def test_nothing_decides_before_the_first_round() -> None:
    """Without looks both verdicts come back as never."""
    empty = hybrid.trajectories(np.zeros((0, 4)), np.zeros((0, 4)), 0.1)
    assert tuple(map(int, crossing.first_look(*empty, LEVEL))) == (-1, -1)


@pytest.mark.parametrize("cases", [1, 20, 255, 256, 400])
def test_running_failures_count_every_case(cases: int) -> None:
    """Counts at round ends are exact however many cases a round has."""
    outcomes = np.ones((3, 7, cases), dtype=np.uint8)
    outcomes[1] = 0
    expected = np.outer([1, 0, 1], np.arange(1, 8) * cases)
    np.testing.assert_array_equal(crossing.running_failures(outcomes), expected)


def test_impossible_counts_are_refused() -> None:
    """Evidence of unequal shapes, and counts not whole or above the trials, are refused."""
    with pytest.raises(ValueError, match="log evidences must share one shape"):
        crossing.first_look([0.0], [0.0, 1.0], LEVEL)
    table = bd.boundaries([10, 20], 0.1, LEVEL)
    with pytest.raises(ValueError, match="failures must be whole numbers, got float64"):
        crossing.first_look_in_table([0.5, 1.0], [0, 1], table)
    with pytest.raises(ValueError, match="failures must lie between 0 and the table's trials"):
        crossing.first_look_in_table([11, 11], [0, 1], table)
