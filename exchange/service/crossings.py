# SPDX-License-Identifier: Apache-2.0
"""What both sides announced about crossings (CKS), and what holds at an instant.

1. Either side can close alone: a crossing is closed as soon as one of the two says so.
2. Of each side the announcement with the highest number counts among those that have begun; it ends
   with its `until`. Numbers, not arrival, give the order, because a CKS overtakes.
3. An announcement of ours counts from the moment it has its number; nobody waits for its verdict. One
   that was rejected does not count.
4. A group fits if the largest session takes it; which session, people choose.
"""

from datetime import datetime

from exchange.ids import LinkId
from exchange.messages.document import content_of, objects_at, text_at
from exchange.messages.earlier import CLOSED, OpenCrossing
from exchange.protocol.parts import Document
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CrossingRow, MessageRow, MessageState

ANNOUNCEMENT = "CKS"
_COUNTS = frozenset({MessageState.ACCEPTED, MessageState.QUEUED, MessageState.HELD})


def announce(uow: UnitOfWork, row: MessageRow, document: Document) -> None:
    """Keep what a CKS says; any other message says nothing about a crossing."""
    if row.type != ANNOUNCEMENT:
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


def crossing_at(uow: UnitOfWork, link: LinkId, checkpoint: str, at: datetime) -> OpenCrossing:
    """Return what is announced about a crossing for an instant; without news it is open."""
    rows = in_force(uow, link, checkpoint, at)
    limits = [limit for row in rows if (limit := _largest_session(uow, row)) is not None]
    return OpenCrossing(
        is_closed=any(row.status in CLOSED for row in rows), per_session=min(limits, default=None)
    )


def in_force(uow: UnitOfWork, link: LinkId, checkpoint: str, at: datetime) -> list[CrossingRow]:
    """Return the announcement of each side that holds at an instant; none without news."""
    rows = [row for row in uow.crossings.of(link, checkpoint) if row.from_at <= at and _counts(uow, row)]
    newest = {row.direction: row for row in rows}
    return [row for row in newest.values() if row.until_at is None or at < row.until_at]


def _counts(uow: UnitOfWork, row: CrossingRow) -> bool:
    message = _message(uow, row)
    return message is not None and message.state in _COUNTS


def _message(uow: UnitOfWork, row: CrossingRow) -> MessageRow | None:
    return uow.messages.by_seq(row.link, row.direction, row.seq)


def _largest_session(uow: UnitOfWork, row: CrossingRow) -> int | None:
    message = _message(uow, row)
    document = document_of(uow, message) if message else None
    sessions = objects_at(content_of(document or {}), "sessions")
    takes = [session.get("persons") for session in sessions]
    return max((number for number in takes if isinstance(number, int)), default=None)
