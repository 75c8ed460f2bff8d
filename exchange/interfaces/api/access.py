# SPDX-License-Identifier: Apache-2.0
"""Commands about who may read: named readers, desks, emergencies, and officers who were stopped.

None of them shows content. A case is named by its whole code; with several links also by its partner.
"""

from collections.abc import Callable

from exchange.ids import OfficerNumber, parse_agency, parse_officer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, reader_for, when
from exchange.service.access import CasePlace, EmergencyOpening, ReaderRow, StopRow
from exchange.service.granting import (
    confirm_reader,
    end_reader,
    give_to_office,
    let_go_on,
    look_at_emergency,
    open_in_emergency,
    propose_reader,
)
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, demand_desk
from exchange.service.unique_match import the_only

OnReader = Callable[[UnitOfWork, Node, Reader, CasePlace, OfficerNumber], ReaderRow | None]


async def propose(desk: Desk, ask: Ask) -> Answer:
    return await _on_reader(desk, ask, propose_reader)


async def confirm(desk: Desk, ask: Ask) -> Answer:
    return await _on_reader(desk, ask, confirm_reader)


async def end(desk: Desk, ask: Ask) -> Answer:
    return await _on_reader(desk, ask, end_reader)


async def give(desk: Desk, ask: Ask) -> Answer:
    """Give a case to an office of the own side."""
    office = parse_agency(ask.text("office"))

    def unit(uow: UnitOfWork) -> Answer:
        place = place_of(uow, ask)
        desks = give_to_office(uow, desk.node, reader_for(uow, ask), place, office)
        return {"case": place.case, "desks": sorted(desks)}

    return await desk.node.store.write(unit)


async def emergency(desk: Desk, ask: Ask) -> Answer:
    """Open a case of another desk for an hour; a second person looks at it afterwards."""

    def unit(uow: UnitOfWork) -> Answer:
        place, reader = place_of(uow, ask), reader_for(uow, ask)
        row = open_in_emergency(uow, desk.node, reader, place, ask.text("emergency"))
        return {"case": place.case, "until": when(row.until_at)}

    return await desk.node.store.write(unit)


async def look(desk: Desk, ask: Ask) -> Answer:
    """Record what the second person thinks of an opening in an emergency."""

    def unit(uow: UnitOfWork) -> Answer:
        agrees = not ask.flag("objects")
        row = look_at_emergency(uow, desk.node, reader_for(uow, ask), ask.number("n"), agrees=agrees)
        return {"case": row.place.case, "officer": row.officer, "agrees": agrees}

    return await desk.node.store.write(unit)


async def go_on(desk: Desk, ask: Ask) -> Answer:
    """Let an officer who opened too much go on."""
    stopped = parse_officer(ask.text("stopped"))

    def unit(uow: UnitOfWork) -> Answer:
        let_go_on(uow, desk.node, reader_for(uow, ask), stopped)
        return {"officer": stopped}

    return await desk.node.store.write(unit)


async def readers(desk: Desk, ask: Ask) -> Answer:
    """Return who is named and where a case lies, for somebody at its desk; no content is opened."""

    def unit(uow: UnitOfWork) -> Answer:
        place, reader = place_of(uow, ask), reader_for(uow, ask)
        demand_desk(uow, desk.node, reader, [place])
        named = [reader_answer(row) for row in uow.access.readers(place)]
        return {"case": place.case, "readers": named, "desks": sorted(uow.access.desks(place))}

    return await desk.node.store.read(unit)


def reader_answer(row: ReaderRow) -> Answer:
    return {
        "officer": row.officer,
        "proposed_by": row.proposed_by,
        "proposed": when(row.proposed_at),
        "confirmed_by": row.confirmed_by,
    }


async def listed(desk: Desk, _: Ask) -> Answer:
    """Return what waits for a second person: stops, and openings in an emergency."""
    return await desk.node.store.read(lambda uow: waiting_answer(uow, desk.node))


def waiting_answer(uow: UnitOfWork, node: Node) -> Answer:
    """Return stops and openings in an emergency that wait for a second person."""
    return {
        "reading_stops": [_stop(row) for row in uow.access.stops()],
        "emergency_openings": [_emergency(row, node) for row in uow.access.emergencies_to_see()],
    }


def place_of(uow: UnitOfWork, ask: Ask) -> CasePlace:
    """Return the one case that is named.

    Raises:
        UsageError: none or several.
    """
    code = ask.text("code").upper()
    found = [row for row in uow.cases.find(code) if row.code == code]
    case = the_only(found, "case", f"the code {code}", hint="list them: exchange case list")
    return CasePlace(case.link, case.code)


async def _on_reader(desk: Desk, ask: Ask, act: OnReader) -> Answer:
    named = parse_officer(ask.text("reader"))

    def unit(uow: UnitOfWork) -> Answer:
        place = place_of(uow, ask)
        act(uow, desk.node, reader_for(uow, ask), place, named)
        return {"case": place.case, "reader": named}

    return await desk.node.store.write(unit)


def _stop(row: StopRow) -> Answer:
    return {"officer": row.officer, "at": when(row.at), "opened": row.opened}


def _emergency(row: EmergencyOpening, node: Node) -> Answer:
    return {
        "n": row.n,
        "case": row.place.case,
        "officer": row.officer,
        "purpose": row.purpose,
        "at": when(row.at),
        "until": when(row.until_at),
        "overdue": node.clock.now() > row.until_at,
    }


COMMANDS: dict[str, Command] = {
    "reader.list": readers,
    "reader.propose": propose,
    "reader.confirm": confirm,
    "reader.end": end,
    "case.give": give,
    "case.emergency": emergency,
    "emergency.review": look,
    "reading.release": go_on,
    "access.list": listed,
}
