"""Texts that are packed in base64 or hex inside a text, and how to pack another one alike."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.anonymize.pattern import pattern

_BASE64 = pattern(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{11,}(?:\r?\n[A-Za-z0-9+/_-]{4,}){0,4000}={0,2}(?![A-Za-z0-9+/_-])"
)
_HEX = pattern(r"(?<![A-Za-z0-9])(?:0[xX])?((?:[0-9a-fA-F]{2}){6,})(?![A-Za-z0-9])")
_SPACED_HEX = pattern(
    r"(?<![A-Za-z0-9])[0-9a-fA-F]{2}(?:([ :,]|, ?0x|\\x)[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){5,}(?![A-Za-z0-9])"
)
_TEXT = pattern(r"[\t\n\r\x20-\x7e\u00a1-\u024f\u0370-\u04ff]+")


@dataclass(frozen=True, slots=True)
class Packed:
    """A token that is a whole text in base64 or hex."""

    start: int
    end: int
    text: str
    form: str
    token: str

    def packed(self, text: str) -> str:
        """Return another text in the same form."""
        raw = text.encode()
        if self.form == "hex":
            made = raw.hex()
            return made.upper() if self.token.upper() == self.token else made
        if self.form.startswith("spaced"):
            made = raw.hex(" ").replace(" ", self.form[6:])
            return made.upper() if self.token.upper() == self.token else made
        made = base64.b64encode(raw).decode()
        if "-" in self.token or "_" in self.token:
            made = made.replace("+", "-").replace("/", "_")
        return made if self.token.endswith("=") or len(self.token) % 4 == 0 else made.rstrip("=")


def packed(text: str) -> Iterator[Packed]:
    """Yield the tokens of a text that decode to a readable text."""
    if len(text) < 11:
        return
    for found in _BASE64.finditer(text):
        if whole := _base64(found.start(), found.group()):
            yield whole
        elif "\n" in found.group():
            # Lines below each other that are no wrapped text: each for itself.
            for line in _LINE.finditer(text, *found.span()):
                if len(line.group()) > _SHORTEST and (one := _base64(line.start(), line.group())):
                    yield one
    for found in _HEX.finditer(text):
        yield from _bytes(found.start(1), found.end(1), found.group(1), "hex", found.group(1))
    for found in _SPACED_HEX.finditer(text):
        plain = re.sub(r"[^0-9a-fA-F]|0x|\\x", "", found.group().replace("0x", ""))
        yield from _bytes(
            found.start(), found.end(), plain, "spaced" + found.group(1), found.group()
        )


_LINE = pattern(r"[A-Za-z0-9+/_-]+={0,2}")
_SHORTEST = 10


def _base64(start: int, token: str) -> Packed | None:
    joined = "".join(token.split())
    if not (any(c.islower() for c in joined) and any(c.isupper() for c in joined)):
        return None
    plain = joined.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        text = raw.decode()
    except (binascii.Error, ValueError):
        return None
    if not _readable(text):
        return None
    written = joined if "=" in joined else token
    return Packed(start, start + len(token), text, "base64", written)


def _bytes(start: int, end: int, digits: str, form: str, token: str) -> Iterator[Packed]:
    try:
        text = bytes.fromhex(digits).decode()
    except ValueError:
        return
    if _readable(text):
        yield Packed(start, end, text, form, token)


def _readable(text: str) -> bool:
    return len(text) > 5 and _TEXT.fullmatch(text) is not None
