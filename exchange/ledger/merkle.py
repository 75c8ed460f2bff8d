# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of a log: hashes, the compact range that grows with it, the root (RFC 9162, 2.1).

1. A leaf is hashed as SHA-256(00 ‖ stored bytes), an inner node as SHA-256(01 ‖ left ‖ right), so that
   a node can never be taken for a leaf.
2. The root of n > 1 leaves splits at the largest power of two below n; the root of one leaf is its hash,
   the root of none is SHA-256 of nothing.
3. A `CompactRange` keeps only the roots of the perfect trees that make up a log, at most 53 of them.
   That is all that is needed to append and to give the root, at one node hash a leaf on average.

Proofs stand in `proofs.py`. Nothing here reads a leaf.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from exchange.errors import StoreDamagedError

HASH_BYTES = 32
"""Length of SHA-256; every hash in the tree has it."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of a log without leaves (RFC 9162, 2.1.1)."""
_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(raw: bytes) -> bytes:
    """Return the hash of the stored bytes of a leaf."""
    return hashlib.sha256(_LEAF + raw).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node; requires two hashes of 32 bytes."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes; requires 32 bytes each."""
    return CompactRange().extend(hashes).root()


@dataclass(frozen=True)
class CompactRange:
    """The perfect trees of a log of `size` leaves, largest first.

    Requires one peak of 32 bytes for every bit that is set in `size`. A range never changes: growing
    gives a new one, so that a transaction that fails leaves nothing behind.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a range of {self.size} leaves cannot have {len(self.peaks)} peaks")
        if set(map(len, self.peaks)) - {HASH_BYTES}:
            raise ValueError("a peak is not 32 bytes")

    def append(self, leaf: bytes) -> Self:
        """Return the range with one more leaf hash; requires 32 bytes."""
        return self.extend((leaf,))

    def extend(self, hashes: Iterable[bytes]) -> Self:
        """Return the range with more leaf hashes in their order; requires 32 bytes each."""
        size, peaks, sha256 = self.size, list(self.peaks), hashlib.sha256
        for node in hashes:
            if len(node) != HASH_BYTES:
                raise ValueError("a leaf hash is not 32 bytes")
            # Every set bit from below is a perfect tree that the new leaf completes.
            bits, grown = size, node
            while bits & 1:
                grown = sha256(_NODE + peaks.pop() + grown).digest()
                bits >>= 1
            peaks.append(grown)
            size += 1
        return type(self)(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the root of the log."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def encode(self) -> bytes:
        """Return the peaks one after the other, as the store keeps them beside the size."""
        return b"".join(self.peaks)

    @classmethod
    def decode(cls, size: int, raw: bytes) -> Self:
        """Return the range that `encode` wrote for a log of `size` leaves.

        Raises:
            StoreDamagedError: the bytes cannot belong to this size.
        """
        if size < 0 or len(raw) != size.bit_count() * HASH_BYTES:
            raise StoreDamagedError(
                f"the range of a log of {size} leaves has {len(raw)} bytes",
                hint="restore the last backup; the partner gives back what came after it",
            )
        return cls(size, tuple([raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]))
