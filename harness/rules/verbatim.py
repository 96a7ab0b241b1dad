"""Whether a quote stands in a text word for word, and what comes nearest where it does not.

Compared is what a reader would call the same words: after Unicode's compatibility normalisation,
with one kind of quotation mark and of dash, without emphasis, in one case, with single spaces. A
quote may leave words out with ``[...]``; then each piece, of at least three words, must stand in
the text after the one before it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

FEWEST_WORDS = 5
"""A quote of fewer words can be found in anything."""
FEWEST_IN_PIECE = 3
"""The same for a piece between two omissions."""
NEAR = 0.25
"""The share of a quote's word trigrams from which a text counts as nearly quoted."""

_OMISSION = re.compile(r"\[\s*(?:\.\.\.|\. \. \.)\s*\]")
_QUOTES = re.compile("[\"'\u00b4\u2018-\u201f\u2032-\u2037\u00ab\u00bb\u2039\u203a\u300c-\u300f]+")
_DASHES = re.compile("\\s*[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+\\s*")
_EMPHASIS = re.compile(r"\*+|`+|~~+|(?<!\w)_+|_+(?!\w)")
_EDGE = " .,;:!?'()[]-…"
_LONGEST_SHOWN = 30


class Match(Enum):
    """How a quote stands in a text."""

    VERBATIM = "verbatim"
    NEAR = "near"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Found:
    """How a quote stands in a text, and the words there that are most like it."""

    match: Match
    nearest: str = ""


def normalised(text: str) -> str:
    """Return a text as it is compared."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = _QUOTES.sub("'", _EMPHASIS.sub("", text))
    text = _DASHES.sub("-", text)
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared, without the marks around them."""
    stripped = (word.strip(_EDGE) for word in normalised(text).replace("-", " ").split())
    return [word for word in stripped if word]


def pieces(quote: str) -> list[str]:
    """Return the pieces of a quote between its omissions, as they are compared."""
    parts = _OMISSION.split(unicodedata.normalize("NFKC", quote))
    return [piece for piece in (normalised(part).strip(_EDGE) for part in parts) if piece]


def find(quote: str, text: str) -> Found:
    """Return how a quote stands in a text; the nearest words are told where it is not verbatim."""
    parts = pieces(quote)
    if _in_order(parts, normalised(text)):
        return Found(Match.VERBATIM)
    wanted, held = words(" ".join(parts)), words(text)
    near = containment(wanted, held) >= NEAR
    return Found(Match.NEAR if near else Match.NONE, nearest(wanted, held))


def containment(quote: Sequence[str], text: Sequence[str]) -> float:
    """Return the share of a quote's word trigrams that a text holds, in [0, 1]."""
    mine, theirs = _trigrams(quote), _trigrams(text)
    return len(mine & theirs) / len(mine) if mine else 0.0


def likeness(quote: Sequence[str], text: Sequence[str]) -> int:
    """Return the most words that a stretch of the text, as long as the quote, shares with it."""
    return _best(quote, text)[0]


def nearest(quote: Sequence[str], text: Sequence[str]) -> str:
    """Return the stretch of a text, as long as the quote, that shares the most words with it."""
    shared, start = _best(quote, text)
    if not shared:
        return ""
    stretch = list(text[start : start + len(quote)])
    while stretch[-1] not in quote:
        stretch.pop()
    while stretch[0] not in quote:
        del stretch[0]
    cut = len(stretch) > _LONGEST_SHOWN
    return " ".join(stretch[:_LONGEST_SHOWN]) + (" …" if cut else "")


def _in_order(parts: Sequence[str], text: str) -> bool:
    at = 0
    for part in parts:
        found = _whole_words(part, text, at)
        if found < 0:
            return False
        at = found + len(part)
    return bool(parts)


def _whole_words(part: str, text: str, at: int) -> int:
    """Return where a piece stands without cutting a word in two, or -1."""
    while (found := text.find(part, at)) >= 0:
        end = found + len(part)
        starts = found == 0 or not (text[found - 1].isalnum() and part[0].isalnum())
        ends = end == len(text) or not (text[end].isalnum() and part[-1].isalnum())
        if starts and ends:
            return found
        at = found + 1
    return -1


def _trigrams(held: Sequence[str]) -> set[tuple[str, ...]]:
    size = min(3, len(held))
    return {tuple(held[i : i + size]) for i in range(len(held) - size + 1)} if held else set()


def _best(quote: Sequence[str], text: Sequence[str]) -> tuple[int, int]:
    """Return (words shared, start) of the stretch that is most like a quote."""
    wanted, width = Counter(quote), len(quote)
    if not width or not text:
        return 0, 0
    inside: Counter[str] = Counter()
    shared = best = start = 0
    for end, word in enumerate(text):
        inside[word] += 1
        shared += inside[word] <= wanted[word]
        if end >= width:
            gone = text[end - width]
            shared -= inside[gone] <= wanted[gone]
            inside[gone] -= 1
        if shared > best:
            best, start = shared, max(0, end - width + 1)
    return best, start
