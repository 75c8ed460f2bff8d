# SPDX-License-Identifier: Apache-2.0
"""The card of an agency: who it is, its keys with their dates, its addresses, what it can take.

A card is a compact JWS by the agency's recovery key. `read_card` checks, in this order:

1. At most 64 KiB, a compact JWS of the type of cards, its payload JSON as this protocol allows it.
2. The recovery key stated in the card is sound and is the pinned one, where one is pinned.
3. The signature verifies under that recovery key, which also the JWS header names.
4. Exactly the members of a card, each within its bound.
5. Every key is sound, stands under its own key id, has one use, and is listed once; the recovery key
   is none of them; its dates run forward. A key of a use that is not known here has the form of one,
   counts for nothing, and is told (`unknown_uses`).

A card replaces another by its serial (`newer_card`); a revocation is a card whose entry of a key says
`revoked`. Dates choose the key for a new message; they never judge an old one (`trust`). A missing key
does not make a card invalid, because a revocation must pass; `missing_uses` says it at enrolment.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exchange.errors import CardInvalidError, ProtocolError
from exchange.ids import Digest, KeyId, sha256
from exchange.protocol.cardform import CARD_NAMES, CardFields, CardKey, card_value, read_fields, read_recovery
from exchange.protocol.cardform import Revocation as Revocation
from exchange.protocol.jws import RawJws, read_compact, sign_compact, verify_jws
from exchange.protocol.members import Members
from exchange.protocol.strictjson import Limits, encode, parse
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, Suite, algorithm_of

CARD_TYPE: Final = "exchange-card+jws"
MAX_CARD_BYTES: Final = 64 * 1024
"""A card with two quarters of keys has 14 kB; with three years of them below 64 KiB."""
CONFLICT_REASON: Final = "card_conflict"
"""Reason of the error for two cards of one serial: an alarm, not a mishap."""

_LIMITS = Limits(max_bytes=MAX_CARD_BYTES, max_depth=4, max_members=200, max_items=200, max_name=64)


@dataclass(frozen=True, kw_only=True)
class Card(CardFields):
    """A verified card. `recovery` signed it; `digest` is that of its exact bytes."""

    recovery: PublicKey
    raw: bytes
    digest: Digest

    def keys_for(self, use: KeyUse) -> tuple[CardKey, ...]:
        """Return all keys of a use, also revoked ones, in the order of the card."""
        return tuple(key for key in self.keys if key.use is use)

    @property
    def address(self) -> str:
        """Return the address that is called: the first one, "" for an agency that only calls."""
        return next(iter(self.addresses), "")

    def find(self, use: KeyUse, kid: KeyId) -> CardKey | None:
        return next((key for key in self.keys_for(use) if key.kid == kid), None)

    def current(self, use: KeyUse, at: datetime, *, suite: Suite = Suite.HYBRID) -> CardKey:
        """Return the newest key of a use that may be used at an instant; for sealing, that of the suite.

        Raises:
            CardInvalidError: there is none; the agency has to issue a new card.
        """
        algorithm = algorithm_of(use, suite)
        usable = [key for key in self.keys_for(use) if key.algorithm is algorithm and key.is_usable(at)]
        if not usable:
            raise CardInvalidError(
                f"card {self.serial} of {self.agency} has no usable key for {use}",
                hint=f"ask {self.agency} for its new card",
            )
        return max(usable, key=lambda key: (key.valid_from, key.kid))

    def missing_uses(self, at: datetime) -> tuple[str, ...]:
        """Return the uses without a usable key; a card without any is not expired.

        TLS is missing only where there is an address, sealing for each suite that the card names.
        """
        uses = [(use, suite) for use in KeyUse for suite in Suite if self._needs(use, suite)]
        usable = {(key.use, key.algorithm) for key in self.keys if key.is_usable(at)}
        return tuple(f"{use} {suite}" for use, suite in uses if (use, algorithm_of(use, suite)) not in usable)

    def _needs(self, use: KeyUse, suite: Suite) -> bool:
        match use:
            case KeyUse.RECOVERY | KeyUse.HEAD_PQ:
                return False
            case KeyUse.SEAL:
                return suite in self.suites
            case KeyUse.TLS:
                return bool(self.addresses) and suite is Suite.HYBRID
            case _:
                return suite is Suite.HYBRID


def sign_card(content: CardFields, *, key: PrivateKey) -> bytes:
    """Return the card signed by the recovery key.

    Raises:
        CardInvalidError: a partner would refuse it.
    """
    if key.use is not KeyUse.RECOVERY:
        raise CardInvalidError(f"a card is signed by the recovery key, not by a key for {key.use}")
    raw = sign_compact(encode(card_value(content, key.public)), typ=CARD_TYPE, key=key)
    read_card(raw, pinned_recovery=key.public)
    return raw


def read_card(raw: bytes, *, pinned_recovery: PublicKey | None) -> Card:
    """Return the verified card in `raw`; the numbered rules stand at the top of this module.

    Without a pinned key the card only proves that it is whole: who it belongs to is settled when two
    people compare the words of the agreement.

    Raises:
        CardInvalidError: any rule is broken.
    """
    try:
        jws = read_compact(raw, typ=CARD_TYPE, max_bytes=MAX_CARD_BYTES)  # 1
        members = Members(parse(jws.payload, _LIMITS), CARD_NAMES, kind="card", error=CardInvalidError)
        recovery = _recovery(members, jws, pinned_recovery)  # 2, 3
        return _card(read_fields(members), recovery, raw)  # 4, 5
    except CardInvalidError:
        raise
    except ProtocolError as error:
        raise CardInvalidError(
            f"the card is not valid: {error}", hint="a card in a file is written by: exchange key card"
        ) from error


def newer_card(
    held: Card, offered: Card, *, known_keys: Collection[KeyId] = (), pinned: PublicKey | None = None
) -> Card:
    """Return which of two cards of one agency counts: the one of the higher serial, else the held one.

    1. Both are of the same agency and node, and of the same kind (training or real). The recovery key is that
       of the held card, or the one that the newest version of the agreement pins (`pinned`).
    2. A lower serial changes nothing, for couriers bring old cards late; the same serial with other bytes
       is an alarm (`card_conflict`).
    3. A key keeps its use and its bytes, and a revoked key stays revoked or goes.
    4. A key that is new in it is not known from elsewhere (`known_keys`).

    Raises:
        CardInvalidError: a rule is broken; the held card stays.
    """
    expected = (held.agency, held.node, pinned or held.recovery, held.training)
    if expected != (offered.agency, offered.node, offered.recovery, offered.training):
        raise CardInvalidError(f"the card of {held.agency} changes agency, node, recovery key or training")
    if offered.serial < held.serial:
        return held
    if offered.serial == held.serial:
        return _same(held, offered)
    before = {key.kid: key for key in held.keys}
    for key in offered.keys:
        _check_history(before.get(key.kid), key, known_keys)
    return offered


def address_changes(held: Card, offered: Card) -> bool:
    """Return True if two persons must agree before the new card's address is called."""
    return held.address != offered.address


def _recovery(members: Members, jws: RawJws, pinned: PublicKey | None) -> PublicKey:
    stated = read_recovery(members, "recovery")
    if pinned is not None and pinned != stated:
        raise CardInvalidError(
            f"the card names recovery key {stated.kid}, not the pinned {pinned.kid}",
            hint="telephone the agency: if it has a new recovery key, first: exchange agreement sign",
        )
    verify_jws(jws, stated)
    return stated


def _card(content: CardFields, recovery: PublicKey, raw: bytes) -> Card:
    kids = [recovery.kid, *(key.kid for key in content.keys)]
    if len(set(kids)) != len(kids):
        raise CardInvalidError("the card names a key twice, or the recovery key for a second use")
    return Card(**vars(content), recovery=recovery, raw=raw, digest=sha256(raw))


def _same(held: Card, offered: Card) -> Card:
    if held.raw == offered.raw:
        return held
    error = CardInvalidError(
        f"two different cards of {held.agency} have serial {held.serial}",
        hint=f"call {held.agency}: its recovery key may be in other hands",
    )
    error.reason = CONFLICT_REASON
    raise error


def _check_history(before: CardKey | None, key: CardKey, known_keys: Collection[KeyId]) -> None:
    if before is None:
        if key.kid in known_keys:
            raise CardInvalidError(f"the card adds key {key.kid}, which is known from elsewhere")
        return
    if before.public != key.public:
        raise CardInvalidError(f"key {key.kid} changes its use or its bytes")
    if before.revoked is not None and key.revoked is not before.revoked:
        if before.revoked is Revocation.RETIRED and key.revoked is Revocation.COMPROMISED:
            return
        raise CardInvalidError(f"key {key.kid} was revoked and comes back")
