"""PM101 to PM104: what the agent inferred, what was so, the signal it missed, what changes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from harness.domain.case import Case, Eval
from harness.domain.guardrail import GuardrailRules
from harness.domain.item import ActionItem, EscalationItem
from harness.domain.postmortem import Inference
from harness.errors import Place
from harness.rules.rule import Hit, hit, in_postmortem, rule
from harness.rules.texts import texts
from harness.rules.verbatim import words
from harness.rules.view import Document, PostmortemDocument, View

_FEWEST_WORDS = {"correct_inference": 3, "missed_signal": 2, "change.what": 4}
_SAME = 0.8
_NEGATIONS_TEXT = "not no never nothing none nobody without isn't wasn't hadn't"
_NEGATIONS = frozenset(_NEGATIONS_TEXT.split())
_EMPTY_WORDS_TEXT = "the a an of to in is was be it that this had has and or by on"
_EMPTY_WORDS = frozenset(_EMPTY_WORDS_TEXT.split())
_PLACEHOLDER = re.compile(
    r"^\W*(?:tbd|tba|todo|t\.b\.d\.?|fixme|xxx+|n/?a|none|unknown|unclear|pending|same|"
    r"fill[- ](?:me )?in.*|to be (?:done|determined|filled|written|added).*|lorem ipsum.*|"
    r"placeholder.*|see (?:above|below))?\W*$|\bFILL IN\b|\bTBD\b",
    re.IGNORECASE,
)
_DRAFTED = re.compile(r"\bFILL IN\b")
"""What drafts hold; a case may quote any other placeholder of its incident."""


def is_placeholder(text: str) -> bool:
    """Whether a text only holds a place."""
    return _PLACEHOLDER.search(text) is not None


class Row(NamedTuple):
    """One row of an inference."""

    key: str
    text: str | None
    place: Place


def rows(postmortem: PostmortemDocument, index: int, inference: Inference) -> list[Row]:
    """Return the four rows of an inference, with the keys under which they stand."""
    at = ("agent", "inferences", index)
    place = postmortem.place
    change = inference.change.what if inference.change is not None else None
    return [
        Row("inferred", inference.inferred, place(*at, "inferred")),
        Row("correct_inference", inference.correct_inference, place(*at, "correct_inference")),
        Row("missed_signal", inference.missed_signal, place(*at, "missed_signal")),
        Row("change.what", change, place(*at, "change", "what")),
    ]


def inferences(postmortem: PostmortemDocument) -> Iterator[tuple[int, Inference]]:
    """Yield the inferences of a postmortem with their numbers."""
    if postmortem.value.agent is not None:
        yield from enumerate(postmortem.value.agent.inferences)


@rule(
    "PM101",
    "row-missing",
    message="{row} is missing",
    why="""The rows are the learning: what the agent believed, what it should have believed, which
    signal would have made the difference, whether it was in front of the agent, and what changes.
    Other templates have no place for them, which is why the same class of incident comes back.
    Where the agent was right and something around it failed, only inferred is asked for, and the
    shares say what failed.""",
    fix="Write it, or inference_correct: true where the agent was right.",
    bad=(in_postmortem("agent:\n  inferences: []\n  harmful_message: 6\n"),),
    good=(
        in_postmortem(
            "agent:\n  harmful_message: 6\n  inferences:\n"
            "    - inferred: the queue is stuck because the consumers are deadlocked\n"
            "      trace: {file: traces/INC-1.json, message: 4}\n"
            "      inference_correct: true\n"
        ),
    ),
)
def row_missing(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find rows that an incident with an agent leaves open."""
    value = postmortem.value
    if not value.agent_involved:
        return
    if value.agent is None or not value.agent.inferences:
        yield hit(postmortem.place("agent"), row="what the agent inferred (agent.inferences)")
        return
    for index, inference in inferences(postmortem):
        at = ("agent", "inferences", index)
        optional = inference.inference_correct is True
        for row in rows(postmortem, index, inference):
            if not (row.text or "").strip() and not (optional and row.key != "inferred"):
                yield hit(row.place, row=f"{row.key} of inference {index + 1}")
        for key in ("inference_correct", "signal_in_context"):
            if getattr(inference, key) is None and not optional:
                yield hit(postmortem.place(*at, key), row=f"{key} of inference {index + 1}")
    traced = any(inference.trace is not None for _, inference in inferences(postmortem))
    if traced and value.agent.harmful_message is None:
        yield hit(postmortem.place("agent", "harmful_message"), row="agent.harmful_message")


@rule(
    "PM102",
    "placeholder",
    message="{key} holds a placeholder",
    why="""A placeholder fills the row for every tool that counts, and tells a reader nothing.""",
    fix="Write what it stands for.",
    on=("postmortem", "item", "eval", "case", "guardrail"),
    bad=(in_postmortem("detection: TBD\n"),),
    good=(in_postmortem("detection: The unknown order count was noticed by a customer.\n"),),
)
def placeholder(document: Document[object], _view: View) -> Iterator[Hit]:
    """Find texts that only hold a place."""
    asked = _DRAFTED if isinstance(document.value, Case | Eval | GuardrailRules) else _PLACEHOLDER
    for key, text, place in _texts(document):
        if text is not None and asked.search(text):
            yield hit(place, key=key)


def drafted(document: Document[Case]) -> Iterator[tuple[str, Place]]:
    """Yield the key and place of every text of a case that a draft left open."""
    for key, text, place in _case_texts(document, document.value):
        if _DRAFTED.search(text):
            yield key, place


def _texts(document: Document[object]) -> Iterator[tuple[str, str | None, Place]]:
    if isinstance(document, PostmortemDocument):
        yield from _postmortem_texts(document)
    elif isinstance(document.value, Case):
        yield from _case_texts(document, document.value)
    elif isinstance(document.value, Eval):
        yield "description", document.value.description, document.place("description")
    elif isinstance(document.value, GuardrailRules):
        for path, text in texts(document.value, ()):
            yield ".".join(map(str, path)), text, document.place(*path)
    elif isinstance(document.value, ActionItem):
        yield "title", document.value.title, document.place("title")
        if isinstance(document.value, EscalationItem):
            yield "class", document.value.class_, document.place("class")


def _postmortem_texts(
    document: PostmortemDocument,
) -> Iterator[tuple[str, str | None, Place]]:
    for key in ("title", "trigger", "detection", "impact"):
        yield key, getattr(document.value, key), document.place(key)
    for index, factor in enumerate(document.value.contributing_factors):
        yield "contributing_factors", factor, document.place("contributing_factors", index)
    for index, inference in inferences(document):
        yield from rows(document, index, inference)


def _case_texts(document: Document[object], case: Case) -> Iterator[tuple[str, str, Place]]:
    yield "description", case.description, document.place("description")
    for name, text in case.decisions.items():
        yield f"decisions.{name}", text, document.place("decisions", name)
    for index, message in enumerate(case.messages):
        if isinstance(message.content, str):
            place = document.place("messages", index, "content")
            yield f"messages[{index}].content", message.content, place
    for key in ("tools", "correct", "failing", "twin", "variants"):
        for path, text in texts(getattr(case, key), (key,)):
            yield ".".join(map(str, path)), text, document.place(*path)


@rule(
    "PM103",
    "row-too-short",
    message="{key} says too little to act on, got {text}",
    why="""\"The logs\" is no signal and \"a check\" no change: the next engineer cannot build
    either.""",
    fix="Name the signal and where it would have stood; say what is added, to which tool or text.",
    bad=(
        in_postmortem(
            "agent:\n  harmful_message: 6\n  inferences:\n"
            "    - inferred: the queue is stuck because the consumers are deadlocked\n"
            "      trace: {file: traces/INC-1.json, message: 4}\n"
            "      inference_correct: false\n"
            "      correct_inference: the upstream producer had stopped publishing\n"
            "      missed_signal: logs\n"
            "      signal_in_context: false\n"
            "      change: {layer: tool, what: better payload}\n"
        ),
    ),
    good=(in_postmortem("status: final\n"),),
)
def row_too_short(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find rows with fewer words than anybody could act on."""
    for index, inference in inferences(postmortem):
        for row in rows(postmortem, index, inference):
            text = (row.text or "").strip()
            told = re.findall(r"[^\W_]+", text)
            short = row.key in _FEWEST_WORDS and len(told) < _FEWEST_WORDS[row.key]
            if text and short and not is_placeholder(text):
                yield hit(row.place, key=row.key, text=text)


@rule(
    "PM104",
    "rows-alike",
    message="{key} says the same as {other}",
    why="""Each row asks another question. Where two give one answer, one of the questions was not
    asked: the signal is not the belief that it would have corrected, and the change is not the
    signal.""",
    fix="Answer the row's own question; docs/template.md goes through them.",
    bad=(
        in_postmortem(
            "agent:\n  harmful_message: 6\n  inferences:\n"
            "    - inferred: the queue is stuck because the consumers are deadlocked\n"
            "      trace: {file: traces/INC-1.json, message: 4}\n"
            "      inference_correct: false\n"
            "      correct_inference: the upstream producer had stopped publishing\n"
            "      missed_signal: that the upstream producer had stopped publishing\n"
            "      signal_in_context: false\n"
            "      change: {layer: tool, what: add the producer heartbeat to the payload}\n"
        ),
    ),
    good=(
        in_postmortem(
            "agent:\n  harmful_message: 6\n  inferences:\n"
            "    - inferred: the queue is stuck because the consumers are deadlocked\n"
            "      trace: {file: traces/INC-1.json, message: 4}\n"
            "      inference_correct: false\n"
            "      correct_inference: the queue is not stuck because the consumers are deadlocked\n"
            "      missed_signal: producer_heartbeat of queue_diagnostics\n"
            "      signal_in_context: false\n"
            "      change: {layer: tool, what: add the producer heartbeat to the payload}\n"
        ),
    ),
)
def rows_alike(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find rows of one inference that hold the same words."""
    for index, inference in inferences(postmortem):
        filled = [
            (row, set(words(row.text))) for row in rows(postmortem, index, inference) if row.text
        ]
        for number, (row, held) in enumerate(filled):
            for other, others in filled[:number]:
                if _alike(held, others):
                    yield hit(row.place, key=row.key, other=other.key)
                    break


def _alike(one: set[str], other: set[str]) -> bool:
    if (one & _NEGATIONS) != (other & _NEGATIONS):
        return False
    mine, theirs = one - _EMPTY_WORDS, other - _EMPTY_WORDS
    both = len(mine | theirs)
    return both > 0 and len(mine & theirs) / both >= _SAME
