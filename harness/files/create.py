"""Writing a file that is not there yet: nothing that stands is ever written over."""

import os
from pathlib import Path

from harness.errors import InputError, Place, Problem
from harness.files.folders import inside


def create(root: Path, files: dict[Path, str]) -> list[Path]:
    """Write new files below the project's folder, all of them or none; return their paths.

    Raises InputError where a file exists already, also as a link to nothing, where a link leads out
    of the project, or where the system refuses.
    """
    problems = [_standing(path) for path in files if os.path.lexists(path)]
    if problems:
        raise InputError(*problems)
    written: list[Path] = []
    try:
        for path, text in files.items():
            inside(root, path.parent)
            path.parent.mkdir(parents=True, exist_ok=True)
            inside(root, path.parent)
            with path.open("x", encoding="utf-8") as stream:
                written.append(path)
                stream.write(text)
    except (OSError, InputError) as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, InputError):
            raise
        raise InputError(_refused(path, error)) from None
    return written


def _standing(path: Path) -> Problem:
    return Problem(Place(str(path)), "", "exists already", fix="edit it, or choose another name")


def _refused(path: Path, error: OSError) -> Problem:
    if isinstance(error, FileExistsError) and not path.parent.is_dir():
        return Problem(Place(str(path.parent)), "", "is no folder", fix="move it away")
    if isinstance(error, FileExistsError):
        return _standing(path)
    return Problem(Place(str(path)), "", f"cannot be written: {error.strerror}")
