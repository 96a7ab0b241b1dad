"""The ledger's records, arranged so that a decision can be read from them."""

from typing import Any

import numpy as np
import pytest

from harness.decide.evidence import Evidence, SeriesKey
from harness.errors import LedgerError

KEY = SeriesKey("stall", "p", "f")


def test_only_whole_rounds_count(book: Any, ask: Any):
    """A round without one of its cases is no round, and ends what is looked at."""
    asked = ask()
    book.begin(asked)
    book.trials(asked, "silent", ".x.?.")
    book.trials(asked, "spike", "x.. x")
    held = book.evidence.of(KEY)
    assert held.rounds(asked.places("base"), 0).tolist() == [[0, 1], [1, 0], [0, 0]]
    assert held.rounds(asked.places("base"), 1).tolist() == [[1, 0], [0, 0]]
    assert held.rounds(asked.places("base"), 3).shape == (0, 2)
    assert held.rounds(asked.places("base"), 0).dtype == np.int8
    assert held.started("base") == 5
    assert held.started("twin") == 0
    assert held.first_missing(asked.places("base"), 0) == 3
    assert held.first_missing([], 4) == 4


def test_a_filled_place_keeps_its_first_trial(book: Any, ask: Any):
    """Where two merged ledgers fill one place, the first counts and the other is surplus."""
    asked = ask(["silent"])
    book.begin(asked)
    book.trials(asked, "silent", ".x")
    book.new_run()
    book.begin(asked)
    book.trials(asked, "silent", "x.?.")
    held = book.evidence.of(KEY)
    assert held.rounds(asked.places("base"), 0).tolist() == [[0], [1], [2], [0]]
    assert (held.surplus, held.calls) == (2, 4)
    assert book.decide(asked).warnings == (
        "no case has a twin: an agent that never acts would pass",
        "2 trials fill places that were filled before; not counted",
    )


def test_an_error_is_open_until_its_place_holds_a_trial(book: Any, ask: Any):
    """A later trial heals an error, in the same run or another."""
    asked = ask(["silent"])
    book.begin(asked)
    book.trials(asked, "silent", ".!")
    assert book.decide(asked).errors == 1
    book.trials(asked, "silent", "!", since=1)
    assert book.decide(asked).errors == 1
    book.new_run()
    book.begin(asked)
    book.trials(asked, "silent", ".", since=1)
    assert book.decide(asked).errors == 0


def test_an_error_in_a_filled_place_is_none(book: Any, ask: Any):
    """A merged ledger that tells of an error where another holds the trial changes nothing."""
    asked = ask(["silent"])
    book.begin(asked)
    book.trials(asked, "silent", "..")
    book.new_run()
    book.begin(asked)
    book.trials(asked, "silent", "!!")
    assert book.evidence.of(KEY).open_errors == {}
    assert book.decide(asked).errors == 0


def test_the_last_error_is_told(book: Any, ask: Any):
    """Of several attempts on one place the latest says why."""
    asked = ask(["silent"])
    book.begin(asked)
    for words in ("refused", "reset"):
        book.feed.take(
            {"kind": "error", "plan": next(iter(book.feed.plans)), "case": "silent",
             "variant": "base", "round": 0, "error": words}
        )  # fmt: skip
    assert book.decide(asked).reasons == ("1 trials got no answer from the model: reset",)


def test_an_edited_case_is_another_place(book: Any, ask: Any):
    """Trials of a case before its edit are no evidence on it as it is now."""
    asked, edited = ask(["silent"]), ask(["silent@2"])
    book.begin(asked)
    book.trials(asked, "silent", "xxx")
    held = book.evidence.of(KEY)
    assert held.rounds(edited.places("base"), 0).shape == (0, 1)


def test_costs_are_added_up_over_counted_trials(book: Any, ask: Any):
    """Tokens and seconds are summed, and what a record lacks adds nothing."""
    asked = ask(["silent"])
    book.begin(asked)
    trial = {"kind": "trial", "plan": next(iter(book.feed.plans)), "case": "silent",
             "variant": "base", "outcome": "pass"}  # fmt: skip
    book.feed.take({**trial, "round": 0, "input_tokens": 10, "output_tokens": 2, "latency_s": 0.5})
    book.feed.take({**trial, "round": 1, "input_tokens": None})
    book.feed.take({**trial, "round": 1, "input_tokens": 99})
    held = book.evidence.of(KEY)
    assert (held.calls, held.input_tokens, held.output_tokens, held.model_s) == (2, 10, 2, 0.5)


def test_a_series_stands_on_the_runs_that_touched_it(book: Any, ask: Any):
    """Every run with trials or errors of a series is named, with what it held when it was read."""
    asked = ask(["silent"])
    book.begin(asked)
    book.trials(asked, "silent", ".")
    book.feed.stands_at(3, "head-1")
    book.new_run()
    book.begin(asked)
    book.feed.stands_at(2, "nothing but a plan")
    book.new_run()
    book.begin(asked)
    book.trials(asked, "silent", " !")
    book.feed.stands_at(3, "head-3")
    assert book.evidence.runs[KEY] == {"run-1": (3, "head-1"), "run-3": (3, "head-3")}
    assert book.evidence.last_run(KEY) == ("run-3", "head-3")
    assert book.evidence.last_run(SeriesKey("other", "p", "f")) == (None, None)


def test_other_kinds_of_records_are_passed_over():
    """Decisions, seals and what a newer harness may add are no evidence."""
    evidence = Evidence()
    evidence.add_run("run", "head", [{"kind": kind} for kind in ("run", "decision", "seal", "x")])
    assert evidence.series == {}


def test_a_record_of_another_version_is_an_error_with_its_place():
    """A record without what its kind holds is told, not shown as a bug."""
    evidence = Evidence()
    with pytest.raises(LedgerError) as told:
        evidence.add_run("r1", "head", [{"kind": "plan", "seq": 1, "eval": "stall"}])
    assert str(told.value) == (
        "run r1: record: record 1 is no plan record of this version, got KeyError: 'protocol', "
        "read it with that version"
    )
