"""The answers of ``harness plan``, each shown as its kind is."""

from collections.abc import Sequence
from typing import Any

from harness.domain.escalation import EscalationPlan
from harness.domain.prospect import Plan
from harness.reporters import escalation_json, escalation_text, plan_text


def shown(plans: Sequence[Plan | EscalationPlan], form: str) -> Any:
    """Return plans as text, or as plain values for JSON."""
    return [_object(each) for each in plans] if form == "json" else "\n".join(map(_text, plans))


def _object(plan: Plan | EscalationPlan) -> dict[str, Any]:
    if isinstance(plan, EscalationPlan):
        return escalation_json.plan_object(plan)
    return plan_text.plan_object(plan)


def _text(plan: Plan | EscalationPlan) -> str:
    if isinstance(plan, EscalationPlan):
        return escalation_text.plan_text(plan)
    return plan_text.plan_text(plan)
