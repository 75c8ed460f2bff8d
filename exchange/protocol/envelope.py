# SPDX-License-Identifier: Apache-2.0
"""The envelope of a message, and the line that carries it (design, section 4.2).

    line = envelope "~" body        both ASCII; no line feed inside

The envelope is a compact JWS by a key of use `envelope`. Its payload has exactly these members:

    v        1                            created  instant at which it was sealed
    id       message id, UUIDv7           expires  later instant
    link     link id                      suite    1 or 2
    agr      agreement version, from 1    body     {sha256, size} of the sealed body, as it travels
    from     agency                       pc       commitment to the parts of the content
    to       another agency
    seq      number in this direction, 1 to 2^53-1

Nothing here is personal data. A member that is not listed may be, so it has a code of its own.

1. `split_line` and `read_envelope` judge the form without a key; what they give is a claim.
2. `verify_envelope` judges the signature; only then is an `Envelope` worth anything.
3. `check_body` binds the sealed body to it.

Who may sign, whether the key counts, and whether the suite is the agreed one is judged elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Final, TypeVar

from exchange.clock import instant_text, parse_instant
from exchange.errors import (
    IdentifierError,
    KeyRefusedError,
    RefusedError,
    SignatureInvalidError,
    StrictJsonError,
)
from exchange.ids import (
    AgencyCode,
    Digest,
    KeyId,
    LinkId,
    MessageId,
    parse_agency,
    parse_digest,
    parse_link,
    parse_message_id,
    sha256,
)
from exchange.protocol.jws import RawJws, read_compact, sign_compact, verify_jws
from exchange.protocol.strictjson import MAX_INT, JsonValue, Limits, encode, parse_object
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, Suite

T = TypeVar("T", str, int)

TYP: Final = "exchange-envelope+jws"
VERSION: Final = 1
MAX_LINE_BYTES: Final = 6 * 1024 * 1024
"""A line with its body (threat model section 7: a notice with 1,000 persons fits)."""
MAX_ENVELOPE_BYTES: Final = 4 * 1024
"""An envelope (threat model section 7); ours have about 850 bytes."""

_SEPARATOR = b"~"
_LIMITS = Limits(max_bytes=MAX_ENVELOPE_BYTES, max_depth=4, max_members=64, max_items=64, max_name=64)
_MEMBERS: Final = frozenset(
    ("v", "id", "link", "agr", "from", "to", "seq", "created", "expires", "suite", "body", "pc")
)
_BODY_MEMBERS: Final = frozenset(("sha256", "size"))
_TEXTS: Final = ("id", "link", "from", "to", "created", "expires", "pc")
_INTEGERS: Final = ("v", "agr", "seq", "suite")
_KINDS: Final = {str: "string", int: "integer"}


@dataclass(frozen=True)
class Envelope:
    """What the envelope of a message says; `sender` and `recipient` are `from` and `to`."""

    id: MessageId
    link: LinkId
    agr: int
    sender: AgencyCode
    recipient: AgencyCode
    seq: int
    created_at: datetime
    expires_at: datetime
    suite: Suite
    body_sha256: Digest
    body_size: int
    pc: Digest

    def __post_init__(self) -> None:
        if not (1 <= self.seq <= MAX_INT and 1 <= self.agr <= MAX_INT):
            raise RefusedError("envelope_invalid", "message number and agreement version begin with 1")
        if not 1 <= self.body_size <= MAX_LINE_BYTES:
            raise RefusedError("envelope_invalid", f"a body of {self.body_size} bytes is not possible")
        if self.created_at >= self.expires_at:
            raise RefusedError("envelope_invalid", "the message ends before it begins")
        if self.sender == self.recipient:
            raise RefusedError("envelope_invalid", "sender and recipient are the same agency")


@dataclass(frozen=True)
class RawEnvelope:
    """An envelope of the right form whose signature nobody has checked yet."""

    claimed: Envelope
    kid: KeyId
    jws: RawJws
    hash: Digest
    """`eh` of the leaves: SHA-256 of the envelope as it travels."""


def sign_envelope(envelope: Envelope, key: PrivateKey) -> bytes:
    """Return the envelope as it travels, signed.

    Raises:
        KeyRefusedError: the key is not for envelopes.
    """
    if key.use is not KeyUse.ENVELOPE:
        raise KeyRefusedError(f"a key for {key.use} does not sign envelopes")
    return sign_compact(encode(_members(envelope)), typ=TYP, key=key)


def join_line(envelope: bytes, body: bytes) -> bytes:
    """Return the line of a message.

    Raises:
        RefusedError: `too_large`: no partner would take it.
    """
    line = envelope + _SEPARATOR + body
    if len(line) > MAX_LINE_BYTES:
        raise RefusedError(
            "too_large", f"a message of {len(line)} bytes; at most {MAX_LINE_BYTES} are allowed"
        )
    return line


def split_line(raw: bytes, *, max_bytes: int = MAX_LINE_BYTES) -> tuple[bytes, bytes]:
    """Return the raw envelope and the raw body of a line; `max_bytes` is lower if so agreed.

    Raises:
        RefusedError: `too_large`, or `envelope_invalid`: not ASCII, not exactly one separator, a line
            feed, or nothing on one side.
    """
    if len(raw) > max_bytes:
        raise RefusedError("too_large", f"a line of {len(raw)} bytes; at most {max_bytes} are allowed")
    if not raw.isascii() or b"\n" in raw or raw.count(_SEPARATOR) != 1:
        raise RefusedError("envelope_invalid", "a line is an envelope, one '~' and a body, all in ASCII")
    envelope, _, body = raw.partition(_SEPARATOR)
    if not envelope or not body:
        raise RefusedError("envelope_invalid", "the envelope or the body of a line is missing")
    return envelope, body


def read_envelope(raw: bytes) -> RawEnvelope:
    """Return what an envelope claims; nothing is verified yet.

    Raises:
        RefusedError: `clear_text_personal_data` for a member that is not listed above, else
            `envelope_invalid`.
    """
    try:
        jws = read_compact(raw, typ=TYP, max_bytes=MAX_ENVELOPE_BYTES)
        claimed = _read_members(parse_object(jws.payload, _LIMITS))
    except (StrictJsonError, IdentifierError) as error:
        raise RefusedError(
            "envelope_invalid", f"the envelope does not have its exact form: {error}"
        ) from None
    return RawEnvelope(claimed=claimed, kid=jws.kid, jws=jws, hash=sha256(raw))


def verify_envelope(raw_envelope: RawEnvelope, key: PublicKey) -> Envelope:
    """Return the envelope, now verified, signed by `key`.

    Raises:
        RefusedError: `signature_invalid`.
    """
    if key.use is not KeyUse.ENVELOPE:
        raise RefusedError("signature_invalid")
    try:
        verify_jws(raw_envelope.jws, key)
    except SignatureInvalidError:
        raise RefusedError("signature_invalid") from None
    return raw_envelope.claimed


def check_body(envelope: Envelope, body: bytes) -> None:
    """Return if `body` is the sealed body that the envelope names.

    Raises:
        RefusedError: `envelope_invalid`: size or digest differ.
    """
    if len(body) != envelope.body_size or not compare_digest(sha256(body), envelope.body_sha256):
        raise RefusedError("envelope_invalid", "the body is not the one that the envelope names")


def _members(envelope: Envelope) -> dict[str, JsonValue]:
    return {
        "v": VERSION,
        "id": envelope.id,
        "link": envelope.link,
        "agr": envelope.agr,
        "from": envelope.sender,
        "to": envelope.recipient,
        "seq": envelope.seq,
        "created": instant_text(envelope.created_at),
        "expires": instant_text(envelope.expires_at),
        "suite": int(envelope.suite),
        "body": {"sha256": envelope.body_sha256, "size": envelope.body_size},
        "pc": envelope.pc,
    }


def _read_members(payload: dict[str, JsonValue]) -> Envelope:
    body = payload.get("body")
    _check_names(payload, _MEMBERS)
    if not isinstance(body, dict):
        raise StrictJsonError("body is no object")
    _check_names(body, _BODY_MEMBERS)
    text = _of_kind(payload, _TEXTS, str) | _of_kind(body, ("sha256",), str)
    number = _of_kind(payload, _INTEGERS, int) | _of_kind(body, ("size",), int)
    if number["v"] != VERSION:
        raise StrictJsonError(f"expected version {VERSION}")
    return Envelope(
        id=parse_message_id(text["id"]),
        link=parse_link(text["link"]),
        agr=number["agr"],
        sender=parse_agency(text["from"]),
        recipient=parse_agency(text["to"]),
        seq=number["seq"],
        created_at=parse_instant(text["created"]),
        expires_at=parse_instant(text["expires"]),
        suite=_suite(number["suite"]),
        body_sha256=parse_digest(text["sha256"]),
        body_size=number["size"],
        pc=parse_digest(text["pc"]),
    )


def _check_names(members: dict[str, JsonValue], expected: frozenset[str]) -> None:
    if members.keys() == expected:
        return
    if members.keys() - expected:
        raise RefusedError(
            "clear_text_personal_data", "the envelope has a member that is not allowed outside the body"
        )
    raise StrictJsonError("a member is missing")


def _of_kind(members: dict[str, JsonValue], names: Sequence[str], kind: type[T]) -> dict[str, T]:
    """Return members by name, each of exactly this kind: true is no integer."""
    found: dict[str, T] = {}
    for name in names:
        value = members[name]
        if type(value) is not kind:
            raise StrictJsonError(f"{name} is no {_KINDS[kind]}")
        found[name] = value
    return found


def _suite(number: int) -> Suite:
    try:
        return Suite(number)
    except ValueError:
        raise StrictJsonError("no such suite") from None
