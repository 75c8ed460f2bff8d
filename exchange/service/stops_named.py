# SPDX-License-Identifier: Apache-2.0
"""Whom a stop that nobody has opened is about, for a list that has to be understood at once.

1. Persons are named as far as their case lies at the desk of the reader, and for a few persons only: a long
   list is opened.
2. To see a name is to read: each stop that is named is recorded. It is not counted among the openings, for
   nobody has opened too much to see a stop; but who was stopped for it sees codes alone.
"""

from dataclasses import dataclass
from typing import Final

from exchange.cases.permissions import Act, allows
from exchange.ids import CaseCode
from exchange.service.changeable import Listed, persons_listed
from exchange.service.node import Node
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


def stops_named(uow: UnitOfWork, node: Node, reader: Reader, *, limit: int) -> list[Stop]:
    """Return the newest stops that nobody has opened, with names, and record that they were named."""
    rows, _ = uow.unopened.page(stops=True, limit=limit)
    return [_named(uow, node, reader, row) for row in rows]


def _named(uow: UnitOfWork, node: Node, reader: Reader, row: MessageRow) -> Stop:
    cases = tuple(uow.cases.of_message(row.link, Direction.IN, row.seq))
    stopped = uow.access.stop_of(reader.officer) is not None
    if stopped or len(cases) > NAMED or not allows(reader.roles, Act.OPEN_CASE):
        return Stop(row, cases)
    persons = persons_listed(uow, node, reader, row.link, cases)
    if any(person.names for person in persons):
        uow.audit.record(AuditRow(node.clock.now(), reader.officer, "stop_named", row.id, reader.purpose))
    return Stop(row, cases, persons)
