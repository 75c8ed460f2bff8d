# SPDX-License-Identifier: Apache-2.0
"""Keeps many complete messages as drafts in one commit, all or none; nothing is sent.

Each draft waits for a second officer, who releases it (`drafts.approve`), whether its act needs two persons
or not: who fills a sheet does not send it alone.
"""

from collections.abc import Sequence

from exchange.ids import LinkId, MessageId, OfficerNumber, new_message_id
from exchange.messages.document import header_of, text_at
from exchange.messages.filling import release_digest
from exchange.protocol.parts import Document
from exchange.service.enclosures import kept
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, DraftRow


async def keep_prepared(
    node: Node, link: LinkId, documents: Sequence[Document], officer: OfficerNumber
) -> list[MessageId]:
    """Keep complete documents, which were checked, as drafts; return their numbers in order."""
    now = node.clock.now()
    rows = [
        DraftRow(
            id=new_message_id(now, node.random),
            link=link,
            type=text_at(header_of(document), "type"),
            document=kept(document, ()),
            prepared_by=officer,
            digest=release_digest(document),
            approved_by=None,
            created_at=now,
        )
        for document in documents
    ]

    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.drafts.save(row)
        uow.audit.record(AuditRow(now, officer, "drafts_prepared", f"{len(rows)} drafts"))

    await node.store.write(unit)
    return [row.id for row in rows]
