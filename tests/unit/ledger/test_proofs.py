# SPDX-License-Identifier: Apache-2.0
"""Proofs that are made here verify here, and nothing else does."""

from collections.abc import Callable

import pytest
from exchange.errors import ProofInvalidError
from exchange.ledger.merkle import leaf_hash, root_of
from exchange.ledger.proofs import (
    ProofMaker,
    consistency_proof,
    inclusion_proof,
    is_subtree,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from hypothesis import given
from hypothesis import strategies as st

LARGEST = 130
HASHES = [leaf_hash(bytes([n])) for n in range(LARGEST)]
ROOTS = [root_of(HASHES[:size]) for size in range(LARGEST + 1)]


def test_every_inclusion_proof_verifies_for_all_sizes_up_to_130() -> None:
    for size in range(1, LARGEST + 1):
        maker = ProofMaker(HASHES[:size])
        for index in range(size):
            proof = maker.inclusion(index)
            verify_inclusion(index, size, leaf_hash=HASHES[index], proof=proof, root=ROOTS[size])


def test_every_consistency_proof_verifies_for_all_sizes_up_to_130() -> None:
    for size in range(1, LARGEST + 1):
        maker = ProofMaker(HASHES[:size])
        for earlier in range(1, size + 1):
            verify_consistency(
                earlier, size, root1=ROOTS[earlier], root2=ROOTS[size], proof=maker.consistency(earlier)
            )


@given(st.data())
def test_part_of_a_log_is_proved_in_the_log(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    parts = [(a, b) for b in range(1, size + 1) for a in range(b) if is_subtree(a, b)]
    start, end = data.draw(st.sampled_from(parts))
    index = data.draw(st.integers(start, end - 1))
    maker = ProofMaker(HASHES[:size])
    part = maker.root(start, end)

    verify_subtree_inclusion(
        index,
        start,
        end,
        leaf_hash=HASHES[index],
        proof=maker.inclusion(index, start=start, end=end),
        root=part,
    )
    verify_subtree_consistency(
        start, end, size, subtree_root=part, root=ROOTS[size], proof=maker.consistency(end, start=start)
    )


type_of_damage = st.sampled_from(["flip", "drop", "double", "shorten", "add", "swap"])


def damaged(proof: list[bytes], how: str, at: int) -> list[bytes]:
    changes: dict[str, Callable[[bytes], list[bytes]]] = {
        "flip": lambda one: [bytes([one[0] ^ 1]) + one[1:]],
        "drop": lambda one: [],
        "double": lambda one: [one, one],
        "shorten": lambda one: [one[:-1]],
        "add": lambda one: [bytes(32), one],
        "swap": lambda one: [one[::-1]],
    }
    return proof[:at] + changes[how](proof[at]) + proof[at + 1 :]


@given(st.integers(2, LARGEST), st.data())
def test_damaged_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, HASHES[:size])
    wrong = damaged(proof, data.draw(type_of_damage), data.draw(st.integers(0, len(proof) - 1)))

    with pytest.raises(ProofInvalidError):
        verify_inclusion(index, size, leaf_hash=HASHES[index], proof=wrong, root=ROOTS[size])


@given(st.integers(2, LARGEST), st.data())
def test_damaged_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, size - 1))
    proof = consistency_proof(earlier, HASHES[:size])
    wrong = damaged(proof, data.draw(type_of_damage), data.draw(st.integers(0, len(proof) - 1)))

    with pytest.raises(ProofInvalidError):
        verify_consistency(earlier, size, root1=ROOTS[earlier], root2=ROOTS[size], proof=wrong)


@given(st.integers(2, LARGEST), st.data())
def test_proof_of_one_leaf_does_not_prove_another(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))

    with pytest.raises(ProofInvalidError):
        verify_inclusion(
            other,
            size,
            leaf_hash=HASHES[index],
            proof=inclusion_proof(index, HASHES[:size]),
            root=ROOTS[size],
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (5, 3)])
def test_leaf_outside_of_the_log_is_refused(index: int, size: int) -> None:
    with pytest.raises(ProofInvalidError, match="no leaf"):
        verify_inclusion(index, size, leaf_hash=HASHES[0], proof=[], root=HASHES[0])


def test_empty_root_and_empty_leaf_are_refused() -> None:
    with pytest.raises(ProofInvalidError, match="32 bytes"):
        verify_inclusion(0, 1, leaf_hash=b"", proof=[], root=b"")


def test_proof_from_an_empty_log_is_refused_even_between_equal_roots() -> None:
    with pytest.raises(ProofInvalidError, match="empty log"):
        verify_consistency(0, 0, root1=ROOTS[0], root2=ROOTS[0], proof=[])


def test_log_that_shrinks_is_refused() -> None:
    with pytest.raises(ProofInvalidError):
        verify_consistency(3, 2, root1=ROOTS[3], root2=ROOTS[2], proof=[HASHES[0]])


def test_proof_longer_than_any_log_needs_is_refused_before_hashing() -> None:
    with pytest.raises(ProofInvalidError, match="more than 63"):
        verify_inclusion(0, 2**53, leaf_hash=HASHES[0], proof=[HASHES[1]] * 64, root=ROOTS[1])


@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 5), (2, 6), (1, 15), (3, 2), (-1, 1)])
def test_range_that_no_tree_has_as_a_part_is_refused(start: int, end: int) -> None:
    with pytest.raises(ProofInvalidError, match="not a subtree"):
        verify_subtree_consistency(start, end, 16, subtree_root=ROOTS[1], root=ROOTS[16], proof=[])


@pytest.mark.parametrize("size", [0, 5])
def test_proof_is_not_made_for_what_the_log_does_not_have(size: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        consistency_proof(size, HASHES[:4])
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(4, HASHES[:4])


def test_maker_refuses_a_hash_of_another_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ProofMaker([HASHES[0], b"short"])
