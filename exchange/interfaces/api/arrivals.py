# SPDX-License-Identifier: Apache-2.0
"""Commands about what arrived and nobody has opened: stops with the persons they are about, and the others.

Types, numbers, codes of cases and times. Only `arrival.stops` names persons, and records it.
"""

from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_line, reader_for
from exchange.messages.catalog import message_types
from exchange.service.open_questions import BEGIN, Place
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow
from exchange.service.stops_named import Stop, stops_named

SHOWN, MOST = 10, 100
"""Messages in one answer: as many as stand beside other work, and as many as one may ask for."""


def arrivals_answer(uow: UnitOfWork, *, limit: int = SHOWN) -> Answer:
    """Return how many messages wait to be opened, and the newest of them; without names."""
    count = uow.unopened.count()
    partners = _partners(uow)
    stops, others = (uow.unopened.page(stops=kind, limit=limit)[0] for kind in (True, False))
    return {
        "stops_unopened": count.stops,
        "unopened": count.others,
        "stops": [_arrival(uow, row, partners) for row in stops],
        "arrived": [_arrival(uow, row, partners) for row in others],
    }


async def list_stops(desk: Desk, ask: Ask) -> Answer:
    """Return a page of stops that nobody has opened, newest first, with the names that the reader may have.

    That they were named is recorded. `more` is where the next page begins, to be given as `after`.
    """
    reader = await desk.node.store.read(lambda uow: reader_for(uow, ask))
    found = await stops_named(desk.node, reader, limit=_limit(ask), after=_place(ask))

    def unit(uow: UnitOfWork) -> Answer:
        partners = _partners(uow)
        stops = [_stop(uow, stop, partners) for stop in found.stops]
        return {"stops": stops, "more": found.next[0] if found.next else None}

    return await desk.node.store.read(unit)


async def page_arrivals(desk: Desk, ask: Ask) -> Answer:
    """Return a page of the messages that nobody has opened and that are no stops, newest first.

    `more` is where the next page begins, to be given as `after`.
    """
    limit, after = _limit(ask), _place(ask)

    def unit(uow: UnitOfWork) -> Answer:
        rows, place = uow.unopened.page(stops=False, after=after, limit=limit)
        partners = _partners(uow)
        return {
            "arrived": [_arrival(uow, row, partners) for row in rows],
            "more": place[0] if place else None,
        }

    return await desk.node.store.read(unit)


def _stop(uow: UnitOfWork, stop: Stop, partners: dict[str, str]) -> Answer:
    named = [{"case": one.case, "names": [list(name) for name in one.names]} for one in stop.persons]
    return {**_arrival(uow, stop.row, partners), "named": named}


def _arrival(uow: UnitOfWork, row: MessageRow, partners: dict[str, str]) -> Answer:
    cases = uow.cases.of_message(row.link, Direction.IN, row.seq)
    line = message_line(row, partners[row.link])
    kept = {name: line[name] for name in ("id", "partner", "type", "seq", "created", "verdict")}
    return {**kept, "what": message_types()[row.type].label, "cases": list(cases)}


def _partners(uow: UnitOfWork) -> dict[str, str]:
    return {row.link: row.partner for row in uow.links.all()}


def _limit(ask: Ask) -> int:
    return min(max(ask.number("limit", SHOWN), 1), MOST)


def _place(ask: Ask) -> Place:
    """Return the place a page begins at, which an earlier answer gave as `more`."""
    if ask.members.get("after") is None:
        return BEGIN
    after = ask.number("after")
    if after < 0:
        raise UsageError("after is not a place of this list", hint="give what an earlier answer had as more")
    return (after,)


COMMANDS: dict[str, Command] = {"arrival.stops": list_stops, "arrival.page": page_arrivals}
