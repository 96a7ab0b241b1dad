"""The port to a grader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.domain.case import Case, Eval
from harness.domain.record import Json
from harness.domain.transcript import Transcript
from harness.domain.trial import Grade


class Grader(Protocol):
    """Reads a transcript and says whether it passes."""

    def grade(self, case: Case, transcript: Transcript) -> Grade:
        """Return the grade; the case is resolved, so a twin's own correct and failing apply."""
        ...


@dataclass(frozen=True, slots=True)
class GraderMaker:
    """What a grader declares: its name, what it asks of a case, and how it is built."""

    name: str
    build: Callable[[Eval, Mapping[str, Json]], Grader]
    check_case: Callable[[Case], list[tuple[str, str, str, str]]]
    """Problems of a resolved case for this grader: (key, rule, got, fix) each."""
    closed_decisions: bool = False
    """Whether the model is asked to choose from the case's decisions."""
    single_turn: bool = False
    """Whether the first turn ends the trial."""
