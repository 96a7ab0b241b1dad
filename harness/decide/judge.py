"""What whole rounds of trials say about one failure rate."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.decide.evidence import FAIL, PASS, UNGRADED, Codes
from harness.domain.decision import CaseCount, Judgement, Verdict
from harness.stats import confseq, forecast, hybrid, rates


def judge(
    codes: Codes,
    cases: Sequence[str],
    target: float | None,
    alpha: float,
    *,
    bounds: bool = True,
) -> Judgement:
    """Judge outcome codes of shape (rounds, cases) against a target at error rate ``alpha``.

    A trial that cannot be graded counts as a failure for ``met`` and as a pass for ``not met``.
    The verdict is the first that any look at a round's end gives, and it stays: the bounds are
    those of all looks together. Without a target there are bounds but no verdict. The bounds take
    nearly all of the time: with ``bounds`` False they are 0 and 1, for whoever only samples on.
    """
    worst = (codes != PASS).astype(np.int8)
    best = (codes == FAIL).astype(np.int8)
    rounds, threshold = len(codes), -math.log(alpha)
    verdict, decided_in, log_met, log_not = Verdict.UNDECIDED, None, 0.0, 0.0
    clean = failing = None
    if target is not None and cases:
        if rounds:
            path = hybrid.trajectories(worst, best, target)
            log_met, log_not = float(path.met.max()), float(path.not_met.max())
            verdict, decided_in = _first(path.met, path.not_met, threshold)
        if verdict is Verdict.UNDECIDED:
            clean = forecast.hybrid_clean_rounds_needed(worst, target, threshold) * len(cases)
            failing = int(forecast.failing_trials_needed(best.sum(), best.size, target, threshold))
    lower, upper = _bounds(worst, best, target, threshold) if bounds else (0.0, 1.0)
    if lower > upper:  # both verdicts were crossed, one after the other: the first one stands
        lower, upper = _bounds(worst[:decided_in], best[:decided_in], target, threshold)
    return Judgement(
        verdict=verdict,
        target=target,
        rounds=rounds,
        trials=int(codes.size),
        failures=int(best.sum()),
        ungraded=int((codes == UNGRADED).sum()),
        estimate=rates.failure_rate(best.sum(axis=0), [rounds] * len(cases)) if rounds else None,
        lower=lower,
        upper=upper,
        log_e_met=max(0.0, log_met),
        log_e_not_met=max(0.0, log_not),
        decided_in=decided_in,
        clean_trials=clean,
        failing_trials=failing,
        cases=tuple(_count(name, codes[:, k]) for k, name in enumerate(cases)),
    )


def _bounds(
    worst: Codes, best: Codes, target: float | None, threshold: float
) -> tuple[float, float]:
    if not worst.size:
        return 0.0, 1.0
    if target is not None:
        interval = confseq.hybrid_interval(worst, best, target, threshold)
        return float(interval.lower), float(interval.upper)
    rounds, cases = worst.shape
    trials = np.arange(1, rounds + 1) * cases
    high, low = (np.cumsum(matrix.sum(axis=1)) for matrix in (worst, best))
    pooled = confseq.pooled_interval(high, low, trials, 0.5, threshold)
    return float(pooled.lower), float(pooled.upper)


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


def _count(name: str, column: NDArray[np.int8]) -> CaseCount:
    return CaseCount(
        case=name,
        trials=len(column),
        failures=int((column == FAIL).sum()),
        ungraded=int((column == UNGRADED).sum()),
    )
