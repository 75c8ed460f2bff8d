# SPDX-License-Identifier: Apache-2.0
"""Whom a message is about: name, sex, birth and state of each person, where its own lines say codes only.

1. The newest word of the messages that count is taken, and over it what was corrected since (COR).
2. Only what this reader may read: each line is judged as on the page of its message, as for somebody who is
   no named reader; a person whose case lies at another desk is left out.
3. Nothing is recorded here: the message that names the case is opened, and that is recorded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exchange.cases.readable import Reading, readable_line
from exchange.ids import CaseCode, LinkId
from exchange.messages.amending import corrected
from exchange.messages.document import Document, object_at, objects_at, persons_of, text_at
from exchange.service.access import CasePlace
from exchange.service.casework import shown_case
from exchange.service.facts import COUNTS
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, has_desk
from exchange.service.rows import MessageRow

CORRECTION = "COR"
_SAID = ("names", "sex", "birth", "is_child")


@dataclass(frozen=True)
class PersonMeant:
    """One person, as short as a row of a page."""

    case: CaseCode
    state: str
    names: tuple[tuple[str, str], ...] = ()
    """Each with the language in which it is written, "" if it is not said."""
    sex: str = ""
    born: str = ""
    is_child: bool = False


def persons_meant(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, codes: Iterable[CaseCode]
) -> dict[CaseCode, PersonMeant]:
    """Return the persons of these cases whom the reader may see."""
    opened = _Opened(uow)
    found: dict[CaseCode, PersonMeant] = {}
    for code in codes:
        case = uow.cases.get(link, code)
        if case is not None and has_desk(uow, node, reader, CasePlace(link, code)):
            found[code] = _person(code, shown_case(node, case).state, _known(uow, opened, reader, link, code))
    return found


class _Opened:
    """Documents of one unit, each opened once: one message may be about many persons."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._lines: dict[str, dict[str, Document]] = {}

    def line(self, row: MessageRow, code: CaseCode) -> Document | None:
        """Return the part of a person in a message."""
        if row.id not in self._lines:
            persons = persons_of(document_of(self._uow, row) or {})
            self._lines[row.id] = {text_at(person, "case_code"): person for person in persons}
        return self._lines[row.id].get(code)


def _known(uow: UnitOfWork, opened: _Opened, reader: Reader, link: LinkId, code: CaseCode) -> Document:
    known: Document = {}
    for type_code, line in _lines(uow, opened, reader, link, code):
        if type_code == CORRECTION:
            known = corrected(known, objects_at(line, "changes"))
        else:
            known |= {name: line[name] for name in _SAID if line.get(name) not in (None, [], {})}
    return known


def _lines(
    uow: UnitOfWork, opened: _Opened, reader: Reader, link: LinkId, code: CaseCode
) -> Iterator[tuple[str, Document]]:
    """Yield what messages say of a person, the oldest first, as the reader may read it."""
    reading = Reading(reader.roles, reader.officer)
    for row in uow.cases.messages(link, code):
        line = opened.line(row, code) if row.state in COUNTS else None
        if line is not None:
            yield row.type, readable_line(line, row.type, reading).document


def _person(code: CaseCode, state: str, known: Document) -> PersonMeant:
    birth = object_at(known, "birth")
    return PersonMeant(
        case=code,
        state=state,
        names=tuple((text_at(one, "full"), text_at(one, "language")) for one in objects_at(known, "names")),
        sex=text_at(known, "sex"),
        born=text_at(birth, "value") or text_at(birth, "from"),
        is_child=known.get("is_child") is True,
    )
