import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.files.source import MAX_BYTES, decode, read_bytes

NOBODY = 65534
SHORT = "p.yaml"
"""What the tests call a file, so that messages can be written out whole."""


def message(raised: pytest.ExceptionInfo[InputError], path: Path) -> str:
    """Return the text of an error, with the file called by its short name."""
    return str(raised.value).replace(str(path), SHORT)


def refusal(path: Path) -> str:
    """Return why a file is refused, within a second."""
    started = time.process_time()
    with pytest.raises(InputError) as raised:
        read_bytes(path)
    assert time.process_time() - started < 1
    assert raised.value.exit_code == 2
    return message(raised, path)


def test_a_file_is_returned_byte_for_byte(tmp_path: Path) -> None:
    """Nothing is changed on the way from the disk to the hash."""
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbf\r\n\x00")
    assert read_bytes(tmp_path / "f") == b"\xef\xbb\xbf\r\n\x00"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is told apart from one that can't be read."""
    assert refusal(tmp_path / "f") == "p.yaml: does not exist"
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "below") == "p.yaml: does not exist"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder in place of a file is an input error, never a traceback."""
    assert refusal(tmp_path) == "p.yaml: is a folder, name a file"


def test_a_dangling_link_shows_its_target(tmp_path: Path) -> None:
    """A link that leads nowhere is told apart from a missing file."""
    link = tmp_path / "f"
    link.symlink_to("gone.yaml")
    assert refusal(link) == "p.yaml: is a link to nothing, got gone.yaml, mend or remove the link"


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    """A link to itself ends in a message, not in a loop."""
    link = tmp_path / "f"
    link.symlink_to("f")
    assert refusal(link) == "p.yaml: is a link that leads back to itself, mend or remove the link"


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    """Nothing waits for a writer that never comes."""
    os.mkfifo(tmp_path / "f")
    assert refusal(tmp_path / "f") == "p.yaml: is no regular file, got a pipe, name a file"


def test_a_device_is_refused() -> None:
    """An endless device is never read."""
    assert refusal(Path("/dev/zero")) == "p.yaml: is no regular file, got a device, name a file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is no file."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("so.yaml")
        assert refusal(Path("so.yaml")) == (
            "p.yaml: is no regular file, got a socket or pipe, name a file"
        )


def test_a_file_without_the_right_to_read_is_refused() -> None:
    """What the operating system forbids is told as such."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder, "f")
        path.touch(mode=0o000)
        try:
            if user == 0:  # root may read everything, so that the test becomes somebody else
                os.seteuid(NOBODY)
            assert refusal(path) == "p.yaml: must be readable, give yourself the right to read it"
        finally:
            os.seteuid(user)


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    """A NUL or an endless name from a user is an input error."""
    with pytest.raises(InputError) as raised:
        read_bytes(Path("a\0b"))
    assert str(raised.value) == "a\\x00b: is no file name"
    assert refusal(tmp_path / ("x" * 300)) == "p.yaml: has too long a name"


def test_the_limit_is_four_mebibytes(tmp_path: Path) -> None:
    """A file at the limit is read, one byte more is refused with its size."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * MAX_BYTES)
    assert len(read_bytes(path)) == 4 * 1024 * 1024
    path.write_bytes(b"x" * (MAX_BYTES + 1))
    assert refusal(path) == (
        "p.yaml: must be at most 4 MiB, got 4,194,305 bytes, split it into smaller files"
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            b"a: 1\nb: caf\xe9\n",
            (
                "p.yaml:2:7: must be UTF-8, got the byte 0xe9, "
                "convert it: iconv -f ISO-8859-1 -t UTF-8 p.yaml"
            ),
        ),
        ("a: 1\n".encode("utf-16"), "p.yaml: must be UTF-8, got UTF-16, save it as UTF-8"),
        (
            b"\xef\xbb\xbfa: 1\n",
            "p.yaml:1:1: starts with a byte order mark, save it as UTF-8 without BOM",
        ),
        (
            b"a: 1\r\nb: 2\r\n",
            ("p.yaml:1:5: lines end in CR LF, save it with LF line ends: sed -i 's/\\r$//' p.yaml"),
        ),
        (
            b"a: 1\nb: \x00\n",
            (
                "p.yaml:2:4: control characters are refused, got U+0000, "
                "take it out, or write \\x00 in a text in double quotes"
            ),
        ),
        (
            "a: x\u202ey\n".encode(),
            (
                "p.yaml:1:5: control characters are refused, got U+202E, "
                "take it out, or write \\u202e in a text in double quotes"
            ),
        ),
        (
            b"a: 1\rb: 2",
            (
                "p.yaml:1:5: control characters are refused, got U+000D, "
                "take it out, or write \\x0d in a text in double quotes"
            ),
        ),
    ],
)
def test_bytes_that_are_no_clean_text_are_refused(content: bytes, text: str) -> None:
    """Every way in which a file is no clean UTF-8 text is told with its place and its cure."""
    with pytest.raises(InputError) as raised:
        decode(content, Path(SHORT))
    assert str(raised.value) == text


def test_all_problems_of_a_text_are_told_together() -> None:
    """A byte order mark, CR LF and control characters take one run to find, not three."""
    with pytest.raises(InputError) as raised:
        decode(b"\xef\xbb\xbfa: 1\r\nb: \x01\x02\r\nc: \x03\r\n", Path(SHORT))
    places = [str(problem.place) for problem in raised.value.problems]  # type: ignore[union-attr]
    assert places == ["p.yaml:1:1", "p.yaml:1:5", "p.yaml:2:4", "p.yaml:3:4"]


def test_a_binary_file_gives_a_bounded_number_of_problems() -> None:
    """A file of control characters does not flood the terminal."""
    with pytest.raises(InputError) as raised:
        decode(b"\x01\n" * 1000, Path(SHORT))
    assert len(raised.value.problems) == 20


@pytest.mark.parametrize("character", ["\t", "é", "\u00a0", "😀", "中"])
def test_letters_of_every_script_are_text(character: str, write: Callable[..., Path]) -> None:
    """Only what a parser or a reader could be misled by is refused."""
    assert decode(f"a: x{character}y\n".encode(), Path(SHORT)) == f"a: x{character}y\n"
