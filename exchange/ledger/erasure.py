# SPDX-License-Identifier: Apache-2.0
"""What the entry `eras` says: one digest over the cases that were erased on a day, and how many they were.

    mark of a case   SHA-256 over the parts of the person in every accepted message about the case, each with
                     its message and number; each part begins with 32 random bytes
    dg               SHA-256 over the marks of the day, sorted

Both sides hold the same parts, so both compute the same mark while they hold them. Nobody else can: whoever
reads only the ledgers cannot even test which messages belonged together, and after the erasure on both sides
nobody can compute it any more. A mark is forgotten as soon as the entry is written.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from exchange.ids import Digest, LinkId, MessageId, b64url

_CASE = b"exchange/erased-case/v1\x00"
_DAY = b"exchange/erasure/v1\x00"
MARK_BYTES = 32


@dataclass(frozen=True)
class PersonPart:
    """One part of a person, as it was sealed."""

    message: MessageId
    number: int
    raw: bytes


def case_mark(link: LinkId, parts: Iterable[PersonPart]) -> bytes | None:
    """Return the mark of a case, the same on both sides; None without any part."""
    found = sorted(parts, key=lambda part: (part.message, part.number))
    if not found:
        return None
    mark = hashlib.sha256(_CASE + link.encode("ascii"))
    for part in found:
        mark.update(part.message.encode("ascii") + part.number.to_bytes(4, "big"))
        mark.update(hashlib.sha256(part.raw).digest())
    return mark.digest()


def erasure_digest(marks: Iterable[bytes]) -> Digest:
    """Return `dg` of the cases with these marks; their order does not count."""
    return Digest(b64url(hashlib.sha256(_DAY + b"".join(sorted(marks))).digest()))
