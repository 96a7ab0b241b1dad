"""How many rounds come next."""

import itertools
import math
from typing import Any

import pytest

from harness.decide.batches import next_rounds
from harness.domain.decision import Verdict


def wanted(book: Any, asked: Any, concurrency: int = 8) -> dict[str, int]:
    """Return the rounds that come next."""
    return next_rounds(asked, book.decide(asked, bounds=False), concurrency)


@pytest.mark.parametrize(
    ("cases", "concurrency", "rounds"),
    [(1, 1, 1), (1, 8, 8), (2, 8, 4), (3, 8, 3), (5, 4, 1), (1, 64, 13), (2, 64, 7), (20, 64, 1)],
)
def test_a_batch_fills_the_slots_and_no_more(
    book: Any, ask: Any, cases: int, concurrency: int, rounds: int
):
    """min(concurrency, passing trials still needed), rounded up to whole rounds."""
    asked = ask([f"case-{number}" for number in range(cases)])
    assert wanted(book, asked, concurrency) == {"base": rounds}


def test_no_batch_goes_past_the_first_look_that_could_close(book: Any, ask: Any):
    """For every history of up to three rounds, a clean batch closes at its end at the earliest."""
    asked = ask(["a", "b"])
    for length in range(4):
        for history in itertools.product(("..", "x.", "xx"), repeat=length):
            made = type(book)()
            made.begin(asked)
            for round_, signs in enumerate(history):
                made.trials(asked, "a", signs[0], since=round_)
                made.trials(asked, "b", signs[1], since=round_)
            decision = made.decide(asked, bounds=False)
            if decision.verdict is not Verdict.UNDECIDED:
                continue
            for concurrency in (1, 8, 64):
                (rounds,) = next_rounds(asked, decision, concurrency).values()
                needed = decision.base.clean_trials
                assert needed is not None
                assert rounds * 2 <= max(2, needed)
                assert rounds == math.ceil(min(concurrency, needed) / 2)


def test_twins_are_replayed_for_their_own_target(book: Any, ask: Any):
    """Twins with a target take the batches that they need, beside the cases or alone."""
    asked = ask(twins=True, twin_failure_rate=0.5)
    assert wanted(book, asked, 64) == {"base": 7, "twin": 4}
    book.begin(asked)
    book.all(asked, "." * 7)
    assert wanted(book, asked, 64) == {"twin": 4}
    book.all(asked, "." * 4, variant="twin")
    assert wanted(book, asked, 64) == {}


def test_twins_without_a_target_follow_their_cases(book: Any, ask: Any):
    """They are replayed as often as the cases, and catch up when they lag."""
    asked = ask(twins=True)
    assert wanted(book, asked) == {"base": 4, "twin": 4}
    book.begin(asked)
    book.all(asked, "..")
    assert wanted(book, asked) == {"base": 4, "twin": 6}


@pytest.mark.parametrize("outcomes", ["." * 12, "x" * 8])
def test_nothing_is_replayed_after_a_verdict(book: Any, ask: Any, outcomes: str):
    """A decided item needs no trials, and twins without a target none of their own."""
    asked = ask(twins=True)
    book.begin(asked)
    book.all(asked, outcomes)
    assert wanted(book, asked) == {}


def test_nothing_is_replayed_while_a_covered_case_is_missing(book: Any, ask: Any):
    """What cannot close costs nothing."""
    assert wanted(book, ask(covers=("other",))) == {}


def test_nothing_is_replayed_past_the_cap(book: Any, ask: Any):
    """The last batch ends at max_trials, rounded up to a round, and no other follows."""
    asked = ask(["a", "b"], max_trials=13)
    book.begin(asked)
    book.all(asked, "x..x")
    assert wanted(book, asked, 64) == {"base": 3}
    book.all(asked, ".x.", since=4)
    assert wanted(book, asked, 64) == {}


def test_the_cap_of_twins_is_enough_for_their_target(book: Any, ask: Any):
    """A stricter target of the twins has room of its own: 60 trials over the target."""
    asked = ask(["a"], twins=True, twin_failure_rate=0.5, max_trials=1)
    book.begin(asked)
    book.all(asked, ".")
    book.all(asked, "x." * 59, variant="twin")
    assert wanted(book, asked, 64) == {"twin": 2}
    book.all(asked, "x.", since=118, variant="twin")
    assert wanted(book, asked, 64) == {}


@pytest.mark.parametrize("outcomes", ["?" * 10, "??" + "." * 36])
def test_nothing_is_replayed_once_too_much_is_ungraded(book: Any, ask: Any, outcomes: str):
    """Whether the share is shown to be too large or a verdict fell with it, more costs only."""
    asked = ask(["a"], twins=True, twin_failure_rate=0.3)
    book.begin(asked)
    book.all(asked, outcomes)
    assert book.decide(asked).verdict is Verdict.INVALID
    assert wanted(book, asked) == {}


def test_a_few_ungraded_trials_do_not_stop_it(book: Any, ask: Any):
    """Below what is shown to be too much, replaying goes on."""
    asked = ask(["a"])
    book.begin(asked)
    book.all(asked, "?..")
    assert wanted(book, asked) == {"base": 8}


def test_errors_are_tried_again(book: Any, ask: Any):
    """An open error makes the verdict invalid and the places wanted, until they are filled."""
    asked = ask(["a"])
    book.begin(asked)
    book.all(asked, "..!")
    assert book.decide(asked).verdict is Verdict.INVALID
    assert wanted(book, asked) == {"base": 8}
