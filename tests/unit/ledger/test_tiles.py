# SPDX-License-Identifier: Apache-2.0
"""Tiles of a log: their paths, which ones a size has, and the same proofs as from all leaves."""

import hashlib

import pytest
from exchange.errors import ProofInvalidError, StoreDamagedError
from exchange.ledger.merkle import HASH_BYTES, root_of
from exchange.ledger.proofs import ProofMaker, verify_consistency, verify_inclusion
from exchange.ledger.tiles import TILE_WIDTH, TiledProofs, TilePlace, perfect_root, place_in, tiles_of

LEAVES = [hashlib.sha256(str(i).encode()).digest() for i in range(1_300)]


class Folder:
    """The tiles of a log by their paths, as an export holds them, and which were read."""

    def __init__(self, size: int) -> None:
        row, self.read_paths = LEAVES[:size], list[str]()
        self.tiles: dict[str, bytes] = {}
        for place in tiles_of(size):
            if place.level and place.index == 0:
                row = [root_of(row[at : at + TILE_WIDTH]) for at in range(0, len(row) - 255, TILE_WIDTH)]
            start = place.index * TILE_WIDTH
            self.tiles[place.path] = b"".join(row[start : start + place.width])

    def read(self, place: TilePlace) -> bytes:
        self.read_paths.append(place.path)
        return self.tiles[place.path]


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (TilePlace(0, 0), "tile/0/000"),
        (TilePlace(0, 999), "tile/0/999"),
        (TilePlace(1, 1_234_067), "tile/1/x001/x234/067"),
        (TilePlace(0, 1_000, 17), "tile/0/x001/000.p/17"),
    ],
)
def test_path_of_a_tile_is_that_of_the_source(place: TilePlace, path: str) -> None:
    """c2sp.org/tlog-tiles, Merkle Tree."""
    assert place.path == path


def test_a_log_of_70000_has_the_tiles_that_the_source_counts() -> None:
    found = list(tiles_of(70_000))

    full = [place.level for place in found if place.width == TILE_WIDTH]
    partial = [(place.level, place.width) for place in found if place.width < TILE_WIDTH]
    assert (full.count(0), full.count(1), len(full)) == (273, 1, 274)
    assert partial == [(0, 112), (1, 17), (2, 1)]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 1_299, 1_300])
def test_root_out_of_tiles_is_that_of_all_leaves(size: int) -> None:
    assert TiledProofs(size, Folder(size).read).root() == root_of(LEAVES[:size])


@pytest.mark.parametrize("size", [2, 256, 257, 700, 1_300])
def test_proofs_out_of_tiles_are_those_out_of_all_leaves(size: int) -> None:
    ours, whole = TiledProofs(size, Folder(size).read), ProofMaker(LEAVES[:size])

    for old in {1, 2, size // 3 or 1, size // 2, size - 1, min(size, 256), min(size, 255)}:
        assert ours.consistency(old) == whole.consistency(old)
        assert ours.inclusion(old - 1) == whole.inclusion(old - 1)


def test_a_proof_of_a_long_log_reads_a_few_tiles() -> None:
    folder = Folder(1_300)

    proof = TiledProofs(1_300, folder.read).consistency(700)

    assert len(folder.read_paths) <= 4
    verify_consistency(700, 1_300, root1=root_of(LEAVES[:700]), root2=root_of(LEAVES), proof=proof)


def test_a_changed_hash_in_a_tile_gives_no_proof_that_holds() -> None:
    folder = Folder(1_300)
    folder.tiles["tile/0/001"] = bytes(TILE_WIDTH * HASH_BYTES)

    proof = TiledProofs(1_300, folder.read).inclusion(600)

    verify_inclusion(600, 1_300, leaf_hash=LEAVES[600], proof=proof, root=root_of(LEAVES))
    bad = TiledProofs(1_300, folder.read).inclusion(257)
    with pytest.raises(ProofInvalidError):
        verify_inclusion(257, 1_300, leaf_hash=LEAVES[257], proof=bad, root=root_of(LEAVES))


def test_a_cut_tile_is_named() -> None:
    folder = Folder(700)
    folder.tiles["tile/0/001"] = folder.tiles["tile/0/001"][:-HASH_BYTES]

    with pytest.raises(StoreDamagedError, match="tile/0/001 has 8160 bytes"):
        TiledProofs(700, folder.read).inclusion(300)


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(3 * 32), bytes(33)])
def test_what_is_no_perfect_tree_has_no_root(raw: bytes) -> None:
    with pytest.raises(StoreDamagedError):
        perfect_root(raw)


@pytest.mark.parametrize(("level", "index"), [(0, 3), (0, -1), (1, 1), (2, 0)])
def test_a_tile_that_a_log_does_not_have_is_none(level: int, index: int) -> None:
    assert place_in(700, level, index) is None
