"""What is too large for a record: files named by their own SHA-256."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.domain.record import Json
from harness.errors import LedgerError, Place, Problem
from harness.ledger.disk import disk_errors, write_atomically
from harness.ledger.layout import Layout, is_digest


def put_blob(reports: Path, data: bytes) -> str:
    """Store the bytes and return their SHA-256; on return they are on the disk.

    Equal bytes are stored once. Store a blob before the record that names it is appended.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = Layout(reports).blob_file(digest)
    with disk_errors(path, "store the blob"):
        if not (path.is_file() and path.read_bytes() == data):
            write_atomically(path, data)
    return digest


def get_blob(reports: Path, digest: str) -> bytes:
    """Return the bytes with this SHA-256; LedgerError when they are missing or were changed."""
    path = Layout(reports).blob_file(digest)
    with disk_errors(path, "read the blob"):
        data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise LedgerError(
            Problem(
                Place(str(path)),
                "blob",
                "the bytes are not those that were stored",
                fix="restore the file from a copy",
            )
        )
    return data


def blobs_of(record: Mapping[str, Json]) -> Iterator[str]:
    """Yield the blobs that a record names: each top-level value ``{"blob": "<sha256>"}``."""
    for value in record.values():
        if isinstance(value, Mapping) and value.keys() == {"blob"} and is_digest(value["blob"]):
            yield value["blob"]
