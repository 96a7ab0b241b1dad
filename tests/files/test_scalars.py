import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.files.scalars import Refusal, ambiguous, plain_number, resolve

ZERO = "a number with a leading zero is read in two ways"
INFINITE = "infinity and nan are refused"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"),
        ("true", True), ("True", True), ("TRUE", True), ("tRUE", "tRUE"),
        ("false", False), ("False", False), ("FALSE", False),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("n", "n"),
        ("0", 0), ("-0", 0), ("+12", 12), ("-7", -7), ("0o17", 15), ("0x1F", 31),
        ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)),
        ("1e-2", 0.01), ("1E3", 1000.0), ("+1.5e+2", 150.0), (".5", 0.5), ("5.", 5.0),
        ("0.05", 0.05), ("00.5", 0.5), ("-.5", -0.5),
        ("12:30", "12:30"), ("2026-12-15", "2026-12-15"), ("1_000", "1_000"), ("0b11", "0b11"),
        ("-0x10", "-0x10"), ("0o8", "0o8"), ("5%", "5%"), ("1,5", "1,5"), (".", "."), ("-", "-"),
        ("+", "+"), ("e1", "e1"), ("1e", "1e"), ("inf", "inf"), ("nan", "nan"), ("=", "="),
        ("١٢", "١٢"),
    ],
)  # fmt: skip
def test_a_word_is_read_as_the_core_schema_says(word: str, value: object) -> None:
    """YAML 1.2 reads no more words as bools or numbers than a reader would."""
    read = resolve(word)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("word", "rule", "fix"),
    [
        ("0777", ZERO, 'write 0o777, 777 or "0777"'),
        ("0123", ZERO, 'write 0o123, 123 or "0123"'),
        ("089", ZERO, 'write 89 or "089"'),
        ("-0123", ZERO, 'write -123 or "-0123"'),
        ("+0123", ZERO, 'write 123 or "+0123"'),
        ("00", ZERO, 'write 0o0, 0 or "00"'),
        ("0" * 100, ZERO, "put it in quotes"),
        (".inf", INFINITE, 'write a finite number, or ".inf"'),
        ("-.INF", INFINITE, 'write a finite number, or "-.INF"'),
        (".NaN", INFINITE, 'write a finite number, or ".NaN"'),
        (
            "9223372036854775808",
            "an integer must fit into 64 bits",
            "write it as a text, in quotes",
        ),
        ("1" * 5000, "an integer must fit into 64 bits", "write it as a text, in quotes"),
        (
            "1e400",
            "a number must be finite",
            "write a smaller number, or a text in quotes",
        ),
    ],
)
def test_a_word_that_two_readers_read_differently_is_refused(
    word: str, rule: str, fix: str
) -> None:
    """What is no finite 64-bit number, or octal to some, is refused with what to write."""
    assert resolve(word) == Refusal(rule, fix)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("yes", "true"), ("On", "true"), ("NO", "false"), ("off", "false"), ("nO", None),
        ("1_000", "1000"), ("-1_0", "-10"), ("1_0.5", "10.5"), ("0b11", "3"), ("-0x1f", "-31"),
        ("0_7", "7"), ("12:30", None), ("2026-12-15", None), ("a_1", None), ("_1", None),
        ("0b2", None), ("1" + "_1" * 100, None), ("y", None),
    ],
)  # fmt: skip
def test_a_text_that_others_read_as_a_bool_or_number_is_known(word: str, meant: str | None) -> None:
    """Where any value may stand, such a text must not pass in silence."""
    assert ambiguous(word) == meant


@given(st.text(alphabet="0123456789_.+-eExobXaf", max_size=90))
def test_numbers_never_raise(word: str) -> None:
    """No word makes the reader raise, and what it reads is a finite number of 64 bits."""
    value = resolve(word)
    if isinstance(value, int) and not isinstance(value, bool):
        assert -(2**63) <= value < 2**63
    plain_number(word)


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them_are_read_back(number: float) -> None:
    """What json and repr write is read as the same number."""
    assert resolve(repr(number)) == number


@given(st.from_regex(re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*"), fullmatch=True))
def test_a_word_that_starts_with_a_letter_is_a_text_a_bool_or_null(word: str) -> None:
    """No name is ever taken for a number."""
    value = resolve(word)
    assert value == word or value is None or isinstance(value, bool)
