"""Files that come into being together, whatever ends the command: a kill as well.

All are written beside the project's own first, then a journal that names them, and only then each
is linked to its place. A stage with a journal and a file that is not at its place was broken off:
what it placed is taken back. A stage without a journal placed nothing, or is done.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from harness.errors import InputError, Place, Problem
from harness.files.folders import inside

PREFIX = ".harness-stage-"
_JOURNAL = "journal.json"
_FILES = "files"
_MOST_BYTES = 1 << 20


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the project's folder, so that no other command writes new files into it meanwhile."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks has one user at a time, we hope
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Stage:
    """The new files of one command, before and while they are put in their places."""

    def __init__(self, root: Path) -> None:
        """Make the stage's folder in the project's."""
        self.root = root
        self.folder = root / f"{PREFIX}{secrets.token_hex(6)}"
        self.folder.mkdir(mode=0o700)

    def fill(self, files: Mapping[Path, str]) -> None:
        """Write all files into the stage, and the journal when they are whole."""
        hashes = {}
        for path, text in files.items():
            content = text.encode()
            place = self.folder / _FILES / _below(self.root, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            _write(place, content)
            hashes[_below(self.root, path)] = hashlib.sha256(content).hexdigest()
        missing = [folder for path in files for folder in _missing(path.parent)]
        folders = [_below(self.root, folder) for folder in dict.fromkeys(missing)]
        journal = {"files": hashes, "folders": sorted(folders, key=len)}
        draft = self.folder / f"{_JOURNAL}.new"
        _write(draft, json.dumps(journal, indent=1).encode())
        draft.rename(self.folder / _JOURNAL)
        _settle(self.folder)

    def place(self, path: Path) -> None:
        """Put one file in its place, where nothing may stand."""
        path.parent.mkdir(parents=True, exist_ok=True)
        inside(self.root, path.parent)
        staged = self.folder / _FILES / _below(self.root, path)
        try:
            os.link(staged, path, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if os.path.lexists(path):
                raise FileExistsError from None
            staged.rename(path)
        _settle(path.parent)

    def clear(self) -> None:
        """Take the stage away; what it placed stays."""
        (self.folder / _JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self.folder)


def leftovers(root: Path) -> list[Problem]:
    """Return a problem for each stage that a command left when it was broken off."""
    rule = "is what a command left that was broken off while it wrote new files"
    fix = "harness import and harness new take back what is not whole, or take the folder away"
    return [Problem(Place(str(path)), "", rule, fix=fix) for path in _stages(root)]


def recover(root: Path) -> list[str]:
    """Take back what a broken-off command placed; return what was done, in words.

    To be called while the project's folder is held.
    """
    notes: list[str] = []
    for folder in _stages(root):
        files, folders = _journal(root, folder)
        if not all(_is(root / name, digest) for name, digest in files.items()):
            notes += _taken_back(root, folder, files, folders)
        with suppress(OSError):
            (folder / _JOURNAL).unlink(missing_ok=True)
            shutil.rmtree(folder)
    return notes


def _taken_back(
    root: Path, folder: Path, files: Mapping[str, str], folders: list[str]
) -> Iterator[str]:
    for name, digest in files.items():
        path, staged = root / name, folder / _FILES / name
        if not os.path.lexists(path):
            continue
        moved = not os.path.lexists(staged)
        if _is(path, digest) and (moved or staged.samefile(path)):
            path.unlink()
            yield f"{name} is taken back: the command that wrote it was broken off"
        else:
            yield f"{name} stays: the command that wrote it was broken off, and it has changed"
    for name in reversed(folders):
        with suppress(OSError):  # somebody else has put a file there
            (root / name).rmdir()


def _stages(root: Path) -> list[Path]:
    try:
        found = sorted(root.glob(f"{PREFIX}*"))
    except OSError:
        return []
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def _journal(root: Path, folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return the files with their hashes and the new folders; nothing where no journal says it.

    A journal lies in the project, and may have come with a clone of it: it names nothing outside,
    neither by its words nor through a link.
    """
    path = folder / _JOURNAL
    try:
        if not _is_file(path) or path.stat().st_size > _MOST_BYTES:
            return {}, []
        found = json.loads(path.read_bytes())
        files = {str(k): str(v) for k, v in found["files"].items() if _is_own(root, str(k))}
        return files, [str(each) for each in found["folders"] if _is_own(root, str(each))]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}, []


def _is_own(root: Path, name: str) -> bool:
    steps = PurePosixPath(name)
    if steps.is_absolute() or ".." in steps.parts or not steps.parts or "\0" in name:
        return False
    try:
        inside(root, (root / name).parent)
    except InputError:
        return False
    return True


def _is_file(path: Path) -> bool:
    """Whether a file itself stands there: no link, and nothing that reading would wait for."""
    return stat.S_ISREG(path.lstat().st_mode)


def _is(path: Path, digest: str) -> bool:
    try:
        if not _is_file(path):
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def _below(root: Path, path: Path) -> str:
    return PurePosixPath(os.path.relpath(path, root)).as_posix()


def _missing(folder: Path) -> list[Path]:
    if folder.exists():
        return []
    return [*_missing(folder.parent), folder]


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _settle(folder: Path) -> None:
    """Make a folder's entries outlive a loss of power."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
