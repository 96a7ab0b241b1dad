"""The benchmark stays runnable."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bench_llama.py"


@pytest.mark.model
def test_the_benchmark_of_the_embedded_model_runs():
    """It prints a line for each size of group; its figures are for people to judge."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--quick", "smollm2-135m"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count(" x\n") == 2
    assert done.stderr == ""
