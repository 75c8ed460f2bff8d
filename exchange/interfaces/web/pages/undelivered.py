# SPDX-License-Identifier: Apache-2.0
"""Stops of ours that the partner does not have yet: while one waits, nobody there stops anything.

A stop waits when the line is down or the partner sleeps. That it is sent by itself helps nobody who is in a
vehicle already, so whoever works here reads it until it is delivered, and telephones. Who is at the crossing
only reads of the own ones.
"""

from typing import Any

from exchange.cases.permissions import Act
from exchange.interfaces.web.desk import Clerk
from exchange.service.ports import UnitOfWork

MOST = 10
"""Stops of one partner on the list, the oldest first; more of them wait only in a drill."""


async def undelivered_stops(clerk: Clerk) -> list[dict[str, Any]]:
    """Return the stops that wait for the verdict of a partner, without content."""
    of_all = clerk.may(Act.SEE_WORK)

    def unit(uow: UnitOfWork) -> list[dict[str, Any]]:
        return [
            {
                "id": row.id,
                "type": row.type,
                "partner": link.partner,
                "created": row.created_at,
                "cases": uow.cases.of_message(row.link, row.direction, row.seq),
            }
            for link in uow.links.all()
            for row in uow.messages.queued(link.link, stops=True, after=0, limit=MOST)
            if of_all or row.officer == clerk.officer
        ]

    return await clerk.node.store.read(unit)
