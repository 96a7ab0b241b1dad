"""What is left out for speed changes nothing in what is found."""

import re
import subprocess
import sys
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.anonymize import Anonymizer, Roster, assignments, network, numbers, views
from harness.anonymize.shape import Shape, at_each, cue, places
from harness.anonymize.spans import Taken


class _Counting:
    """A detector that finds nothing and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, text: str) -> list[object]:
        self.asked.append(text)
        return []


def anonymized(text: str, roster: Roster = Roster()) -> str:  # noqa: B008 - frozen
    """Return a text after both passes."""
    anonymizer = Anonymizer(b"a-key-of-at-least-16-bytes", incident="INC-1", roster=roster)
    anonymizer.collect(text)
    made = anonymizer.replace(text)
    assert isinstance(made, str)
    return made


def test_a_text_is_shown_to_detectors_once() -> None:
    """A trace repeats its history, and is walked twice."""
    counting = _Counting()
    anonymizer = Anonymizer(b"k" * 16, incident="INC-1", detectors=[counting])  # type: ignore[list-item]
    anonymizer.collect(["the same words", "the same words"])
    anonymizer.replace(["the same words"])
    assert counting.asked == ["the same words"]


@given(st.text(max_size=80))
def test_a_shape_is_as_long_as_its_text(text: str) -> None:
    """Letters and digits are told apart, all else stays; a sign with no shape is ``?``."""
    shape = Shape(text)
    assert len(shape.plain) == len(shape.hexadecimal) == len(shape.low) == len(text)
    assert [c for c in shape.plain if c not in "aA0"] == [
        c if c < "\u0100" else "?" for c in text if not (c.isascii() and c.isalnum())
    ]
    assert shape.words == set(re.findall("[a-z]+", shape.low))


def _found(matches: Iterable[re.Match[str]], group: str | int = 0) -> list[tuple[int, int]]:
    return [found.span(group) for found in matches]


@given(st.text("ab1_$/.-?=:>|! \t\"'`[]\u00e9\u4e2d", max_size=60))
def test_keys_read_backwards_are_those_that_reading_on_finds(text: str) -> None:
    """An assignment's key is found from its operator as it is by trying every place."""
    keys = assignments._keys(text, Shape(text))
    assert _found(keys, "op") == _found(assignments._KEY.finditer(text), "op")


@given(st.text('ab1@.-+=/?" \u00e9\u4e2d[]', max_size=60))
def test_addresses_around_their_signs_are_those_that_reading_on_finds(text: str) -> None:
    """Mailboxes and hosts are found from ``@`` and ``.`` as they are by trying every place."""
    shape = Shape(text)
    mails = network._mails(text, shape, places(text, "@"))
    assert _found(mails) == _found(network._EMAIL.finditer(text))
    assert _found(network._dotted(text, shape)) == _found(network._HOST.finditer(text))


@given(st.text("ab4%0u\\x&#;=\n\r\"' +[](.)@{}<>hxX*p:/\u200b\u00e9", max_size=60))
def test_encoded_stretches_are_those_that_reading_on_finds(text: str) -> None:
    """What may be encoded is found where it can begin, as it is by trying every place."""
    assert _found(views._atoms(text)) == _found(views._ATOM.finditer(text))
    if views._plain_text(text):
        decoded = [views._decoded(found) for found in views._ATOM.finditer(text)]
        assert not [each for each in decoded if each is not None]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=12))
def test_what_is_taken_does_not_overlap(stretches: list[tuple[int, int]]) -> None:
    """A stretch is taken exactly where none of those before it has a part of it."""
    taken = Taken()
    kept: list[tuple[int, int]] = []
    for start, length in stretches:
        free = all(start >= end or start + length <= begin for begin, end in kept)
        assert taken.holds(start, start + length) is not free
        assert taken.take(start, start + length) is free
        kept += [(start, start + length)] if free else []


@pytest.mark.parametrize("gap", [0, 1, 39, 40, 41, 200, 5_000])
def test_the_roster_finds_a_name_wherever_it_stands(gap: int) -> None:
    """The pattern of names reads around its marks only, and misses nothing for it."""
    text = "-" * gap + " Mei Tanaka " + "." * gap + " mtanaka " + "-" * gap
    after = anonymized(text, roster=Roster(names=("Mei Tanaka",)))
    assert "anaka" not in after
    assert after.count("-") >= 2 * gap


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("//npm.acme.io/:_auth=dGVzdDp0ZXN0", "dGVzdDp0ZXN0"),
        ("billing-key: 0123abcd4567efab0123abcd4567efab0123abcd", "0123abcd4567efab"),
        ('session.login(user, "hunter2x")', "hunter2x"),
        ("curl --user  'johns:h0pk1ns~21s' $URL", "h0pk1ns~21s"),
        ('curl -H "Authorization: Api-Token 22cb987851bc5659229114c6"', "22cb987851bc5659"),
        ('private_key "kT8-qzLw99xY";', "kT8-qzLw99xY"),
    ],
)
def test_what_a_key_or_a_call_declares_is_hidden(text: str, secret: str) -> None:
    """Passwords of calls, registries and services' keys, in the ways they are written."""
    assert secret not in anonymized(text)


@pytest.mark.parametrize(
    "text",
    [
        "cache-key: 0123abcd4567efab0123abcd4567efab0123abcd",
        "idempotency_key=order20260304batch0123456789abcdefgh",
        "login(user, password)",
        "token ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ],
)
def test_keys_for_looking_up_references_and_filling_stay(text: str) -> None:
    """What opens nothing is kept, since the agent's behaviour may depend on it."""
    assert anonymized(text) == text


@given(st.text("passwordkeylogin_-/ .1A\u00e9\u017f\u4e2d", max_size=60))
def test_a_cue_is_told_wherever_its_literal_stands(text: str) -> None:
    """A rule that asks the cues misses nothing, whatever was seen before."""
    for literal in ("password", "passwd=", "key", "login"):
        told = cue(literal)
        for each in (text, f"{text}{literal}{text}", f"{literal.upper()} {text}"):
            shape = Shape(each)
            assert (told in shape.cues) == any(told in word for word in shape.words)
            assert told in shape.cues or literal not in shape.low


@given(st.text("0127+() ./-\na", max_size=50))
def test_numbers_around_their_forms_are_those_that_reading_on_finds(text: str) -> None:
    """Telephone numbers are found from their digits as they are by trying every place."""
    shape = Shape(text)
    local = at_each(numbers._LOCAL, text, numbers._local(text, shape.plain))
    assert _found(local) == _found(numbers._LOCAL.finditer(text))


@given(st.text("[({<.:@dotDOT0at])}>hxX*p%4&#;=`^\r\n\"'+ \u00e9\u0430\u200b", max_size=40))
def test_what_is_told_to_be_plain_has_no_other_reading(text: str) -> None:
    """The quick look at a text passes over nothing that a step of decoding would change."""
    whole = views.View(text, list(range(len(text))), list(range(1, len(text) + 1)), 0)
    if views._plain_text(text):
        assert views._step(whole) is None


def test_another_project_is_loaded_without_what_only_asks_services() -> None:
    """What detect-secrets needs to verify a secret is not loaded, and is there for others."""
    program = (
        "import sys; from harness.anonymize import optional; optional._plugins();"
        "assert 'requests' not in sys.modules and 'urllib3' not in sys.modules;"
        "from detect_secrets.plugins import aws; import requests, requests.adapters;"
        "assert aws.requests.get is requests.get"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
