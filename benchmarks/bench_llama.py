"""What a trial costs on the embedded model, in CPU seconds, by how many share a prefill.

Run it as ``python benchmarks/bench_llama.py [--quick] [MODEL]``; without its weights it fetches
them. The conversation is a small case with four decisions, listed last. Each figure is the least
of several; the last column compares with one trial at a time on a conversation never seen before.
"""

import argparse
import asyncio
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from harness.adapters.llama import SPEC, LlamaModel
from harness.domain.project import ModelConfig
from harness.domain.transcript import Conversation, Message, ToolCall
from harness.ports.model import AdapterContext

DECISIONS = {
    "page_human": "hand over to the person on call",
    "restart": "restart all consumers",
    "recovery": "run the deadlock recovery: consumers wait and a lock is held",
    "check_producer": "see whether anything is being published",
}
PAYLOAD = {"consumers": 4, "consumer_state": "waiting", "locks_held": 1, "consumed_15m": 0}


def conversation(turn: int, mark: int = 0) -> Conversation:
    """Return the case with its decisions turned; another mark makes it another case."""
    names = [*DECISIONS]
    order = names[turn % 4 :] + names[: turn % 4]
    listed = "\n".join(f"- {name}: {DECISIONS[name]}" for name in order)
    return Conversation(
        (
            Message(role="system", content=f"You are operations agent {mark}. Pick one action."),
            Message(role="user", content="ALERT queue orders: nothing consumed for 15 minutes."),
            Message(
                role="assistant",
                tool_calls=(ToolCall(name="queue_diagnostics", arguments={"queue": "orders"}),),
            ),
            Message(role="tool", name="queue_diagnostics", content=PAYLOAD),
            Message(role="user", content=f"What is your next action? One of these:\n{listed}"),
        ),
        choices=tuple(order),
    )


async def cpu_s(times: int, run: Callable[[], Awaitable[object]]) -> float:
    """Return the least CPU time of a request, all threads together."""
    took = []
    for _ in range(times):
        started = time.process_time()
        await run()
        took.append(time.process_time() - started)
    return min(took)


async def measure(model: LlamaModel, groups: list[int], times: int) -> None:
    """Print a line for each size of group."""
    marks, turns, seeds = itertools.count(1), itertools.count(), itertools.count(0, 1000)

    async def ask(mark: int, turn: int, group: int) -> None:
        first = next(seeds)
        await model.respond_many(conversation(turn, mark), {}, range(first, first + group))

    await ask(0, 0, 1)
    head = ("group", "same prompt", "other order", "new case", "new case, ratio to 1")
    print("  ".join(f"{title:>12}" for title in head), "  (CPU ms a trial)")
    alone = 0.0
    for group in groups:
        new = await cpu_s(times, lambda: ask(next(marks), 0, group)) / group  # noqa: B023
        other = await cpu_s(times, lambda: ask(0, next(turns), group)) / group  # noqa: B023
        same = await cpu_s(times, lambda: ask(0, 0, group)) / group  # noqa: B023
        alone = alone or new
        cells = (f"{1e3 * figure:12.1f}" for figure in (same, other, new))
        print(f"{group:12}", *cells, f"{new / alone:18.3f} x", sep="  ", flush=True)
    started = time.process_time()
    await model.exact_choice_probabilities(conversation(1), {})
    print(f"exact probabilities of one order: {1e3 * (time.process_time() - started):.0f} CPU ms")
    await model.aclose()


def main() -> None:
    """Measure one model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", nargs="?", default="qwen2.5-coder-0.5b")
    parser.add_argument("--quick", action="store_true", help="few groups, each measured once")
    options = parser.parse_args()
    context = AdapterContext(Path.cwd(), os.environ, lambda line: print(line, file=sys.stderr))
    model = SPEC.build(ModelConfig(adapter="llama", model=options.model), context)
    if not isinstance(model, LlamaModel):
        raise TypeError
    groups = [1, 8] if options.quick else [1, 4, 8, 16, 32, 64]
    print(f"{options.model}: {model.fingerprint_parts()['weights_file']}")
    asyncio.run(measure(model, groups, 1 if options.quick else 4))


if __name__ == "__main__":
    main()
