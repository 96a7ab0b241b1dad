"""A ledger in a temporary folder, with a clock that ticks and runs that are named by a seed."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.ledger.writer import RunWriter


class Kit:
    """What most tests of the ledger need."""

    def __init__(self, reports: Path) -> None:
        """Begin an empty ledger."""
        self.reports = reports
        self.rng = random.Random(7)  # noqa: S311 - seeded on purpose
        self._time = datetime(2026, 3, 4, 10, 15, tzinfo=UTC)

    def now(self) -> datetime:
        """Return a time one second later at each call."""
        self._time += timedelta(seconds=1)
        return self._time

    def set_clock(self, hours: float) -> None:
        """Set the clock to so many hours after its beginning, forwards or back."""
        self._time = datetime(2026, 3, 4, 10, 15, tzinfo=UTC) + timedelta(hours=hours)

    def create(self, **fields: Any) -> RunWriter:
        """Start a run."""
        return RunWriter.create(self.reports, fields, now=self.now, rng=self.rng, harness="0.1.0")

    def resume(self, run: str) -> RunWriter:
        """Open a run again."""
        return RunWriter.resume(self.reports, run, now=self.now)

    def written(self, trials: int, **fields: Any) -> RunWriter:
        """Return the closed writer of an unsealed run with that many trials."""
        with self.create(**fields) as writer:
            writer.append_group([self.trial() for _ in range(trials)])
        return writer

    def sealed(self, trials: int) -> RunWriter:
        """Return the writer of a sealed run with that many trials."""
        writer = self.create()
        writer.append_group([self.trial() for _ in range(trials)])
        writer.seal("complete")
        return writer

    def trial(self, **fields: Any) -> dict[str, Any]:
        """Return a trial with an id of its own."""
        return {
            "kind": "trial",
            "id": f"{self.rng.getrandbits(256):064x}",
            "plan": "p1",
            "eval": "queue-stall",
            "case": "producer-silent",
            "variant": "base",
            "fingerprint": "f" * 64,
            "outcome": "fail",
            **fields,
        }


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """Return an empty ledger."""
    return Kit(tmp_path / "reports")


@pytest.fixture(scope="session")
def new_kit(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Kit]:
    """Return what makes an empty ledger at each call, for properties that need many."""
    return lambda: Kit(tmp_path_factory.mktemp("ledger") / "reports")
