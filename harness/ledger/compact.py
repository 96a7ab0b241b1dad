"""What is kept of every record while a run is read or written, in a few bytes each."""

import hashlib
from array import array
from collections.abc import Sequence
from typing import overload

_HASH = 32


class Chains(Sequence[bytes]):
    """The chain after each record, as 64 hex digits; 32 bytes a record."""

    def __init__(self) -> None:
        """Start before the first record."""
        self._raw = bytearray()

    def append(self, chain: bytes) -> None:
        """Take the chain after the next record."""
        self._raw += bytes.fromhex(chain.decode("ascii"))

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._raw) // _HASH

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        """Return the chain after the record of a number."""
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return self._raw[place * _HASH : (place + 1) * _HASH].hex().encode("ascii")


class TrialIds:
    """The identities of trials: whether one is there, and how many; 32 bytes each at most.

    Of each the first 64 bits of its hash are kept, in an open table at most half full. Two of a
    million trials meet by chance with probability 3e-8; the later one is then refused, not lost.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._table = array("Q", bytes(8 * 1024))
        self._count = 0

    def add(self, identity: str) -> bool:
        """Take one in; False when it was there."""
        key = _key(identity)
        place = self._place(key)
        if self._table[place]:
            return False
        self._table[place] = key
        self._count += 1
        if 2 * self._count > len(self._table):
            self._grow()
        return True

    def __contains__(self, identity: object) -> bool:
        """Tell whether one is there."""
        return isinstance(identity, str) and bool(self._table[self._place(_key(identity))])

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def _place(self, key: int) -> int:
        """Return where a key stands, or where it would."""
        table, mask = self._table, len(self._table) - 1
        place = key & mask
        while table[place] and table[place] != key:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        old = self._table
        self._table = array("Q", bytes(16 * len(old)))
        for key in old:
            if key:
                self._table[self._place(key)] = key


def _key(identity: str) -> int:
    data = hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(data, "little") or 1
