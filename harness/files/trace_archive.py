"""Archives of JSON members. Nothing is unpacked to disk, and what comes out is bounded."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from harness.errors import InputError, Place, Problem

_MIB = 1024 * 1024
MOST_UNPACKED = 256 * _MIB
"""The most that an archive's members may hold together."""
MOST_MEMBERS = 20_000
_ZSTANDARD = 93


def unpacked(content: bytes, path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the JSON members of an archive with their bytes; InputError where they are no good."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise refused(path, "is no readable archive", str(error), "export it anew") from None
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_entries(entries, path)
        left = MOST_UNPACKED
        for entry in entries:
            if entry.filename.endswith(".json"):
                data = _member(archive, entry, path, left)
                left -= len(data)
                yield entry.filename, data


def _check_entries(entries: list[zipfile.ZipInfo], path: Path) -> None:
    if len(entries) > MOST_MEMBERS:
        rule = f"must hold at most {MOST_MEMBERS:,} files"
        raise refused(path, rule, f"{len(entries):,}", "export the one trace of the incident")
    names: set[str] = set()
    for entry in entries:
        steps = PurePosixPath(entry.filename.replace("\\", "/"))
        if steps.is_absolute() or ".." in steps.parts or ":" in steps.parts[0]:
            raise refused(path, "holds a file whose name leads out of it", entry.filename,
                           "do not trust this archive")  # fmt: skip
        if entry.filename in names:
            raise refused(path, "holds two files of one name", entry.filename, "export it anew")
        if entry.flag_bits & 0x1:
            raise refused(path, "holds encrypted files", entry.filename, "export it anew")
        names.add(entry.filename)
    total = sum(entry.file_size for entry in entries)
    if total > MOST_UNPACKED:
        raise _too_large(path, f"{total:,} bytes")


def _too_large(path: Path, got: str) -> InputError:
    rule = f"must hold at most {MOST_UNPACKED // _MIB} MiB when it is unpacked"
    return refused(path, rule, got, "export the one trace of the incident")


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> bytes:
    """Return the bytes of a member, whatever size it claims to have."""
    if entry.compress_type == _ZSTANDARD:
        return _zstandard(archive, entry, path, left)
    try:
        with archive.open(entry) as stream:
            data = stream.read(left + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError,
            RuntimeError) as error:  # fmt: skip
        rule = f"{entry.filename} cannot be unpacked"
        raise refused(path, rule, str(error), "export it anew") from None
    if len(data) > left:
        raise _too_large(path, "more than it claims")
    return data


def _zstandard(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> bytes:
    """Return the bytes of a member that Zstandard packed, where this Python can unpack it."""
    module = _zstandard_module()
    if module is None:
        rule = "is packed with Zstandard, which this Python cannot read"
        fix = "pip install 'postmortem-harness[zstd]', or: inspect log convert --to json"
        raise refused(path, rule, entry.filename, fix)
    source = archive.fp
    if source is None:
        raise refused(path, "is no readable archive")
    source.seek(entry.header_offset)
    head = source.read(30)
    name, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
    source.seek(entry.header_offset + 30 + name + extra)
    packed = source.read(entry.compress_size)
    try:
        data = _frames(module, packed, left + 1)
    except (module.ZstdError, EOFError) as error:
        rule = f"{entry.filename} cannot be unpacked"
        raise refused(path, rule, str(error), "export it anew") from None
    if len(data) > left:
        raise _too_large(path, "more than it claims")
    if zlib.crc32(data) != entry.CRC:
        raise refused(path, f"{entry.filename} is damaged", fix="export it anew")
    return data


def _frames(module: Any, packed: bytes, most: int) -> bytes:
    """Return what a row of frames holds, up to a number of bytes; large members have several."""
    data = bytearray()
    while packed and len(data) < most:
        frame = module.ZstdDecompressor()
        data += frame.decompress(packed, most - len(data))
        if not frame.eof:
            break  # cut off, or as much as is wanted: the caller tells which
        packed = frame.unused_data
    return bytes(data)


def _zstandard_module() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def refused(path: Path, rule: str, got: str = "", fix: str = "") -> InputError:
    """Return the error of a file as a whole."""
    return InputError(Problem(Place(str(path)), "", rule, got, fix))
