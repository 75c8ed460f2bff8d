# SPDX-License-Identifier: Apache-2.0
"""What a page knows when it offers offices: the two sides, the host of the case, the directory of the day."""

from collections.abc import Iterable

from exchange.ids import AgencyCode, CaseCode, LinkId
from exchange.messages.offices import Around, offices_at
from exchange.service.directory import offices_on
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork

CUSTODY = ("custody", "agency")


def around_offices(uow: UnitOfWork, node: Node, link: LinkId, cases: Iterable[str]) -> Around:
    """Return what stands around a message about cases that is written now; a case that begins is our own."""
    known = (uow.cases.get(link, CaseCode(code)) for code in cases)
    host = next((case.host for case in known if case is not None), node.agency)
    row, day = uow.links.get(link), node.clock.now().date()
    partner = row.partner if row is not None else AgencyCode("")
    return Around(node.agency, partner, host, offices_on(uow, link, day), day)


def custodians(uow: UnitOfWork, node: Node, link: LinkId, cases: Iterable[str]) -> tuple[str, ...]:
    """Return the offices that may have custody after a handover, those of the origin side first."""
    return offices_at(CUSTODY, around_offices(uow, node, link, cases))
