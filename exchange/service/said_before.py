# SPDX-License-Identifier: Apache-2.0
"""What earlier messages of a case said of a person, and where a message that is written says otherwise.

A person in two systems is recognised by name, birth, nationality and papers. Whoever writes another name for
the same case may be right, and may have the wrong person; a program cannot tell. So it is shown, old and new
beside each other, to the author, to whoever releases it, and on the page of the case. It refuses nothing.

Nothing is compared for who may not open the case: the comparison would tell what it says.
"""

from typing import Final

from exchange.ids import CaseCode, LinkId
from exchange.messages.compared import Difference, contradictions
from exchange.messages.document import Document, persons_of, text_at
from exchange.service.access import CasePlace
from exchange.service.facts import StoreFacts
from exchange.service.following import IDENTITY, said_of
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, has_desk

MOST: Final = 20
"""Differences that are told; whoever has more looks at the persons one by one."""


def said_otherwise(
    uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, document: Document
) -> tuple[Difference, ...]:
    """Return where a message that is not sent says of a person other than the case knows."""
    found: list[Difference] = []
    for number, person in enumerate(persons_of(document)):
        if any(name in person for name in IDENTITY):
            known = known_to(uow, node, reader, link, text_at(person, "case_code"))
            found += contradictions(known, person, number, IDENTITY)
    return tuple(found[:MOST])


def known_to(uow: UnitOfWork, node: Node, reader: Reader, link: LinkId, code: str) -> Document:
    """Return by what a person of a case is known again; nothing to who may not open the case."""
    case = CaseCode(code)
    if uow.cases.get(link, case) is None or not has_desk(uow, node, reader, CasePlace(link, case)):
        return {}
    known = said_of(StoreFacts(uow, pairing_of(uow, node, link), node.agency), case)
    return {name: known[name] for name in IDENTITY if name in known}
