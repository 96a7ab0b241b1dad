"""The benchmark stays runnable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_ledger.py"


def test_the_benchmark_of_the_ledger_runs(tmp_path: Path) -> None:
    """It prints the ledger beside every peer; its figures are for people to judge."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--quick", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count(" x\n") == 9
    assert list(tmp_path.iterdir()) == []
