"""Archives as Inspect writes them now: packed with Zstandard, in one frame or in several."""

import json
import struct
import sys
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from harness.errors import InputError
from harness.files.trace_archive import MOST_UNPACKED
from harness.files.trace_source import read_document
from tests.importers.files import read_file
from tests.importers.fresh.conversation import Can, expected
from tests.importers.fresh.sessions import inspect_members

ZSTANDARD = 93


def packer() -> Any:
    """Return the module that packs; skip where this Python has none."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    pytest.skip("needs Python 3.14 or the extra [zstd]")


def archive(path: Path, members: dict[str, tuple[bytes, bytes]]) -> Path:
    """Write an archive of members that are packed already; each is (packed, plain)."""
    body, table = b"", b""
    for name, (packed, plain) in members.items():
        raw = name.encode()
        common = struct.pack("<HHHHHIIIHH", 63, 0, ZSTANDARD, 0, 33, zlib.crc32(plain),
                             len(packed), len(plain), len(raw), 0)  # fmt: skip
        table += (b"PK\x01\x02" + struct.pack("<H", 63) + common
                  + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + raw)  # fmt: skip
        body += b"PK\x03\x04" + common + raw + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(table), len(body), 0)
    path.write_bytes(body + table + b"PK\x05\x06" + end)
    return path


def in_frames(content: bytes, frames: int) -> bytes:
    """Return a content packed in a row of frames, as Inspect packs large members."""
    module = packer()
    size = -(-len(content) // frames)
    return b"".join(module.compress(content[at : at + size]) for at in range(0, len(content), size))


@pytest.mark.parametrize("frames", [1, 3])
def test_members_in_frames_are_read_whole(frames: int, tmp_path: Path):
    """The conversation is the one that the log's .json holds."""
    plain = {name: json.dumps(value).encode() for name, value in inspect_members(Can()).items()}
    members = {name: (in_frames(content, frames), content) for name, content in plain.items()}
    importer, (trajectory,) = read_file(archive(tmp_path / "log.eval", members))
    assert importer == "inspect"
    assert list(trajectory.messages) == expected(Can())


def test_a_bomb_in_frames_is_stopped(tmp_path: Path):
    """What comes out counts, and not what the archive says of it."""
    packed = 3 * in_frames(b" " * (MOST_UNPACKED // 2), 1)
    path = archive(tmp_path / "bomb.eval", {"header.json": (packed, b"{}")})
    with pytest.raises(InputError, match="when it is unpacked, got more than it claims"):
        read_document(path)


def test_a_frame_that_is_cut_off_is_damage(tmp_path: Path):
    """Half of a member is never taken for the whole."""
    content = json.dumps({"a": "b" * 999}).encode()
    packed = in_frames(content, 2)
    path = archive(tmp_path / "cut.eval", {"header.json": (packed[:-9], content)})
    with pytest.raises(InputError, match="is damaged, export it anew"):
        read_document(path)


def test_without_a_module_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whoever cannot read it is told what to install, or how to convert it."""
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    path = archive(tmp_path / "log.eval", {"header.json": (b"x", b"{}")})
    with pytest.raises(InputError) as raised:
        read_document(path)
    assert str(raised.value) == (
        f"{path}: is packed with Zstandard, which this Python cannot read, got header.json, "
        "pip install 'postmortem-harness[zstd]', or: inspect log convert --to json"
    )
