"""Judges built: their models, what identifies them, and graders that may ask them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import plugins
from harness.commands.context import Context
from harness.commands.last_known import with_judge
from harness.commands.questions import Subject
from harness.domain.record import Json
from harness.files.project import LoadedProject
from harness.ports.grader import Grader, JudgingGrader
from harness.ports.model import AdapterContext, Model
from harness.replay.line import Line, OverLine, line_of

Lines = dict[str, Line]
"""Model of harness.yaml -> what all requests to it go through, whether it answers or grades."""

if TYPE_CHECKING:
    from harness.commands.judging import Judging


def adapter_context(context: Context, project: LoadedProject) -> AdapterContext:
    """Return what an adapter may know of where it runs."""
    return AdapterContext(project.root, context.environ, context.say)


def with_judges(
    around: AdapterContext, found: Sequence[Subject], lines: Lines
) -> tuple[list[Subject], dict[str, Model]]:
    """Return the subjects with graders that can ask their judges, and the judges to close.

    The ``lines`` of judges that have none yet are added.
    """
    judges: dict[str, Model] = {}
    subjects = []
    for subject in found:
        if subject.judging is not None:
            name = f"judge {subject.judging.model}"  # no model of harness.yaml has a blank
            if name not in judges:
                judges[name] = judge_model(around, subject.judging, lines)
            subjects.append(_bound(subject, subject.judging, judges[name]))
        else:
            subjects.append(subject)
    return subjects, judges


def judge_model(around: AdapterContext, judging: "Judging", lines: Lines) -> OverLine:
    """Return the judge's model, asked over its line; ModelError when it cannot be built."""
    config = judging.config
    model = plugins.adapter(config.adapter).build(config, around)
    line = lines.setdefault(judging.model, line_of(config))
    return OverLine(line, model, asyncio.Semaphore(config.concurrency))


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
