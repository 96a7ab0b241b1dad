"""A text as a reader would decode it, with the way back from each character.

One step undoes percent-encoding, backslash escapes, HTML entities, line continuations, split
literals, defanged dots, invisible characters, compatibility forms and look-alike letters, all at
once; steps are repeated until nothing changes, at most four times. Base64 and hex are undone a
token at a time by the caller, since what is replaced in them must be encoded again.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.anonymize.pattern import pattern

MOST_STEPS = 4

_INVISIBLE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\uffa0"
_ATOM = pattern(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<wide>%u[0-9A-Fa-f]{4})"
    r"|(?P<escape>\\u\{[0-9A-Fa-f]{1,6}\}|(?:\\u[0-9A-Fa-f]{4})+|\\U[0-9A-Fa-f]{8}"
    r"|(?:\\x[0-9A-Fa-f]{2})+|\\[0-3][0-7]{2}|\\[nrtbf\"'/\\])"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});)"
    r"|(?P<joined>(?<=\S)\\\r?\n[ \t]*|(?<=[A-Za-z0-9.@_-])=\r?\n|(?<=[\w+/=.@:-])[`^]\r?\n[ \t]*"
    r"|(?<=[\w+/=.@:-])(?P<quote>[\"'])[ \t]{0,8}(?:[+.&]|\|\|)?[ \t]{0,8}(?:\\?\r?\n[ \t]{0,40})?"
    r"[+.&]?[ \t]{0,8}(?:[rbuf]{0,2})(?P=quote)(?=[\w+/=.@:-])(?![\w.-]{1,60}(?P=quote)[ \t]{0,4}[:=]))"
    r"|(?P<dot>(?<=\w)[ ]?(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|<dot>|\[d0t\])[ ]?(?=\w))"
    r"|(?P<at>(?<=\w)[ ]?(?:\[at\]|\(at\)|\{at\}|<at>|\[@\]|\(@\))[ ]?(?=\w))"
    r"|(?P<colon>(?<=\w)\[:\](?=[\w/]))"
    r"|(?P<defanged>\bh(?:xx|XX|\*\*)p(?=s?(?:\[:\]|:)//))"
    r"|(?P<printable>(?<=[\w.])=(?:40|2E|3A|2D)(?=[\w.]))"
    r"|(?P<colour>\x1b\[[0-9;]{0,20}m)"
    rf"|(?P<invisible>[{_INVISIBLE}\U000e0000-\U000e007f]+)"
    r"|(?P<wide_char>[^\x00-\x7f])",
    re.IGNORECASE,
)
_TO_QUOTE = r"[ \t]{0,8}(?:(?:[+.&]|\|\|)[ \t]{0,8})?(?:\\?\n[ \t]{0,40})?[+.&]?[ \t]{0,8}[\"']"
_HIDDEN = pattern(rf"[{_INVISIBLE}\U000e0000-\U000e007f]")
_FIRST = pattern(r"[%\\&\x1b=`^\"'\[({<hH\u0080-\U0010ffff]")
"""What every encoded stretch begins with, but for a space before a bracket."""
_PADDED = pattern(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_-]{16,40}$")
"""The end of a token in base64, whose padding is no soft line break."""
_USERINFO = pattern(r"://[^\s/?#@\"'<>]{0,200}$")
_AT_HOST = pattern(r"[^\s/?#@\"'<>]{0,200}@[\w.\[-]")
_UNC = pattern(r"(?<![\\\w]\\\\)[A-Za-z0-9][\w.-]{1,80}\\(?!\\)[\w$]")
"""What follows two backslashes where they stand before a machine's name, unescaped."""
_WINDOWS = pattern(
    r"(?:\b[A-Za-z]:|/user:[\w.-]{1,64}|(?:-[uU]|\b[uU]ser|\b[uU]sername|\b[aA]ccount)[ :=\"']{0,3}[A-Z][A-Z0-9-]{1,14}|\\\\[\w.-]+)(?:\\[^\s\"'<>|\\]*)*$"
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

_LOOKALIKES = str.maketrans(
    # Cyrillic, Greek, Armenian, small capitals and a few more, as Unicode's confusables have them.
    "аеорсухіјѕԁԛԝһӏԍѵьвкмнтгпАВЕКМНОРСТУХІЈЅԌԚԜҺӀЗ"
    "αεοιρνυκτχγωηΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϹϳ"
    "օսոցհӏզԁՕՍᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɡɩıȷℓ∕⁄‐‑‒–—−․‧∶٠۰०․。︙꞉ǃ",
    "aeopcyxijsdqwhlgvbbkmhtrnABEKMHOPCTYXIJSGQWhl3"
    "aeoipvuktxywnABEZHIKMNOPTYXcCj"
    "ounghlqdOUABCDEGHIJKLMNOPRSTUVWYZgiijl//------..:000..::!",
)


@dataclass(frozen=True, slots=True)
class View:
    """A decoded text; character ``i`` of it stands at ``starts[i]:ends[i]`` of the original."""

    text: str
    starts: list[int]
    ends: list[int]
    percents: int
    """How many steps of percent-encoding were undone."""

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the decoded text stands in the original."""
        return self.starts[start], self.ends[end - 1]


def _plain_text(text: str) -> bool:
    """Whether nothing in a text is encoded, told by what is cheap to look for."""
    if "\\" in text or "\x1b[" in text or not (text.isascii() or _inert(text)):
        return False
    for sign, form in _ENCODED:
        if sign in text and form.search(text):
            return False
    low = text.lower()
    return not ("hxxp" in low or "h**p" in low)


_ENCODED = (
    ("%", pattern(r"%[0-9A-Fa-fuU]")),
    ("&", pattern(r"&[#A-Za-z]")),
    ("=", pattern(r"=(?:40|2[eEdD]|3[aA]|\r?\n)")),
    ("`", pattern(r"`\r?\n")),
    ("^", pattern(r"\^\r?\n")),
    *((sign, pattern(sign + _TO_QUOTE)) for sign in "\"'"),
    *((sign, pattern(rf"\{sign}(?:\.|:|@|[dD][oO0][tT]|[aA][tT])[\])}}>]")) for sign in "[({<"),
)
"""Signs with which something encoded begins: what a pattern begins with is found fastest alone."""


def _inert(text: str) -> bool:
    """Whether what is not ASCII in a text stands for itself, as most letters with accents do."""
    others = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return all(map(_itself, set(others.decode("utf-8", "surrogatepass"))))


_ASCII = bytes(range(128))


def views(text: str) -> Iterator[View]:
    """Yield the decoded texts, each a step further than the last; none where nothing is encoded."""
    if _plain_text(text):
        return
    current = View(text, list(range(len(text))), list(range(1, len(text) + 1)), 0)
    for _ in range(MOST_STEPS):
        after = _step(current)
        if after is None:
            return
        yield after
        current = after
        if _plain_text(current.text):
            return


def _atoms(text: str) -> Iterator[re.Match[str]]:
    """Yield the stretches that may be encoded."""
    done = 0
    for first in _FIRST.finditer(text):
        at = first.start()
        if at < done:
            continue
        found = None
        if text[at - 1 : at] == " " and text[at] in "[({<" and at > done:
            found = _ATOM.match(text, at - 1)
        found = found or _ATOM.match(text, at)
        if found:
            done = found.end()
            yield found


def _step(view: View) -> View | None:
    text = view.text
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at, percents = 0, view.percents
    for found in _atoms(text):
        decoded = _decoded(found)
        if decoded is None:
            continue
        if found.lastgroup == "percent" or found.group("percent"):
            percents = view.percents + 1
        parts += (text[at : found.start()], decoded)
        starts += view.starts[at : found.start()]
        ends += view.ends[at : found.start()]
        first, last = view.starts[found.start()], view.ends[found.end() - 1]
        at = found.end()
        if len(decoded) > 1 and found.end() - found.start() in {
            3 * len(decoded),
            4 * len(decoded),
            6 * len(decoded),
        }:
            width = (found.end() - found.start()) // len(decoded)
            offsets = range(found.start(), found.end(), width)
            starts += [view.starts[offset] for offset in offsets]
            ends += [view.ends[offset + width - 1] for offset in offsets]
        else:
            starts += [first] * len(decoded)
            ends += [last] * len(decoded)
    if not parts:
        return None
    parts.append(text[at:])
    starts += view.starts[at:]
    ends += view.ends[at:]
    made = "".join(parts)
    return None if made == text else View(made, starts, ends, percents)


def _decoded(found: re.Match[str]) -> str | None:
    """Return what an encoded stretch stands for; None where it stands for itself."""
    part = found.group()
    if found.group("percent"):
        if _in_userinfo(found):
            return None
        try:
            return bytes.fromhex(part.replace("%", "")).decode()
        except UnicodeDecodeError:
            return None
    if found.group("wide"):
        return chr(int(part[2:], 16))
    if found.group("escape"):
        if (
            len(part) == 2
            and part[1] in "nrtbf"
            and _WINDOWS.search(found.string, max(0, found.start() - 120), found.start())
        ):
            return None
        if part == "\\\\" and _UNC.match(found.string, found.end()):
            return None
        return _unescaped(part)
    if found.group("entity"):
        plain = html.unescape(part)
        return plain if plain != part else None
    if part[0] == "=" and _PADDED.search(found.string, max(0, found.start() - 40), found.start()):
        return None
    for group, plain in (
        ("joined", ""),
        ("colour", ""),
        ("dot", "."),
        ("at", "@"),
        ("colon", ":"),
        ("invisible", ""),
    ):
        if found.group(group):
            return plain
    if found.group("defanged"):
        return "http"
    if found.group("printable"):
        return chr(int(part[1:], 16))
    plain = _plain(part)
    return plain if plain != part else None


def _in_userinfo(found: re.Match[str]) -> bool:
    """Whether it stands in an address's account or password, where ``%40`` is no ``@``."""
    return (
        _AT_HOST.match(found.string, found.end()) is not None
        and _USERINFO.search(found.string, max(0, found.start() - 200), found.start()) is not None
    )


def _unescaped(part: str) -> str | None:
    kind = part[1]
    if kind in "NRTBF":  # a path of Windows, and no escape
        return None
    try:
        if kind == "u" and part[2] == "{":
            return chr(int(part[3:-1], 16))
        if kind == "u":
            units = bytes.fromhex(part.replace("\\u", "").replace("\\U", ""))
            return units.decode("utf-16-be")
        if kind == "U":
            return chr(int(part[2:], 16))
        if kind in "xX":
            raw = bytes.fromhex(part[2:].replace("\\x", "").replace("\\X", ""))
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return raw.decode("latin-1")
        if kind.isdigit():
            return chr(int(part[1:], 8))
    except (ValueError, OverflowError):
        return None
    return _SIMPLE.get(kind, kind)


@lru_cache(maxsize=4096)
def _itself(character: str) -> bool:
    """Whether a character is neither invisible nor taken for another one."""
    return _plain(character) == character and _HIDDEN.match(character) is None


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """Return the Latin letter, digit or sign that a character is or looks like."""
    made = unicodedata.normalize("NFKC", character).translate(_LOOKALIKES)
    if made == character and unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    return made
