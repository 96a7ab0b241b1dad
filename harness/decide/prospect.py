"""What deciding will take, computed exactly before the first trial.

The law is that of the pooled process at the epoch's alpha, with every case failing at the same
rate. The hybrid process, which decides, needs within a tenth of its trials on even evals and
fewer on uneven ones, and never more than the pooled process at half that alpha.
"""

import math

import numpy as np

from harness.domain.decision import Rules
from harness.domain.prospect import Prospect
from harness.stats import boundaries, exact, forecast

_SHARES_OF_TARGET = (0.0, 0.25, 0.5, 0.8, 1.0, 2.0)
_LOW, _HIGH = 0.2, 0.8


def prospects(rules: Rules, alpha: float, cases: int, twins: int) -> tuple[Prospect, ...]:
    """Return the prospects at several true rates around the target, smallest first."""
    rates = [min(share * rules.failure_rate, 1.0) for share in _SHARES_OF_TARGET]
    twin_trials = _twin_trials(rules, alpha, twins)
    return tuple(_prospect(rules, alpha, cases, rate, twin_trials, twins) for rate in rates)


def clean_trials(target: float, alpha: float, cases: int) -> int:
    """Return the passing trials in a row, in whole rounds, after which the hybrid decides."""
    nothing = np.zeros((0, cases), np.int8)
    return forecast.hybrid_clean_rounds_needed(nothing, target, -math.log(alpha)) * cases


def _twin_trials(rules: Rules, alpha: float, twins: int) -> float | None:
    """Return the mean trials of twins that fail at half their target; None without a target."""
    if not twins or rules.twin_failure_rate is None:
        return None
    return _law(rules.twin_failure_rate, alpha, twins, rules.twin_failure_rate / 2).mean_trials


def _prospect(
    rules: Rules, alpha: float, cases: int, rate: float, twin_trials: float | None, twins: int
) -> Prospect:
    law = _law(rules.failure_rate, alpha, cases, rate, rules.max_trials)
    beside = law.mean_trials * twins / cases if twin_trials is None else twin_trials
    return Prospect(
        true_rate=rate,
        met=law.met_rate,
        not_met=law.not_met_rate,
        undecided=law.undecided,
        mean_trials=law.mean_trials,
        trials_low=_whole(law.quantile(_LOW)),
        trials_high=_whole(law.quantile(_HIGH)),
        calls=law.mean_trials + (beside if twins else 0.0),
    )


def _law(
    target: float, alpha: float, cases: int, rate: float, cap: int | None = None
) -> exact.StoppingLaw:
    looks = boundaries.whole_rounds(cases, cap or math.ceil(60 / target))
    table = boundaries.boundaries(looks, target, boundaries.threshold(alpha))
    return exact.stopping_law([rate] * cases, table)


def _whole(trials: float) -> int | None:
    return int(trials) if math.isfinite(trials) else None
