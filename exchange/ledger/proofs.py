# SPDX-License-Identifier: Apache-2.0
"""Inclusion and consistency proofs: made when evidence leaves the pair, verified by anybody (RFC 9162, 2.1).

1. Every verifier raises `ProofInvalidError` or returns nothing. There is no "perhaps".
2. Every hash must have 32 bytes and a proof at most 63 of them, before anything is computed.
3. A consistency proof from size 0 proves nothing and is refused. Who meets an empty log compares it with
   `merkle.EMPTY_ROOT` himself, outside of these functions.
4. The *subtree* forms prove a part [start, end) of a log (draft-ietf-plants-merkle-tree-certs). The plain
   forms are the case start = 0, and share their code.

Between two nodes no proof is used: each holds the whole log of the other and recomputes the root.
"""

import hmac
from collections.abc import Sequence

from exchange.errors import ProofInvalidError
from exchange.ledger.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

MAX_PROOF_HASHES = 63
"""Enough for 2^53 leaves, the largest index that every JSON reader keeps exact."""


def is_subtree(start: int, end: int) -> bool:
    """Say whether [start, end) is a subtree that proofs can speak of.

    It is when it begins at 0 or is empty, or when `start` is a multiple of the smallest power of two that
    is not below its length.
    """
    if not 0 <= start <= end:
        return False
    if start in (0, end):
        return True
    return start % (1 << (end - start - 1).bit_length()) == 0


class ProofMaker:
    """All perfect nodes of one log, to make many proofs at the cost of a few look-ups each.

    Takes about twice the memory of the leaf hashes.
    """

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        if any(len(leaf) != HASH_BYTES for leaf in leaf_hashes):
            raise ValueError("a leaf hash is not 32 bytes")
        self.size = len(leaf_hashes)
        self._levels = [list(leaf_hashes)]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([node_hash(left, right) for left, right in pairs])

    def root(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the root of the leaves [start, end), of all by default; requires a subtree."""
        end = self.size if end is None else end
        count = end - start
        if count == 0:
            return EMPTY_ROOT
        level = count.bit_length() - 1
        if count == 1 << level:
            return self._perfect(level, start >> level)
        middle = start + _split(count)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def _perfect(self, level: int, place: int) -> bytes:
        """Return the root of the perfect tree at a place, of 2^level leaves."""
        return self._levels[level][place]

    def inclusion(self, index: int, *, start: int = 0, end: int | None = None) -> list[bytes]:
        """Return the proof that leaf `index` is in [start, end); requires start <= index < end <= size."""
        end = self.size if end is None else end
        if not (start <= index < end <= self.size and is_subtree(start, end)):
            raise ValueError(f"no leaf {index} in [{start}, {end}) of {self.size}")
        proof: list[bytes] = []
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self.root(middle, end))
                end = middle
            else:
                proof.append(self.root(start, middle))
                start = middle
        return proof[::-1]

    def consistency(self, end: int, *, start: int = 0) -> list[bytes]:
        """Return the proof that the log contains the earlier [start, end); requires a subtree of it."""
        if not (end <= self.size and is_subtree(start, end)):
            raise ValueError(f"no subtree [{start}, {end}) in {self.size} leaves")
        if start == end:
            return []
        return self._consistency(start, end, (0, self.size), known=True)

    def _consistency(self, start: int, end: int, tree: tuple[int, int], *, known: bool) -> list[bytes]:
        low, high = tree
        if (start, end) == tree:
            return [] if known else [self.root(low, high)]
        middle = low + _split(high - low)
        if end <= middle:
            return [*self._consistency(start, end, (low, middle), known=known), self.root(middle, high)]
        if start >= middle:
            return [*self._consistency(start, end, (middle, high), known=known), self.root(low, middle)]
        # The part reaches over the middle: its left half is complete here, so only the right one goes on.
        return [*self._consistency(middle, end, (middle, high), known=False), self.root(low, middle)]


def _split(count: int) -> int:
    """Return the largest power of two below `count`; requires count > 1."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """Return the proof for one leaf; requires 0 <= index < len(leaf_hashes)."""
    return ProofMaker(leaf_hashes).inclusion(index)


def consistency_proof(size: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """Return the proof from the first `size` leaves to all; requires 1 <= size <= len(leaf_hashes)."""
    if size < 1:
        raise ValueError("a proof from an empty log proves nothing")
    return ProofMaker(leaf_hashes).consistency(size)


def verify_inclusion(index: int, size: int, *, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Verify that the log of `size` leaves under `root` has this leaf at `index` (RFC 9162, 2.1.3.2).

    Raises:
        ProofInvalidError: the proof does not hold.
    """
    if not 0 <= index < size:
        raise ProofInvalidError(f"no leaf {index} in a log of {size}")
    _check_lengths(leaf_hash, root, *proof)
    at, last, node = index, size - 1, leaf_hash
    for other in proof:
        if last == 0:
            raise ProofInvalidError("the inclusion proof is too long")
        if at & 1 or at == last:
            node = node_hash(other, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, other)
        at, last = at >> 1, last >> 1
    if last != 0 or not hmac.compare_digest(node, root):
        raise ProofInvalidError("the inclusion proof does not give the root")


def verify_subtree_inclusion(
    index: int, start: int, end: int, *, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Verify that the subtree [start, end) with this root has the leaf at `index` of the log.

    Raises:
        ProofInvalidError: the proof does not hold, or no such subtree can be.
    """
    if not is_subtree(start, end):
        raise ProofInvalidError(f"[{start}, {end}) is not a subtree")
    verify_inclusion(index - start, end - start, leaf_hash=leaf_hash, proof=proof, root=root)


def verify_consistency(size1: int, size2: int, *, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Verify that the log of `size1` leaves is the beginning of the one of `size2` (RFC 9162, 2.1.4.2).

    Raises:
        ProofInvalidError: the proof does not hold, or `size1` is 0.
    """
    if size1 == 0:
        raise ProofInvalidError("a proof from an empty log proves nothing")
    verify_subtree_consistency(0, size1, size2, subtree_root=root1, root=root2, proof=proof)


def verify_subtree_consistency(
    start: int, end: int, size: int, *, subtree_root: bytes, root: bytes, proof: Sequence[bytes]
) -> None:
    """Verify that [start, end) with `subtree_root` is a part of the log of `size` leaves under `root`.

    An empty part is in every log; then the proof must be empty and `root` is not looked at.

    Raises:
        ProofInvalidError: the proof does not hold, or no such subtree can be.
    """
    if not (is_subtree(start, end) and end <= size):
        raise ProofInvalidError(f"[{start}, {end}) is not a subtree of {size} leaves")
    _check_lengths(subtree_root, root, *proof)
    if start == end:
        computed = (EMPTY_ROOT, root) if not proof else (b"", b"")
    else:
        computed = _roots_of(start, end, size, subtree_root=subtree_root, proof=list(proof))
    if not (hmac.compare_digest(computed[0], subtree_root) and hmac.compare_digest(computed[1], root)):
        raise ProofInvalidError("the consistency proof does not give both roots")


def _roots_of(
    start: int, end: int, size: int, *, subtree_root: bytes, proof: list[bytes]
) -> tuple[bytes, bytes]:
    """Return the roots of the part and of the whole that the proof gives."""
    low, at, last = start, end - 1, size - 1
    while low != at and (at & 1 or at == last):
        low, at, last = low >> 1, at >> 1, last >> 1
    if low != at and not proof:
        raise ProofInvalidError("the consistency proof is empty")
    part = whole = subtree_root if low == at else proof.pop(0)
    for other in proof:
        if last == 0:
            raise ProofInvalidError("the consistency proof is too long")
        if at & 1 or at == last:
            part = node_hash(other, part) if low < at else part
            whole = node_hash(other, whole)
            while not at & 1:
                low, at, last = low >> 1, at >> 1, last >> 1
        else:
            whole = node_hash(whole, other)
        low, at, last = low >> 1, at >> 1, last >> 1
    if last != 0:
        raise ProofInvalidError("the consistency proof is too short")
    return part, whole


def _check_lengths(*hashes: bytes) -> None:
    if len(hashes) > MAX_PROOF_HASHES + 2:
        raise ProofInvalidError(f"a proof has more than {MAX_PROOF_HASHES} hashes")
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofInvalidError("a hash of the proof is not 32 bytes")
