"""Guards for what callers hand over: each returns a checked value or raises ValueError."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint8]


def checked_counts(failures: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    """Return failures and trials as floats that hold whole numbers, broadcast together.

    Any shapes that broadcast. ValueError unless every count is whole and 0 <= failures <= trials.
    """
    failed = np.asarray(failures, dtype=np.float64)
    total = np.asarray(trials, dtype=np.float64)
    failed, total = np.broadcast_arrays(failed, total)
    if not (
        np.all(np.isfinite(total))
        and np.all(failed == np.floor(failed))
        and np.all(total == np.floor(total))
    ):
        raise ValueError("failures and trials must be whole numbers")
    if np.any(failed < 0) or np.any(failed > total):
        raise ValueError("failures must lie between 0 and trials")
    return failed, total


def checked_target(target: ArrayLike) -> Floats:
    """Return target rates as floats; ValueError unless all lie strictly between 0 and 1."""
    rates = np.asarray(target, dtype=np.float64)
    if not np.all((rates > 0.0) & (rates < 1.0)):
        raise ValueError(f"target must lie strictly between 0 and 1, got {target!r}")
    return rates


def checked_rate(rate: ArrayLike, name: str = "rate") -> Floats:
    """Return the rate(s) as floats; ValueError unless every one lies in [0, 1]."""
    rates = np.asarray(rate, dtype=np.float64)
    if not np.all((rates >= 0.0) & (rates <= 1.0)):
        raise ValueError(f"{name} must lie between 0 and 1, got {rate!r}")
    return rates


def checked_alpha(alpha: float) -> float:
    """Return the error rate; ValueError unless it lies strictly between 0 and 1."""
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha!r}")
    return float(alpha)


def checked_size(size: int, name: str) -> int:
    """Return a positive whole number; ValueError otherwise."""
    if size != int(size) or size < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {size!r}")
    return int(size)


def checked_outcomes(outcomes: ArrayLike) -> Bits:
    """Return outcomes (..., rounds, cases) as uint8, 1 for a failure.

    There may be no rounds yet, but there is at least one case. ValueError for any other shape or
    value.
    """
    matrix = np.asarray(outcomes)
    if matrix.ndim < 2 or matrix.shape[-1] < 1:  # noqa: PLR2004 - rounds and cases
        message = (
            f"outcomes must have shape (rounds, cases) with at least one case, got {matrix.shape}"
        )
        raise ValueError(message)
    if matrix.dtype == np.uint8:
        binary = matrix.size == 0 or matrix.max() <= 1
    else:
        binary = matrix.dtype == np.bool_ or np.all((matrix == 0) | (matrix == 1))
    if not binary:
        raise ValueError("outcomes must be 0 (pass) or 1 (failure)")
    return matrix.astype(np.uint8, copy=False)
