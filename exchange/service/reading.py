# SPDX-License-Identifier: Apache-2.0
"""Opening content: who may, how much of it, how often; every door that shows content goes through here.

1. The act must be allowed by a role that is held now. Whoever types at the machine itself and has no account
   counts as casework: the socket is open to nobody else.
2. An officer who opened `MOST_OPENED` cases, messages and sheets in ten minutes is stopped: nothing more is
   opened until a second person lets the officer go on. Messages can still be written, stops above all.
3. A case that is given to desks is opened by officers of these offices; by others only in an emergency
   (`emergency_reading`), which a second person looks at afterwards.
4. Of what is opened the table decides value by value (`cases.readable`).
5. A message that follows another one repeats what it said of a person. Who writes it is shown of that no more
   than before (`carried_by`, `read_prepared`); it travels all the same, because the journey depends on it.
6. A draft is shown whole to who prepared it and to who decides about it; to others as a message (3, 4).
7. What was opened, by whom and what for, is recorded in the same commit (rule 30). A message of the partner
   does not wait to be opened any more (`arrivals`).

Nothing here formats what is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from exchange.cases.permissions import Act, Role, demand
from exchange.cases.readable import Readable, Reading, readable
from exchange.errors import OtherDeskError, ReadingStoppedError
from exchange.ids import CaseCode, LinkId, OfficerNumber
from exchange.messages.document import persons_of, text_at
from exchange.messages.sensitivity import Sensitivity, flag_class
from exchange.protocol.parts import Document
from exchange.service import arrivals
from exchange.service.access import CasePlace, StopRow
from exchange.service.draft_acts import demand_author
from exchange.service.meaning import cases_of, document_of
from exchange.service.node import Node
from exchange.service.own_officers import demand_not_ended
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, DraftRow, MessageRow

MOST_OPENED: Final = 60
OPENED_IN: Final = timedelta(minutes=10)
"""Threat model, section 7: cases opened by one officer, then a second person."""
EMERGENCY_LASTS: Final = timedelta(hours=1)
"""How long an opening in an emergency goes on; long enough to act, too short to become a habit."""
AT_THE_MACHINE: Final = (Role.OFFICER, Role.RELEASER, Role.HANDOVER)
"""Roles of an officer of the directory without an account, at the local socket (1)."""


@dataclass(frozen=True)
class Reader:
    """Who wants to read: an officer with the roles held now, and what for."""

    officer: OfficerNumber
    roles: tuple[Role, ...]
    purpose: str = "case_work"


def reader_of(
    uow: UnitOfWork, officer: OfficerNumber, roles: Sequence[str] | None = None, *, purpose: str = "case_work"
) -> Reader:
    """Return who reads; `roles` are those of a client or a sign-in, None at the local socket (1)."""
    demand_not_ended(uow, officer)
    if roles is not None:
        return Reader(officer, tuple(Role(code) for code in roles), purpose)
    account = uow.staff.accounts.get(officer)
    if account is None:
        return Reader(officer, AT_THE_MACHINE, purpose)
    return Reader(officer, account.roles if account.closed_at is None else (), purpose)


def open_case(uow: UnitOfWork, node: Node, reader: Reader, place: CasePlace, *, act: str) -> None:
    """Note that a case is opened, if this reader may.

    Raises:
        NotAllowedError: the roles do not allow it, too much was opened, or it lies at another desk.
    """
    demand(reader.roles, Act.OPEN_CASE)
    demand_desk(uow, node, reader, [place])
    note_opening(uow, node, reader, place.case, act=act)


def open_document(
    uow: UnitOfWork,
    node: Node,
    reader: Reader,
    row: MessageRow,
    document: Document,
    *,
    act: str,
    result: str = "",
    is_shown: bool = True,
) -> Readable:
    """Note that a message is opened, and return of it what this reader may read.

    `result` says in the record which part of it. What is opened for another message to be written after it,
    and not `is_shown`, goes on waiting to be opened.

    Raises:
        NotAllowedError: as `open_case`.
    """
    demand(reader.roles, Act.OPEN_MESSAGE)
    places = [CasePlace(row.link, code) for code in cases_of(document)]
    demand_desk(uow, node, reader, places)
    one = len(places) == 1
    counted = places[0].case if one else row.id
    note_opening(uow, node, reader, row.id, act=act, counted=counted, result=result)
    if is_shown:
        arrivals.note_opened(uow, row)
    return readable(document, reading_of(uow, node, reader, row, places))


def open_for_print(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, document: Document, *, of: str, act: str
) -> None:
    """Note that a message is printed; paper shows every person, so every case lies at the desk (3).

    Raises:
        NotAllowedError: as `open_case`.
    """
    demand(reader.roles, Act.OPEN_MESSAGE)
    for code in cases_of(document):
        demand_desk(uow, node, reader, [CasePlace(link, code)])
    note_opening(uow, node, reader, of, act=act)


def note_opening(
    uow: UnitOfWork,
    node: Node,
    reader: Reader,
    object: str,
    *,
    act: str,
    counted: str = "",
    result: str = "",
) -> None:
    """Record an opening, and count it.

    A case and a message about it alone count once: `counted` is what the count goes by.

    Raises:
        ReadingStoppedError: the officer is stopped.
    """
    count_opening(uow, node, reader, counted or object)
    uow.audit.record(AuditRow(node.clock.now(), reader.officer, act, object, reader.purpose, result))


def count_opening(uow: UnitOfWork, node: Node, reader: Reader, object: str) -> None:
    """Count an opening, and stop an officer who has opened too much (2).

    Raises:
        ReadingStoppedError: the officer is stopped.
    """
    now = node.clock.now()
    if uow.access.stop_of(reader.officer) is not None:
        raise ReadingStoppedError(
            f"officer {reader.officer} opened {MOST_OPENED} cases in ten minutes and is stopped",
            hint="a colleague who releases lets you go on; a stop can be written meanwhile",
        )
    uow.access.forget_openings(before=now - OPENED_IN)
    uow.access.note_opening(reader.officer, object, now)
    opened = uow.access.openings_since(reader.officer, now - OPENED_IN)
    if opened >= MOST_OPENED:
        uow.access.stop(StopRow(reader.officer, now, opened))
        uow.audit.record(AuditRow(now, "node", "reading_stopped", reader.officer, result=str(opened)))
        node.journal.note("reading_stopped", count=opened)
        node.counters.count("reading_stopped")


def reading_of(
    uow: UnitOfWork,
    node: Node,
    reader: Reader,
    row: MessageRow | None,
    places: Iterable[CasePlace],
) -> Reading:
    """Return as whom a reader reads: author, named reader, and which cases lie elsewhere."""
    places = list(places)
    author = row is not None and (
        reader.officer in (row.officer, row.released_by) or _decides(uow, reader, row)
    )
    named = frozenset(place.case for place in places if is_named(uow, reader.officer, place))
    elsewhere = frozenset(place.case for place in places if not has_desk(uow, node, reader, place))
    carried = frozenset[str]()
    if row is not None and author and reader.officer == row.officer:
        document = document_of(uow, row) or {}
        carried = carried_by(uow, row.link, document, reader.officer, own=row.id)
    return Reading(reader.roles, reader.officer, author, named, carried, elsewhere)


def carried_by(
    uow: UnitOfWork, link: LinkId, document: Document, officer: OfficerNumber, *, own: str = ""
) -> frozenset[str]:
    """Return the cases of a document whose flags of class S4 a message of somebody else said before (5).

    `own` is the number of the message itself.
    """
    return frozenset(
        code
        for line in persons_of(document)
        if _secret_flags(line) and _was_said(uow, link, line, officer, own=own)
        for code in [text_at(line, "case_code")]
    )


def _was_said(uow: UnitOfWork, link: LinkId, line: Document, officer: OfficerNumber, *, own: str) -> bool:
    code, flags = CaseCode(text_at(line, "case_code")), _secret_flags(line)
    for event in uow.cases.events(link, code):
        row = uow.messages.by_seq(link, event.direction, event.seq)
        if row is None or row.id == own or (row.direction is Direction.OUT and row.officer == officer):
            continue
        said = persons_of(document_of(uow, row) or {})
        if any(flags & _secret_flags(one) for one in said if text_at(one, "case_code") == code):
            return True
    return False


def _secret_flags(line: Document) -> frozenset[str]:
    flags = line.get("flags")
    codes = flags if isinstance(flags, list) else []
    return frozenset(str(code) for code in codes if flag_class(str(code)) is Sensitivity.S4)


def _decides(uow: UnitOfWork, reader: Reader, row: MessageRow) -> bool:
    """Return whether a reader is to look at a message that one person released in an emergency."""
    if row.direction is not Direction.OUT or Role.RELEASER not in reader.roles:
        return False
    alone = uow.emergencies.of(row.link, row.seq)
    return alone is not None and alone.seen_by is None


def is_named(uow: UnitOfWork, officer: OfficerNumber, place: CasePlace) -> bool:
    """Return whether two persons named an officer as a reader of a case."""
    return any(row.officer == officer and row.confirmed_by is not None for row in uow.access.readers(place))


def has_desk(uow: UnitOfWork, node: Node, reader: Reader, place: CasePlace) -> bool:
    """Return whether a case lies at the desk of a reader, or was opened in an emergency just now (3)."""
    desks = uow.access.desks(place)
    entry = uow.officers.get(reader.officer)
    if not desks or (entry is not None and entry.office in desks):
        return True
    since = node.clock.now() - EMERGENCY_LASTS
    return bool(uow.access.emergencies_of(reader.officer, place, since))


def read_draft(uow: UnitOfWork, node: Node, reader: Reader, document: Document, draft: DraftRow) -> Readable:
    """Return a draft: for who prepared it, whole for who decides, for others as a message (3, 4).

    What a second person approves is exactly what was shown (rule 28), so nothing of it is masked.

    Raises:
        NotAllowedError: the roles do not allow it, or its cases lie at another desk.
    """
    prepared = reader.officer == draft.prepared_by
    if prepared:
        demand_author(reader.roles, draft.type)
    else:
        demand(reader.roles, Act.OPEN_MESSAGE)
    if sees_whole(reader, draft):
        link = draft.link if prepared else None
        carried = carried_by(uow, link, document, reader.officer) if link else frozenset[str]()
        return readable(document, Reading(reader.roles, reader.officer, author=True, carried=carried))
    places = [CasePlace(draft.link, code) for code in cases_of(document)] if draft.link else []
    demand_desk(uow, node, reader, places)
    return readable(document, reading_of(uow, node, reader, None, places))


def sees_whole(reader: Reader, draft: DraftRow) -> bool:
    """Return whether a reader prepared a draft or decides about it, wherever its cases lie."""
    return reader.officer == draft.prepared_by or Role.RELEASER in reader.roles


def read_prepared(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, document: Document, entered: frozenset[str]
) -> Readable:
    """Return a message that is being written as its writer may read it (5).

    `entered` are the cases of whose persons the writer said the flags: nothing of them is carried on.
    """
    places = [CasePlace(link, code) for code in cases_of(document)]
    reading = reading_of(uow, node, reader, None, places)
    carried = carried_by(uow, link, document, reader.officer) - entered
    return readable(document, replace(reading, author=True, carried=carried))


def demand_desk(uow: UnitOfWork, node: Node, reader: Reader, places: Sequence[CasePlace]) -> None:
    """Return if at least one of the cases lies at the desk of the reader; none at all is nobody's."""
    if places and not any(has_desk(uow, node, reader, place) for place in places):
        raise OtherDeskError(
            f"case {places[0].case} is given to another office",
            hint="ask that office; in an emergency open it with a purpose, a second person looks at that",
            case=places[0].case,
        )
