# SPDX-License-Identifier: Apache-2.0
"""Which address of a partner is called while its card names another one (threat-model rule 28).

The card of a partner is the only place that an address comes from, and its recovery key signed it. Where a
newer card names another address than the one in use,

1. `hold` lets the address in use stay, before the card is taken over; everything else in the card counts at
   once, because the keys of a node that had to leave its place must not wait for people of the other side;
2. `standing_of` says that the address waits;
3. two officers take or refuse it: `decide`. Until then, and after a refusal, the old address is called.

A card that names the address in use again ends the waiting. What was decided is bound to the recovery key, so
a partner that enrols anew begins without it.

The node that moved asks for news by itself until a partner calls it (`has_moved`, `deliver.poll`).
"""

import json
from dataclasses import dataclass
from typing import Final

from exchange.errors import UsageError
from exchange.ids import OfficerNumber
from exchange.protocol.cards import Card, address_changes
from exchange.service.node import Node
from exchange.service.pairing import pairing_of, parsed_card
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import AuditRow, LinkRow

_IN_USE: Final = "address:"
"""Setting of a partner: the address that is called although its card names another; JSON, or ""."""
_REFUSED: Final = "address_refused:"
"""Setting of a partner: the address that two officers refused last; JSON, or ""."""


@dataclass(frozen=True)
class AddressStanding:
    """The address that is called and the one that the card names; "" for a partner that only calls."""

    in_use: str
    offered: str
    is_refused: bool

    @property
    def differs(self) -> bool:
        return self.in_use != self.offered

    @property
    def waits(self) -> bool:
        """Return True if two officers have to decide."""
        return self.differs and not self.is_refused


def standing_of(uow: UnitOfWork, card: Card) -> AddressStanding:
    """Return which address of a partner is called, and which one its newest card names."""
    kept, refused = uow.settings.get(_name(_IN_USE, card)), uow.settings.get(_name(_REFUSED, card))
    in_use = json.loads(kept) if kept else card.address
    return AddressStanding(in_use, card.address, bool(refused) and json.loads(refused or "") == card.address)


def has_moved(uow: UnitOfWork, node: Node) -> bool:
    """Return True if our cards named different addresses: a partner may still call an old one."""
    return len({parsed_card(row.raw).address for row in uow.links.cards(node.agency)}) > 1


def hold(uow: UnitOfWork, node: Node, held: Card, offered: Card) -> None:
    """Let the address in use stay until two officers decide; requires that `offered` may follow `held`."""
    in_use = standing_of(uow, held).in_use
    waits = in_use != offered.address
    uow.settings.put(_name(_IN_USE, offered), json.dumps(in_use) if waits else "")
    if waits and address_changes(held, offered):
        serial = str(offered.serial)
        uow.audit.record(
            AuditRow(node.clock.now(), "partner", "address_waits", offered.agency, result=serial)
        )


async def decide(
    node: Node, link: LinkRow, address: str, *, takes: bool, actors: tuple[OfficerNumber, OfficerNumber]
) -> AddressStanding:
    """Let two officers take or refuse the address that a partner's card names; return what is called now.

    The address is named once more, so that nobody decides about one that came meanwhile.

    Raises:
        UsageError: no other address is there, or the card names another one than `address`.
        NodeError: an officer is not in the directory.
    """

    def unit(uow: UnitOfWork) -> AddressStanding:
        card, now = pairing_of(uow, node, link.link).partner_card, node.clock.now()
        _demand_offered(standing_of(uow, card), address, link)
        for actor in actors:
            demand_officer(uow, actor, now)
            result = "taken" if takes else "refused"
            uow.audit.record(AuditRow(now, actor, "address_decided", link.partner, result=result))
        if takes:
            uow.settings.put(_name(_IN_USE, card), "")
        uow.settings.put(_name(_REFUSED, card), "" if takes else json.dumps(address))
        return standing_of(uow, card)

    return await node.store.write(unit)


def _demand_offered(standing: AddressStanding, address: str, link: LinkRow) -> None:
    hint = f"run: exchange partner show {link.partner}"
    if not standing.differs:
        raise UsageError(f"no other address of {link.partner} waits", hint=hint)
    if standing.offered != address:
        found = standing.offered or "no address"
        raise UsageError(f"the card of {link.partner} names {found}, not {address or 'none'}", hint=hint)


def _name(setting: str, card: Card) -> str:
    return f"{setting}{card.agency}:{card.recovery.kid}"
