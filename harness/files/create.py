"""Writing files that are not there yet: nothing that stands is ever written over."""

import os
from pathlib import Path

from harness.errors import InputError, Place, Problem
from harness.files.folders import inside
from harness.files.staging import Stage, alone, recover


def create(root: Path, files: dict[Path, str]) -> list[Path]:
    """Write new files below the project's folder, all of them or none; return their paths.

    Raises InputError where a file exists already, also as a link to nothing, where a link leads out
    of the project, or where the system refuses. Whatever ends it early, an interrupt as well, the
    files and folders that it made are taken away again; after a kill the next call does that.
    """
    place = root
    try:
        with alone(root):
            recover(root)
            _check(root, files)
            stage = Stage(root)
            try:
                stage.fill(files)
                for place in files:
                    stage.place(place)
            except BaseException:
                recover(root)
                raise
            stage.clear()
    except OSError as error:
        raise InputError(_refused(place, error)) from None
    return list(files)


def _check(root: Path, files: dict[Path, str]) -> None:
    problems = [_standing(path) for path in files if os.path.lexists(path)]
    if problems:
        raise InputError(*problems)
    for path in files:
        inside(root, path.parent)
        for folder in path.parents:
            if os.path.lexists(folder):
                if not folder.is_dir():
                    raise InputError(_no_folder(folder))
                break


def _standing(path: Path) -> Problem:
    return Problem(Place(str(path)), "", "exists already", fix="edit it, or choose another name")


def _no_folder(path: Path) -> Problem:
    return Problem(Place(str(path)), "", "is no folder", fix="move it away")


def _refused(path: Path, error: OSError) -> Problem:
    if isinstance(error, FileExistsError):
        return _standing(path)
    return Problem(Place(str(path)), "", f"cannot be written: {error.strerror}")
