import os
import tempfile
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.files.folders import inside, yaml_files

NOBODY = 65534


def test_a_path_stays_in_the_project_through_links_within_it(tmp_path: Path) -> None:
    """A link from one folder of the project to another is the user's own affair."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    assert inside(tmp_path, tmp_path / "b" / "f.yaml") == tmp_path / "b" / "f.yaml"
    assert inside(tmp_path, tmp_path) == tmp_path
    (tmp_path / "root").symlink_to(tmp_path)
    assert inside(tmp_path / "root", tmp_path / "a") == tmp_path / "a"


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x"])
def test_a_path_does_not_leave_the_project(tmp_path: Path, path: str) -> None:
    """Neither steps upwards nor a neighbour with a longer name count as inside."""
    root = tmp_path / "project"
    root.mkdir()
    with pytest.raises(InputError):
        inside(root, root / path)
    with pytest.raises(InputError):
        inside(root, tmp_path / "project-2")


def test_a_name_with_nul_is_left_to_the_reader(tmp_path: Path) -> None:
    """What no file can be called is told by the reader, not by a traceback here."""
    assert inside(tmp_path, tmp_path / "a\0b") == tmp_path / "a\0b"


def test_a_missing_folder_is_empty(tmp_path: Path) -> None:
    """A project without action items is a project."""
    assert yaml_files(tmp_path / "none") == ([], [])
    (tmp_path / "file").touch()
    assert yaml_files(tmp_path / "file") == ([], [])


def test_a_folder_that_can_not_be_listed_is_told() -> None:
    """A folder without the right to read is not an empty folder."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        closed = Path(folder, "closed")
        closed.mkdir(mode=0o000)
        try:
            if user == 0:
                os.seteuid(NOBODY)
            files, problems = yaml_files(closed)
        finally:
            os.seteuid(user)
        assert files == []
        assert [str(problem) for problem in problems] == [
            f"{closed}: cannot be listed: Permission denied"
        ]
