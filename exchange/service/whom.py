# SPDX-License-Identifier: Apache-2.0
"""Whom a question is about: name, sex, birth and code of a person, beside every question of a form.

1. What earlier messages and corrections said of the person counts, and over it what the form itself says.
2. It is read as the message that is answered would be: the role must open messages, the case must lie at the
   desk, and each value is shown or not by its class. Else the code alone is left.
3. Seeing it is opening that message, counted and recorded as there. Whoever is stopped from reading goes on
   writing, and sees the codes.
4. Names come in the order of the message, official ones first, each with its language.
5. Who only works at the crossing opens no message, but the sheet of a handover near its window. What such an
   officer writes from there, a stop, names the persons of that list as the sheet does: codes say nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from exchange.cases.permissions import Act, allows
from exchange.cases.readable import readable_line
from exchange.errors import NotAllowedError
from exchange.ids import CaseCode, LinkId
from exchange.messages.document import Document, JsonValue, object_at, objects_at, text_at
from exchange.service.access import CasePlace
from exchange.service.changeable import BLOCK, Names
from exchange.service.facts import StoreFacts
from exchange.service.following import known_of
from exchange.service.forms import Form
from exchange.service.handovers import Handover, demand_movement, handover_of
from exchange.service.meaning import message_by_id
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, has_desk, note_opening, reading_of

MOST_NAMES: Final = 6
"""Names of one person beside a question: one in each script of a group, and an alias or two."""
_SHOWN = ("names", "sex", "birth", "is_child")
_OFFICIAL = "official"


@dataclass(frozen=True)
class Person:
    """One person of a form, as far as the reader may know."""

    case: str
    names: Names = ()
    sex: str = ""
    born: str = ""
    is_child: bool = False

    @property
    def is_known(self) -> bool:
        """Return whether anything but the code is known."""
        return bool(self.names or self.sex or self.born)


def persons_asked_about(
    uow: UnitOfWork, node: Node, reader: Reader, form: Form, numbers: Iterable[int]
) -> dict[int, Person]:
    """Return persons of a form by their places, and note that their data were opened (3)."""
    entered = form.given["persons"]
    wanted = {number: entered[number] for number in numbers if number < len(entered)}
    known: dict[int, Document] = {}
    if wanted and form.after and uow.access.stop_of(reader.officer) is None:
        handover = None if allows(reader.roles, Act.OPEN_MESSAGE) else _handover(uow, node, reader, form)
        facts = StoreFacts(uow, pairing_of(uow, node, form.row.link), node.agency)
        for number, line in wanted.items():
            place = CasePlace(form.row.link, CaseCode(text_at(line, "case_code")))
            known[number] = _known(uow, node, reader, facts, place, handover)
        if any(known.values()):
            _note(uow, node, reader, form, handover)
    return {number: _person({**known.get(number, {}), **_said(line)}) for number, line in wanted.items()}


def children_among(uow: UnitOfWork, node: Node, link: LinkId, codes: Iterable[str]) -> list[str]:
    """Return the cases whose newest notice treats the person as a child; no content is shown."""
    facts = StoreFacts(uow, pairing_of(uow, node, link), node.agency)
    return [code for code in codes if facts.is_child(CaseCode(code))]


def _handover(uow: UnitOfWork, node: Node, reader: Reader, form: Form) -> Handover | None:
    """Return the handover from whose sheet a form was begun, if its sheet is shown to the reader now (5)."""
    message = message_by_id(uow, form.row.link, form.after)
    code = uow.movements.of_message(message.link, message.direction, message.seq) if message else None
    movement = uow.movements.get(form.row.link, code) if code else None
    if movement is None:
        return None
    handover = handover_of(uow, node, movement)
    try:
        demand_movement(uow, node, reader, handover)
    except NotAllowedError:
        return None
    return handover


def _known(
    uow: UnitOfWork,
    node: Node,
    reader: Reader,
    facts: StoreFacts,
    place: CasePlace,
    handover: Handover | None,
) -> Document:
    """Return what earlier messages say of a person, as far as the reader reads it (1, 2, 5)."""
    on_sheet = handover is not None and place.case in handover.listed
    at_desk = allows(reader.roles, Act.OPEN_MESSAGE) and has_desk(uow, node, reader, place)
    if not place.case or not (on_sheet or at_desk):
        return {}
    known, reading = known_of(facts, place.case), reading_of(uow, node, reader, None, [place])
    if on_sheet:
        reading = replace(reading, elsewhere=frozenset())
    shown: Document = {name: known[name] for name in _SHOWN if name in known}
    return readable_line(shown, BLOCK, reading).document


def _note(uow: UnitOfWork, node: Node, reader: Reader, form: Form, handover: Handover | None) -> None:
    if handover is not None:
        note_opening(uow, node, reader, handover.row.code, act="sheet_opened", result="form")
        return
    row = message_by_id(uow, form.row.link, form.after)
    cases = uow.cases.of_message(row.link, row.direction, row.seq) if row is not None else ()
    counted = cases[0] if len(cases) == 1 else form.after
    note_opening(uow, node, reader, form.after, act="message_opened", counted=counted, result="form")


def _said(line: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Return what the form itself says of a person."""
    return {name: line[name] for name in ("case_code", *_SHOWN) if line.get(name)}


def _person(line: Document) -> Person:
    birth = object_at(line, "birth")
    names = sorted(objects_at(line, "names"), key=lambda name: text_at(name, "kind") != _OFFICIAL)
    said = [(text_at(name, "full"), text_at(name, "language")) for name in names]
    return Person(
        case=text_at(line, "case_code"),
        names=tuple(dict.fromkeys(one for one in said if one[0]))[:MOST_NAMES],
        sex=text_at(line, "sex"),
        born=text_at(birth, "value") or text_at(birth, "from"),
        is_child=line.get("is_child") is True,
    )
