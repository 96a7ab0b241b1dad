"""Reading a whole project for lint: one bad file hides nothing of the others."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from harness import plugins
from harness.anonymize import scan
from harness.domain.closure import Closures
from harness.domain.guardrail import GuardrailRules
from harness.domain.item import ActionItem, EscalationItem, GuardrailItem
from harness.domain.label import FEWEST_FAILURES
from harness.domain.postmortem import Trace
from harness.domain.trial import BASE
from harness.errors import InputError, Problem
from harness.files.closures import closures_files, load_closures
from harness.files.evals import FILE_NAME, Checks, LoadedEval, eval_ids, load_eval
from harness.files.events import LoadedEvents, events_path, load_events
from harness.files.folders import inside, yaml_files
from harness.files.items import read_item
from harness.files.labels import labels_path, load_labels
from harness.files.names import suggestion
from harness.files.postmortems import (
    LoadedPostmortem,
    exists,
    load_postmortem,
    postmortem_files,
    trace_files,
)
from harness.files.project import LoadedProject
from harness.files.records import Loaded
from harness.files.staging import leftovers
from harness.files.traces import load_trace
from harness.guardrails.guardrail import Guardrail
from harness.guardrails.loading import load_guardrail
from harness.plan import digests
from harness.plan.variants import resolve
from harness.ports.grader import JudgingGrader
from harness.rules.catalogue import RULES
from harness.rules.identifying import Identifying
from harness.rules.view import (
    Defaults,
    Document,
    EvalDocument,
    Labelled,
    PostmortemDocument,
    View,
)

T = TypeVar("T")
ReadGuardrail = tuple[Guardrail, Loaded[GuardrailRules]]
_TRACES = "traces"
_GUARDRAILS = "guardrails"


@dataclass(slots=True)
class Reading:
    """What is read, and what could not be."""

    project: LoadedProject
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def attempt(self, path: Path, load: Callable[..., T], *arguments: object) -> T | None:
        """Return what a loader returns; None with its problems noted where it refuses."""
        self.files.append(path)
        try:
            return load(*arguments)
        except InputError as error:
            self.problems += [p for p in error.problems if isinstance(p, Problem)]
            return None


def read_project(
    project: LoadedProject, today: dt.date, kept: dict[str, LoadedEval] | None = None
) -> tuple[View, list[Path]]:
    """Return the project as the rules see it, and the files that were read.

    ``kept`` takes the evals as they were loaded, for whoever decides on them as well.
    """
    reading = Reading(project)
    postmortems = _postmortems(reading)
    items = _items(reading)
    evals = _evals(reading)
    if kept is not None:
        kept.update({name: found for name, found in evals.items() if found is not None})
    traces = _traces(reading, postmortems.values())
    closures = _closures(reading)
    event_classes = _event_classes(reading, items)
    guardrails = _guardrails(reading)
    reading.problems += leftovers(project.root)
    config = project.config
    view = View(
        today=today,
        postmortems={k: _post(v) if v else None for k, v in postmortems.items()},
        items={k: _document(v) if v else None for k, v in items.items()},
        evals={k: _eval(v) if v else None for k, v in evals.items()},
        traces={k: _document(v) if v else None for k, v in traces.items()},
        closures={k: _document(v) if v else None for k, v in closures.items()},
        guardrails={name: found is not None for name, found in guardrails.items()},
        guardrail_files={k: _document(v[1]) for k, v in guardrails.items() if v is not None},
        eval_digests=_digests(closures, items, evals, guardrails),
        labelled=_labelled(reading, evals),
        event_classes=event_classes,
        refused=tuple(dict.fromkeys(reading.problems)),
        defaults=Defaults(config.defaults.alpha, config.defaults.error_scope, config.budget.calls),
        identifying=_identifying,
        rule_ids=frozenset(RULES),
    )
    return view, reading.files


@lru_cache(maxsize=10_000)
def _identifying(text: str, key: str) -> tuple[Identifying, ...]:
    """Return what the anonymizer's rules see in a text that stands at a key."""
    return tuple(
        Identifying(
            found.why.removeprefix("looks like "), found.offset, found.kind in {"url", "host"}
        )
        for found in scan({key: text} if key else text)
    )


def _postmortems(reading: Reading) -> dict[str, LoadedPostmortem | None]:
    root = reading.project.root
    paths, misnamed = postmortem_files(root)
    reading.problems += misnamed
    return {p.stem: reading.attempt(p, load_postmortem, root, p) for p in paths}


def _items(reading: Reading) -> dict[str, Loaded[ActionItem] | None]:
    project = reading.project
    paths, misnamed = yaml_files(project.items)
    reading.problems += misnamed
    return {p.stem: reading.attempt(p, read_item, project, p) for p in paths}


def _evals(reading: Reading) -> dict[str, LoadedEval | None]:
    project = reading.project
    asked = Checks(plugins.grader_names(), plugins.grader, resolve)
    found: dict[str, LoadedEval | None] = {}
    for name in eval_ids(project):
        path = project.evals / name / FILE_NAME
        found[name] = reading.attempt(path, load_eval, project, name, asked)
        cases = yaml_files(project.evals / name)[0]
        reading.files += [case for case in cases if case.name != FILE_NAME]
    return found


def _labelled(reading: Reading, evals: dict[str, LoadedEval | None]) -> dict[str, Labelled]:
    """Return eval -> what people labelled for its judge, where a model grades it."""
    found, models = dict[str, Labelled](), reading.project.config.models
    for name, loaded in evals.items():
        grader = None if loaded is None else loaded.value.grader
        if loaded is None or grader is None or isinstance(grader, str):
            continue
        judge = plugins.grader(grader.name).build(grader.options)
        if not isinstance(judge, JudgingGrader):
            continue
        if judge.judge not in models:
            at, fix = ("grader", "options", "model"), suggestion(judge.judge, models)
            rule = "no such model in harness.yaml"
            reading.problems.append(loaded.file.problem(at, rule, judge.judge, fix))
        try:
            path = labels_path(reading.project, loaded, judge.calibration)
        except InputError as error:
            reading.problems += [p for p in error.problems if isinstance(p, Problem)]
            continue
        labels = reading.attempt(path, load_labels, path, loaded) if path.exists() else []
        if labels is not None:
            failures = sum(each.outcome == "fail" and each.variant == BASE for each in labels)
            found[name] = Labelled(judge.calibration, failures, FEWEST_FAILURES)
    return found


def _traces(
    reading: Reading, postmortems: Iterable[LoadedPostmortem | None]
) -> dict[str, Loaded[Trace] | None]:
    root = reading.project.root
    folder = root / _TRACES
    wanted = {}
    if folder.is_dir():
        wanted = {f"{_TRACES}/{p.name}": p for p in sorted(folder.glob("*.json"))}
    for post in postmortems:
        wanted |= trace_files(root, post.value) if post is not None else {}
    return {
        name: reading.attempt(path, _trace, root, path)
        for name, path in wanted.items()
        if exists(path)
    }


def _closures(reading: Reading) -> dict[str, Loaded[Closures] | None]:
    project = reading.project
    return {
        path.stem: reading.attempt(path, load_closures, project.root, path)
        for path in closures_files(project)
    }


def _event_classes(
    reading: Reading, items: dict[str, Loaded[ActionItem] | None]
) -> dict[str, frozenset[str] | None]:
    """Return escalation item -> the classes of its events; an item without a file has no entry."""
    root, found = reading.project.root, dict[str, frozenset[str] | None]()
    read: dict[Path, LoadedEvents | None] = {}
    for name, item in items.items():
        if item is None or not isinstance(item.value, EscalationItem):
            continue
        try:
            path = events_path(root, item.value.events, item.place("events"))
        except InputError as error:
            reading.problems += [p for p in error.problems if isinstance(p, Problem)]
            found[name] = None
            continue
        if not path.exists() and not path.is_symlink():
            continue
        if path not in read:
            read[path] = reading.attempt(path, load_events, path)
        events = read[path]
        found[name] = frozenset(e.event.class_ for e in events.events) if events else None
    return found


def _guardrails(reading: Reading) -> dict[str, ReadGuardrail | None]:
    """Return the guardrails of the project's folder, by the path that items write."""
    root, folder = reading.project.root, reading.project.root / _GUARDRAILS
    paths, misnamed = yaml_files(folder)
    reading.problems += misnamed
    return {
        f"{_GUARDRAILS}/{path.name}": reading.attempt(path, _guardrail, root, path)
        for path in paths
    }


def _guardrail(root: Path, path: Path) -> ReadGuardrail:
    return load_guardrail(inside(root, path))


def _trace(root: Path, path: Path) -> Loaded[Trace]:
    return load_trace(inside(root, path))


def _digests(
    closures: dict[str, Loaded[Closures] | None],
    items: dict[str, Loaded[ActionItem] | None],
    evals: dict[str, LoadedEval | None],
    guardrails: dict[str, ReadGuardrail | None],
) -> dict[str, str]:
    """Return the digests of the evals of items that were closed, as they are today."""
    found = {}
    for name in closures:
        item = items.get(name)
        if item is None or isinstance(item.value, EscalationItem):
            continue
        evaluation = evals.get(item.value.eval)
        if evaluation is not None:
            cases = {case.value.id: case.value for case in evaluation.cases}
            guards = None
            if isinstance(item.value, GuardrailItem):
                read = guardrails.get(item.value.guardrail)
                if read is None:
                    continue
                guards = read[0]
            found[name] = digests.eval_digest(
                digests.protocol_digest(evaluation.value, guards.digest if guards else None),
                digests.case_digests(evaluation.value, cases),
            )
    return found


def _document(loaded: Loaded[Any]) -> Document[Any]:
    return Document(loaded.value, loaded.place, loaded.sha256)


def _post(loaded: LoadedPostmortem) -> PostmortemDocument:
    file = loaded.file
    return PostmortemDocument(file.value, file.place, file.sha256, loaded.body, loaded.body_line)


def _eval(loaded: LoadedEval) -> EvalDocument:
    cases = {case.value.id: _document(case) for case in loaded.cases}
    return EvalDocument(loaded.value, loaded.file.place, loaded.file.sha256, cases)
