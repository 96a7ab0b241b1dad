"""The guardrail of an item: loaded, held against its eval, and put around the eval's grader."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.domain.case import Case
from harness.domain.guardrail import GuardrailRules
from harness.domain.item import ActionItem, GuardrailItem
from harness.errors import InputError, Problem
from harness.files.evals import LoadedEval
from harness.files.folders import inside
from harness.files.names import suggestion
from harness.files.project import LoadedProject
from harness.files.records import Loaded
from harness.guardrails.guarded import GuardedGrader
from harness.guardrails.guardrail import Guardrail
from harness.guardrails.loading import load_guardrail
from harness.ports.grader import Grader, GraderSpecification, JudgingGrader


@dataclass(frozen=True, slots=True)
class Guarding:
    """A guardrail and its file."""

    guardrail: Guardrail
    loaded: Loaded[GuardrailRules]

    @property
    def digest(self) -> str:
        """The digest of all that its answers hang on."""
        return self.guardrail.digest

    def around(
        self, grader: Grader, spec: GraderSpecification, found: LoadedEval, twins: list[Case]
    ) -> GuardedGrader:
        """Return the eval's grader behind this guardrail; InputError where they do not fit."""
        if isinstance(grader, JudgingGrader):
            place, fix = found.file.place("grader"), "name an eval whose grader is no model"
            rule = "a guardrail is not measured on outcomes that a model gives"
            raise InputError(Problem(place, "grader", rule, spec.name, fix))
        problems = list(
            decision_problems(self, {case.value.id: case.value for case in found.cases})
        )
        if problems:
            raise InputError(*problems)
        return GuardedGrader(grader, self.guardrail, twins, closed=spec.closed_decisions)


def guarding(project: LoadedProject, item: Loaded[ActionItem], value: GuardrailItem) -> Guarding:
    """Return the guardrail of an item.

    InputError for a file that is missing or wrong, and for an item that would close with a
    guardrail that stops everything.
    """
    if value.target.false_alarm_rate is None:
        rule = "is missing: a guardrail that stops everything would close"
        fix = "add what it may stop on twins, such as false_alarm_rate: 0.05"
        raise InputError(item.problem(("target", "false_alarm_rate"), rule, fix=fix))
    guardrail, loaded = load_guardrail(guardrail_file(project, item))
    return Guarding(guardrail, loaded)


def guardrail_file(project: LoadedProject, item: Loaded[ActionItem]) -> Path:
    """Return the file that an item names; InputError where there is none in the project."""
    name = getattr(item.value, "guardrail", "")
    path = project.root / name
    if name.startswith("/") or not path.is_file():
        known = [f"guardrails/{p.name}" for p in (project.root / "guardrails").glob("*.yaml")]
        fix = suggestion(name, known) or f"write {name}"
        raise InputError(item.problem(("guardrail",), "no such file in the project", name, fix))
    return inside(project.root, path)


def decision_problems(found: Guarding, cases: dict[str, Case]) -> Iterator[Problem]:
    """Yield what the guardrail says of decisions that a case of the eval does not have."""
    rules = found.guardrail.rules
    known = sorted({name for case in cases.values() for name in case.decisions})
    if not known:
        return
    if rules.on_block is not None:
        name = rules.on_block.decision
        for case in cases.values():
            if name not in case.decisions:
                rule = f"case {case.id} has no such decision"
                fix = suggestion(name, list(case.decisions))
                yield found.loaded.problem(("on_block", "decision"), rule, name, fix)
                return


def slips(found: Guarding, cases: dict[str, Case]) -> Iterator[Problem]:
    """Yield names of decisions that no case has but that are near to one: slips of the pen."""
    known = sorted({name for case in cases.values() for name in case.decisions})
    rules = found.guardrail.rules
    for index, each in enumerate(rules.block):
        for at, name in enumerate(each.decisions):
            if known and name not in known:
                path = ("block", index, "decisions", at)
                fix = suggestion(name, known)
                yield found.loaded.problem(path, "no case of the eval has this decision", name, fix)
