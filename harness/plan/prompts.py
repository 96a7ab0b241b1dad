"""What a model is shown in one trial.

The order of the decisions, and of the sentences where a case marks them as free, is drawn anew
for every trial from the cyclic rotations: every decision stands equally often at every place, so
that "always the first" is no policy, and few enough prompts exist for trials to share a prefill.
The draw is random and not a cycle over rounds: in a cycle the chance of a failure would differ
from round to round in a known way, and a look between two of them would no longer be valid.
"""

from dataclasses import replace
from math import prod
from typing import TypeVar

from harness.domain.case import Case
from harness.domain.transcript import Conversation, Message

PROMPT_VERSION = 1
"""Part of the eval digest: another wording is another eval."""

QUESTION = "What is your next action? Answer with exactly one of these names and nothing else:"

_T = TypeVar("_T")


def orders(case: Case, *, closed: bool) -> int:
    """Return how many different orders the trials of a resolved case draw from."""
    return prod(_radices(case, closed=closed))


def conversation(case: Case, shuffle: int, *, closed: bool, question: str = "") -> Conversation:
    """Return what the model sees in the order number ``shuffle``, 0 <= shuffle < orders(case)."""
    digits = []
    for radix in _radices(case, closed=closed):
        shuffle, digit = divmod(shuffle, radix)
        digits.append(digit)
    turns = iter(digits[1:])
    messages = tuple(
        _arranged(message, next(turns)) if message.sentences else message
        for message in case.messages
    )
    if not closed:
        return Conversation(messages, tools=case.tools)
    names = rotated(tuple(case.decisions), digits[0])
    lines = [question or QUESTION, *(f"- {name}: {case.decisions[name]}" for name in names)]
    return Conversation((*messages, Message(role="user", content="\n".join(lines))), choices=names)


def rotated(values: tuple[_T, ...], by: int) -> tuple[_T, ...]:
    """Return the values, starting with the one at place ``by``."""
    return values[by:] + values[:by]


def _radices(case: Case, *, closed: bool) -> list[int]:
    sentences = [len(message.sentences) for message in case.messages if message.sentences]
    return [max(1, len(case.decisions)) if closed else 1, *sentences]


def _arranged(message: Message, by: int) -> Message:
    parts = [message.content, *rotated(message.sentences, by)]
    text = " ".join(part.strip() for part in parts if part)
    return replace(message, content=text, sentences=())
