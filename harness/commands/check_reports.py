"""The answers of ``harness check``, each shown as its kind is."""

from collections.abc import Sequence
from typing import Any

from harness.commands.check import AnyReport
from harness.domain.report import CheckReport
from harness.reporters import check_json, check_text


def shown(reports: Sequence[AnyReport], form: str) -> Any:
    """Return the reports of checks as text, or as plain values for JSON."""
    return [_object(each) for each in reports] if form == "json" else "\n".join(map(_text, reports))


def _object(report: AnyReport) -> dict[str, Any]:
    if isinstance(report, CheckReport):
        return check_json.check_object(report)
    # What shows escalation items is imported where there are any.
    from harness.reporters import escalation_json  # noqa: PLC0415

    return escalation_json.escalation_object(report)


def _text(report: AnyReport) -> str:
    if isinstance(report, CheckReport):
        return check_text.check_text(report)
    from harness.reporters import escalation_text  # noqa: PLC0415 - as above

    return escalation_text.escalation_text(report)
