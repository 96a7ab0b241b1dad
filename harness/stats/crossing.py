"""Counts at the looks, and the first look at which the evidence decides."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.arguments import Ints, checked_outcomes
from harness.stats.boundaries import Boundaries


class Crossing(NamedTuple):
    """Index of the first look at which each verdict was shown, -1 for never; shape (...)."""

    met: Ints
    not_met: Ints


def running_failures(outcomes: ArrayLike) -> Ints:
    """Return the failures so far at the end of every round, (..., rounds).

    outcomes: 0/1 of shape (..., rounds, cases), 1 for a failure. ValueError otherwise.
    """
    failed = checked_outcomes(outcomes)
    narrow = failed.shape[-1] <= np.iinfo(np.uint8).max
    rounds = np.einsum("...rk->...r", failed, dtype=np.uint8 if narrow else np.int64)
    return np.cumsum(rounds, axis=-1, dtype=np.int64)


def first_look(log_e_met: ArrayLike, log_e_not_met: ArrayLike, log_threshold: float) -> Crossing:
    """Return the first looks at which log evidences (..., looks) reach log_threshold.

    The earlier one decides; should both fall on one look (possible only for the stratified part of
    the hybrid against the pooled process), the caller takes not met. ValueError when the shapes
    differ.
    """
    met, not_met = (
        np.asarray(log_e_met, dtype=np.float64),
        np.asarray(log_e_not_met, dtype=np.float64),
    )
    if met.shape != not_met.shape or met.ndim < 1:
        raise ValueError(
            f"log evidences must share one shape (..., looks), got {met.shape} and {not_met.shape}"
        )
    return Crossing(_first(met >= log_threshold), _first(not_met >= log_threshold))


def first_look_in_table(
    failures_worst: ArrayLike, failures_best: ArrayLike, table: Boundaries
) -> Crossing:
    """Return the first looks at which running failure counts reach the table's boundaries.

    Counts have shape (..., looks): failures_worst with ungraded trials as failures (for met),
    failures_best with them as passes (for not met). The table has shape (looks,) or one that
    broadcasts to (..., looks). Equal to first_look on the pooled evidence, at the price of two
    comparisons a look. ValueError when counts exceed the table's trials or shapes do not broadcast.
    """
    worst, best = np.asarray(failures_worst), np.asarray(failures_best)
    for counts in (worst, best) if best is not worst else (worst,):
        if not np.issubdtype(counts.dtype, np.integer):
            raise ValueError(f"failures must be whole numbers, got {counts.dtype}")
        if np.any(counts < 0) or np.any(counts > table.trials):
            raise ValueError("failures must lie between 0 and the table's trials")
    return Crossing(_first(worst <= table.met_at_most), _first(best >= table.not_met_at_least))


def _first(hits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Ints:
    if hits.shape[-1] == 0:
        return np.full(hits.shape[:-1], -1, dtype=np.int64)
    return np.where(hits.any(axis=-1), hits.argmax(axis=-1), -1).astype(np.int64)
