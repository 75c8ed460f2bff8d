# SPDX-License-Identifier: Apache-2.0
"""Agencies of tests: their keys and cards, derived from a label."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property

from exchange.adapters.keys.material import PERIODS, NodeKeys, make_keys
from exchange.ids import AgencyCode, new_node_id
from exchange.messages.versions import installed_versions
from exchange.protocol.cardform import CardFields, CardKey, Revocation
from exchange.protocol.cards import Card, read_card, sign_card
from exchange.protocol.suites import KeyUse, PrivateKey
from tests.support.keys import seeded_random

NOW = datetime(2027, 10, 4, 9, 12, 4, 123000, tzinfo=UTC)
KH = AgencyCode("KH-MOSVY-DAHT")
VN = AgencyCode("VN-MPS-IMM")
TH = AgencyCode("TH-MSDHS-DATIP")
DIRECTORY = (KH, VN, TH)


@dataclass(frozen=True)
class Agency:
    """An agency with its private keys and what stands in its card."""

    keys: NodeKeys
    fields: CardFields

    @property
    def recovery(self) -> PrivateKey:
        assert self.keys.recovery is not None
        return self.keys.recovery

    @cached_property
    def card(self) -> Card:
        return read_card(sign_card(self.fields, key=self.recovery), pinned_recovery=self.recovery.public)

    def but(self, **changes: object) -> "Agency":
        """Return the agency with another card."""
        return replace(self, fields=replace(self.fields, **changes))  # type: ignore[arg-type]

    def revoking(self, use: KeyUse, reason: Revocation, *, serial: int = 2) -> "Agency":
        """Return the agency with a card that revokes its first key of a use."""
        gone = self.key(use)
        keys = tuple(replace(key, revoked=reason) if key == gone else key for key in self.fields.keys)
        return self.but(keys=keys, serial=serial)

    def key(self, use: KeyUse, place: int = 0) -> CardKey:
        return [key for key in self.fields.keys if key.use is use][place]


@cache
def agency(code: AgencyCode = KH, label: str = "", *, born: datetime = NOW, periods: int = PERIODS) -> Agency:
    """Return the agency of a label; its keys count from a day before it was `born`."""
    random = seeded_random(f"agency/{code}/{label}")
    keys = make_keys(random, born - timedelta(days=1), periods=periods)
    return Agency(
        keys,
        CardFields(
            agency=code,
            names={"en": f"Agency {code}"},
            node=new_node_id(random),
            serial=1,
            issued_at=born - timedelta(days=1),
            training=False,
            keys=keys.entries(),
            addresses=("https://exchange.example:18443",),
            suites=(1, 2),
            messages=installed_versions(),
            limits={"line_bytes": 6291456},
        ),
    )
