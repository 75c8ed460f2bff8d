# SPDX-License-Identifier: Apache-2.0
"""The command with which two officers take or refuse the new address of a partner."""

from exchange.bootstrap import refresh_routes
from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.service.addresses import AddressStanding, decide

TAKE, REFUSE = "take", "refuse"


def address_answer(standing: AddressStanding) -> Answer | None:
    """Return the address that is called and the one that the card names, or None if they are the same."""
    if not standing.differs:
        return None
    return {"in_use": standing.in_use, "offered": standing.offered, "refused": standing.is_refused}


async def decide_address(desk: Desk, ask: Ask) -> Answer:
    """Let two officers take or refuse the address that a partner's card names."""
    row = await desk.link(ask.text("partner"))
    first, second, decision = ask.officer(), ask.officer("second"), ask.text("decision")
    if first == second or decision not in (TAKE, REFUSE):
        raise UsageError("an address is taken or refused by two different officers")
    standing = await decide(
        desk.node, row, ask.text("address", ""), takes=decision == TAKE, actors=(first, second)
    )
    await refresh_routes(desk.opened)
    desk.node.presence.wake(row.link)
    return {"partner": row.partner, "address": standing.in_use, "moved": address_answer(standing)}


COMMANDS: dict[str, Command] = {"partner.address": decide_address}
