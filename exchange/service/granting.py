# SPDX-License-Identifier: Apache-2.0
"""Acts that change who may read: named readers, desks, openings in an emergency, letting somebody go on.

1. A reader of class S4 is proposed by one person for one case and confirmed by another, who is neither the
   one who proposed nor the reader. Ending it needs one person.
2. A case that is given to an office is opened by its officers only. With the first giving it stays with the
   office of whoever gives it as well.
3. An opening in an emergency needs a purpose of the list. It holds for one case and an hour, and waits for a
   releaser who looks at it within 24 hours; later it is overdue and stays open. To object closes nothing by
   itself.
4. A stop for too many openings is released by a releaser who is somebody else; the count begins anew.

Each act is recorded. Nothing here shows content.
"""

from datetime import timedelta
from typing import Final

from exchange.cases.permissions import Act, EmergencyPurpose, demand
from exchange.errors import NotAllowedError, UsageError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.messages.codelists import agency
from exchange.service.access import CasePlace, EmergencyOpening, ReaderRow
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, demand_desk, has_desk
from exchange.service.release import demand_officer
from exchange.service.rows import AuditRow

LOOK_WITHIN: Final = timedelta(hours=24)
"""Code list `two-person-acts`: in an emergency the second person follows within 24 hours."""


def propose_reader(
    uow: UnitOfWork, node: Node, by: Reader, place: CasePlace, officer: OfficerNumber
) -> ReaderRow:
    """Propose a named reader of a case.

    Raises:
        NotAllowedError: the roles do not allow it, or the case lies at another desk.
        UsageError: the officer is proposed or named already.
        NodeError: the officer is not in the directory.
    """
    _demand_at_desk(uow, node, by, place, Act.NAME_READER)
    demand_officer(uow, officer, node.clock.now())
    if any(row.officer == officer for row in uow.access.readers(place)):
        raise UsageError(f"officer {officer} is proposed or named already", hint="see the page of the case")
    row = ReaderRow(place, officer, by.officer, node.clock.now())
    uow.access.propose_reader(row)
    _record(uow, node, by, "reader_proposed", place, officer)
    return row


def confirm_reader(
    uow: UnitOfWork, node: Node, by: Reader, place: CasePlace, officer: OfficerNumber
) -> ReaderRow:
    """Confirm a reader as the second person.

    Raises:
        NotAllowedError: the roles do not allow it, or it is the own proposal or the own reading.
        UsageError: nobody proposed this officer.
    """
    _demand_at_desk(uow, node, by, place, Act.SECOND_READING)
    row = _reader(uow, place, officer)
    if row.confirmed_by is not None:
        raise UsageError(f"officer {officer} is a named reader already")
    if by.officer in (row.proposed_by, row.officer):
        raise NotAllowedError(
            "a second person confirms a reader: not who proposed, and not the reader",
            hint="ask another colleague who releases",
        )
    uow.access.confirm_reader(row, by.officer, node.clock.now())
    _record(uow, node, by, "reader_confirmed", place, officer)
    return row


def end_reader(uow: UnitOfWork, node: Node, by: Reader, place: CasePlace, officer: OfficerNumber) -> None:
    """End a reader, or take a proposal back.

    Raises:
        NotAllowedError: the roles do not allow it, or the case lies at another desk.
        UsageError: the officer is none.
    """
    _demand_at_desk(uow, node, by, place, Act.NAME_READER)
    uow.access.end_reader(_reader(uow, place, officer), node.clock.now())
    _record(uow, node, by, "reader_ended", place, officer)


def give_to_office(
    uow: UnitOfWork, node: Node, by: Reader, place: CasePlace, office: AgencyCode
) -> frozenset[AgencyCode]:
    """Give a case to an office of the own side; return the desks it lies at now.

    Raises:
        NotAllowedError: the roles do not allow it, or the case lies at another desk.
        UsageError: no such office on the own side.
    """
    _demand_at_desk(uow, node, by, place, Act.GIVE_CASE)
    if agency(office) is None or office[:2] != node.agency[:2]:
        raise UsageError(f"{office} is no office of your side", hint="see the code list agencies")
    now = node.clock.now()
    if not uow.access.desks(place):
        own = demand_officer(uow, by.officer, now).office
        uow.access.give_to_desk(place, own, by.officer, now)
    uow.access.give_to_desk(place, office, by.officer, now)
    _record(uow, node, by, "case_given", place, office)
    return uow.access.desks(place)


def open_in_emergency(
    uow: UnitOfWork, node: Node, by: Reader, place: CasePlace, purpose: str
) -> EmergencyOpening:
    """Let an officer outside its desk open a case for an hour.

    Raises:
        NotAllowedError: the roles do not allow it.
        UsageError: the purpose is none of the list, or the case lies at the own desk.
    """
    demand(by.roles, Act.OPEN_IN_EMERGENCY)
    if purpose not in set(EmergencyPurpose):
        raise UsageError(
            "an emergency has a purpose of the list", hint="one of: " + ", ".join(EmergencyPurpose)
        )
    if has_desk(uow, node, by, place):
        raise UsageError(f"case {place.case} is open to you", hint="open it without an emergency")
    now = node.clock.now()
    row = EmergencyOpening(0, place, by.officer, purpose, now, now + LOOK_WITHIN)
    uow.access.open_in_emergency(row)
    uow.audit.record(AuditRow(now, by.officer, "opened_in_emergency", place.case, purpose))
    node.journal.note("opened_in_emergency", reason=purpose)
    node.counters.count("opened_in_emergency", reason=purpose)
    return row


def look_at_emergency(uow: UnitOfWork, node: Node, by: Reader, n: int, *, agrees: bool) -> EmergencyOpening:
    """Record what the second person thinks of an opening in an emergency.

    Raises:
        NotAllowedError: the roles do not allow it, or it is the own opening.
        UsageError: nobody has to look at it (any more).
    """
    demand(by.roles, Act.SECOND_READING)
    row = uow.access.emergency(n)
    if row is None or row.seen_by is not None:
        raise UsageError("no second person has to look at this opening", hint="see what is due")
    if row.officer == by.officer:
        raise NotAllowedError("the second person is somebody else than who opened it", hint="ask a colleague")
    uow.access.emergency_seen(n, by.officer, node.clock.now(), agrees=agrees)
    _record(uow, node, by, "emergency_looked_at", row.place, "agrees" if agrees else "objects")
    return row


def let_go_on(uow: UnitOfWork, node: Node, by: Reader, officer: OfficerNumber) -> None:
    """Let an officer who opened too much go on; the count begins anew.

    Raises:
        NotAllowedError: the roles do not allow it, or it is oneself.
        UsageError: the officer is not stopped.
    """
    demand(by.roles, Act.SECOND_READING)
    if uow.access.stop_of(officer) is None:
        raise UsageError(f"officer {officer} is not stopped")
    if by.officer == officer:
        raise NotAllowedError("nobody lets oneself go on", hint="ask a colleague who releases")
    uow.access.release_stop(officer, by.officer, node.clock.now())
    uow.access.forget_openings_of(officer)
    uow.audit.record(AuditRow(node.clock.now(), by.officer, "reading_let_go_on", officer))


def _demand_at_desk(uow: UnitOfWork, node: Node, by: Reader, place: CasePlace, act: Act) -> None:
    demand(by.roles, act)
    demand_desk(uow, node, by, [place])


def _reader(uow: UnitOfWork, place: CasePlace, officer: OfficerNumber) -> ReaderRow:
    found = [row for row in uow.access.readers(place) if row.officer == officer]
    if not found:
        raise UsageError(f"officer {officer} is not proposed", hint="propose the reader first")
    return found[0]


def _record(uow: UnitOfWork, node: Node, by: Reader, act: str, place: CasePlace, result: str) -> None:
    uow.audit.record(AuditRow(node.clock.now(), by.officer, act, place.case, by.purpose, result))
