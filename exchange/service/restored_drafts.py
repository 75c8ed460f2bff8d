# SPDX-License-Identifier: Apache-2.0
"""Drafts from before a restore: what the partner gave back names them, and people look at them again.

A backup brings drafts back, and some of them were sent after it was made. The rules hold for any number of
restores, one after the other:

1. A draft is from before if it was begun before this store was put back last, or before the ledger of its
   link began anew (`last_break`).
2. What waited for the gate does not go out by itself when the gate opens for the first time since
   (`hold_waiting`): people look at it again, unless its message came back under its number. A stop goes out:
   it only forbids, and one that does not arrive is worse than one that arrives twice.
3. None of them goes out, whoever releases it, if a message that says the same was sent since it was begun
   (`sent_as`). Its own number finds that message only if the draft went out under it, and a draft from before
   does not: the number may be used already, and a number is used once (`id_to_keep`, rule 16).
4. Nothing is destroyed: who prepared it and who releases find it on the list of work, with the reason.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from exchange.clock import instant_text, parse_instant
from exchange.errors import DraftMovedError
from exchange.ids import LinkId, MessageId, claimed_ms
from exchange.ledger.entries import decode_leaf
from exchange.messages.catalog import message_types
from exchange.messages.release import release_digest
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import restore_mark
from exchange.service.rows import AuditRow, Direction, DraftRow, MessageRow, MessageState

HELD: Final = "drafts_held:"
"""Setting of a link: the break after which its waiting drafts were held, `last_break` as text."""
AT_ONCE: Final = 50
"""Drafts held in one unit; each is opened and sealed again."""
PAGE: Final = 20
"""Messages looked through in one unit; those of the same type are opened."""
_SLACK: Final = timedelta(seconds=300)
"""Clocks may be apart by so much (threat model, section 7)."""
_ENDED: Final = frozenset({MessageState.REJECTED, MessageState.VOIDING, MessageState.VOIDED})
"""Messages that do not count: to send them again is right."""


@dataclass(frozen=True)
class _Looked:
    """What a page of messages showed."""

    sent_as: MessageId | None
    goes_on: bool
    """Whether older messages are from after the begin of the draft as well."""


def last_break(uow: UnitOfWork, node: Node, link: LinkId) -> datetime | None:
    """Return before when it is not sure what became of a draft (1); None if there was no such moment."""
    restored, row = restore_mark(uow), uow.links.get(link)
    found = [parse_instant(restored)] if restored else []
    first = uow.logs.leaves(link, node.agency, 0, 1) if row is not None and row.own_epoch > 1 else []
    return max([*found, *(decode_leaf(raw).claimed_at for raw in first)], default=None)


def is_from_before(draft: MessageId, at: datetime | None) -> bool:
    """Return whether a draft was begun before a moment, by the time in its number."""
    return at is not None and _begun_at(draft) <= at


async def id_to_keep(node: Node, link: LinkId, draft: DraftRow | None) -> MessageId | None:
    """Return the id that a draft keeps as a message; None if it may be the id of a message already (rule 16).

    A backup brings drafts back that were released after it was made. If the message comes back as well, the
    draft is known by it; if the entries are lost for good, nobody here knows.
    """
    if draft is None:
        return None

    def unit(uow: UnitOfWork) -> bool:
        row = uow.links.get(link)
        has_lost_entries = row is None or row.own_epoch > 1
        return has_lost_entries or is_from_before(draft.id, last_break(uow, node, link))

    return None if await node.store.read(unit) else draft.id


async def hold_waiting(node: Node, link: LinkId) -> None:
    """Hold what waited for the gate of a link since before the last break, once (2)."""
    while await node.store.read(lambda uow: _is_to_hold(uow, node, link)):
        await node.store.write(lambda uow: _hold_some(uow, node, link))


def hold(uow: UnitOfWork, node: Node, row: DraftRow) -> None:
    """Let a draft wait for people instead of the gate; a second person looks at it anew."""
    uow.drafts.save(replace(row, waiting=False, approved_by=None))
    uow.audit.record(AuditRow(node.clock.now(), "node", "waiting_draft_held", row.id, result="restored"))


async def sent_as(node: Node, link: LinkId, draft: DraftRow) -> MessageId | None:
    """Return the message that says what a draft from before says, if it was sent since (3)."""
    last = await node.store.read(lambda uow: _last_number(uow, node, link, draft))
    while last > 0:
        first = max(last - PAGE + 1, 1)
        count = last - first + 1
        looked = await node.store.read(partial(_looked, draft=draft, link=link, first=first, count=count))
        if looked.sent_as or not looked.goes_on:
            return looked.sent_as
        last = first - 1
    return None


async def demand_not_sent(node: Node, link: LinkId, draft: DraftRow) -> None:
    """Return unless a draft was sent before a restore, or between two (3).

    Raises:
        DraftMovedError: it was; names the message.
    """
    if sent := await sent_as(node, link, draft):
        raise DraftMovedError(
            f"message {sent} says the same, and was sent after this draft was begun",
            hint=f"look at it: exchange message show {sent}; then discard the draft, or change it",
        )


def _begun_at(id: MessageId) -> datetime:
    return datetime.fromtimestamp(claimed_ms(id) / 1000, UTC)


def _mark(at: datetime | None) -> str:
    return instant_text(at) if at else ""


def _is_to_hold(uow: UnitOfWork, node: Node, link: LinkId) -> bool:
    return (uow.settings.get(HELD + link) or "") != _mark(last_break(uow, node, link))


def _hold_some(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    """Hold some drafts; note the break with the last of them."""
    broken_at = last_break(uow, node, link)
    found = [
        one.id
        for one in uow.drafts.summaries()
        if one.link == link and one.waiting and is_from_before(one.id, broken_at) and not _is_stop(one.type)
    ]
    for row in map(uow.drafts.get, found[:AT_ONCE]):
        if row is not None and uow.messages.by_id(link, Direction.OUT, row.id) is not None:
            uow.drafts.delete(row.id)
        elif row is not None:
            hold(uow, node, row)
    if len(found) <= AT_ONCE:
        uow.settings.put(HELD + link, _mark(broken_at))


def _is_stop(type_code: str) -> bool:
    entry = message_types().get(type_code)
    return entry is not None and entry.is_stop


def _last_number(uow: UnitOfWork, node: Node, link: LinkId, draft: DraftRow) -> int:
    """Return our newest number; 0 if the draft is not from before, and nothing has to be looked through."""
    row = uow.links.get(link)
    return row.next_seq - 1 if row and is_from_before(draft.id, last_break(uow, node, link)) else 0


def _looked(uow: UnitOfWork, draft: DraftRow, *, link: LinkId, first: int, count: int) -> _Looked:
    rows = uow.messages.numbers(link, Direction.OUT, first, count)
    since = _begun_at(draft.id) - _SLACK
    same = (row.id for row in rows if row.created_at >= since and _says_the_same(uow, row, draft))
    return _Looked(next(same, None), not any(row.created_at < since for row in rows))


def _says_the_same(uow: UnitOfWork, row: MessageRow, draft: DraftRow) -> bool:
    if row.type != draft.type or row.state in _ENDED:
        return False
    document = document_of(uow, row)
    return document is not None and release_digest(document) == draft.digest
