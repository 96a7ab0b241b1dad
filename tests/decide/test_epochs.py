"""Which trials an item may stand on."""

from typing import Any

import pytest

from harness.domain.decision import Verdict


def test_the_first_epoch_begins_with_the_first_trial(book: Any, ask: Any):
    """A new item stands in epoch 1, at half its alpha: the rest is kept for later epochs."""
    asked = ask()
    epoch = book.epoch(asked)
    assert (epoch.number, epoch.first_round) == (1, {"base": 0, "twin": 0})
    assert book.decide(asked).alpha == 0.05 / 2


def test_the_same_question_stays_in_its_epoch(book: Any, ask: Any):
    """Asked again, by another run, it goes on with the same trials at the same alpha."""
    asked = ask()
    book.begin(asked)
    book.all(asked, "....")
    book.new_run()
    assert book.begin(asked).number == 1
    book.all(asked, "....", since=4)
    decision = book.decide(asked)
    assert (decision.epoch, decision.base.trials) == (1, 16)


@pytest.mark.parametrize(
    "change",
    [
        {"failure_rate": 0.2},
        {"alpha": 0.1},
        {"twin_failure_rate": 0.5},
        {"fingerprint": "g"},
        {"protocol": "q"},
        {"cases": ["silent@2", "spike"]},
        {"cases": ["silent"]},
        {"cases": ["silent", "other"]},
    ],
)
def test_any_other_question_begins_the_next_epoch(book: Any, ask: Any, change: dict[str, Any]):
    """Another target, model or protocol, or a case edited or removed: fresh trials, less alpha."""
    asked = ask()
    book.begin(asked)
    book.all(asked, "." * 20)
    other = ask(**change)
    epoch = book.begin(other)
    assert epoch.number == 2
    decision = book.decide(other)
    assert decision.alpha == other.rules.alpha / 6
    assert (decision.base.trials, decision.verdict) == (0, Verdict.UNDECIDED)
    assert book.decide(asked).verdict is Verdict.MET


def test_a_changed_target_never_reuses_trials(book: Any, ask: Any):
    """The trials that suggested the new target are no evidence for it; later ones are."""
    strict, lenient = ask(), ask(failure_rate=0.5)
    book.begin(strict)
    book.all(strict, "." * 20)
    assert book.begin(lenient).first_round == {"base": 20, "twin": 0}
    book.all(lenient, ".x", since=20)
    decision = book.decide(lenient)
    assert (decision.base.trials, decision.base.failures) == (4, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"max_trials": 10},
        {"max_ungraded_rate": 0.5},
        {"error_scope": "epoch"},
        {"covers": ("x",)},
    ],
)
def test_rules_that_do_not_select_trials_stay_in_the_epoch(
    book: Any, ask: Any, change: dict[str, Any]
):
    """The cap, the ungraded share, the scope of alpha and covers change no evidence."""
    asked = ask()
    book.begin(asked)
    book.all(asked, "....")
    other = ask(**change)
    assert book.epoch(other).number == 1
    assert book.decide(other).base.trials == 8


def test_each_epoch_may_be_given_the_whole_alpha(book: Any, ask: Any):
    """error_scope: epoch spends alpha anew every time, as the project asked for it."""
    first = ask(error_scope="epoch")
    book.begin(first)
    book.all(first, ".")
    second = ask(error_scope="epoch", fingerprint="g")
    book.begin(second)
    assert book.decide(second).epoch == 2
    assert book.decide(first).alpha == book.decide(second).alpha == 0.05


def test_returning_to_what_was_asked_before_returns_to_its_epoch(book: Any, ask: Any):
    """A -> B -> A goes on in epoch 1 with its trials, and so does B in epoch 2."""
    first, second = ask(), ask(fingerprint="g")
    book.begin(first)
    book.all(first, "..")
    book.begin(second)
    book.all(second, "...")
    assert book.epoch(first).number == 1
    assert book.decide(first).base.trials == 4
    book.begin(first)
    book.all(first, "x", since=2)
    assert book.epoch(second).number == 2
    assert book.decide(second).base.trials == 6
    assert book.epoch(ask(fingerprint="h")).number == 3


def test_a_case_that_comes_back_brings_its_epoch_back(book: Any, ask: Any):
    """Removing a case and adding it again is A -> B -> A, and no addition to B."""
    both, one = ask(["silent", "spike"]), ask(["silent"])
    book.begin(both)
    book.all(both, "..")
    assert book.begin(one).number == 2
    book.all(one, "..", since=2)
    assert book.epoch(both).number == 1
    assert book.epoch(one).number == 2


def test_alpha_is_never_spent_twice(book: Any, ask: Any):
    """Over ten epochs the shares of alpha add up to less than alpha."""
    shares = []
    for number in range(10):
        asked = ask(fingerprint=f"f{number}")
        book.begin(asked)
        book.all(asked, ".")
        shares.append(book.decide(asked).alpha)
    assert shares == pytest.approx([0.05 / (j * (j + 1)) for j in range(1, 11)])
    assert sum(shares) < 0.05


def test_an_added_case_goes_on_once_it_is_back_filled(book: Any, ask: Any):
    """The new case is replayed for the completed rounds first; then the same epoch goes on."""
    before, after = ask(["silent"]), ask(["silent", "spike"])
    book.begin(before)
    book.trials(before, "silent", "......")
    epoch = book.begin(after)
    assert (epoch.number, epoch.first_round) == (1, {"base": 0, "twin": 0})
    assert book.decide(after).base.rounds == 0
    book.trials(after, "spike", "..x")
    assert book.decide(after).base.rounds == 3
    book.trials(after, "spike", "...", since=3)
    decision = book.decide(after)
    assert (decision.base.rounds, decision.base.trials, decision.epoch) == (6, 12, 1)


def test_a_case_with_a_past_is_back_filled_from_its_own_trials(book: Any, ask: Any):
    """Trials of the added case that the series already holds in these rounds are not repeated."""
    both = ask(["silent", "spike"])
    other = ask(["silent"])
    book.begin(other)
    book.trials(other, "silent", "..")
    book.begin(both)
    book.trials(both, "spike", "..")
    assert book.decide(both).base.rounds == 2


def test_an_added_case_with_an_edited_one_begins_the_next_epoch(book: Any, ask: Any):
    """Adding forgives no edit: what was there must still be there, unchanged."""
    asked = ask(["silent"])
    book.begin(asked)
    book.all(asked, "..")
    assert book.epoch(ask(["silent@2", "spike"])).number == 2


def test_a_case_that_gets_a_twin_begins_the_next_epoch(book: Any, ask: Any):
    """A new twin is another eval for an item that decides on twins."""
    asked = ask(["silent"])
    book.begin(asked)
    book.all(asked, "..")
    assert book.epoch(ask(["silent"], twins=True)).number == 2


def test_asking_alone_spends_nothing(book: Any, ask: Any):
    """Only a recorded beginning makes an epoch: looking at targets is free."""
    book.begin(ask())
    book.all(ask(), "..")
    for rate in (0.1, 0.2, 0.4):
        assert book.epoch(ask(failure_rate=rate)).number == 2
    assert book.epoch(ask()).number == 1


def test_items_have_epochs_of_their_own(book: Any, ask: Any):
    """Another item on the same series starts with fresh trials in its own epoch 1."""
    from dataclasses import replace

    asked = ask()
    book.begin(asked)
    book.all(asked, "." * 20)
    other = replace(asked, item="ITEM-2")
    epoch = book.begin(other)
    assert (epoch.number, epoch.first_round) == (1, {"base": 20, "twin": 0})
    assert book.decide(other).base.trials == 0


def test_an_added_case_spends_the_next_share_of_alpha(book: Any, ask: Any):
    """Another set of cases is another question: twenty additions at one share overspend alpha."""
    names = ["silent", "spike", "stale"]
    shares = []
    for count in (1, 2, 3):
        asked = ask(names[:count])
        assert book.begin(asked).number == 1
        book.all(asked, ".", since=count)
        shares.append(book.decide(asked).alpha)
    assert shares == pytest.approx([0.05 / (j * (j + 1)) for j in (1, 2, 3)])
    assert book.decide(ask(names[:1])).alpha == shares[0]
    assert book.begin(ask(names[:3], fingerprint="g")).share == 4
