"""The quarterly review: whether the agent's rows are used, and whether the targeted rates fall.

Two questions with two answers, which are never blended into one; nobody is ranked.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Letter = Literal["A", "B", "C", "D"]
_QUARTER = re.compile(r"(?P<year>\d{4})-?Q(?P<number>[1-4])", re.IGNORECASE | re.ASCII)
_MONTHS = 3


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year."""

    year: int
    number: int
    """1 to 4."""

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Return the quarter that a text such as ``2026Q3`` names; ValueError for any other."""
        found = _QUARTER.fullmatch(text.strip())
        if found is None or int(found["year"]) == 0:
            raise ValueError(text)
        return cls(int(found["year"]), int(found["number"]))

    @classmethod
    def of(cls, day: dt.date) -> "Quarter":
        """Return the quarter in which a day lies."""
        return cls(day.year, (day.month - 1) // _MONTHS + 1)

    @property
    def first(self) -> dt.date:
        """The first day."""
        return dt.date(self.year, _MONTHS * (self.number - 1) + 1, 1)

    @property
    def last(self) -> dt.date:
        """The last day."""
        following = Quarter(self.year + self.number // 4, self.number % 4 + 1)
        return following.first - dt.timedelta(days=1)

    def back(self, count: int) -> "Quarter":
        """Return the quarter so many before this one."""
        index = 4 * self.year + self.number - 1 - count
        return Quarter(index // 4, index % 4 + 1)

    def __str__(self) -> str:
        """Return it as it is typed: 2026Q3."""
        return f"{self.year:04d}Q{self.number}"


@dataclass(frozen=True, slots=True)
class LostPoint:
    """Points that a postmortem lost on one line of the rubric."""

    line: str
    """The rubric's line, such as R21."""
    points: int
    rule: str
    """The lint rule that tells it; empty where only the rubric asks for it."""
    what: str


@dataclass(frozen=True, slots=True)
class Grade:
    """What one postmortem's structure earned: 100 less all that was lost."""

    incident: str
    title: str
    date: dt.date
    status: str
    points: int
    letter: Letter
    sections: Mapping[str, tuple[int, int]]
    """Section -> points earned and points that there are, before any cap."""
    lost: tuple[LostPoint, ...]
    """Every loss; a cap is one of them."""


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A postmortem that names an agent and does not say that one was involved."""

    incident: str
    place: str
    words: str


@dataclass(frozen=True, slots=True)
class QuarterGrades:
    """How the postmortems of one quarter were graded."""

    quarter: Quarter
    postmortems: int
    a_or_b: int


class Course(StrEnum):
    """Where the failure rates of a class are going."""

    CONVERGING = "converging"
    FLAT = "flat"
    WORSENING = "worsening"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class QuarterCount:
    """The trials of one class in one quarter."""

    quarter: Quarter
    cases: int
    trials: int
    failures: int
    """Failed and ungraded ones."""


@dataclass(frozen=True, slots=True)
class ClassTrend:
    """What became of one failure class."""

    failure_class: str
    course: Course
    why: str
    quarters: tuple[QuarterCount, ...]
    change: float | None
    """The fitted change of the failure rate from the first quarter to the last."""
    lower: float | None
    upper: float | None
    falling: float | None
    """p value of a falling rate, one direction, before Holm."""
    rising: float | None
    holm: float | None
    """Two-sided p value after Holm over the classes."""
    incidents: int
    """Incidents of the class in the quarter."""
    recurrences: tuple[str, ...]
    """Incidents of the quarter that came after an item of the class had been closed."""
    closed: tuple[str, ...]
    """Items closed on evidence at the quarter's end."""
    waived: tuple[str, ...]
    stale: tuple[str, ...]
    overdue: tuple[str, ...]
    open: tuple[str, ...]
    median_age_days: float | None
    """Median age of the items that are not closed, from their incident on."""
    remark: str


@dataclass(frozen=True, slots=True)
class Shares:
    """Declared shares of an incident, beside the measured ones where there are any."""

    incident: str
    declared: Mapping[str, float]
    measured: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class RubricLine:
    """One line of the rubric."""

    id: str
    section: str
    points: int
    """What is lost on this line, each time where ``each`` says of what."""
    each: str
    rules: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Review:
    """The two answers, side by side."""

    quarter: Quarter
    as_of: dt.date
    """What was known on this day; the quarter's last, or the day of the review."""
    grades: tuple[Grade, ...]
    undeclared: tuple[Undeclared, ...]
    by_quarter: tuple[QuarterGrades, ...]
    most_skipped: str
    """The row that most postmortems of the quarter leave open; empty when none does."""
    classes: tuple[ClassTrend, ...]
    shares: tuple[Shares, ...]
    rubric: tuple[RubricLine, ...]
    unreadable: tuple[str, ...]
    """Postmortems and items that could not be read, and are in no figure."""
    not_on_record: tuple[str, ...] = ()
    """Files of closures that say what the ledger does not; they close nothing."""
