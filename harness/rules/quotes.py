"""PM401 to PM405: the agent's words, verbatim, from the right message of the trace."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from harness.domain.postmortem import Inference, Trace
from harness.domain.transcript import Message
from harness.errors import Place, show
from harness.rules.rows import inferences, is_placeholder
from harness.rules.rule import ERROR, WARNING, Hit, hit, in_postmortem, rule
from harness.rules.texts import texts
from harness.rules.verbatim import (
    FEWEST_IN_PIECE,
    FEWEST_WORDS,
    Match,
    find,
    likeness,
    nearest,
    pieces,
    words,
)
from harness.rules.view import PostmortemDocument, View

_QUOTE = (
    "agent:\n  harmful_message: {harmful}\n  inferences:\n"
    "    - inferred: {quote}\n"
    "      trace: {{file: traces/INC-1.json, message: {message}}}\n"
    "      inference_correct: false\n"
    "      correct_inference: the upstream producer had stopped publishing\n"
    "      missed_signal: producer_heartbeat of queue_diagnostics\n"
    "      signal_in_context: false\n"
    "      change: {{layer: tool, what: add the producer heartbeat to the payload}}\n"
)


def _example(quote: str, message: int = 4, harmful: int = 6) -> str:
    shown = json.dumps(quote, ensure_ascii=False)
    return _QUOTE.format(quote=shown, message=message, harmful=harmful)


_SAID = "The queue is stuck because the consumers are deadlocked."


class _Traced(NamedTuple):
    """An inference whose trace is there."""

    quote: str
    message: int
    harmful: int | None
    trace: Trace
    place: Place
    message_place: Place


def _traced(postmortem: PostmortemDocument, view: View) -> Iterator[_Traced]:
    for index, inference in inferences(postmortem):
        found = view.traces.get(inference.trace.file) if inference.trace is not None else None
        if inference.trace is None or found is None:
            continue
        at = ("agent", "inferences", index)
        yield _Traced(
            (inference.inferred or "").strip(),
            inference.trace.message,
            postmortem.value.agent.harmful_message if postmortem.value.agent else None,
            found.value,
            postmortem.place(*at, "inferred"),
            postmortem.place(*at, "trace", "message"),
        )


def said(message: Message) -> str:
    """Return all that the agent said in a message: text, reasoning, and texts in its calls."""
    parts = [message.reasoning or ""]
    if isinstance(message.content, str):
        parts.append(message.content)
    parts += message.sentences
    for call in message.tool_calls:
        parts += [call.raw or "", *(text for _, text in texts(call.arguments, ()))]
    return "\n".join(part for part in parts if part)


def _turn(one: _Traced) -> Message | None:
    """Return the agent's turn that is quoted; None where the number means none."""
    messages = one.trace.messages
    if one.message >= len(messages) or messages[one.message].role != "assistant":
        return None
    return messages[one.message]


def _quoted(postmortem: PostmortemDocument, view: View) -> Iterator[tuple[_Traced, Message]]:
    for one in _traced(postmortem, view):
        turn = _turn(one)
        if one.quote and turn is not None and not is_placeholder(one.quote):
            yield one, turn


@rule(
    "PM401",
    "quote-not-in-trace",
    message="message {message} does not say this; {nearest}",
    why="""A quote is what the incident can be replayed against. Retold, it becomes what we think
    that the agent meant, and the case tests our reading instead of the agent.""",
    fix="""Quote the agent's own words; leave words out with [...], between pieces of at least three
    words.""",
    draft=ERROR,
    bad=(in_postmortem(_example("it wrongly thought that workers were blocking one another")),),
    good=(in_postmortem(_example("“the *queue* is stuck [...] consumers are Deadlocked”")),),
)
def quote_not_in_trace(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find quotes that the message does not hold, and tell where something like it stands."""
    for one, turn in _quoted(postmortem, view):
        if find(one.quote, said(turn)).match is Match.NONE:
            yield hit(one.place, message=str(one.message), nearest=_where(one))


def _where(one: _Traced) -> str:
    """Return where in the trace the agent says the quote, or what comes nearest to it."""
    wanted = words(" ".join(pieces(one.quote)))
    best, number, text = 0, one.message, ""
    for index, message in enumerate(one.trace.messages):
        if message.role != "assistant":
            continue
        told = said(message)
        if index != one.message and find(one.quote, told).match is Match.VERBATIM:
            return f"message {index} does"
        held = words(told)
        alike = likeness(wanted, held)
        if alike > best:
            best, number, text = alike, index, nearest(wanted, held)
    if not text:
        return "no turn of the agent comes near it"
    return f'the nearest is in message {number}: "{show(text)}"'


@rule(
    "PM402",
    "quote-near-verbatim",
    message='message {message} says it in other words; the nearest are "{nearest}"',
    why="""A word more or less can be the difference between a guess and a claim. Nearly the agent's
    words are not the agent's words.""",
    fix="Copy the words out of the trace.",
    severity=WARNING,
    bad=(in_postmortem(_example("The queue is stuck since all the consumers are deadlocked")),),
    good=(in_postmortem(_example(_SAID)),),
)
def quote_near_verbatim(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find quotes that share a quarter of their word trigrams with the message."""
    for one, turn in _quoted(postmortem, view):
        found = find(one.quote, said(turn))
        if found.match is Match.NEAR:
            yield hit(one.place, message=str(one.message), nearest=show(found.nearest))


@rule(
    "PM403",
    "quote-too-short",
    message="the quote {what}",
    why="""Few words are found in any text. \"It is stuck\" proves nothing about what the agent took
    to be the cause.""",
    fix="Quote at least five words, and at least three in each piece around [...].",
    bad=(in_postmortem(_example("The queue is stuck")),),
    good=(in_postmortem(_example("The queue is stuck because")),),
)
def quote_too_short(postmortem: PostmortemDocument, _view: View) -> Iterator[Hit]:
    """Find quotes of fewer than five words, and pieces of fewer than three."""
    for index, inference in inferences(postmortem):
        quote = (inference.inferred or "").strip()
        if not quote or is_placeholder(quote) or not _claims_words(inference):
            continue
        counts = [len(words(piece)) for piece in pieces(quote)]
        place = postmortem.place("agent", "inferences", index, "inferred")
        if sum(counts) < FEWEST_WORDS:
            yield hit(place, what=f"has fewer than {FEWEST_WORDS} words, got {sum(counts)}")
        elif min(counts) < FEWEST_IN_PIECE:
            yield hit(place, what=f"has a piece of fewer than {FEWEST_IN_PIECE} words")


def _claims_words(inference: Inference) -> bool:
    verbatim = inference.quote is not None and inference.quote.basis.startswith("verbatim")
    return inference.trace is not None or verbatim


@rule(
    "PM404",
    "confession",
    message="the quote is from {when}",
    why="""What an agent says of itself afterwards is a new text, written to fit the outcome, and
    mostly to please. Only what it said before the harmful step shows what it acted on.""",
    fix="""Quote a turn before the harmful step; where there is none, quote the call, or declare
    quote: {basis: verbatim_after}.""",
    draft=ERROR,
    bad=(
        in_postmortem(
            _example("I never looked at the producer before I ran the recovery", message=8)
        ),
    ),
    good=(in_postmortem(_example(_SAID)),),
)
def confession(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find quotes from after the harmful step; what the harmful turn itself says comes before."""
    for one in _traced(postmortem, view):
        if one.harmful is None or one.message < one.harmful:
            continue
        turn = _turn(one)
        if one.message == one.harmful and turn is not None and turn.tool_calls:
            continue
        when = f"message {one.message}, and the harmful step is message {one.harmful}"
        yield hit(one.message_place, when=when)
    for index, inference in inferences(postmortem):
        if inference.quote is not None and inference.quote.basis == "verbatim_after":
            place = postmortem.place("agent", "inferences", index, "quote", "basis")
            yield hit(place, mild=True, when="after the harmful step: weak evidence, as declared")


@rule(
    "PM405",
    "quote-not-of-agent",
    message="{what}",
    why="""The inference is the agent's. What a tool returned or a person wrote may have led to it,
    and belongs into the other rows.""",
    fix="Name a message of role assistant; messages are counted from 0.",
    draft=ERROR,
    bad=(in_postmortem(_example("Orders are not being consumed.", message=1)),),
    good=(in_postmortem(_example(_SAID)),),
)
def quote_not_of_agent(postmortem: PostmortemDocument, view: View) -> Iterator[Hit]:
    """Find message numbers that mean no turn of the agent."""
    for one in _traced(postmortem, view):
        count = len(one.trace.messages)
        if one.message >= count:
            what = f"the trace has no message {one.message}, its last is {count - 1}"
            yield hit(one.message_place, what=what)
        elif one.trace.messages[one.message].role != "assistant":
            role = one.trace.messages[one.message].role
            yield hit(one.message_place, what=f"message {one.message} is a message of role {role}")
        if one.harmful is not None and one.harmful >= count:
            what = f"the trace has no harmful_message {one.harmful}, its last is {count - 1}"
            yield hit(postmortem.place("agent", "harmful_message"), what=what)
