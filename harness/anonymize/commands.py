"""Command lines in a text, word by word, and what their programs' table calls secret."""

import re
from collections.abc import Iterator
from functools import lru_cache

from harness.anonymize.arguments import Told, programs_told, secrets_among
from harness.anonymize.pattern import pattern
from harness.anonymize.secrets import PHRASE, secretive
from harness.anonymize.shape import Shape, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import NOBODY, made_up

SURE = 92
_WORD = pattern(
    r"(?:[ \t]|\\\r?\n){1,40}(?P<v>(?:\"(?:[^\"\\\n]|\\.){0,400}\"|'[^'\n]{0,400}'|\\\"[^\"\\\n]{0,400}\\\"|[^\s\"'|;&<>`\\]){1,400})"
)
_PLAIN_WORD = pattern(
    r"(?:[ \t]|\\\\?r?\\?n){1,40}(?P<v>(?:\\\"[^\"\\\n]{0,400}\\\"|'[^'\n]{0,400}'|[^\s\"'|;&<>`\\]){1,400})"
)
"""Inside a text in quotes, which end with it."""
_ITEM = pattern(r"[\"']\s{0,20},\s{0,20}(?P<q>[\"'])(?P<v>[^\"'\n]{0,400})(?=(?P=q))")
_MOST_WORDS, _FAR = 60, 200
_PATH = pattern(r"[~.]{0,2}/[\w.-]+/[\w./-]*")
_OPENED = pattern(r"(?<!\\)\"")


@lru_cache(maxsize=1)
def _heads() -> dict[str, tuple[str, ...]]:
    """Return programs by the longest run of letters in their names."""
    made: dict[str, tuple[str, ...]] = {}
    for name in programs_told():
        head = max(re.findall(r"[a-z]+", name), key=len)
        made[head] = (*made.get(head, ()), name)
    return made


def commands(text: str, shape: Shape) -> Iterator[Span]:
    """Yield secrets and their accounts in command lines."""
    heads = _heads()
    for head in shape.words & heads.keys():
        for name in heads[head]:
            for at in places(text, name):
                end = at + len(name)
                if (at == 0 or text[at - 1] in _BEFORE) and text[end : end + 1] in _AFTER:
                    yield from _line(text, name, at, end)


_BEFORE, _AFTER = frozenset(" \t\n\r\"'`/;|&($=[,"), frozenset(" \t\"'")


def _line(text: str, name: str, start: int, at: int) -> Iterator[Span]:
    if text[at] in "\"'":
        form = _ITEM
    else:
        least = max(0, start - _FAR)
        begun = max(least, text.rfind("\n", least, start) + 1)
        quoted = len(_OPENED.findall(text, begun, start)) % 2
        form = _PLAIN_WORD if quoted else _WORD
    words: list[str] = []
    begins: list[int] = []
    while len(words) < _MOST_WORDS and (found := form.match(text, at)):
        first, raw = found.start("v"), found.group("v")
        bare = raw
        for sign in ('\\"', '"', "'"):
            if len(raw) > 2 * len(sign) and raw.startswith(sign) and raw.endswith(sign):
                bare, first = raw[len(sign) : -len(sign)], first + len(sign)
                break
        words.append(bare)
        begins.append(first)
        at = found.end()
    for told in secrets_among(name, words):
        yield from _judged(told, words, begins[told.number], attached=name)


def _judged(told: Told, words: list[str], begin: int, *, attached: str) -> Iterator[Span]:
    word = words[told.number]
    start, end = told.start, told.end
    if end - start > 1 and word[start] in "\"'" and word[end - 1] == word[start]:
        start, end = start + 1, end - 1
    value = word[start:end].rstrip(",)]")
    if len(value) < 3 or made_up(value) or value[0] in "$-" or _PATH.fullmatch(value):
        return
    separate = told.start == 0 and told.user < 0
    if separate and attached.startswith(("mysql", "mariadb")):
        # Their -p takes no word of its own: what follows is a database more often than not.
        if not (secretive(value) or PHRASE.fullmatch(value)):
            return
    yield Span(begin + start, begin + start + len(value), "password", value, SURE)
    account = word[: told.user].rpartition("=")[2].strip("\"'") if told.user > 0 else ""
    name = account.rpartition("\\")[2].rpartition("/")[2]
    if name and name.lower() not in NOBODY and not made_up(name):
        last = begin + told.user
        yield Span(last - len(name), last, "user", name, SURE - 15)
