# SPDX-License-Identifier: Apache-2.0
"""Merkle hashes and proofs against published vectors; see tests/vectors/merkle/README.md."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import ProofInvalidError
from exchange.ledger.merkle import EMPTY_ROOT, HASH_BYTES, CompactRange, leaf_hash, node_hash, root_of
from exchange.ledger.proofs import (
    ProofMaker,
    is_subtree,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

FOLDER = Path(__file__).parent.parent / "vectors" / "merkle"
LARGEST = 130
"""Size up to which the accumulated digests go."""
ACCUMULATED = {
    row["name"]: row["sha256"]
    for row in json.loads((FOLDER / "subtree_accumulators.json").read_text())["accumulators"]
}
MAKERS = [ProofMaker([leaf_hash(bytes([n])) for n in range(size)]) for size in range(LARGEST + 1)]


def vectors(kind: str) -> Any:
    rows = [json.loads(line) for line in (FOLDER / f"{kind}.jsonl").read_text().splitlines()]
    names = ("root", "root1", "root2", "leafHash")
    for row in rows:
        for name in names & row.keys():
            row[name] = base64.b64decode(row[name] or "")
        row["proof"] = [base64.b64decode(one) for one in row["proof"] or []]
        # Upstream compares the roots of some vectors without hashing; here a root has 32 bytes.
        row["refused"] = row["wantErr"] or any(len(row[name]) != HASH_BYTES for name in names & row.keys())
    return pytest.mark.parametrize("row", [pytest.param(row, id=row["path"][9:-5]) for row in rows])


def outcome(verify: Any, *places: int, **proof: Any) -> bool:
    """Return True when the verifier refuses."""
    try:
        verify(*places, **proof)
    except ProofInvalidError:
        return True
    return False


@vectors("inclusion")
def test_inclusion_proof_is_judged_as_published(row: dict[str, Any]) -> None:
    refused = outcome(
        verify_inclusion,
        row["leafIdx"],
        row["treeSize"],
        leaf_hash=row["leafHash"],
        proof=row["proof"],
        root=row["root"],
    )

    assert refused is row["refused"]


@vectors("consistency")
def test_consistency_proof_is_judged_as_published(row: dict[str, Any]) -> None:
    refused = outcome(
        verify_consistency,
        row["size1"],
        row["size2"],
        root1=row["root1"],
        root2=row["root2"],
        proof=row["proof"],
    )

    assert refused is row["refused"]


@vectors("subtreeinclusion")
def test_inclusion_in_a_part_is_judged_as_published(row: dict[str, Any]) -> None:
    refused = outcome(
        verify_subtree_inclusion,
        row["leafIdx"],
        row["start"],
        row["end"],
        leaf_hash=row["leafHash"],
        proof=row["proof"],
        root=row["root"],
    )

    assert refused is row["refused"]


@vectors("subtreeconsistency")
def test_consistency_of_a_part_is_judged_as_published(row: dict[str, Any]) -> None:
    refused = outcome(
        verify_subtree_consistency,
        row["start"],
        row["end"],
        row["size"],
        subtree_root=row["root1"],
        root=row["root2"],
        proof=row["proof"],
    )

    assert refused is row["refused"]


def test_only_four_published_proofs_are_refused_for_the_length_of_a_root() -> None:
    stricter = [
        row.values[0]["path"]
        for kind in ("inclusion", "consistency", "subtreeinclusion", "subtreeconsistency")
        for row in vectors(kind).args[1]
        if row.values[0]["refused"] and not row.values[0]["wantErr"]
    ]

    assert len(stricter) == 4
    assert all("/additional/" in path for path in stricter)


def test_hashes_equal_the_reference_constants() -> None:
    hasher = json.loads((FOLDER / "rfc6962_reference_tree.json").read_text())["hasher"]

    assert EMPTY_ROOT.hex() == hasher["empty_root"]
    assert leaf_hash(b"").hex() == hasher["empty_leaf"]
    assert leaf_hash(hasher["leaf"]["data_utf8"].encode()).hex() == hasher["leaf"]["hash"]
    assert node_hash(b"N123", b"N456").hex() == hasher["node"]["hash"]


def test_roots_of_the_reference_tree_are_the_published_ones() -> None:
    tree = json.loads((FOLDER / "rfc6962_reference_tree.json").read_text())
    hashes = [leaf_hash(bytes.fromhex(one)) for one in tree["leaf_inputs_hex"]]

    grown = CompactRange()
    for size, root in enumerate(tree["root_hashes_by_size"]):
        assert root_of(hashes[:size]).hex() == root
        assert grown.root().hex() == root
        grown = grown.append(hashes[size]) if size < len(hashes) else grown


def test_perfect_nodes_of_the_reference_tree_are_the_published_ones() -> None:
    tree = json.loads((FOLDER / "rfc6962_reference_tree.json").read_text())
    maker = ProofMaker([leaf_hash(bytes.fromhex(one)) for one in tree["leaf_inputs_hex"]])

    for level, nodes in enumerate(tree["node_hashes_by_level"]):
        width = 1 << level
        assert [maker.root(n * width, (n + 1) * width).hex() for n in range(len(nodes))] == nodes


def test_every_part_up_to_size_130_has_the_published_hash() -> None:
    lines = (f"[{start}, {end}) {MAKERS[LARGEST].root(start, end).hex()}\n" for start, end in parts(LARGEST))

    assert digest(lines) == ACCUMULATED["subtree_hash"]


def test_every_inclusion_proof_up_to_size_130_is_the_published_one() -> None:
    lines = (
        f"{index} [{start}, {end}){hexes(MAKERS[LARGEST].inclusion(index, start=start, end=end))}\n"
        for start, end in parts(LARGEST)
        for index in range(start, end)
    )

    assert digest(lines) == ACCUMULATED["subtree_inclusion_proof"]


def test_every_consistency_proof_up_to_size_130_is_the_published_one() -> None:
    lines = (
        f"[{start}, {end}) {size}{hexes(MAKERS[size].consistency(end, start=start))}\n"
        for size in range(LARGEST + 1)
        for start, end in parts(size)
    )

    assert digest(lines) == ACCUMULATED["subtree_consistency_proof"]


def parts(size: int) -> Iterator[tuple[int, int]]:
    return ((start, end) for end in range(size + 1) for start in range(end + 1) if is_subtree(start, end))


def hexes(hashes: list[bytes]) -> str:
    return "".join(f" {one.hex()}" for one in hashes)


def digest(lines: Iterator[str]) -> str:
    total = hashlib.sha256()
    for line in lines:
        total.update(line.encode())
    return total.hexdigest()
