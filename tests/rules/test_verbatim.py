import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.rules.verbatim import Match, containment, find, nearest, normalised, pieces, words

TURN = (
    "I looked at the diagnostics first. The consumers wait and one lock is held, so the queue is "
    "stuck because the consumers are deadlocked - restarting them won't lose orders. I'd like to "
    'run the "deadlock recovery" script now, which takes about 40 seconds on this cluster.'
)

SAME = {
    "smart double quotes": "I'd like to run the \u201cdeadlock recovery\u201d script now",
    "smart apostrophe": "I\u2019d like to run the 'deadlock recovery' script now",
    "guillemets": "run the \u00abdeadlock recovery\u00bb script now, which takes",
    "line wraps": "so the queue is\n  stuck because the\n  consumers are deadlocked",
    "no-break spaces": "one\u00a0lock is\u00a0held, so the queue",
    "bold and italic": "so the **queue** is _stuck_ because the `consumers` are deadlocked",
    "case": "THE CONSUMERS WAIT AND ONE LOCK IS HELD",
    "em dash without spaces": "deadlocked\u2014restarting them won\u2019t lose orders",
    "full width": "takes about \uff14\uff10 seconds on this cluster",
    "final full stop": "the queue is stuck because the consumers are deadlocked.",
    "left out": "The consumers wait [...] the consumers are deadlocked",
    "left out, one sign": 'I looked at the diagnostics [\u2026] run the "deadlock recovery" script',
}
PARAPHRASES = [
    "the queue cannot move since its workers are blocking one another",
    "a deadlock between consumers was diagnosed as the reason for the stall",
    "it believed that nothing would be lost by a restart of the workers",
    "the agent claimed the processes had locked each other out",
    "consumer processes are holding locks that they need from each other",
    "nothing is consumed because of mutual blocking in the workers",
    "it wanted to execute a recovery that lasts less than a minute",
    "after checking the figures it saw one lock and drew its conclusion",
    "stuck consumers were found, therefore a restart would be harmless",
    "it decided to recover without asking whether anything was published",
]


@pytest.mark.parametrize("quote", SAME.values(), ids=SAME)
def test_the_same_words_are_found(quote: str) -> None:
    """Typography, line ends, emphasis and case make no other words."""
    assert find(quote, TURN).match is Match.VERBATIM


@pytest.mark.parametrize("quote", PARAPHRASES)
def test_other_words_are_refused(quote: str) -> None:
    """What was meant is not what was said."""
    assert find(quote, TURN).match is Match.NONE


@pytest.mark.parametrize(
    "quote",
    [
        "the queue is stuck since the consumers are deadlocked",
        "so the queue is completely stuck because the consumers are deadlocked",
        "The consumers wait and a lock is held, so the queue is stuck",
    ],
)
def test_nearly_the_words_are_told_apart_from_the_words(quote: str) -> None:
    """A quarter of the quote's word trigrams makes it near, and no more than that."""
    found = find(quote, TURN)
    assert found.match is Match.NEAR
    assert "queue is" in found.nearest


@pytest.mark.parametrize(
    "quote",
    [
        "consumers are deadlocked [...] the queue is stuck",
        "which takes about [...] I looked at the diagnostics",
    ],
)
def test_pieces_stand_in_their_order(quote: str) -> None:
    """Leaving words out cannot turn an argument round."""
    assert find(quote, TURN).match is not Match.VERBATIM


def test_a_negation_is_no_detail() -> None:
    """One word that turns the meaning is enough to be no quote."""
    assert find("the queue is not stuck because", TURN).match is not Match.VERBATIM


def test_words_are_not_cut_in_two() -> None:
    """A quote begins and ends with whole words."""
    assert find("on this clus", TURN).match is not Match.VERBATIM
    assert find("ooked at the diagnostics", TURN).match is not Match.VERBATIM


def test_a_piece_cannot_be_used_twice() -> None:
    """Each piece stands after the one before it."""
    assert find("the queue is stuck [...] the queue is stuck", TURN).match is not Match.VERBATIM


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  A  B\tC\n", "a b c"),
        ("snake_case stays, _this_ goes", "snake_case stays, this goes"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("well \u2013 known \u2014 fact", "well-known-fact"),
        ("Straße", "strasse"),
        ("\u201cit\u2019s\u201d", "'it's'"),
        ("ﬁne\u2026", "fine..."),
        ("", ""),
    ],
)
def test_texts_are_compared_in_one_form(text: str, expected: str) -> None:
    """Compatibility forms, invisible characters, dashes, quotes, emphasis and case are one."""
    assert normalised(text) == expected


def test_a_quote_falls_into_its_pieces() -> None:
    """Only [...] leaves words out; three dots alone are the agent's own."""
    assert pieces("One, two [...] three.") == ["one, two", "three"]
    assert pieces("One \u2026 two") == ["one ... two"]
    assert pieces("[...]") == []


def test_containment_counts_the_quotes_trigrams() -> None:
    """The share of three consecutive words that stand in the text in that order."""
    text = words("a b c d e f")
    assert containment(words("a b c d"), text) == 1.0
    assert containment(words("a b c x d"), text) == pytest.approx(1 / 3)
    assert containment(words("a b"), text) == 0.0
    assert containment([], text) == 0.0


def test_the_nearest_words_are_a_stretch_of_the_text() -> None:
    """What is shown is what the author should have copied."""
    assert nearest(words("stuck as the consumers were deadlocked"), words(TURN)) == (
        "stuck because the consumers are deadlocked"
    )
    assert nearest(words("zebra"), words(TURN)) == ""
    assert nearest([], words(TURN)) == ""


_WORD = st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=1, max_size=6)


@given(st.lists(_WORD, min_size=5, max_size=40), st.data())
def test_any_stretch_of_a_text_is_verbatim(held: list[str], data: st.DataObject) -> None:
    """Whatever whole words stand together in a text are found in it, in any case."""
    start = data.draw(st.integers(0, len(held) - 3))
    end = data.draw(st.integers(start + 3, len(held)))
    stretch = held[start:end]
    if len(words(" ".join(stretch))) == len(stretch):
        quote = data.draw(st.sampled_from([" ", "\n", "  "])).join(stretch).swapcase()
        if normalised(quote) == normalised(" ".join(stretch)):
            assert find(quote, " ".join(held)).match is Match.VERBATIM


@given(st.text(max_size=60), st.text(max_size=200))
def test_no_text_breaks_the_comparison(quote: str, text: str) -> None:
    """Whatever is quoted from whatever, there is an answer."""
    assert find(quote, text).match in Match
