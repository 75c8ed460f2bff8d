# SPDX-License-Identifier: Apache-2.0
"""Reads from the store what a message needs that follows an earlier one; `messages.replying` completes it.

Of each person the newest word of an earlier message counts, and over it what was corrected since (COR).
Who is on hold or has withdrawn is not on the list of a departure any more; why somebody is taken off, the
officer has to say.
"""

from datetime import UTC
from zoneinfo import ZoneInfo

from exchange.errors import UsageError
from exchange.ids import AgencyCode, CaseCode, Digest, MessageId, MovementCode, OfficerNumber
from exchange.messages.amending import corrected
from exchange.messages.document import content_of, object_at, objects_at, persons_of, text_at
from exchange.messages.earlier import Appointment
from exchange.messages.replying import Before, Line
from exchange.protocol.parts import Document
from exchange.service.casework import shown_case
from exchange.service.facts import StoreFacts
from exchange.service.meaning import cases_of, document_of, message_by_id, movement_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MessageRow, MessageState, MovementRow

SPOKE_OF_PERSONS = ("RPN", "HDP", "HRC")
"""Types that say who a person is, the later one with the last word."""
FIRST_WORD = ("IDN", "VRQ")
"""Types that may say who a person is before any of these; what the notice says takes the place of it."""
IDENTITY = ("names", "sex", "birth", "nationality", "documents")
"""Members by which a person is known again."""
_REPEATED_OF_FIRST = (*IDENTITY, "languages")
"""What the first word says of protection is asked again: it decides what may be sent, and may change."""
RECORD, DEPARTURE, CORRECTION = "HRC", "HDP", "COR"


def before_of(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document,
    *,
    officer: OfficerNumber,
    office: AgencyCode,
) -> Before:
    """Return what stands before a message of ours that follows `row`."""
    movement, facts = movement_of(document), StoreFacts(uow, pairing, node.agency)
    cases = _cases(uow, row, document, movement)
    standing = facts.appointment(movement, cases) if movement else None
    zone = pairing.agreement.terms.side_of(node.agency).zone
    now = node.clock.now().astimezone(ZoneInfo(zone) if zone else UTC)
    host = next((case.host for code in cases if (case := uow.cases.get(row.link, code))), None)
    return Before(
        document=document,
        pc=row.commitment,
        side="host" if host == node.agency else "origin",
        officer=officer,
        office=office,
        at=now.isoformat(timespec="minutes"),
        listed=_listed(uow, node, row, standing),
        checkpoint=_crossing(standing),
        last_change=_last_change(uow, row, standing),
        record=_record(uow, row, document),
        persons={code: said_of(facts, code) for code in cases},
    )


def departed(uow: UnitOfWork, movement: MovementRow) -> MessageRow | None:
    """Return the departure notice of a movement that counts, the newest one."""
    return _newest(uow, movement, DEPARTURE)


def proposed(uow: UnitOfWork, movement: MovementRow) -> MessageRow:
    """Return the proposal of a movement.

    Raises:
        UsageError: it is not here.
    """
    row = _newest(uow, movement, "HPR")
    if row is None:
        raise UsageError(f"the proposal of movement {movement.code} is not here")
    return row


def content_kept(uow: UnitOfWork, row: MessageRow) -> Document:
    """Return the content of a message.

    Raises:
        UsageError: it was erased, or never kept.
    """
    document = document_of(uow, row)
    if document is None:
        raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
    return document


def _newest(uow: UnitOfWork, movement: MovementRow, type_code: str) -> MessageRow | None:
    for event in reversed(uow.movements.events(movement.link, movement.code)):
        row = uow.messages.by_seq(movement.link, event.direction, event.seq)
        if row is not None and row.type == type_code and row.state is not MessageState.REJECTED:
            return row
    return None


def _cases(
    uow: UnitOfWork, row: MessageRow, document: Document, movement: MovementCode | None
) -> list[CaseCode]:
    named = [*cases_of(document), *(uow.movements.listed(row.link, movement) if movement else ())]
    return list(dict.fromkeys(named))


def _listed(uow: UnitOfWork, node: Node, row: MessageRow, standing: Appointment | None) -> tuple[str, ...]:
    """Return the final list; before the departure whoever of the agreed list can still travel."""
    if standing is None:
        return ()
    if standing.final is not None:
        return tuple(standing.final)
    if row.type != "HRP":
        return tuple(standing.listed)
    states = {code: case for code in standing.listed if (case := uow.cases.get(row.link, code))}
    travelling = [code for code, case in states.items() if _travels(node, shown_case(node, case).state)]
    return tuple(travelling or standing.listed)


def _travels(node: Node, state: str) -> bool:
    return state in node.tables.cases.travelling


def _crossing(standing: Appointment | None) -> tuple[str, str]:
    terms = dict(standing.terms) if standing else {}
    return text_at(terms, "checkpoint"), text_at(terms, "checkpoint_name")


def _last_change(
    uow: UnitOfWork, row: MessageRow, standing: Appointment | None
) -> tuple[MessageId, Digest] | None:
    changed = message_by_id(uow, row.link, standing.last_change) if standing else None
    return (changed.id, changed.commitment) if changed else None


def _record(uow: UnitOfWork, row: MessageRow, document: Document) -> Document | None:
    """Return the record with lines that a message is, or countersigns."""
    if row.type != RECORD:
        return None
    if persons_of(document):
        return document
    signed = message_by_id(uow, row.link, text_at(object_at(content_of(document), "countersigns"), "id"))
    return document_of(uow, signed) if signed else None


def said_of(facts: StoreFacts, code: CaseCode) -> Line:
    """Return what is known of a person, also from the messages before the notice."""
    first: Line = {}
    for type_code in FIRST_WORD:
        line = facts.line_of(code, type_code) or {}
        first |= {name: line[name] for name in _REPEATED_OF_FIRST if name in line}
    return first | known_of(facts, code)


def known_of(facts: StoreFacts, code: CaseCode) -> Line:
    """Return what a person is said to be, as a later message repeats it."""
    known: Line = {}
    for type_code in SPOKE_OF_PERSONS:
        known |= facts.line_of(code, type_code) or {}
    for line in facts.lines_of(code, CORRECTION):
        known = corrected(known, objects_at(line, "changes"))
    return known
