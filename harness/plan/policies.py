"""What policies that read nothing would score on an eval, computed from its cases."""

from collections.abc import Sequence
from math import fsum

from harness.domain.case import Case
from harness.domain.report import Policies

Pair = tuple[Case, Case | None]
"""A resolved case and its resolved twin."""
Rates = tuple[float, float | None]


def policies(pairs: Sequence[Pair]) -> Policies | None:
    """Return the failure rates of chance and of the dummy policies; None without closed decisions.

    The cautious and the boldest policy know the case but not whether they face it or its twin:
    they take one decision for both. The cautious one fails the cases least and, of those
    decisions, the twins least; it is what an agent that never acts can reach at best. The boldest
    fails the cases most and then the twins least.
    """
    if not pairs or not all(case.decisions for case, _ in pairs):
        return None
    chance = (
        _fmean([_share(case) for case, _ in pairs]),
        _mean([_share(twin) for _, twin in pairs if twin is not None]),
    )
    return Policies(
        chance=chance,
        # Every decision is shown first equally often, so always taking the first is chance.
        first=chance,
        cautious=_constant(pairs, bold=False),
        boldest=_constant(pairs, bold=True),
    )


def _fmean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _mean(values: Sequence[float]) -> float | None:
    return _fmean(values) if values else None


def fails(case: Case, decision: str) -> bool:
    """Say whether a decision fails a resolved case: whatever is not correct does."""
    return decision not in case.correct


def _share(case: Case) -> float:
    return _fmean([fails(case, decision) for decision in case.decisions])


def _constant(pairs: Sequence[Pair], *, bold: bool) -> Rates:
    on_cases: list[float] = []
    on_twins: list[float] = []
    for case, twin in pairs:
        scored = [
            (fails(case, decision) != bold, twin is not None and fails(twin, decision))
            for decision in case.decisions
        ]
        first, second = min(scored)
        on_cases.append(float(first != bold))
        if twin is not None:
            on_twins.append(float(second))
    return _fmean(on_cases), _mean(on_twins)
