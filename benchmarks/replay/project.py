"""The project that the benchmark replays: 200 cases that nothing decides within its calls."""

from pathlib import Path

_PROJECT = """\
default_model: mock
models:
  mock:
    adapter: openai
    model: mock
    base_url: {url}
    concurrency: {concurrency}
    prices: {{input: 1.0, output: 4.0}}
budget: {{calls: 10000000, minutes: 600}}
"""
_CASE = """\
id: c{number:03}
incident: INC-1
messages:
  - {{role: system, content: You are the operator on call for a message queue.}}
  - {{role: user, content: "The queue {number} stands still and its consumers idle."}}
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
target: {{failure_rate: {target}}}
max_trials: 10000000
"""


def write(
    folder: Path, url: str, *, cases: int = 200, concurrency: int = 64, target: float = 0.001
) -> None:
    """Write the project; 2,000 passing trials do not yet show the target of 0.001 met."""
    below = folder / "cases" / "stall"
    below.mkdir(parents=True)
    (folder / "action_items").mkdir()
    (folder / "harness.yaml").write_text(_PROJECT.format(url=url, concurrency=concurrency))
    (folder / "action_items" / "ITEM-1.yaml").write_text(_ITEM.format(target=target))
    (below / "eval.yaml").write_text("id: stall\ngrader: decision\n")
    for number in range(cases):
        (below / f"c{number:03}.yaml").write_text(_CASE.format(number=number))
