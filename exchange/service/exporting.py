# SPDX-License-Identifier: Apache-2.0
"""The file of one person, for the person or for work outside: what is kept, and who received what and when.

It holds where the case stands, the parts of this person in every message that counts, the entries of the home
register, and each message with its recipient. It leaves out the common content of messages, which speaks of
others, too, and the codes of other persons in links. Making it is a recorded act with purpose (rule 30).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange.cases.readable import readable, readable_line
from exchange.cases.register import Entry, entry_of
from exchange.errors import UsageError
from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId, OfficerNumber
from exchange.messages.document import JsonValue, content_of, header_of, persons_of, text_at
from exchange.service.access import CasePlace
from exchange.service.facts import COUNTS
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, open_case, reader_of, reading_of
from exchange.service.rows import CaseRow, Direction, MessageRow
from exchange.service.unique_match import the_only

Line = dict[str, JsonValue]
_OTHERS = frozenset({"case_code"})
"""Members of a link that name another person."""


@dataclass(frozen=True)
class Passed:
    """One message about the person: from whom to whom, when, and what it says of this person."""

    message: MessageId
    type: str
    sender: AgencyCode
    recipient: AgencyCode
    acting: str
    """Office of the sender's country that acted, "" if the content is not kept any more."""
    created_at: datetime
    delivered_at: datetime | None
    state: str
    line: Line
    content: Line
    """Common content of a message about this person alone, else empty."""
    withheld: int = 0
    """Values of class S4 that this reader is not shown; a named reader exports them."""


@dataclass(frozen=True)
class PersonalFile:
    """Everything that is kept of one person in the exchange."""

    case: CaseCode
    link: LinkId
    partner: AgencyCode
    host: AgencyCode
    origin: AgencyCode
    state: str
    opened_at: datetime
    changed_at: datetime
    passed: tuple[Passed, ...]
    register: tuple[Entry, ...]


async def export_case(
    node: Node,
    prefix: str,
    officer: OfficerNumber,
    purpose: str,
    *,
    roles: Sequence[str] | None = None,
    act: str = "case_exported",
) -> PersonalFile:
    """Return the file of one person; recorded with purpose in the same commit.

    Raises:
        UsageError: none or several cases have this code, or no purpose is said.
        NotAllowedError: this officer may not open the case.
    """
    if not purpose.strip():
        raise UsageError("an export needs a purpose", hint="say what it is for: --purpose TEXT")

    def unit(uow: UnitOfWork) -> PersonalFile:
        case = one_case(uow, prefix)
        reader = reader_of(uow, officer, roles, purpose=purpose)
        open_case(uow, node, reader, CasePlace(case.link, case.code), act=act)
        return _file(uow, node, case, reader)

    return await node.store.write(unit)


def one_case(uow: UnitOfWork, prefix: str) -> CaseRow:
    """Return the one case whose code begins with `prefix`.

    Raises:
        UsageError: none or several.
    """
    found = uow.cases.find(prefix.upper())
    return the_only(found, "case", f"the code {prefix}", hint="list them: exchange case list")


def _file(uow: UnitOfWork, node: Node, case: CaseRow, reader: Reader) -> PersonalFile:
    link = uow.links.get(case.link)
    partner = link.partner if link else case.host if case.host != node.agency else case.origin
    rows = {event.message: event for event in uow.cases.events(case.link, case.code)}
    messages = (uow.messages.by_seq(case.link, event.direction, event.seq) for event in rows.values())
    passed = [
        _passed(uow, node, partner, case, row, reader) for row in messages if row and row.state in COUNTS
    ]
    entries = [entry_of(row.content) for row in uow.register.of_case(case.link, case.code)]
    return PersonalFile(
        case=case.code,
        link=case.link,
        partner=partner,
        host=case.host,
        origin=case.origin,
        state=case.state,
        opened_at=case.opened_at,
        changed_at=case.changed_at,
        passed=tuple(passed),
        register=tuple(entries),
    )


def _passed(
    uow: UnitOfWork, node: Node, partner: AgencyCode, case: CaseRow, row: MessageRow, reader: Reader
) -> Passed:
    document = document_of(uow, row)
    reading = reading_of(uow, node, reader, row, [CasePlace(case.link, case.code)])
    lines = [line for line in persons_of(document or {}) if line.get("case_code") == case.code]
    read = readable_line(lines[0], row.type, reading) if lines else None
    alone = readable(document, reading) if document and len(persons_of(document)) == 1 else None
    ours = row.direction is Direction.OUT
    return Passed(
        message=row.id,
        type=row.type,
        sender=node.agency if ours else partner,
        recipient=partner if ours else node.agency,
        acting=text_at(header_of(document), "acting_agency") if document else "",
        created_at=row.created_at,
        delivered_at=row.verdict_at if ours else row.logged_at,
        state=row.state.value,
        line=_own(read.document) if read else {},
        content=content_of(alone.document) if alone else {},
        withheld=len(read.withheld) if read else 0,
    )


def _own(line: Line) -> Line:
    """Return what a line says of this person alone; a link keeps its kind."""
    own = dict(line)
    links = own.get("links")
    if isinstance(links, list):
        own["links"] = [
            {name: value for name, value in link.items() if name not in _OTHERS}
            for link in links
            if isinstance(link, dict)
        ]
    return own
