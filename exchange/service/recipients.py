# SPDX-License-Identifier: Apache-2.0
"""Who got which data of a person from us: every partner, message, number, day and category of data.

A person has one case with each partner, and may have had earlier ones. The cases of one person are those
with the same code on any link, and those that a message joins (`same_person`), in either direction.

1. Whatever left this node counts, also what the partner's machine rejected: it had opened it. A number that
   was given up counts, too, because its line may have arrived. The state says which of these it was.
2. Categories are read from the content as it was sent. Content that was erased here says `erased`; that the
   partner got something stays known from the case event.
3. The newest `LOOKED_THROUGH` cases of each link are looked through for links back; `complete` says whether
   there were more.

For corrections (COR), requests of the person (PDR), withdrawals that have to be passed on, and the export of
a case. This only reads; whoever shows it to an officer records that the case was opened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId
from exchange.messages.document import header_of, objects_at, persons_of, text_at
from exchange.protocol.parts import Document
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, Direction, MessageRow, MessageState
from exchange.service.same_person import cases_named

LOOKED_THROUGH: Final = 500
"""Cases of a link whose messages are read for links; a few seconds, only when somebody asks."""
PAGE: Final = 20
"""Cases read in one unit; with three messages each about 10 ms."""
ERASED: Final = "erased"
OTHER: Final = "case_work"
"""Category of everything that is about the work, not about the person."""
CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: category
        for category, names in {
            "identity": "names sex birth is_child nationality residence_right languages registered_identity",
            "papers": "documents papers document proof",
            "biometrics": "photograph fingerprints",
            "places": "place_of_origin found_on found_region",
            "family": "relatives guardian whom not_to_contact message_to_family found child_receiver custody",
            "victim_status": "identification exploitation proceedings",
            "health_and_needs": "flags needs_on_arrival condition risks care services services_running",
            "best_interests": "best_interests assessment recommendation assess",
            "consent": "consents declaration",
            "wishes": "return_wishes contact_wish tracing_result return_mode",
            "belongings": "belongings",
            "links": "links linked_case other_case",
        }.items()
        for name in names.split()
    }
)
"""Member of a person's line and the category it belongs to; a member that is not here is `case_work`."""
REACHED: Final = frozenset({MessageState.ACCEPTED, MessageState.REJECTED, MessageState.HELD})


@dataclass(frozen=True)
class Given:
    """One message of ours that told a partner something about a person."""

    partner: AgencyCode
    link: LinkId
    case: CaseCode
    """The person's case with this partner."""
    message: MessageId
    seq: int
    type: str
    sent_at: datetime
    state: MessageState
    categories: tuple[str, ...]
    """Sorted; `erased` when the content is no longer here."""

    @property
    def has_arrived(self) -> bool:
        """True when the partner's own entry says that it holds or held the content."""
        return self.state in REACHED


@dataclass(frozen=True)
class Recipients:
    """Everything that partners got about one person."""

    cases: tuple[tuple[LinkId, CaseCode], ...]
    """The cases of this person on every link, the one that was asked for first."""
    given: tuple[Given, ...]
    """In the order in which it was sent."""
    complete: bool
    """False when there were more cases than are looked through for links."""

    @property
    def partners(self) -> tuple[AgencyCode, ...]:
        return tuple(dict.fromkeys(one.partner for one in self.given))


async def recipients_of(node: Node, link: LinkId, case: CaseCode) -> Recipients:
    """Return who got which data of the person of a case, over every link."""
    cases, complete = await cases_of_person(node, link, case)
    given: list[Given] = []
    for place in cases:
        given += await node.store.read(partial(_given_at, place=place))
    given.sort(key=lambda one: (one.sent_at, one.seq))
    return Recipients(cases, tuple(given), complete)


async def cases_of_person(
    node: Node, link: LinkId, case: CaseCode
) -> tuple[tuple[tuple[LinkId, CaseCode], ...], bool]:
    """Return the cases of the person of a case on every link, and whether every case was looked through."""
    links = await node.store.read(lambda uow: [row.link for row in uow.links.all()])
    joined, complete = await _joined_codes(node, links)
    codes = {case}
    while more := {other for code in codes for other in joined.get(code, ())} - codes:
        codes |= more

    def there(uow: UnitOfWork) -> list[tuple[LinkId, CaseCode]]:
        return [
            (other, code)
            for other in links
            for code in sorted(codes)
            if uow.cases.get(other, code) is not None
        ]

    found = await node.store.read(there)
    return tuple(sorted(found, key=lambda place: place != (link, case))), complete


def given_in(uow: UnitOfWork, link: LinkId, case: CaseCode) -> list[Given]:
    """Return what the partner of a link got about the person of one case."""
    row = uow.links.get(link)
    if row is None:
        return []
    found: dict[MessageId, Given] = {}
    for event in uow.cases.events(link, case):
        if event.direction is not Direction.OUT or event.message in found:
            continue
        message = uow.messages.by_seq(link, Direction.OUT, event.seq)
        if message is not None:
            found[message.id] = _given(uow, row.partner, case, message)
    return list(found.values())


def _given(uow: UnitOfWork, partner: AgencyCode, case: CaseCode, row: MessageRow) -> Given:
    document = document_of(uow, row)
    return Given(
        partner=partner,
        link=row.link,
        case=case,
        message=row.id,
        seq=row.seq,
        type=row.type,
        sent_at=row.created_at,
        state=row.state,
        categories=(ERASED,) if document is None else tuple(sorted(_categories(document, case))),
    )


def _categories(document: Document, case: CaseCode) -> set[str]:
    """Return what a message says of a person: its own line, and attachments of the person or of all."""
    lines = [line for line in persons_of(document) if text_at(line, "case_code") == case]
    said = {name for line in lines for name, value in line.items() if value not in ([], {}, "")}
    found = {CATEGORIES.get(name, OTHER) for name in said - {"case_code"}}
    attached = objects_at(header_of(document), "attachments")
    if any(text_at(entry, "case_code") in ("", case) for entry in attached):
        found.add("attachments")
    return found or {OTHER}


async def _joined_codes(node: Node, links: Iterable[LinkId]) -> tuple[dict[CaseCode, set[CaseCode]], bool]:
    """Return which codes messages join as one person, and whether every case was looked through."""
    joined: dict[CaseCode, set[CaseCode]] = {}
    complete = True
    for link in links:
        rows = await node.store.read(partial(_newest_cases, link=link))
        complete = complete and len(rows) <= LOOKED_THROUGH
        for start in range(0, len(rows), PAGE):
            for one, other in await node.store.read(partial(_links_in, cases=rows[start : start + PAGE])):
                joined.setdefault(one, set()).add(other)
                joined.setdefault(other, set()).add(one)
    return joined, complete


def _given_at(uow: UnitOfWork, place: tuple[LinkId, CaseCode]) -> list[Given]:
    return given_in(uow, *place)


def _newest_cases(uow: UnitOfWork, link: LinkId) -> list[CaseRow]:
    return uow.cases.list(link=link, limit=LOOKED_THROUGH + 1)


def _links_in(uow: UnitOfWork, cases: Iterable[CaseRow]) -> list[tuple[CaseCode, CaseCode]]:
    """Return the pairs of codes that the messages of some cases join as one person."""
    return [(case.code, other) for case in cases for other in cases_named(uow, case.link, case.code)]
