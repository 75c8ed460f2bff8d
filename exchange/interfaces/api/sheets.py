# SPDX-License-Identifier: Apache-2.0
"""Commands for a sheet of notices: a draft of each row, or the persons of one notice; all rows, or none.

Each row goes the way of a file that an officer wrote: filled, checked by form and rules. Every fault is told
by row and column.
"""

from collections.abc import Iterable, Iterator

from exchange.errors import Fault, InputError
from exchange.ids import LinkId
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.interfaces.api.drafting import sources_for
from exchange.interfaces.api.registry import rows_of
from exchange.messages.document import JsonValue, persons_of
from exchange.messages.filling import Sources, fill
from exchange.messages.notice_sheet import COLUMNS, ONE_OF_EACH, notice_of
from exchange.messages.sheets import (
    MAX_ROWS,
    SheetRow,
    as_cell,
    count_faults,
    heading_faults,
    place_of,
    repeated,
)
from exchange.messages.wording import fault
from exchange.protocol.parts import Document
from exchange.service.preparing import keep_prepared
from exchange.service.release import check_draft

_OF_PERSON = frozenset(column.heading for column in COLUMNS if column.place[0] == "persons")
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


async def read_persons(desk: Desk, ask: Ask) -> Answer:
    """Return the persons of a sheet as they are written in one notice, and what it says of all of them.

    `content` is what the notice says already. Nothing is stored; a fault of something else is not told.
    """
    officer, rows = ask.officer(), rows_of(ask)
    link, sources = await sources_for(desk, ask.text("to", ""), officer)
    faults = [*heading_faults(ask.texts("headings"), COLUMNS), *count_faults(rows)]
    for heading in ONE_OF_EACH:
        faults += repeated(rows, heading)
    persons: list[JsonValue] = []
    shared: Document = {}
    for row in rows[:MAX_ROWS]:
        small, _ = notice_of(row)
        said = {name: value for name, value in small.items() if name not in ("type", "persons")}
        faults += _differing(row, said, shared)
        shared = {**said, **shared}
        persons += persons_of(small)
        found = await _prepared(desk, link.link, row, sources, {**ask.object("content"), **shared})
        faults += [one for one in found if _is_of(row, one)] if isinstance(found, list) else []
    if faults:
        raise InputError("the list is not right", faults=tuple(faults), hint="nothing was taken over")
    return {"partner": link.partner, "persons": persons, "content": shared}


def _differing(row: SheetRow, said: Document, shared: Document) -> Iterator[Fault]:
    """Yield a fault for each cell that says another thing of the whole notice than a row before."""
    for column in COLUMNS:
        name = str(column.place[0])
        if name in said and name in shared and said[name] != shared[name]:
            place = place_of(row.number, column.heading)
            expected, found = "the same in every row", "another value than in a row before"
            yield fault("form_invalid", "sheet.differs", place, expected=expected, found=found)


def _is_of(row: SheetRow, found: Fault) -> bool:
    """Return whether a fault is of this row: of its person, or of a cell that it fills."""
    heading = found.pointer.partition("column ")[2]
    return (
        found.pointer.partition(", ")[2].startswith("/persons")
        or heading in _OF_PERSON
        or bool(row.cells.get(heading, "").strip())
    )


async def _prepared(
    desk: Desk, link: LinkId, row: SheetRow, sources: Sources, known: Document | None = None
) -> Document | list[Fault]:
    """Return the complete notice of a row, or its faults; of a cell with one fault no other is told.

    `known` is what the notice says without the row.
    """
    small, faults = notice_of(row)
    small = {**(known or {}), **small}
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


COMMANDS: dict[str, Command] = {"message.prepare": prepare_notices, "message.persons": read_persons}
