"""Errors as users see them."""

import pytest

from harness.errors import (
    HarnessError,
    InputError,
    LedgerError,
    ModelError,
    NotEvaluableError,
    Place,
    Problem,
    printable,
    show,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é ✓", "plain é ✓"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202e\u2066\u200b\ufeff", "\\u202e\\u2066\\u200b\\ufeff"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\ud800x\udfff", "\\ud800x\\udfff"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped(text: str, shown: str):
    """Controls, overrides, separators, invisible characters and lone surrogates are spelled out."""
    assert printable(text) == shown
    assert printable(text).isprintable()


def test_a_long_text_is_cut():
    """It ends in an ellipsis at the limit, before anything is escaped."""
    assert printable("abcdef", 6) == "abcdef"
    assert printable("abcdefg", 6) == "abcde…"
    assert len(show("x" * 1000)) == 80
    assert show(None) == "None"
    assert show("text") == "text"


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem(Place("a.yaml", 3, 7), "key", "must be", "5", "write 6"),
         "a.yaml:3:7: key: must be, got 5, write 6"),
        (Problem(Place("a.yaml", 3), "", "must be"), "a.yaml:3: must be"),
        (Problem(Place("a\x1b.yaml"), "k\n", "r\x00", "g\x07", "f\r"),
         "a\\x1b.yaml: k\\n: r\\x00, got g\\x07, f\\r"),
        (Problem(Place("a", 0, 9), "k", "r"), "a: k: r"),
    ],
)  # fmt: skip
def test_a_problem_is_one_line(problem: Problem, line: str):
    """Place, key, rule, value and fix, as far as they are known, and all of it printable."""
    assert str(problem) == line


def test_an_error_holds_all_its_problems():
    """One line each, in the order given."""
    error = InputError(Problem(Place("a"), "", "one"), "two\x1b")
    assert str(error) == "a: one\ntwo\\x1b"
    assert len(error.problems) == 2


def test_every_error_has_its_exit_code():
    """What the user can mend is 2; a request that cannot be decided is 4; none is 0."""
    kinds = (HarnessError, InputError, LedgerError, ModelError, NotEvaluableError)
    assert [kind.exit_code for kind in kinds] == [2, 2, 2, 2, 4]
