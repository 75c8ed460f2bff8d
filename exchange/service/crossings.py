# SPDX-License-Identifier: Apache-2.0
"""What both sides announced about crossings (CKS), and what holds at an instant.

1. Either side can close alone: a crossing is closed as soon as one of the two says so.
2. Of each side the announcement with the highest number counts among those that have begun; it ends
   with its `until`. Numbers, not arrival, give the order, because a CKS overtakes.
3. An announcement of ours counts from the moment it has its number; nobody waits for its verdict.
"""

from datetime import datetime

from exchange.ids import LinkId
from exchange.messages.document import content_of, text_at
from exchange.protocol.parts import Document
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CrossingRow, Direction, MessageRow


def announce(uow: UnitOfWork, row: MessageRow, document: Document) -> None:
    """Keep what a CKS says; any other message says nothing about a crossing."""
    if row.type != "CKS":
        return
    content = content_of(document)
    until = text_at(content, "until")
    uow.crossings.add(
        CrossingRow(
            link=row.link,
            direction=row.direction,
            seq=row.seq,
            checkpoint=text_at(content, "checkpoint"),
            status=text_at(content, "status"),
            from_at=datetime.fromisoformat(text_at(content, "from")),
            until_at=datetime.fromisoformat(until) if until else None,
        )
    )


def in_force(uow: UnitOfWork, link: LinkId, checkpoint: str, at: datetime) -> list[CrossingRow]:
    """Return the announcement of each side that holds at an instant; none without news."""
    rows = uow.crossings.of(link, checkpoint)
    found = []
    for side in Direction:
        begun = [row for row in rows if row.direction is side and row.from_at <= at]
        if begun and (begun[-1].until_at is None or at < begun[-1].until_at):
            found.append(begun[-1])
    return found
