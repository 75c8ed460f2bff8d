# SPDX-License-Identifier: Apache-2.0
"""The other cases of one person, as far as the messages of the case itself say so.

A person has one case for each partner. That two cases are of one person is known here only where a message
of one of them says so: by a link `earlier_case`, or by the case that a closure names. Links
`possible_duplicate` join nothing: only people know whether it is the same person. A correction has to reach
all of them. A case that is named by nobody is not found; to link it is an officer's act. This is read
inside the unit that judges a message; who got which data, over all cases of all links, is in `recipients`.
"""

from collections.abc import Iterator

from exchange.ids import AgencyCode, CaseCode, LinkId, parse_case_code
from exchange.messages.document import objects_at, persons_of, text_at
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork

SAME_PERSON = "earlier_case"
"""Kind of `link-kinds` that joins two cases of one person."""


def others_told(uow: UnitOfWork, link: LinkId, case: CaseCode) -> frozenset[AgencyCode]:
    """Return the partners of other links that received data of the person of a case."""
    links = {row.link: row.partner for row in uow.links.all()}
    found, waiting = {(link, case)}, [(link, case)]
    while waiting:
        named = list(cases_named(uow, *waiting.pop()))
        new = {(other, code) for code in named for other in links if uow.cases.get(other, code)} - found
        found |= new
        waiting += new
    return frozenset(links[other] for other, _ in found if other != link)


def cases_named(uow: UnitOfWork, link: LinkId, case: CaseCode) -> Iterator[CaseCode]:
    """Yield the other cases of the same person that the messages of a case name."""
    rows = {(event.direction, event.seq) for event in uow.cases.events(link, case)}
    for direction, seq in rows:
        row = uow.messages.by_seq(link, direction, seq)
        document = document_of(uow, row) if row else None
        for line in persons_of(document or {}):
            if text_at(line, "case_code") != case:
                continue
            if linked := text_at(line, "linked_case"):
                yield parse_case_code(linked)
            for one in objects_at(line, "links"):
                if text_at(one, "kind") == SAME_PERSON:
                    yield parse_case_code(text_at(one, "case_code"))
