"""Blobs: named by their content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from harness.errors import LedgerError
from harness.ledger.blobs import blobs_of, get_blob, put_blob

if TYPE_CHECKING:
    from tests.ledger.conftest import Kit


def test_a_blob_is_stored_once_under_its_hash(kit: Kit) -> None:
    """Equal bytes share a file, and no temporary file stays."""
    data = b"\x00transcript\xff" * 1000
    digest = put_blob(kit.reports, data)
    assert put_blob(kit.reports, data) == digest == hashlib.sha256(data).hexdigest()
    files = [p for p in (kit.reports / "ledger" / "blobs").rglob("*") if p.is_file()]
    assert files == [kit.reports / "ledger" / "blobs" / digest[:2] / digest]
    assert get_blob(kit.reports, digest) == data


def test_a_changed_blob_is_refused_and_mended_by_storing_it_again(kit: Kit) -> None:
    """Reading never returns other bytes than were stored."""
    digest = put_blob(kit.reports, b"data")
    path = kit.reports / "ledger" / "blobs" / digest[:2] / digest
    path.write_bytes(b"dat4")
    with pytest.raises(LedgerError) as caught:
        get_blob(kit.reports, digest)
    assert str(caught.value) == (
        f"{path}: blob: the bytes are not those that were stored, restore the file from a copy"
    )
    put_blob(kit.reports, b"data")
    assert get_blob(kit.reports, digest) == b"data"


def test_a_blobs_name_cannot_leave_the_folder(kit: Kit) -> None:
    """A digest comes from a file: anything but 64 hexadecimal digits is refused."""
    for name in ("../../../etc/passwd", "A" * 64, "", "0" * 63, "0" * 64 + "\n"):
        with pytest.raises(LedgerError, match="a blob is named by 64 lower-case"):
            get_blob(kit.reports, name)


def test_only_whole_values_name_blobs() -> None:
    """What a model wrote inside a transcript cannot name a blob."""
    digest = "0" * 64
    record = {
        "transcript": {"blob": digest},
        "messages": [{"blob": digest}],
        "call": {"blob": digest, "more": 1},
        "other": {"blob": "short"},
        "text": digest,
    }
    assert list(blobs_of(record)) == [digest]
