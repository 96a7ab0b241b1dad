"""``harness import`` under kill -9: all files, or none."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.files import staging
from harness.files.evals import eval_ids, load_eval
from harness.files.project import load_project
from tests.commands.test_import import CHAT

KILLED = """
import os, signal, sys
from harness.cli.main import cli

left, below, kind = int(sys.argv[1]), sys.argv[2], sys.argv[3]
WRITES = {kind} if kind else {
    "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "shutil.rmtree"
}

def watch(event, arguments):
    global left
    if event == "open" and not kind:
        path, _, flags = arguments
        writes = isinstance(path, str) and path.startswith(below)
        writes = writes and flags & (os.O_WRONLY | os.O_RDWR)
    else:
        writes = event in WRITES
    if writes:
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(watch)
cli(sys.argv[4:], prog_name="harness")
"""
"""Dies at the nth time that anything is written, made, linked or taken away, before it is done."""


def contents(root: Path) -> dict[str, bytes]:
    """Return every file of the project, and every folder."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b""
        for path in root.rglob("*")
        if "__pycache__" not in path.parts
    }


def killed_at(project: Any, writes: int, below: Path, *arguments: str, kind: str = "") -> int:
    """Run a command that dies at a write, or at one of a kind, and return how it ended."""
    environ = {**os.environ, "XDG_STATE_HOME": str(below / "state"), "PYTHONDONTWRITEBYTECODE": "1"}
    environ.pop("HARNESS_ANON_KEY", None)
    command = [sys.executable, "-c", KILLED, str(writes), str(below), kind, *arguments]
    done = subprocess.run(command, cwd=project.root, env=environ, capture_output=True, check=False)
    return done.returncode


@pytest.mark.slow
def test_a_kill_at_any_write_leaves_all_files_or_none(
    project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whenever it dies, what was there still loads, and the same command then does it all."""
    trace = tmp_path / "recorded.json"
    trace.write_text(json.dumps(CHAT))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("HARNESS_ANON_KEY", raising=False)
    command = ("import", str(trace), "--incident", "INC-9", "--eval", "stall-9")
    before = contents(project.root)
    made = {"traces/INC-9.json", "cases/stall-9/eval.yaml", "cases/stall-9/inc-9.yaml"}
    ended, writes = -signal.SIGKILL, 0
    visible = []
    while ended == -signal.SIGKILL:
        ended = killed_at(project, writes, tmp_path, *command)
        after = contents(project.root)
        loaded = load_project(project.root)
        for name in eval_ids(loaded):
            load_eval(loaded, name)  # what was killed half-way keeps no eval from loading
        visible.append("stall-9" in eval_ids(loaded))
        assert not visible[-1] or made <= set(after)
        if ended != 0:
            again = project.run(*command)
            complete = again.code == 2 and "exists already" in again.err
            assert again.code == 0 or complete, again.err
            assert not staging.leftovers(project.root) or complete
        found = contents(project.root)
        assert made <= set(found)
        assert {name: found[name] for name in before} == before
        new = set(found) - set(before) - made
        assert new <= {"traces", "cases/stall-9"}
        for name in made:
            (project.root / name).unlink()
        (project.root / "traces").rmdir()
        (project.root / "cases/stall-9").rmdir()
        writes += 1
    assert ended == 0
    assert writes > 15
    assert visible[0] is False
    assert visible[-1] is True


@pytest.fixture
def broken_off(project: Any, tmp_path: Path) -> Any:
    """Return a project in which an import died between two of its files."""
    trace = tmp_path / "recorded.json"
    trace.write_text(json.dumps(CHAT))
    command = ("import", str(trace), "--incident", "INC-9", "--eval", "stall-9")
    third = 3  # the first link is the key's
    assert killed_at(project, third, tmp_path, *command, kind="os.link") == -signal.SIGKILL
    placed = {p.name for p in project.root.rglob("*9*") if not p.parent.name.startswith(".")}
    assert {"INC-9.json", "inc-9.yaml"} <= placed
    assert not (project.root / "cases/stall-9/eval.yaml").exists()
    return project


def test_lint_tells_of_what_was_broken_off(broken_off: Any):
    """Nobody wonders what the folder is, and lint changes nothing."""
    before = contents(broken_off.root)
    ran = broken_off.run("lint")
    assert ran.code == 2
    assert "is what a command left that was broken off while it wrote new files" in ran.out
    assert contents(broken_off.root) == before


def test_a_dry_run_does_not_tidy_up(broken_off: Any, tmp_path: Path):
    """It writes nothing, and takes nothing away either: it says what stands in its way."""
    before = contents(broken_off.root)
    ran = broken_off.run("import", str(tmp_path / "recorded.json"), "--incident", "INC-9",
                         "--eval", "stall-9", "--dry-run")  # fmt: skip
    assert ran.code == 2
    assert "broken off" in ran.err
    assert contents(broken_off.root) == before


def test_what_somebody_has_changed_stays(broken_off: Any, tmp_path: Path):
    """Taking back is for what the command itself wrote."""
    (broken_off.root / "traces/INC-9.json").write_text("mine now")
    ran = broken_off.run("new", "item", "ITEM-7", "--incident", "INC-1", "--kind", "eval_coverage",
                         "--eval", "stall")  # fmt: skip
    assert ran.code == 0, ran.err
    assert (broken_off.root / "traces/INC-9.json").read_text() == "mine now"
    assert not (broken_off.root / "cases/stall-9").exists()


def test_a_journal_names_nothing_outside_of_the_project(project: Any, tmp_path: Path):
    """A project that was cloned may hold a stage that somebody made up."""
    outside = tmp_path / "outside.txt"
    outside.write_text("kept")
    folder = project.root / f"{staging.PREFIX}made-up"
    folder.mkdir()
    digest = "b2ec7d6bb8a8e2a8c1e4ae4b2e44cbd2cd33c33ab7f9c8e4d1a7a67d6e3d1cf2"
    names = {f"../{outside.name}": digest, str(outside): digest, "absent": digest}
    (folder / "journal.json").write_text(json.dumps({"files": names, "folders": ["..", "cases"]}))
    with staging.alone(project.root):
        staging.recover(project.root)
    assert outside.read_text() == "kept"
    assert (project.root / "cases/stall/eval.yaml").exists()
    assert not folder.exists()
