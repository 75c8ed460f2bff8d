# SPDX-License-Identifier: Apache-2.0
"""The two files of an enrolment: what stands in them, and that it is whole.

Both are a compact JWS by the recovery key of the card they carry:

* invitation: v, card, profile, suites, answer, nonce, created;
* joining: v, card, agreement (exact bytes), signature (detached, of the agreement), invitation (digest),
  created.

Reading checks form and signature and knows nothing of this node; whether the sender may become our
partner is decided in `enrolment`. A line end after the JWS, which mail programs add, is no fault.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exchange.clock import instant_text
from exchange.errors import AgreementInvalidError, CardInvalidError, ProtocolError
from exchange.ids import Digest, RandomSource, b64url, parse_digest, sha256
from exchange.protocol.agreement import MAX_AGREEMENT_BYTES, Agreement, read_agreement
from exchange.protocol.cards import MAX_CARD_BYTES, Card, read_card
from exchange.protocol.jws import read_compact, sign_compact, verify_jws
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse
from exchange.protocol.suites import PrivateKey

INVITATION_TYPE: Final = "exchange-invitation+jws"
JOINING_TYPE: Final = "exchange-joining+jws"
MAX_FILE_BYTES: Final = 256 * 1024
"""A card and an agreement, each in base64url twice."""
NONCE_BYTES: Final = 16

_LIMITS = Limits(max_bytes=MAX_FILE_BYTES, max_depth=3, max_members=20, max_items=20, max_name=64)
_INVITATION_NAMES = frozenset({"v", "card", "profile", "suites", "answer", "nonce", "created"})
_JOINING_NAMES = frozenset({"v", "card", "agreement", "signature", "invitation", "created"})


@dataclass(frozen=True)
class Invitation:
    """An invitation whose form and signature hold."""

    card: Card
    profile: str
    suites: tuple[int, ...]
    answer_to: str
    """Where the joining file shall be sent, for people to read."""
    nonce: bytes
    created_at: datetime
    raw: bytes
    digest: Digest


@dataclass(frozen=True)
class Joining:
    """The answer to an invitation, whose form and signature hold."""

    card: Card
    agreement: Agreement
    signature: str
    """The joiner's detached signature of the agreement."""
    invitation: Digest
    created_at: datetime
    raw: bytes
    digest: Digest


def write_invitation(
    card: Card, *, profile: str, answer_to: str, created_at: datetime, random: RandomSource, key: PrivateKey
) -> bytes:
    """Return the invitation file, signed by the own recovery key; it offers every suite of the card.

    Raises:
        AgreementInvalidError: a reader would refuse it.
    """
    value: dict[str, JsonValue] = {
        "v": 1,
        "card": card.raw.decode("ascii"),
        "profile": profile,
        "suites": list(card.suites),
        "answer": answer_to,
        "nonce": b64url(random(NONCE_BYTES)),
        "created": instant_text(created_at),
    }
    raw = sign_compact(encode(value), typ=INVITATION_TYPE, key=key)
    read_invitation(raw)
    return raw + b"\n"


def read_invitation(raw: bytes) -> Invitation:
    """Return the invitation in a file; line ends after it, which mail programs add, are no fault.

    Raises:
        CardInvalidError: the card in it is not valid.
        AgreementInvalidError: the file has another form, or its signature is not by the card's agency.
    """
    read = _read_file(raw, INVITATION_TYPE, _INVITATION_NAMES, kind="invitation")
    members, card = read.members, read.card
    suites = members.integers("suites", least=1, most=16, low=1)
    if not set(suites) <= set(card.suites):
        raise AgreementInvalidError("the invitation offers a suite that its card does not name")
    return Invitation(
        card=card,
        profile=members.text("profile", max_chars=32),
        suites=suites,
        answer_to=_printable(members, "answer"),
        nonce=_nonce(members),
        created_at=members.instant("created"),
        raw=read.raw,
        digest=sha256(read.raw),
    )


def write_joining(
    card: Card,
    agreement: Agreement,
    *,
    signature: str,
    invitation: Digest,
    created_at: datetime,
    key: PrivateKey,
) -> bytes:
    """Return the joining file, signed by the own recovery key.

    Raises:
        AgreementInvalidError: a reader would refuse it.
    """
    value: dict[str, JsonValue] = {
        "v": 1,
        "card": card.raw.decode("ascii"),
        "agreement": b64url(agreement.raw),
        "signature": signature,
        "invitation": invitation,
        "created": instant_text(created_at),
    }
    raw = sign_compact(encode(value), typ=JOINING_TYPE, key=key)
    read_joining(raw)
    return raw + b"\n"


def read_joining(raw: bytes) -> Joining:
    """Return the joining in a file; line ends after it are no fault.

    Raises:
        CardInvalidError: the card in it is not valid.
        AgreementInvalidError: the file or the agreement has another form, or a signature does not hold.
    """
    read = _read_file(raw, JOINING_TYPE, _JOINING_NAMES, kind="joining")
    members = read.members
    return Joining(
        card=read.card,
        agreement=read_agreement(members.octets("agreement", max_bytes=MAX_AGREEMENT_BYTES)),
        signature=members.text("signature", max_chars=512),
        invitation=members.identifier("invitation", parse_digest),
        created_at=members.instant("created"),
        raw=read.raw,
        digest=sha256(read.raw),
    )


@dataclass(frozen=True)
class _File:
    members: Members
    card: Card
    raw: bytes


def _read_file(raw: bytes, typ: str, names: Collection[str], *, kind: str) -> _File:
    """Return the members of a file signed by the recovery key of the card inside it."""
    raw = raw.rstrip(b"\r\n")
    try:
        jws = read_compact(raw, typ=typ, max_bytes=MAX_FILE_BYTES)
        members = Members(parse(jws.payload, _LIMITS), names, kind=kind, error=AgreementInvalidError)
        members.integer("v", low=1, high=1)
        text = members.text("card", max_chars=MAX_CARD_BYTES)
        card = read_card(text.encode("utf-8"), pinned_recovery=None)
        verify_jws(jws, card.recovery)
    except (CardInvalidError, AgreementInvalidError):
        raise
    except ProtocolError as error:
        raise AgreementInvalidError(
            f"this is no {kind}, or it was changed: {error}",
            hint=f"name the file of the {kind}; if it is that, ask for it once more, by another way",
        ) from error
    return _File(members, card, raw)


def _nonce(members: Members) -> bytes:
    nonce = members.octets("nonce", max_bytes=NONCE_BYTES)
    if len(nonce) != NONCE_BYTES:
        raise members.fault("nonce", f"{NONCE_BYTES} bytes")
    return nonce


def _printable(members: Members, name: str) -> str:
    text = members.text(name, min_chars=0, max_chars=200)
    if not text.isprintable():
        raise members.fault(name, "printable characters")
    return text
