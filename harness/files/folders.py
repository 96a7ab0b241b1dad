"""The folders of a project: what lies in them, and that it lies inside."""

import os
from pathlib import Path

from harness.errors import InputError, Place, Problem

_OTHER_SPELLINGS = frozenset({".yml", ".YML", ".YAML", ".Yaml"})


def inside(root: Path, path: Path) -> Path:
    """Return a path once it is sure that no link leads out of the project's folder."""
    try:
        top, real = os.path.realpath(root), os.path.realpath(path)
    except (OSError, ValueError):
        return path
    if real != top and not real.startswith(top.rstrip(os.sep) + os.sep):
        fix = "put the file itself there"
        raise InputError(Problem(Place(str(path)), "", "leads out of the project", real, fix))
    return path


def yaml_files(folder: Path) -> tuple[list[Path], list[Problem]]:
    """Return the .yaml files of a folder in the order of their names, and what only looks alike.

    A folder that does not exist is empty. Files of any other kind, and hidden ones, are nobody's
    business; one that ends in ``.yml`` would be missed in silence, so it is a problem.
    """
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        rule = f"cannot be listed: {error.strerror}"
        return [], [Problem(Place(str(folder)), "", rule)]
    files, problems = [], []
    for path in paths:
        if path.name.startswith("."):
            continue
        if path.name.endswith(".yaml"):
            files.append(path)
        elif path.suffix in _OTHER_SPELLINGS:
            rule = "a file name ends in .yaml"
            problems.append(Problem(Place(str(path)), "", rule, path.suffix, "rename it"))
    return files, problems
