"""The folder in which weights lie, and the hashes that are known of the files in it."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import ModelError

_CHUNK = 1 << 20

Progress = Callable[[int, int], None]
"""Is told (bytes done, bytes in all), both >= 0, now and then and at the end."""


def silent(done: int, total: int) -> None:
    """Tell nobody."""


def folder(environ: Mapping[str, str]) -> Path:
    """Return HARNESS_CACHE, or ``postmortem-harness`` below the user's cache folder."""
    if chosen := environ.get("HARNESS_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification: a relative path is to be ignored.
    parent = base if base.is_absolute() else Path("~/.cache").expanduser()
    return parent / "postmortem-harness"


def sha256_of(path: Path, progress: Progress = silent) -> str:
    """Return the SHA-256 of a file as 64 hex digits, reading all of it."""
    hashed = hashlib.sha256()
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hashed.update(chunk)
            done += len(chunk)
            progress(done, total)
    return hashed.hexdigest()


def remembered_sha256(path: Path, cache: Path, progress: Progress = silent) -> str:
    """Return the SHA-256 of a file, from memory while its size, time and inode are the same.

    Reading half a gigabyte before every check would cost more than many a check. Whoever changes
    a file and sets its time back is not caught here: ``verify`` reads it all.
    """
    path = path.resolve()
    memory = _memory(path, cache)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["identity"] == _identity(path):
            return str(known["sha256"])
    return verify(path, cache, progress)


def verify(path: Path, cache: Path, progress: Progress = silent) -> str:
    """Read all of a file, remember its SHA-256 and return it."""
    path = path.resolve()
    identity = _identity(path)
    digest = sha256_of(path, progress)
    if _identity(path) != identity:
        raise ModelError(f"{path}: the file changed while it was read")
    remember(path, digest, cache)
    return digest


def remember(path: Path, digest: str, cache: Path) -> None:
    """Note the SHA-256 of a file as it is now; a cache that cannot be written is no error."""
    path = path.resolve()
    memory = _memory(path, cache)
    entry = {"path": str(path), "identity": _identity(path), "sha256": digest}
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        draft = memory.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(entry) + "\n", encoding="utf-8")
        draft.replace(memory)


def _identity(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino]


def _memory(path: Path, cache: Path) -> Path:
    return cache / "hashes" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.json"
