"""Which rounds of a night the drift detectors look at, and what they say then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.decide import drift
from harness.decide.coverage import Question
from harness.decide.evidence import FAIL, Evidence, SeriesKey
from harness.domain.record import Json
from harness.domain.trial import BASE


@dataclass(frozen=True, slots=True)
class Kept:
    """An item that was watched tonight."""

    item: str
    question: Question
    closing: int
    """The number of the closing that it was watched since."""
    fingerprint: str
    """The model of that closing."""
    since: int
    """The first round that the closing does not stand on."""
    rounds: int
    """Whole rounds since then."""
    target: float


def drift_of(
    nights: Sequence[Mapping[str, Any]], kept: Iterable[Kept], evidence: Evidence
) -> list[dict[str, Json]]:
    """Return, for each fingerprint, what its detector says after the rounds that no night told yet.

    A night that was killed told nothing: the next one tells its rounds too.
    """
    told = _told(nights)
    found: dict[str, dict[str, dict[str, Json]]] = {}
    models: dict[str, str] = {}
    for each in kept:
        key = each.question.key
        first = max(each.since, told.get(key, 0))
        rounds = each.since + each.rounds - first
        if rounds <= 0 or key.fingerprint != each.fingerprint:
            continue
        evals = found.setdefault(key.fingerprint, {})
        models[key.fingerprint] = each.question.model
        other = evals.get(key.eval)
        # An eval counts once, by the highest of its targets: no rate is claimed twice.
        if other is None or other["target"] < each.target:
            evals[key.eval] = _counts(each, first, rounds, evidence)
    return [
        _judged(nights, fingerprint, models[fingerprint], evals)
        for fingerprint, evals in sorted(found.items())
    ]


def _judged(
    nights: Sequence[Mapping[str, Any]],
    fingerprint: str,
    model: str,
    evals: Mapping[str, dict[str, Json]],
) -> dict[str, Json]:
    drifted: dict[str, Json] = {
        "fingerprint": fingerprint,
        "model": model,
        "watched": [evals[name] for name in sorted(evals)],
    }
    level, alarmed = drift.after([*nights, {"drift": [drifted]}], fingerprint)
    return {**drifted, "level": level, "alarmed": alarmed}


def _counts(each: Kept, first: int, rounds: int, evidence: Evidence) -> dict[str, Json]:
    key = each.question.key
    codes = evidence.of(key).rounds(each.question.places(BASE), first)[:rounds]
    return {
        "item": each.item,
        "closing": each.closing,
        "eval": key.eval,
        "protocol": key.protocol,
        "target": each.target,
        "first_round": first,
        "rounds": rounds,
        "trials": int(codes.size),
        "failures": int((codes == FAIL).sum()),
    }


def _told(nights: Sequence[Mapping[str, Any]]) -> dict[SeriesKey, int]:
    """Return series -> the first round that no night told yet."""
    told: dict[SeriesKey, int] = {}
    for night in nights:
        for each in night["drift"]:
            for one in each["watched"]:
                key = SeriesKey(one["eval"], one["protocol"], each["fingerprint"])
                told[key] = max(told.get(key, 0), one["first_round"] + one["rounds"])
    return told
