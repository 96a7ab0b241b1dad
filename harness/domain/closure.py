"""Closures: what happened to an action item, with the evidence of each closing.

An item's state is derived from these events, in their order, and never edited by hand.
"""

import datetime as dt
from typing import Annotated, Literal

from harness.domain.record import Count, Name, Pattern, Text, record

Moment = Annotated[
    str,
    Pattern(
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|\+00:00)$",
        "a moment in UTC such as 2026-12-31T23:59:59Z",
        "a moment",
    ),
]
"""A moment in UTC."""


@record
class RunHead:
    """A run of the ledger, as far as a decision stands on it."""

    run: Name
    """The run's name."""
    count: Count
    """The records that it held."""
    head: Text
    """The hash of the last of them."""


@record
class Closed:
    """The item was closed on a met decision."""

    event: Literal["closed"]
    """What happened."""
    at: Moment
    """When."""
    runs: tuple[RunHead, ...] = ()
    """The runs that the decision stands on."""
    decision: str = ""
    """The digest of the decision."""
    verdict: str = ""
    """The decision's verdict; only ``met`` closes."""
    eval_digest: str = ""
    """The digest of the eval as it was asked and graded, with all its cases."""
    fingerprint: str = ""
    """The fingerprint of the model."""


@record
class Reopened:
    """The item was opened again."""

    event: Literal["reopened"]
    """What happened."""
    at: Moment
    """When."""
    reason: str = ""
    """Why: a regression, a change of the eval, a recurrence."""


@record
class Waived:
    """The item was set aside for a time, by somebody who answers for it."""

    event: Literal["waived"]
    """What happened."""
    at: Moment
    """When."""
    reason: str = ""
    """Why."""
    approver: str = ""
    """Who answers for it: a team or a role."""
    expires: dt.date | None = None
    """The day from which the item counts as open again."""


ClosureEvent = Closed | Reopened | Waived


@record
class Closures:
    """All that happened to one item: reports/closures/ITEM-*.json."""

    item: Name
    """The item's name, equal to the file's name without .json."""
    events: tuple[ClosureEvent, ...] = ()
    """In their order."""


def state(closures: Closures | None, today: dt.date) -> Literal["open", "closed", "waived"]:
    """Return the state of an item; without closures it is open, as it is after a waiver's end."""
    last = closures.events[-1] if closures is not None and closures.events else None
    if isinstance(last, Closed):
        return "closed"
    if isinstance(last, Waived) and (last.expires is None or today < last.expires):
        return "waived"
    return "open"
