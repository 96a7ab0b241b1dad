"""``harness regrade``: transcripts that are there already, graded as the eval grades now.

A diagnostic. Nothing is appended: the transcripts were seen before the grader was changed, and a
reply that is read twice is no second trial.
"""

import asyncio
import json
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import plugins
from harness.commands.check import read_evidence
from harness.commands.context import Context
from harness.commands.judges import adapter_context, with_judges
from harness.commands.questions import Subject, subjects
from harness.domain.label import RecordedTranscript
from harness.domain.regrade import Regraded
from harness.domain.transcript import Message, Transcript
from harness.domain.trial import Grade, Outcome
from harness.errors import HarnessError, InputError, Place, Problem
from harness.files.names import suggestion
from harness.files.project import LoadedProject, find_root, load_project
from harness.files.records import adapter as record_adapter
from harness.files.strict_json import load_json_lines
from harness.files.traces import trace_path
from harness.ledger.blobs import get_blob
from harness.ledger.reader import read_all


@dataclass(frozen=True, slots=True)
class _Held:
    """A transcript with the outcome that it was given before, where it has one."""

    case: str
    variant: str
    transcript: Transcript
    before: str | None


def regrade(context: Context, item: str, model: str | None) -> Regraded:
    """Grade the transcripts of a ``recorded`` model, or those of the ledger on another.

    Transcripts of cases that were edited since are left out, and counted.
    """
    project = load_project(find_root(context.start), plugins.adapter_names())
    (plain,) = subjects(project, (item,), model)
    (subject,), judges = with_judges(adapter_context(context, project), [plain], {})
    left_out = 0
    if subject.config.transcripts is not None:
        held = list(_from_file(project, subject, subject.config.transcripts))
    else:
        found = list(_from_ledger(project, subject))
        held = [each for each in found if each is not None]
        left_out = len(found) - len(held)
    grades = asyncio.run(_all(subject, held, list(judges.values())))
    return Regraded(
        item=item,
        eval=subject.evaluation.id,
        model=subject.model,
        left_out=left_out,
        graded=tuple(
            (each.case, each.variant, each.before, grade.outcome.value, grade.reason)
            for each, grade in zip(held, grades, strict=True)
        ),
    )


async def _all(subject: Subject, held: list[_Held], judges: list[Any]) -> list[Grade]:
    try:
        return [await _grade(subject, each) for each in held]
    finally:
        for judge in judges:
            await judge.aclose()


async def _grade(subject: Subject, held: _Held) -> Grade:
    case = subject.resolved[held.case, held.variant]
    try:
        found = subject.grader.grade(case, held.transcript)
        grade = await found if isinstance(found, Awaitable) else found
    except HarnessError:
        raise
    except Exception as error:  # noqa: BLE001 - foreign code
        return Grade(Outcome.UNGRADED, reason=f"the grader broke: {type(error).__name__}: {error}")
    fails = subject.evaluation.unparsed == "fail" and held.transcript.error is None
    if grade.outcome is Outcome.UNGRADED and fails:
        return Grade(Outcome.FAIL, grade.decision, grade.reason)
    return grade


def _from_file(project: LoadedProject, subject: Subject, written: str) -> Iterator[_Held]:
    key = f"models.{subject.model}.transcripts"
    place = project.file.place("models", subject.model, "transcripts")
    path = trace_path(project.root, written, place, key)
    problems: list[Problem] = []
    for number, each in load_json_lines(path, RecordedTranscript):
        if (each.case, each.variant) not in subject.resolved:
            fix = suggestion(each.case, subject.cases)
            rule = f"eval {subject.evaluation.id} has no such case or twin"
            problems.append(Problem(Place(str(path), number), "case", rule, each.case, fix))
            continue
        yield _Held(each.case, each.variant, Transcript(each.transcript), None)
    if problems:
        raise InputError(*problems)


def _from_ledger(project: LoadedProject, subject: Subject) -> Iterator[_Held | None]:
    """Yield the trials of the eval on the model; None for those of a case that was edited since."""
    read_evidence(project.reports)  # damage anywhere is said before anything is read as a record
    for run in read_all(project.reports):
        plans = {r["plan"]: r for r in run.records if r["kind"] == "plan"}
        for record in run.records:
            if record["kind"] != "trial" or record["eval"] != subject.evaluation.id:
                continue
            plan = plans[record["plan"]]
            if plan["model"] != subject.model:
                continue
            case, variant = record["case"], record["variant"]
            same = subject.digests.get(case, {}).get(variant) == plan["cases"][case][variant]
            yield _held(project.reports, record) if same else None


def _held(reports: Path, record: dict[str, Any]) -> _Held:
    stored = record["transcript"]
    if isinstance(stored, dict):
        stored = json.loads(get_blob(reports, stored["blob"]))
    adapter = record_adapter(tuple[Message, ...])
    # What broke off had nothing to grade, and has nothing now.
    error = record["reason"] if not stored and record["outcome"] == "ungraded" else None
    messages = adapter.validate_json(json.dumps(stored))
    return _Held(
        record["case"], record["variant"], Transcript(messages, error=error), record["outcome"]
    )
