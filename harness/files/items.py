"""Action items: one by its name, or all of a project."""

from pathlib import Path
from typing import Any, cast

from harness.domain.field_event import start_of
from harness.domain.item import ActionItem, EscalationItem, GuardrailItem
from harness.errors import InputError, Place, Problem, printable
from harness.files.evals import LoadedEval, eval_ids
from harness.files.folders import inside, yaml_files
from harness.files.names import checked_name, closest, suggestion
from harness.files.project import LoadedProject
from harness.files.records import Loaded, load
from harness.files.source import read_bytes
from harness.files.strict_yaml import read_document

_ANY_ITEM = cast("type[ActionItem]", ActionItem)


def item_ids(project: LoadedProject) -> list[str]:
    """Return the names of a project's action items, from the names of their files."""
    return [path.stem for path in yaml_files(project.items)[0]]


def load_item(project: LoadedProject, item_id: str) -> Loaded[ActionItem]:
    """Return an action item; raise InputError with all that is wrong in its file."""
    checked_name(item_id, Place(str(project.items)))
    path = project.items / f"{item_id}.yaml"
    paths, misnamed = yaml_files(project.items)
    if path not in paths:
        fix = suggestion(item_id, [p.stem for p in paths])
        fix = fix or f"write it: harness new item {item_id}"
        place = Place(str(project.items))
        raise InputError(Problem(place, "", "no such action item", item_id, fix), *misnamed)
    item = load(inside(project.root, path), _ANY_ITEM)
    problems = _item_problems(project, item, eval_ids(project))
    problems += [_two_items(item, other) for other in _others(project, path, item.value.id)]
    if problems:
        raise InputError(*problems)
    return item


def read_item(project: LoadedProject, path: Path) -> Loaded[ActionItem]:
    """Return the action item of a file, whatever evals and other items there are.

    Raises InputError with all that is wrong in the file itself.
    """
    item = load(inside(project.root, path), _ANY_ITEM)
    problems = _item_problems(project, item, None)
    if problems:
        raise InputError(*problems)
    return item


def list_items(
    project: LoadedProject, refused: dict[str, str] | None = None
) -> tuple[Loaded[ActionItem], ...]:
    """Return all action items in the order of their names; raise InputError with all problems.

    With ``refused`` the others are returned, and it takes name of a file -> what is wrong there.
    """
    paths, problems = yaml_files(project.items)
    if refused is not None:
        refused.update({Path(each.place.path).name: str(each) for each in problems})
    items: list[Loaded[ActionItem]] = []
    first: dict[str, Loaded[ActionItem]] = {}
    evals = eval_ids(project)
    for path in paths:
        try:
            item = load(inside(project.root, path), _ANY_ITEM)
            wrong = _item_problems(project, item, evals)
            # A file of another name takes no name from the one that bears it.
            named = refused is None or not wrong
            if named and first.setdefault(item.value.id, item) is not item:
                wrong.append(_two_items(item, first[item.value.id].place("id")))
        except InputError as error:
            wrong = [p for p in error.problems if isinstance(p, Problem)]
        else:
            items += [] if wrong else [item]
        if wrong and refused is not None:
            refused.setdefault(path.stem, str(wrong[0]))
        else:
            problems += wrong
    if problems and refused is None:
        raise InputError(*problems)
    return tuple(items)


def covers_warnings(item: Loaded[ActionItem], loaded: LoadedEval) -> list[Problem]:
    """Return the names under ``covers`` that the eval lacks but nearly has: slips of the pen.

    A case that is not written yet is no error here: the decision keeps the item open for it.
    """
    value = item.value
    covers = () if isinstance(value, EscalationItem) else value.covers or ()
    known = [case.value.id for case in loaded.cases]
    warnings = []
    for index, name in enumerate(covers):
        near = None if name in known else closest(name, known)
        if near is not None:
            rule = f"the eval {loaded.value.id} has no such case yet"
            fix = f"did you mean {near}?"
            warnings.append(item.problem(("covers", index), rule, name, fix))
    return warnings


def _item_problems(
    project: LoadedProject, item: Loaded[ActionItem], evals: list[str] | None
) -> list[Problem]:
    """Return what is wrong in an item; ``evals`` are the names there are, None for unchecked."""
    value, problems = item.value, []
    if value.id != item.path.stem:
        fix = f"write {item.path.stem}, or rename the file to {value.id}.yaml"
        problems.append(item.problem(("id",), "is not the file's name", value.id, fix))
    if isinstance(value, EscalationItem):
        return problems + _policy_change(item, value)
    if evals is not None and value.eval not in evals:
        fix = suggestion(value.eval, evals) or f"write cases/{value.eval}/eval.yaml"
        problems.append(item.problem(("eval",), "no such eval", value.eval, fix))
    models = project.config.models
    if value.model is not None and value.model not in models:
        fix = suggestion(value.model, models)
        problems.append(item.problem(("model",), "no such model in harness.yaml", value.model, fix))
    if value.target.false_alarm_rate is not None and not isinstance(value, GuardrailItem):
        path = ("target", "false_alarm_rate")
        fix = "take it away, or write kind: guardrail"
        problems.append(item.problem(path, "is for guardrails only", fix=fix))
    for index, name in enumerate(value.covers or ()):
        if name in (value.covers or ())[:index]:
            rule, fix = "is named twice", "keep one of the two"
            problems.append(item.problem(("covers", index), rule, name, fix))
    return problems


def _policy_change(item: Loaded[ActionItem], value: EscalationItem) -> list[Problem]:
    try:
        start_of(value.since)
    except (ValueError, OverflowError):
        fix = "write a day such as 2026-12-31"
        rule = "is a moment of no calendar"
        return [item.problem(("since",), rule, value.since or "", fix)]
    return []


def _others(project: LoadedProject, own: Path, item_id: str) -> list[Place]:
    """Return where other files claim the same name; files that can't be read claim none."""
    found = []
    for path in yaml_files(project.items)[0]:
        if path == own:
            continue
        try:
            content = read_bytes(path)
            if item_id.encode() not in content:
                continue
            document = read_document(content, path)
        except InputError:
            continue
        data: Any = document.data
        if isinstance(data, dict) and data.get("id") == item_id:
            found.append(document.marks.place("id"))
    return found


def _two_items(item: Loaded[ActionItem], other: Place) -> Problem:
    rule = f"two items have this name, the other in {printable(str(other))}"
    return item.problem(("id",), rule, item.value.id, "give each its own")
