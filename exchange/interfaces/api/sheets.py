# SPDX-License-Identifier: Apache-2.0
"""Command that makes a draft of each row of a sheet of notices: all rows, or none when one is wrong.

Each row goes the way of a file that an officer wrote: filled, checked by form and rules. Every fault is told
by row and column.
"""

from collections.abc import Iterable

from exchange.errors import Fault, InputError
from exchange.ids import LinkId
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.interfaces.api.drafting import sources_for
from exchange.interfaces.api.registry import rows_of
from exchange.messages.filling import Sources, fill
from exchange.messages.notice_sheet import COLUMNS, ONE_OF_EACH, notice_of
from exchange.messages.sheets import MAX_ROWS, SheetRow, as_cell, count_faults, heading_faults, repeated
from exchange.protocol.parts import Document
from exchange.service.preparing import keep_prepared
from exchange.service.release import check_draft

_DAYS, _ORDER = "date_invalid", "date.order"


async def prepare_notices(desk: Desk, ask: Ask) -> Answer:
    """Keep a draft for each row; nothing is stored when anything is wrong, nothing is sent."""
    officer, rows = ask.officer(), rows_of(ask)
    link, sources = await sources_for(desk, ask.text("to", ""), officer)
    faults = [*heading_faults(ask.texts("headings"), COLUMNS), *count_faults(rows)]
    for heading in ONE_OF_EACH:
        faults += repeated(rows, heading)
    documents: list[Document] = []
    for row in rows[:MAX_ROWS]:
        found = await _prepared(desk, link.link, row, sources)
        if isinstance(found, list):
            faults += found
        else:
            documents.append(found)
    if faults:
        raise InputError(
            "the sheet is not right", faults=tuple(faults), hint="nothing was sent, nothing was stored"
        )
    kept = await keep_prepared(desk.node, link.link, documents, officer)
    return {"partner": link.partner, "drafts": kept}


async def _prepared(desk: Desk, link: LinkId, row: SheetRow, sources: Sources) -> Document | list[Fault]:
    """Return the complete notice of a row, or its faults; of a cell with one fault no other is told."""
    small, faults = notice_of(row)
    try:
        document = fill(small, sources).document
        found = await check_draft(desk.node, link, document, sources.officer)
    except InputError as error:
        document, found = small, error.faults
    told = {one.pointer for one in faults}
    new = [as_cell(one, row.number, COLUMNS) for one in _first(found)]
    faults += [one for one in dict.fromkeys(new) if one.pointer not in told]
    return faults or document


def _first(found: Iterable[Fault]) -> list[Fault]:
    """Leave out what only follows from a wrong day: its order, and what an age or a period demands."""
    every = list(found)
    days = [one for one in every if one.code == _DAYS]
    return [one for one in days if one.rule != _ORDER] or days or every


COMMANDS: dict[str, Command] = {"message.prepare": prepare_notices}
