"""A ledger in memory: the records that a check writes, without the files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.commands.recording import item_record, plan_name, plan_record
from harness.decide import epochs
from harness.decide.coverage import Question, decide
from harness.decide.epochs import Epoch
from harness.decide.evidence import Evidence, RunFeed, SeriesKey
from harness.domain.decision import Decision, Rules
from harness.domain.trial import Fingerprint
from harness.plan.digests import eval_digest

OUTCOMES = {".": "pass", "x": "fail", "?": "ungraded"}
RULES = Rules(
    failure_rate=0.3,
    twin_failure_rate=None,
    alpha=0.05,
    error_scope="lifetime",
    max_ungraded_rate=0.05,
    max_trials=200,
)


def question(
    cases: Iterable[str] = ("silent", "spike"),
    *,
    twins: bool = False,
    fingerprint: str = "f",
    protocol: str = "p",
    **rules: Any,
) -> Question:
    """Return a question on cases whose digests are their names; ``name@2`` is an edited case."""
    digests = {}
    for case in cases:
        name = case.partition("@")[0]
        digests[name] = {"base": case, **({"twin": f"{case}~"} if twins else {})}
    return Question(
        item="ITEM-1",
        key=SeriesKey("stall", protocol, fingerprint),
        eval_digest=eval_digest(protocol, digests),
        model="planted",
        cases=digests,
        rules=replace(RULES, **rules),
    )


@dataclass
class Book:
    """Evidence that grows record by record, as a check makes it grow."""

    evidence: Evidence = field(default_factory=Evidence)
    feed: RunFeed = field(init=False)
    runs: int = 0

    def __post_init__(self) -> None:
        """Begin with one run."""
        self.new_run()

    def new_run(self) -> None:
        """Go on in another run."""
        self.runs += 1
        self.feed = RunFeed(self.evidence, f"run-{self.runs}")

    def epoch(self, asked: Question) -> Epoch:
        """Return the epoch in which a question stands now."""
        return epochs.current(self.evidence, asked.item, asked.key, asked.rules, asked.cases)

    def begin(self, asked: Question) -> Epoch:
        """Record that a question is replayed from here on."""
        epoch = self.epoch(asked)
        if plan_name(asked) not in self.feed.plans:
            held = self.evidence.of(asked.key)
            known = Fingerprint(asked.key.fingerprint, {})
            self.feed.take(plan_record(asked, known, epoch, held))
        self.feed.take(item_record(asked, epoch))
        return epoch

    def trials(
        self, asked: Question, case: str, outcomes: str, *, since: int = 0, variant: str = "base"
    ) -> None:
        """Record trials of one case in consecutive rounds: . x ? for pass, fail, ungraded.

        ``!`` is an error that left no trial, and a blank nothing at all.
        """
        for round_, sign in enumerate(outcomes, since):
            record: dict[str, Any] = {
                "plan": plan_name(asked), "case": case, "variant": variant, "round": round_
            }  # fmt: skip
            if sign == "!":
                self.feed.take({**record, "kind": "error", "error": f"error {round_}"})
            elif sign != " ":
                self.feed.take({**record, "kind": "trial", "outcome": OUTCOMES[sign]})

    def all(self, asked: Question, outcomes: str, *, since: int = 0, variant: str = "base") -> None:
        """Record the same outcomes for every case."""
        for case in asked.cases:
            self.trials(asked, case, outcomes, since=since, variant=variant)

    def decide(self, asked: Question, *, bounds: bool = True) -> Decision:
        """Return the decision."""
        return decide(asked, self.epoch(asked), self.evidence, bounds=bounds)


@pytest.fixture
def book() -> Book:
    """Return an empty ledger."""
    return Book()


@pytest.fixture
def ask() -> Callable[..., Question]:
    """Return the function that makes questions."""
    return question
