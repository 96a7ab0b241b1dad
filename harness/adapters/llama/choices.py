"""Closed sets of replies: the grammar, where to stop, and the exact probabilities.

Sampling under a grammar renormalises token by token over what may still lead to a whole choice.
As soon as the text fits one choice alone the rest is forced, with probability 1: the runtime is
stopped there, which saves most of the tokens and changes no probability.
"""

import heapq
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import ModelError

Branch = Callable[[tuple[int, ...], Sequence[str]], Awaitable[Mapping["Token", float]]]
"""(tokens so far, what may still follow) -> probability of each next token."""

_NEGLIGIBLE = 1e-9
_MOST_BRANCHES = 1000


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the model: its number and its text, as bytes."""

    id: int
    text: bytes


def grammar(choices: Sequence[str]) -> str:
    """Return the GBNF grammar that allows exactly these texts, an empty one included."""
    return "root ::= " + " | ".join(_literal(text) for text in choices)


def stops(choices: Sequence[str]) -> list[str]:
    """Return the texts at whose end the reply is decided, at most one for each choice.

    The runtime looks for them anywhere in the reply. So one that also ends inside another choice,
    at a place where that choice is not alone yet, is no stop; such a choice runs to its end.
    """
    found = []
    for choice in choices:
        for length in range(1, len(choice) + 1):
            stop = choice[:length]
            if all(
                completed(other[:end], choices) is not None
                for other in choices
                for end in _ends(stop, other)
            ):
                found.append(stop)
                break
    return found


def completed(text: str, choices: Sequence[str]) -> str | None:
    """Return the one choice that starts with this text, or None when there are more or none."""
    fitting = [choice for choice in choices if choice.startswith(text)]
    return fitting[0] if len(fitting) == 1 else None


async def probabilities(choices: Sequence[str], branch: Branch) -> dict[str, float]:
    """Return the probability of each choice, summing to 1 within 1e-6.

    Walks the tree of all tokenizations, likeliest first, and stops at every text that fits one
    choice alone. Raises ModelError when 1000 branches are not enough, which only choices with
    very long common beginnings can bring about.
    """
    result = dict.fromkeys(choices, 0.0)
    order = itertools.count()
    frontier: list[tuple[float, int, tuple[int, ...], bytes]] = [(-1.0, next(order), (), b"")]
    for _ in range(_MOST_BRANCHES):
        if not frontier:
            break
        mass, _, tokens, text = heapq.heappop(frontier)
        fitting = [name for name in choices if name.encode().startswith(text)]
        rest = [name.encode()[len(text) :].decode() for name in fitting]
        for token, probability in (await branch(tokens, rest)).items():
            share = -mass * probability
            after = text + token.text
            left = [name for name in fitting if name.encode().startswith(after)]
            if not left or not token.text:
                result[text.decode()] += share  # the token that ends a reply
            elif len(left) == 1:
                result[left[0]] += share
            elif share > _NEGLIGIBLE:
                heapq.heappush(frontier, (-share, next(order), (*tokens, token.id), after))
    missing = -sum(mass for mass, *_ in frontier)
    if missing > 1e-6:  # noqa: PLR2004 - promised above
        raise ModelError(
            f"the decision names begin too much alike for exact probabilities: a share of "
            f"{missing:.2g} is left after {_MOST_BRANCHES} branches"
        )
    return result


def _ends(part: str, whole: str) -> list[int]:
    return [start + len(part) for start in range(len(whole)) if whole.startswith(part, start)]


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
