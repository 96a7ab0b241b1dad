import datetime as dt

import pytest

from harness.domain.closure import Closed, Closures, Reopened, Waived, state

TODAY = dt.date(2026, 6, 15)
CLOSED = Closed(event="closed", at="2026-06-01T00:00:00Z")
REOPENED = Reopened(event="reopened", at="2026-06-02T00:00:00Z")


def waived(expires: dt.date | None) -> Waived:
    """Return a waiver until a day."""
    return Waived(event="waived", at="2026-06-01T00:00:00Z", expires=expires)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), "open"),
        ((CLOSED,), "closed"),
        ((CLOSED, REOPENED), "open"),
        ((CLOSED, REOPENED, CLOSED), "closed"),
        ((waived(None),), "waived"),
        ((waived(dt.date(2026, 6, 16)),), "waived"),
        ((waived(dt.date(2026, 6, 15)),), "open"),
    ],
)
def test_the_state_is_that_of_the_last_event(events, expected: str) -> None:
    """An item is what was last decided of it, and a waiver ends on its day."""
    assert state(Closures(item="ITEM-1", events=events), TODAY) == expected


def test_without_closures_an_item_is_open() -> None:
    """Nothing closes by itself."""
    assert state(None, TODAY) == "open"
