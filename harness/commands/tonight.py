"""A night on its way, and what it puts on record when it is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import __version__
from harness.commands.context import Context
from harness.commands.life import closures
from harness.commands.night_drift import Kept
from harness.commands.night_records import new_trials, outcome_of, spent_in
from harness.commands.standings import Held
from harness.decide.evidence import Evidence
from harness.decide.lifecycle import standing
from harness.decide.watching import Watch, watch_object
from harness.domain.closure import Closed
from harness.domain.postmortem import Postmortem
from harness.domain.project import Budget
from harness.domain.record import Json
from harness.domain.trial import BASE
from harness.files.project import LoadedProject
from harness.ledger.layout import timestamp
from harness.ledger.reader import read_run


@dataclass(slots=True)
class Tonight:
    """What a night knows so far."""

    project: LoadedProject
    budget: Budget
    started: str
    incidents: Mapping[str, Postmortem]
    before: dict[str, str] = field(default_factory=dict)
    """Item -> its stage when the night began."""
    notes: dict[str, str] = field(default_factory=dict)
    """Item -> why it could not be evaluated."""
    refused: dict[str, str] = field(default_factory=dict)
    """Item -> what is wrong in its files, so that nobody can say where it stands."""
    warnings: list[str] = field(default_factory=list)
    closed: list[dict[str, Json]] = field(default_factory=list)
    reopened: list[dict[str, Json]] = field(default_factory=list)
    watched: dict[str, tuple[Held, Closed, Watch]] = field(default_factory=dict)
    """Watched item -> its closing, and its watch after the night's trials."""
    floor: dict[str, bool] = field(default_factory=dict)
    """Watched item -> whether it got its round."""
    runs: list[dict[str, Json]] = field(default_factory=list)
    """(run, count, head) of what was replayed."""
    spent_out: str = ""
    money: float | None = None
    drift: list[dict[str, Json]] = field(default_factory=list)

    def kept(self) -> list[Kept]:
        """Return what was watched, as the drift detectors ask for it."""
        return [
            Kept(
                item=name,
                question=held.inquiry.question,
                closing=closed.number,
                fingerprint=closed.fingerprint,
                since=closed.watch_from[BASE],
                rounds=seen[BASE].rounds,
                target=seen[BASE].target,
            )
            for name, (held, closed, seen) in self.watched.items()
            if held.inquiry is not None and BASE in seen
        ]

    def record(self, context: Context, evidence: Evidence, held: Sequence[Held]) -> dict[str, Json]:
        """Return the night as the ledger holds it."""
        records = [
            r for each in self.runs for r in read_run(self.project.reports, each["run"]).records
        ]
        trials = new_trials(records)
        today = context.now().date()
        items = [
            *(self._item(each, trials) for each in held),
            *(
                self._unread(name, why, standing(closures(evidence, name), None, None, today).stage)
                for name, why in self.refused.items()
            ),
        ]
        outcome, code = outcome_of(items, self.reopened, self.drift)
        date = self.started[:10]
        return {
            "kind": "night",
            "night": max((each["night"] for each in evidence.nights), default=0) + 1,
            "date": date,
            "number": sum(each["date"] == date for each in evidence.nights) + 1,
            "started": self.started,
            "ended": timestamp(context.now()),
            "harness": __version__,
            "outcome": outcome,
            "exit_code": code,
            "budget": {
                "calls": self.budget.calls,
                "tokens": self.budget.tokens,
                "money": self.budget.money,
                "minutes": self.budget.minutes,
            },
            "spent": {**spent_in(records), "money": self.money, "out": self.spent_out or None},
            "runs": list(self.runs),
            "closed": self.closed,
            "reopened": self.reopened,
            "drift": self.drift,
            "items": items,
            "warnings": self.warnings,
        }

    def _unread(self, name: str, why: str, stage: str) -> dict[str, Any]:
        """Return an item whose files cannot be read: never green, and nobody's trial."""
        unknown = ("owner", "verdict", "eval", "fingerprint", "trials", "failures", "target")
        return {
            "item": name,
            "kind": "unreadable",
            "before": stage,
            "after": stage,
            "new_trials": 0,
            "floor": None,
            "closing": None,
            "watch": None,
            "note": why,
            **dict.fromkeys(unknown),
        }

    def _item(self, held: Held, trials: Mapping[tuple[str, str], int]) -> dict[str, Any]:
        name, decision, inquiry = held.item.id, held.decision, held.inquiry
        key = inquiry.question.key if inquiry is not None else None
        judged = decision.base if decision is not None else None
        _, closed, seen = self.watched.get(name, (None, None, None))
        return {
            "item": name,
            "kind": held.item.kind,
            "owner": held.item.owner,
            "before": self.before.get(name, "open"),
            "after": held.standing.stage,
            "verdict": decision.verdict.value if decision is not None else None,
            "eval": key.eval if key else None,
            "fingerprint": key.fingerprint if key else None,
            "new_trials": trials.get((key.eval, key.fingerprint), 0) if key else 0,
            "trials": judged.trials if judged else None,
            "failures": judged.failures if judged else None,
            "target": judged.target if judged else None,
            "floor": self.floor.get(name),
            "closing": closed.number if closed is not None else None,
            "watch": watch_object(seen) if seen is not None else None,
            "note": self.notes.get(name),
        }
