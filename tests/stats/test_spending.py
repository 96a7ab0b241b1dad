"""Alpha over epochs: what it promises for a lifetime, and what goes wrong without it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from harness.stats import boundaries as bd
from harness.stats import exact, spending


def closed_within(epochs: int, scope: spending.ErrorScope) -> float:
    """Return the chance that an item at its target of 5 % closes in any epoch of 600 trials."""
    looks = bd.whole_rounds(20, 600)
    spared = 1.0
    for epoch in range(1, epochs + 1):
        level = bd.threshold(spending.epoch_alpha(0.05, epoch, scope))
        law = exact.stopping_law(np.full(20, 0.05), bd.boundaries(looks, 0.05, level))
        spared *= 1 - law.met_rate
    return 1 - spared


def test_epochs_never_spend_more_than_alpha() -> None:
    """Over the first n epochs the error rates sum to alpha n / (n + 1), below alpha for ever."""
    for epochs in (1, 2, 10, 500):
        spent = sum(spending.epoch_alpha(0.05, j) for j in range(1, epochs + 1))
        assert spent == pytest.approx(float(Fraction(epochs, epochs + 1)) * 0.05)
    assert spending.epoch_alpha(0.05, 1) == 0.025


def test_spending_keeps_false_closes_within_alpha() -> None:
    """At p = t over 20 epochs, alpha each time closes falsely 0.44 of the time, spending 0.022."""
    assert closed_within(20, "epoch") == pytest.approx(0.437, abs=0.001)
    assert closed_within(20, "lifetime") == pytest.approx(0.0222, abs=0.0002)


def test_the_price_of_later_epochs_in_trials() -> None:
    """Clean trials to close cost 1.2 / 1.5 / 2.0 / 2.7 times in epochs 1 / 2 / 5 / 20 (t = 5 %)."""
    looks = np.arange(1, 401)

    def clean(alpha: float) -> int:
        table = bd.boundaries(looks, 0.05, bd.threshold(alpha))
        return int(looks[np.argmax(table.met_at_most >= 0)])

    price = [clean(spending.epoch_alpha(0.05, epoch)) / clean(0.05) for epoch in (1, 2, 5, 20)]
    assert [round(factor, 1) for factor in price] == [1.2, 1.5, 2.0, 2.7]


def test_scope_epoch_gives_alpha_each_time() -> None:
    """Scope epoch gives the whole alpha to every epoch."""
    assert {spending.epoch_alpha(0.1, epoch, "epoch") for epoch in (1, 2, 9)} == {0.1}


@pytest.mark.parametrize(
    ("alpha", "epoch", "scope", "rule"),
    [
        (0.0, 1, "lifetime", r"alpha must lie strictly between 0 and 1, got 0\.0"),
        (1.0, 1, "lifetime", r"alpha must lie strictly between 0 and 1, got 1\.0"),
        (0.05, 0, "lifetime", "epoch must be a whole number of at least 1, got 0"),
        (0.05, 1, "forever", "scope must be 'lifetime' or 'epoch', got 'forever'"),
    ],
)
def test_impossible_spending_is_refused(
    alpha: float, epoch: int, scope: spending.ErrorScope, rule: str
) -> None:
    """Rates outside (0, 1), epochs before the first and unknown scopes raise ValueError."""
    with pytest.raises(ValueError, match=rule):
        spending.epoch_alpha(alpha, epoch, scope)
