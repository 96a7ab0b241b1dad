"""What policies that read nothing would score, held against hand-computed figures."""

from typing import Any

import pytest

from harness.domain.report import Policies
from harness.plan.policies import fails, policies

THREE = {"restart": "r", "wait": "w", "ask": "a"}


def test_chance_is_the_share_of_decisions_that_fail(make_case: Any):
    """Two of three fail here and one of two there: chance fails (2/3 + 1/2) / 2 of the cases."""
    found = policies([(make_case(decisions=THREE), None), (make_case(), None)])
    assert found is not None
    assert found.chance == pytest.approx((7 / 12, None))


def test_always_the_first_is_chance(make_case: Any):
    """As every decision is shown first equally often, the first place is worth nothing."""
    found = policies([(make_case(decisions=THREE), make_case(decisions=THREE, correct=("ask",)))])
    assert found is not None
    assert found.first == found.chance == pytest.approx((2 / 3, 2 / 3))


def test_the_cautious_policy_takes_one_decision_on_case_and_twin(make_case: Any):
    """Right on the case, wrong on the twin: caution alone cannot tell the two apart."""
    case, twin = make_case(), make_case(correct=("wait",), failing=("restart",))
    assert policies([(case, twin)]) == Policies(
        chance=(0.5, 0.5), first=(0.5, 0.5), cautious=(0.0, 1.0), boldest=(1.0, 0.0)
    )


def test_of_the_cautious_decisions_the_one_that_twins_forgive_counts(make_case: Any):
    """Ask passes the case and its twin, so the most that caution can reach is 0 on both."""
    case = make_case(decisions=THREE, correct=("restart", "ask"))
    twin = make_case(decisions=THREE, correct=("wait", "ask"), failing=("restart",))
    found = policies([(case, twin)])
    assert found is not None
    assert found.cautious == (0.0, 0.0)
    assert found.boldest == (1.0, 0.0)


def test_the_boldest_policy_fails_the_case_and_then_spares_the_twin(make_case: Any):
    """Of the decisions that fail the case it takes one that passes the twin, where there is one."""
    case = make_case(decisions=THREE)
    kind = make_case(decisions=THREE, correct=("ask",), failing=("restart",))
    harsh = make_case(decisions=THREE, correct=("restart",), failing=("wait",))
    found = policies([(case, kind), (case, harsh)])
    assert found is not None
    assert found.boldest == (1.0, 0.5)
    assert found.cautious == (0.0, 0.5)


def test_twins_are_averaged_over_the_cases_that_have_one(make_case: Any):
    """A case without twin counts for the cases alone."""
    case, twin = make_case(), make_case(correct=("wait",), failing=("restart",))
    found = policies([(case, twin), (case, None)])
    assert found is not None
    assert found.cautious == (0.0, 1.0)
    assert found.chance == (0.5, 0.5)


def test_a_case_where_everything_passes_fails_nobody(make_case: Any):
    """The boldest policy cannot fail what cannot be failed."""
    found = policies([(make_case(correct=("restart", "wait"), failing=("x",)), None)])
    assert found == Policies((0.0, None), (0.0, None), (0.0, None), (0.0, None))


def test_without_closed_decisions_there_are_no_policies(make_case: Any):
    """Unknown is None, not a rate."""
    assert policies([]) is None
    assert policies([(make_case(), None), (make_case(decisions={}), None)]) is None


def test_whatever_is_not_correct_fails(make_case: Any):
    """A decision that is neither correct nor failing fails."""
    case = make_case(decisions=THREE)
    assert [fails(case, name) for name in THREE] == [False, True, True]
