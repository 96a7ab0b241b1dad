"""A process that writes a run, for the tests that stop it: tells what was acknowledged.

Usage: child.py REPORTS RUN|new MODE TRIALS SEED. Writes ``open``, ``run ID`` and ``ack ID`` lines.
"""

import asyncio
import os
import random
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import LedgerError
from harness.ledger.committer import GroupCommitter
from harness.ledger.writer import RunWriter


def say(text):
    os.write(1, text.encode() + b"\n")


def now():
    return datetime.now(UTC)


def trials(writer, count):
    for i in range(count):
        if f"t{i}" not in writer.trials:
            filler = "x" * ((i * 7919) % 900)
            yield {"kind": "trial", "id": f"t{i}", "outcome": "pass", "reply": filler}


def groups(writer, count, rng):
    group = []
    for trial in trials(writer, count):
        group.append(trial)
        if len(group) >= rng.choice([1, 3, 8, 64]):
            yield group
            group = []
    if group:
        yield group


def write_sync(writer, count, rng):
    for group in groups(writer, count, rng):
        writer.append_group(group)
        say("\n".join(f"ack {trial['id']}" for trial in group))


async def write_async(writer, count):
    async with GroupCommitter(writer, group=16, wait_s=0.001) as committer:
        todo = trials(writer, count)

        async def work():
            for trial in todo:
                await committer.append(trial)
                say(f"ack {trial['id']}")

        await asyncio.gather(*(work() for _ in range(24)))


async def write_until_interrupted(writer):
    """Submit without waiting, so that much is pending when Ctrl-C comes."""
    async with GroupCommitter(writer, wait_s=60, group=1000) as committer:
        for trial in trials(writer, 10**9):
            committer.submit(trial)
            say(f"sent {trial['id']}")
            await asyncio.sleep(0.0005)


def main(reports, run, mode, count, seed):
    say("open")
    if run == "new":
        writer = RunWriter.create(
            reports, {"scope": "s"}, now=now, rng=random.Random(seed), harness="0"
        )
    else:
        writer = RunWriter.resume(reports, run, now=now)
    say(f"run {writer.run}")
    if mode == "hold":
        sys.stdin.read()
    elif mode == "async":
        asyncio.run(write_async(writer, count))
    elif mode == "interrupt":
        asyncio.run(write_until_interrupted(writer))
    else:
        if mode.startswith("limit="):
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(mode.removeprefix("limit=")),) * 2)
        write_sync(writer, count, random.Random(seed))
    writer.seal("complete")
    say("sealed")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    except LedgerError as error:
        say(f"error {error}")
        sys.exit(error.exit_code)
