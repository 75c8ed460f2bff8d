# SPDX-License-Identifier: Apache-2.0
"""Messages as papers: what is opened to be printed, and what a finished page is made of.

Printing is an act of its own: it is recorded with its purpose in the same commit that reads the content
(rule 30). Of class S4 nothing is given out (`messages/on_paper.py`).

* A message of any type can be printed. A countersignature says little alone: its record is printed with it.
* Of a movement the joint minutes are printed: the newest record with what signs it. Before there is a record,
  the final list as minutes to be filled in by hand; before the departure the confirmed proposal. The final
  list itself is the sheet for the crossing.
* A final list, and minutes to be filled in, say where and when, how old everybody is, and who acts for a
  child: from the other messages of the movement (`meetings`).
* Times are given in the zone of the agency that wrote the message, so the papers of both sides are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from exchange.errors import IdentifierError, NotAllowedError, UsageError
from exchange.ids import AgencyCode, MovementCode, OfficerNumber, parse_message_id
from exchange.messages.changing import CORRECTION
from exchange.messages.document import JsonValue, content_of, header_of, object_at, text_at
from exchange.messages.on_paper import on_paper
from exchange.protocol.handover_token import token_for
from exchange.protocol.parts import Document
from exchange.service.arrivals import note_opened
from exchange.service.changeable import BLOCK
from exchange.service.following import proposed
from exchange.service.handovers import Handover, find_movement, handover_of
from exchange.service.meaning import document_of, message_by_id, movement_of
from exchange.service.meetings import CONFIRMED, Meeting, meeting_of
from exchange.service.nameable import AMENDMENT
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, note_opening, open_for_print, reader_of
from exchange.service.rows import (
    AuditRow,
    Direction,
    MessageRow,
    MessageState,
    MovementRow,
    StatementRow,
)
from exchange.service.statements import message_of

RECORD, DEPARTURE = "HRC", "HDP"
AUDIT = "audit"
"""Purpose of every reading of an auditor."""
_OF_THE_LEDGERS = frozenset({"STM", "DSC", "DRS"})
_MOST_NAMED: Final = 50
"""More than any message names that is no attack; the others stand as their numbers."""
_GONE = frozenset({MessageState.REJECTED, MessageState.VOIDED})


@dataclass(frozen=True)
class Printed:
    """One message of a paper: its facts, and what of its content may be on paper."""

    row: MessageRow
    sender: AgencyCode
    recipient: AgencyCode
    document: Document
    left_out: int
    """Values of class S4 that stay in the message."""
    token: str
    changed: str = ""
    """Type of the message in which it changes something, "" if it changes nothing or that is not here."""
    cut: Mapping[str, int] = field(default_factory=dict)
    """How many entries of a list stay in the message, by the pointer of the list."""

    def cut_in(self, place: str) -> dict[str, int]:
        """Return how many entries of each list of a part stay in the message, for example of `/persons/0`."""
        parts = {pointer.rpartition("/"): count for pointer, count in self.cut.items()}
        return {name: count for (part, _, name), count in parts.items() if part == place}


@dataclass(frozen=True)
class NamedMessage:
    """A message that another one names: what it is, and since when."""

    type: str
    sent_at: datetime


@dataclass(frozen=True)
class Opened:
    """What a paper is made of: the message itself, and the messages that sign it."""

    main: Printed
    signatures: tuple[Printed, ...] = ()
    blank: bool = False
    """The final list, or the confirmed proposal, as minutes that are filled in by hand."""
    training: bool = False
    zone: tzinfo = UTC
    """In which the times on the paper are given."""
    named: Mapping[str, NamedMessage] = field(default_factory=dict)
    """Messages that the paper names, by their numbers."""
    meeting: Meeting | None = None
    """What else is known of the handover; only with a final list and with minutes to be filled in."""


@dataclass(frozen=True)
class Paper:
    """A page that is ready to be made into a file; `attached` is the JSON that goes with it."""

    html: str
    created_at: datetime
    attached_name: str
    attached: bytes
    attached_description: str


async def open_message(
    node: Node, row: MessageRow, officer: OfficerNumber, purpose: str, roles: Sequence[str] | None = None
) -> Opened:
    """Return a message for printing; recorded in the same commit.

    Raises:
        UsageError: no purpose, or the content is not kept any more.
        NotAllowedError: this officer may not open it.
    """
    _demand_purpose(purpose)

    def unit(uow: UnitOfWork) -> Opened:
        main = _signed_by(uow, row) or row
        reader = reader_of(uow, officer, roles, purpose=purpose)
        document = document_of(uow, main) or {}
        open_for_print(uow, node, reader, main.link, document, of=main.id, act="message_printed")
        for each in {main, row}:
            note_opened(uow, each)
        return _opened(uow, node, main, meeting=_meeting_if_shown(uow, node, reader, main))

    return await node.store.write(unit)


async def open_movement(
    node: Node,
    prefix: str,
    officer: OfficerNumber,
    purpose: str,
    roles: Sequence[str] | None = None,
    *,
    final_list: bool = False,
) -> Opened:
    """Return the joint minutes of a movement for printing, or its final list; recorded in the same commit.

    Raises:
        UsageError: no purpose, no such movement, or neither a record, a departure nor a confirmed proposal is
            there.
        NotAllowedError: the movement is not shown to this officer now.
    """
    _demand_purpose(purpose)

    def unit(uow: UnitOfWork) -> Opened:
        movement = find_movement(uow, prefix)
        handover = handover_of(uow, node, movement)
        reader = reader_of(uow, officer, roles, purpose=purpose)
        meeting = meeting_of(uow, node, reader, handover)
        main = _of_movement(uow, handover, final_list=final_list)
        note_opening(uow, node, reader, movement.code, act="handover_printed")
        if main.type == RECORD:
            return _opened(uow, node, main)
        return _opened(uow, node, main, blank=not final_list, meeting=meeting)

    return await node.store.write(unit)


async def open_statement(node: Node, row: StatementRow, officer: OfficerNumber) -> Opened:
    """Return a statement for printing; recorded in the same commit. It names nobody, so an auditor may, too.

    Raises:
        UsageError: its message is not here, or has been erased.
    """

    def unit(uow: UnitOfWork) -> Opened:
        message = message_of(uow, row)
        if message is None:
            raise UsageError(
                f"the message of statement {row.no} is not here", hint="wait for the next exchange"
            )
        opened = _opened(uow, node, message)
        now = node.clock.now()
        uow.audit.record(AuditRow(now, officer, "statement_printed", message.id, AUDIT))
        return opened

    return await node.store.write(unit)


def _demand_purpose(purpose: str) -> None:
    if not purpose.strip():
        raise UsageError("a print needs a purpose", hint="say what it is for: --purpose TEXT")


def _of_movement(uow: UnitOfWork, handover: Handover, *, final_list: bool) -> MessageRow:
    """Return the message that is printed of a movement."""
    movement = handover.row
    record = None if final_list else _newest_record(uow, movement)
    main = record or next(_spoken(uow, movement, DEPARTURE), None)
    if main is None and not final_list and handover.state == CONFIRMED:
        main = proposed(uow, movement)
    if main is None:
        raise UsageError(
            f"movement {movement.code} has nothing to print yet",
            hint="minutes to fill in can be printed once the handover is confirmed, the final list after HDP",
        )
    return main


def _meeting_if_shown(uow: UnitOfWork, node: Node, reader: Reader, row: MessageRow) -> Meeting | None:
    """Return what else is known of the handover of a final list, if its sheet is shown to this reader."""
    if row.type != DEPARTURE:
        return None
    code = movement_of(document_of(uow, row) or {})
    movement = uow.movements.get(row.link, code) if code else None
    try:
        return meeting_of(uow, node, reader, handover_of(uow, node, movement)) if movement else None
    except NotAllowedError:
        return None


def _opened(
    uow: UnitOfWork, node: Node, main: MessageRow, *, blank: bool = False, meeting: Meeting | None = None
) -> Opened:
    printed = _printed(uow, node, main)
    movement = movement_of(printed.document) if main.type == RECORD else None
    return Opened(
        main=printed,
        signatures=tuple(_signatures(uow, node, main, movement)) if movement else (),
        blank=blank,
        training=node.training,
        zone=ZoneInfo(pairing_of(uow, node, main.link).agreement.terms.side_of(printed.sender).zone),
        named=dict(_named(uow, main, printed.document)),
        meeting=meeting,
    )


def _named(uow: UnitOfWork, main: MessageRow, document: Document) -> Iterator[tuple[str, NamedMessage]]:
    """Yield the messages of the link that a message names; none of a message about the ledgers.

    An auditor prints these, and sees no type.
    """
    if main.type in _OF_THE_LEDGERS:
        return
    places: list[JsonValue] = [dict(header_of(document)), dict(content_of(document))]
    for number in islice(dict.fromkeys(_numbers(places)), _MOST_NAMED):
        row = message_by_id(uow, main.link, number)
        if row is not None and row.id != main.id:
            yield number, NamedMessage(row.type, row.created_at)


def _numbers(value: JsonValue) -> Iterator[str]:
    """Yield every text in a value that has the form of a number of a message."""
    if isinstance(value, str) and _is_number(value):
        yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _numbers(below)


def _is_number(text: str) -> bool:
    try:
        return bool(parse_message_id(text))
    except IdentifierError:
        return False


def _printed(uow: UnitOfWork, node: Node, row: MessageRow) -> Printed:
    document, link = document_of(uow, row), uow.links.get(row.link)
    if document is None or link is None:
        raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
    changed = _changed(uow, row, document)
    kept = on_paper(document, changed=changed)
    ours = row.direction is Direction.OUT
    sender, recipient = (node.agency, link.partner) if ours else (link.partner, node.agency)
    token = token_for(row.link, row.seq, sender, row.id, row.commitment)
    return Printed(row, sender, recipient, kept.document, kept.left_out, token.text, changed, kept.cut)


def _changed(uow: UnitOfWork, row: MessageRow, document: Document) -> str:
    """Return the type by whose form the changes of a message are named."""
    if row.type == CORRECTION:
        return BLOCK
    if row.type != AMENDMENT:
        return ""
    found = message_by_id(uow, row.link, text_at(content_of(document), "target"))
    return found.type if found else ""


def _signed_by(uow: UnitOfWork, row: MessageRow) -> MessageRow | None:
    """Return the record that a countersignature names."""
    if row.type != RECORD:
        return None
    named = _countersigned(uow, row)
    return message_by_id(uow, row.link, named) if named else None


def _newest_record(uow: UnitOfWork, movement: MovementRow) -> MessageRow | None:
    return next((row for row in _spoken(uow, movement, RECORD) if not _countersigned(uow, row)), None)


def _signatures(uow: UnitOfWork, node: Node, record: MessageRow, code: MovementCode) -> Iterator[Printed]:
    """Yield the messages that sign a record, oldest first."""
    movement = uow.movements.get(record.link, code)
    rows = list(_spoken(uow, movement, RECORD)) if movement else []
    for row in reversed(rows):
        if _countersigned(uow, row) == record.id:
            yield _printed(uow, node, row)


def _countersigned(uow: UnitOfWork, row: MessageRow) -> str:
    """Return the number of the record that a message signs, or ""."""
    document = document_of(uow, row)
    return text_at(object_at(content_of(document or {}), "countersigns"), "id")


def _spoken(uow: UnitOfWork, movement: MovementRow, type_code: str) -> Iterator[MessageRow]:
    """Yield the messages of a type about a movement that count, newest first."""
    for event in reversed(uow.movements.events(movement.link, movement.code)):
        row = uow.messages.by_seq(movement.link, event.direction, event.seq)
        if row is not None and row.type == type_code and row.state not in _GONE:
            yield row
