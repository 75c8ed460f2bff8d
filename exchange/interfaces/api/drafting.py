# SPDX-License-Identifier: Apache-2.0
"""What commands that write a message share: where added members come from, and what became of it."""

from datetime import UTC
from zoneinfo import ZoneInfo

from exchange.errors import UsageError
from exchange.ids import LinkId, MessageId, OfficerNumber
from exchange.interfaces.api.desk import Answer, Desk, pick_link
from exchange.messages.filling import Sources
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service.drafts import Sent
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of, versions_to_write
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, LinkRow, MessageRow


async def link_of(desk: Desk, link: LinkId) -> LinkRow:
    row = await desk.node.store.read(lambda uow: uow.links.get(link))
    if row is None:
        raise UsageError(f"link {link} is not in the store")
    return row


async def opened_content(
    desk: Desk, row: MessageRow, officer: OfficerNumber, purpose: str = "case_work"
) -> Document:
    """Return the content of a message and record that it was opened."""

    def unit(uow: UnitOfWork) -> Document | None:
        uow.audit.record(AuditRow(desk.node.clock.now(), officer, "message_opened", row.id, purpose))
        return document_of(uow, row)

    document = await desk.node.store.write(unit)
    if document is None:
        raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
    return document


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
