# SPDX-License-Identifier: Apache-2.0
"""Proofs that are gathered while a log is read once are those that the whole tree gives."""

import pytest
from exchange.ledger.merkle import EMPTY_ROOT, leaf_hash
from exchange.ledger.proofs import ProofMaker, verify_inclusion
from exchange.ledger.proving import ProofGatherer


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13, 64, 100])
def test_gathered_proofs_are_those_of_the_whole_tree(size: int) -> None:
    raws = [f"leaf {number}".encode() for number in range(size)]
    gatherer = ProofGatherer()

    for number, raw in enumerate(raws):
        gatherer.take(raw, is_wanted=number % 3 == 0)
    root = gatherer.finish()

    maker = ProofMaker([leaf_hash(raw) for raw in raws])
    assert root == maker.root()
    assert gatherer.proofs == {number: maker.inclusion(number) for number in range(0, size, 3)}
    for number, proof in gatherer.proofs.items():
        verify_inclusion(number, size, leaf_hash=leaf_hash(raws[number]), proof=proof, root=root)


def test_a_log_without_leaves_has_the_empty_root_and_no_proof() -> None:
    gatherer = ProofGatherer()

    assert gatherer.finish() == EMPTY_ROOT
    assert gatherer.proofs == {}
