"""What whole rounds of trials say about one failure rate."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from harness.decide.judge import judge
from harness.domain.decision import CaseCount, Judgement, Verdict
from harness.stats import hybrid, pooled

PASS, FAIL, UNGRADED = 0, 1, 2


def matrix(*rounds: str) -> Any:
    """Return codes from one text a round: . x ? for pass, fail, ungraded."""
    codes = [[".x?".index(sign) for sign in round_] for round_ in rounds]
    return np.array(codes, np.int8).reshape(len(rounds), len(rounds[0]) if rounds else 2)


def by_definition(codes: Any, target: float, alpha: float) -> list[tuple[Verdict, int | None]]:
    """Return verdict and round of every matrix: each look on its own prefix, first come, first."""
    first: list[tuple[Verdict, int | None]] = [(Verdict.UNDECIDED, None)] * len(codes)
    for look in range(codes.shape[1], 0, -1):
        seen = codes[:, :look]
        worst, best = (seen != PASS).astype(int), (seen == FAIL).astype(int)
        met = hybrid.log_e_met(worst, target)[:, -1] >= math.log(1 / alpha)
        failed = best.sum(axis=(1, 2))
        refuted = pooled.log_e_not_met(failed, seen[0].size, target) >= math.log(1 / alpha)
        for index in np.flatnonzero(met | refuted):
            verdict = Verdict.NOT_MET if refuted[index] else Verdict.MET
            first[index] = (verdict, look)
    return first


@pytest.mark.parametrize(("rounds", "cases"), [(5, 1), (2, 2)])
def test_every_small_matrix_is_judged_by_the_definition(rounds: int, cases: int):
    """Every outcome of few rounds: the first look that crosses gives the verdict."""
    every = np.array(list(itertools.product((PASS, FAIL, UNGRADED), repeat=rounds * cases)))
    matrices = every.astype(np.int8).reshape(-1, rounds, cases)
    defined = by_definition(matrices, 0.5, 0.4)
    for codes, expected in zip(matrices, defined, strict=True):
        judged = judge(codes, ["a", "b"][:cases], 0.5, 0.4, bounds=False)
        assert (judged.verdict, judged.decided_in) == expected
        assert (judged.trials, judged.rounds) == (rounds * cases, rounds)
        assert judged.failures == (codes == FAIL).sum()
        assert judged.ungraded == (codes == UNGRADED).sum()
        assert judged.estimate == judged.failures / codes.size
        assert (judged.lower, judged.upper) == (0.0, 1.0)
    assert {verdict for verdict, _ in defined} == set(Verdict) - {Verdict.INVALID}


@pytest.mark.parametrize("outcomes", ["." * 8 + "x" * 12, "x" * 6 + "." * 40])
def test_the_first_verdict_stays(outcomes: str):
    """Once a look has decided, later rounds change counts, and never the verdict."""
    codes = matrix(*(sign * 2 for sign in outcomes))
    first = next(
        judged
        for end in range(1, len(codes) + 1)
        if (judged := judge(codes[:end], ["a", "b"], 0.3, 0.05, bounds=False)).verdict
        is not Verdict.UNDECIDED
    )
    for end in range(first.decided_in or 0, len(codes) + 1, 4):
        judged = judge(codes[:end], ["a", "b"], 0.3, 0.05)
        assert (judged.verdict, judged.decided_in) == (first.verdict, first.decided_in)
        below = judged.upper < 0.3
        assert below is (judged.verdict is Verdict.MET)
        assert (judged.lower > 0.3) is (judged.verdict is Verdict.NOT_MET)


def test_verdict_and_bounds_are_one_statement():
    """Met is an upper bound below the target, not met a lower bound above it, at every length."""
    rng = np.random.default_rng(11)
    for rate in (0.0, 0.1, 0.3, 0.6):
        codes = np.asarray(rng.random((30, 3)) < rate, np.int8)
        for end in range(0, 31, 3):
            judged = judge(codes[:end], ["a", "b", "c"], 0.3, 0.05)
            assert (judged.upper < 0.3) is (judged.verdict is Verdict.MET)
            assert (judged.lower > 0.3) is (judged.verdict is Verdict.NOT_MET)


def test_what_nobody_could_grade_helps_neither_verdict():
    """Ungraded is a failure for met and a pass for not met: the worst case both ways."""
    judged = judge(matrix(*["??"] * 60), ["a", "b"], 0.3, 0.05)
    assert judged.verdict is Verdict.UNDECIDED
    assert (judged.log_e_met, judged.log_e_not_met) == (0.0, 0.0)
    assert (judged.lower, judged.upper) == (0.0, 1.0)
    clean = judge(matrix("?.", *[".."] * 5), ["a", "b"], 0.3, 0.05)
    failed = judge(matrix("x.", *[".."] * 5), ["a", "b"], 0.3, 0.05)
    assert judge(matrix(*[".."] * 6), ["a", "b"], 0.3, 0.05).verdict is Verdict.MET
    assert clean.log_e_met == failed.log_e_met
    assert clean.upper == failed.upper
    assert clean.verdict is Verdict.UNDECIDED
    refuted = judge(matrix(*["xx"] * 5), ["a", "b"], 0.3, 0.05)
    assert refuted.verdict is Verdict.NOT_MET
    assert judge(matrix(*["?x"] * 5), ["a", "b"], 0.3, 0.05).verdict is Verdict.UNDECIDED


def test_nothing_seen_is_nothing_known():
    """Without a round there is no estimate, the interval is everything, and the outlook stands."""
    assert judge(matrix(), ["a", "b"], 0.3, 0.05) == Judgement(
        verdict=Verdict.UNDECIDED,
        target=0.3,
        rounds=0,
        trials=0,
        failures=0,
        ungraded=0,
        estimate=None,
        lower=0.0,
        upper=1.0,
        log_e_met=0.0,
        log_e_not_met=0.0,
        decided_in=None,
        clean_trials=12,
        failing_trials=5,
        cases=(CaseCount("a", 0, 0, 0), CaseCount("b", 0, 0, 0)),
    )


def test_without_a_target_nothing_is_decided():
    """There are bounds, which hold at all looks, but neither verdict nor evidence nor outlook."""
    judged = judge(matrix(*["x."] * 30), ["a", "b"], None, 0.05)
    assert judged.verdict is Verdict.UNDECIDED
    assert (judged.log_e_met, judged.log_e_not_met) == (0.0, 0.0)
    assert (judged.clean_trials, judged.failing_trials, judged.decided_in) == (None, None, None)
    assert 0.2 < judged.lower < 0.5 < judged.upper < 0.8
    assert judged.estimate == 0.5


def test_what_would_decide_does_and_nothing_less():
    """That many passing trials in a row decide at the end of their last round, not one sooner."""
    for seen in ([], ["x."], ["..", "xx", "?."]):
        codes = matrix(*seen)
        clean = judge(codes, ["a", "b"], 0.3, 0.05).clean_trials
        assert clean is not None
        assert clean % 2 == 0
        rounds = clean // 2
        after = judge(matrix(*seen, *[".."] * rounds), ["a", "b"], 0.3, 0.05)
        assert (after.verdict, after.decided_in) == (Verdict.MET, len(seen) + rounds)
        before = judge(matrix(*seen, *[".."] * (rounds - 1)), ["a", "b"], 0.3, 0.05)
        assert before.verdict is Verdict.UNDECIDED


def test_the_evidence_is_the_largest_of_all_looks():
    """Evidence that was there once is shown, as the verdict that it gave stands."""
    codes = matrix(*[".."] * 6, *["xx"] * 2)
    judged = judge(codes, ["a", "b"], 0.3, 0.05)
    path = hybrid.log_e_met((codes == FAIL).astype(int), 0.3)
    assert judged.log_e_met == max(path) > path[-1]
    assert judged.verdict is Verdict.MET


def test_cases_are_counted_apart():
    """Each case has its own trials, failures and ungraded trials, in the order of the round."""
    judged = judge(matrix("x?", ".x", "xx"), ["a", "b"], 0.3, 0.05)
    assert judged.cases == (CaseCount("a", 3, 2, 0), CaseCount("b", 3, 2, 1))
