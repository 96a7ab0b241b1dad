"""What a broken-off command left is taken back, and nothing that somebody else put there."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from harness.files.staging import PREFIX, leftovers, recover

CONTENT = b"export PATH\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def stage(root: Path, files: dict[str, str], folders: tuple[str, ...] = ()) -> Path:
    """Write a stage as a clone of a project might bring it."""
    folder = root / f"{PREFIX}0123456789ab"
    folder.mkdir()
    journal = {"files": files, "folders": list(folders)}
    (folder / "journal.json").write_text(json.dumps(journal))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of a project, beside which somebody's own files lie."""
    home = tmp_path / "home"
    (home / "empty").mkdir(parents=True)
    (home / "profile").write_bytes(CONTENT)
    made = tmp_path / "project"
    made.mkdir()
    return made


def test_what_was_placed_is_taken_back(root: Path) -> None:
    """Where one of two files is missing, the other one goes, with the folder made for it."""
    (root / "cases").mkdir()
    (root / "cases" / "a.yaml").write_bytes(CONTENT)
    folder = stage(root, {"cases/a.yaml": DIGEST, "cases/b.yaml": DIGEST}, ("cases",))
    assert len(leftovers(root)) == 1
    assert recover(root) == ["cases/a.yaml is taken back: the command that wrote it was broken off"]
    assert list(root.iterdir()) == []
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../home/profile", "link/profile", "/home/profile", "a\0b"])
def test_a_journal_reaches_nothing_outside(root: Path, name: str) -> None:
    """Neither by its words nor through a link that came with it, though it knows the content."""
    (root / "link").symlink_to(root.parent / "home")
    stage(root, {name: DIGEST, "missing": DIGEST}, ("link/empty", "../home/empty"))
    assert recover(root) == []
    assert (root.parent / "home" / "profile").read_bytes() == CONTENT
    assert (root.parent / "home" / "empty").is_dir()


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    """Neither as a file that a journal names nor as the journal itself: reading would never end."""
    os.mkfifo(root / "pipe")
    folder = stage(root, {"pipe": DIGEST})
    assert recover(root) == [
        "pipe stays: the command that wrote it was broken off, and it has changed"
    ]
    assert not folder.exists()
    folder = stage(root, {})
    (folder / "journal.json").unlink()
    os.mkfifo(folder / "journal.json")
    assert recover(root) == []
