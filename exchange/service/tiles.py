# SPDX-License-Identifier: Apache-2.0
"""Keeps the tiles of a log up to its size, and makes proofs out of them.

1. `grow` adds the root of each tile that is full now, of every level, in units of some milliseconds. It is
   called before a proof is made and before tiles are exported, never when a leaf is written.
2. A tile of level 0 is 256 leaves that are hashed when it is read; those above are kept roots.
3. So a proof reads a few tiles for each level, whatever the size of the log.

Tiles go to nobody but witnesses (as proofs) and whoever gets an export. Source: `ledger.tiles`.
"""

from dataclasses import dataclass
from typing import Final

from exchange.ids import AgencyCode, LinkId
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.tiles import TILE_WIDTH, TiledProofs, TilePlace, perfect_root, place_in
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork

TILES_AT_ONCE: Final = 8
"""Full tiles of level 0 in one unit: 2,048 leaves read and hashed, about 5 ms."""


@dataclass(frozen=True)
class LogName:
    """Which log: of whom, on which link, in which epoch."""

    link: LinkId
    by: AgencyCode
    epoch: int


async def grow(node: Node, log: LogName, size: int) -> None:
    """Keep the root of every tile that a log of this size has full; cut off half way, it goes on later."""
    while await node.store.read(lambda uow: _lacking(uow, log, size)):
        await node.store.write(lambda uow: _grow(uow, log, size))


def _lacking(uow: UnitOfWork, log: LogName, size: int) -> int:
    kept = uow.tiles.count(log.link, log.by, epoch=log.epoch, level=0)
    return size // TILE_WIDTH - kept


def _grow(uow: UnitOfWork, log: LogName, size: int) -> None:
    for _ in range(min(_lacking(uow, log, size), TILES_AT_ONCE)):
        index = uow.tiles.count(log.link, log.by, epoch=log.epoch, level=0)
        _add(uow, log, TilePlace(0, index))


def _add(uow: UnitOfWork, log: LogName, place: TilePlace) -> None:
    """Keep the root of a full tile, and of the one above that it fills."""
    root = perfect_root(tile_of(uow, log, place))
    n = uow.tiles.add(log.link, log.by, root, epoch=log.epoch, level=place.level)
    if (n + 1) % TILE_WIDTH == 0:
        _add(uow, log, TilePlace(place.level + 1, n // TILE_WIDTH))


def tile_of(uow: UnitOfWork, log: LogName, place: TilePlace) -> bytes:
    """Return the hashes of a tile; requires that `grow` went so far."""
    start = place.index * TILE_WIDTH
    end = start + place.width
    if place.level == 0:
        leaves = uow.logs.leaves(log.link, log.by, start, end, epoch=log.epoch)
        return b"".join(map(leaf_hash, leaves))
    below = place.level - 1
    roots = uow.tiles.roots(log.link, log.by, epoch=log.epoch, level=below, start=start, end=end)
    return b"".join(roots)


async def consistency(node: Node, log: LogName, *, old_size: int, size: int) -> list[bytes]:
    """Return the proof that a log of `size` leaves extends its first `old_size`; requires both above 0."""
    await grow(node, log, size)
    return await node.store.read(lambda uow: _proofs(uow, log, size).consistency(old_size))


async def root(node: Node, log: LogName, size: int) -> bytes:
    """Return the root over the first `size` leaves."""
    await grow(node, log, size)
    return await node.store.read(lambda uow: _proofs(uow, log, size).root())


def _proofs(uow: UnitOfWork, log: LogName, size: int) -> TiledProofs:
    return TiledProofs(size, lambda place: tile_of(uow, log, place))


async def tile(node: Node, log: LogName, *, size: int, level: int, index: int) -> bytes:
    """Return a tile as a log of `size` has it, b"" if it has none; requires that `grow` went so far."""
    place = place_in(size, level, index)
    return await node.store.read(lambda uow: tile_of(uow, log, place) if place else b"")
