"""Every item with what decides it and where it stands: read once, for all commands that ask."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from harness.commands.last_known import recorded_fingerprint, recorded_judge
from harness.commands.life import closures
from harness.commands.questions import Inquiry, Subject, inquiry_of, subject_of
from harness.decide.evidence import Evidence
from harness.decide.lifecycle import Standing, standing
from harness.domain.closure import Closures
from harness.domain.decision import Decision
from harness.domain.item import ActionItem
from harness.domain.trial import Fingerprint
from harness.errors import InputError, NotEvaluableError
from harness.files.evals import LoadedEval
from harness.files.items import list_items
from harness.files.project import LoadedProject
from harness.files.records import Loaded


@dataclass(frozen=True, slots=True)
class Held:
    """An item, and what the ledger holds of it."""

    item: ActionItem
    closures: Closures
    standing: Standing
    inquiry: Inquiry | None
    """None for an item that is not decided by replaying."""
    decision: Decision | None
    """On the ledger as it is; its bounds are left open."""
    subject: Subject | None = None
    """What replaying takes, before its judge is known."""


def all_held(
    project: LoadedProject,
    evidence: Evidence,
    today: dt.date,
    items: Iterable[str] | None = None,
    refused: dict[str, str] | None = None,
) -> list[Held]:
    """Return all items of a project, or those named, in the order of their names.

    All problems of all files are raised together as InputError; with ``refused`` the other items
    are returned, and it takes item -> what is wrong in its files.
    """
    evals: dict[str, tuple[LoadedEval, Subject | None]] = {}
    wanted = None if items is None else set(items)
    found, problems = [], []
    for loaded in list_items(project, refused):
        if wanted is not None and loaded.value.id not in wanted:
            continue
        try:
            found.append(held(project, evidence, today, loaded, evals))
        except InputError as error:
            if refused is not None:
                refused.setdefault(loaded.value.id, str(error.problems[0]))
            else:
                problems += [each for each in error.problems if each not in problems]
    if problems:
        raise InputError(*problems)
    return found


def held(
    project: LoadedProject,
    evidence: Evidence,
    today: dt.date,
    loaded: Loaded[ActionItem],
    evals: dict[str, tuple[LoadedEval, Subject | None]] | None = None,
) -> Held:
    """Return one item with what the ledger holds of it."""
    known = closures(evidence, loaded.value.id)
    try:
        subject = subject_of(project, loaded, None, evals)
    except NotEvaluableError:
        return Held(loaded.value, known, standing(known, None, None, today), None, None)
    judged = recorded_judge(subject, evidence)
    fingerprint = recorded_fingerprint(judged, evidence) or Fingerprint("", {})
    inquiry = inquiry_of(project, evidence, judged, fingerprint)
    decision = inquiry.decision(evidence, bounds=False)
    where = standing(known, inquiry.question, decision, today)
    return Held(loaded.value, known, where, inquiry, decision, subject)
