"""The prose of a document, cut into passages whose every character has a place."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.domain.item import ActionItem
from harness.errors import Place
from harness.rules.view import Document, PostmortemDocument

_FENCE = re.compile(r"\s*(```+|~~~+)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s")
_LINE_MARK = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A connected piece of prose."""

    text: str
    start: Place
    """Where it begins; for a value of the front matter where the value does."""
    lines: tuple[tuple[int, int], ...] = ()
    """(offset in the text, line) of each line of a Markdown passage, in their order."""

    def place(self, offset: int) -> Place:
        """Return where the character at an offset stands."""
        if not self.lines:
            return self.start
        first, line = self.lines[bisect_right(self.lines, (offset, 1 << 60)) - 1]
        return Place(self.start.path, line, offset - first + 1)


@lru_cache(maxsize=1)  # the rules go through one document after the other
def prose(postmortem: PostmortemDocument) -> tuple[Passage, ...]:
    """Return what a postmortem says in its authors' own words: quotes of the agent are left out."""
    return tuple(_prose(postmortem))


def _prose(postmortem: PostmortemDocument) -> Iterator[Passage]:
    value, place = postmortem.value, postmortem.place
    for key in ("title", "trigger", "detection", "impact"):
        yield from _value(getattr(value, key), place(key))
    for index, factor in enumerate(value.contributing_factors):
        yield from _value(factor, place("contributing_factors", index))
    for index, inference in enumerate(value.agent.inferences if value.agent else ()):
        at = ("agent", "inferences", index)
        for key in ("correct_inference", "missed_signal"):
            yield from _value(getattr(inference, key), place(*at, key))
        if inference.change is not None:
            yield from _value(inference.change.what, place(*at, "change", "what"))
    if value.attribution is not None:
        for bucket in ("agent", "tool", "data", "handoff"):
            share = getattr(value.attribution, bucket)
            yield from _value(share.evidence, place("attribution", bucket, "evidence"))
    yield from body_passages(postmortem)


def item_prose(item: Document[ActionItem]) -> Iterator[Passage]:
    """Yield what an action item says."""
    yield from _value(item.value.title, item.place("title"))


def _value(text: str | None, place: Place) -> Iterator[Passage]:
    if text and text.strip():
        yield Passage(text, place)


def body_passages(postmortem: PostmortemDocument) -> Iterator[Passage]:
    """Yield the paragraphs, headings and list entries of a postmortem's text.

    Code, comments and quoted blocks are no prose of its authors.
    """
    path = postmortem.place().path
    held: list[tuple[int, str]] = []
    for number, line in _plain_lines(postmortem):
        alone = _HEADING.match(line) is not None
        if held and (not line.strip() or alone or _LINE_MARK.match(line)):
            yield _joined(path, held)
            held = []
        if line.strip():
            held.append((number, line))
        if alone:
            yield _joined(path, held)
            held = []
    if held:
        yield _joined(path, held)


def _joined(path: str, held: list[tuple[int, str]]) -> Passage:
    lines, offset = [], 0
    for number, line in held:
        lines.append((offset, number))
        offset += len(line) + 1
    text = " ".join(line for _, line in held)
    return Passage(text, Place(path, held[0][0], 1), tuple(lines))


def _plain_lines(postmortem: PostmortemDocument) -> Iterator[tuple[int, str]]:
    """Yield the lines of the text with their numbers; what is no prose is blank."""
    fence = ""
    lines = _uncommented(postmortem.body).split("\n")
    for number, line in enumerate(lines, postmortem.body_line):
        found = _FENCE.match(line)
        if fence:
            if found and found.group(1).startswith(fence):
                fence = ""
            yield number, ""
        elif found:
            fence = found.group(1)
            yield number, ""
        else:
            yield number, "" if line.lstrip().startswith(">") else line


def sections(postmortem: PostmortemDocument) -> dict[str, tuple[int, str]]:
    """Return heading -> (line, text) of the sections of the second level, in lower case.

    A section of quoted blocks or code alone has a text, too.
    """
    found: dict[str, tuple[int, list[str]]] = {}
    current: list[str] = []
    plain = _plain_lines(postmortem)
    for (number, line), raw in zip(plain, _uncommented(postmortem.body).split("\n"), strict=True):
        if line.startswith("## "):
            _, current = found.setdefault(line[3:].strip().lower(), (number, []))
        else:
            current.append(raw)
    return {heading: (line, "\n".join(text).strip()) for heading, (line, text) in found.items()}


def _uncommented(body: str) -> str:
    """Return a text with its comments blanked, in lines of the same numbers."""
    return _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), body)
