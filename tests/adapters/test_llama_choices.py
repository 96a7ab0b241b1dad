import asyncio
import hashlib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.adapters.llama.choices import Token, completed, grammar, probabilities, stops
from harness.errors import ModelError

NAMES = st.lists(st.text("ab_", min_size=1, max_size=5), min_size=1, max_size=5, unique=True)

VOCABULARY = tuple(
    Token(number, text.encode())
    for number, text in enumerate(("", "a", "b", "_", "ab", "ba", "a_", "aba", "bb", "_a"))
)


def weight(tokens: Sequence[int], token: Token) -> float:
    """Return how much a made-up model likes a token after others: anything, but always the same."""
    digest = hashlib.sha256(repr((tuple(tokens), token.id)).encode()).digest()
    return 1 + digest[0] ** 2


async def toy(tokens: Sequence[int], rest: Sequence[str]) -> Mapping[Token, float]:
    """Sample from the made-up model as a grammar does: over what may still follow, renormalised."""
    allowed = {
        token: weight(tokens, token)
        for token in VOCABULARY
        if any(text.encode().startswith(token.text) for text in rest if token.text or not text)
    }
    total = sum(allowed.values())
    return {token: value / total for token, value in allowed.items()}


def enumerated(names: Sequence[str]) -> dict[str, float]:
    """Return the probabilities by walking every token sequence to its very end."""
    result = dict.fromkeys(names, 0.0)

    def walk(tokens: tuple[int, ...], text: str, mass: float) -> None:
        rest = [name[len(text) :] for name in names if name.startswith(text)]
        for token, probability in asyncio.run(toy(tokens, rest)).items():
            if token.text:
                walk((*tokens, token.id), text + token.text.decode(), mass * probability)
            else:
                result[text] += mass * probability

    walk((), "", 1.0)
    return result


def test_the_grammar_allows_the_names_and_nothing_else():
    """Every choice is a literal of its own, with quotes and backslashes kept from ending it."""
    assert grammar(("restart", "wait")) == 'root ::= "restart" | "wait"'
    assert grammar(('a"b', "c\\d", "e\nf", "")) == r'root ::= "a\"b" | "c\\d" | "e\nf" | ""'


def test_a_reply_is_decided_where_one_choice_alone_is_left():
    """The shortest decided beginnings are the stops; a beginning of another choice has none."""
    assert stops(("page_human", "restart", "recovery", "check")) == ["p", "res", "rec", "c"]
    assert stops(("restart", "restart_all", "no_restart")) == ["restart_", "n"]
    assert stops(("wait",)) == ["w"]


def test_a_stop_that_also_ends_inside_an_undecided_choice_is_none():
    """The runtime finds a stop anywhere: "b" would end "ab_" between "ab_c" and "ab_d"."""
    assert stops(("ab_c", "ab_d", "b")) == ["ab_c", "ab_d"]
    assert stops(("ab_c", "ab_d", "b_")) == ["ab_c", "ab_d"]
    assert stops(("ab_c", "ab_d", "b_e")) == ["ab_c", "ab_d", "b_e"]


@given(NAMES)
def test_wherever_a_stop_ends_the_choice_is_decided(names: list[str]):
    """No stop can cut a reply off while two choices are possible, nor name the wrong one."""
    for stop in stops(names):
        for name in names:
            for end in range(len(name) + 1):
                if name[:end].endswith(stop):
                    assert completed(name[:end], names) == name


@given(NAMES)
def test_probabilities_are_those_of_every_token_sequence_together(names: list[str]):
    """All tokenizations count, and stopping early changes nothing: full enumeration agrees."""
    assert asyncio.run(probabilities(names, toy)) == pytest.approx(enumerated(names), abs=1e-7)


def test_choices_that_begin_too_much_alike_are_refused():
    """When a thousand branches leave something open, there is an error and no half truth."""
    names = ["ab" * 40 + end for end in "ab"]
    with pytest.raises(ModelError) as caught:
        asyncio.run(probabilities(names, toy))
    assert str(caught.value).startswith(
        "the decision names begin too much alike for exact probabilities: a share of "
    )
    assert str(caught.value).endswith(" is left after 1000 branches")
