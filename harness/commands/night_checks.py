"""Nights computed again from the ledger, one after the other.

What no record holds is taken as it stands: notes and warnings, hours, the budget, what the trials
cost in money, and where an item stood when the night began.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.commands.night_drift import Kept, drift_of
from harness.commands.night_records import new_trials, outcome_of, spent_in
from harness.commands.reopenings import of_a_night, reopened_object
from harness.commands.verify_runs import Runs, question_of
from harness.decide.evidence import Evidence, Record
from harness.decide.lifecycle import stages
from harness.decide.watching import watch, watch_object
from harness.domain.trial import BASE, TWIN
from harness.files.closures import closures_of
from harness.ledger.reader import RunRecords

Difference = tuple[str, str, str]
"""(key, rule, got) of a figure that the ledger does not give."""
_OWN = frozenset({"seq", "kind", "item", "plan"})
_FIGURES = ("verdict", "trials", "failures", "target")


@dataclass(slots=True)
class NightChecks:
    """The nights so far, and all that the ledger holds."""

    runs: Runs
    order: Mapping[str, int]
    """Run -> its place in the ledger."""
    evidence: Evidence
    life: Mapping[str, Sequence[tuple[RunRecords, Record]]]
    """Item -> its events, by their numbers, each with its run."""
    _before: list[Record] = field(default_factory=list)

    def differences(self, own: RunRecords, record: Record) -> Iterator[Difference]:
        """Yield each figure of a night that the ledger does not give."""
        before = list(self._before)
        self._before.append(record)
        yield from _place(before, record)
        held: list[Record] = []
        for each in record["runs"]:
            run = self.runs[each["run"]]
            if each["count"] > run.count or run.head_at(each["count"]) != each["head"]:
                yield "runs", f"run {each['run']} holds others now", ""
                return
            held += run.records[: each["count"]]
        spent = {key: record["spent"][key] for key in spent_in(())}
        if spent_in(held) != spent:
            yield "spent", f"computed again, it is {spent_in(held)!r}", str(spent)
        yield from self._happened(own, before, record)
        for item in record["items"]:
            for key, rule, got in self._item(own, record, held, item):
                yield f"items.{item['item']}.{key}", rule, got
        yield from self._drift(before, record)
        outcome = outcome_of(record["items"], record["reopened"], record["drift"])
        if outcome != (record["outcome"], record["exit_code"]):
            stated = f"{record['outcome']}, {record['exit_code']}"
            yield "outcome", f"by its own items it is {outcome[0]}, {outcome[1]}", stated

    def _item(
        self, own: RunRecords, night: Record, held: Sequence[Record], item: Mapping[str, Any]
    ) -> Iterator[Difference]:
        found = new_trials(held).get((item["eval"], item["fingerprint"]), 0)
        if item["new_trials"] != found:
            yield "new_trials", f"the runs hold {found}", str(item["new_trials"])
        yield from self._watched(held, item)
        if not self._given_up(own, night, item["item"]):
            yield from _decided(held, item)
        possible = self._stages(own, night, item)
        if item["after"] not in possible:
            said = " or ".join(sorted(possible))
            yield "after", f"by its events and its verdict it is {said}", str(item["after"])

    def _given_up(self, own: RunRecords, night: Record, item: str) -> bool:
        """Say whether an item stands in an epoch without a trial, whatever was decided before."""
        first, last = self._began(own, night), self.order[own.run]
        between = [run for run, place in self.order.items() if first < place < last]
        return any(each["item"] == item for each in night["reopened"]) or any(
            record["kind"] == "restart" and record["item"] == item
            for run in between
            for record in self.runs[run].records
        )

    def _began(self, own: RunRecords, night: Record) -> int:
        """Return the place of the first run of a night: that of its replaying, or its own."""
        places = [self.order[each["run"]] for each in night["runs"]]
        return min([*places, self.order[own.run]])

    def _watched(self, held: Sequence[Record], item: Mapping[str, Any]) -> Iterator[Difference]:
        """Watch an item again, and look for the round that it is said to have got."""
        if item["watch"] is None:
            if item["before"] == item["after"] == "closed" and item["eval"] is not None:
                yield "watch", "is missing of an item that is closed", ""
            return
        own, closed = self._event(item["item"], item["closing"])
        question, _ = question_of(own, closed)
        rounds = {variant: each["rounds"] for variant, each in item["watch"].items()}
        again = watch_object(watch(question, closed["watch_from"], self.evidence, rounds))
        if again != item["watch"]:
            yield "watch", f"computed again, it is {again!r}", str(item["watch"])
        if item["floor"] is None:
            yield "floor", "is missing of an item that is closed", ""
        for variant in (BASE, TWIN) if item["floor"] else ():
            trials = [r for r in held if r["kind"] == "trial" and r["variant"] == variant]
            mine = new_trials(trials).get((question.key.eval, question.key.fingerprint), 0)
            if variant in item["watch"] and mine < len(question.places(variant)):
                yield "floor", f"the night holds {mine} trials of it, and no round", "true"

    def _stages(self, own: RunRecords, night: Record, item: Mapping[str, Any]) -> set[str]:
        """Return where an item can have stood at the end of a night.

        Somebody may have waived or reopened it meanwhile: each of its events since the replaying
        may have been the last that the night saw.
        """
        name = item["item"]
        events = [(self.order[run.run], event) for run, event in self.life.get(name, ())]
        began = self._began(own, night)
        mine = [e["number"] for e in (*night["closed"], *night["reopened"]) if e["item"] == name]
        least = max([0, *mine, *(e["number"] for at, e in events if at < began)])
        most = max([least, *(e["number"] for at, e in events if at < self.order[own.run])])
        today = dt.date.fromisoformat(night["ended"][:10])
        plain = [{k: v for k, v in event.items() if k not in _OWN} for _, event in events]
        return {
            stage
            for count in range(least, most + 1)
            for day in (dt.date.fromisoformat(night["date"]), today)
            for stage in stages(
                closures_of(name, plain[:count]), item["verdict"], item["trials"], day
            )
        }

    def _happened(
        self, own: RunRecords, before: Sequence[Record], night: Record
    ) -> Iterator[Difference]:
        """Look for what the night says that happened, and for reopenings that it does not tell."""
        for each in night["closed"]:
            _, event = self._event(each["item"], each["number"])
            if event["event"] != "closed":
                yield (
                    "closed",
                    f"the ledger holds no closing of {each['item']}",
                    str(event["event"]),
                )
        told = {(e["item"], e["number"]) for one in before for e in one["reopened"]}
        expected = [
            reopened_object(event)
            for records in self.life.values()
            for run, event in records
            if of_a_night(event)
            and self.order[run.run] < self.order[own.run]
            and (event["item"], event["number"]) not in told
        ]
        for each in night["reopened"]:
            if each not in expected:
                yield "reopened", f"the ledger holds no such event of {each['item']}", str(each)
        for each in expected:
            if each not in night["reopened"]:
                rule = f"does not tell that {each['item']} was reopened, event {each['number']}"
                yield "reopened", rule, ""

    def _drift(self, before: Sequence[Record], night: Record) -> Iterator[Difference]:
        kept = []
        for item in night["items"]:
            if item["watch"] is None or BASE not in item["watch"]:
                continue
            own, closed = self._event(item["item"], item["closing"])
            base = item["watch"][BASE]
            kept.append(
                Kept(
                    item=item["item"],
                    question=question_of(own, closed)[0],
                    closing=item["closing"],
                    fingerprint=closed["fingerprint"],
                    since=closed["watch_from"][BASE],
                    rounds=base["rounds"],
                    target=base["target"],
                )
            )
        again = drift_of(before, kept, self.evidence)
        if again != night["drift"]:
            yield "drift", f"computed again, it is {again!r}", str(night["drift"])

    def _event(self, item: str, number: int) -> tuple[RunRecords, Record]:
        return self.life[item][number - 1]


def _place(before: Sequence[Record], night: Record) -> Iterator[Difference]:
    """Hold a night's number, its date, and its number within that date against the others."""
    if night["night"] != len(before) + 1:
        rule = f"is night {len(before) + 1}: one was taken away, or two hands wrote"
        yield "night", rule, str(night["night"])
    if night["date"] != night["started"][:10]:
        yield "date", f"it began at {night['started']}", str(night["date"])
    number = sum(each["date"] == night["date"] for each in before) + 1
    if night["number"] != number:
        yield "number", f"it is night {number} of its date", str(night["number"])


def _decided(held: Sequence[Record], item: Mapping[str, Any]) -> Iterator[Difference]:
    """Hold what a night says of an item against the decision that its run ended in."""
    decisions = [r for r in held if r["kind"] == "decision" and r["item"] == item["item"]]
    if not decisions:
        return
    stated = {key: item[key] for key in (*_FIGURES, "eval", "fingerprint")}
    for key, value in stated.items():
        if decisions[-1][key] != value:
            yield key, f"the decision of that night says {decisions[-1][key]!r}", str(value)
