# SPDX-License-Identifier: Apache-2.0
"""Stops of ours that the partner does not have yet: while one waits, nobody there stops anything.

A stop waits when the line is down or the partner sleeps. That it is sent by itself helps nobody who is in a
vehicle already, so whoever works here reads it until it is delivered, and telephones. Under a pause it is a
draft that waits, and as urgent. Who is at the crossing only reads of the own ones.
"""

from typing import Any

from exchange.cases.permissions import Act
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.after_sending import is_urgent
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

    def kept(uow: UnitOfWork) -> list[dict[str, Any]]:
        links = {link.link: link.partner for link in uow.links.all()}
        return [
            {
                "id": row.id,
                "type": row.type,
                "partner": links[row.link],
                "created": row.created_at,
                "cases": (),
            }
            for row in uow.drafts.summaries()
            if row.waiting and row.link in links and is_urgent(row.type)
            if of_all or row.prepared_by == clerk.officer
        ]

    return await clerk.node.store.read(lambda uow: unit(uow) + kept(uow))
