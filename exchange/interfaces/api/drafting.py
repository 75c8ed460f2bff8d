# SPDX-License-Identifier: Apache-2.0
"""What commands that write a message share: where added members come from, and what became of it."""

from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo

from exchange.cases.permissions import Act, demand
from exchange.cases.readable import Readable
from exchange.errors import UsageError
from exchange.ids import LinkId, MessageId, OfficerNumber
from exchange.interfaces.api.desk import Answer, Ask, Desk, pick_link, reader_for
from exchange.messages.filling import Sources
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service.drafts import Sent
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of, versions_to_write
from exchange.service.ports import UnitOfWork
from exchange.service.reading import open_document
from exchange.service.rows import AuditRow, LinkRow, MessageRow


async def link_of(desk: Desk, link: LinkId) -> LinkRow:
    row = await desk.node.store.read(lambda uow: uow.links.get(link))
    if row is None:
        raise UsageError(f"link {link} is not in the store")
    return row


@dataclass(frozen=True)
class OpenedContent:
    """A message that was opened: what it says, and what of it the reader may read."""

    document: Document
    read: Readable


async def opened_content(
    desk: Desk, row: MessageRow, ask: Ask, *, act: str = "message_opened", is_shown: bool = True
) -> OpenedContent:
    """Return the content of a message and record that it was opened; not `is_shown` if nobody reads it now.

    Raises:
        UsageError: the content is not kept.
        NotAllowedError: this officer may not open it.
    """

    def unit(uow: UnitOfWork) -> OpenedContent:
        document = document_of(uow, row)
        if document is None:
            raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
        reader = reader_for(uow, ask)
        read = open_document(uow, desk.node, reader, row, document, act=act, is_shown=is_shown)
        return OpenedContent(document, read)

    return await desk.node.store.write(unit)


async def content_for_stop(desk: Desk, row: MessageRow, ask: Ask) -> Document:
    """Return a message for writing a stop after it, and record that: nobody is too stopped to stop (rule 28).

    Raises:
        UsageError: the content is not kept.
        NotAllowedError: no role of this officer may stop.
    """

    def unit(uow: UnitOfWork) -> Document:
        reader, document = reader_for(uow, ask), document_of(uow, row)
        demand(reader.roles, Act.STOP)
        if document is None:
            raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
        now = desk.node.clock.now()
        uow.audit.record(AuditRow(now, reader.officer, "message_opened", row.id, reader.purpose))
        return document

    return await desk.node.store.write(unit)


async def sources_for(desk: Desk, partner: str, officer: OfficerNumber) -> tuple[LinkRow, Sources]:
    """Return where missing members of a draft come from: agreement, configuration, officer."""
    node, agency = desk.node, desk.opened.settings.agency

    def unit(uow: UnitOfWork) -> tuple[LinkRow, Sources]:
        link = pick_link(uow, partner)
        pairing = pairing_of(uow, node, link.link)
        usual = pairing.agreement.terms.usual
        entry = uow.officers.get(officer)
        if entry is None:
            raise UsageError(f"officer {officer} is not in the directory", hint="run: exchange officer add")
        values: dict[str, JsonValue] = {
            "language": usual.language,
            "checkpoint": usual.checkpoint,
            "funding": usual.funding,
            "handling": list(usual.handling),
        }
        return link, Sources(
            sender=node.agency,
            partner=link.partner,
            officer=officer,
            office=entry.office,
            office_kind=agency.office_kind,
            usual={name: value for name, value in values.items() if value},
            today=node.clock.now().astimezone(ZoneInfo(agency.zone) if agency.zone else UTC).date(),
            random=node.random,
            versions=versions_to_write(node, pairing),
        )

    return await node.store.read(unit)


def sent_answer(link: LinkRow, sent: Sent) -> Answer:
    return {
        "fate": sent.fate.value,
        "partner": link.partner,
        "link": link.link,
        "id": MessageId(sent.id),
        "type": sent.type,
        "seq": sent.seq,
        "digest": sent.digest,
        "reason": sent.reason,
    }
