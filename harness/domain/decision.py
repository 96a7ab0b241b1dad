"""Verdicts, and the evidence that stands behind them."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the evidence says about a target."""

    MET = "met"
    NOT_MET = "not met"
    UNDECIDED = "undecided"
    INVALID = "invalid"
