# SPDX-License-Identifier: Apache-2.0
"""How identifiers and instants stand in columns: short, and in an order that SQLite can use.

Instants are whole milliseconds since 1970 UTC, digests their 32 bytes, message ids their 16 bytes.
Each pair of functions is a bijection on canonical texts; another text is refused, never changed.
"""

import re
from datetime import UTC, datetime, timedelta

import pybase64

from exchange.errors import IdentifierError
from exchange.ids import Digest, MessageId

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MESSAGE_ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_LAST_OF_DIGEST = frozenset("AEIMQUYcgkosw048")
"""The characters whose two low bits are zero, as 43 characters carry 258 bits for 256."""


def from_instant(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def to_instant(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def from_instant_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else from_instant(moment)


def to_instant_or_none(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else to_instant(milliseconds)


def from_digest(digest: Digest) -> bytes:
    if len(digest) != 43 or digest[-1] not in _LAST_OF_DIGEST:
        raise IdentifierError("digest is not in its canonical form")
    try:
        return pybase64.b64decode(digest + "=", altchars=b"-_", validate=True)
    except ValueError as error:
        raise IdentifierError("digest is not base64url") from error


def to_digest(raw: bytes) -> Digest:
    return Digest(pybase64.b64encode(raw, altchars=b"-_")[:43].decode("ascii"))


def from_message_id(id: MessageId) -> bytes:
    if _MESSAGE_ID.fullmatch(id) is None:
        raise IdentifierError("message id is not in its canonical form")
    return bytes.fromhex(id.replace("-", ""))


def to_message_id(raw: bytes) -> MessageId:
    text = raw.hex()
    return MessageId(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")


def hex_digits(text: str) -> str:
    """Return the hex digits of a beginning or end of an id in lower case, or "" if it holds others."""
    digits = text.replace("-", "").lower()
    return digits if digits and all(each in "0123456789abcdef" for each in digits) else ""
