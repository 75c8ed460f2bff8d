# SPDX-License-Identifier: Apache-2.0
"""The next frame for a partner: log tail, cosignature, results, and the lines that are due.

The number is that of docs/protocol/sending.md:

5. offer: the lines that are due and whose `sent` leaf the partner has or gets with them, stops first

A frame tells only of what is committed (rule 14), so it is made by a unit that reads; what it offers is
marked as on its way when it is made (`offered`).
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from exchange.ids import LinkId
from exchange.protocol.envelope import join_line
from exchange.protocol.frames import (
    MAX_FRAME_BYTES,
    MAX_LINES,
    MAX_TAIL_BYTES,
    MAX_TAIL_LEAVES,
    Frame,
    FrameCosignature,
    FrameTail,
    Result,
)
from exchange.service.node import LinkPresence, Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow

LINES_OFFERED = 64
"""Lines in one of our frames, which may hold 100: both sides work at once only while two are under way."""
LINE_BUDGET = MAX_FRAME_BYTES - 1_200_000
"""Bytes of lines in a frame, leaving room for a full tail and the header."""
KEYX_MARK = b'"ev":"keyx"'
"""Stands in every leaf `keyx` and in no other: leaves are canonical and hold no free text."""

T = TypeVar("T")
Results = tuple[Result, ...]
"""Results that the partner waits for."""


@dataclass(frozen=True)
class Composed:
    frame: Frame
    rows: tuple[MessageRow, ...]
    first_queued: int
    """The lowest number that waits for its verdict, or the next number if none does."""

    @property
    def is_tail_only(self) -> bool:
        return not self.frame.lines and not self.frame.results

    @property
    def is_full(self) -> bool:
        """As many lines as one of our frames has; more of them may wait."""
        return len(self.rows) == LINES_OFFERED


async def compose(node: Node, link: LinkId) -> Composed:
    """Return the next frame for the partner and mark its lines as on their way."""
    return await compose_if(node, link, lambda uow, owed: next_frame(uow, node, link, owed))


async def compose_if(
    node: Node, link: LinkId, look: Callable[[UnitOfWork, Results], Composed | T]
) -> Composed | T:
    """Return what a unit makes of the results that the partner waits for; a frame is marked as offered."""
    presence = node.presence.of(link)
    owed = tuple(presence.owed_results[: 2 * MAX_LINES])
    presence.owed_results = presence.owed_results[len(owed) :]
    found: Composed | T | None = None
    try:
        found = await node.store.read(lambda uow: look(uow, owed))
    finally:
        if isinstance(found, Composed):
            _note_offered(node, link, found)
        else:
            presence.owed_results = [*owed, *presence.owed_results]
    return found


def _note_offered(node: Node, link: LinkId, composed: Composed) -> None:
    """Mark the lines of a frame as on their way."""
    presence, now_s = node.presence.of(link), node.clock.monotonic_s()
    presence.offered.drop_ended(first=composed.first_queued, now_s=now_s)
    presence.offered.add((row.seq for row in composed.rows), until_s=now_s + node.limits.in_flight_s)
    presence.tail_sent_s = now_s
    if composed.frame.cosignature:
        presence.cosignature_sent = composed.frame.cosignature.size
    if composed.frame.card:
        presence.card_owed = False


def next_frame(uow: UnitOfWork, node: Node, link: LinkId, owed: Results) -> Composed:
    """Return the next frame for the partner; nothing is marked yet.

    Raises:
        LinkPausedError: the link is paused.
    """
    node.presence.demand_unpaused(link)
    pairing = pairing_of(uow, node, link)
    presence = node.presence.of(link)
    held = partner_holds(uow, node, link)
    frame_tail = next_tail(uow, node, pairing, start=held)
    covered = frame_tail.start + len(frame_tail.leaves) if frame_tail else held
    first = uow.messages.first_queued(link)
    due = [] if first is None else due_lines(uow, node, link, first=first, limit=LINES_OFFERED)
    rows = fitting([row for row in due if row.leaf_index < covered])
    size, line = uow.logs.cosigned(link, pairing.partner)
    frame = Frame(
        link=link,
        sender=node.agency,
        recipient=pairing.partner,
        tail=frame_tail,
        cosignature=FrameCosignature(pairing.link.partner_epoch, size, line) if size else None,
        lines=tuple(lines_of(uow, link, rows)),
        results=owed,
        card=pairing.own_card.raw.decode("ascii") if shows_card(presence, frame_tail) else "",
    )
    return Composed(frame, tuple(rows), pairing.link.next_seq if first is None else first)


def due_lines(uow: UnitOfWork, node: Node, link: LinkId, *, first: int, limit: int) -> list[MessageRow]:
    """Return messages of ours that are due and not on their way; `first` is the first queued number."""
    offered = node.presence.of(link).offered
    return uow.messages.due(
        link,
        now=node.clock.now(),
        limit=limit,
        max_bytes=LINE_BUDGET,
        window=node.limits.window_numbers,
        without=offered.numbers(first=first, now_s=node.clock.monotonic_s()),
    )


def shows_card(presence: LinkPresence, frame_tail: FrameTail | None) -> bool:
    """Return whether our card has to come along."""
    return presence.card_wanted or presence.card_owed or tells_keys(frame_tail)


def tells_keys(frame_tail: FrameTail | None) -> bool:
    """Return True if leaves speak of our keys, so that the card that names them has to come along."""
    return frame_tail is not None and any(KEYX_MARK in leaf for leaf in frame_tail.leaves)


def next_tail(uow: UnitOfWork, node: Node, pairing: Pairing, *, start: int) -> FrameTail | None:
    """Return our leaves from `start` on, as many as one frame takes, or None."""
    link = pairing.link.link
    head = uow.logs.head_within(link, node.agency, start + MAX_TAIL_LEAVES)
    if head is None or head.size <= start:
        return None
    leaves = uow.logs.leaves(link, node.agency, start, head.size)
    reach = start + _within_bytes(leaves)
    if reach < head.size:
        head = uow.logs.head_within(link, node.agency, reach)
        if head is None or head.size <= start:
            return None
    carried = tuple(leaves[: head.size - start])
    return FrameTail(node.agency, pairing.link.own_epoch, start, carried, head.note)


def _within_bytes(leaves: Sequence[bytes]) -> int:
    """Return how many of the first leaves one tail may carry by their bytes."""
    sizes = itertools.accumulate(map(len, leaves))
    return sum(1 for _ in itertools.takewhile(lambda size: size <= MAX_TAIL_BYTES, sizes))


def partner_holds(uow: UnitOfWork, node: Node, link: LinkId) -> int:
    """Return how many of our leaves the partner holds, as far as we know."""
    told = node.presence.of(link).partner_holds
    return uow.logs.cosigned(link, node.agency)[0] if told is None else told


def fitting(rows: Sequence[MessageRow], *, budget: int = LINE_BUDGET) -> list[MessageRow]:
    """Return the first rows that fit into one frame: its lines and its bytes, or one line alone."""
    chosen: list[MessageRow] = []
    total = 0
    for row in rows[:MAX_LINES]:
        total += row.line_bytes + 1
        if chosen and total > budget:
            break
        chosen.append(row)
    return chosen


def lines_of(uow: UnitOfWork, link: LinkId, rows: Sequence[MessageRow]) -> list[bytes]:
    """Return the lines of messages of ours, in their order."""
    kept = uow.messages.lines(link, Direction.OUT, [row.seq for row in rows]) if rows else []
    return [join_line(envelope, body or b"") for envelope, body in kept]
