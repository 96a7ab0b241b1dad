"""Kill a check again and again while it replays over HTTP, and resume it each time.

    python benchmarks/kill_replay.py [KILLS]

200 kills by default, on a server that counts what it is asked. Must hold: every place of every
round has exactly one trial, none that was acknowledged is lost, and no kill makes more than
``concurrency`` calls be made again.
"""

import json
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.commands.test_check_network import fails, killed_and_resumed, written
from tests.conftest import Folder
from tests.faults import FaultServer, serving

CONCURRENCY = 8
TRIALS = 100_000


def main() -> None:
    """Print what was asked, held and repeated."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = random.Random(11)  # noqa: S311 - seeded on purpose
    server = FaultServer(answer=fails, latency_s=0.02)
    with tempfile.TemporaryDirectory() as name, serving(server):
        project = Folder(Path(name))
        written(project, server, target="0.1", concurrency=CONCURRENCY)
        more = f"max_trials: {max(1500, 60 * kills)}\n"
        project.item(target="failure_rate: 0.1", more=more)
        repeated = killed_and_resumed(project, server, kills, rng)
        trials = project.records("trial")
    places = Counter((trial["case"], trial["round"]) for trial in trials)
    distinct = len({json.dumps([b["seed"], b["messages"]]) for b in server.asked})
    print(f"{kills} kills, {len(server.asked)} calls, {len(trials)} trials")
    print(f"trials held twice: {sum(places.values()) - len(places)}")
    print(f"calls answered and not held: {distinct - len(trials)}")
    print(f"calls made again: {sum(repeated)}, {max(repeated)} after one kill, at most ", end="")
    print(f"{CONCURRENCY} allowed")
    whole = distinct == len(trials) == len(places) and max(repeated) <= CONCURRENCY
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
