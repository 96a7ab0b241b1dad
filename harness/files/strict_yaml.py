"""YAML without surprises: bytes in, plain data and the place of every key and value out.

Accepted is what reads the same to everybody: one document of mappings with text keys, lists and
scalars of the YAML 1.2 core schema. Anchors, aliases, tags, directives, merge keys, equal keys and
nesting past 40 are refused. The parser's events are composed without recursion, so that no input
can exhaust the stack, and parsing ends with the first event past a limit.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.errors import InputError, Place, Problem
from harness.files.marks import KeyPath, Mark, Marks, dotted
from harness.files.scalars import Refusal, ambiguous, resolve
from harness.files.source import decode
from harness.files.syntax import translate

MAX_DEPTH = 40
"""How deep lists and mappings may be nested; the document itself is 1."""
MAX_VALUES = 50_000
"""How many keys, values, lists and mappings a file may hold."""
MAX_PROBLEMS = 100
"""How many problems of one file are told."""
_YAML_TAG = "tag:yaml.org,2002:"

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's parser, or PyYAML's own where PyYAML was built without it."""


@dataclass(slots=True)
class Document:
    """A file as data, with what is wrong in it."""

    data: Any
    """None, bool, int, finite float, str, list and dict with str keys, nested."""
    marks: Marks
    """Where everything stands."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong, in the order of the file."""
    refused: set[KeyPath] = field(default_factory=set)
    """The key paths whose values are refused and stand in ``data`` as a stopgap."""
    suspects: list[KeyPath] = field(default_factory=list)
    """Texts that elsewhere are taken for something else: ``no``, ``1_000``, ``"86400"``."""
    complete: bool = True
    """Whether the whole file could be read."""


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being filled."""

    target: dict[str, Any] | list[Any]
    path: KeyPath
    kept: bool
    """Whether it becomes part of the document; the value of a refused key does not."""
    key: str | None = None
    key_kept: bool = True


class _FatalError(Exception):
    """What follows can't be read; the problem stands in the document."""


def parse(content: bytes, path: Path) -> Any:
    """Return the data of a YAML file; raise InputError with all its problems."""
    document = read_document(content, path)
    if document.problems:
        raise InputError(*document.problems)
    return document.data


def read_document(content: bytes, path: Path) -> Document:
    """Return a YAML file with the problems in it; raise InputError for what is no text."""
    text = decode(content, path)
    composer = _Composer(Document(None, Marks(str(path))))
    try:
        for event in _events(text):
            composer.take(event)
        composer.finish()
    except _FatalError:
        composer.document.complete = False
    except yaml.YAMLError as error:
        composer.document.complete = False
        composer.document.problems.append(translate(error, str(path), text))
    return composer.document


def _events(text: str) -> Iterator[Any]:
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    return events


class _Composer:
    """Builds a document from events."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.frames: list[_Frame] = []
        self.values = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        """Take the next event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open(event, {})
        elif kind is yaml.SequenceStartEvent:
            self._open(event, [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self.frames.pop()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document_start(event)

    def finish(self) -> None:
        """Note what can be wrong only with the whole."""
        if not self.values:
            self.document.problems.append(
                Problem(self.document.marks.place(), "", "is empty", fix="write its keys")
            )

    def _document_start(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._fatal(event, (), "a file holds one document", "take away --- and what follows")
        if event.version or event.tags:
            self._note(event, (), "directives are refused", fix="take the line with % away")

    def _scalar(self, event: Any) -> None:
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.key is None and isinstance(frame.target, dict):
            self._key(event, frame, frame.target)
            return
        path, kept = self._next_path()
        self._count(event, path)
        self._decorations(event, path)
        plain = bool(event.implicit[0])
        value = resolve(event.value) if plain else event.value
        if isinstance(value, Refusal):
            self._note(event, path, value.rule, event.value, value.fix, refused=kept)
            value = event.value
        elif isinstance(value, str) and not self._sound(event, path, value):
            value = ""
        elif kept and isinstance(value, str) and (ambiguous(value) if plain else value.isdigit()):
            self.document.suspects.append(path)
        start = event.start_mark
        mark = Mark(start.line + 1, start.column + 1, event.value, plain)
        if not event.value and plain and path in self.document.marks.keys:
            mark = Mark(*self.document.marks.keys[path], event.value, plain)
        self._add(path, kept, value, mark)

    def _sound(self, event: Any, path: KeyPath, value: str) -> bool:
        if value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value):
            return True
        fix = "write the character itself, or \\U and its eight digits"
        self._note(event, path, "an escape in double quotes is no character", fix=fix, refused=True)
        return False

    def _key(self, event: Any, frame: _Frame, target: dict[str, Any]) -> None:
        path = (*frame.path, event.value)
        self._count(event, path)
        self._decorations(event, path)
        frame.key, frame.key_kept = event.value, False
        plain = bool(event.implicit[0])
        first = self.document.marks.keys.get(path) if frame.kept else None
        if plain and event.value == "<<":
            self._note(event, path, "merge keys are refused", fix="write the merged keys out")
        elif plain and not isinstance(resolve(event.value), str):
            fix = f'write "{event.value}"' if event.value else "write the key before the colon"
            self._note(event, path, "a key must be a text", event.value or "nothing", fix)
        elif event.value in target:
            rule = f"is written twice, first in line {first[0]}" if first else "is written twice"
            self._note(event, path, rule, fix="keep one of the two")
        elif self._sound(event, frame.path, event.value):
            target[event.value] = None
            frame.key_kept = True
            if frame.kept:
                start = event.start_mark
                self.document.marks.keys[path] = start.line + 1, start.column + 1

    def _open(self, event: Any, target: dict[str, Any] | list[Any]) -> None:
        path, kept = self._next_path()
        if len(self.frames) >= MAX_DEPTH:
            self._fatal(
                event, path[:3], f"lists and mappings are nested past {MAX_DEPTH}", "flatten it"
            )
        self._count(event, path)
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.key is None and isinstance(frame.target, dict):
            self._fatal(event, frame.path, "a key must be a text", "put it in quotes")
        self._decorations(event, path)
        start = event.start_mark
        self._add(path, kept, target, Mark(start.line + 1, start.column + 1))
        self.frames.append(_Frame(target, path, kept))

    def _alias(self, event: Any) -> None:
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.key is None and isinstance(frame.target, dict):
            self._fatal(
                event, frame.path, "a key must be a text", "write it out", f"*{event.anchor}"
            )
        path, kept = self._next_path()
        self._count(event, path)
        fix = "write the value out, or put the text in quotes"
        self._note(event, path, "aliases are refused", f"*{event.anchor}", fix, refused=kept)
        start = event.start_mark
        self._add(path, kept, None, Mark(start.line + 1, start.column + 1))

    def _next_path(self) -> tuple[KeyPath, bool]:
        if not self.frames:
            return (), True
        frame = self.frames[-1]
        if isinstance(frame.target, list):
            return (*frame.path, len(frame.target)), frame.kept
        return (*frame.path, frame.key or ""), frame.kept and frame.key_kept

    def _add(self, path: KeyPath, kept: bool, value: Any, mark: Mark) -> None:  # noqa: FBT001 - a fact of the path
        if not self.frames:
            self.document.data = value
        else:
            frame = self.frames[-1]
            if isinstance(frame.target, list):
                frame.target.append(value)
            else:
                if frame.key_kept and frame.key is not None:
                    frame.target[frame.key] = value
                frame.key, frame.key_kept = None, True
        if kept:
            self.document.marks.values[path] = mark

    def _count(self, event: Any, path: KeyPath) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            self._fatal(
                event, path[:1], f"holds more than {MAX_VALUES:,} keys and values", "split it"
            )

    def _decorations(self, event: Any, path: KeyPath) -> None:
        if event.anchor is not None:
            fix = "take it away, or put the text in quotes"
            self._note(event, path, "anchors are refused", f"&{event.anchor}", fix)
        if event.tag is not None:
            tag = event.tag.replace(_YAML_TAG, "!!")
            fix = "take it away; a text is written in quotes"
            self._note(event, path, "tags are refused", tag, fix)

    def _note(
        self,
        event: Any,
        path: KeyPath,
        rule: str,
        got: str = "",
        fix: str = "",
        *,
        refused: bool = False,
    ) -> None:
        start = event.start_mark
        place = Place(self.document.marks.path, start.line + 1, start.column + 1)
        problems = self.document.problems
        problems.append(Problem(place, dotted(path), rule, got, fix))
        if len(problems) == MAX_PROBLEMS:
            problems.append(Problem(place, "", "the problems from here on are left out"))
            raise _FatalError
        if refused:
            self.document.refused.add(path)

    def _fatal(self, event: Any, path: KeyPath, rule: str, fix: str, got: str = "") -> None:
        self._note(event, path, rule, got, fix)
        raise _FatalError
