"""Trials as they are planned."""

import dataclasses
import hashlib
import itertools
import pickle
from collections import Counter, defaultdict
from typing import Any

import pytest

from harness.plan.trials import Planner, Series


def series(**changes: Any) -> Series:
    """Return a series of three cases, with changes."""
    known: dict[str, Any] = {
        "run": "20260101T000000Z-00000000",
        "eval": "stall",
        "eval_digest": "e",
        "fingerprint": "f",
        "variant": "base",
        "digests": {"silent": "1", "spike": "2", "drain": "3"},
        "orders": {"silent": 2, "spike": 3, "drain": 1},
    }
    return Series(**{**known, **changes})


def planned(since: int, until: int, first: int = 0, **changes: Any) -> list[Any]:
    """Return the trials of some rounds, none of them held."""
    return list(Planner(series(**changes), first).missing({}, until, since))


def test_no_request_is_ever_planned_with_one_seed_twice():
    """Over 7,000 rounds, longer than a block of seeds, no (case, order, seed) comes again."""
    specs = planned(0, 7000)
    requests = {(spec.case, spec.shuffle, spec.seed) for spec in specs}
    assert len(requests) == len(specs) == 21_000
    assert all(0 <= spec.seed < 2**31 for spec in specs)
    assert len({spec.id for spec in specs}) == len(specs)


def test_the_trials_of_one_case_in_one_order_take_consecutive_seeds():
    """A model that shares a prefill can answer all trials of one request in one call."""
    seeds: dict[tuple[str, int], list[int]] = defaultdict(list)
    for spec in planned(0, 400):
        seeds[spec.case, spec.shuffle].append(spec.seed)
    assert len(seeds) == 2 + 3 + 1
    for taken in seeds.values():
        assert taken == list(range(taken[0], taken[0] + len(taken)))


def test_two_cases_never_share_their_seeds():
    """A seed list of its own for every case, variant, run and eval: no shared luck."""
    lists = [
        {spec.seed for spec in planned(0, 50, 0, **change) if spec.case == case}
        for case in ("silent", "spike", "drain")
        for change in ({}, {"variant": "twin"}, {"run": "other"}, {"eval": "other"})
    ]
    assert sum(map(len, lists)) == len(set().union(*lists))


def test_the_same_run_plans_the_same_trials():
    """Planning is a function of its arguments alone."""
    assert planned(0, 30) == planned(0, 30)
    assert planned(0, 30, run="other") != planned(0, 30)


def test_a_killed_run_plans_what_it_would_have_planned():
    """Whatever was replayed in between, and in whatever steps, each place keeps its trial."""
    whole = {(spec.case, spec.round): spec for spec in planned(3, 40, first=3)}
    held = {"silent": {3, 4, 9}, "spike": {3}, "drain": set[int]()}
    resumed = list(Planner(series(), 3).missing(held, 40, 3))
    assert {(spec.case, spec.round) for spec in resumed} == {
        place for place in whole if place[1] not in held[place[0]]
    }
    assert all(whole[spec.case, spec.round] == spec for spec in resumed)
    planner = Planner(series(), 3)
    assert planner.spec("spike", 30) == whole["spike", 30]
    assert planner.spec("spike", 4) == whole["spike", 4]


def test_rounds_are_planned_whole_and_in_order():
    """One trial of every case, then the next round: a batch that is cut leaves whole rounds."""
    specs = planned(2, 4)
    assert [(spec.round, spec.case, spec.index) for spec in specs] == [
        (2, "silent", 0), (2, "spike", 1), (2, "drain", 2),
        (3, "silent", 0), (3, "spike", 1), (3, "drain", 2),
    ]  # fmt: skip


def test_a_trial_is_identified_by_all_that_defines_it():
    """Another eval, case, variant, fingerprint, run or round is another trial."""
    changes: list[dict[str, Any]] = [
        {},
        {"eval_digest": "x"},
        {"digests": {"silent": "x", "spike": "2", "drain": "3"}},
        {"variant": "twin"},
        {"fingerprint": "x"},
        {"run": "x"},
        {"digests": {"spike": "2", "silent": "1", "drain": "3"}},
    ]
    ids = [Planner(series(**change), 0).spec("silent", round_).id for change in changes
           for round_ in (0, 1)]  # fmt: skip
    assert len(set(ids)) == len(ids) == 14
    # The same JSON as DESIGN names, written by hand.
    spec = Planner(series(), 0).spec("silent", 0)
    text = (
        '{"case":"1","eval":"e","fingerprint":"f","index":0,"round":0,'
        f'"seed":{spec.seed},"variant":"base"}}'
    )
    assert spec.id == hashlib.sha256(text.encode()).hexdigest()


def test_orders_are_drawn_evenly():
    """Over 3,000 rounds each of three orders is drawn 1,000 times, within 5 sigma (129)."""
    drawn = Counter(spec.shuffle for spec in planned(0, 3000) if spec.case == "spike")
    assert set(drawn) == {0, 1, 2}
    assert all(abs(count - 1000) < 129 for count in drawn.values())


def test_the_order_of_a_round_is_no_function_of_its_number():
    """Neighbouring rounds draw independently: a cycle would make rounds differ in a known way."""
    drawn = [spec.shuffle for spec in planned(0, 2000) if spec.case == "silent"]
    same = sum(a == b for a, b in itertools.pairwise(drawn))
    assert abs(same - 999.5) < 5 * 22.4  # five sigma


def test_a_planned_trial_is_frozen_and_can_be_sent_elsewhere():
    """A spec can be pickled to another process and cannot be changed."""
    spec = planned(0, 1)[0]
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.seed = 1
