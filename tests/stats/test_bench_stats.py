"""The benchmark of the statistics runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_stats.py"


@pytest.mark.slow
def test_benchmark_runs_and_misses_no_exact_figure() -> None:
    """The benchmark prints each exact figure beside what was wanted, and none is missed."""
    command = [sys.executable, "-W", "error", str(SCRIPT), "--quick"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=SCRIPT.parents[1]
    )
    exact = done.stdout.split("hybrid over pooled")[0]
    assert exact.count("reached") == 18
    assert "MISSED" not in exact
