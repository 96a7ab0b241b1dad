"""What deciding will take, against a count of every path."""

import functools
import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.decide.prospect import clean_trials, prospects
from harness.stats import hybrid, pooled

ALPHA, CASES, CAP = 0.25, 2, 12


@functools.cache
def ends(failed: int, trials: int, target: float) -> str:
    """Return what the pooled evidence says of counts at a look."""
    for verdict, log_e in (("met", pooled.log_e_met), ("not met", pooled.log_e_not_met)):
        if log_e(failed, trials, target) >= math.log(1 / ALPHA):
            return verdict
    return "open"


def walk(flat: tuple[int, ...], target: float) -> tuple[str, int]:
    """Return where the pooled process ends one path, looked at after every round."""
    for look in range(CASES, len(flat) + 1, CASES):
        end = ends(sum(flat[:look]), look, target)
        if end != "open":
            return end, look
    return "open", len(flat)


@pytest.fixture(scope="module")
def paths() -> list[tuple[int, str, int]]:
    """Return failures until the end, verdict and trials of all 4,096 paths to the cap."""
    return [(sum(flat), *walk(flat, 0.4)) for flat in itertools.product((0, 1), repeat=CAP)]


def test_probabilities_are_those_of_all_paths(ask: Any, paths: Any):
    """Met, not met, open, mean and quantiles agree with a count of every path, to 1e-12."""
    rules = replace(ask().rules, failure_rate=0.4, max_trials=CAP)
    found = prospects(rules, ALPHA, CASES, 0)
    assert [each.true_rate for each in found] == pytest.approx([0, 0.1, 0.2, 0.32, 0.4, 0.8])
    for each in found:
        rate = each.true_rate
        weighed = [(rate**s * (1 - rate) ** (CAP - s), end, look) for s, end, look in paths]
        for verdict, value in (
            ("met", each.met), ("not met", each.not_met), ("open", each.undecided)
        ):  # fmt: skip
            share = sum(weight for weight, end, _ in weighed if end == verdict)
            assert value == pytest.approx(share, abs=1e-12)
        mean = sum(weight * look for weight, _, look in weighed)
        assert each.mean_trials == each.calls == pytest.approx(mean)
        for level, trials in ((0.2, each.trials_low), (0.8, each.trials_high)):
            reached = [
                look
                for look in range(CASES, CAP + 1, CASES)
                if sum(w for w, end, at in weighed if end != "open" and at <= look) >= level - 1e-12
            ]
            assert trials == (reached[0] if reached else None)


def test_twins_are_called_as_well(ask: Any):
    """Without a target they follow the cases; with one they take what half their target takes."""
    rules = replace(ask().rules, failure_rate=0.4, max_trials=CAP)
    for alone, beside in zip(
        prospects(rules, ALPHA, 4, 0), prospects(rules, ALPHA, 4, 2), strict=True
    ):
        assert beside.calls == pytest.approx(1.5 * alone.calls)
    declared = prospects(replace(rules, twin_failure_rate=0.4), ALPHA, 4, 2)
    extra = {round(each.calls - each.mean_trials, 9) for each in declared}
    assert len(extra) == 1
    assert extra.pop() > 2


def test_a_rate_is_no_more_than_one(ask: Any):
    """Twice a high target is shown as 1."""
    found = prospects(replace(ask().rules, failure_rate=0.7), ALPHA, 1, 0)
    assert found[-1].true_rate == 1.0


@pytest.mark.parametrize("target", [0.05, 0.3])
@pytest.mark.parametrize("cases", [1, 7])
def test_the_shortest_way_to_a_close_is_that_of_the_hybrid(target: float, cases: int):
    """So many passing trials in whole rounds decide, and one round less does not."""
    needed = clean_trials(target, 0.05, cases)
    assert needed % cases == 0
    path = hybrid.log_e_met(np.zeros((needed // cases, cases)), target)
    assert np.flatnonzero(path >= math.log(20)).tolist() == [needed // cases - 1]
