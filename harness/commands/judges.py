"""Judges built: their models, what identifies them, and graders that may ask them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import plugins
from harness.commands.context import Context
from harness.commands.questions import Subject, with_judge
from harness.domain.record import Json
from harness.files.project import LoadedProject
from harness.ports.grader import Grader, JudgingGrader
from harness.ports.model import AdapterContext, Model

if TYPE_CHECKING:
    from harness.commands.judging import Judging


def adapter_context(context: Context, project: LoadedProject) -> AdapterContext:
    """Return what an adapter may know of where it runs."""
    return AdapterContext(project.root, context.environ, context.say)


def with_judges(
    around: AdapterContext, found: Sequence[Subject]
) -> tuple[list[Subject], dict[str, Model]]:
    """Return the subjects with graders that can ask their judges, and the judges to close."""
    judges: dict[str, Model] = {}
    subjects = []
    for subject in found:
        if subject.judging is not None:
            name = f"judge {subject.judging.model}"  # no model of harness.yaml has a blank
            if name not in judges:
                judges[name] = judge_model(around, subject.judging)
            subjects.append(_bound(subject, subject.judging, judges[name]))
        else:
            subjects.append(subject)
    return subjects, judges


def judge_model(around: AdapterContext, judging: "Judging") -> Model:
    """Return the judge's model; ModelError when it cannot be built."""
    return plugins.adapter(judging.config.adapter).build(judging.config, around)


def judge_parts(judging: "Judging", model: Model) -> Mapping[str, Json]:
    """Return all that identifies a judge: its model as far as it is known, rubric and wording."""
    return {**judging.configured, **model.fingerprint_parts()}


def bound(grader: Grader, judging: "Judging", model: Model) -> JudgingGrader:
    """Return the grader with its judge."""
    if not isinstance(grader, JudgingGrader):
        raise TypeError("the grader asks no model")
    return grader.bound(model, judging.config.settings)


def _bound(subject: Subject, judging: "Judging", model: Model) -> Subject:
    known = with_judge(subject, judge_parts(judging, model))
    return replace(known, grader=bound(subject.grader, judging, model))
