"""How fast the ledger takes trials, beside other ways to write them, and how fast it reads.

Run it on the disk that holds the reports: ``python benchmarks/bench_ledger.py [--quick]``. Each way
of writing is timed several times in turns, because a shared disk changes its mind; the best round
of each counts, and the last column is its ratio to the ledger.
"""

import argparse
import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import jsonlines

from harness.ledger.committer import GroupCommitter
from harness.ledger.reader import read_run
from harness.ledger.verify import verify
from harness.ledger.writer import RunWriter

GROUP = 64
MUST_REACH = 30_000
Trial = dict[str, object]


def trials(count: int) -> list[Trial]:
    """Return trials as ``harness check`` records them, about 400 bytes each."""
    rng = random.Random(1)  # noqa: S311 - the same trials each time
    return [
        {
            "kind": "trial",
            "id": f"{rng.getrandbits(256):064x}",
            "eval": "queue-stall",
            "case": f"producer-silent-{i % 10}",
            "variant": "base",
            "round": i // 10,
            "index": i % 10,
            "seed": rng.getrandbits(31),
            "shuffle": i % 6,
            "plan": "0123456789abcdef-0123456789abcdef",
            "fingerprint": "f" * 64,
            "outcome": rng.choice(["pass", "fail"]),
            "decision": "run_deadlock_recovery",
            "reason": "",
            "input_tokens": 812,
            "output_tokens": 4,
            "latency_s": 0.1324,
        }
        for i in range(count)
    ]


def now() -> datetime:
    """Return the time of day; runs need it for their names."""
    return datetime.now(UTC)


def new_run(folder: Path) -> RunWriter:
    """Start a run in a ledger of its own."""
    names = random.Random()  # noqa: S311 - names a run
    return RunWriter.create(folder, {}, now=now, rng=names, harness="bench")


def groups(made: Sequence[Trial]) -> list[Sequence[Trial]]:
    """Cut the trials into groups."""
    return [made[i : i + GROUP] for i in range(0, len(made), GROUP)]


def ledger(folder: Path, made: Sequence[Trial]) -> None:
    """Append groups to the ledger: one chained line and one write a trial, one sync a group."""
    with new_run(folder) as writer:
        for group in groups(made):
            writer.append_group(group)


def ledger_committer(folder: Path, made: Sequence[Trial]) -> None:
    """Submit from an event loop, the sync in a thread."""

    async def main(writer: RunWriter) -> None:
        async with GroupCommitter(writer) as committer:
            for i, trial in enumerate(made):
                committer.submit(trial)
                if i % GROUP == 0:
                    await asyncio.sleep(0)

    with new_run(folder) as writer:
        asyncio.run(main(writer))


def sync_each(folder: Path, made: Sequence[Trial]) -> None:
    """Open, write, sync and close for every trial."""
    for trial in made:
        with (folder / "each.jsonl").open("a") as file:
            file.write(json.dumps(trial) + "\n")
            file.flush()
            os.fsync(file.fileno())


def sqlite_wal(folder: Path, made: Sequence[Trial]) -> None:
    """Insert groups in transactions of SQLite, WAL and synchronous=FULL."""
    database = sqlite3.connect(folder / "trials.sqlite", isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table trials (id text primary key, record text)")
    for group in groups(made):
        database.execute("begin immediate")
        rows = [(trial["id"], json.dumps(trial)) for trial in group]
        database.executemany("insert into trials values (?, ?)", rows)
        database.execute("commit")
    database.close()


def jsonlines_writer(folder: Path, made: Sequence[Trial]) -> None:
    """Write groups with jsonlines.Writer and sync: no chain, no lock, no repair."""
    with (folder / "plain.jsonl").open("a") as file:
        writer = jsonlines.Writer(file)
        for group in groups(made):
            writer.write_all(group)
            file.flush()
            os.fsync(file.fileno())


def bare_disk(folder: Path, made: Sequence[Trial]) -> None:
    """Write ready bytes of the same length and sync: what the disk itself allows."""
    line = b"x" * (len(json.dumps(made[0])) + 80)
    fd = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for group in groups(made):
        for _ in group:
            os.write(fd, line)
        os.fsync(fd)
    os.close(fd)


WAYS: dict[str, tuple[Callable[[Path, Sequence[Trial]], None], int]] = {
    "ledger, groups of 64": (ledger, 1),
    "ledger, asyncio committer": (ledger_committer, 1),
    "bare disk: write + fsync per 64": (bare_disk, 1),
    "jsonlines.Writer + fsync per 64": (jsonlines_writer, 1),
    "SQLite WAL FULL, 64 a transaction": (sqlite_wal, 1),
    "open + write + fsync per trial": (sync_each, 20),
}
"""Name -> how, and by how much fewer trials are enough to time it."""


def rate(way: Callable[[Path, Sequence[Trial]], None], made: Sequence[Trial], root: Path) -> float:
    """Return trials a second, each acknowledged."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        start = time.perf_counter()
        way(Path(folder), made)
        return len(made) / (time.perf_counter() - start)


def compare(root: Path, count: int, rounds: int) -> float:
    """Print every way beside the ledger; return the ledger's rate."""
    made = trials(count)
    best = dict.fromkeys(WAYS, 0.0)
    for _ in range(rounds):
        for name, (way, fewer) in WAYS.items():
            best[name] = max(best[name], rate(way, made[: max(GROUP, count // fewer)], root))
    own = best["ledger, groups of 64"]
    size = len(json.dumps(made[0], separators=(",", ":")))
    print(f"writing, trials of {size} bytes        acknowledged/s   of the ledger")
    for name, each in best.items():
        print(f"  {name:<36}{each:>12,.0f}   {each / own:>9.2f} x")
    print(f"must reach {MUST_REACH:,}: {'yes' if own >= MUST_REACH else 'NO'}")
    return own


def reading(root: Path, count: int, rounds: int) -> None:
    """Print how long reading and verifying takes, beside parsing alone."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        with new_run(Path(folder)) as writer:
            writer.append_group(trials(count))
            writer.seal("complete")

        def parsed() -> None:
            with writer.path.open("rb") as file:
                list(jsonlines.Reader(file))

        ways: dict[str, Callable[[], object]] = {
            "ledger: read and verified": lambda: read_run(Path(folder), writer.run),
            "verify: totals and links too": lambda: verify(Path(folder)),
            "jsonlines.Reader, unverified": parsed,
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                best[name] = min(best[name], time.perf_counter() - start)
    own = best["ledger: read and verified"]
    print(f"reading {count:,} trials                       seconds   of the ledger")
    for name, each in best.items():
        print(f"  {name:<36}{each:>12.3f}   {each / own:>9.2f} x")


def main(arguments: Sequence[str]) -> int:
    """Time everything; 1 when the ledger is too slow."""
    parser = argparse.ArgumentParser(description="the ledger's speed beside its peers'")
    parser.add_argument("--quick", action="store_true", help="only show that everything runs")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure")
    asked = parser.parse_args(arguments)
    own = compare(asked.folder, 640 if asked.quick else 32_000, 1 if asked.quick else 5)
    reading(asked.folder, 1_000 if asked.quick else 100_000, 1 if asked.quick else 3)
    return 0 if asked.quick or own >= MUST_REACH else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
