# SPDX-License-Identifier: Apache-2.0
"""Until when a second look at a refusal can be asked: a day of the agreement, and nothing follows from it.

Counted as every deadline (`cases.deadlines`): working days of the side that asks, from the verdict on the
refusal. A side whose agreement has no such deadline can ask at any time.

Source: domain procedure 8.2, deadline DL-REEXAM.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from exchange.cases.calendars import AnnouncedDays
from exchange.cases.deadlines import DueState, answer_by
from exchange.ids import MessageId
from exchange.service.deadlines import accepted_at, calendar_of, terms_of
from exchange.service.node import Node
from exchange.service.offers import Kind, offers_of_case
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, Direction

DEADLINE: Final = "DL-REEXAM"


@dataclass(frozen=True)
class SecondLook:
    """A refusal that stands, and the last day on which a second look can be asked."""

    refusal: MessageId
    until: date | None
    """None if the agreement has no such deadline."""
    is_over: bool = False


def second_look_of(uow: UnitOfWork, node: Node, case: CaseRow, announced: AnnouncedDays) -> SecondLook | None:
    """Return until when we can ask for a second look in a case, None if there is no refusal to ask about.

    Raises:
        HolidaysMissingError: our calendar does not cover the period.
    """
    found = [one for one in offers_of_case(uow, node, case) if one.kind is Kind.SECOND_LOOK]
    row = uow.messages.by_id(case.link, Direction.IN, MessageId(found[0].target)) if found else None
    if row is None:
        return None
    pairing = pairing_of(uow, node, case.link)
    terms = terms_of(uow, pairing, row.agreement_n)
    steps = terms.deadlines_for(DEADLINE, acting=node.agency)
    if not steps:
        return SecondLook(row.id, None)
    calendar = calendar_of(terms, node.agency, announced)
    due = answer_by(steps, accepted_at(uow, node, pairing, row), calendar=calendar)
    if due is None:
        return SecondLook(row.id, None)
    return SecondLook(row.id, due.on, is_over=due.state(node.clock.now()) is DueState.OVERDUE)
