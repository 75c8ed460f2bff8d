# SPDX-License-Identifier: Apache-2.0
"""What stands behind the partner door: who may knock, and which use case answers.

The door has verified nothing but the form of a request when it asks for a key; it calls the other
methods only after the signature over the request has been verified with that key.
"""

from exchange.errors import NodeError, RefusedError
from exchange.ids import AgencyCode, KeyId, LinkId
from exchange.protocol.suites import KeyUse, PublicKey
from exchange.protocol.trust import NOW, trusted_signer
from exchange.service.clock_apart import note_apart
from exchange.service.converse import answer
from exchange.service.gate import answer_gate
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.refusals import Refused
from exchange.service.rows import LinkState

ADMITTED = frozenset({LinkState.CLOSED, LinkState.OPEN, LinkState.JOINED, LinkState.FROZEN, LinkState.PAUSED})
"""A partner of a paused link is heard as well, so that it learns that the gate is closed."""


class Doorkeeper:
    """The partner service of one node."""

    def __init__(self, node: Node, card: bytes) -> None:
        self._node = node
        self._card = card
        self._stopping = False
        self._partners: dict[LinkId, AgencyCode] = {}
        """The partner of each link of the store that was named at the door."""

    async def door_key(self, link: LinkId, key: KeyId) -> PublicKey | None:
        """Return the partner's door key under this id if it may be used now."""

        def unit(uow: UnitOfWork) -> PublicKey | None:
            row = uow.links.get(link)
            if row is not None:
                self._partners[link] = row.partner
            if row is None or row.state not in ADMITTED:
                return None
            try:
                keys = pairing_of(uow, self._node, link).partner_keys
                return trusted_signer(keys, key, use=KeyUse.DOOR, agency=row.partner, index=NOW)
            except (NodeError, RefusedError):
                return None

        return await self._node.store.read(unit)

    async def take_frame(self, link: LinkId, raw: bytes) -> bytes:
        """Take a frame and return ours; see `converse.answer`."""
        return await answer(self._node, link, raw)

    async def answer_gate(self, link: LinkId, raw: bytes) -> bytes:
        """Answer at the start gate; see `gate.answer_gate`."""
        return await answer_gate(self._node, link, raw)

    def asks(self, link: LinkId) -> bool:
        """Return whether a refill waits for what the partner of a link gives."""
        return self._node.presence.is_asking(link)

    def note_refused(self, link: LinkId, *, counts: bool, rule: str) -> AgencyCode | None:
        """Count a refused request that named a link, and return whose link it is; None if it is not ours."""
        partner = self._partners.get(link)
        if partner is not None and counts:
            presence = self._node.presence.of(link)
            presence.refused[Refused.REQUEST] += 1
            presence.refused_rule = rule
        return partner

    def note_clock(self, link: LinkId, apart_s: int) -> None:
        """Remember for people how far the partner's clock is from ours; see `clock_apart`."""
        note_apart(self._node, link, apart_s)

    def card(self) -> bytes:
        return self._card

    def accepts(self) -> bool:
        return not (self._stopping or self._node.presence.is_draining)

    def stop(self) -> None:
        """Take no more frames; what is being committed is answered."""
        self._stopping = True
