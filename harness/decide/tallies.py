"""Failures and trials by case and quarter, of the series that action items stand on."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.domain.review import Quarter
from harness.domain.trial import BASE, Outcome

Cell = tuple[str, str, str, str]
"""Eval, protocol, case, digest of the case: what is compared with itself."""
Series = tuple[str, str, str]
"""Eval, protocol, fingerprint."""
Held = dict[Cell, dict[Quarter, list[int]]]
"""Cell -> quarter -> [failures, trials]."""


@dataclass(slots=True)
class Tallies:
    """What the runs up to a day hold; a place that is filled twice counts once."""

    until: dt.date
    series: dict[Series, Held] = field(default_factory=dict)
    of_item: dict[str, set[Series]] = field(default_factory=lambda: defaultdict(set))
    """Item -> the series that it stands on; a candidate's trials in a gate are in none."""
    events: dict[str, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Item -> all that happened to it, on whatever day."""
    _taken: set[tuple[str, Cell, int]] = field(default_factory=set)

    def take(self, run: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Count a run, which is named after its day; one after ``until`` is passed over."""
        held = list(records)
        for record in held:
            if record["kind"] == "event":
                self.events[record["item"]].append(record)
        day = dt.date(int(run[:4]), int(run[4:6]), int(run[6:8]))
        if day > self.until:
            return
        quarter = Quarter.of(day)
        plans: dict[str, Mapping[str, Any]] = {}
        for record in held:
            kind = record["kind"]
            if kind == "plan":
                plans[record["plan"]] = record
            elif kind == "item":
                self.of_item[record["item"]].add(_series(plans[record["plan"]]))
            elif kind == "trial" and record["variant"] == BASE:
                self._count(plans[record["plan"]], record, quarter)

    def _count(self, plan: Mapping[str, Any], record: Mapping[str, Any], quarter: Quarter) -> None:
        case = record["case"]
        cell = (plan["eval"], plan["protocol"], case, plan["cases"][case][BASE])
        place = (plan["fingerprint"], cell, record["round"])
        if place in self._taken:
            return
        self._taken.add(place)
        held = self.series.setdefault(_series(plan), {}).setdefault(cell, {})
        counted = held.setdefault(quarter, [0, 0])
        counted[0] += record["outcome"] != Outcome.PASS
        counted[1] += 1


def _series(plan: Mapping[str, Any]) -> Series:
    return plan["eval"], plan["protocol"], plan["fingerprint"]
