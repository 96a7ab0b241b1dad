"""From the files to the question that a check answers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness import plugins
from harness.commands.drafts import draft_problems
from harness.decide import coverage, epochs
from harness.decide.coverage import Question
from harness.decide.epochs import Epoch
from harness.decide.evidence import Evidence, SeriesKey
from harness.decide.sight import sight
from harness.domain.case import Case, Eval, GraderSpec
from harness.domain.decision import Calibration, Decision, Rules
from harness.domain.item import ActionItem, EscalationItem, EvalCoverageItem, GuardrailItem
from harness.domain.project import Defaults, ModelConfig, Prices
from harness.domain.trial import BASE, TWIN, Fingerprint
from harness.errors import InputError, NotEvaluableError, Problem
from harness.files.evals import Checks, LoadedEval, load_eval
from harness.files.items import covers_warnings, load_item
from harness.files.project import LoadedProject, adapter_problems, model_config
from harness.files.records import Loaded
from harness.plan import digests
from harness.plan.policies import Pair
from harness.plan.variants import resolve
from harness.ports.grader import Grader, GraderSpecification

if TYPE_CHECKING:
    from harness.commands.guarding import Guarding
    from harness.commands.judging import Judging

Exact = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    items: tuple[str, ...]
    model: str | None = None
    decide_only: bool = False
    exact: bool = False
    calls: int | None = None
    minutes: float | None = None
    tokens: int | None = None
    money: float | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """An item with its eval, its cases as they are replayed, its grader and its model."""

    item: EvalCoverageItem | GuardrailItem
    evaluation: Eval
    cases: dict[str, Case]
    resolved: dict[tuple[str, str], Case]
    """(case, variant) -> the case as it is replayed."""
    grader: Grader
    grader_spec: GraderSpecification
    model: str
    config: ModelConfig
    protocol: str
    digests: dict[str, dict[str, str]]
    """Case -> variant -> digest."""
    warnings: tuple[str, ...] = field(default=())
    judging: "Judging | None" = None
    """Who grades and how well it is known, where the grader is a model."""
    guarding: "Guarding | None" = None
    """What stands between the model and its tools, for an item of kind guardrail."""
    drafts: tuple[Problem, ...] = ()
    """The cases that a draft left open: whoever replays the item refuses them."""

    @property
    def eval_digest(self) -> str:
        """The digest of how the eval asks and grades, and of all its cases."""
        return digests.eval_digest(self.protocol, self.digests)

    def prices(self) -> tuple[Prices | None, Prices | None]:
        """Return what tokens cost on the model and on its judge, where that is known."""
        return self.config.prices, self.judging.config.prices if self.judging else None

    def priced(self) -> list[tuple[str, ModelConfig]]:
        """Return the models that the item's trials ask, by name: its own and its judge."""
        judge = [(self.judging.model, self.judging.config)] if self.judging else []
        return [(self.model, self.config), *judge]

    def pairs(self) -> list[Pair]:
        """Return every resolved case with its resolved twin."""
        return [(self.resolved[name, BASE], self.resolved.get((name, TWIN))) for name in self.cases]

    def question(
        self, project: LoadedProject, fingerprint: str, evidence: Evidence | None = None
    ) -> Question:
        """Return what is to be decided on a model with this fingerprint."""
        known = rules(self.item, project.config.defaults)
        if self.judging is not None:
            known = _with_judge(known, self.judging.measured(evidence), self.item.max_trials)
        return Question(
            item=self.item.id,
            key=SeriesKey(self.evaluation.id, self.protocol, fingerprint),
            eval_digest=self.eval_digest,
            model=self.model,
            cases=self.digests,
            rules=known,
            warnings=self.warnings,
            guardrail=self.guarding.digest if self.guarding else "",
        )


def rules(item: EvalCoverageItem | GuardrailItem, defaults: Defaults) -> Rules:
    """Return the rules by which an item is decided; its cap is 60 / target where it names none."""
    target, guards = item.target, isinstance(item, GuardrailItem)
    return Rules(
        failure_rate=target.failure_rate,
        twin_failure_rate=target.false_alarm_rate if guards else target.twin_failure_rate,
        alpha=target.alpha or defaults.alpha,
        error_scope=defaults.error_scope,
        max_ungraded_rate=defaults.max_ungraded_rate,
        max_trials=item.max_trials or math.ceil(60 / target.failure_rate),
        covers=item.covers or (),
        guardrail=guards,
    )


def _with_judge(known: Rules, judge: Calibration, max_trials: int | None) -> Rules:
    """Return the rules with the judge; the less it sees, the more trials the cap allows."""
    sees = sight(judge.base, known.alpha).sensitivity
    cap = max_trials or math.ceil(60 / (known.failure_rate * max(sees, 0.1)))
    return replace(known, judge=judge, max_trials=cap)


def subjects(project: LoadedProject, items: Iterable[str], model: str | None) -> list[Subject]:
    """Return the subjects of all items; all problems of all their files are raised together."""
    found: list[Subject] = []
    problems = []
    for name in dict.fromkeys(items):
        try:
            found.append(subject(project, name, model))
        except InputError as error:
            problems += [p for p in error.problems if p not in problems]
    if problems:
        raise InputError(*problems)
    return found


def subject(project: LoadedProject, name: str, model: str | None) -> Subject:
    """Return one item with all that deciding it takes."""
    return subject_of(project, load_item(project, name), model)


def subject_of(
    project: LoadedProject,
    loaded: Loaded[ActionItem],
    model: str | None = None,
    evals: dict[str, tuple[LoadedEval, Subject | None]] | None = None,
) -> Subject:
    """Return an item that was read with all that deciding it takes.

    ``evals`` keeps what was loaded: many items may share an eval.
    """
    evals = {} if evals is None else evals
    item = loaded.value
    if isinstance(item, EscalationItem):
        raise NotEvaluableError(
            f"{loaded.path}: kind: an escalation item is decided by field events and has no trials"
        )
    found, like = evals.get(item.eval) or (load_eval(project, item.eval, checks()), None)
    chosen, config = model_config(project, model or item.model)
    problems = adapter_problems(project, chosen, plugins.adapter(config.adapter))
    if problems:
        raise InputError(*problems)
    noticed = [*covers_warnings(loaded, found), *found.warnings]
    if isinstance(item, GuardrailItem):
        # It stands around the grader, so that no other item can share it.
        like, slips = _guarded(project, loaded, item, found, chosen, config)
        noticed += slips
    elif like is None:
        like = _subject(project, item, found, chosen, config, None)
        evals[item.eval] = found, like
    warnings = tuple(str(problem) for problem in noticed)
    return replace(like, item=item, model=chosen, config=config, warnings=warnings)


def _guarded(
    project: LoadedProject,
    loaded: Loaded[ActionItem],
    item: GuardrailItem,
    found: LoadedEval,
    model: str,
    config: ModelConfig,
) -> tuple[Subject, list[Problem]]:
    """Return a guardrail item with all that deciding it takes, and what is probably a slip."""
    # Nothing that reads guardrails is imported for the other kinds.
    from harness.commands.guarding import guarding, slips  # noqa: PLC0415

    guards = guarding(project, loaded, item)
    noticed = slips(guards, {case.value.id: case.value for case in found.cases})
    return _subject(project, item, found, model, config, guards), list(noticed)


def checks() -> Checks:
    """Return what the loader asks of other rooms."""
    return Checks(plugins.grader_names(), plugins.grader, resolve)


def _subject(
    project: LoadedProject,
    item: EvalCoverageItem | GuardrailItem,
    found: LoadedEval,
    model: str,
    config: ModelConfig,
    guards: "Guarding | None",
) -> Subject:
    evaluation = found.value
    grader = evaluation.grader
    wanted = GraderSpec(name=grader) if isinstance(grader, str) else grader
    spec = plugins.grader(wanted.name)
    cases = {case.value.id: case.value for case in found.cases}
    resolved = {
        (name, variant): resolve(case, variant, evaluation.repair)
        for name, case in cases.items()
        for variant in ([BASE] if case.twin is None else [BASE, TWIN])
    }
    built = spec.build(wanted.options)
    if guards is not None:
        twins = [case for (_, variant), case in resolved.items() if variant == TWIN]
        built = guards.around(built, spec, found, twins)
    return Subject(
        item=item,
        evaluation=evaluation,
        cases=cases,
        resolved=resolved,
        grader=built,
        grader_spec=spec,
        model=model,
        config=config,
        protocol=digests.protocol_digest(evaluation, guards.digest if guards else None),
        digests=digests.case_digests(evaluation, cases),
        judging=_judging(project, found),
        guarding=guards,
        drafts=draft_problems(found),
    )


def _judging(project: LoadedProject, found: LoadedEval) -> "Judging | None":
    if isinstance(found.value.grader, str):
        return None  # a judge has a rubric, so that its grader is more than a name
    from harness.commands.judging import judging_of  # noqa: PLC0415 - as for guardrails

    return judging_of(project, found)


@dataclass(slots=True)
class Inquiry:
    """One question on its way to a decision."""

    subject: Subject
    question: Question
    fingerprint: Fingerprint
    epoch: Epoch
    from_round: Mapping[str, int] = field(default_factory=dict)
    """Variant -> the lowest round that the run may replay, as its plan says."""
    begun: bool = False
    """Whether the run says that the item stands on what follows."""
    new_trials: int = 0
    stopped: str = ""
    """Why sampling ended before a decision."""

    def decision(self, evidence: Evidence, *, bounds: bool = True) -> Decision:
        """Return what the evidence says now; quickly, where nobody reads the bounds."""
        return coverage.decide(self.question, self.epoch, evidence, bounds=bounds)


def inquiry_of(
    project: LoadedProject, evidence: Evidence, subject: Subject, fingerprint: Fingerprint
) -> Inquiry:
    """Return the question on a model with this fingerprint, in the epoch in which it stands."""
    question = subject.question(project, fingerprint.digest, evidence)
    epoch = epochs.current(evidence, question.item, question.key, question.rules, question.cases)
    return Inquiry(subject, question, fingerprint, epoch)


@dataclass(frozen=True, slots=True)
class Measured:
    """The items of a check with the evidence that there is for them."""

    evidence: Evidence
    inquiries: tuple[Inquiry, ...]
    exact: Mapping[str, Mapping[str, Exact]] = field(default_factory=dict)
    """Item -> case -> exact failure rates of case and twin."""
