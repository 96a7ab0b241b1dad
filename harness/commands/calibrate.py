"""``harness judge calibrate``: the judge reads what people have labelled, once."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from harness import __version__, plugins
from harness.commands.check import read_evidence
from harness.commands.context import Context, Progress
from harness.commands.judges import adapter_context, bound, judge_model, judge_parts
from harness.commands.judging import Judging, Labelled, judging_of
from harness.commands.keys import secrets_of
from harness.commands.purse import Purse, purse_of
from harness.commands.questions import checks
from harness.decide.evidence import Evidence
from harness.decide.sight import blind, sight
from harness.domain.calibration import CalibrationReport, Disagreement
from harness.domain.case import GraderSpec
from harness.domain.decision import Calibration
from harness.domain.project import Prices
from harness.domain.record import Json
from harness.domain.transcript import Usage
from harness.domain.trial import BASE, Grade
from harness.errors import (
    EXIT_MET,
    EXIT_UNDECIDED,
    InputError,
    ModelError,
    NotEvaluableError,
    Place,
    Problem,
)
from harness.files.evals import LoadedEval, load_eval
from harness.files.project import LoadedProject, find_root, load_project
from harness.ledger.locks import hold
from harness.ledger.runs import find_resumable
from harness.ledger.writer import RunWriter
from harness.plan import digests
from harness.ports.grader import JudgingGrader
from harness.ports.model import Unavailable
from harness.ports.secrets import Secrets
from harness.replay.line import Line, OverLine
from harness.replay.redact import told
from harness.stats.spending import epoch_alpha

Record = dict[str, Json]


def calibrate(context: Context, eval_id: str) -> CalibrationReport:
    """Have the judge of an eval read its labels; what it said of one before is not asked again.

    The first answer counts for good: asking until the judge looks well would be no measurement.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    loaded = load_eval(project, eval_id, checks())
    judging = _judging(project, loaded)
    model = judge_model(adapter_context(context, project), judging, {})
    return asyncio.run(_calibrate(context, project, loaded, judging, model))


def exit_code(report: CalibrationReport) -> int:
    """Return 0 when the judge can decide something, 3 when too little is known of it."""
    return EXIT_UNDECIDED if report.blind else EXIT_MET


def _judging(project: LoadedProject, loaded: LoadedEval) -> Judging:
    judging = judging_of(project, loaded)
    if judging is None:
        rule, fix = "is no judge", "harness judge is for evals whose grader is a model"
        name = loaded.value.grader
        shown = name if isinstance(name, str) else name.name
        raise InputError(loaded.file.problem(("grader",), rule, shown, fix))
    if not judging.labels:
        fix = "write one JSON object a line: case, transcript, outcome"
        raise InputError(Problem(Place(str(judging.path)), "", "holds no labels", fix=fix))
    return judging


async def _calibrate(
    context: Context, project: LoadedProject, loaded: LoadedEval, judging: Judging, model: OverLine
) -> CalibrationReport:
    parts = judge_parts(judging, model)
    judge = digests.digest(dict(parts))
    try:
        with hold(project.reports, loaded.value.id, context.now):
            evidence = read_evidence(project.reports)
            asked = 0
            if (judge, judging.labels_digest) not in evidence.calibrations:
                grader = bound(_grader(loaded), judging, model)
                with _open_run(context, project, [judge, judging.labels_digest]) as writer:
                    reading = _Reading(
                        *(writer, evidence, judge, parts, loaded.value.id),
                        line=model.line,
                        purse=purse_of(project.config.budget, [(judging.model, judging.config)]),
                        secrets=secrets_of(context, project),
                    )
                    with context.progress() as progress:
                        asked = await reading.all(judging, grader, progress)
                evidence = read_evidence(project.reports)
    finally:
        await model.aclose()
    found = evidence.calibrations[judge, judging.labels_digest]
    return _report(project, loaded, judging, evidence, found, asked)


def _grader(loaded: LoadedEval) -> JudgingGrader:
    wanted = loaded.value.grader
    spec = GraderSpec(name=wanted) if isinstance(wanted, str) else wanted
    grader = plugins.grader(spec.name).build(spec.options)
    if not isinstance(grader, JudgingGrader):
        raise TypeError("the grader asks no model")
    return grader


@contextmanager
def _open_run(context: Context, project: LoadedProject, key: list[str]) -> Iterator[RunWriter]:
    scope = ["judge", *key]
    run = find_resumable(project.reports, scope)
    if run:
        writer = RunWriter.resume(project.reports, run, now=context.now)
    else:
        writer = RunWriter.create(
            project.reports, {"scope": scope}, now=context.now, rng=context.rng, harness=__version__
        )
    try:
        yield writer
    except (KeyboardInterrupt, asyncio.CancelledError):
        context.say("interrupted: what the judge said so far is kept; the same command goes on")
        raise
    finally:
        writer.close()


@dataclass(slots=True)
class _Reading:
    """A judge on its way through the labels."""

    writer: RunWriter
    evidence: Evidence
    judge: str
    parts: Mapping[str, Json]
    eval: str
    line: Line
    purse: Purse
    secrets: Secrets
    """What no record and no message may hold."""
    asked: int = 0
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    async def all(self, judging: Judging, grader: JudgingGrader, progress: Progress) -> int:
        """Read what was not read before, then note what came of all; return how many were new."""
        for each in judging.labels:
            known = self.evidence.answers.get((self.judge, each.transcript))
            if known is not None:
                self.answers[each.transcript] = known
        queue = iter([each for each in judging.labels if each.transcript not in self.answers])
        total = len(judging.labels)

        async def work() -> None:
            for each in queue:
                if self.line.gone or self.purse.spent():
                    return  # what the others wait for is not lost
                await self._read(each, grader, judging.config.prices)
                progress(len(self.answers), total, f"{self.eval}: the judge reads")

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(judging.config.concurrency):
                    group.create_task(work())
        except ExceptionGroup as broken:
            raise _first(broken) from None
        self._refuse_half(judging.labels)
        self.writer.append_group([self._calibration(judging.labels, judging.labels_digest)])
        self.writer.seal("complete")
        return self.asked

    def _refuse_half(self, labels: Sequence[Labelled]) -> None:
        """Raise where the judge has not read all labels: half of them measure nothing."""
        if all(each.transcript in self.answers for each in labels):
            return
        if self.line.gone:
            why = told(self.line.gone, self.secrets)
            raise ModelError(f"the judge: {why}; what it said so far is kept")
        raise NotEvaluableError(
            f"{self.purse.spent()}, and the judge has not read all labels; what it said so far is "
            "kept, the same command goes on"
        )

    async def _read(self, each: Labelled, grader: JudgingGrader, prices: Prices | None) -> None:
        try:
            grade = await grader.answer(each.case, each.label.transcript)
        except Unavailable as error:
            raise ModelError(
                f"the judge cannot be reached: {told(str(error), self.secrets)}; "
                "what it said so far is kept"
            ) from error
        self.purse.take_judged(grade.usage or Usage(), prices)
        record = self._label(each, grade)
        self.writer.append_group([record])
        self.answers[each.transcript] = record
        self.asked += 1

    def _label(self, each: Labelled, grade: Grade) -> Record:
        return {
            "kind": "label",
            "eval": self.eval,
            "judge": self.judge,
            "transcript": each.transcript,
            "case": each.label.case,
            "variant": each.label.variant,
            "outcome": grade.outcome.value,
            "reason": self.secrets.redact(grade.reason),
            "usage": asdict(grade.usage or Usage()),
        }

    def _calibration(self, labels: Sequence[Labelled], labels_digest: str) -> Record:
        return {
            "kind": "calibration",
            "eval": self.eval,
            "judge": self.judge,
            "parts": dict(self.parts),
            "labels": labels_digest,
            "answers": [
                {
                    "transcript": each.transcript,
                    "variant": each.label.variant,
                    "human": each.label.outcome,
                    "outcome": self.answers[each.transcript]["outcome"],
                }
                for each in labels
            ],
        }


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _report(
    project: LoadedProject,
    loaded: LoadedEval,
    judging: Judging,
    evidence: Evidence,
    found: Calibration,
    asked: int,
) -> CalibrationReport:
    said = [evidence.answers[found.judge, each.transcript] for each in judging.labels]
    defaults = project.config.defaults
    alpha = epoch_alpha(defaults.alpha, 1, defaults.error_scope)  # that of an item's first epoch
    has_twins = any(each.label.variant != BASE for each in judging.labels)
    return CalibrationReport(
        eval=loaded.value.id,
        model=judging.model,
        calibration=found,
        alpha=alpha,
        base=sight(found.base, alpha),
        twin=sight(found.twin, alpha) if has_twins else None,
        blind=blind(found, BASE),
        disagreements=tuple(
            Disagreement(
                number,
                each.label.case,
                each.label.variant,
                each.label.outcome,
                answer["outcome"],
                answer["reason"],
            )
            for number, (each, answer) in enumerate(zip(judging.labels, said, strict=True), 1)
            if answer["outcome"] != each.label.outcome
        ),
        asked=asked,
        input_tokens=sum(answer["usage"]["input_tokens"] or 0 for answer in said),
        output_tokens=sum(answer["usage"]["output_tokens"] or 0 for answer in said),
    )
