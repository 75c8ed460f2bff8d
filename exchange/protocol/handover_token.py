# SPDX-License-Identifier: Apache-2.0
"""The handover token: a short text by which two officers see that they hold the same record.

    XH1:<link>:<number>:<digest>        link and digest in base32, 26 characters each; number in decimal

The digest is the first 16 bytes of SHA-256 over `exchange/handover/v1`, link, author, message id and
commitment, each ended by a zero byte. It names nobody and no place; without the record it cannot be made,
because the commitment cannot be guessed. Capitals, digits and colons only: the smallest QR code.

It is a comparison between two people who stand in front of each other, and no signature: what proves
something later is the ledger.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from exchange.errors import UsageError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, b64url, unb64url

DIGEST_BYTES: Final = 16
"""128 bits: two records with the same one cannot be made."""
MAX_CHARS: Final = 80
_FORM: Final = re.compile(r"XH1:([A-Z2-7]{26}):([1-9][0-9]{0,14}):([A-Z2-7]{26})", re.ASCII)


@dataclass(frozen=True)
class HandoverToken:
    """What a token says: one message of one link."""

    link: LinkId
    number: int
    digest: bytes

    @property
    def text(self) -> str:
        return f"XH1:{_base32(unb64url(self.link))}:{self.number}:{_base32(self.digest)}"


def token_for(
    link: LinkId, number: int, author: AgencyCode, id: MessageId, commitment: Digest
) -> HandoverToken:
    """Return the token of a message."""
    said = ("exchange/handover/v1", link, author, id, commitment)
    hashed = hashlib.sha256(b"".join(part.encode("ascii") + b"\x00" for part in said)).digest()
    return HandoverToken(link, number, hashed[:DIGEST_BYTES])


def read_token(typed: str) -> HandoverToken:
    """Return the token of a text that was scanned or typed; spaces and small letters do no harm.

    Raises:
        UsageError: not of this form, or of another version.
    """
    text = "".join(typed[: 2 * MAX_CHARS].split()).upper()
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(
            "this is no handover token; expected XH1:, the link, a number and a digest",
            hint="scan the code again, or type all of it: exchange handover check TOKEN",
        )
    link, number, digest = found.groups()
    token = HandoverToken(LinkId(b64url(_bytes(link))), int(number), _bytes(digest))
    if token.text != text:
        raise UsageError("the handover token has a wrong letter", hint="scan the code again")
    return token


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b32decode(text + "======")
