# SPDX-License-Identifier: Apache-2.0
"""The kit as an agency: keys that belong to a label, and a card that trains.

    seed of a key = SHA-256("exchange conformance kit/<agency>/<use>/<algorithm>/<n>")

What a seed of 32 bytes means stands in `protocol.suites`; n counts from 1. No private key is stored: any
program makes them again. So they protect nothing, and every card made here says `training`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from exchange.ids import AgencyCode, KeyId, NodeId
from exchange.messages.catalog import message_types
from exchange.protocol.cardform import CardFields, CardKey
from exchange.protocol.cards import Card, read_card, sign_card
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, Suite, algorithm_of

SEED: Final = "exchange conformance kit"
KEYS_OF_A_USE: Final = 3
"""Keys 1 and 2 begin to count in the log of the kit; key 3 stands in the card alone."""
KEY_LIFE: Final = timedelta(days=3_650)
"""The vectors stay right for years; nothing real is protected by these keys."""
HEAD_START: Final = timedelta(days=1)
_APART: Final = frozenset({KeyUse.RECOVERY, KeyUse.SEAL, KeyUse.HEAD_PQ})
"""Not in the row of usual uses; a card without a key for second signatures is a whole card."""


@cache
def kit_key(agency: AgencyCode, use: KeyUse, n: int = 1, *, suite: Suite = Suite.HYBRID) -> PrivateKey:
    """Return the private key that belongs to an agency, a use and a number."""
    algorithm = algorithm_of(use, suite)
    return PrivateKey(use, algorithm, hashlib.sha256(label_of(agency, use, algorithm, n).encode()).digest())


def label_of(agency: AgencyCode, use: KeyUse, algorithm: Algorithm, n: int) -> str:
    """Return the text whose SHA-256 is the seed of a key."""
    return f"{SEED}/{agency}/{use}/{algorithm}/{n}"


@cache
def private_keys(agency: AgencyCode) -> dict[KeyId, PrivateKey]:
    """Return every key of an agency by its id, the recovery key too."""
    keys = [kit_key(agency, KeyUse.RECOVERY)]
    keys += [key for use, suite in _kinds() for key in _keys(agency, use, suite)]
    return {key.kid: key for key in keys}


@dataclass(frozen=True)
class Member:
    """One side of the vectors, or the kit itself: its code and its card."""

    code: AgencyCode
    card: Card

    def key(self, use: KeyUse, n: int = 1, *, suite: Suite = Suite.HYBRID) -> PrivateKey:
        return kit_key(self.code, use, n, suite=suite)

    @property
    def recovery(self) -> PrivateKey:
        return kit_key(self.code, KeyUse.RECOVERY)


def member(code: AgencyCode, *, born_at: datetime, addresses: tuple[str, ...] = ()) -> Member:
    """Return an agency of the kit with its first card."""
    fields = card_fields(code, born_at=born_at, addresses=addresses)
    return Member(code, card_of(fields))


def card_of(fields: CardFields) -> Card:
    """Return a card signed by the recovery key of its agency."""
    recovery = kit_key(fields.agency, KeyUse.RECOVERY)
    return read_card(sign_card(fields, key=recovery), pinned_recovery=recovery.public)


def card_fields(code: AgencyCode, *, born_at: datetime, addresses: tuple[str, ...] = ()) -> CardFields:
    """Return what the first card of an agency of the kit says."""
    start = born_at - HEAD_START
    return CardFields(
        agency=code,
        names={"en": f"Conformance kit as {code}"},
        node=NodeId(hashlib.sha256(f"{SEED}/{code}/node".encode()).hexdigest()[:16]),
        serial=1,
        issued_at=start,
        training=True,
        keys=tuple(_entries(code, start, has_address=bool(addresses))),
        addresses=addresses,
        suites=tuple(int(suite) for suite in Suite),
        messages={name: (row.form.version,) for name, row in message_types().items() if row.form},
        limits={},
    )


def _entries(code: AgencyCode, start: datetime, *, has_address: bool) -> Iterable[CardKey]:
    """Yield the entries of a card; the first key of a use is the newest, so that it is the usual one."""
    for use, suite in _kinds():
        if use is KeyUse.TLS and not has_address:
            continue
        for n, key in enumerate(_keys(code, use, suite)):
            public, begins = key.public, start - timedelta(hours=n)
            yield CardKey(public.use, public.kid, public.algorithm, public.raw, begins, begins + KEY_LIFE)


def _keys(agency: AgencyCode, use: KeyUse, suite: Suite) -> list[PrivateKey]:
    return [kit_key(agency, use, n, suite=suite) for n in range(1, KEYS_OF_A_USE + 1)]


def _kinds() -> list[tuple[KeyUse, Suite]]:
    uses = [use for use in KeyUse if use not in _APART]
    return [*((use, Suite.HYBRID) for use in uses), *((KeyUse.SEAL, suite) for suite in Suite)]
