"""Where an action item stands in its life: a function of its events, the ledger and the day.

open -> measuring -> met -> closed; a closed item is reopened by the watch, by an incident of its
failure class, or because what its closing stands on is no longer what is asked today.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from harness.decide.coverage import Question
from harness.decide.evidence import Evidence
from harness.domain.closure import (
    Closed,
    Closures,
    Superseded,
    Waived,
    last_closing,
    last_reopening,
    state,
)
from harness.domain.decision import Decision, Verdict
from harness.errors import printable

STAGES = (
    "open", "measuring", "met", "not met", "closed", "reopened", "waived", "superseded"
)  # fmt: skip
Stage = Literal[
    "open", "measuring", "met", "not met", "closed", "reopened", "waived", "superseded"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item stands, since when, and why."""

    stage: Stage
    since: str | None = None
    """The moment of the event that brought it here."""
    reason: str = ""
    until: dt.date | None = None
    """For a waived item: the day on which it is open again."""


def standing(
    closures: Closures, question: Question | None, decision: Decision | None, today: dt.date
) -> Standing:
    """Return where an item stands; ``question`` and ``decision`` are None where nothing decides it.

    A closing on another eval or another model than today's is none any more.
    """
    last = closures.events[-1] if closures.events else None
    match state(closures, today):
        case "superseded" if isinstance(last, Superseded):
            return Standing("superseded", last.at, f"by {last.by}")
        case "waived" if isinstance(last, Waived):
            return Standing("waived", last.at, last.reason, last.expires)
        case "closed":
            closed = last_closing(closures)
            if closed is not None:
                stale = staleness(closed, question)
                return Standing("reopened" if stale else "closed", closed.at, stale)
    return _open(closures, decision)


def _open(closures: Closures, decision: Decision | None) -> Standing:
    if decision is not None and decision.verdict is Verdict.MET:
        return Standing("met")
    again = last_reopening(closures)
    if again is not None:
        return Standing("reopened", again.at, again.reason)
    if decision is not None and decision.verdict is Verdict.NOT_MET:
        return Standing("not met", reason=decision.reasons[0])
    begun = decision is not None and bool(decision.base.trials or decision.errors)
    return Standing("measuring" if begun else "open")


def stages(
    closures: Closures, verdict: str | None, trials: int | None, today: dt.date
) -> frozenset[Stage]:
    """Return the stages that an item can have stood in, by what a night tells of it.

    A night does not tell errors: without a trial an item may be open or measured in vain.
    """
    known = state(closures, today)
    if known != "open":
        return frozenset({known})
    if verdict == Verdict.MET.value:
        return frozenset({"met"})
    if last_reopening(closures) is not None:
        return frozenset({"reopened"})
    if verdict == Verdict.NOT_MET.value:
        return frozenset({"not met"})
    return frozenset({"measuring"} if trials else {"measuring", "open"})


def staleness(closed: Closed, question: Question | None) -> str:
    """Return why a closing no longer says anything about what is asked today, or an empty text."""
    if question is None:
        return ""
    if question.eval_digest != closed.eval_digest:
        return "the eval was changed since the closing: cases, grader or settings"
    if question.key.fingerprint and question.key.fingerprint != closed.fingerprint:
        return "the model is another one since the closing: its fingerprint changed"
    twins = closed.statistic.get("twins") or {}
    rules = question.rules
    for what, shown, today in (
        ("the target", closed.statistic.get("target"), rules.failure_rate),
        ("the target of the twins", twins.get("target", 1.0), rules.twin_failure_rate),
    ):
        # Without a target of their own the twins were not shown to be below any.
        if closed.statistic and today is not None and today < (1.0 if shown is None else shown):
            return f"{what} was lowered since the closing"
    return ""


def other_model(item: str, closed: Closed | None, question: Question, evidence: Evidence) -> str:
    """Return how the model's own name changed under one fingerprint, or an empty text.

    Compared are the name of its latest trials and the one that the item's evidence began with:
    at its closing, when its evidence was last given up, or in the first trial of all.
    """
    names = [name for name, _ in evidence.of(question.key).responded]
    if not names:
        return ""
    before = evidence.restart_models.get(item, names[0])
    if closed is not None and closed.responded_model is not None:
        before = closed.responded_model
    if before == names[-1]:
        return ""
    return f"the model answered as {printable(before, 80)}, and as {printable(names[-1], 80)} now"
