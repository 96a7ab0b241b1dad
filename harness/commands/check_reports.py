"""The answers of ``harness check`` and ``harness plan``, each shown as its kind is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Union

from harness.commands.check import AnyReport
from harness.domain.prospect import Plan
from harness.domain.report import CheckReport
from harness.reporters import check_json, check_text, plan_text

if TYPE_CHECKING:
    from harness.domain.escalation import EscalationPlan

AnyPlan = Union[Plan, "EscalationPlan"]
# What shows escalation items is imported where there are any.


def shown(reports: Sequence[AnyReport], form: str) -> Any:
    """Return the reports of checks as text, or as plain values for JSON."""
    return [_object(each) for each in reports] if form == "json" else "\n".join(map(_text, reports))


def shown_plans(plans: Sequence[AnyPlan], form: str) -> Any:
    """Return plans as text, or as plain values for JSON."""
    if form == "json":
        return [_plan_object(each) for each in plans]
    return "\n".join(map(_plan_text, plans))


def _object(report: AnyReport) -> dict[str, Any]:
    if isinstance(report, CheckReport):
        return check_json.check_object(report)
    from harness.reporters import escalation_json  # noqa: PLC0415

    return escalation_json.escalation_object(report)


def _text(report: AnyReport) -> str:
    if isinstance(report, CheckReport):
        return check_text.check_text(report)
    from harness.reporters import escalation_text  # noqa: PLC0415

    return escalation_text.escalation_text(report)


def _plan_object(plan: AnyPlan) -> dict[str, Any]:
    if isinstance(plan, Plan):
        return plan_text.plan_object(plan)
    from harness.reporters import escalation_json  # noqa: PLC0415

    return escalation_json.plan_object(plan)


def _plan_text(plan: AnyPlan) -> str:
    if isinstance(plan, Plan):
        return plan_text.plan_text(plan)
    from harness.reporters import escalation_text  # noqa: PLC0415

    return escalation_text.plan_text(plan)
