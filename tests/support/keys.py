# SPDX-License-Identifier: Apache-2.0
"""Keys and randomness of tests, derived from labels, so that no private key lies in the tree."""

import hashlib
from itertools import count

from exchange.ids import RandomSource
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey


def test_key(use: KeyUse, algorithm: Algorithm, label: str) -> PrivateKey:
    """Return the private key that belongs to a label, the same in every run."""
    return PrivateKey(use, algorithm, hashlib.sha256(b"exchange test key/" + label.encode()).digest())


test_key.__test__ = False  # type: ignore[attr-defined]  # pytest shall not collect it where it is imported


def seeded_random(label: str) -> RandomSource:
    """Return a source whose bytes depend on the label and on what was drawn before."""
    counter = count()

    def draw(length: int) -> bytes:
        return hashlib.shake_256(f"exchange test random/{label}/{next(counter)}".encode()).digest(length)

    return draw
