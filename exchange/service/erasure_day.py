# SPDX-License-Identifier: Apache-2.0
"""The daily run about contents whose time is over without anybody deciding, and what our ledger says of it.

For each link whose gate is open, once a day in UTC:

1. The content of refused and given-up messages goes, a day before the agreed days are over, so that it is
   gone within them. A legal hold on a case of such a message keeps it.
2. Sealed bodies of accepted messages go when the partner cosigned our entry of the message so many days ago:
   they are kept only so that a restored partner can be filled again. The parts stay.
3. One entry `eras` says how many shared cases were erased on the days before, and one digest over them.
   Erasures of today wait for tomorrow, so that one entry covers a day. What our ledger said before a restore
   is not said a second time: a restored store holds the content again, and it has to be erased again.

Every step can be repeated: a kill in the middle costs nothing, and the day counts as done only at its end.
What two persons decide (`erasing`) does not wait for this run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from exchange.errors import ExchangeError, StoreError
from exchange.ids import LinkId
from exchange.ledger.entries import Leaf, eras
from exchange.ledger.erasure import erasure_digest
from exchange.ledger.notes import cosigned_at
from exchange.protocol.terms import Retention
from exchange.service import logbook
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, LinkState, MessageRow, MessageState

LOOK_S: Final = 600.0
"""How often it is looked whether a new day has begun."""
PAGE: Final = 200
"""Messages looked at in one unit, about 5 ms."""
REST: Final = 4
"""Rests after a page, as a multiple of the time it took: the first run on an old store disturbs nobody."""
DAY: Final = timedelta(days=1)
REFUSED: Final = frozenset({MessageState.REJECTED, MessageState.VOIDED})
_DONE, _FROM = "erasure-day:", "erasure-from:"
"""Settings: the last day that is done on a link; the first number of a direction that is not done yet."""
_AGAIN = "erasure-again:"
"""Setting: how many erasures our ledger said that the restored store does not know."""


@dataclass(frozen=True)
class _Ends:
    """What is old enough on one link."""

    refused_until: datetime
    delivered_until: datetime
    cosigned: int
    """How far the partner had cosigned our log at `delivered_until`."""


async def keep_days(node: Node) -> None:
    """Do the daily run of every link until the node stops."""
    while not node.presence.is_draining:
        for row in await node.store.read(lambda uow: uow.links.all()):
            if node.presence.of(row.link).gate is not LinkState.OPEN:
                continue
            try:
                await run_day(node, row.link)
            except StoreError:
                raise
            except ExchangeError as error:
                node.journal.note("link_waits", link=row.link, reason=error.reason)
        await node.presence.rest(LOOK_S)


async def run_day(node: Node, link: LinkId) -> bool:
    """Do what is due today on a link; return False when this day is done already.

    Raises:
        GateClosedError, ClockError: nothing may be written now; what was done before stays done.
    """
    today = node.clock.now().date().isoformat()
    if await node.store.read(lambda uow: uow.settings.get(_DONE + link)) == today:
        return False
    ends = await node.store.read(lambda uow: _ends(uow, node, link))
    for direction in Direction:
        await _walk(node, link, direction, ends)
    await node.store.write(lambda uow: _say(uow, node, link))
    await node.store.write(lambda uow: uow.settings.put(_DONE + link, today))
    return True


def _ends(uow: UnitOfWork, node: Node, link: LinkId) -> _Ends:
    retention: Retention = pairing_of(uow, node, link).agreement.terms.retention
    now = node.clock.now()
    delivered = now - timedelta(days=retention.delivered_line_days)
    return _Ends(
        refused_until=now - timedelta(days=retention.refused_content_days) + DAY,
        delivered_until=delivered,
        cosigned=_cosigned(uow, node, link, delivered),
    )


def _cosigned(uow: UnitOfWork, node: Node, link: LinkId, until: datetime) -> int:
    """Return how far the partner had cosigned our log at a moment; found by halving."""

    def is_later(size: int) -> bool:
        _, line = uow.logs.cosigned_from(link, node.agency, size)
        return not line or cosigned_at(line) > until

    return _last(uow.logs.cosigned(link, node.agency)[0], is_later)


def _last(most: int, is_later: Callable[[int], bool]) -> int:
    """Return the largest number up to `most` that is not later yet, 0 if each is."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (low, middle - 1) if is_later(middle) else (middle, high)
    return low


async def _walk(node: Node, link: LinkId, direction: Direction, ends: _Ends) -> None:
    """Look at every message that is not done for good, page by page (steps 1 and 2)."""
    mark = f"{_FROM}{link}:{direction.value}"
    start, open_from = int(await node.store.read(lambda uow: uow.settings.get(mark)) or 1), 0
    while True:
        began_s, here = node.clock.monotonic_s(), start
        last, first_open = await node.store.write(
            lambda uow, here=here: _take_page(uow, link, direction, here, ends)  # type: ignore[misc]
        )
        open_from = open_from or first_open
        if not last:
            break
        start = last + 1
        await node.presence.rest((node.clock.monotonic_s() - began_s) * REST)
    done_to = open_from or start
    await node.store.write(lambda uow: uow.settings.put(mark, str(done_to)))


def _take_page(
    uow: UnitOfWork, link: LinkId, direction: Direction, start: int, ends: _Ends
) -> tuple[int, int]:
    """Let go what is old enough; return the last number of the page and the first that is not done."""
    rows = uow.messages.numbers(link, direction, start, PAGE)
    first_open = 0
    for row in rows:
        if not _take(uow, row, ends) and not first_open:
            first_open = row.seq
    return rows[-1].seq if rows else 0, first_open


def _take(uow: UnitOfWork, row: MessageRow, ends: _Ends) -> bool:
    """Let go what is old enough of one message; return whether nothing more will ever be taken of it."""
    settled_at = row.verdict_at or row.logged_at
    if row.state in REFUSED:
        if settled_at > ends.refused_until or _is_held(uow, row):
            return False
        uow.contents.drop(row.link, row.direction, row.seq)
        return True
    if row.state is not MessageState.ACCEPTED:
        return False
    if settled_at > ends.delivered_until or row.leaf_index >= ends.cosigned:
        return False
    uow.contents.drop_sealed(row.link, row.direction, row.seq)
    return True


def _is_held(uow: UnitOfWork, row: MessageRow) -> bool:
    cases = uow.cases.of_message(row.link, row.direction, row.seq)
    return any(uow.erasures.held(row.link, case) is not None for case in cases)


def to_erase_again(uow: UnitOfWork, link: LinkId) -> int:
    """Return how many cases were erased before a restore and are here again."""
    return int(uow.settings.get(_AGAIN + link) or 0)


def take_back_erasure(uow: UnitOfWork, link: LinkId, leaf: Leaf) -> None:
    """Remember an entry `eras` of ours that a restored store did not know."""
    again = to_erase_again(uow, link) + int(leaf.fields["n"])
    uow.settings.put(_AGAIN + link, str(again))


def _say(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    """Write the entry about what was erased on the days before today (step 3)."""
    row = uow.links.get(link)
    begin = datetime.combine(node.clock.now().date(), time.min, UTC)
    marks = uow.erasures.unsaid(link, before=begin)
    if row is None or not marks:
        return
    again = to_erase_again(uow, link)
    said, index = marks[again:], -1
    if said:
        index = logbook.write(uow, node, row, [eras(dg=erasure_digest(said), n=len(said))])
        node.presence.wake(link)
    uow.settings.put(_AGAIN + link, str(max(again - len(marks), 0)))
    uow.erasures.said(link, before=begin, index=index)
