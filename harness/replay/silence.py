"""What a trial has left of its time, and models that let all of it run out."""

from dataclasses import dataclass, field

_NEVER_ANSWERED = 8
"""Requests in a row that a model which never answered may let run out of time."""
_ANSWERED_BEFORE = 20
"""The same for one that has answered: with half of its answers late, one row in a million."""


@dataclass(slots=True)
class Allowance:
    """What is left of the time of a trial; waiting for a turn to ask takes nothing from it."""

    seconds: float


@dataclass(slots=True)
class Silence:
    """Counts requests in a row that ran out of time.

    Each is a trial without a grade; a model that answers none of them would be asked for hours,
    one time limit after another, for a verdict that cannot come.
    """

    _late: int = field(default=0, init=False)
    _answered: bool = field(default=False, init=False)

    def broken(self) -> None:
        """Note an answer."""
        self._late = 0
        self._answered = True

    def grew(self) -> str:
        """Note a request that ran out of time; return why no more are worth it, or nothing."""
        self._late += 1
        if self._late < (_ANSWERED_BEFORE if self._answered else _NEVER_ANSWERED):
            return ""
        before = "" if self._answered else ", and none was ever answered"
        return f"{self._late} requests in a row ran out of their time{before}"
