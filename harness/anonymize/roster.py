"""Names that the people of the incident know: of persons, organisations and machines."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from harness.anonymize.shape import near, places
from harness.anonymize.surrogates import Surrogates, letters
from harness.errors import InputError, Place, Problem

_KEYS = ("names", "organisations", "hosts")
_SHORTEST = 3
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "Ł": "L", "Ø": "O"}
)
_GERMAN = (("ss", "ß"), ("ae", "ä"), ("oe", "ö"), ("ue", "ü"))
"""What one writes without these letters, and how it is written with them."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Who and what took part in the incident."""

    names: tuple[str, ...] = ()
    """Persons, as ``First Last``; a third word is a middle name."""
    organisations: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    @staticmethod
    def load(path: Path) -> "Roster":
        """Return the roster of a YAML file with the lists names, organisations and hosts."""
        import yaml  # noqa: PLC0415 - only a roster in a file needs it

        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            why = getattr(error, "strerror", None) or "is not readable as YAML"
            raise InputError(Problem(Place(str(path)), "", str(why))) from None
        return Roster(**_checked(data, path))


def _checked(data: Any, path: Path) -> dict[str, tuple[str, ...]]:
    problems = []
    if not isinstance(data, dict):
        fix = "write lists under names, organisations and hosts"
        raise InputError(Problem(Place(str(path)), "", "must be a mapping", fix=fix))
    for key, entries in data.items():
        if key not in _KEYS:
            problems.append(
                Problem(Place(str(path)), str(key), "no such key", fix=f"one of {', '.join(_KEYS)}")
            )
        elif not isinstance(entries, list) or not all(
            isinstance(e, str) and e.strip() for e in entries
        ):
            problems.append(
                Problem(Place(str(path)), str(key), "must be a list of texts that are not empty")
            )
    if problems:
        raise InputError(*problems)
    return {key: tuple(" ".join(e.split()) for e in entries) for key, entries in data.items()}


class Forms:
    """The ways in which a roster's entries are written, each with its surrogate."""

    def __init__(self, made: Surrogates) -> None:
        """Take what draws the surrogates."""
        self._made = made
        self.plain: dict[str, tuple[str, str, str]] = {}
        """Form in lower case -> kind, entity, surrogate."""
        self._pattern: re.Pattern[str] | None = None
        self._marks: tuple[str, ...] = ()
        self._before = self._after = 0

    def person(self, name: str) -> None:
        """Add a person: First Last, Last First, initials, account names, slugs, camel case."""
        words = [w for w in re.split(r"[\s,]+", name) if w]
        if not words:
            return
        entity = " ".join(words).lower()
        self._person(name, words, entity)
        for plain, sign in _GERMAN:
            if plain in entity:
                marked = re.sub(plain, sign, name, flags=re.IGNORECASE)
                self._person(marked, re.split(r"[\s,]+", marked.strip(" ,")), entity)
        bare = unicodedata.normalize("NFKD", name.translate(_LETTERS))
        bare = "".join(c for c in bare if c.isascii() and c not in "'’")
        if bare != name and bare.strip():
            self._person(bare, bare.replace(",", " ").split(), entity)

    def _person(self, name: str, words: list[str], entity: str) -> None:
        first, last = words[0], words[-1]
        new_first = "Anon" + self._made.unique("first", entity, letters)
        if len(words) == 1:
            self._add(first, "person", name, new_first)
            return
        new_last = "Person" + self._made.unique("last", entity, letters)
        self._add(name, "person", name, f"{new_first} {new_last}")
        for sign in ("", " ", ", ", ".", "-", "_", "+", "%20", "  "):
            self._add(f"{first}{sign}{last}", "person", name, f"{new_first}{sign}{new_last}")
            self._add(f"{last}{sign}{first}", "person", name, f"{new_last}{sign}{new_first}")
            initial = first[0]
            if sign or len(last) >= _SHORTEST:
                self._add(f"{initial}{sign}{last}", "person", name, f"a{sign}{new_last}")
                self._add(f"{last}{sign}{initial}", "person", name, f"{new_last}{sign}a")
            self._add(f"{first}{sign}{last[0]}", "person", name, f"{new_first}{sign}p")
        self._add(f"{first[0]}. {last}", "person", name, f"A. {new_last}")
        self._add(f"{last}, {first[0]}.", "person", name, f"{new_last}, A.")
        self._add(f"{first[:2]}{last}", "person", name, f"an{new_last}")
        self._add(f"{first} {last[0]}.", "person", name, f"{new_first} P.")
        for word, new in ((first, new_first), (last, new_last)):
            if len(word) >= _SHORTEST:
                self._add(word, "person", name, new)
        for middle in words[1:-1]:
            if len(middle) > _SHORTEST:
                self._add(middle, "person", name, new_first)

    def organisation(self, name: str) -> None:
        """Add an organisation: as written, slugs and camel case, with and without its legal form."""
        words = [w for w in re.split(r"[\s,.&_-]+", name) if w]
        short = [w for w in words if w.lower() not in _LEGAL] or words
        entity = self._made.unique("organisation", " ".join(short).lower(), letters)
        for chosen, sign in product((words, short), (" ", "-", "_", "", ".", "%20")):
            self._add(
                sign.join(chosen),
                "organisation",
                name,
                f"Anon{sign if sign != '%20' else '-'}Org{sign if sign != '%20' else '-'}{entity}",
            )
        self._add(name, "organisation", name, f"Anon Org {entity}")
        if len(short) > 1 and len(short[0]) > _SHORTEST:
            self._add(short[0], "organisation", name, f"Anonorg{entity}")

    def host(self, name: str) -> None:
        """Add a machine: its whole name, and the first part alone."""
        low = name.lower().rstrip(".")
        self._add(low, "host", low, self._made.of("host", low, low))
        head, dot, _ = low.partition(".")
        if dot and re.search(r"\d|-", head):
            self._add(head, "host", head, f"anon-{self._made.label('host', head)}")

    def _add(self, form: str, kind: str, entity: str, surrogate: str) -> None:
        if len(form) >= _SHORTEST and form.lower() not in self.plain:
            self.plain[form.lower()] = (kind, entity.lower(), surrogate)
            self._pattern = None

    def find(self, text: str) -> Iterator[tuple[int, int, str, str, str]]:
        """Yield start, end, kind, entity and surrogate of every form that stands in a text."""
        if not self.plain:
            return
        if self._pattern is None:
            forms = list(self.plain)
            self._pattern = _any_of(forms)
            self._marks = _marks(forms)
            self._before = max(form.find(m) for m in self._marks for form in forms) + _SPACE
            self._after = max(map(len, forms)) + _SPACE
        for found in self._near(text, self._pattern):
            form = re.sub(r"\s+", " ", found.group().lower())
            known = self.plain.get(form) or self.plain.get(found.group().lower())
            if known is not None and not (form in _WORDS and found.group() == form):
                kind, entity, surrogate = known
                yield found.start(), found.end(), kind, entity, _cased(surrogate, found.group())

    def _near(self, text: str, form: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield the matches; the pattern is slow, so it reads only around what every form holds."""
        low = text.lower()
        if len(low) != len(text):
            return form.finditer(text)
        return near(form, text, places(low, *self._marks), self._before, self._after)


_SPACE = 40
"""White space between the words of a name."""


def _any_of(forms: list[str]) -> re.Pattern[str]:
    """Return a pattern for the longest form that stands somewhere as a word or between cases."""
    tree: _Tree = {}
    for form in forms:
        branch = tree
        for character in form:
            branch = branch.setdefault(character, {})
        branch[""] = {}
    firsts = "".join(re.escape(first) for first in tree)
    return re.compile(
        rf"(?=[{firsts}])(?:(?<![^\W\d_])|(?<=\\[nrt])|(?-i:(?<=[a-z])(?=[A-Z])))"
        rf"{_branches(tree)}(?:(?![^\W\d_])|(?-i:(?<=[a-z])(?=[A-Z])))",
        re.IGNORECASE,
    )


_Tree = dict[str, "_Tree"]


def _branches(tree: _Tree) -> str:
    """Return what goes on from a branch: the longer forms first."""
    stem = ""
    while len(tree) == 1 and "" not in tree:
        [(character, tree)] = tree.items()
        stem += _written(character)
    ways = [
        _written(character) + _branches(below) for character, below in tree.items() if character
    ]
    if not ways:
        return stem
    return f"{stem}(?:{'|'.join(ways)}){'?' if '' in tree else ''}"


def _written(character: str) -> str:
    return r"\s+" if character == " " else re.escape(character)


def _marks(forms: list[str]) -> tuple[str, ...]:
    """Return few runs of letters, one of which is in each form: ``tanaka`` is in ``mtanaka``."""
    made: list[str] = []
    runs = {max(re.findall(r"[^\W_]+", form) or [form], key=len).lower() for form in forms}
    for run in sorted(runs, key=lambda each: (len(each), each)):
        if not any(mark in run for mark in made):
            made.append(run)
    return tuple(made)


_LEGAL = frozenset(
    """inc incorporated llc ltd limited gmbh ag sa sas srl bv nv plc co corp corporation
    company kg oy ab as aps spa pty""".split()
)


_WORDS = frozenset(
    """will mark may grace rich bill rose art hope drew chase grant page price young long
    black white brown green king field stone banks cook baker case bush rice wood woods bell
    best day love park parks rush sharp small strong sun lane hill pat sue don ray jack june
    april august dean frank guy miles dale glen van dev max min can son kim faith joy dawn
    eve iris ivy lily olive summer autumn rain sky star read reed wise noble short little
    rock brook rivers waters glass bond cash coin marks post power powers close cross church
    hall house major marshall mason miller taylor potter porter carter cooper fisher hunter
    parker ranger rusty sandy crystal amber ruby pearl jade violet daisy norm gene rob bob
    nick chip skip buddy junior forest root branch""".split()
)
"""Names that are words as well: in lower case they are taken for words."""


def _cased(surrogate: str, written: str) -> str:
    if written.islower():
        return surrogate.lower()
    if written.isupper() and len(written) > 1:
        return surrogate.upper()
    return surrogate
