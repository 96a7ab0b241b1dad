"""What a judge's errors, measured on human labels, do to a decision."""

from harness.domain.decision import Calibration, Labelled, Sight
from harness.domain.label import FEWEST_FAILURES
from harness.domain.trial import TWIN
from harness.stats import sensitivity


def labelled(judge: Calibration, variant: str) -> Labelled:
    """Return the labels of the cases, or those of their twins: they fail in other ways."""
    return judge.twin if variant == TWIN else judge.base


def sight(known: Labelled, alpha: float) -> Sight:
    """Return the bounds that half of alpha buys."""
    return Sight(
        labelled=known,
        sensitivity=sensitivity.sensitivity_lower(known.caught, known.failures, alpha / 2),
        false_alarm_rate=sensitivity.false_alarm_upper(known.false_alarms, known.passes, alpha / 2),
    )


def blind(judge: Calibration, variant: str) -> str:
    """Return why nothing can be decided on what the judge says; empty where something can."""
    known = labelled(judge, variant)
    of = " of twins" if variant == TWIN else ""
    if not judge.run:
        return "the judge was not measured on these labels: harness judge calibrate"
    if known.failures < FEWEST_FAILURES:
        return (
            f"the judge was measured on {known.failures} labelled failures{of}, "
            f"at least {FEWEST_FAILURES} are needed"
        )
    if not known.caught:
        return f"the judge caught none of {known.failures} labelled failures{of}"
    return ""
