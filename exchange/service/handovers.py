# SPDX-License-Identifier: Apache-2.0
"""Movements as people at the crossing need them: the list, and the sheet of one handover.

1. The list names crossing, window and number of persons, and nobody.
2. The sheet names the persons: after the departure those who left, before it those of the agreed list with
   the state each is in, because who is on hold or has withdrawn does not come.
3. A flag stands there as what has to be done. Of class S4 only what the officer at the gate must do is on
   paper; how many others there are is said, and they are read in the message itself.
4. An age is counted for the day of the window at the crossing; a birth that is not exact gives two ages.
5. While a movement is open, whoever is not on its list any more does not travel: the sheet says so with the
   message that did it, and the list says how many they are.

Nothing here is changed; who opens a sheet is recorded by the caller.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from exchange.cases.permissions import Act, Role, demand, sees_movement
from exchange.errors import NotAllowedError, UsageError
from exchange.ids import AgencyCode, CaseCode, MovementCode, OfficerNumber
from exchange.messages.codelists import codelist
from exchange.messages.dates import Span, as_day, value_span
from exchange.messages.document import JsonValue, content_of, object_at, objects_at, text_at
from exchange.messages.earlier import Appointment
from exchange.messages.on_paper import AT_THE_GATE, ON_PAPER
from exchange.messages.replying import Line
from exchange.service.access import CasePlace
from exchange.service.casework import shown_case
from exchange.service.facts import StoreFacts
from exchange.service.following import SPOKE_OF_PERSONS, content_kept, departed
from exchange.service.next_steps import NextStep, shown_movement, steps_of_movement
from exchange.service.node import Node
from exchange.service.officers_told import officers_named
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, demand_desk
from exchange.service.rows import CaseRow, Direction, MovementRow
from exchange.service.unique_match import the_only

_LEAST_CODE = 4
_NOBODY_LEAVES = frozenset({"failed", "postponed"})
"""States of a movement that is not finished, and with which nobody travels."""


@dataclass(frozen=True)
class Handover:
    """One movement as our officers see it now."""

    row: MovementRow
    state: str
    provisional: bool
    terms: Mapping[str, JsonValue]
    """Content of the proposal with its changes; empty when it was erased."""
    listed: tuple[CaseCode, ...]
    """The final list; before the departure the agreed one."""
    host_zone: str
    origin_zone: str
    steps: tuple[NextStep, ...]


@dataclass(frozen=True)
class Person:
    """One line of a sheet."""

    case: CaseCode
    state: str
    names: tuple[str, ...]
    sex: str
    is_child: bool
    ages: tuple[int, ...]
    papers: tuple[str, ...]
    documents: tuple[dict[str, str], ...]
    """The same papers in parts, for pages in other languages: `type`, `number`, `expires`."""
    belongings: tuple[str, ...]
    actions: tuple[str, ...]
    more_flags: int
    """Flags that are not printed."""
    languages: tuple[str, ...]
    links: tuple[dict[str, str], ...] = ()
    """With whom the person stands or must not stand: `kind` of link, and the other `case`."""
    stays: bool = False
    """Does not travel with this movement any more (5)."""
    stays_by: str = ""
    """Type of the message that took the person off, "" if it is not known."""
    stays_since: str = ""
    """When that message was released."""


@dataclass(frozen=True)
class Contact:
    """An officer who may stop the handover, as far as the person is known here."""

    agency: AgencyCode
    number: str
    name: str
    telephone: str
    """On duty, "" if neither side told it."""
    is_ours: bool
    is_missing: bool
    """No officer of this number is in our directory; of the partner's number that is not known."""


@dataclass(frozen=True)
class Sheet:
    """What is needed at the crossing."""

    handover: Handover
    persons: tuple[Person, ...]
    stop_officers: tuple[Contact, ...]
    departure: Line
    """Content of the departure notice; empty before it."""


def handover_of(uow: UnitOfWork, node: Node, row: MovementRow) -> Handover:
    """Return one movement as our officers see it."""
    pairing = pairing_of(uow, node, row.link)
    standing, shown = _standing(uow, node, pairing, row), shown_movement(node, row)
    listed = (standing.final or standing.listed) if standing else tuple(map(CaseCode, shown.list))
    terms = pairing.agreement.terms
    return Handover(
        row=row,
        state=shown.state,
        provisional=row.provisional > 0,
        terms=standing.terms if standing else {},
        listed=tuple(listed),
        host_zone=terms.side_of(row.host).zone,
        origin_zone=terms.side_of(row.origin).zone,
        steps=steps_of_movement(uow, node, row),
    )


def find_movement(uow: UnitOfWork, prefix: str) -> MovementRow:
    """Return the one movement whose code begins with `prefix`.

    Raises:
        UsageError: none, or several.
    """
    code = prefix.upper()
    if len(code) < _LEAST_CODE:
        raise UsageError(
            "a movement code has at least 4 characters", hint="list them: exchange handover list"
        )
    found = uow.movements.find(MovementCode(code))
    return the_only(found, "movement", f"the code {code}", hint="list them: exchange handover list")


def sheet_of(uow: UnitOfWork, node: Node, row: MovementRow) -> Sheet:
    """Return the sheet of a movement."""
    handover = handover_of(uow, node, row)
    notice = departed(uow, row)
    facts = StoreFacts(uow, pairing_of(uow, node, row.link), node.agency)
    opens = text_at(dict(handover.terms), "window_from")
    on = (datetime.fromisoformat(opens) if opens else node.clock.now()).date()
    stay = staying(uow, node, handover)
    persons = (_person(uow, node, facts, row, code, on) for code in handover.listed)
    return Sheet(
        handover=handover,
        persons=tuple(_staying(uow, row, one) if one.case in stay else one for one in persons),
        stop_officers=tuple(_contact(uow, node, row, one) for one in _stops(handover)),
        departure=content_of(content_kept(uow, notice)) if notice else {},
    )


def staying(uow: UnitOfWork, node: Node, handover: Handover) -> frozenset[CaseCode]:
    """Return who of the list does not travel with an open movement any more (5)."""
    if handover.state in node.tables.final | _NOBODY_LEAVES:
        return frozenset()
    row = handover.row
    cases = (uow.cases.get(row.link, code) for code in handover.listed)
    return frozenset(case.code for case in cases if case and not _is_in(node, case, row))


def _is_in(node: Node, case: CaseRow, movement: MovementRow) -> bool:
    shown = shown_case(node, case)
    return movement.code in (shown.movement, *shown.listed)


def demand_movement(
    uow: UnitOfWork, node: Node, reader: Reader, handover: Handover, *, on_paper: bool = False
) -> None:
    """Return if a movement is shown to this reader now.

    At the crossing it is shown around its window, wherever its cases lie. Casework sees it at any time, as
    long as one of its cases lies at the own desk, and on paper as long as each does: who works on a group has
    to see who else travels, and a paper goes on to others.

    Raises:
        NotAllowedError: the roles do not allow it, it is too early or too late for the crossing, or its cases
            are given to another office.
    """
    demand(reader.roles, Act.OPEN_SHEET)
    terms = dict(handover.terms)
    opens, closes = (_moment(text_at(terms, name)) for name in ("window_from", "window_to"))
    at_the_crossing = [role for role in reader.roles if role is Role.HANDOVER]
    if sees_movement(at_the_crossing, opens_at=opens, closes_at=closes, now=node.clock.now()):
        return
    if sees_movement(reader.roles, opens_at=opens, closes_at=closes, now=node.clock.now()):
        places = [CasePlace(handover.row.link, code) for code in handover.listed]
        for some in [[place] for place in places] if on_paper else [places]:
            demand_desk(uow, node, reader, some)
    else:
        raise NotAllowedError(
            f"movement {handover.row.code} is not shown to you now",
            hint="it is shown from 24 hours before its window to 48 hours after it",
        )


def _standing(uow: UnitOfWork, node: Node, pairing: Pairing, row: MovementRow) -> Appointment | None:
    cases = uow.movements.listed(row.link, row.code)
    return StoreFacts(uow, pairing, node.agency).appointment(row.code, cases)


def _stops(handover: Handover) -> list[dict[str, JsonValue]]:
    return objects_at(dict(handover.terms), "stop_officers")


def _contact(uow: UnitOfWork, node: Node, row: MovementRow, stop: dict[str, JsonValue]) -> Contact:
    agency = row.host if text_at(stop, "side") == "host" else row.origin
    number, is_ours = OfficerNumber(text_at(stop, "officer")), agency == node.agency
    side = Direction.OUT if is_ours else Direction.IN
    named = officers_named(uow, row.link, side, node.clock.now().date()).get(number)
    own = uow.officers.get(number) if is_ours else None
    is_here = own is not None and (own.valid_to is None or node.clock.now() < own.valid_to)
    name = own.name if own else named.name if named else ""
    phone = named.telephone if named else ""
    return Contact(agency, number, name, phone, is_ours, is_missing=is_ours and not is_here)


def _person(
    uow: UnitOfWork, node: Node, facts: StoreFacts, row: MovementRow, code: CaseCode, on: date
) -> Person:
    known = known_of(facts, code)
    case = uow.cases.get(row.link, code)
    flags = _texts(known.get("flags"))
    printed = [flag for flag in flags if _is_printed(flag)]
    return Person(
        case=code,
        state=shown_case(node, case).state if case else "",
        names=tuple(text_at(name, "full") for name in objects_at(known, "names")),
        sex=text_at(known, "sex"),
        is_child=known.get("is_child") is True,
        ages=_ages(object_at(known, "birth"), on),
        papers=tuple(_paper(paper) for paper in objects_at(known, "documents")),
        documents=tuple(
            {name: text_at(paper, name) for name in ("type", "number", "expires")}
            for paper in objects_at(known, "documents")
        ),
        belongings=tuple(_thing(thing) for thing in objects_at(known, "belongings")),
        actions=tuple(codelist("vulnerability-flags").label(flag) for flag in printed),
        more_flags=len(flags) - len(printed),
        languages=_texts(object_at(known, "languages").get("understood")),
        links=tuple(_links(known)),
    )


def _links(known: Line) -> Iterator[dict[str, str]]:
    for link in objects_at(known, "links"):
        if text_at(link, "kind") in AT_THE_GATE:
            yield {name: text_at(link, member) for name, member in (("kind", "kind"), ("case", "case_code"))}


def known_of(facts: StoreFacts, code: CaseCode) -> Line:
    """Return what the messages said last of a person, member by member."""
    known: Line = {}
    for type_code in SPOKE_OF_PERSONS:
        known |= facts.line_of(code, type_code) or {}
    return known


def _staying(uow: UnitOfWork, row: MovementRow, person: Person) -> Person:
    """Return a person who does not travel, with the message that gave the case its state."""
    for event in reversed(uow.cases.events(row.link, person.case)):
        if event.state_before != event.state_after == person.state:
            message = uow.messages.by_seq(row.link, event.direction, event.seq)
            since = message.created_at.isoformat() if message else ""
            return replace(person, stays=True, stays_by=event.type, stays_since=since)
    return replace(person, stays=True)


def _is_printed(flag: str) -> bool:
    known = codelist("vulnerability-flags").codes.get(flag)
    return flag in ON_PAPER or (known is not None and known.extra.get("sensitivity") != "S4")


def _ages(birth: dict[str, JsonValue], on: date) -> tuple[int, ...]:
    """Return the age on a day, or the least and the highest one; none for an unknown birth."""
    span = _span(birth)
    if span is None:
        return ()
    ages = {_age(span.last, on), _age(span.first, on)}
    return tuple(sorted(ages))


def _span(birth: dict[str, JsonValue]) -> Span | None:
    if value := text_at(birth, "value"):
        return value_span(value)
    first, last = as_day(text_at(birth, "from")), as_day(text_at(birth, "to"))
    return Span(first, last) if first and last else None


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _paper(paper: dict[str, JsonValue]) -> str:
    label = codelist("id-document-types").label(text_at(paper, "type")).lower()
    expires = text_at(paper, "expires")
    return " ".join(
        part for part in (label, text_at(paper, "number"), expires and f"until {expires}") if part
    )


def _thing(thing: dict[str, JsonValue]) -> str:
    count = thing.get("count")
    what = " ".join(part for part in (text_at(thing, "what"), text_at(thing, "number")) if part)
    return f"{count} {what}" if isinstance(count, int) and count > 1 else what


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
