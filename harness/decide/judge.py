"""What whole rounds of trials say about one failure rate."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.decide.evidence import FAIL, PASS, UNGRADED, Codes
from harness.domain.decision import CaseCount, Judgement, Sight, Verdict
from harness.stats import confseq, forecast, hybrid, rates, sensitivity


def judge(
    codes: Codes,
    cases: Sequence[str],
    target: float | None,
    alpha: float,
    *,
    bounds: bool = True,
    sight: Sight | None = None,
) -> Judgement:
    """Judge outcome codes of shape (rounds, cases) against a target at error rate ``alpha``.

    A trial that cannot be graded counts as a failure for ``met`` and as a pass for ``not met``.
    The verdict is the first that any look at a round's end gives, and it stays: the bounds are
    those of all looks together. Without a target there are bounds but no verdict. The bounds take
    nearly all of the time: with ``bounds`` False they are 0 and 1, for whoever only samples on.
    With ``sight`` a model gave the outcomes: the rate that it sees is held against what it would
    see at the target, at half of alpha, and the bounds are those of the failure rate itself.
    The same rounds are judged by many in turn, and remembered for a while.
    """
    held = np.ascontiguousarray(codes, np.int8)
    rounds = _Rounds(held.tobytes(), len(held), tuple(cases))
    return _judged(rounds, target, alpha, sight, bounds=bounds)


class _Rounds(NamedTuple):
    """Outcome codes as a value."""

    outcomes: bytes
    rounds: int
    cases: tuple[str, ...]

    @property
    def codes(self) -> Codes:
        return np.frombuffer(self.outcomes, np.int8).reshape(self.rounds, len(self.cases))


@lru_cache(maxsize=8)
def _judged(
    held: _Rounds, target: float | None, alpha: float, sight: Sight | None, *, bounds: bool
) -> Judgement:
    codes, cases = held.codes, held.cases
    if bounds:
        return _bounded(_judged(held, target, alpha, sight, bounds=False), codes, alpha)
    worst, best = _matrices(codes)
    rounds, threshold = len(codes), _threshold(alpha, sight)
    low, high = _seen(target, sight)
    verdict, decided_in, log_met, log_not = Verdict.UNDECIDED, None, 0.0, 0.0
    clean = failing = None
    if target is not None and cases:
        if rounds:
            met, not_met = hybrid.log_e_met(worst, low), _not_met(best, high)
            log_met, log_not = float(met.max()), float(not_met.max())
            verdict, decided_in = _first(met, not_met, threshold)
        if verdict is Verdict.UNDECIDED:
            clean = forecast.hybrid_clean_rounds_needed(worst, low, threshold) * len(cases)
            failing = _failing(best, high, threshold)
    return Judgement(
        verdict=verdict,
        target=target,
        rounds=rounds,
        trials=int(codes.size),
        failures=int(best.sum()),
        ungraded=int((codes == UNGRADED).sum()),
        estimate=rates.failure_rate(best.sum(axis=0), [rounds] * len(cases)) if rounds else None,
        lower=0.0,
        upper=1.0,
        log_e_met=max(0.0, log_met),
        log_e_not_met=max(0.0, log_not),
        decided_in=decided_in,
        clean_trials=clean,
        failing_trials=failing,
        cases=_counts(cases, best, codes),
        sight=sight,
    )


def _bounded(judged: Judgement, codes: Codes, alpha: float) -> Judgement:
    """Return what was judged, with the bounds."""
    worst, best = _matrices(codes)
    sight, threshold = judged.sight, _threshold(alpha, judged.sight)
    limits = (judged.target is not None, *_seen(judged.target, sight), threshold, sight)
    lower, upper = _bounds(worst, best, *limits)
    if lower > upper:  # both verdicts were crossed, one after the other: the first one stands
        first = judged.decided_in
        lower, upper = _bounds(worst[:first], best[:first], *limits)
    return replace(judged, lower=lower, upper=upper)


def _matrices(codes: Codes) -> tuple[Codes, Codes]:
    """Return the failures with every ungraded trial as one, and without any."""
    return (codes != PASS).astype(np.int8), (codes == FAIL).astype(np.int8)


def _threshold(alpha: float, sight: Sight | None) -> float:
    return -math.log(alpha if sight is None else alpha / 2)


def _seen(target: float | None, sight: Sight | None) -> tuple[float, float]:
    """Return the lowest and the highest rate that the grader sees at the target."""
    anchor = 0.5 if target is None else target
    if sight is None or target is None:
        return anchor, anchor
    low = sensitivity.seen_at_least(target, sight.sensitivity)
    return low, sensitivity.seen_at_most(target, sight.false_alarm_rate)


def _not_met(best: Codes, high: float) -> NDArray[np.float64]:
    if high >= 1:  # whatever is seen may be false alarms
        return np.zeros(len(best))
    return hybrid.log_e_not_met(best, high)


def _failing(best: Codes, high: float, threshold: float) -> int | None:
    if high >= 1:
        return None
    return int(forecast.failing_trials_needed(best.sum(), best.size, high, threshold))


def _bounds(
    worst: Codes,
    best: Codes,
    has_target: bool,  # noqa: FBT001 - private
    low: float,
    high: float,
    threshold: float,
    sight: Sight | None,
) -> tuple[float, float]:
    if not worst.size:
        return 0.0, 1.0
    if has_target:
        lower, upper = _around(worst, best, low, high, threshold)
    else:
        rounds, cases = worst.shape
        trials = np.arange(1, rounds + 1) * cases
        bad, good = (np.cumsum(matrix.sum(axis=1)) for matrix in (worst, best))
        pooled = confseq.pooled_interval(bad, good, trials, low, threshold)
        lower, upper = float(pooled.lower), float(pooled.upper)
    return (lower, upper) if sight is None else _unseen(lower, upper, sight)


def _around(
    worst: Codes, best: Codes, low: float, high: float, threshold: float
) -> tuple[float, float]:
    """Return the bounds of the rate that is seen, each searched from the rate that decides."""
    interval = confseq.hybrid_interval(worst, best, low, threshold)
    if high == low:
        return float(interval.lower), float(interval.upper)
    if high >= 1:
        return 0.0, float(interval.upper)
    return float(confseq.hybrid_interval(worst, best, high, threshold).lower), float(interval.upper)


def _unseen(lower: float, upper: float, sight: Sight) -> tuple[float, float]:
    """Return the bounds of the failure rate, from those of the rate that the judge sees."""
    alarms = sight.false_alarm_rate
    top = min(1.0, upper / sight.sensitivity) if sight.sensitivity > 0 else 1.0
    return (max(0.0, (lower - alarms) / (1 - alarms)) if alarms < 1 else 0.0), top


def _first(
    met: NDArray[np.float64], not_met: NDArray[np.float64], threshold: float
) -> tuple[Verdict, int | None]:
    in_met, in_not_met = _crossing(met, threshold), _crossing(not_met, threshold)
    if min(in_met, in_not_met) == len(met):
        return Verdict.UNDECIDED, None
    verdict = Verdict.MET if in_met < in_not_met else Verdict.NOT_MET
    return verdict, min(in_met, in_not_met) + 1


def _crossing(path: NDArray[np.float64], threshold: float) -> int:
    above = np.flatnonzero(path >= threshold)
    return int(above[0]) if above.size else len(path)


def _counts(cases: Sequence[str], best: Codes, codes: Codes) -> tuple[CaseCount, ...]:
    failures, ungraded = best.sum(axis=0).tolist(), (codes == UNGRADED).sum(axis=0).tolist()
    return tuple(map(CaseCount, cases, repeat(len(codes)), failures, ungraded))
