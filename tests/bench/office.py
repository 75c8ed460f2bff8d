# SPDX-License-Identifier: Apache-2.0
"""One agency in this process: the product's own node on a real store in a folder, enrolled with a partner.

What is measured here needs no partner that answers: nothing is sent, the gate is taken as open.
"""

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from exchange.adapters.storage.sqlite import SqliteStore
from exchange.clock import SystemClock
from exchange.ids import AgencyCode, LinkId
from exchange.protocol.agreement import sign_agreement
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Node, Presence
from exchange.service.partners import enrol
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CardRow, LinkState, OfficerRow
from tests.support.case_tables import MOVEMENTS
from tests.support.world import KH, OFFICER, SECOND, VN, HighWaterInMemory, Noted, Pair, agreement_of


@dataclass(frozen=True)
class Office:
    """A node with the link to its partner."""

    node: Node
    link: LinkId
    store: SqliteStore

    @property
    def code(self) -> AgencyCode:
        return self.node.agency


@contextlib.asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    """Set up an agency in a new folder and open it for as long as the context lasts."""
    made: list[Node] = []
    clock = SystemClock()
    pair = Pair(start=clock.now().replace(microsecond=0) - timedelta(hours=1), periods=2)
    own, partner, agreement = pair.member(KH), pair.member(VN), agreement_of(pair)
    async with await SqliteStore.open(
        folder,
        own=KH,
        store_key=secrets.token_bytes(32),
        finish=lambda uow, links: head_signer(made[0])(uow, links),
        create=True,
    ) as store:
        node = Node(
            agency=KH,
            node=own.card.node,
            keys=own.keys.keyring(),
            store=store,
            carrier=None,  # type: ignore[arg-type]
            high_water=HighWaterInMemory(),
            counters=Noted(),
            journal=Noted(),
            clock=clock,
            guard=ClockGuard(clock),
            random=secrets.token_bytes,
            tables=MOVEMENTS,
            presence=Presence(),
        )
        made.append(node)

        def people(uow: UnitOfWork) -> None:
            card = own.card
            uow.links.add_card(CardRow(KH, card.serial, card.raw, card.digest, pair.start))
            for number in (OFFICER, SECOND):
                uow.officers.add(OfficerRow(number, "Test Officer", KH, pair.functions, pair.start, None))

        await store.write(people)
        mine, theirs = (sign_agreement(agreement.raw, key) for key in (own.recovery, partner.recovery))
        await enrol(node, partner.card, agreement, own=mine, partner=theirs, actors=(OFFICER, SECOND))
        node.presence.of(agreement.link_id).gate = LinkState.OPEN
        yield Office(node, agreement.link_id, store)
