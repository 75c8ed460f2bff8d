# SPDX-License-Identifier: Apache-2.0
"""Identifiers of the domain as distinct types, with the one way to parse and to make each.

Every `parse_*` function refuses anything but the exact canonical text, so that two spellings of one
identifier cannot exist. Identifiers carry no meaning: a case code says nothing about the person.
Randomness and time are arguments.
"""

import base64
import binascii
import hashlib
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import NewType

from exchange.errors import IdentifierError

AgencyCode = NewType("AgencyCode", str)
"""Contact point or office, for example `KH-MOSVY-DAHT`."""
LinkId = NewType("LinkId", str)
"""22 characters: the first 16 bytes of SHA-256 of agreement version 1, base64url."""
MessageId = NewType("MessageId", str)
"""UUIDv7 in lower case, for example `0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60`."""
CaseCode = NewType("CaseCode", str)
"""Twelve random Crockford base32 characters in groups of four, 60 bits: `7KQ2-M9XD-4TBE`."""
MovementCode = NewType("MovementCode", str)
"""Random code of a movement, in the same form as a case code."""
KeyId = NewType("KeyId", str)
"""16 lower case hex digits: the first 8 bytes of SHA-256 of the public key."""
OfficerNumber = NewType("OfficerNumber", str)
"""Directory number of an officer inside one agency, for example `P-0007`."""
NodeId = NewType("NodeId", str)
"""16 random lower case hex digits, made once by `exchange init`."""
Digest = NewType("Digest", str)
"""SHA-256 in base64url without padding, 43 characters."""

RandomSource = Callable[[int], bytes]
"""Gives n random bytes: `secrets.token_bytes`, or a seeded source in a simulation."""

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_CROCKFORD = (CROCKFORD * 8).encode("ascii")
"""The character of each byte, by its last five bits."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_AGENCY = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,12}){1,4}", re.ASCII)
_LINK = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_MESSAGE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
_TIME_DIGITS = 12
"""Hex digits at the begin of a message id that count milliseconds since 1970 (RFC 9562, version 7)."""
_CASE = re.compile(rf"[{CROCKFORD}]{{4}}(?:-[{CROCKFORD}]{{4}}){{2}}", re.ASCII)
_HEX16 = re.compile(r"[0-9a-f]{16}", re.ASCII)
_OFFICER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,15}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
"""32 bytes in base64url; the last character holds two spare bits, which are zero in the canonical form."""


def parse_agency(text: str) -> AgencyCode:
    form = "the two letters of the country, then groups of capital letters and digits, each after '-'"
    return AgencyCode(_exact(text, _AGENCY, "an agency code", form))


def parse_link(text: str) -> LinkId:
    return LinkId(_exact(text, _LINK, "a link id", "22 characters of base64url"))


def parse_message_id(text: str) -> MessageId:
    return MessageId(_exact(text, _MESSAGE, "a message id", "a UUID of version 7 in lower case"))


def parse_case_code(text: str) -> CaseCode:
    return CaseCode(_exact(text, _CASE, "a case code", "three groups of four, like 7KQ2-M9XD-4TBE"))


def parse_movement_code(text: str) -> MovementCode:
    return MovementCode(_exact(text, _CASE, "a movement code", "three groups of four, like 7KQ2-M9XD-4TBE"))


def parse_key_id(text: str) -> KeyId:
    return KeyId(_exact(text, _HEX16, "a key id", "16 lower case hex digits"))


def parse_node(text: str) -> NodeId:
    return NodeId(_exact(text, _HEX16, "a node id", "16 lower case hex digits"))


def parse_officer(text: str) -> OfficerNumber:
    return OfficerNumber(
        _exact(text, _OFFICER, "an officer number", "1 to 16 capital letters, digits or '-', like P-0001")
    )


def parse_digest(text: str) -> Digest:
    return Digest(_exact(text, _DIGEST, "a digest", "43 characters of canonical base64url"))


def new_message_id(now: datetime, random: RandomSource) -> MessageId:
    """Return a UUIDv7 (RFC 9562 section 5.7) for the instant `now`, with 74 random bits."""
    millis = int(now.timestamp() * 1000)
    bits = int.from_bytes(random(10), "big")
    value = (
        (millis & (1 << 48) - 1) << 80
        | 0x7 << 76
        | (bits >> 68 & 0xFFF) << 64
        | 0b10 << 62
        | bits & (1 << 62) - 1
    )
    return MessageId(str(uuid.UUID(int=value)))


def claimed_ms(id: MessageId) -> int:
    """Return the time in a message id, in milliseconds since 1970; whoever made it may have written any."""
    return int(id.replace("-", "")[:_TIME_DIGITS], 16)


def new_case_code(random: RandomSource) -> CaseCode:
    """Return a random case code; it is derived from nothing."""
    return CaseCode(_random_code(random))


def new_movement_code(random: RandomSource) -> MovementCode:
    """Return a random movement code; it says nothing about crossing, day or persons."""
    return MovementCode(_random_code(random))


def new_node_id(random: RandomSource) -> NodeId:
    return NodeId(random(8).hex())


def sha256(raw: bytes) -> Digest:
    """Return the digest of `raw` in the form used on the wire and in leaves."""
    return Digest(b64url(hashlib.sha256(raw).digest()))


def link_id(agreement_v1: bytes) -> LinkId:
    """Return the link id that agreement version 1 gives for ever (docs/protocol/enrolment.md)."""
    return LinkId(b64url(hashlib.sha256(agreement_v1).digest()[:16]))


def b64url(raw: bytes) -> str:
    """Return base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_URL_SAFE).decode("ascii")


def unb64url(text: str) -> bytes:
    """Return the bytes of canonical base64url without padding.

    Raises:
        IdentifierError: another alphabet, padding, or bits that do not re-encode to the same text.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, TypeError) as error:
        raise IdentifierError("not base64url") from error
    if b64url(raw) != text:
        raise IdentifierError("base64url is not in its canonical form")
    return raw


def _random_code(random: RandomSource) -> str:
    text = random(12).translate(_AS_CROCKFORD).decode("ascii")
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def _exact(text: str, pattern: re.Pattern[str], kind: str, form: str) -> str:
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise IdentifierError(f"not {kind}; expected {form}")
    return text
