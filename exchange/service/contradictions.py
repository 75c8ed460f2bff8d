# SPDX-License-Identifier: Apache-2.0
"""What earlier messages of a case said of a person, and where a message that is written says otherwise.

A person in two systems is recognised by name, birth, nationality and papers. Whoever writes another name for
the same case may be right, and may have the wrong person; a program cannot tell. So it is shown, old and new
beside each other, to the author, to whoever releases it, and on the page of the case. It refuses nothing.

Nothing is compared for who may not open the case, or is stopped from reading: the comparison would tell what
it says. To tell it is to open the case, counted and recorded as there (`tell_otherwise`, `tell_known`).
"""

from collections.abc import Iterator
from typing import Final

from exchange.cases.permissions import Act, allows
from exchange.cases.readable import readable_line
from exchange.ids import CaseCode, LinkId
from exchange.messages.compared import Difference, contradictions
from exchange.messages.document import Document, persons_of, text_at
from exchange.service.access import CasePlace
from exchange.service.changeable import BLOCK
from exchange.service.facts import StoreFacts
from exchange.service.following import IDENTITY, said_of
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, has_desk, note_opening, reading_of

MOST: Final = 20
"""Differences that are told; whoever has more looks at the persons one by one."""


def said_otherwise(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, document: Document
) -> tuple[Difference, ...]:
    """Return where a message that is not sent says of a person other than the case knows."""
    told = (found for _, found in _differing(uow, node, reader, link, document))
    return tuple(one for found in told for one in found)[:MOST]


def tell_otherwise(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, document: Document
) -> tuple[Difference, ...]:
    """Return the same to be shown, and note that each case of which something is told was opened."""
    found: list[Difference] = []
    for case, differences in _differing(uow, node, reader, link, document):
        if differences and len(found) < MOST:
            _note(uow, node, reader, case)
            found += differences
    return tuple(found[:MOST])


def tell_known(uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, code: str, name: str) -> Document:
    """Return one member by which a person of a case is known again, if there is one; noted as an opening."""
    known = known_to(uow, node, reader, link, code)
    if name not in known:
        return {}
    _note(uow, node, reader, CaseCode(code))
    return {name: known[name]}


def known_to(uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, code: str) -> Document:
    """Return by what a person of a case is known again; nothing to who may not open the case."""
    place = CasePlace(link, CaseCode(code))
    if uow.cases.get(link, place.case) is None or not _may_open(uow, node, reader, place):
        return {}
    known = said_of(StoreFacts(uow, pairing_of(uow, node, link), node.agency), place.case)
    shown: Document = {name: known[name] for name in IDENTITY if name in known}
    return readable_line(shown, BLOCK, reading_of(uow, node, reader, None, [place])).document


def _differing(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, document: Document
) -> Iterator[tuple[CaseCode, tuple[Difference, ...]]]:
    for number, person in enumerate(persons_of(document)):
        if any(name in person for name in IDENTITY):
            code = text_at(person, "case_code")
            known = known_to(uow, node, reader, link, code)
            yield CaseCode(code), contradictions(known, person, number, IDENTITY)


def _may_open(uow: UnitOfWork, node: Node, reader: Reader, place: CasePlace) -> bool:
    is_stopped = uow.access.stop_of(reader.officer) is not None
    return not is_stopped and allows(reader.roles, Act.OPEN_MESSAGE) and has_desk(uow, node, reader, place)


def _note(uow: UnitOfWork, node: Node, reader: Reader, case: CaseCode) -> None:
    note_opening(uow, node, reader, case, act="case_opened", counted=case, result="form")
