from pathlib import Path

import pytest

from harness.errors import InputError
from harness.files.create import create


def refused(root: Path, files: dict[Path, str]) -> str:
    """Return the error of writing files."""
    with pytest.raises(InputError) as caught:
        create(root, files)
    return str(caught.value)


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    """A new file needs nothing that stands."""
    path = tmp_path / "a/b/c.txt"
    assert create(tmp_path, {path: "ä\n"}) == [path]
    assert path.read_bytes() == "ä\n".encode()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """What stands stays, and of several files none is written then."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("kept")
    assert refused(tmp_path, {new: "x", old: "x"}) == (
        f"{old}: exists already, edit it, or choose another name"
    )
    assert old.read_text() == "kept"
    assert not new.exists()


def test_a_link_to_nothing_stands_too(tmp_path: Path) -> None:
    """Writing through a link would create what the link names."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert "exists already" in refused(tmp_path, {link: "x"})
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
    """Nothing is written outside the project."""
    root, outside = tmp_path / "project", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "postmortems").symlink_to(outside)
    assert "leads out of the project" in refused(root, {root / "postmortems/INC-1.md": "x"})
    assert list(outside.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    """The system's refusal becomes one line."""
    (tmp_path / "a").write_text("")
    assert (
        refused(tmp_path, {tmp_path / "a/b": "x"})
        == f"{tmp_path / 'a'}: is no folder, move it away"
    )
