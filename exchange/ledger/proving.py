# SPDX-License-Identifier: Apache-2.0
"""Inclusion proofs of a few leaves, made while a long log is read once from its beginning (RFC 9162, 2.1.3).

`ProofMaker` holds every node of a log. Whoever discloses one message needs the proofs of some dozen leaves of
a log that may have millions: here only the perfect trees on the way are held, and the proofs that are wanted.
"""

from dataclasses import dataclass

from exchange.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash


@dataclass(frozen=True)
class _Tree:
    """One perfect tree, and the wanted leaves in it."""

    root: bytes
    wanted: tuple[int, ...]


class ProofGatherer:
    """Takes leaves in their order; `finish` gives the root, and then `proofs` are complete."""

    def __init__(self) -> None:
        self.size = 0
        self.proofs: dict[int, list[bytes]] = {}
        """Proof of each wanted leaf, from the leaf up."""
        self._trees: list[_Tree] = []

    def take(self, raw: bytes, *, is_wanted: bool) -> None:
        """Take the next leaf."""
        grown = _Tree(leaf_hash(raw), (self.size,) if is_wanted else ())
        if is_wanted:
            self.proofs[self.size] = []
        bits = self.size
        while bits & 1:
            grown = self._join(self._trees.pop(), grown)
            bits >>= 1
        self._trees.append(grown)
        self.size += 1

    def finish(self) -> bytes:
        """Return the root of the log; nothing can be taken after it."""
        if not self._trees:
            return EMPTY_ROOT
        grown = self._trees.pop()
        while self._trees:
            grown = self._join(self._trees.pop(), grown)
        return grown.root

    def _join(self, left: _Tree, right: _Tree) -> _Tree:
        for index in left.wanted:
            self.proofs[index].append(right.root)
        for index in right.wanted:
            self.proofs[index].append(left.root)
        return _Tree(node_hash(left.root, right.root), left.wanted + right.wanted)
