# SPDX-License-Identifier: Apache-2.0
"""A second signature line over a head, by ML-DSA-44, so that it holds against quantum computers, too.

    — <by>/head <base64( key id, 4 bytes | time, 8 zero bytes | signature, 2,420 bytes )>

1. The line is of signature type 06 (C2SP tlog-cosignature), under the name with which its writer signs heads.
2. It signs origin, size and root of the head in the form `subtree/v1`, from entry 0 on. The time is zero: the
   line says nothing about when.
3. It never stands alone. The head counts by its Ed25519 line (`notes`); this one is kept beside it.
4. A line under another name or key id is of a key that is not known, and is left alone (C2SP signed-note).
5. A line of a known key that does not verify is a fault, and is named.

Source: c2sp.org/tlog-cosignature, c2sp.org/signed-note, FIPS 204.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from exchange.errors import SignatureInvalidError
from exchange.ledger.notes import (
    TIME_BYTES,
    Head,
    head_name,
    key_id,
    origin_of,
    read_signature_line,
    signature_line,
)
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, sign_lattice, verify_lattice

SUBTREE_V1: Final = 0x06
"""Signature type of ML-DSA-44 lines (c2sp.org/tlog-cosignature)."""
MAX_LINE_CHARS: Final = 4_096
"""A line takes 3,243 characters of base64 and its name."""
_LABEL: Final = b"subtree/v1\n\0"
_NO_TIME: Final = bytes(TIME_BYTES)


class LineState(StrEnum):
    """What a second signature line is worth."""

    VERIFIED = "verified"
    WRONG = "wrong"
    """It names a known key, and does not verify."""
    UNKNOWN = "unknown"
    """It names no known key; it is left alone."""


def lattice_line(head: Head, key: PrivateKey) -> str:
    """Return the second signature line over a head of our own log.

    Raises:
        KeyRefusedError: the key is no ML-DSA-44 key.
    """
    signature = sign_lattice(key, lattice_message(head))
    return signature_line(head_name(head.by), key.public, SUBTREE_V1, _NO_TIME + signature)


def judge_line(line: str, head: Head, keys: Iterable[PublicKey]) -> LineState:
    """Return what a line over this head is worth under the keys of its writer that count there.

    Raises:
        NoteInvalidError: it is no signature line.
    """
    signature, name = read_signature_line(line, max_bytes=MAX_LINE_CHARS), head_name(head.by)
    for key in keys:
        is_named = (signature.name, signature.key_id) == (name, key_id(name, key, kind=SUBTREE_V1))
        if key.use is KeyUse.HEAD_PQ and is_named:
            is_right = _verifies(signature.signature, head, key)
            return LineState.VERIFIED if is_right else LineState.WRONG
    return LineState.UNKNOWN


def _verifies(stamped: bytes, head: Head, key: PublicKey) -> bool:
    if stamped[:TIME_BYTES] != _NO_TIME:
        return False
    try:
        verify_lattice(key, lattice_message(head), stamped[TIME_BYTES:])
    except SignatureInvalidError:
        return False
    return True


def lattice_message(head: Head) -> bytes:
    """Return the bytes that are signed: label, signer, time, origin, first entry, size, root (2)."""
    return b"".join(
        (
            _LABEL,
            _counted(head_name(head.by)),
            _NO_TIME,
            _counted(origin_of(head)),
            bytes(8),
            head.size.to_bytes(8, "big"),
            head.root,
        )
    )


def _counted(text: str) -> bytes:
    """Return a text behind its length in one byte; names and origins are far below 256 bytes."""
    raw = text.encode("ascii")
    return bytes([len(raw)]) + raw
