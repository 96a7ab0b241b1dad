"""The ledger's records, arranged so that a decision can be read from them.

Trials belong to a *series*: the same eval asked and graded in the same way, on the same
fingerprint. A place in a series is a variant, a case as it was replayed, and a round; it holds
one trial. Should two ledgers that were merged both fill a place, the first in the order of
the ledger counts, whatever its outcome.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.domain.decision import Calibration, Labelled, Rules
from harness.domain.trial import BASE, TWIN, Outcome
from harness.errors import LedgerError, Problem
from harness.errors import Place as FilePlace

Record = Mapping[str, Any]
Codes = NDArray[np.int8]
PASS, FAIL, UNGRADED = 0, 1, 2
ESCALATION = "escalation"
"""The kind of the decisions that stand on field events."""
_CODES = {Outcome.PASS.value: PASS, Outcome.FAIL.value: FAIL, Outcome.UNGRADED.value: UNGRADED}


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What must be equal for trials to be evidence for the same failure rate."""

    eval: str
    protocol: str
    fingerprint: str


Place = tuple[str, str, str]
"""Variant, case, digest of the case as it was replayed."""


_MOST_ROUNDS = 10_000_000
_NOTHING = 255


class Column(MutableMapping[int, int]):
    """Round -> outcome code of one place: a byte a round, where a dict takes a hundred."""

    def __init__(self) -> None:
        """Start without a trial."""
        self._codes = bytearray()
        self._count = 0

    def __getitem__(self, round_: int) -> int:
        """Return the code of a round; KeyError where there is none."""
        code = self._codes[round_] if 0 <= round_ < len(self._codes) else _NOTHING
        if code == _NOTHING:
            raise KeyError(round_)
        return code

    def __setitem__(self, round_: int, code: int) -> None:
        """Put the code of a round; ValueError for a number that no round has."""
        if not 0 <= round_ < _MOST_ROUNDS:
            raise ValueError(f"no round has the number {round_}")
        missing = round_ + 1 - len(self._codes)
        if missing > 0:
            self._codes += bytes([_NOTHING]) * missing
        self._count += self._codes[round_] == _NOTHING
        self._codes[round_] = code

    def __delitem__(self, round_: int) -> None:
        """Take a round's code away."""
        self[round_]
        self._codes[round_] = _NOTHING
        self._count -= 1

    def __contains__(self, round_: object) -> bool:
        """Tell whether a round has a trial."""
        return (
            isinstance(round_, int)
            and 0 <= round_ < len(self._codes)
            and self._codes[round_] != _NOTHING
        )

    def __iter__(self) -> Iterator[int]:
        """Yield the rounds that have one, in order."""
        return (round_ for round_, code in enumerate(self._codes) if code != _NOTHING)

    def __len__(self) -> int:
        """Return how many rounds have one."""
        return self._count


@dataclass(slots=True)
class Held:
    """The trials of one series."""

    codes: dict[Place, MutableMapping[int, int]] = field(default_factory=dict)
    """Place -> round -> outcome code."""
    open_errors: dict[tuple[Place, int], str] = field(default_factory=dict)
    """Places and rounds that an error left without a trial -> the last error."""
    surplus: int = 0
    """Trials in places that were already filled."""
    unrecorded: dict[Place, tuple[int, int]] = field(default_factory=dict)
    """Place -> calls that no recording answers, and the trials that made any."""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    model_s: float = 0.0
    unmetered: int = 0
    """Trials that do not say how many tokens they took."""
    answered: dict[tuple[str | None, str | None], int] = field(default_factory=dict)
    """Responded model and the provider's own fingerprint -> how many trials they answered."""
    judge_calls: int = 0
    judge_input_tokens: int = 0
    judge_output_tokens: int = 0
    responded: list[tuple[str, int]] = field(default_factory=list)
    """What the model called itself, in the order of the ledger: (name, trials in a row)."""

    def started(self, variant: str) -> int:
        """Return the number of rounds of a variant that any case has a trial in."""
        rounds = [max(held) for place, held in self.codes.items() if place[0] == variant and held]
        return max(rounds, default=-1) + 1

    def first_missing(self, places: Iterable[Place], since: int) -> int:
        """Return the first round from ``since`` on in which a place holds no trial."""
        columns = [self.codes.get(place, {}) for place in places]
        while columns and all(since in column for column in columns):
            since += 1
        return since

    def rounds(self, places: Iterable[Place], first_round: int) -> Codes:
        """Return the outcome codes of the whole rounds from ``first_round`` on, (rounds, cases)."""
        wanted = list(places)
        columns = [self.codes.get(place, {}) for place in wanted]
        rows = range(first_round, self.first_missing(wanted, first_round))
        return np.array([[column[r] for column in columns] for r in rows], np.int8).reshape(
            len(rows), len(columns)
        )


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """That an item was planned: the beginning of an epoch, or its continuation."""

    item: str
    series: SeriesKey
    rules: Rules
    epoch: int
    share: int
    cases: Mapping[str, Mapping[str, str]]
    first_round: Mapping[str, int]


@dataclass(slots=True)
class Evidence:
    """All that the ledger holds, by series and by item."""

    series: dict[SeriesKey, Held] = field(default_factory=dict)
    items: dict[str, list[ItemRecord]] = field(default_factory=dict)
    plans: list[Record] = field(default_factory=list)
    """Every plan of every run, in the order of the ledger."""
    decided: dict[str, list[Record]] = field(default_factory=dict)
    """Escalation item -> its decisions from field events, each with its ``run``, oldest first."""
    heads: dict[str, str] = field(default_factory=dict)
    """Run -> its head as it was last read or written."""
    runs: dict[SeriesKey, dict[str, tuple[int, str]]] = field(default_factory=dict)
    """Series -> the runs that hold trials of it -> records and head of that run as it was read."""
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Run -> its records and head as it was read."""
    answers: dict[tuple[str, str], Record] = field(default_factory=dict)
    """Judge and transcript -> what it said of it, the first time."""
    calibrations: dict[tuple[str, str], Calibration] = field(default_factory=dict)
    """Judge and labels -> how well it saw them, the first time."""
    judges: list[Record] = field(default_factory=list)
    """Every calibration of every run, in the order of the ledger."""
    events: dict[str, list[Record]] = field(default_factory=dict)
    """Item -> what happened to it, by the numbers of the events."""
    decisions: dict[str, Record] = field(default_factory=dict)
    """Item -> its last recorded decision."""
    nights: list[Record] = field(default_factory=list)
    """The records of nights, by their numbers."""
    restarts: dict[str, int] = field(default_factory=dict)
    """Item -> the first epoch that may count, after its evidence was given up."""
    restart_models: dict[str, str] = field(default_factory=dict)
    """Item -> what the model called itself when its evidence was given up, where it said so."""

    def of(self, key: SeriesKey) -> Held:
        """Return what is held of a series, nothing if it is new."""
        return self.series.get(key) or Held()

    def add_run(self, run: str, head: str, records: Sequence[Record]) -> "RunFeed":
        """Take in the records of one run; runs are added in the order of the ledger.

        Returns the feed, to which the writer of an unsealed run goes on to give its records.
        """
        feed = RunFeed(self, run)
        for record in records:
            feed.take(record)
        feed.stands_at(len(records), head)
        return feed

    def reading(self, run: str) -> "RunFeed":
        """Return the feed of a run that is about to be read, record by record.

        Nothing of a record is kept but what a decision needs: a ledger larger than the memory can
        be read. Whoever reads says at the end where the run stands.
        """
        return RunFeed(self, run)

    def last_run(self, key: SeriesKey) -> tuple[str | None, str | None]:
        """Return the last run that holds trials of a series, and that run's head."""
        runs = self.runs.get(key)
        if not runs:
            return None, None
        run = list(runs)[-1]
        return run, runs[run][1]


@dataclass(slots=True)
class RunFeed:
    """Takes the records of one run, in order."""

    evidence: Evidence
    run: str
    plans: dict[str, tuple[SeriesKey, Record]] = field(default_factory=dict)
    """Name of a plan within the run -> its series and record."""
    touched: set[SeriesKey] = field(default_factory=set)
    """Series of which the run holds trials or errors."""
    counts: dict[tuple[SeriesKey, str], int] = field(default_factory=dict)
    """Series and variant -> trials that the run holds of it."""

    def take(self, record: Record) -> None:
        """Take in one record; kinds that are no evidence are passed over.

        LedgerError for a record that lacks what its kind holds: its chain may be whole, and
        another version, or another hand, have written it.
        """
        try:
            self._take(record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            rule = f"record {record.get('seq')} is no {record.get('kind')} record of this version"
            wrong = f"{type(error).__name__}: {error}"
            place = FilePlace(f"run {self.run}")
            raise LedgerError(
                Problem(place, "record", rule, wrong, "read it with that version")
            ) from None

    def _take(self, record: Record) -> None:
        kind = record["kind"]
        if kind == "plan":
            key = SeriesKey(record["eval"], record["protocol"], record["fingerprint"])
            self.plans[record["plan"]] = (key, record)
            self.evidence.plans.append(record)
            self.evidence.series.setdefault(key, Held())
        elif kind == ESCALATION:
            from harness.decide.field import check_decision  # noqa: PLC0415 - few ledgers hold any

            check_decision(record)
            decision = {**record, "run": self.run}
            self.evidence.decided.setdefault(record["item"], []).append(decision)
        elif kind == "label":
            self.evidence.answers.setdefault((record["judge"], record["transcript"]), record)
        elif kind == "calibration":
            found = calibration_of(self.run, record)
            self.evidence.calibrations.setdefault((found.judge, found.labels), found)
            self.evidence.judges.append(record)
        elif kind in {"trial", "error", "item"}:
            key, plan = self.plans[record["plan"]]
            held = self.evidence.series[key]
            if kind != "item":
                self.touched.add(key)
            if kind == "trial":
                _add_trial(held, _place(plan, record), record)
                place = key, record["variant"]
                self.counts[place] = self.counts.get(place, 0) + 1
            elif kind == "error":
                _add_error(held, _place(plan, record), record)
            else:
                self._add_item(key, plan, record)
        else:
            self._take_life(record)

    def _take_life(self, record: Record) -> None:
        """Take in what was decided, what happened to items, and nights."""
        kind = record["kind"]
        if kind == "decision" and "item" in record:
            self.evidence.decisions[record["item"]] = record
        elif kind in {"event", "restart"}:
            self._add_event(record)
        elif kind == "night":
            self.evidence.nights.append(record)
            self.evidence.nights.sort(key=lambda each: each["night"])

    def _add_event(self, record: Record) -> None:
        item, restarts = record["item"], self.evidence.restarts
        if record["kind"] == "restart" or record["event"] == "reopened":
            restarts[item] = max(restarts.get(item, 0), record["epoch"])
            if record.get("responded_model"):
                self.evidence.restart_models[item] = record["responded_model"]
        if record["kind"] == "event":
            events = self.evidence.events.setdefault(item, [])
            events.append(record)
            events.sort(key=lambda each: each["number"])

    def stands_at(self, count: int, head: str) -> None:
        """Note how many records the run held, and its head, when it was last read or written."""
        self.evidence.heads[self.run] = head
        self.evidence.ends[self.run] = (count, head)
        for key in self.touched:
            self.evidence.runs.setdefault(key, {})[self.run] = (count, head)

    def _add_item(self, key: SeriesKey, plan: Record, record: Record) -> None:
        self.evidence.items.setdefault(record["item"], []).append(
            ItemRecord(
                item=record["item"],
                series=key,
                rules=rules_of(record),
                epoch=record["epoch"],
                share=record["share"],
                cases=plan["cases"],
                first_round=record["first_round"],
            )
        )


def rules_of(record: Record) -> Rules:
    """Return the rules that an item record holds."""
    rules = record["rules"]
    known = rules.get("judge")
    judge = None if known is None else _calibration(known)
    return Rules(**{**rules, "covers": tuple(rules["covers"]), "judge": judge})


def _calibration(known: Record) -> Calibration:
    labelled = {name: Labelled(**known[name]) for name in (BASE, TWIN)}
    return Calibration(**{**known, **labelled})


def calibration_of(run: str, record: Record) -> Calibration:
    """Return the counts of a calibration record, from what the judge said of each label."""
    counts = {
        variant: [(a["human"], a["outcome"]) for a in record["answers"] if a["variant"] == variant]
        for variant in (BASE, TWIN)
    }
    labelled = {variant: _labelled(pairs) for variant, pairs in counts.items()}
    return Calibration(record["judge"], record["labels"], run, **labelled)


def _labelled(pairs: Sequence[tuple[str, str]]) -> Labelled:
    said = {human: [said for each, said in pairs if each == human] for human in ("fail", "pass")}
    return Labelled(
        failures=len(said["fail"]),
        caught=said["fail"].count("fail"),
        passes=len(said["pass"]),
        false_alarms=len(said["pass"]) - said["pass"].count("pass"),
    )


def _add_trial(held: Held, place: Place, record: Record) -> None:
    rounds = held.codes.get(place)
    if rounds is None:
        rounds = held.codes[place] = Column()
    round_ = record["round"]
    held.open_errors.pop((place, round_), None)
    if round_ in rounds:
        held.surplus += 1
        return
    rounds[round_] = _CODES[record["outcome"]]
    if made := record.get("unrecorded_calls"):
        calls, trials = held.unrecorded.get(place, (0, 0))
        held.unrecorded[place] = (calls + made, trials + 1)
    held.calls += 1
    read, written = record.get("input_tokens"), record.get("output_tokens")
    held.input_tokens += read or 0
    held.output_tokens += written or 0
    held.unmetered += read is None and written is None
    by = (record.get("responded_model"), record.get("provider"))
    held.answered[by] = held.answered.get(by, 0) + 1
    held.model_s += record.get("latency_s") or 0.0
    if "judge" in record:
        held.judge_calls += 1
        held.judge_input_tokens += record["judge"].get("input_tokens") or 0
        held.judge_output_tokens += record["judge"].get("output_tokens") or 0
    name = record.get("responded_model")
    if name:
        same = held.responded and held.responded[-1][0] == name
        count = held.responded.pop()[1] if same else 0
        held.responded.append((name, count + 1))


def _add_error(held: Held, place: Place, record: Record) -> None:
    # A place that holds a trial is healed, also where a merged ledger tells the error later.
    if record["round"] not in held.codes.get(place, {}):
        held.open_errors[place, record["round"]] = record["error"]


def _place(plan: Record, record: Record) -> Place:
    case, variant = record["case"], record["variant"]
    return variant, case, plan["cases"][case][variant]
