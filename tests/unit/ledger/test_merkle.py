# SPDX-License-Identifier: Apache-2.0
"""The compact range and the root, by their definition."""

import pytest
from exchange.errors import StoreDamagedError
from exchange.ledger.merkle import EMPTY_ROOT, CompactRange, leaf_hash, node_hash, root_of
from hypothesis import given
from hypothesis import strategies as st

HASHES = [leaf_hash(bytes([n])) for n in range(131)]


def root_by_definition(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word by word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = max(1 << n for n in range(8) if 1 << n < len(hashes))
    return node_hash(root_by_definition(hashes[:split]), root_by_definition(hashes[split:]))


def test_root_is_the_defined_one_for_every_size_up_to_130() -> None:
    for size in range(131):
        assert root_of(HASHES[:size]) == root_by_definition(HASHES[:size])


@given(st.integers(0, 130), st.integers(0, 130))
def test_growing_in_two_steps_gives_the_same_range_as_in_one(one: int, other: int) -> None:
    first, size = sorted((one, other))

    grown = CompactRange().extend(HASHES[:first]).extend(HASHES[first:size])

    assert grown == CompactRange().extend(HASHES[:size])


@given(st.integers(0, 130))
def test_growing_leaf_by_leaf_gives_the_same_range_as_in_one_step(size: int) -> None:
    grown = CompactRange()
    for one in HASHES[:size]:
        grown = grown.append(one)

    assert grown == CompactRange().extend(HASHES[:size])


@given(st.integers(0, 130))
def test_stored_range_is_read_back_as_it_was(size: int) -> None:
    kept = CompactRange().extend(HASHES[:size])

    assert CompactRange.decode(size, kept.encode()) == kept


def test_growing_leaves_the_old_range_as_it_was() -> None:
    before = CompactRange().extend(HASHES[:5])
    root = before.root()

    before.extend(HASHES[5:9])

    assert before.root() == root


@pytest.mark.parametrize(
    ("size", "raw"),
    [
        pytest.param(1, b"", id="no peak for one leaf"),
        pytest.param(0, bytes(32), id="a peak for no leaf"),
        pytest.param(3, bytes(32), id="one peak for two perfect trees"),
        pytest.param(1, bytes(31), id="a torn peak"),
        pytest.param(1, bytes(33), id="a byte too many"),
        pytest.param(-1, bytes(32), id="a size below nothing"),
    ],
)
def test_range_that_cannot_belong_to_its_size_is_a_damaged_store(size: int, raw: bytes) -> None:
    with pytest.raises(StoreDamagedError):
        CompactRange.decode(size, raw)


@pytest.mark.parametrize("length", [0, 12, 31, 33, 64])
def test_leaf_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        CompactRange().append(bytes(length))


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(1, ()), (0, (bytes(32),)), (2, (bytes(32), bytes(32))), (1, (bytes(31),)), (-2, (bytes(32),))],
)
def test_range_with_other_peaks_than_its_size_has_is_refused(size: int, peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="peak"):
        CompactRange(size, peaks)


def test_leaf_cannot_be_taken_for_a_node() -> None:
    assert leaf_hash(HASHES[0] + HASHES[1]) != node_hash(HASHES[0], HASHES[1])
