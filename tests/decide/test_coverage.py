"""The verdict on an eval-coverage item."""

import itertools
import math
from typing import Any

import pytest

from harness.domain.decision import Verdict

MET, NOT_MET, OPEN, UNGRADED = "." * 14, "x" * 6, "." * 2, "?" * 20
BELOW = "the failure rate is shown to be below the target"
ABOVE = "the failure rate is shown to be above the target"
TWINS_ABOVE = "the failure rate of the twins is shown to be above their target"
YET = "the failure rate is shown to be neither below nor above its target yet"
TWINS_YET = "the failure rate of the twins is shown to be neither below nor above its target yet"
LACKS = "covers names other, which eval stall lacks: it stays open"


def expected(base: str, twins: str | None, *, target: bool, covered: bool, errors: bool) -> Verdict:
    """Return the verdict: what was shown, then what cannot be judged, then what is open."""
    judged = [base, *([twins] if twins and target else [])]
    if NOT_MET in judged:
        return Verdict.NOT_MET
    if UNGRADED in {base, twins} or (errors and OPEN in judged):
        return Verdict.INVALID
    return Verdict.UNDECIDED if OPEN in judged or not covered else Verdict.MET


@pytest.mark.parametrize("base", [MET, NOT_MET, OPEN, UNGRADED])
@pytest.mark.parametrize("twins", [MET, NOT_MET, OPEN, UNGRADED, None])
def test_the_verdict_follows_from_its_parts(book: Any, ask: Any, base: str, twins: str | None):
    """Met needs cases and twins below their targets and every covered case; nothing else is met."""
    for target, covered, errors in itertools.product((True, False), repeat=3):
        made = type(book)()
        asked = ask(
            ["silent"],
            twins=twins is not None,
            twin_failure_rate=0.3 if target else None,
            covers=("silent",) if covered else ("silent", "other"),
        )
        made.begin(asked)
        made.all(asked, base)
        if twins is not None:
            made.all(asked, twins, variant="twin")
        if errors:
            made.trials(asked, "silent", "!", since=40)
        decision = made.decide(asked)
        wanted = expected(base, twins, target=target, covered=covered, errors=errors)
        assert decision.verdict is wanted, (target, covered, errors)
        assert decision.errors == errors
        assert decision.reasons


@pytest.mark.parametrize(
    ("base", "twins", "rules", "reasons"),
    [
        (MET, MET, {"twin_failure_rate": 0.3}, (BELOW,)),
        (MET, None, {}, (BELOW,)),
        (NOT_MET, MET, {"twin_failure_rate": 0.3}, (ABOVE,)),
        (NOT_MET, NOT_MET, {"twin_failure_rate": 0.3}, (ABOVE, TWINS_ABOVE)),
        (MET, NOT_MET, {"twin_failure_rate": 0.3}, (TWINS_ABOVE,)),
        (OPEN, OPEN, {"twin_failure_rate": 0.3}, (YET, TWINS_YET)),
        (OPEN, OPEN, {}, (YET,)),
        (MET, OPEN, {"twin_failure_rate": 0.3}, (TWINS_YET,)),
        (MET, "", {"twin_failure_rate": 0.3},
         ("no whole round of trials on the failure rate of the twins yet",)),
        ("", None, {}, ("no whole round of trials on the failure rate yet",)),
        (MET, MET, {"covers": ("silent", "other")}, (LACKS,)),
        (OPEN, None, {"covers": ("other",)}, (LACKS, YET)),
        (MET, MET, {"covers": ("other", "more")},
         ("covers names other, more, which eval stall lacks: it stays open",)),
        (OPEN, None, {"max_trials": 2},
         ("max_trials 2 is reached without a decision on the failure rate",)),
        (MET, "x." * 100, {"twin_failure_rate": 0.5, "max_trials": 40},
         ("max_trials 120 is reached without a decision on the failure rate of the twins",)),
        (UNGRADED, None, {},
         ("20 of 20 trials are ungraded, more than 5% can be judged with",)),
        (MET, UNGRADED, {},
         ("20 of 34 trials are ungraded, more than 5% can be judged with",)),
        ("..!", None, {}, ("1 trials got no answer from the model: error 2",)),
        ("!!!", None, {}, ("3 trials got no answer from the model: error 2",)),
    ],
)  # fmt: skip
def test_the_reasons_are_told(
    book: Any, ask: Any, base: str, twins: str | None, rules: dict[str, Any], reasons: Any
):
    """Every reason is a sentence, the most important first."""
    asked = ask(["silent"], twins=twins is not None, **rules)
    book.begin(asked)
    book.all(asked, base)
    book.all(asked, twins or "", variant="twin")
    assert book.decide(asked).reasons == reasons


def test_a_verdict_outlives_errors_of_other_items(book: Any, ask: Any):
    """An error behind the rounds that decided, met on behalf of another item, changes nothing."""
    asked = ask(["silent"], twins=True, twin_failure_rate=0.3)
    book.begin(asked)
    book.all(asked, MET + "!")
    book.all(asked, MET, variant="twin")
    decision = book.decide(asked)
    assert (decision.verdict, decision.errors) == (Verdict.MET, 1)


def test_errors_of_other_epochs_and_edits_are_no_errors(book: Any, ask: Any):
    """Only an error on a place of this very question counts."""
    asked, edited = ask(["silent"]), ask(["silent@2"])
    book.begin(asked)
    book.all(asked, "..!")
    assert book.decide(asked).errors == 1
    book.begin(edited)
    assert book.decide(edited).errors == 0
    stricter = ask(["silent"], failure_rate=0.1)
    book.begin(stricter)
    book.all(stricter, "..", since=2)
    assert book.decide(stricter).errors == 0


@pytest.mark.parametrize(
    ("outcomes", "limit", "verdict"),
    [
        ("." * 14 + "?" + "." * 30, 0.05, Verdict.MET),
        ("??" + "." * 36, 0.05, Verdict.INVALID),
        ("??" + "." * 36, 0.06, Verdict.MET),
        ("." * 20 + "?", 0.0, Verdict.INVALID),
        ("." * 21, 0.0, Verdict.MET),
        ("??????" + "." * 4, 0.05, Verdict.INVALID),
        ("." * 30 + "?" * 10, 1.0, Verdict.MET),
        ("?" * 40, 1.0, Verdict.UNDECIDED),
    ],
)
def test_past_a_share_of_ungraded_trials_nothing_is_judged(
    book: Any, ask: Any, outcomes: str, limit: float, verdict: Verdict
):
    """Above max_ungraded_rate a verdict that was reached is invalid; 0 and 1 are allowed limits."""
    asked = ask(["silent"], max_ungraded_rate=limit)
    book.begin(asked)
    book.all(asked, outcomes)
    assert book.decide(asked).verdict is verdict


@pytest.mark.parametrize(
    ("twins", "rules", "warnings"),
    [
        (False, {}, ("no case has a twin: an agent that never acts would pass",)),
        (True, {}, (("twins exist, but target has no twin_failure_rate: "
                    "an agent that never acts may close"),)),
        (True, {"twin_failure_rate": 0.2}, ()),
    ],
)  # fmt: skip
def test_what_twins_would_have_told_is_a_warning(
    book: Any, ask: Any, twins: bool, rules: dict[str, Any], warnings: Any  # noqa: FBT001
):  # fmt: skip
    """Without twins, or without a target for them, an agent that never acts may close an item."""
    assert book.decide(ask(twins=twins, **rules)).warnings == warnings


def test_an_agent_that_never_acts_closes_nothing(book: Any, ask: Any):
    """Perfect on the cases and wrong on every twin is not met, whatever the cases say."""
    asked = ask(twins=True, twin_failure_rate=0.3)
    book.begin(asked)
    book.all(asked, "." * 60)
    book.all(asked, "x" * 60, variant="twin")
    assert book.decide(asked).verdict is Verdict.NOT_MET


def test_no_rounds_of_twins_are_compared_with_rounds_of_cases(book: Any, ask: Any):
    """Cases and twins are two sequences: each is judged on its own whole rounds."""
    asked = ask(twins=True, twin_failure_rate=0.3)
    book.begin(asked)
    book.all(asked, "." * 10)
    book.all(asked, "." * 4, variant="twin")
    decision = book.decide(asked)
    assert decision.twins is not None
    assert (decision.base.rounds, decision.twins.rounds) == (10, 4)


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.2, 0.8), (0.0, 1.0)])
def test_false_verdicts_are_as_rare_as_promised(book: Any, ask: Any, rates: tuple[float, float]):
    """At the target neither verdict has more probability than alpha: a count of all outcomes.

    256 outcomes of 4 rounds of 2 cases, each decided from records, weighed by the case rates.
    """
    asked = ask(["a", "b"], failure_rate=0.5, alpha=0.25, error_scope="epoch")
    met = not_met = total = 0.0
    for flat in itertools.product(".x", repeat=8):
        first, second = "".join(flat[:4]), "".join(flat[4:])
        weight = math.prod(
            [
                rate if sign == "x" else 1 - rate
                for outcomes, rate in zip((first, second), rates, strict=True)
                for sign in outcomes
            ]
        )
        total += weight
        if not weight:
            continue
        made = type(book)()
        made.begin(asked)
        made.trials(asked, "a", first)
        made.trials(asked, "b", second)
        verdict = made.decide(asked, bounds=False).verdict
        met += weight * (verdict is Verdict.MET)
        not_met += weight * (verdict is Verdict.NOT_MET)
    assert total == pytest.approx(1)
    assert met <= 0.25
    assert not_met <= 0.25
    assert rates != (0.5, 0.5) or min(met, not_met) > 0.02
