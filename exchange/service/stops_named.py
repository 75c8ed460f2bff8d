# SPDX-License-Identifier: Apache-2.0
"""Whom a stop that nobody has opened is about, for a list that has to be understood at once.

1. Persons are named as far as their case lies at the desk of the reader, and for a few persons only: a long
   list is opened.
2. Each stop is read in a unit of its own, for names stand in the messages of a case.
3. To see a name is to read: each stop that is named is recorded. It is not counted among the openings, for
   nobody has opened too much to see a stop; but who was stopped for it sees codes alone. It is recorded
   before anything is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from exchange.cases.permissions import Act, allows
from exchange.ids import CaseCode
from exchange.service.changeable import Listed, persons_listed
from exchange.service.node import Node
from exchange.service.open_questions import BEGIN, Place
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader
from exchange.service.rows import AuditRow, Direction, MessageRow

NAMED: Final = 3
"""Persons of one stop that are named; a stop is about one, a called-off handover about its whole list."""


@dataclass(frozen=True)
class Stop:
    """A stop of the partner that nobody has opened."""

    row: MessageRow
    cases: tuple[CaseCode, ...]
    persons: tuple[Listed, ...] = ()
    """With their names, if the reader may have them."""


@dataclass(frozen=True)
class StopPage:
    """Stops, newest first, and where the next page begins; BEGIN if no more come."""

    stops: tuple[Stop, ...]
    next: Place


async def stops_named(node: Node, reader: Reader, *, limit: int, after: Place = BEGIN) -> StopPage:
    """Return a page of the stops that nobody has opened, with names, and record that they were named."""
    rows, place = await node.store.read(lambda uow: uow.unopened.page(stops=True, after=after, limit=limit))
    stops = [await node.store.read(partial(_stop, node=node, reader=reader, row=row)) for row in rows]
    named = [stop for stop in stops if any(person.names for person in stop.persons)]
    if named:
        await node.store.write(lambda uow: _record(uow, node, reader, named))
    return StopPage(tuple(stops), place)


def _stop(uow: UnitOfWork, node: Node, reader: Reader, row: MessageRow) -> Stop:
    cases = tuple(uow.cases.of_message(row.link, Direction.IN, row.seq))
    stopped = uow.access.stop_of(reader.officer) is not None
    if stopped or len(cases) > NAMED or not allows(reader.roles, Act.OPEN_CASE):
        return Stop(row, cases)
    return Stop(row, cases, persons_listed(uow, node, reader, row.link, cases))


def _record(uow: UnitOfWork, node: Node, reader: Reader, named: Sequence[Stop]) -> None:
    for stop in named:
        now = node.clock.now()
        uow.audit.record(AuditRow(now, reader.officer, "stop_named", stop.row.id, reader.purpose))
