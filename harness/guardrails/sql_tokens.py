"""SQL as tokens: statements told apart, comments left out, strings kept whole.

Written by hand because it must read what no dialect accepts: half a statement, an injected tail,
a block of another dialect. It is linear in the text, whatever the text holds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "string", "name", "number", "mark"]

_WORD = re.compile(r"[^\W\d][\w$]*|(?:@{1,2}|#{1,2})[\w$]+")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?")
_OPERATOR = re.compile(
    r"<=>|->>|#>>|!~\*|<>|!=|<=|>=|:=|::|=>|\|\||&&|->|#>|@>|<@|~\*|!~|\?\||\?&|\*\*"
)
"""Marks that are one only together."""
_DOLLAR = re.compile(r"\$(?:[^\W\d]\w*)?\$")
_Q_STRING = re.compile(r"(?<!\w)[nN]?[qQ]'[^\s\w']")
_E_STRING = re.compile(r"(?<!\w)[eE]'")
_BACKSLASH = frozenset("mysql bigquery clickhouse snowflake databricks spark hive".split())
_E_STRINGS = frozenset("postgres redshift duckdb".split())
_HASHED_OUT = re.compile(r"#(?:WHERE|AND|LIMIT|USING|JOIN)\b", re.IGNORECASE)
"""A comment of MySQL's that takes away what restricts; no table of T-SQL's is called so."""
_CLOSING = {"[": "]", "{": "}", "<": ">", "(": ")"}
_CONDITIONAL = re.compile(r"/\*[!M]!?\d*")


@dataclass(frozen=True, slots=True)
class Token:
    """One token."""

    kind: Kind
    text: str
    """As it was written."""
    value: str
    """A word in capitals; a string or a quoted name without its quotes."""


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of a text."""

    statements: tuple[tuple[Token, ...], ...]
    broken: bool
    """Whether a quote, a comment or a bracket is never closed."""


@dataclass(frozen=True, slots=True)
class Quoting:
    """How a dialect writes what is no word."""

    backslash: bool = False
    """Whether a backslash in a string takes the quote behind it for a letter."""
    alternative: bool = False
    """Whether strings may be written ``q'[...]'``."""
    hash_comments: bool | None = None
    """Whether ``#`` starts a comment; None where it is not known: then it does with a space on both
    sides, so that ``#temp`` and ``#>`` stay what they are."""


def readings(text: str, dialect: str | None) -> list[Quoting]:
    """Return how a text may have to be read; in a dialect that is not known, in several ways."""
    if dialect is not None:
        hashed = dialect in {"mysql", "bigquery"}
        escapes = dialect in _BACKSLASH or (dialect in _E_STRINGS and _E_STRING.search(text))
        return [Quoting(bool(escapes), dialect == "oracle", hashed)]
    found = [Quoting()]
    if "\\" in text:
        found.append(Quoting(backslash=True))
    if _HASHED_OUT.search(text):
        found.append(Quoting(hash_comments=True))
    if _Q_STRING.search(text):
        found.append(Quoting(alternative=True))
    return found


def read(text: str, quoting: Quoting | None = None) -> Script:
    """Return the statements of a text."""
    return _Reader(text, quoting or Quoting()).script()


def joined(tokens: Sequence[Token]) -> str:
    """Return tokens as a text without comments."""
    return " ".join(token.text for token in tokens)


def _plain(value: str) -> str:
    """Return a string as every dialect writes it, but for backslashes."""
    return "'" + value.replace("'", "''").replace("\\", "") + "'"


class _Reader:
    def __init__(self, text: str, quoting: Quoting) -> None:
        self._text = text
        self._quoting = quoting
        self._at = 0
        self._conditional = 0
        self.broken = False

    def script(self) -> Script:
        statements: list[tuple[Token, ...]] = []
        current: list[Token] = []
        while self._at < len(self._text):
            token = self._next()
            if token is None:
                continue
            if token.kind == "mark" and token.text == ";":
                statements.append(tuple(current))
                current = []
            else:
                current.append(token)
        statements.append(tuple(current))
        return Script(tuple(s for s in statements if s), self.broken)

    def _next(self) -> Token | None:  # noqa: C901 - one branch a kind of token
        text, at = self._text, self._at
        char = text[at]
        if char.isspace() or char in "\x00\ufeff\u200b":
            self._at += 1
            return None
        if self._comment(char):
            return None
        if char == "'":
            return self._quoted("'", "string")
        if char in "qQnN" and self._quoting.alternative:
            found = _Q_STRING.match(text, at)
            if found:
                return self._alternative(found.end())
        if char in "NnEeBbXxUu" and text[at + 1 : at + 2] == "'":
            self._at += 1
            return self._quoted("'", "string")
        if char in {'"', "`"}:
            return self._quoted(char, "name")
        if char == "[" and text[at + 1 : at + 2].isalpha():
            return self._bracketed()
        if char == "$":
            found = _DOLLAR.match(text, at)
            if found:
                return self._dollar(found.group())
        for pattern, kind in ((_WORD, "word"), (_NUMBER, "number"), (_OPERATOR, "mark")):
            found = pattern.match(text, at)
            if found:
                self._at = found.end()
                return Token(kind, found.group(), found.group().upper())  # type: ignore[arg-type]
        self._at += 1
        return Token("mark", char, char)

    def _comment(self, char: str) -> bool:
        """Step over a comment that starts here; one that MySQL runs is stepped into."""
        text, at = self._text, self._at
        two = text[at : at + 2]
        if two == "--" or (char == "#" and self._is_hash_comment()):
            end = text.find("\n", at)
            self._at = len(text) if end < 0 else end + 1
            return True
        if two == "*/" and self._conditional:
            self._conditional -= 1
            self._at += 2
            return True
        if two != "/*":
            return False
        conditional = _CONDITIONAL.match(text, at)
        if conditional:
            self._conditional += 1
            self._at = conditional.end()
            return True
        self._block_comment()
        return True

    def _is_hash_comment(self) -> bool:
        if self._quoting.hash_comments is not None:
            return self._quoting.hash_comments
        before = self._text[self._at - 1 : self._at]
        after = self._text[self._at + 1 : self._at + 2]
        return (not before or before.isspace()) and (not after or after.isspace())

    def _block_comment(self) -> None:
        text, depth, at = self._text, 1, self._at + 2
        flat = text.find("*/", at)
        close = -1
        while depth:
            if close < at:
                close = text.find("*/", at)
            if close < 0:
                # Only dialects with nested comments wait for more; others are past it already.
                self.broken = flat < 0
                self._at = len(text) if flat < 0 else flat + 2
                return
            opened = text.find("/*", at, close)
            if opened >= 0:
                depth, at = depth + 1, opened + 2
            else:
                depth, at = depth - 1, close + 2
        self._at = at

    def _alternative(self, start: int) -> Token:
        """Read ``q'[...]'`` from behind its opening bracket, or whatever stands for one."""
        opening = self._text[start - 1]
        end = self._text.find(_CLOSING.get(opening, opening) + "'", start)
        if end < 0:
            self.broken = True
            end = len(self._text)
        self._at = min(end + 2, len(self._text))
        value = self._text[start:end]
        return Token("string", _plain(value), value)

    def _escaped(self) -> Token:
        """Read a string in which a backslash takes what follows as it is."""
        text, at, parts = self._text, self._at + 1, list[str]()
        while at < len(text):
            if text[at] == "\\":
                parts.append(text[at + 1 : at + 2])
                at += 2
            elif text[at] == "'" and text[at + 1 : at + 2] == "'":
                parts.append("'")
                at += 2
            elif text[at] == "'":
                self._at = at + 1
                value = "".join(parts)
                return Token("string", _plain(value), value)
            else:
                parts.append(text[at])
                at += 1
        self.broken, self._at = True, len(text)
        value = "".join(parts)
        return Token("string", _plain(value), value)

    def _quoted(self, quote: str, kind: Kind) -> Token:
        if quote == "'" and self._quoting.backslash:
            return self._escaped()
        text, start, at = self._text, self._at, self._at + 1
        parts: list[str] = []
        while True:
            end = text.find(quote, at)
            if end < 0:
                self.broken = True
                self._at = len(text)
                return Token(kind, text[start:] + quote, "".join(parts) + text[at:])
            if text[end + 1 : end + 2] == quote:
                parts.append(text[at : end + 1])
                at = end + 2
                continue
            parts.append(text[at:end])
            self._at = end + 1
            return Token(kind, text[start : end + 1], "".join(parts))

    def _bracketed(self) -> Token:
        end = self._text.find("]", self._at)
        if end < 0:
            self._at += 1
            return Token("mark", "[", "[")
        start, self._at = self._at, end + 1
        return Token("name", self._text[start : end + 1], self._text[start + 1 : end])

    def _dollar(self, tag: str) -> Token:
        start = self._at
        end = self._text.find(tag, start + len(tag))
        if end < 0:
            self.broken = True
            self._at = len(self._text)
            return Token("string", "''", self._text[start + len(tag) :])
        self._at = end + len(tag)
        value = self._text[start + len(tag) : end]
        return Token("string", self._text[start : self._at], value)
