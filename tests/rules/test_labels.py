"""Labels of judges, as lint reads them."""

import json
from typing import Any

import pytest

from harness.domain.lint import Example

EVAL = "cases/queue-stall/eval.yaml"
FILE = "cases/queue-stall/labels.jsonl"


def graded(model: str = "local", calibration: str = "labels.jsonl") -> Example:
    """Return the sound eval, graded by a model."""
    options = {"model": model, "rubric": "Fails when it recovers.", "calibration": calibration}
    return Example(EVAL, f"grader: {json.dumps({'name': 'judge', 'options': options})}\n")


def labels(*outcomes: str, case: str = "producer-silent") -> Example:
    """Return a file with so many labels, no two alike."""
    lines = []
    for number, outcome in enumerate(outcomes):
        said = [{"role": "assistant", "content": f"answer {number}"}]
        lines.append(json.dumps({"case": case, "transcript": said, "outcome": outcome}))
    return Example(FILE, "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        (["fail"] * 30, None),
        (["fail"] * 29 + ["pass"] * 40, "29"),
        (["pass"] * 40, "0"),
    ],
)
def test_thirty_labelled_failures_are_enough(fired: Any, outcomes: list[str], told: str | None):
    """Only failures count, for only they show what the judge misses."""
    message = f"{told} labelled failures in labels.jsonl, fewer than the 30 that a decision takes"
    expected = [] if told is None else [("PM016", message)]
    assert fired(graded(), labels(*outcomes)) == expected


def test_a_judge_without_a_file_of_labels_is_told(fired: Any):
    """The file may be written later; until then nothing closes."""
    ((rule, message),) = fired(graded())
    assert rule == "PM016"
    assert message.startswith("0 labelled failures in labels.jsonl")


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ([graded(), Example(FILE, "{\n")], "is not readable as JSON"),
        ([graded(), labels("fail", case="producer-silnt")], "has no such case, got producer-silnt"),
        ([graded(), labels("fail", "maybe")], 'outcome: must be one of pass, fail, got "maybe"'),
        ([graded(model="locl"), labels(*["fail"] * 30)], "no such model in harness.yaml, got locl"),
        ([graded(calibration="../../../etc/passwd")], "must lie inside the project"),
    ],
)
def test_labels_that_cannot_be_read_are_errors(fired: Any, examples: list[Example], words: str):
    """What a check would refuse, lint refuses before it, and says nothing else of the file."""
    found = fired(*examples)
    assert [rule for rule, _ in found] == ["PM000"]
    assert words in found[0][1]
