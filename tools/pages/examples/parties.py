# SPDX-License-Identifier: Apache-2.0
"""The two agencies of the examples: keys from labels, cards, invitation, joining, agreement, words.

The agency that invites runs a node of ours and listens. The agency that joins only calls and has suite 1
alone, so everything it does can be done with an ordinary JOSE library.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count

from exchange.ids import AgencyCode, LinkId, NodeId, RandomSource
from exchange.protocol.agreement import Agreement, sign_agreement
from exchange.protocol.cardform import CardFields, CardKey
from exchange.protocol.cards import Card, read_card, sign_card
from exchange.protocol.enrolment import (
    Here,
    confirm,
    join,
    read_invitation,
    read_joining,
    words,
    write_invitation,
    write_joining,
)
from exchange.protocol.profiles import load_profile
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey

INVITER = AgencyCode("KH-MOSVY-DAHT")
JOINER = AgencyCode("TH-MSDHS-DATIP")
PROFILE = "kh-th"
BEGIN = datetime(2027, 10, 4, 2, 0, tzinfo=UTC)
"""When the story begins; every instant of the examples is some seconds after it."""
_FROM = datetime(2027, 10, 1, tzinfo=UTC)
_UNTIL = datetime(2028, 4, 1, tzinfo=UTC)
_SUITES = {INVITER: (1, 2), JOINER: (1,)}
_ADDRESSES = {INVITER: ("https://exchange.mosvy.example:18443",), JOINER: ()}
_NODES = {INVITER: NodeId("0c5e1f8a7d3b4920"), JOINER: NodeId("8b7d20f3c6a1e954")}
_NAMES = {INVITER: "Department of Anti-Human Trafficking", JOINER: "Division of Anti-Trafficking in Persons"}
_SIGNING = (KeyUse.ENVELOPE, KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR)


def example_random(label: str) -> RandomSource:
    """Return a source of bytes that are the same in every run."""
    counter = count()

    def draw(length: int) -> bytes:
        return hashlib.shake_256(f"exchange example random/{label}/{next(counter)}".encode()).digest(length)

    return draw


def at(seconds: float) -> datetime:
    """Return an instant of the story."""
    return BEGIN + timedelta(seconds=seconds)


def label_of(agency: AgencyCode, use: KeyUse, algorithm: Algorithm) -> str:
    """Return the label from which an example key is made."""
    return f"exchange example key/{agency}/{use}/{algorithm}"


def example_key(agency: AgencyCode, use: KeyUse, algorithm: Algorithm = Algorithm.ED25519) -> PrivateKey:
    """Return an example key; its seed is SHA-256 of its label."""
    return PrivateKey(use, algorithm, hashlib.sha256(label_of(agency, use, algorithm).encode()).digest())


def sealing_key(agency: AgencyCode, algorithm: Algorithm = Algorithm.X25519) -> PrivateKey:
    return example_key(agency, KeyUse.SEAL, algorithm)


def keys_of(agency: AgencyCode) -> list[PrivateKey]:
    """Return the keys that the card of an agency names, in its order."""
    keys = [example_key(agency, use) for use in _SIGNING]
    keys.append(sealing_key(agency))
    if 2 in _SUITES[agency]:
        keys.append(sealing_key(agency, Algorithm.MLKEM768_X25519))
    if _ADDRESSES[agency]:
        keys.append(example_key(agency, KeyUse.TLS, Algorithm.P256))
    return keys


@cache
def card_of(agency: AgencyCode) -> Card:
    """Return the card of an agency."""
    recovery = example_key(agency, KeyUse.RECOVERY)
    fields = CardFields(
        agency=agency,
        names={"en": _NAMES[agency]},
        node=_NODES[agency],
        serial=1,
        issued_at=_FROM,
        training=False,
        keys=tuple(_entry(key) for key in keys_of(agency)),
        addresses=_ADDRESSES[agency],
        suites=_SUITES[agency],
        messages={"CKS": ("1.0",), "RPD": ("1.0",), "RPN": ("1.0",)},
        limits={"line_bytes": 6_291_456},
    )
    return read_card(sign_card(fields, key=recovery), pinned_recovery=recovery.public)


def _entry(key: PrivateKey) -> CardKey:
    public = key.public
    return CardKey(public.use, public.kid, public.algorithm, public.raw, _FROM, _UNTIL)


@dataclass(frozen=True)
class Enrolment:
    """The two files and what comes out of them."""

    invitation: bytes
    joining: bytes
    agreement: Agreement
    signatures: dict[AgencyCode, str]
    words: tuple[str, ...]

    @property
    def link(self) -> LinkId:
        return self.agreement.link_id


@cache
def enrolment() -> Enrolment:
    """Return the enrolment of the two agencies, each step done by the product's own functions."""
    profile = load_profile(PROFILE)
    keys = {agency: example_key(agency, KeyUse.RECOVERY) for agency in (INVITER, JOINER)}
    file = write_invitation(
        card_of(INVITER),
        profile=PROFILE,
        answer_to="security@mosvy.example",
        created_at=at(-86_400),
        random=example_random("invitation"),
        key=keys[INVITER],
    )
    invitation = read_invitation(file)
    signed = join(invitation, here=_here(JOINER, -3_600), profile=profile, key=keys[JOINER])
    answer = write_joining(
        card_of(JOINER),
        signed.agreement,
        signature=signed.signature,
        invitation=invitation.digest,
        created_at=at(-3_600),
        key=keys[JOINER],
    )
    confirmed = confirm(
        read_joining(answer),
        invitation=invitation,
        here=_here(INVITER, -1_800),
        profile=profile,
        key=keys[INVITER],
    )
    agreement = confirmed.agreement
    signatures = {agency: sign_agreement(agreement.raw, key) for agency, key in keys.items()}
    return Enrolment(file, answer, agreement, signatures, words(agreement.raw, agreement.link_id))


def _here(agency: AgencyCode, seconds: float) -> Here:
    return Here(card_of(agency), known_keys=(), known_agencies=(INVITER, JOINER), now=at(seconds))


KeyOf = Callable[[KeyUse], PrivateKey]


def keys_for(agency: AgencyCode) -> KeyOf:
    """Return the signing keys of an agency by use."""
    return lambda use: example_key(agency, use)
