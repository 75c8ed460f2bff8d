# SPDX-License-Identifier: Apache-2.0
"""Command about persons: the balance of a partner, in numbers and without a name."""

from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.service.persons import balance_of


async def balance_persons(desk: Desk, ask: Ask) -> Answer:
    """Return how many persons were announced, handed over and received, and whether that closes."""
    link = await desk.link(ask.text("partner", ""))
    found = await desk.node.store.read(lambda uow: balance_of(uow, link.link))
    return {
        "partner": link.partner,
        "in_notices": found.in_notices,
        "decisions": dict(found.decisions),
        "on_lists": found.on_lists,
        "outcomes": dict(found.outcomes),
        "added": found.added,
        "taken_over": found.taken_over,
        "received": found.received,
        "unconfirmed": found.unconfirmed,
        "holds": found.holds,
    }


COMMANDS: dict[str, Command] = {"persons.balance": balance_persons}
