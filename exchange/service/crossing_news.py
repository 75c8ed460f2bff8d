# SPDX-License-Identifier: Apache-2.0
"""What both sides announced about a crossing (CKS), as the rules of a proposal ask it.

1. Either side can close alone: a crossing is closed as soon as one of the two says so.
2. Of each side the newest announcement that has begun counts; it ends with its `until`.
3. A group fits if the largest session takes it; which session, people choose.
4. The newest messages of the link are looked through, up to a bound that is weeks of a busy link.
"""

from collections.abc import Iterator
from datetime import datetime

from exchange.ids import LinkId
from exchange.messages.document import content_of, objects_at, text_at
from exchange.messages.earlier import CLOSED, OpenCrossing
from exchange.protocol.strictjson import JsonValue
from exchange.service.casework import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState

ANNOUNCEMENT = "CKS"
_COUNTS = frozenset({MessageState.ACCEPTED, MessageState.QUEUED, MessageState.HELD})
_PAGE = 500
_PAGES = 8


def crossing_at(uow: UnitOfWork, link: LinkId, checkpoint: str, at: datetime) -> OpenCrossing:
    """Return what is announced about a crossing for an instant; without news it is open."""
    newest: dict[Direction, dict[str, JsonValue]] = {}
    for row in _announcements(uow, link):
        content = content_of(document_of(uow, row) or {})
        begun = text_at(content, "checkpoint") == checkpoint and _moment(content, "from") <= at
        if begun and row.direction not in newest:
            newest[row.direction] = content
    in_force = [
        content for content in newest.values() if "until" not in content or at < _moment(content, "until")
    ]
    limits = [limit for content in in_force if (limit := _largest_session(content)) is not None]
    return OpenCrossing(
        is_closed=any(text_at(content, "status") in CLOSED for content in in_force),
        per_session=min(limits, default=None),
    )


def _announcements(uow: UnitOfWork, link: LinkId) -> Iterator[MessageRow]:
    """Yield the announcements that count, newest first."""
    after = None
    for _ in range(_PAGES):
        rows = uow.messages.list(link=link, after=after, limit=_PAGE)
        yield from (row for row in rows if row.type == ANNOUNCEMENT and row.state in _COUNTS)
        if len(rows) < _PAGE:
            return
        after = (rows[-1].id, rows[-1].seq)


def _largest_session(content: dict[str, JsonValue]) -> int | None:
    takes = [session.get("persons") for session in objects_at(content, "sessions")]
    return max((number for number in takes if isinstance(number, int)), default=None)


def _moment(content: dict[str, JsonValue], name: str) -> datetime:
    return datetime.fromisoformat(text_at(content, name))
