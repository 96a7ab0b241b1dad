"""Replay over HTTP beside a bare aiohttp loop and other evaluation tools, on one mock server.

    python benchmarks/bench_replay.py [--quick] [--peers PYTHON] [--promptfoo PROGRAM] [--long N]

2,000 calls (200 cases x 10 trials), 64 at once, ledger and verdicts on; whole processes: CPU
seconds (user + system), wall seconds, peak memory. ``--peers`` is the interpreter of an
environment with httpx, openai, pydantic-evals, inspect-ai and deepeval; ``--promptfoo`` its
program. What is missing is named. ``--long`` adds a check of so many trials for the memory.

Must reach: at latency 0 CPU at most 2.0 x bare aiohttp, 1/5 of pydantic-evals, 1/10 of promptfoo,
1/30 of Inspect; at 50 ms wall at most 1.2 x bare aiohttp; at most 90 MB; a check of one call at
most 0.8 CPU seconds; memory growth below 20 % from 2,000 to 100,000 trials.
"""

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent / "replay"
sys.path.insert(0, str(HERE))
PEERS = ("http.client threads", "httpx", "openai SDK", "pydantic-evals", "deepeval", "Inspect")
MISSING = 9
_OK = (0, 1, 3)


class Took(NamedTuple):
    """What a process took."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    code: int


def measured(command: Sequence[str], folder: Path, **environ: str) -> Took:
    """Run a process and return what it took, its children included."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("wb"),
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    scale = 2**20 if sys.platform == "darwin" else 2**10
    cpu = usage.ru_utime + usage.ru_stime
    return Took(cpu, wall, usage.ru_maxrss / scale, process.returncode)


@contextmanager
def serving(latency_s: float) -> Iterator[str]:
    """Start the mock server and yield its address."""
    server = subprocess.Popen(
        [sys.executable, str(HERE / "mock_server.py"), str(latency_s)], stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None  # noqa: S101
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
    finally:
        server.kill()
        server.wait()


def ours(url: str, calls: int, cases: int = 200, target: float = 0.001) -> Took:
    """Return what a whole ``harness check`` takes, on a project of its own."""
    import project  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project.write(folder, url, cases=cases, target=target)
        command = [sys.executable, "-m", "harness", "check", "ITEM-1", "--calls", str(calls)]
        return measured(command, folder)


def show(label: str, took: Took, bare: Took | None) -> None:
    """Print a row."""
    ratio = f"{took.cpu_s / bare.cpu_s:8.2f} {took.wall_s / bare.wall_s:8.2f}" if bare else ""
    note = "" if took.code in _OK else f"  ended with code {took.code}"
    if took.code == MISSING:
        print(f"{label:22}  not installed in that environment")
    else:
        print(
            f"{label:22} {took.cpu_s:8.2f} {took.wall_s:8.2f} {took.peak_mb:8.1f} {ratio}{note}",
            flush=True,
        )


def table(latency_s: float, calls: int, options: argparse.Namespace) -> None:
    """Print what everybody takes at one latency."""
    print(f"\n{calls} calls, 64 at once, {latency_s * 1000:g} ms")
    print(f"{'':22} {'CPU s':>8} {'wall s':>8} {'MB':>8} {'CPU x':>8} {'wall x':>8}")
    with serving(latency_s) as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, str(HERE / "bare_aiohttp.py"), url, str(calls)]
        bare = min(measured(command, folder) for _ in range(options.times))
        show("bare aiohttp", bare, bare)
        show("harness check", min(ours(url, calls) for _ in range(options.times)), bare)
        for peer in PEERS:
            python = options.peers or sys.executable
            command = [python, str(HERE / "peers.py"), peer, url, str(calls)]
            show(peer, measured(command, folder), bare)
        if options.promptfoo is None:
            print("promptfoo               no program given")
            return
        peers = [sys.executable, str(HERE / "peers.py"), "promptfoo", url, str(calls)]
        measured(peers, folder)
        command = [options.promptfoo, "eval", "--no-cache", "--no-progress-bar", "--no-write"]
        quiet = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1"}
        took = measured(command, folder, PROMPTFOO_CONFIG_DIR=name, **quiet)
        show("promptfoo", took, bare)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="200 calls, no peers' environment")
    parser.add_argument("--peers", help="the interpreter with the others' libraries")
    parser.add_argument("--promptfoo", help="the program")
    parser.add_argument("--long", type=int, default=0, help="trials of a long check, for memory")
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    # What is installed was compiled then; a checkout may not be, as the peers are.
    compileall.compile_dir(Path(__file__).parent.parent / "harness", quiet=1)
    calls = 200 if options.quick else 2000
    options.times = 1 if options.quick else options.times
    table(0.0, calls, options)
    table(0.05, calls, options)
    print("\nwhole checks")
    with serving(0.0) as url:
        show("one call, one case", min(ours(url, 1, 1) for _ in range(options.times)), None)
        short = ours(url, calls)
        show(f"{calls} trials", short, None)
        if options.long:
            # A target that so many passing trials do not show met, or the check would end before.
            long = ours(url, options.long, target=0.1 / options.long)
            show(f"{options.long} trials", long, None)
            print(f"memory growth {long.peak_mb / short.peak_mb - 1:.1%}")


if __name__ == "__main__":
    main()
