# SPDX-License-Identifier: Apache-2.0
"""What may come next for the persons and the movement of a message, by us or by the partner.

Read from the state as our officers see it (`cases.prospects`), and from the agreement: a type is offered
if its form is installed and both sides agreed to exchange it. Nothing is opened for it: states and
numbers only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from exchange.cases.movements import MovementSnapshot
from exchange.cases.prospects import Prospect, can_be_listed, next_in_case, next_in_movement
from exchange.cases.snapshot import CaseSnapshot
from exchange.ids import AgencyCode, MessageId, MovementCode
from exchange.messages.catalog import message_types
from exchange.service.meaning import message_by_id
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, Direction, MessageRow, MovementRow
from exchange.service.subjects import case_subject, movement_subject

PROPOSAL, LATER = "HPR", "CLO"


@dataclass(frozen=True)
class NextStep:
    """One message that may come next."""

    type: str
    by: AgencyCode
    to: str
    """The state it may lead to."""
    movement: MovementCode | None = None
    countersigns: MessageId | None = None
    """HRC: the record that waits for this signature."""


def steps_of_case(uow: UnitOfWork, node: Node, case: CaseRow) -> tuple[NextStep, ...]:
    """Return what may come next in a case and in the movements it is listed in; a closure comes last."""
    pairing = pairing_of(uow, node, case.link)
    shown = _shown_case(node, case)
    found = [_step(prospect, case) for prospect in next_in_case(node.tables.cases, shown, on=_today(node))]
    moved = [step for row in _movements(uow, case, shown) for step in steps_of_movement(uow, node, row)]
    if not moved and can_be_listed(node.tables.cases, shown, type_code=PROPOSAL, on=_today(node)):
        moved = [NextStep(PROPOSAL, by, node.tables.start) for by in (case.host, case.origin)]
    steps = _agreed(pairing, (*moved, *found))
    return tuple(sorted(steps, key=lambda step: step.type == LATER))


def steps_of_movement(uow: UnitOfWork, node: Node, row: MovementRow) -> tuple[NextStep, ...]:
    """Return what may come next in a movement."""
    prospects = next_in_movement(node.tables, shown_movement(node, row))
    found = [_step(prospect, row, row.code) for prospect in prospects]
    return tuple(_agreed(pairing_of(uow, node, row.link), found))


def steps_after(uow: UnitOfWork, node: Node, message: MessageRow) -> tuple[NextStep, ...]:
    """Return what we may send next about a message: its answers first, each type once.

    Nobody answers the own question.
    """
    replies = message_types()[message.type].replies if message.type in message_types() else ()
    found: dict[str, NextStep] = {}
    for code in uow.cases.of_message(message.link, message.direction, message.seq):
        case = uow.cases.get(message.link, code)
        for step in steps_of_case(uow, node, case) if case else ():
            if step.by == node.agency:
                found.setdefault(step.type, step)
    for reply in replies:
        if message.direction is Direction.IN and _answers_at_any_time(node, reply):
            found.setdefault(reply, NextStep(reply, node.agency, ""))
    return tuple(sorted(found.values(), key=lambda step: (step.type not in replies, step.type == LATER)))


def shown_movement(node: Node, row: MovementRow) -> MovementSnapshot:
    """Return a movement as our officers see it."""
    return movement_subject(node.tables, row, node.agency).view().shown


def record_to_sign(uow: UnitOfWork, node: Node, row: MovementRow) -> MessageRow | None:
    """Return the first record of the partner that waits for our signature, or None."""
    for step in steps_of_movement(uow, node, row):
        if step.by == node.agency and step.countersigns:
            return message_by_id(uow, row.link, step.countersigns)
    return None


def _shown_case(node: Node, case: CaseRow) -> CaseSnapshot:
    return case_subject(node.tables, case, node.agency).view().shown


def _movements(uow: UnitOfWork, case: CaseRow, shown: CaseSnapshot) -> Iterator[MovementRow]:
    """Yield the movements on whose list a person is."""
    for code in uow.movements.of_case(case.link, case.code):
        row = uow.movements.get(case.link, code)
        if row is not None and (code == shown.movement or code in shown.listed):
            yield row


def _step(prospect: Prospect, row: CaseRow | MovementRow, movement: MovementCode | None = None) -> NextStep:
    by = row.host if prospect.side == "host" else row.origin
    named = MessageId(prospect.countersigns) if prospect.countersigns else None
    return NextStep(prospect.type, by, prospect.to, movement, named)


def _agreed(pairing: Pairing, steps: Iterable[NextStep]) -> list[NextStep]:
    types, known = pairing.agreement.terms.types, message_types()
    return [step for step in steps if step.type in types and known[step.type].form is not None]


def _answers_at_any_time(node: Node, type_code: str) -> bool:
    """Return whether a reply depends on no state and can be written."""
    return type_code in node.tables.cases.free and message_types()[type_code].form is not None


def _today(node: Node) -> date:
    return node.clock.now().date()
