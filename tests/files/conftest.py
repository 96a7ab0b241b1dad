"""A project on disk that a test writes as it needs it."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

CASE = """
id: {id}
incident: INC-1
messages:
  - {{role: system, content: You are on call.}}
  - {{role: tool, content: {{queue: 5, consumers: 0}}}}
decisions: {{restart: restart it, wait: wait}}
correct: [restart]
failing: [wait]
"""
ITEM = """
id: {id}
title: The stall is read from the heartbeat
kind: eval_coverage
incident: INC-1
owner: team-ingest
eval: stall
target: {{failure_rate: 0.05}}
"""
FILES = {
    "harness.yaml": "default_model: local\nmodels:\n  local: {adapter: scripted}\n",
    "action_items/ITEM-1.yaml": ITEM.format(id="ITEM-1"),
    "cases/stall/eval.yaml": "id: stall\ngrader: decision\n",
    "cases/stall/silent.yaml": CASE.format(id="silent"),
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a file below the test's folder, and returns its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
        path.write_bytes(data.lstrip(b"\n") if isinstance(content, str) else data)
        return path

    return write


@pytest.fixture
def project_folder(write: Callable[..., Path], tmp_path: Path) -> Path:
    """Return the folder of a small project in which everything is right."""
    for name, content in FILES.items():
        write(name, content)
    return tmp_path


@pytest.fixture
def case_text() -> Callable[..., str]:
    """Return a function that makes the text of a case: its name, and lines to add."""

    def make(name: str = "silent", more: str = "", **changes: str) -> str:
        lines = CASE.format(id=name).strip().splitlines()
        kept, key = [], ""
        for line in lines:
            key = key if line.startswith(" ") else line.partition(":")[0]
            kept += [line] if key not in changes else []
        kept += [f"{changed}: {value}" for changed, value in changes.items() if value]
        return "\n".join([*kept, textwrap.dedent(more).strip()]) + "\n"

    return make


@pytest.fixture
def item_text() -> Callable[..., str]:
    """Return a function that makes the text of an action item: its name, and keys to change."""

    def make(name: str = "ITEM-1", **changes: str) -> str:
        lines = ITEM.format(id=name).strip().splitlines()
        kept = [line for line in lines if line.split(":")[0] not in changes]
        return "\n".join([*kept, *(f"{key}: {value}" for key, value in changes.items())]) + "\n"

    return make
