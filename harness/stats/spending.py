"""How one error rate is shared over epochs that cannot share evidence."""

from __future__ import annotations

from typing import Literal

from harness.stats.arguments import checked_alpha, checked_size

ErrorScope = Literal["lifetime", "epoch"]


def epoch_alpha(alpha: float, epoch: int, scope: ErrorScope = "lifetime") -> float:
    """Return the error rate at which epoch 1, 2, ... decides.

    lifetime: alpha / (j (j + 1)), which sums to alpha over all epochs, so that by the union bound
    an item closes falsely in any of them with probability at most alpha (the alpha-spending of Lan
    and DeMets 1983, with a telescoping series). epoch: alpha each time, which promises nothing over
    several epochs. ValueError for alpha outside (0, 1), epoch below 1 or another scope.
    """
    rate, number = checked_alpha(alpha), checked_size(epoch, "epoch")
    if scope == "epoch":
        return rate
    if scope != "lifetime":
        raise ValueError(f"scope must be 'lifetime' or 'epoch', got {scope!r}")
    return rate / (number * (number + 1))
