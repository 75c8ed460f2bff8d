# SPDX-License-Identifier: Apache-2.0
"""Commands about the directory of officers: list, add, correct, end."""

from exchange.ids import parse_agency, parse_officer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.service import staffing
from exchange.service.rows import OfficerRow
from exchange.service.staffing import Leaving

ACTOR = "administrator"
"""Who adds an officer at the local socket: whoever runs the node."""


async def list_officers(desk: Desk, _: Ask) -> Answer:
    rows = await desk.node.store.read(lambda uow: uow.officers.list())
    return {"officers": [_officer(row) for row in rows]}


async def add(desk: Desk, ask: Ask) -> Answer:
    """Enter an officer into the directory."""
    row = OfficerRow(
        number=parse_officer(ask.text("number")),
        name=ask.text("name"),
        office=parse_agency(ask.text("office", desk.opened.settings.agency.office)),
        functions=ask.texts("functions"),
        valid_from=desk.node.clock.now(),
        valid_to=None,
    )
    return _officer(await staffing.add_officer(desk.node, row, actor=ACTOR))


async def correct(desk: Desk, ask: Ask) -> Answer:
    """Correct name, office or functions of an officer; what is not said stays."""
    members = ask.members
    row = await staffing.correct_officer(
        desk.node,
        parse_officer(ask.text("number")),
        actor=ask.officer(),
        name=ask.text("name") if "name" in members else None,
        office=ask.agency("office") if "office" in members else None,
        functions=ask.texts("functions") if "functions" in members else None,
    )
    return _officer(row)


async def leaving(desk: Desk, ask: Ask) -> Answer:
    """Return what would follow if an officer's entry was ended; nothing is changed."""
    return _leaving(await staffing.leaving(desk.node, parse_officer(ask.text("number"))))


async def end(desk: Desk, ask: Ask) -> Answer:
    """End an officer's entry; what the officer signed stays verifiable."""
    number = parse_officer(ask.text("number"))
    return _leaving(await staffing.end_officer(desk.node, number, actor=ask.officer()))


def _leaving(found: Leaving) -> Answer:
    return {
        **_officer(found.row),
        "officers_left": found.officers_left,
        "drafts": found.drafts,
        "cases": found.cases,
        "account": found.has_account,
    }


def _officer(row: OfficerRow) -> Answer:
    return {
        "number": row.number,
        "name": row.name,
        "office": row.office,
        "functions": list(row.functions),
        "from": when(row.valid_from),
        "until": when(row.valid_to),
    }


COMMANDS: dict[str, Command] = {
    "officer.list": list_officers,
    "officer.add": add,
    "officer.correct": correct,
    "officer.leaving": leaving,
    "officer.end": end,
}
