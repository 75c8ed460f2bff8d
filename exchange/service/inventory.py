# SPDX-License-Identifier: Apache-2.0
"""Counts what a store holds, and recomputes the root of every log in it.

For a backup that is tried, or restored: the pages of a database may be whole, and its content another one.
The root of each log is made anew from the stored leaves and has to be the one of its newest signed head.
"""

from dataclasses import dataclass
from functools import partial

from exchange.errors import StoreDamagedError
from exchange.ids import AgencyCode, Digest, LinkId, b64url
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.service.ports import Store, UnitOfWork
from exchange.service.rows import HeadRow, LogPosition

PAGE = 2_000
"""Leaves read in one unit, some 5 ms."""


@dataclass(frozen=True)
class LinkInventory:
    """What a store holds of one link."""

    link: LinkId
    partner: AgencyCode
    own_entries: int
    partner_entries: int
    sent: int
    """Numbers that we used."""
    announced: int
    """The highest number of the partner that its log announces."""


@dataclass(frozen=True)
class Inventory:
    """What a store holds."""

    links: tuple[LinkInventory, ...]


async def take_inventory(store: Store, own: AgencyCode) -> Inventory:
    """Return what a store holds; every log in it has the root that was signed.

    Raises:
        StoreDamagedError: a log is not the one that its newest head was signed over.
    """
    found = []
    for row in await store.read(lambda uow: uow.links.all()):
        announced = await store.read(partial(_announced_last, link=row.link))
        sizes = [await _verified_size(store, row.link, by) for by in (own, row.partner)]
        found.append(LinkInventory(row.link, row.partner, sizes[0], sizes[1], row.next_seq - 1, announced))
    return Inventory(tuple(found))


async def _verified_size(store: Store, link: LinkId, by: AgencyCode) -> int:
    def end(uow: UnitOfWork) -> tuple[LogPosition, HeadRow | None]:
        return uow.logs.position(link, by), uow.logs.head(link, by)

    position, head = await store.read(end)
    grown = CompactRange()
    for start in range(0, position.size, PAGE):
        stop = min(start + PAGE, position.size)
        grown = grown.extend(await store.read(partial(_hashes, link=link, by=by, start=start, stop=stop)))
    signed = (head.size, head.root) if head else (0, None)
    expected = (position.size, Digest(b64url(grown.root())) if position.size else None)
    if grown.encode() != position.peaks or signed != expected:
        raise StoreDamagedError(
            f"the log of {by} has {position.size} entries here, and its signed head is of others",
            hint="try an older backup; keep this one for evidence",
        )
    return position.size


def _announced_last(uow: UnitOfWork, *, link: LinkId) -> int:
    return uow.messages.announced_last(link)


def _hashes(uow: UnitOfWork, *, link: LinkId, by: AgencyCode, start: int, stop: int) -> list[bytes]:
    return [leaf_hash(raw) for raw in uow.logs.leaves(link, by, start, stop)]


def has_messages(uow: UnitOfWork) -> bool:
    """Return whether anything was ever sent or announced on a link, so that a loss would matter."""
    return any(row.next_seq > 1 or uow.messages.announced_last(row.link) for row in uow.links.all())
