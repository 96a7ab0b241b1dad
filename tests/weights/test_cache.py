import os
from pathlib import Path

import pytest

from harness.errors import ModelError
from harness.weights import cache as files


def test_the_cache_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """HARNESS_CACHE wins over XDG_CACHE_HOME, which counts only when it is absolute."""
    monkeypatch.setenv("HOME", "/home/someone")
    chosen = {"HARNESS_CACHE": str(tmp_path / "mine"), "XDG_CACHE_HOME": "/xdg"}
    assert files.folder(chosen) == tmp_path / "mine"
    assert files.folder({"XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/postmortem-harness")
    assert files.folder({"XDG_CACHE_HOME": "xdg"}) == Path(
        "/home/someone/.cache/postmortem-harness"
    )
    assert files.folder({}) == Path("/home/someone/.cache/postmortem-harness")
    assert files.folder({"HARNESS_CACHE": "~/here"}) == Path("/home/someone/here")


def test_a_hash_is_computed_once(tmp_path: Path, cache: Path):
    """A file that has not changed is not read again."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    reads: list[tuple[int, int]] = []
    first = files.remembered_sha256(path, cache, lambda *at: reads.append(at))
    assert reads == [(7, 7)]
    assert files.remembered_sha256(path, cache, lambda *at: reads.append(at)) == first
    assert reads == [(7, 7)]


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_changed_file_is_read_again(tmp_path: Path, cache: Path, change: str):
    """Another size, time or inode ends the memory of a hash."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    before = path.stat()
    old = files.remembered_sha256(path, cache)
    if change == "size":
        path.write_bytes(b"weights and more")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "time":
        path.write_bytes(b"WEIGHTS")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        other = tmp_path / "b.gguf"
        other.write_bytes(b"WEIGHTS")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(path)
    new = files.remembered_sha256(path, cache)
    assert new == files.sha256_of(path) != old


def test_verify_trusts_no_memory(tmp_path: Path, cache: Path):
    """A file changed under an unchanged time is found by verify, and remembered as it is."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    before = path.stat()
    old = files.remembered_sha256(path, cache)
    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert files.remembered_sha256(path, cache) == old
    assert files.verify(path, cache) == files.sha256_of(path) != old
    assert files.remembered_sha256(path, cache) == files.sha256_of(path)


def test_a_file_that_changes_while_it_is_read_has_no_hash(tmp_path: Path, cache: Path):
    """A hash of something that never was one file is refused."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")

    def append(done: int, total: int) -> None:
        path.write_bytes(b"weights and more")

    with pytest.raises(ModelError) as caught:
        files.verify(path, cache, append)
    assert str(caught.value) == f"{path}: the file changed while it was read"


@pytest.mark.parametrize("damage", ["", "[]", '{"identity": 3}', '{"sha256": "x"}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, cache: Path, damage: str):
    """A memory file that makes no sense is ignored and written anew."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    digest = files.remembered_sha256(path, cache)
    (memory,) = (cache / "hashes").iterdir()
    memory.write_text(damage)
    assert files.remembered_sha256(path, cache) == digest
    assert digest in memory.read_text()


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path):
    """Without a place to remember, the hash is computed and nothing fails."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"weights")
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert files.remembered_sha256(path, blocked) == files.sha256_of(path)
