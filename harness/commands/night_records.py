"""A night as the ledger holds it, and its file."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.decide.evidence import Record
from harness.domain.decision import Verdict
from harness.domain.record import Json
from harness.errors import EXIT_INVALID, EXIT_MET, EXIT_NOT_MET, EXIT_UNDECIDED

_OWN = frozenset({"seq", "kind"})


def night_name(record: Record) -> str:
    """Return the name of a night's file: its date, and a number from the second of a date on."""
    number = record["number"]
    return f"{record['date']}.json" if number == 1 else f"{record['date']}-{number}.json"


def night_object(record: Record) -> dict[str, Json]:
    """Return what a night's file and ``--format json`` hold."""
    return {key: value for key, value in record.items() if key not in _OWN}


def render_night(record: Record) -> bytes:
    """Return the file of a night: the same bytes for the same record."""
    text = json.dumps(night_object(record), indent=1, ensure_ascii=True, allow_nan=False)
    return text.encode("ascii") + b"\n"


def spent_in(records: Sequence[Record]) -> dict[str, int]:
    """Return the calls and tokens of a run's records."""
    tried = [record for record in records if record["kind"] in {"trial", "error"}]
    return {
        "calls": len(tried),
        "input_tokens": sum(record.get("input_tokens") or 0 for record in tried),
        "output_tokens": sum(record.get("output_tokens") or 0 for record in tried),
    }


def new_trials(records: Sequence[Record]) -> dict[tuple[str, str], int]:
    """Return (eval, fingerprint) -> trials that a run's records hold of it."""
    found: dict[tuple[str, str], int] = {}
    for record in records:
        if record["kind"] == "trial":
            key = record["eval"], record["fingerprint"]
            found[key] = found.get(key, 0) + 1
    return found


def outcome_of(
    items: Sequence[Mapping[str, Any]],
    reopened: Sequence[Json],
    drift: Sequence[Mapping[str, Any]],
) -> tuple[str, int]:
    """Return what to call a night, and its exit code.

    Red for what evidence shows, never green for what nobody evaluated.
    """
    if reopened or any(each["alarmed"] for each in drift):
        return "regression", EXIT_NOT_MET
    asked = [each for each in items if each["after"] not in {"waived", "superseded"}]
    lacking = [each for each in asked if _lacks(each)]
    if len(lacking) == len(asked):
        return "nothing evaluable", EXIT_INVALID
    return ("partial", EXIT_UNDECIDED) if lacking else ("green", EXIT_MET)


def _lacks(item: Mapping[str, Any]) -> bool:
    """Say whether an item could not be evaluated tonight."""
    return (
        item["note"] is not None
        or item["floor"] is False
        or item["verdict"] in {None, Verdict.INVALID.value}
    )
