# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of a log: its root from the leaves in their order (RFC 9162, section 2.1)."""

import hashlib


def leaf_hash_of(raw: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + raw).digest()


class Tree:
    """A tree that grows leaf by leaf; keeps one hash for each one bit of its size."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        node, size = leaf, self.size
        while size & 1:
            node = hashlib.sha256(b"\x01" + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root; of no leaves it is the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = hashlib.sha256(b"\x01" + peak + node).digest()
        return node
