"""The few things done to the disk: whole writes, syncs, atomic files, and errors with a path."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import LedgerError, Place, Problem

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def disk_errors(path: Path, doing: str, safe: str = "") -> Iterator[None]:
    """Turn an OSError inside into a LedgerError that names the path and what remains safe."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path, doing, safe) from error


def disk_error(error: OSError, path: Path, doing: str, safe: str = "") -> LedgerError:
    """Say what could not be done to the path and why, what remains safe, and what to do."""
    reason = error.strerror or type(error).__name__
    fix = "free some space and run the same command again" if error.errno in _FULL else ""
    rule = f"cannot {doing}: {reason}" + (f"; {safe}" if safe else "")
    return LedgerError(Problem(Place(str(path)), "", rule, fix=fix))


def write_whole(fd: int, data: bytes) -> None:
    """Write all bytes: one call, and further ones only where the system took fewer."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def sync(fd: int) -> None:
    """Return once the file's bytes are on the disk, past the drive's own cache on macOS."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        with suppress(OSError):
            fcntl.fcntl(fd, full)
            return
    os.fsync(fd)


def sync_folder(folder: Path) -> None:
    """Return once the names in the folder are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """Make the folder and its parents, and put their names on the disk."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all; on return it is on the disk."""
    make_folder(path.parent)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            write_whole(fd, data)
            sync(fd)
        finally:
            os.close(fd)
        fresh.rename(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
