"""A plan, as people and programs read it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from harness.domain.prospect import Plan, Prospect
from harness.errors import printable
from harness.reporters.check_text import percent


def plan_object(plan: Plan) -> dict[str, Any]:
    """Return a plan as a JSON object, figures unrounded."""
    return {**asdict(plan), "prospects": [asdict(each) for each in plan.prospects]}


def plan_text(plan: Plan) -> str:
    """Return a plan as text: the shortest way to a close, then a row per true rate."""
    return "\n".join(line.rstrip() for line in _lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield printable(
        f"{plan.item}: {plan.eval} on {plan.model}, target {percent(plan.target)}, "
        f"epoch {plan.epoch} at alpha {plan.alpha:.4g}"
    )
    twins = f" and {plan.twins} twins" if plan.twins else ", no twins"
    yield (
        f"  {plan.cases} cases{twins}; {plan.clean_trials} passing trials in a row close it; "
        f"at most {plan.max_trials} trials"
    )
    yield ""
    yield "  true rate     met  not met    open   trials  20-80 % of paths    calls"
    for each in plan.prospects:
        yield _row(each)
    if plan.seconds_per_trial is not None:
        tokens = plan.tokens_per_trial
        yield ""
        yield f"  one trial took {plan.seconds_per_trial:.2f} s of the model" + (
            f" and {tokens:,.0f} tokens" if tokens else ""
        )


def _row(each: Prospect) -> str:
    low = "-" if each.trials_low is None else str(each.trials_low)
    high = "cap" if each.trials_high is None else str(each.trials_high)
    band = f"{low} to {high}"
    return (
        f"  {percent(each.true_rate):>9}  {each.met:6.3f}  {each.not_met:7.3f}  "
        f"{each.undecided:6.3f}  {each.mean_trials:7.0f}  {band:>16}  {each.calls:7.0f}"
    )
