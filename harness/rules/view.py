"""What a rule may look at: the whole project, read once, without its files."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from harness.domain.case import Case, Eval
from harness.domain.closure import Closures
from harness.domain.guardrail import GuardrailRules
from harness.domain.item import ActionItem
from harness.domain.postmortem import Postmortem, Trace
from harness.errors import Place, Problem
from harness.rules.identifying import Identifying, by_text

T_co = TypeVar("T_co", covariant=True)

PlaceOf = Callable[..., Place]
"""Takes the steps of a key path and returns where the value stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Document(Generic[T_co]):
    """A record, and where its values stand; it equals nothing but itself."""

    value: T_co
    place: PlaceOf
    sha256: str = ""
    """The SHA-256 of its file."""


@dataclass(frozen=True, slots=True, eq=False)
class PostmortemDocument(Document[Postmortem]):
    """A postmortem, with the text below its front matter."""

    body: str = ""
    body_line: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class EvalDocument(Document[Eval]):
    """An eval with the cases that it replays."""

    cases: Mapping[str, Document[Case]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Labelled:
    """What people labelled for the judge of an eval."""

    file: str
    """As eval.yaml writes it."""
    failures: int
    """How many of the transcripts of the cases people call failures."""
    needed: int
    """The fewest on which a judge decides anything."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What harness.yaml says where an item is silent."""

    alpha: float = 0.05
    error_scope: Literal["lifetime", "epoch"] = "lifetime"
    calls: int = 20_000


@dataclass(frozen=True, slots=True)
class View:
    """A project as lint sees it.

    A value of None stands for a file that is there and cannot be read: what hangs on it is not
    judged.
    """

    today: dt.date
    postmortems: Mapping[str, PostmortemDocument | None] = field(default_factory=dict)
    items: Mapping[str, Document[ActionItem] | None] = field(default_factory=dict)
    evals: Mapping[str, EvalDocument | None] = field(default_factory=dict)
    traces: Mapping[str, Document[Trace] | None] = field(default_factory=dict)
    """By the path that postmortems write; one that is not there has no entry."""
    closures: Mapping[str, Document[Closures] | None] = field(default_factory=dict)
    guardrails: Mapping[str, bool] = field(default_factory=dict)
    """By the path that items write: whether the file could be read."""
    guardrail_files: Mapping[str, Document[GuardrailRules]] = field(default_factory=dict)
    """Those of them that could be read."""
    eval_digests: Mapping[str, str] = field(default_factory=dict)
    """Item -> the digest of its eval as it is now, for items that were closed."""
    labelled: Mapping[str, Labelled] = field(default_factory=dict)
    """Eval -> the labels of its judge, for evals that a model grades and whose labels are sound."""
    event_classes: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Escalation item -> the classes of its field events; without a file it has no entry."""
    refused: tuple[Problem, ...] = ()
    """What is wrong in files that could not be read."""
    defaults: Defaults = Defaults()
    identifying: Callable[[str, str], Iterable[Identifying]] = by_text
    """Takes a text and the key that it stands at; yields what identifies somebody in it."""
    rule_ids: frozenset[str] = frozenset()
    """All rules that there are."""

    def is_draft(self, incident: str) -> bool:
        """Whether an incident's postmortem is a draft, and all that belongs to it with it."""
        found = self.postmortems.get(incident)
        return found is not None and found.value.status == "draft"
