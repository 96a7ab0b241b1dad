"""Transcripts outside the ledger: recorded ones, and those that people have labelled."""

from typing import Annotated, Literal

from annotated_types import MinLen

from harness.domain.record import Name, Text, record
from harness.domain.transcript import Message

FEWEST_FAILURES = 30
"""Labelled failures below which a judge decides nothing."""


@record
class Label:
    """One line of a calibration file: a transcript of a trial, and its outcome as people see it."""

    case: Name
    """The case that was replayed."""
    variant: Literal["base", "twin"] = "base"
    """Whether it was the case itself or its twin."""
    transcript: Annotated[tuple[Message, ...], MinLen(1)]
    """What the model said and did, as harness trials --format json shows it."""
    outcome: Literal["pass", "fail"]
    """What people say: pass or fail."""
    labelled_by: Text | None = None
    """Who said so."""
    note: str = ""
    """Why."""


@record
class RecordedTranscript:
    """One line of a recorded model's file: a transcript, to be graded again."""

    case: Name
    """The case that was replayed."""
    variant: Literal["base", "twin"] = "base"
    """Whether it was the case itself or its twin."""
    transcript: Annotated[tuple[Message, ...], MinLen(1)]
    """What the model said and did."""
    note: str = ""
    """Where it comes from."""
