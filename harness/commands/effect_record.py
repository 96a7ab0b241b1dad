"""An effect on record: question and answer in the ledger, and both decided again."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from harness.commands import comparisons
from harness.commands.verify_runs import Runs, stood_on
from harness.decide.effect import decide
from harness.decide.evidence import Evidence, Record, SeriesKey
from harness.domain.effect import EffectAnswer, EffectQuestion
from harness.domain.record import Json
from harness.domain.report import Finding
from harness.errors import Place, Problem
from harness.files.project import LoadedProject

KIND = "effect"


def record_of(
    project: LoadedProject, evidence: Evidence, question: EffectQuestion, answer: EffectAnswer
) -> dict[str, Json]:
    """Return the record of an answer, with (run, count, head) of all the trials it stands on."""
    key = SeriesKey(question.eval, question.protocol, question.fingerprint)
    return {
        "kind": KIND,
        "stands_on": comparisons.stands_on(project, evidence, [key]),
        "question": asdict(question),
        "answer": asdict(answer),
    }


def compared(runs: Runs, place: Place, record: Record) -> list[Finding]:
    """Decide an effect again; return the first thing in its answer that is another."""
    evidence = stood_on(runs, record["stands_on"])
    if isinstance(evidence, str):
        return [Problem(place, "stands_on", evidence)]
    answer = asdict(decide(_question(record["question"]), evidence))
    return comparisons.different(place, "answer", record["answer"], json.loads(json.dumps(answer)))


def _question(stored: Mapping[str, Any]) -> EffectQuestion:
    plain = {key: tuple(stored[key]) for key in ("layers", "change")}
    return EffectQuestion(**{**stored, **plain})
