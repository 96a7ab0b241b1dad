"""The trials of one question, in order, as workers take them: no slot idles between two rounds.

A batch is what is wanted next. While its last trials are under way, the first of further rounds
begin, but never beyond the round in which the target could first be shown to be met: a model that
passes is not asked once more than if every round had been waited for. Only where a verdict of not
met falls have up to ``concurrency`` trials begun for nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.decide.coverage import Question
from harness.domain.decision import Decision, Judgement
from harness.domain.transcript import Conversation
from harness.domain.trial import BASE, TWIN, TrialSpec
from harness.replay.runner import Job

Wanted = Callable[[Question, Decision, int], Mapping[str, int]]
"""(question, decision so far, concurrency) -> variant -> rounds to replay next; none at the end."""

ENDLESS = 10**9
"""A concurrency that bounds nothing: what is wanted then is all up to the first possible close."""


@dataclass(slots=True)
class Stream:
    """Jobs, in the order in which they are to begin.

    ``look`` returns the decision on what the ledger holds, ``missing`` the trials that a variant
    lacks in the rounds from one to before another, counted in its epoch, ``spent`` why nothing
    more may be spent, or an empty text.
    """

    question: Question
    wanted: Wanted
    concurrency: int
    ahead: bool
    """Whether rounds may begin before those before them have ended."""
    look: Callable[[], Decision]
    missing: Callable[[str, int, int], Iterator[TrialSpec]]
    job: Callable[[TrialSpec], Job]
    spent: Callable[[], str]
    calls_left: Callable[[], int]
    decision: Decision = field(init=False)
    """The last look."""
    over: bool = field(default=False, init=False)
    """Nothing further may begin."""
    begun: int = field(default=0, init=False)
    done: int = field(default=0, init=False)
    to_close: int = field(default=0, init=False)
    """How many trials there are, begun or not, up to the first possible close."""
    _planned: dict[str, int] = field(default_factory=dict, init=False)
    """Variant -> how many rounds of the epoch have been handed out."""
    _limit: dict[str, int] = field(default_factory=dict, init=False)
    _look_at: int = field(default=0, init=False)
    _all_passed: bool = field(default=True, init=False)
    """Since the last look."""
    _shown: dict[str, Job] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Look for the first time."""
        self.decision = self.look()

    def batch(self) -> Iterator[Job]:
        """Yield the jobs of the next batch, and of the rounds ahead of it."""
        rounds = self.wanted(self.question, self.decision, self.concurrency)
        self._planned = {v: self._stands(v) for v in rounds}
        self._reach()
        first = {v: self._planned[v] + count for v, count in rounds.items()}
        yield from self._rounds(first)
        self._look_at = max(self.begun, self.done + 1)
        while self.ahead and not self.over and not self.spent():
            further = {v: n + 1 for v, n in self._planned.items() if n < self._limit.get(v, 0)}
            if not further or self._at_the_limit():
                return
            yield from self._rounds(further)

    def shown(self, spec_id: str) -> Conversation:
        """Return what the model is asked in a trial that has begun."""
        return self._shown[spec_id].conversation

    def took(self, spec_id: str, *, passed: bool) -> None:
        """Note that a trial has ended, and look where a batch does.

        While all of them pass there is nothing to see: the first possible close stays where the
        last look saw it, and nothing else can be shown before.
        """
        self.done += 1
        del self._shown[spec_id]
        self._all_passed = self._all_passed and passed
        if self.ahead and not self.over and self._look_at and self.done >= self._look_at:
            self._look_at = self.done + max(self.concurrency, self._width())
            if self._all_passed:
                return
            self._all_passed = True
            self.decision = self.look()
            self.over = not self.wanted(self.question, self.decision, self.concurrency)
            self._reach()

    def _rounds(self, until: Mapping[str, int]) -> Iterator[Job]:
        for variant, end in until.items():
            since, self._planned[variant] = self._planned[variant], end
            for spec in self.missing(variant, since, end):
                if self.over or self._at_the_limit():
                    return
                self.begun += 1
                job = self.job(spec)
                self._shown[spec.id] = job
                yield job

    def _at_the_limit(self) -> bool:
        """Say whether the trials under way may take all calls that are left."""
        return self.begun - self.done >= self.calls_left()

    def _reach(self) -> None:
        """Work out how far rounds may begin by the last look."""
        far = self.wanted(self.question, self.decision, ENDLESS)
        self._limit = {variant: self._stands(variant) + count for variant, count in far.items()}
        widths = {variant: len(self.question.places(variant)) for variant in far}
        self.to_close = self.done + sum(count * widths[v] for v, count in far.items())

    def _width(self) -> int:
        """Return the trials of a round: between two looks at least that many must end."""
        return sum(len(self.question.places(variant)) for variant in self._planned)

    def _stands(self, variant: str) -> int:
        judged: Mapping[str, Judgement | None] = {
            BASE: self.decision.base,
            TWIN: self.decision.twins,
        }
        stands = judged.get(variant)
        return stands.rounds if stands else 0
