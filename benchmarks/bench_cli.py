"""What the command line costs before it does anything: CPU seconds beside ``python -c pass``.

    python benchmarks/bench_cli.py [--quick]

Prints the median of user + system time of whole processes, and ratios. Must reach: ``--help`` at
most 12 times ``python -c pass`` and without NumPy, SciPy, pydantic or rich; ``check
--decide-only`` on a small project at most 1 s of wall time.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HEAVY = ("numpy", "scipy", "pydantic", "rich", "yaml", "jsonlines", "asyncio")

_AGENT = "def respond(messages, tools, settings, seed):\n    return 'restart'\n"
_PROJECT = """\
default_model: planted
models:
  planted: {adapter: python, target: "planted:respond", concurrency: 32}
"""
_CASE = """\
id: {name}
incident: INC-1
messages: [{{role: user, content: "the queue {name} stands still"}}]
decisions: {{restart: restart the producer, recover: run the deadlock recovery}}
correct: [restart]
failing: [recover]
"""
_ITEM = """\
id: ITEM-1
title: a stalled queue is read from the heartbeat
kind: eval_coverage
incident: INC-1
owner: team
eval: stall
target: {failure_rate: 0.05}
"""


def small_project(folder: Path) -> None:
    """Write a project with one item, one eval and six cases."""
    cases = folder / "cases" / "stall"
    cases.mkdir(parents=True)
    (folder / "action_items").mkdir()
    (folder / "harness.yaml").write_text(_PROJECT)
    (folder / "planted.py").write_text(_AGENT)
    (folder / "action_items" / "ITEM-1.yaml").write_text(_ITEM)
    (cases / "eval.yaml").write_text("id: stall\ngrader: decision\n")
    for name in "abcdef":
        (cases / f"{name}.yaml").write_text(_CASE.format(name=name))


def measured(command: Sequence[str], times: int, folder: Path) -> tuple[float, float]:
    """Return the median CPU and wall seconds of a command."""
    cpu, wall = [], []
    for _ in range(times):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        wall.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(cpu), statistics.median(wall)


def imported(folder: Path) -> list[str]:
    """Return the heavy modules that ``--help`` imports."""
    code = (
        "import sys\nfrom harness.cli import main\nsys.argv = ['harness', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return [name for name in HEAVY if f"'{name}'" in ran.stderr]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one repetition of everything")
    times = 1 if parser.parse_args().quick else 15
    harness = [sys.executable, "-m", "harness"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small_project(folder)
        subprocess.run(
            [*harness, "check", "ITEM-1"], cwd=folder, stdout=subprocess.DEVNULL, check=True
        )
        rows = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import click'": [sys.executable, "-c", "import click"],
            "harness --help": [*harness, "--help"],
            "python -c 'import scipy.special'": [sys.executable, "-c", "import scipy.special"],
            "harness check --decide-only": [*harness, "check", "ITEM-1", "--decide-only"],
        }
        base = 0.0
        print(f"{'command':36} {'CPU s':>8} {'wall s':>8} {'ratio':>7}")
        for label, command in rows.items():
            cpu, wall = measured(command, times, folder)
            base = base or cpu
            print(f"{label:36} {cpu:8.3f} {wall:8.3f} {cpu / base:7.1f}")
        print(f"--help imports of {', '.join(HEAVY)}: {', '.join(imported(folder)) or 'none'}")


if __name__ == "__main__":
    main()
