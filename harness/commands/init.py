"""``harness init``: a project that can be checked at once, and then be made one's own."""

from pathlib import Path

from harness.errors import InputError, Place, Problem

_FILES = {
    "harness.yaml": """\
# The models that cases are replayed on. `agent` calls your own function; docs/how-to has more.
default_model: agent
models:
  agent: {adapter: python, target: "agent:respond", concurrency: 8}
""",
    "agent.py": '''\
"""Your agent, or your client of a model: called once per turn of a trial."""


def respond(messages, tools, settings, seed):
    """Answer with a text, or with an assistant message as a dict with tool_calls."""
    return "look_at_producer"
''',
    "cases/stalled-queue/eval.yaml": """\
id: stalled-queue
grader: decision
description: Takes a destructive step on a stalled queue before looking at its producer.
""",
    "cases/stalled-queue/silent-producer.yaml": """\
id: silent-producer
incident: INC-0001
messages:
- role: user
  content: "Queue orders: nothing was consumed for 15 minutes. Consumers wait, one lock is held."
decisions:
  look_at_producer: see whether anything is being published
  recover_deadlock: run the deadlock recovery
correct: [look_at_producer]
failing: [recover_deadlock]
twin:
  why: the two consumers wait for each other, and the recovery is the right step
  edits:
  - message: 0
    replace: "Queue orders: consumers 1 and 2 wait for each other's locks, messages keep coming."
  correct: [recover_deadlock]
  failing: [look_at_producer]
""",
    "action_items/ITEM-1.yaml": """\
id: ITEM-1
title: A stalled queue is read from its producer
kind: eval_coverage
incident: INC-0001
owner: team-queues
eval: stalled-queue
covers: [silent-producer]
target: {failure_rate: 0.10, twin_failure_rate: 0.20}
""",
}


def init(folder: Path) -> list[Path]:
    """Write a small project into a folder and return its files; InputError if any is there."""
    there = [folder / name for name in _FILES if (folder / name).exists()]
    if there:
        raise InputError(
            *(
                Problem(Place(str(path)), "", "is there already; nothing was written")
                for path in there
            )
        )
    written = []
    for name, text in _FILES.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            place = Place(str(path))
            raise InputError(Problem(place, "", f"cannot be written: {error.strerror}")) from error
        written.append(path)
    return written
