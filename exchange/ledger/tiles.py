# SPDX-License-Identifier: Apache-2.0
"""Tiles: the hashes of a log in pieces of 256, from which any proof is made with a few reads.

    level 0   hashes of 256 leaves
    level 1   roots of 256 full tiles of level 0, and so on

1. A tile is full with 256 hashes, 8,192 bytes; full tiles never change. Only full tiles have a root above.
2. The last tile of a level may be partial, with 1 to 255 hashes; an empty one does not exist.
3. Proofs made from tiles are those of `proofs`: only where a node comes from differs.
4. Tiles hold hashes. There are no tiles of entries: entries leave the pair in evidence packs alone.

Source: c2sp.org/tlog-tiles; RFC 9162, section 2.1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from exchange.errors import StoreDamagedError
from exchange.ledger.merkle import HASH_BYTES, node_hash
from exchange.ledger.proofs import ProofMaker

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
_KEPT: Final = 64
"""Tiles kept while one proof is made; a log of 2^53 leaves has 7 levels."""
ReadTile = Callable[["TilePlace"], bytes]
"""Gives the hashes of a tile, one after the other."""


@dataclass(frozen=True)
class TilePlace:
    """Which tile: its level, its number in the level, and how many hashes it has."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Return the path of the source, for example `tile/0/x001/234.p/17`."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(groups)}{partial}"


def tiles_of(size: int) -> Iterator[TilePlace]:
    """Yield every tile of a log of a size, level by level, the partial ones last."""
    level, hashes = 0, size
    while hashes:
        full, rest = divmod(hashes, TILE_WIDTH)
        yield from (TilePlace(level, index) for index in range(full))
        if rest:
            yield TilePlace(level, full, rest)
        level, hashes = level + 1, full


def place_in(size: int, level: int, index: int) -> TilePlace | None:
    """Return the tile as a log of this size has it, or None."""
    hashes = size >> (TILE_HEIGHT * level)
    width = min(hashes - index * TILE_WIDTH, TILE_WIDTH)
    return TilePlace(level, index, width) if index >= 0 and width > 0 else None


def perfect_root(hashes: bytes) -> bytes:
    """Return the root of a perfect tree over hashes; requires a power of two of them.

    Raises:
        StoreDamagedError: another number.
    """
    row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    if len(hashes) % HASH_BYTES or not row or len(row) & (len(row) - 1):
        raise StoreDamagedError(f"{len(hashes)} bytes are no perfect tree of hashes")
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


class TiledProofs(ProofMaker):
    """Proofs of a log of `size` leaves out of its tiles; a proof reads two tiles a level or less."""

    def __init__(self, size: int, read: ReadTile) -> None:
        super().__init__(())
        self.size = size
        self._read = lru_cache(_KEPT)(read)

    def _perfect(self, level: int, place: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = place << height
        found = place_in(self.size, tile_level, first // TILE_WIDTH)
        if found is None:
            raise ValueError(f"a log of {self.size} leaves has no tree {place} of 2^{level}")
        hashes, at = self._read(found), first % TILE_WIDTH
        if len(hashes) != found.width * HASH_BYTES:
            raise StoreDamagedError(f"{found.path} has {len(hashes)} bytes, not {found.width * HASH_BYTES}")
        return perfect_root(hashes[at * HASH_BYTES : (at + (1 << height)) * HASH_BYTES])
