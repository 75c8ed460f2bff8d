# SPDX-License-Identifier: Apache-2.0
"""Whom a message touches: the cases it names or takes off, its movement, and everybody once named in that.

AMD and CAN of a movement reach persons they do not name: when a movement is called off, its persons
return. Both nodes must enter such a message for the same cases, although one of them may not know yet who
was added. So a message that names somebody new in a movement brings the earlier AMD and CAN of the
movement, as far as their places are still open, into the chronicle of that case (`catch_up`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exchange.cases.effects import REACHES_THE_LIST, Message, acts_on_movement, case_event
from exchange.cases.keeper import Known
from exchange.cases.snapshot import CaseEvent, Side
from exchange.errors import RejectedError
from exchange.ids import AgencyCode, CaseCode, parse_case_code, parse_movement_code
from exchange.messages.document import content_of, objects_at, text_at
from exchange.messages.versions import understood
from exchange.protocol.parts import Document
from exchange.service.meaning import cases_of, document_of, message_by_id, message_for, movement_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, MessageRow, MovementRow
from exchange.service.subjects import CaseSubject, MovementSubject, open_case, open_movement


@dataclass(frozen=True)
class Touched:
    """A message with the subjects in whose chronicles it stands."""

    message: Message
    named: tuple[CaseCode, ...]
    """The cases that the header of the message names."""
    cases: Mapping[CaseCode, CaseSubject]
    movement: MovementSubject | None


def touched_by(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document, *, author: AgencyCode
) -> Touched:
    """Return whom a message touches; what is new is not kept yet.

    Raises:
        RejectedError: state_conflict; a movement without a person, or with persons of another direction.
    """

    def case(code: CaseCode) -> CaseSubject:
        return open_case(uow, node, pairing, code, type_code=row.type, author=author)

    named = cases_of(document)
    cases = {code: case(code) for code in (*named, *_taken_off(document))}
    roles: dict[str, Side] = {code: subject.side(author) for code, subject in cases.items()}
    movement_code = movement_of(document)
    known = uow.movements.get(row.link, movement_code) if movement_code else None
    side = _side(known or next((subject.row for subject in cases.values()), None), author)
    read = understood(document, node.versions).document
    message = message_for(uow, row, read, cases=named, movement=movement_code, side=side, roles=roles)
    for code in (*map(parse_case_code, message.cases), *_reached(uow, row, message)):
        if code not in cases:
            cases[code] = case(code)
    if not acts_on_movement(node.tables, message):
        return Touched(message, named, cases, None)
    return Touched(message, named, cases, _movement(uow, node, message, cases, known))


def catch_up(uow: UnitOfWork, node: Node, touched: Touched) -> dict[CaseCode, CaseSubject]:
    """Return the cases, those that are new in the movement with its earlier messages to everybody."""
    cases = dict(touched.cases)
    if touched.movement is None:
        return cases
    row = touched.movement.row
    for code in uow.movements.enlist(row.link, row.code, cases):
        for entry in _earlier(uow, node, touched.movement, code):
            cases[code] = cases[code].write(entry)
    return cases


def _taken_off(document: Document) -> list[CaseCode]:
    persons = objects_at(content_of(document), "taken_off")
    return [parse_case_code(text_at(one, "case_code")) for one in persons]


def _side(row: CaseRow | MovementRow | None, author: AgencyCode) -> Side:
    return "origin" if row is not None and row.host != author else "host"


def _reached(uow: UnitOfWork, row: MessageRow, message: Message) -> list[CaseCode]:
    """Return everybody who was ever named in the movement of an AMD or CAN."""
    if not message.movement or message.fields.get("persons") or message.type not in REACHES_THE_LIST:
        return []
    return uow.movements.listed(row.link, parse_movement_code(message.movement))


def _movement(
    uow: UnitOfWork,
    node: Node,
    message: Message,
    cases: Mapping[CaseCode, CaseSubject],
    known: MovementRow | None,
) -> MovementSubject:
    rows = [subject.row for subject in cases.values()]
    like = known or next(iter(rows), None)
    if like is None or any(row.host != like.host for row in rows):
        raise RejectedError("state_conflict", f"{message.type}: the persons of a movement go one way")
    return open_movement(uow, node, parse_movement_code(message.movement), like=like)


def _earlier(
    uow: UnitOfWork, node: Node, movement: MovementSubject, code: CaseCode
) -> Iterator[Known[CaseEvent]]:
    """Yield what earlier messages to the whole movement mean for one case."""
    for entry in movement.chronicle.entries:
        found = message_by_id(uow, movement.row.link, entry.event.ref)
        document = document_of(uow, found) if found else None
        if found and document and entry.event.type in REACHES_THE_LIST:
            read = understood(document, node.versions).document
            cases, code_of = cases_of(read), movement_of(read)
            message = message_for(uow, found, read, cases=cases, movement=code_of, side=entry.side, roles={})
            yield Known(case_event(message, code, None), entry.sent, entry.verdict, entry.accepted)
