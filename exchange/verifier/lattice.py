# SPDX-License-Identifier: Apache-2.0
"""Second signatures over heads, by ML-DSA-44: checked by the library `cryptography` 50 or newer, else not.

FIPS 204 is not written out here: who has no library learns that these lines were not checked. The head counts
by its Ed25519 signature in any case.
"""

from collections.abc import Callable
from typing import Any, Final

from exchange.verifier.forms import note_key_hash, read_lattice_line
from exchange.verifier.keys import Key, Keys

LATTICE_KIND: Final = 6
NO_TIME: Final = bytes(8)
Check = Callable[[bytes, bytes, bytes], bool]


def lattice_verifier() -> Check | None:
    """Return how a signature is checked: public key, message, signature; or None without a library."""
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
    except ImportError:
        return None
    try:
        MLDSA44PublicKey.from_public_bytes(bytes(1_312))
    except UnsupportedAlgorithm:
        return None

    def verify_lattice(public: bytes, message: bytes, signature: bytes) -> bool:
        try:
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify_lattice


LATTICE: Final = lattice_verifier()


def lattice_message(place: dict[str, Any], size: int, root: bytes) -> bytes:
    """Return the bytes that are signed over a head: C2SP `subtree/v1` from entry 0 on, without a time."""
    name = f"{place['by']}/head".encode()
    origin = f"exchange/v1/{place['link']}/{place['by']}/{place['ep']}".encode()
    counted = [bytes([len(text)]) + text for text in (name, origin)]
    extent = bytes(8) + size.to_bytes(8, "big")
    return b"".join((b"subtree/v1\n\0", counted[0], NO_TIME, counted[1], extent, root))


def named_key(line: str, size: int, keys: Keys) -> Key | None:
    """Return the key of the writer that a line names and that counts there, or None: it is left alone."""
    name, hashed, _, _ = read_lattice_line(line)
    for key in keys.of_use("head-pq"):
        is_named = note_key_hash(name, key.raw, kind=LATTICE_KIND) == hashed
        if name == f"{keys.agency}/head" and is_named and key.counts_at(size - 1):
            return key
    return None
