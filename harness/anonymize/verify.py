"""The proof after the fact: what was replaced is gone, and nothing else has changed its shape."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.anonymize.anonymizer import Anonymizer
from harness.anonymize.assignments import judged
from harness.anonymize.keys import after_flags, kind_of_key
from harness.anonymize.pattern import pattern
from harness.anonymize.rules import Rules, containers, everywhere, holds_surrogate
from harness.anonymize.spans import Detector, Span
from harness.anonymize.surrogates import reserved
from harness.anonymize.views import views

Json = Any
Steps = tuple[str | int, ...]
_SHORTEST = 5
_RULES: tuple[Detector, ...] = (Rules(),)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, without the value itself."""

    kind: str
    """What it looks like, or what about the shape has changed."""
    path: Steps
    """Key path in the document."""
    offset: int
    """Where in the text it begins."""
    why: str
    """In words."""


def scan(value: Json, detectors: Sequence[Detector] = _RULES) -> list[Finding]:
    """Return what in a value identifies or opens something and lies in no reserved space."""
    return [finding for finding, _ in _scanned(value, (), "", detectors)]


def _scanned(
    value: Json, path: Steps, key: str, detectors: Sequence[Detector]
) -> Iterator[tuple[Finding, str]]:
    """Yield what is found, each with its value, which goes into no report."""
    if isinstance(value, str):
        for span in _hits(value, key, detectors):
            yield (
                Finding(span.kind, path, span.start, f"looks like {article(span.kind)}"),
                span.value,
            )
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _scanned(name, (*path, str(name)), "", detectors)
            told = key if str(name).lower() == "value" and kind_of_key(key) else str(name)
            yield from _scanned(each, (*path, str(name)), told, detectors)
    elif isinstance(value, list | tuple):
        for index, (each, at) in enumerate(zip(value, after_flags(value, key), strict=True)):
            yield from _scanned(each, (*path, index), at, detectors)
    elif isinstance(value, int) and not isinstance(value, bool):
        for span in judged(kind_of_key(key), str(value), 0):
            if not reserved("number", str(value)) and not reserved(span.kind, span.value):
                yield Finding(span.kind, path, 0, f"looks like {article(span.kind)}"), str(value)


def _hits(text: str, key: str, detectors: Sequence[Detector]) -> Iterator[Span]:
    kind = kind_of_key(key) if key else ""
    spans = list(everywhere(text, detectors))
    if kind and kind not in {"keep", "time"} and not spans:
        spans += judged(kind, text, 0)
    for span in spans:
        if _own(span) or holds_surrogate(span.value):
            continue
        if not reserved(span.kind, span.value) and not (kind == "keep" and span.weight < 60):
            yield span


def _own(span: Span) -> bool:
    """Whether it is an id of this project's own files, or a machine's first name alone."""
    if span.kind == "ticket":
        return span.value.startswith(("INC-", "ITEM-"))
    return span.kind == "host" and "." not in span.value


def article(kind: str) -> str:
    """Return a kind in words, with its article."""
    plain = _WORDS.get(kind, kind.removeprefix("ds_").replace("_", " "))
    return (
        plain
        if plain.startswith(("a ", "an "))
        else f"{'an' if plain[0] in 'aeiou' else 'a'} {plain}"
    )


_WORDS = {
    "email": "an e-mail address", "ipv4": "an IP address", "ipv6": "an IP address",
    "mac": "a hardware address", "host": "a host name", "url": "an address of a private host",
    "uuid": "a UUID", "iban": "an IBAN", "ssn": "a social security number", "jwt": "a JSON web token",
    "arn": "an ARN", "user": "an account of a person", "person": "a person's name",
    "secret": "an assigned secret", "password": "a password", "leak": "a secret",
    "aws_key": "an AWS key", "card": "a card number", "phone": "a phone number",
    "ticket": "a ticket's id", "pod": "a pod's name", "account": "an account number",
    "auth_header": "a bearer token", "hex_id": "an id in hex", "number": "a number of somebody", "coordinates": "a place", "latitude": "a place", "longitude": "a place",
}  # fmt: skip


def verify(original: Json, anonymized: Json, anonymizer: Anonymizer) -> list[Finding]:
    """Return what is wrong with an anonymized document; nothing where it is clean."""
    found = list(_shape(original, anonymized, ()))
    found += scan(anonymized)
    needles = _needles(anonymizer)
    for path, text in _texts(anonymized, ()):
        found += (finding for finding, _ in _residual(text, path, needles))
        found += _named(text, path, anonymizer)
    found += _shared(anonymizer)
    return found


_MOST_ROUNDS = 3


def settled(original: Json, anonymizer: Anonymizer) -> tuple[Json, list[Finding]]:
    """Return a collected document replaced, and what is wrong with it.

    What verification finds is collected too, and everything is replaced again, before it is told.
    """
    clean = anonymizer.replace(original)
    left = verify(original, clean, anonymizer)
    for _ in range(_MOST_ROUNDS):
        if not left:
            break
        before = len(anonymizer.known.words)
        for finding, value in _scanned(clean, (), "", _RULES):
            anonymizer.insist(finding.kind, value)
        needles = _needles(anonymizer)
        for path, text in _texts(clean, ()):
            for finding, value in _residual(text, path, needles):
                anonymizer.insist(finding.kind, value)
        if len(anonymizer.known.words) == before:
            break
        clean = anonymizer.replace(original)
        left = verify(original, clean, anonymizer)
    return clean, left


def _shape(before: Json, after: Json, path: Steps) -> Iterator[Finding]:
    if type(before) is not type(after):
        yield Finding("shape", path, 0, "another type than before")
    elif isinstance(before, dict):
        if len(before) != len(after):
            yield Finding("shape", path, 0, "another number of keys than before")
            return
        for (name, one), other in zip(before.items(), after.values(), strict=True):
            if name in {"role", "type"} and one != other:
                yield Finding("shape", (*path, str(name)), 0, "another role or type than before")
            yield from _shape(one, other, (*path, str(name)))
        if {"name", "arguments"} <= set(before) and before["name"] != after.get("name"):
            yield Finding("shape", path, 0, "another tool than before")
    elif isinstance(before, list | tuple):
        if len(before) != len(after):
            yield Finding("shape", path, 0, "another length than before")
            return
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _shape(one, other, (*path, index))


def _needles(anonymizer: Anonymizer) -> dict[str, str]:
    """Return every original in the encodings in which it might be left, with its kind."""
    made: dict[str, str] = {}
    for value, kind in anonymizer.originals().items():
        if len(value) < _SHORTEST or reserved(kind, value):
            continue
        made[value.lower()] = kind
        raw = value.encode("utf-8", "surrogatepass")
        made[raw.hex()] = kind
        for lead in range(3):
            coded = base64.b64encode(b"\0" * lead + raw).decode()
            core = coded[(0, 2, 3)[lead] : len(coded) - (0 if (len(raw) + lead) % 3 == 0 else 4)]
            if len(core) > 7:
                made["\0" + core] = kind
    return made


def _residual(text: str, path: Steps, needles: dict[str, str]) -> Iterator[tuple[Finding, str]]:
    """Yield what is left, each with what to replace: the original, or the token that holds it."""
    readings = [
        text,
        *(view.text for view in views(text)),
        *(inner.text for inner in containers(text)),
    ]
    low = "\n".join(readings).lower()
    whole = "\n".join(readings)
    for needle, kind in needles.items():
        if needle.startswith("\0"):
            at = whole.find(needle[1:])
            if at >= 0:
                yield Finding(kind, path, 0, "an original is left, encoded"), _token(whole, at)
            continue
        at = low.find(needle)
        while at >= 0:
            before, after = low[at - 1 : at], low[at + len(needle) : at + len(needle) + 1]
            if not (before.isalnum() and needle[0].isalnum()) and not (
                after.isalnum() and needle[-1].isalnum()
            ):
                finding = Finding(kind, path, min(at, len(text)), "an original is left")
                yield finding, needle
                break
            at = low.find(needle, at + 1)


def _token(text: str, at: int) -> str:
    """Return the run of letters, digits and signs of base64 around a place."""
    start = end = at
    while start and at - start < _LONGEST_TOKEN and _CODED.match(text[start - 1]):
        start -= 1
    while end < len(text) and end - at < _LONGEST_TOKEN and _CODED.match(text[end]):
        end += 1
    return text[start:end]


_CODED, _LONGEST_TOKEN = pattern(r"[A-Za-z0-9+/=_-]"), 4_000


def _named(text: str, path: Steps, anonymizer: Anonymizer) -> Iterator[Finding]:
    """Yield addresses in reserved space that hold a participant's name."""
    if "@" in text:
        for span in everywhere(text, _RULES):
            if reserved(span.kind, span.value) and anonymizer.names_somebody(span):
                yield Finding(
                    span.kind, path, span.start, "an address with a person's name is left"
                )


def _shared(anonymizer: Anonymizer) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    for (space, value), made in anonymizer.surrogates.made():
        if seen.setdefault((space, made), value) != value:
            yield Finding(space, (), 0, "two originals have one surrogate")


def _texts(value: Json, path: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield (*path, str(name)), str(name)
            yield from _texts(each, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, index))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, str(value)
