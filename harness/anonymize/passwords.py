"""Passwords that no key declares: said in a sentence, beside or below their account, or strong in quotes."""

import re
from collections.abc import Iterator

from harness.anonymize.assignments import judged
from harness.anonymize.keys import kind_of_key
from harness.anonymize.pattern import pattern
from harness.anonymize.secrets import PHRASE, secretive
from harness.anonymize.shape import Shape, at_each, cue, holds, near, places
from harness.anonymize.spans import Span
from harness.anonymize.vocabulary import NOBODY, made_up

LIKELY = 76

_SPOKEN = pattern(
    r"(?i)\b(?:passwort|kennwort|zugangscode|mot de passe|contrase\u00f1a|contrasena|senha|has\u0142o|wachtwoord|parola|\u043f\u0430\u0440\u043e\u043b\u044c|jelsz\u00f3|l\u00f6senord|salasana|\u015fifre)"
    r"[ \t]{0,4}(?:lautet|ist|est|es|\u00e9|to|is|\u00e4r|on|era|war)?[ \t]{0,4}[:=]?[ \t]{0,4}[\"'`\u201e\u00ab]?(?P<v>[^\s\"'`\u201c\u00bb<>]{4,64})"
)
_SPOKEN_CUES = (
    "passwort", "kennwort", "zugangscode", "mot de passe", "contrase", "senha", "has\u0142o", "wachtwoord",
    "parola", "\u043f\u0430\u0440\u043e\u043b\u044c", "jelsz\u00f3", "l\u00f6senord", "salasana", "\u015fifre",
)  # fmt: skip
_ABOVE = pattern(
    r"(?i)[ \t]{0,40}(?:user(?:name)?|login|email)(?:[ \t]{0,8}[:=][ \t]{0,8}|[ \t]{1,8})[^\s:=]{2,64}[ \t]{0,8}\r?\n"
)
_BELOW = pattern(
    r"(?i)[ \t]{0,40}(?:password|passwd|pass|pwd)(?:[ \t]{0,8}[:=][ \t]{0,8}|[ \t]{1,8})(?P<v>[^\s:=]{3,64})[ \t]{0,8}(?=\r?\n|$)"
)
"""An account on one line and its password on the next, however plain the word."""
_LONGEST_LINE = 160
_BLOCK = pattern(
    r"(?<![\w.-])(?P<key>[A-Za-z_][\w.-]{1,60})[\"']?:[ \t]{1,8}[|>][+-]?\d?[ \t]{0,8}\r?\n[ \t]{1,40}(?P<v>[^\s:#-][^\s]{2,200})(?=\s)"
)
_TOGETHER = pattern(
    r"(?i)\b(?:credentials?|creds|logins?)\s{0,3}(?:are|is)?\s{0,2}[:=-]\s{0,3}(?P<user>[\w.@-]{2,64})\s{0,3}[/|:]\s{0,3}(?P<v>[^\s,;\"']{4,64})"
)
_WITH = pattern(
    r"(?i)\b(?:with|using|and|as|by)\s{1,3}(?:the\s{1,3}|its\s{1,3}|his\s{1,3}|her\s{1,3}|their\s{1,3}|this\s{1,3})?(?:pass(?:word|phrase|code|wd)|pwd|secret|token)\s{1,3}[\"'`]?(?P<v>[^\s\"'`<>]{4,64})"
)
_SET = pattern(
    r"(?i)\b(?:config(?:ure|:set)?|secrets?|env|vars?)\s{1,4}(?:set|add|put|create)?\s{0,4}(?P<key>[\w./:@-]{2,120})(?:[ \t]{1,4}|=)(?P<q>[\"']?)(?P<v>[^\s\"']{4,})"
)
"""``aws configure set KEY VALUE`` and its like."""
_PASSED = pattern(
    r"\(\s{0,4}[\"'](?P<key>[\w.-]{2,80})[\"']\s{0,3},\s{0,8}[\"'](?P<v>[^\s\"']{4,200})[\"']"
)
"""A key and its value as a call's first two arguments."""
_STRONG = pattern(
    r"(?=[^\"']{0,40}[a-z])(?=[^\"']{0,40}[A-Z])(?=[^\"']{0,40}\d)(?=[^\"']{0,40}(?:[!*?^](?![\"']|$)|[!?#$][\"']))[A-Za-z0-9][A-Za-z0-9!#$*?^_+-]{7,40}(?=[\"'])"
)
"""All four classes of signs between quotes, and neither a path, a pattern nor a name: in 66 million
characters of code and documentation there was one."""
_SEASON = pattern(r"(?<![\w/@.-])[A-Z][a-z]{3,11}(?:19|20)\d\d[!#$]")
"""``Summer2024!``."""


_SPOKEN_WORDS = frozenset(map(cue, _SPOKEN_CUES))
_PASS_WORDS = frozenset(map(cue, ("pass", "pwd", "secret", "token")))
_WITH_WORDS = frozenset(("with", "using", "and", "as", "by"))
_SET_WORDS = frozenset(map(cue, ("config", "secret", "env")))
_TOGETHER_WORDS = frozenset(map(cue, ("cred", "login")))


def passwords(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield passwords that their place or their form tells."""
    if not (text.isascii() and shape.cues.isdisjoint(_SPOKEN_WORDS)):
        yield from _spoken(text, low)
    yield from _together(text, low, shape)
    if "\n" in text:
        yield from _lines(text, low, shape)
    yield from _strong(text)


def _spoken(text: str, low: str) -> Iterator[Span]:
    """Yield what a sentence of another language says is a password."""
    whole = low if text.isascii() else text.lower()
    if len(whole) == len(text) and holds(whole, _SPOKEN_CUES):
        for found in at_each(_SPOKEN, text, places(whole, *_SPOKEN_CUES)):
            value = found.group("v").rstrip(".,;:!?)")
            if len(value) > 3 and telling(value):
                start = found.start("v")
                yield Span(start, start + len(value), "password", value, LIKELY)


def _strong(text: str) -> Iterator[Span]:
    """Yield what has the form of a password."""
    done = 0
    for at in places(text, "!", "?", "*", "^", "#", "$"):
        if at < done:
            continue
        least = max(0, at - 40)
        opened = max(text.rfind('"', least, at), text.rfind("'", least, at))
        found = _STRONG.match(text, opened + 1) if opened >= 0 else None
        if found is None and text[at] in "!#$" and text[at - 1 : at].isdigit():
            found = _SEASON.search(text, max(0, at - 18), at + 1)
        if found is not None:
            done = found.end()
            yield Span(*found.span(), "password", found.group(), LIKELY - 30)


def _together(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield an account and its password side by side, a key and its value, a password without a verb."""
    cues, words = shape.cues, shape.words
    keyed: list[re.Match[str]] = []
    if "set" in words and not cues.isdisjoint(_SET_WORDS) and " set " in low:
        keyed += at_each(_SET, text, places(low, "config", "secret", "env "))
    if "(" in text:
        keyed += at_each(_PASSED, text, places(text, '("', "('", "( "))
    for found in keyed:
        value = found.group("v")
        if kind_of_key(found.group("key")) == "secret" and telling(value):
            yield Span(*found.span("v"), "secret", value, LIKELY)
    near_by = () if cues.isdisjoint(_TOGETHER_WORDS) else places(low, "cred", "login")
    for found in at_each(_TOGETHER, text, near_by):
        value = found.group("v").rstrip(".,;:)")
        if telling(value):
            yield Span(found.start("v"), found.start("v") + len(value), "password", value, LIKELY)
            if found.group("user").lower() not in NOBODY:
                yield Span(*found.span("user"), "user", found.group("user"), LIKELY)
    if not (cues.isdisjoint(_PASS_WORDS) or words.isdisjoint(_WITH_WORDS)) and holds(
        low, ("pass", "pwd", "secret ", "token ")
    ):
        for found in at_each(_WITH, text, places(low, "with", "using", "and ", "as ", "by ")):
            value = found.group("v").rstrip(".,;:)")
            if telling(value):
                yield Span(
                    found.start("v"), found.start("v") + len(value), "password", value, LIKELY
                )


_BELOW_WORDS = frozenset(map(cue, ("pass", "pwd")))


def _lines(text: str, low: str, shape: Shape) -> Iterator[Span]:
    """Yield a password below its account, and a value that begins below its key."""
    for at in () if shape.cues.isdisjoint(_BELOW_WORDS) else places(low, "pass", "pwd"):
        start = text.rfind("\n", max(0, at - 48), at) + 1
        above = text.rfind("\n", max(0, start - _LONGEST_LINE), max(0, start - 1)) + 1
        if start and _ABOVE.fullmatch(text, above, start):
            found = _BELOW.match(text, start)
            if found and not made_up(found.group("v")):
                yield Span(*found.span("v"), "password", found.group("v"), LIKELY)
    blocks = places(text, ": |", ": >") if "|" in text or ">" in text else ()
    for found in near(_BLOCK, text, blocks, 64, 280):
        if kind_of_key(found.group("key")) == "secret":
            yield from judged("secret", found.group("v"), found.start("v"))


def telling(value: str) -> bool:
    """Whether a value that stands where a password would is one."""
    return (secretive(value) or PHRASE.fullmatch(value) is not None) and not made_up(value)
