"""Two passes over all documents of an incident: collect who and what there is, then replace it."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from harness.anonymize import times
from harness.anonymize.assignments import judged
from harness.anonymize.jsontext import is_json, rewritten
from harness.anonymize.keys import after_flags, kind_of_key
from harness.anonymize.network import host_of
from harness.anonymize.optional import incident_detectors
from harness.anonymize.packed import Packed
from harness.anonymize.roster import Forms, Roster
from harness.anonymize.rules import Readings, containers, holds_surrogate, read, readings
from harness.anonymize.secrets import contextual
from harness.anonymize.shape import Shape
from harness.anonymize.spans import Detector, Span, Taken
from harness.anonymize.surrogates import OWN_EMAIL, Surrogates, reserved
from harness.anonymize.vocabulary import GENERIC_WORDS, SERVICE_WORDS, SYSTEM_USERS

Json = Any
VERSION = "2"
_MOST_DEEP = 40
_LONGEST_KEPT, _MOST_KEPT = 200_000, 8_000_000
"""Texts of so many characters are remembered, so many characters in all."""
_SHORTEST = 5
"""Originals of so many characters are looked for everywhere."""
_LAST_YEAR = 2090
_SHORT_ID = re.compile(r"(?!v\d|s3)[a-z]{1,3}[_-]?\d{1,3}")
"""Accounts such as ``u1`` that are looked for everywhere although they are short."""
_EVERYDAY = GENERIC_WORDS | SYSTEM_USERS | SERVICE_WORDS
_JOINTS = frozenset("_-./\\:")
_EXACT = frozenset(
    {
        "uuid",
        "card",
        "ssn",
        "iban",
        "mac",
        "coordinates",
        "hook",
        "ipv6",
        "latitude",
        "longitude",
        "place",
        "url",
        "arn",
        "account",
        "ticket",
        "person",
    }
)
"""Kinds that their rules find wherever they stand, however they are written."""
_LOWER = frozenset({"email", "host", "user", "uuid", "mac", "pod", "hex_id"})


@dataclass(frozen=True, slots=True)
class Report:
    """What was replaced, by kind; it holds no value."""

    version: str
    """The version of the rules and surrogates."""
    counts: Mapping[str, int]
    """Kind -> how many places."""


@dataclass(slots=True)
class _Seen:
    """What depends on a text alone."""

    readings: Readings
    packed: tuple[Packed, ...] | None = None
    """Looked for when the text is first learned from."""


@dataclass(slots=True)
class _Known:
    """What the first pass learned."""

    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Original in lower case -> kind, value."""
    originals: dict[str, str] = field(default_factory=dict)
    """Original as written -> kind."""
    people: set[str] = field(default_factory=set)
    anchored: bool = False
    days: Counter[dt.date] = field(default_factory=Counter)
    """The dates with a year, which say what year a date without one is of."""


class Anonymizer:
    """The originals and surrogates of one incident."""

    def __init__(
        self,
        key: bytes,
        *,
        incident: str,
        roster: Roster = Roster(),  # noqa: B008 - frozen
        detectors: Sequence[Detector] | None = None,
    ) -> None:
        """Take a key of at least 16 bytes, the incident's id, and who took part in it."""
        if len(key) < 16:
            raise ValueError("an anonymization key has at least 16 bytes")
        self.incident = incident
        self.surrogates = Surrogates(key, incident)
        self.detectors = tuple(incident_detectors() if detectors is None else detectors)
        self.known = _Known()
        self._memory: dict[str, _Seen] = {}
        self._kept = 0
        self._forms = Forms(self.surrogates)
        self._counts: Counter[str] = Counter()
        self._usual: int | None = None
        for name in roster.names:
            self._person(name)
        for name in roster.organisations:
            self._forms.organisation(name)
        for name in roster.hosts:
            self._forms.host(name)
        weeks = 2 + int.from_bytes(self.surrogates.draw("time", incident)[:4], "big") % 500
        self._days = -7 * weeks

    def collect(self, value: Json) -> None:
        """Learn what a document holds; to be called for every document before any is replaced."""
        self._usual = None
        self._walk(value, "", 0, learning=True)

    def replace(self, value: Json) -> Json:
        """Return a document with everything that identifies or opens something replaced."""
        return self._walk(value, "", 0, learning=False)

    def remember(self, anonymized: Json) -> None:
        """Learn from a document that was anonymized before which dates it had, and that they moved."""
        if isinstance(anonymized, str):
            self._usual = None
            self.known.anchored = self.known.anchored or times.anchored(anonymized)
            back = dt.timedelta(days=-self._days)
            self.known.days.update(
                day + back for day in times.days_of(anonymized) if day.year < _LAST_YEAR
            )
        elif isinstance(anonymized, dict):
            for each in anonymized.values():
                self.remember(each)
        elif isinstance(anonymized, list | tuple):
            for each in anonymized:
                self.remember(each)

    def find(self, text: str, key: str = "") -> list[Span]:
        """Return what would be replaced in a text that stands at a key, in order."""
        return self._spans(text, key)

    def report(self) -> Report:
        """Return what was replaced so far, by kind."""
        return Report(VERSION, dict(sorted(self._counts.items())))

    def originals(self) -> Mapping[str, str]:
        """Return everything that was found, as it was written, with its kind."""
        return self.known.originals

    def _walk(self, value: Json, key: str, depth: int, *, learning: bool) -> Json:
        if isinstance(value, str):
            return self._string(value, key, depth, learning=learning)
        if isinstance(value, dict):
            return self._object(value, key, depth, learning=learning)
        if isinstance(value, list | tuple):
            made = [
                self._walk(each, at, depth + 1, learning=learning)
                for each, at in zip(value, after_flags(value, key), strict=True)
            ]
            return tuple(made) if isinstance(value, tuple) else made
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        return self._number(value, key, learning=learning)

    def _object(self, value: dict[str, Json], key: str, depth: int, *, learning: bool) -> Json:
        made: dict[str, Json] = {}
        named = value.get("name", value.get("key"))
        for name, each in value.items():
            told = str(name)
            if told.lower() == "value" and (isinstance(named, str) or kind_of_key(key)):
                told = named if isinstance(named, str) else key
            new = self._string(name, "", depth + 1, learning=learning)
            if new != name and new in made:
                new = f"{new}_"
            below = told if kind_of_key(told) or not isinstance(each, list | dict) else ""
            made[new] = self._walk(
                each,
                below or ("" if isinstance(each, dict) else told),
                depth + 1,
                learning=learning,
            )
        return made

    def _number(self, value: float, key: str, *, learning: bool) -> float:
        kind, written = kind_of_key(key), str(value)
        if kind == "time":
            if isinstance(value, int) and re.fullmatch(r"1[4-9]\d{8}(?:\d{3}){0,3}", written):
                if learning:
                    self.known.anchored = True
                    return value
                return times.epoch(value, self._days)
            if 1_400_000_000 < value < 2_000_000_000:
                return value + self._days * 86_400
            return value
        if isinstance(value, float):
            place = kind in {"latitude", "longitude"}
            spans = [*judged(kind, written, 0)] if place else []
        else:
            spans = [*judged(kind, written, 0)]
            if not spans and len(written) in {15, 16}:
                spans = [s for s in read(written, self.detectors) if s.kind == "card"]
            if not spans and written in self.known.words:
                spans = [Span(0, len(written), "number", written)]
        if not spans or reserved(spans[0].kind, written) or reserved("number", written):
            return value
        span = spans[0]
        if span.kind not in {"latitude", "longitude", "card", "phone"}:
            span = span._replace(kind="number")
        if learning:
            self._learn(span, written)
            return value
        self._counts[span.kind] += 1
        made = self.surrogates.of(span.kind, self._canonical(span), written)
        return type(value)(made)

    def _string(self, text: str, key: str, depth: int, *, learning: bool) -> str:
        if depth > _MOST_DEEP or (len(text) < 3 and not kind_of_key(key)):
            return text
        if not text:
            return text
        if text[0] in '{[" \n\t' and is_json(text):
            return rewritten(
                text,
                lambda inner, at: self._string(inner, at or key, depth + 1, learning=learning),
                lambda number, at: self._number(number, at or key, learning=learning),
            )
        spans = self._spans(text, key)
        if learning:
            for span in spans:
                self._learn(span, text[span.start : span.end])
            if not self.known.anchored and times.anchored(text):
                self.known.anchored = True
            self.known.days.update(times.days_of(text))
        return self._rebuilt(text, key, spans, depth, learning=learning)

    def _rebuilt(
        self, text: str, key: str, spans: list[Span], depth: int, *, learning: bool
    ) -> str:
        still = "version" in key.lower() or "model" in key.lower()
        seen = self._seen(text)
        inside = seen.packed
        if inside is None:
            inside = seen.packed = tuple(containers(text))
        if not spans and not inside:
            return text if learning or still else self._shifted(text)
        edits: list[tuple[int, int, str]] = []
        sure, packed = Taken(), Taken()
        for span in spans:
            if span.weight > 50:
                sure.take(span.start, span.end)
        for inner in inside:
            if sure.holds(inner.start, inner.end):
                continue
            new = self._string(
                inner.text,
                key if kind_of_key(key) == "secret" else "",
                depth + 8,
                learning=learning,
            )
            if new != inner.text:
                edits.append((inner.start, inner.end, inner.packed(new)))
                packed.take(inner.start, inner.end)
        if learning:
            return text
        edits += [
            (s.start, s.end, self._surrogate(s, text))
            for s in spans
            if not packed.holds(s.start, s.end)
        ]
        parts, at = [], 0
        for start, end, new in sorted(edits):
            parts += [text[at:start] if still else self._shifted(text[at:start]), new]
            at = end
        parts.append(text[at:] if still else self._shifted(text[at:]))
        return "".join(parts)

    def _shifted(self, text: str) -> str:
        if not self.known.anchored or not text:
            return text
        return times.shifted(text, self._days, self._year)

    def _year(self, month: int, day: int) -> int | None:
        """Return the year of a date that tells none: of its own day elsewhere, else of most days."""
        days = self.known.days
        same = [each for each in days if (each.month, each.day) == (month, day)]
        if same:
            return max(same, key=lambda each: (days[each], each)).year
        if self._usual is None:
            years: Counter[int] = Counter()
            for each, count in days.items():
                years[each.year] += count
            self._usual = max(years, key=lambda year: (years[year], year), default=0)
        return self._usual or None

    def _spans(self, text: str, key: str) -> list[Span]:
        kind = kind_of_key(key) if key else ""
        spans = read(text, self.detectors, self._learned, self._seen(text).readings)
        if kind and kind not in {"keep", "time"}:
            declared = [
                s
                for s in judged(kind, text, 0)
                if s.kind != "secret" or not any(o.weight > 80 for o in spans)
            ]
            for span in declared:
                if not any(o.start <= span.start and span.end <= o.end for o in spans):
                    spans = [o for o in spans if not (o.start < span.end and span.start < o.end)]
                    spans.append(span)
        elif kind == "keep":
            spans = [
                s
                for s in spans
                if (s.value in self.known.originals if s.kind == "hex_id" else s.weight > 50)
            ]
        return sorted(s for s in spans if not self._spared(s) and s.value != self.incident)

    def _spared(self, span: Span) -> bool:
        """Whether a value lies in reserved space; an address there may still name somebody."""
        if reserved(span.kind, span.value):
            return not self.names_somebody(span)
        return span.kind in {"token", "secret"} and holds_surrogate(span.value)

    def names_somebody(self, span: Span) -> bool:
        """Whether an e-mail address in reserved space holds the name of a known person."""
        if span.kind != "email" or OWN_EMAIL.fullmatch(span.value):
            return False
        local = span.value.rpartition("@")[0]
        return any(kind == "person" for _, _, kind, _, _ in self._forms.find(local))

    def _seen(self, text: str) -> _Seen:
        """Return what is seen in a text alone; a trace repeats its history, and is walked twice."""
        known = self._memory.get(text)
        if known is None:
            known = _Seen(readings(text, self.detectors))
            if len(text) < _LONGEST_KEPT and self._kept < _MOST_KEPT:
                self._memory[text] = known
                self._kept += len(text) + 200
        return known

    def _learned(self, text: str) -> Iterator[Span]:
        """Yield what other places told of, and what the roster names."""
        for start, end, kind, entity, _ in self._forms.find(text):
            yield Span(start, end, kind, entity, 72)
        if self.known.words:
            low = text.lower()
            for word, (kind, value) in self.known.words.items():
                at = low.find(word)
                while at >= 0:
                    end = at + len(word)
                    if _bounded(low, at, end):
                        # An id that holds a name is one thing: the name inside it is not replaced.
                        yield Span(at, end, kind, value, 74 if kind == "user" else 58)
                    at = low.find(word, end)

    def _learn(self, span: Span, written: str) -> None:
        if reserved(span.kind, span.value):
            return
        if span.value.lower() in _EVERYDAY:
            return  # replaced where it is declared, but it stands everywhere and tells nothing
        self.known.originals.setdefault(span.value, span.kind)
        self.known.originals.setdefault(written, span.kind)
        if span.kind == "person":
            self._person(span.value)
        elif span.kind == "url":
            for part in contextual(span.value, Shape(span.value)):
                self._learn(part, part.value)
            host = host_of(span.value).lower()
            if "." in host and not host.replace(".", "").isdigit():
                self._learn(Span(0, len(host), "host", host), host)
        elif span.kind == "email":
            local, _, _ = span.value.partition("@")
            name = re.fullmatch(r"([a-z]{2,})[._]([a-z]{3,})", local)
            if name and not {name[1], name[2]} & _EVERYDAY:
                self._person(f"{name[1].title()} {name[2].title()}")
        low = span.value.lower()
        if span.kind in _EXACT:
            return
        if len(low) < _SHORTEST and not (span.kind == "user" and _SHORT_ID.fullmatch(low)):
            return
        if (low.isalpha() and span.kind in {"host", "token"}) or (low.isdigit() and len(low) < 6):
            return
        if "\n" not in low:
            self.known.words.setdefault(low, (span.kind, span.value))

    def insist(self, kind: str, value: str) -> None:
        """Replace a value wherever it stands, of whatever kind: verification has found it."""
        if len(value) >= _SHORTEST and "\n" not in value and not reserved(kind, value):
            self.known.originals.setdefault(value, kind)
            self.known.words.setdefault(value.lower(), (kind, value))

    def _person(self, name: str) -> None:
        if name.lower() not in self.known.people and len(name.split()) > 0:
            self.known.people.add(name.lower())
            self._forms.person(name)

    def _surrogate(self, span: Span, text: str) -> str:
        self._counts[span.kind] += 1
        written = text[span.start : span.end]
        made = self._form(span, written)
        if made is None:
            made = self.surrogates.of(
                span.kind,
                self._canonical(span),
                written if span.levels == 0 and written.isascii() else span.value,
            )
        for _ in range(span.levels):
            made = quote(made, safe="")
        return made

    def _form(self, span: Span, written: str) -> str | None:
        if span.kind == "user":
            known = self._forms.plain.get(span.value.lower())
            return known[2].lower() if known and known[0] == "person" else None
        if span.kind not in {"person", "organisation"}:
            return None
        if span.kind == "person" and not any(True for _ in self._forms.find(span.value)):
            self._person(span.value)
        for text in (written, span.value):
            best = max(self._forms.find(text), key=lambda f: f[1] - f[0], default=None)
            if best is not None:
                return best[4]
        return None

    def _canonical(self, span: Span) -> str:
        value = span.value
        if span.kind in _LOWER:
            return value.lower()
        if span.kind == "phone":
            digits = re.sub(r"\D", "", value).lstrip("0")
            return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
        if span.kind == "ipv6":
            return value.lower().partition("%")[0]
        return value


def _bounded(low: str, start: int, end: int) -> bool:
    before, after = low[start - 1 : start] if start else "", low[end : end + 1]
    if end - start < _SHORTEST and (before in _JOINTS or after in _JOINTS):
        return before == after == ""
    return not (before.isalnum() and low[start].isalnum()) and not (
        after.isalnum() and low[end - 1].isalnum()
    )
