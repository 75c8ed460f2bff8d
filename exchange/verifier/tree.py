# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of a log: root over leaves in their order, path of one leaf (RFC 9162, 2.1)."""

import hashlib
from collections.abc import Sequence


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


def is_under(root: bytes, leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bool:
    """Return True if the tree of `size` leaves under a root has this leaf at an index (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(one) != len(root) for one in path):
        return False
    at, last, node = index, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + other + node).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + other).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def is_beginning(first: bytes, second: bytes, *, sizes: tuple[int, int], path: Sequence[bytes]) -> bool:
    """Return True if a tree is the beginning of a larger one, by their roots (RFC 9162, 2.1.4.2)."""
    small, large = sizes
    if not 0 < small < large or any(len(one) != len(first) for one in (second, *path)):
        return False
    at, last, rest = small - 1, large - 1, list(path)
    while at & 1:
        at, last = at >> 1, last >> 1
    if at and not rest:
        return False
    old = new = rest.pop(0) if at else first
    for other in rest:
        if last == 0:
            return False
        if at & 1 or at == last:
            old = hashlib.sha256(b"\x01" + other + old).digest()
            new = hashlib.sha256(b"\x01" + other + new).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = hashlib.sha256(b"\x01" + new + other).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (first, second)
