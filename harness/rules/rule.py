"""What a rule is: its text, and the check that goes with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from harness.domain.lint import Example, RuleText, Severity
from harness.errors import Place, Problem
from harness.rules.view import View

ERROR, WARNING = Severity.ERROR, Severity.WARNING

Subject = Literal["postmortem", "item", "eval", "case", "trace", "closures", "guardrail"]
"""The kinds of documents."""


class Hit(NamedTuple):
    """One place where a rule is broken, with the parts of its message that vary."""

    place: Place
    parts: dict[str, str]
    mild: bool = False
    """Whether it is a warning wherever it stands."""
    fix: str = ""
    """What to write instead, where it can be told better than the rule does."""


Check = Callable[[Any, View], Iterator[Hit]]
"""Takes a document and the project that it stands in."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its check."""

    text: RuleText
    on: tuple[Subject, ...]
    """The kinds of documents that the check is called with, one by one."""
    check: Check
    refusal: Callable[[Problem], dict[str, str] | None] | None = None
    """Returns the message's parts when a loader's problem is this rule's business, else None."""

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.text.id


def hit(place: Place, *, mild: bool = False, fix: str = "", **parts: str) -> Hit:
    """Return a hit at a place, with the parts of the rule's message."""
    return Hit(place, parts, mild, fix)


def rule(
    rule_id: str,
    name: str,
    *,
    message: str,
    why: str,
    fix: str,
    bad: tuple[Example, ...],
    good: tuple[Example, ...],
    on: tuple[Subject, ...] = ("postmortem",),
    severity: Severity = ERROR,
    draft: Severity = WARNING,
    refusal: Callable[[Problem], dict[str, str] | None] | None = None,
) -> Callable[[Check], Rule]:
    """Make a check a rule; what is said of it stands in the arguments and nowhere else."""
    text = RuleText(
        rule_id,
        name,
        severity,
        draft if severity is ERROR else WARNING,
        message,
        " ".join(why.split()),
        " ".join(fix.split()),
        bad,
        good,
    )
    return lambda check: Rule(text, on, check, refusal)


def in_postmortem(text: str) -> Example:
    """Return keys of a postmortem's front matter that differ from the sound one's."""
    return Example("postmortems/INC-1.md", text)


def in_item(text: str) -> Example:
    """Return keys of an action item that differ from the sound one's."""
    return Example("action_items/ITEM-1.yaml", text)


def in_text(text: str) -> Example:
    """Return a section of a postmortem's text."""
    return Example("postmortems/INC-1.md#text", text)


def alone(text: str) -> tuple[Example, ...]:
    """Return a whole postmortem, in a project that has no action items."""
    return (
        Example("postmortems/INC-1.md", text),
        Example("action_items/ITEM-1.yaml", ""),
        Example("action_items/ITEM-2.yaml", ""),
    )
