"""What a text is made of, told in a few cheap passes, so that rules read only where they can see something.

A rule's pattern is slow and its anchor (``@``, ``://``, three digits and a hyphen) is found at the speed
of a search for a literal. So every rule asks first where its anchors stand and reads only there. This
also keeps hostile texts cheap: what is read around an anchor is bounded, and never read twice.
"""

import re
import string
from collections.abc import Collection, Iterable, Iterator
from typing import Any


def _table(replaced: dict[str, str], other: str | None = None) -> bytes:
    """Return a table for ``bytes.translate``: each character of a key becomes its value."""
    made = bytearray(range(256)) if other is None else bytearray(other.encode() * 256)
    for characters, sign in replaced.items():
        for character in characters:
            made[ord(character)] = ord(sign)
    return bytes(made)


_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_LATIN = "".join(map(chr, range(128, 256)))
_PLAIN = _table({_LOWER: "a", _UPPER: "A", _DIGITS: "0"})
_FOLDED = _table({_LOWER + _UPPER: "a", _DIGITS: "0"})
_LETTERS = _table({each: each.lower() for each in string.ascii_letters}, " ")
_HEX = _table({string.hexdigits: "x"})
_TOKEN = _table({string.ascii_letters + _DIGITS + "+/_=.-": "x"}, " ")
_KEY = _table({string.ascii_letters + _DIGITS + _LATIN + "_.$/-": "x"}, " ")
_OPERATORS = _table({string.ascii_letters + _DIGITS + _LATIN + "_.$/-": "x", "=:\"'": "="}, " ")
_HOST = _table({string.ascii_letters + _DIGITS + "_.@/\\$-": "x"}, " ")
_MAIL = _table(
    {string.ascii_letters + _DIGITS + _LATIN + "_.!#$%&'*+/=?^`{|}~-": "x", "@": "@"}, " "
)
_PARTS = _table(dict.fromkeys(" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\"'<>,;(){}", " "))


_SHAPES = {
    "plain": _PLAIN, "folded": _FOLDED, "hexadecimal": _HEX, "tokens": _TOKEN, "keys": _KEY,
    "operators": _OPERATORS,
    "hosts": _HOST, "mailboxes": _MAIL,
}  # fmt: skip


_CUES: dict[str, set[str]] = {}
_DULL: set[str] = set()
_TELLING: dict[str, frozenset[str]] = {}
"""The cues by their first letters; words that were seen before, without and with some of them."""
_SHORTEST_CUE, _LONGEST_WORD, _MOST_WORDS = 3, 32, 40_000


def cue(literal: str) -> str:
    """Register the letters that a text's words must hold where a literal stands; nothing if too few.

    All of them are looked for at once, and words are remembered: so a rule asks at the cost of a
    look into a set whether it can see something.
    """
    letters = "".join(each if each in _LOWER else " " for each in literal).split()
    made = max(letters, key=len, default="")
    if len(made) < _SHORTEST_CUE:
        return ""
    _CUES.setdefault(made[:_SHORTEST_CUE], set()).add(made)
    _DULL.clear()
    _TELLING.clear()
    return made


def _cues_of(words: frozenset[str]) -> frozenset[str]:
    made: set[str] = set()
    fresh = []
    for word in words - _DULL:
        told = _TELLING.get(word)
        if told is None:
            fresh.append(word)
        else:
            made |= told
    if fresh:
        made.update(*_remembered(fresh))
    return frozenset(made)


def _remembered(words: list[str]) -> list[frozenset[str]]:
    """Return the cues in words that were not seen before, and remember those that are not long."""
    if len(_DULL) + len(_TELLING) > _MOST_WORDS:
        _DULL.clear()
        _TELLING.clear()
    size = _SHORTEST_CUE
    joined = " ".join([word for word in words if len(word) >= size])
    begun = _CUES.keys() & {joined[at : at + size] for at in range(len(joined) - size + 1)}
    here = [each for three in begun for each in _CUES[three] if each in joined]
    made = []
    for word in words if here else ():
        if told := frozenset([each for each in here if each in word]):
            made.append(told)
            if len(word) <= _LONGEST_WORD:
                _TELLING[word] = told
    _DULL.update([word for word in words if len(word) <= _LONGEST_WORD and word not in _TELLING])
    return made


class Shape:
    """A text's shapes: all as long as the text, so that a place in one is a place in the text.

    Each is made when it is first asked for. Only ASCII is told apart: whoever calls a rule has plain
    text, other digits undone by a view.
    """

    low: str
    """The text in lower case, a question mark for what is neither ASCII nor Latin-1."""
    words: frozenset[str]
    """The runs of Latin letters, in lower case: a cue that is not among them stands nowhere."""
    cues: frozenset[str]
    """The registered cues that stand in one of the words."""
    signs: list[int]
    """Where ``@`` stands."""
    schemes: list[int]
    """Where the scheme of an address with ``://`` may begin."""
    plain: str
    """Lower-case letters are ``a``, upper-case ones ``A``, digits ``0``."""
    folded: str
    """Letters are ``a``, digits ``0``."""
    hexadecimal: str
    """Hexadecimal digits are ``x``, all else as it was."""
    tokens: str
    """What tokens in base64 or hex are made of is ``x``, all else a space."""
    keys: str
    """What the key of an assignment is made of is ``x``, all else a space."""
    operators: str
    """Like ``keys``, and the signs of an assignment are ``=``, the quotes too."""
    hosts: str
    """What may not stand before a host's name, its own characters too, is ``x``, all else a space."""
    mailboxes: str
    """What the local part of a mail address is made of is ``x``, ``@`` stays, all else is a space."""

    def __init__(self, text: str) -> None:
        """Take the text as its rules read it."""
        self._raw = text.encode("latin-1", "replace")
        self.low = self._raw.lower().decode("latin-1")

    def __getattr__(self, name: str) -> Any:
        """Make a shape; a cached property of the standard library takes a lock each time."""
        made: object
        if name == "words":
            made = frozenset(self._raw.translate(_LETTERS).decode("latin-1").split())
        elif name == "cues":
            made = _cues_of(self.words)
        elif name == "signs":
            made = places(self.low, "@")
        elif name == "schemes":
            made = [each for at in places(self.low, "://") for each in starts(self.low, at)]
        elif name in _SHAPES:
            made = self._raw.translate(_SHAPES[name]).decode("latin-1")
        else:
            raise AttributeError(name)
        self.__dict__[name] = made
        return made

    def parts(self, shortest: int) -> str:
        """Return the runs without space, quotes and brackets that are long enough, a line each."""
        parts = self._raw.translate(_PARTS).decode("latin-1").split()
        return "\n".join([part for part in parts if len(part) >= shortest])

    def any_of(self, shapes: Iterable[str]) -> bool:
        """Whether one of these stretches is somewhere in the plain shape."""
        plain = self.plain
        for shape in shapes:  # noqa: SIM110 - a loop, since a generator costs more than the searches
            if shape in plain:
                return True
        return False


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds one of these words."""
    for word in words:  # noqa: SIM110 - a loop, since a generator costs more than the searches
        if word in text:
            return True
    return False


def places(text: str, *words: str) -> list[int]:
    """Return where these words stand in a text, in order; two that overlap may both be told."""
    made = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            made.append(at)
            at = text.find(word, at + 1)
    if len(words) > 1:
        made.sort()
    return made


def runs(shape: str, run: str) -> list[int]:
    """Return where runs of one sign begin that are so long; of each run its begin alone."""
    made, sign = [], run[0]
    at = shape.find(run)
    while at >= 0:
        made.append(at)
        at += len(run)
        while shape.startswith(sign, at):
            at += 1
        at = shape.find(run, at)
    return made


def starts(low: str, at: int) -> list[int]:
    """Return where the scheme of an address whose ``://`` stands at a place may begin."""
    start, least = at, max(0, at - _LONGEST_SCHEME)
    while start > least and low[start - 1] in _IN_SCHEME:
        start -= 1
    return [
        each
        for each in range(start, at)
        if low[each] in _LOWER and (each == 0 or low[each - 1] not in _LOWER + _DIGITS)
    ]


_IN_SCHEME = frozenset(_LOWER + _DIGITS + "+.:_-")
_LONGEST_SCHEME = 36


def back(shape: str, at: int, signs: str, most: int) -> int:
    """Return where the run of signs begins that reaches up to a place; at most so far back."""
    least = max(0, at - most)
    while at > least and shape[at - 1] in signs:
        at -= 1
    return at


def near(
    form: re.Pattern[str], text: str, anchors: Collection[int], before: int, after: int
) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that begin so far before an anchor, and not far behind it.

    Nothing is read twice. A match that reaches the end of what is read for it is made again with all
    that follows.
    """
    if not anchors:
        return
    done, start, stop, size = 0, 0, -1, len(text)
    for anchor in (*anchors, -1):
        if anchor < 0 or anchor - before > stop:
            while start < stop:
                found = form.search(text, start, stop)
                if found is None:
                    break
                start = found.start() + 1
                if found.end() > stop - _SEEN_AHEAD and stop < size:
                    found = form.match(text, found.start())
                if found is not None:
                    yield found
                    done = start = max(found.end(), start)
            start = max(done, anchor - before)
        stop = min(anchor + after, size)


_SEEN_AHEAD = 4
"""How far patterns look beyond their end."""


def at_each(form: re.Pattern[str], text: str, anchors: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that begin at an anchor and do not overlap."""
    done, match = 0, form.match
    for anchor in anchors:
        if anchor >= done and (found := match(text, anchor)):
            done = found.end()
            yield found
