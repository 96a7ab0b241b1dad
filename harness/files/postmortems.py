"""Postmortems: Markdown files whose front matter is a record."""

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.domain.postmortem import Postmortem
from harness.errors import InputError, Place, Problem
from harness.files.folders import inside
from harness.files.front_matter import split
from harness.files.records import Loaded, load_bytes
from harness.files.source import read_bytes
from harness.files.traces import trace_path

FOLDER = "postmortems"
PREFIX = "INC-"
_SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class LoadedPostmortem:
    """A postmortem: its front matter, and the text below it."""

    file: Loaded[Postmortem]
    """The front matter, with places in the Markdown file."""
    body: str
    """The text below it."""
    body_line: int
    """The line in which the text begins."""

    @property
    def value(self) -> Postmortem:
        """What the front matter says."""
        return self.file.value


def postmortem_files(root: Path) -> tuple[list[Path], list[Problem]]:
    """Return a project's postmortems in the order of their names, and what only looks alike."""
    folder = root / FOLDER
    try:
        paths = sorted(inside(root, folder).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    except OSError as error:
        return [], [Problem(Place(str(folder)), "", f"cannot be listed: {error.strerror}")]
    files, problems = [], []
    for path in paths:
        if path.name.startswith(PREFIX) and path.suffix == _SUFFIX:
            files.append(path)
        elif path.name.upper().startswith(PREFIX) and path.suffix.lower() in {_SUFFIX, ".markdown"}:
            rule = f"a postmortem's file name begins with {PREFIX} and ends in {_SUFFIX}"
            problems.append(Problem(Place(str(path)), "", rule, path.name, "rename it"))
    return files, problems


def load_postmortem(root: Path, path: Path) -> LoadedPostmortem:
    """Return a postmortem; raise InputError with all that is wrong in its front matter."""
    content = read_bytes(inside(root, path))
    parts = split(content, path)
    loaded = load_bytes(parts.yaml, path, Postmortem)
    loaded = dataclasses.replace(loaded, sha256=hashlib.sha256(content).hexdigest())
    problems = list(_problems(root, loaded))
    if problems:
        raise InputError(*problems)
    return LoadedPostmortem(loaded, parts.body, parts.body_line)


def _problems(root: Path, loaded: Loaded[Postmortem]) -> Iterator[Problem]:
    """Yield what is wrong beyond the shape of the keys: its name, and where it points."""
    value, stem = loaded.value, loaded.path.stem
    if value.id != stem:
        fix = f"write {stem}, or rename the file to {value.id}{_SUFFIX}"
        yield loaded.problem(("id",), "is not the file's name", value.id, fix)
    inferences = value.agent.inferences if value.agent is not None else ()
    for index, inference in enumerate(inferences):
        if inference.trace is None:
            continue
        path = ("agent", "inferences", index, "trace", "file")
        try:
            trace_path(
                root,
                inference.trace.file,
                loaded.place(*path),
                f"agent.inferences[{index}].trace.file",
            )
        except InputError as error:
            yield from (p for p in error.problems if isinstance(p, Problem))
    for index, name in enumerate(value.action_items):
        if name in value.action_items[:index]:
            path_ = ("action_items", index)
            yield loaded.problem(path_, "is named twice", name, "keep one of the two")


def trace_files(root: Path, value: Postmortem) -> dict[str, Path]:
    """Return the traces that a postmortem refers to, as it writes them; they may not exist."""
    inferences = value.agent.inferences if value.agent is not None else ()
    return {
        inference.trace.file: root / inference.trace.file
        for inference in inferences
        if inference.trace is not None
    }


def exists(path: Path) -> bool:
    """Whether something stands at a path, be it a link to nothing."""
    return os.path.lexists(path)
