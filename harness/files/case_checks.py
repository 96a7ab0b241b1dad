"""What must hold in a case beyond the shape of its keys."""

from collections.abc import Callable, Iterable
from typing import Any

from harness.domain.case import Case, Condition, Eval, Layer
from harness.domain.trial import BASE, TWIN
from harness.errors import Problem, show
from harness.files.edit_checks import added_tools, edit_problems
from harness.files.marks import KeyPath, dotted, undotted
from harness.files.message_checks import transcript_problems
from harness.files.names import suggestion
from harness.files.records import Loaded
from harness.ports.grader import GraderSpecification

Resolve = Callable[[Case, str, Iterable[Layer]], Case]


def case_problems(
    case: Loaded[Case],
    eval_file: Loaded[Eval],
    grader: GraderSpecification | None,
    resolve: Resolve | None,
) -> list[Problem]:
    """Return what is wrong in a case that an eval replays, in the order of the file."""
    problems = [*transcript_problems(case), *_repair_problems(case, eval_file)]
    unsound = edit_problems(case)
    if case.value.twin is not None and not case.value.twin.edits:
        fix = "write what turns the case into its twin"
        unsound.append(case.problem(("twin", "edits"), "must not be empty", "an empty list", fix))
    for path in ((), ("twin",)) if case.value.twin is not None else ((),):
        unsound += _condition_problems(case, path, closed=bool(grader and grader.closed_decisions))
    problems += unsound
    if grader is not None and resolve is not None and not unsound:
        problems += _grader_problems(case, eval_file.value, grader, resolve)
    return sorted(problems, key=lambda p: (p.place.line, p.place.column))


def case_warnings(case: Loaded[Case]) -> list[Problem]:
    """Return what is allowed in a case and probably not meant."""
    warnings, value, twin = [], case.value, case.value.twin
    if (
        twin is not None
        and _same(twin.correct, value.correct)
        and _same(twin.failing, value.failing)
    ):
        rule = (
            "correct and failing are those of the case, so the twin shows no caution that is wrong"
        )
        warnings.append(
            case.problem(("twin",), rule, fix="say what is right when nothing is wrong")
        )
    tools = [tool.name for tool in value.tools] + added_tools(value)
    for index, recording in enumerate(value.recordings):
        if tools and recording.tool not in tools:
            path, fix = ("recordings", index, "tool"), suggestion(recording.tool, tools)
            warnings.append(case.problem(path, "the case has no such tool", recording.tool, fix))
    return warnings


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(value in other for value in one) and all(value in one for value in other)


def _condition_problems(case: Loaded[Case], path: KeyPath, *, closed: bool) -> list[Problem]:
    owner: Any = case.value.twin if path else case.value
    problems = []
    for key in ("correct", "failing"):
        values = getattr(owner, key)
        for index, value in enumerate(values):
            at = (*path, key, index)
            if value in values[:index]:
                problems.append(case.problem(at, "is named twice", _shown(value), "keep one"))
            elif key == "failing" and value in owner.correct:
                line = case.place(*path, "correct", owner.correct.index(value)).line
                rule = f"is also in {dotted((*path, 'correct'))}, in line {line}"
                problems.append(case.problem(at, rule, _shown(value), "keep it in one of the two"))
            elif closed and case.value.decisions and value not in list(case.value.decisions):
                fix = suggestion(_shown(value), case.value.decisions)
                problems.append(case.problem(at, "is no decision of this case", _shown(value), fix))
    return problems


def _shown(value: str | Condition) -> str:
    return value if isinstance(value, str) else f"a call of {value.tool}"


def _repair_problems(case: Loaded[Case], eval_file: Loaded[Eval]) -> list[Problem]:
    name = eval_file.value.id
    return [
        case.problem(
            ("variants", layer),
            f"holds no edit, and the eval {name} repairs this layer in every case",
            fix=f"write the edits, or take {layer} out of repair in {eval_file.path}",
        )
        for layer in dict.fromkeys(eval_file.value.repair)
        if not getattr(case.value.variants, layer)
    ]


def _grader_problems(
    case: Loaded[Case], evaluation: Eval, grader: GraderSpecification, resolve: Resolve
) -> list[Problem]:
    problems: dict[KeyPath, Problem] = {}
    for variant in (BASE, TWIN) if case.value.twin is not None else (BASE,):
        resolved = resolve(case.value, variant, evaluation.repair)
        for key, rule, got, fix in grader.check_case(resolved):
            path = undotted(key)
            in_twin = ("twin", *path)
            at = in_twin if variant == TWIN and case.has("twin", *path[:1]) else path
            problems.setdefault(at, case.problem(at, rule, show(got), fix))
    return list(problems.values())
