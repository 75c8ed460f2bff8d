# SPDX-License-Identifier: Apache-2.0
"""The page of limits names the numbers of witnesses, stamps, second signatures and tiles as they are."""

from pathlib import Path

import pytest
from annotated_types import MaxLen
from exchange.adapters.transport import stamps as authorities
from exchange.config import Settings
from exchange.ledger import lattice, proofs, tiles, witnessing
from exchange.service import stamping, witnesses
from exchange.verifier.stamps import MAX_REPLY
from exchange.witness import keeping, policy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "limits.md"
TITLE = "## Witnesses, time stamps, second signatures, tiles\n"


def most(section: str) -> int:
    """Return how many sections of a name the configuration may have."""
    return next(one.max_length for one in Settings.model_fields[section].metadata if isinstance(one, MaxLen))


ROWS = {
    "request to a witness": f"{witnessing.MAX_REQUEST_BYTES:,} bytes",
    "signed head in it, with all its lines": f"{witnessing.MAX_CHECKPOINT_BYTES:,} bytes,"
    f" {witnessing.MAX_SIGNATURE_LINES} signature lines",
    "consistency proof in it": f"{proofs.MAX_PROOF_HASHES} hashes",
    "answer of a witness": f"{witnessing.MAX_ANSWER_BYTES:,} bytes",
    "policy of a witness": f"{policy.MAX_POLICY_BYTES // 2**20} MiB, {policy.MAX_LOGS:,} logs",
    "requests kept as evidence of a second history": f"{keeping.EVIDENCE_COPIES} of each log",
    "witnesses, time-stamping authorities of a node": f"{most('witness')}, {most('tsa')}",
    "reply of an authority": f"{authorities.MAX_REPLY_BYTES // 2**10} KiB",
    "second signature line": f"{lattice.MAX_LINE_CHARS:,} characters",
    "tile": f"{tiles.TILE_WIDTH} hashes, {tiles.TILE_WIDTH * 32:,} bytes",
}


def rows() -> dict[str, str]:
    """Return what the page says of each thing in this part."""
    part = PAGE.read_text(encoding="utf-8").partition(TITLE)[2].partition("\n## ")[0]
    cells = [line.split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return {row[0].removeprefix("| "): row[1] for row in cells}


@pytest.mark.parametrize("name", ROWS)
def test_the_page_names_the_number_of_the_code(name: str) -> None:
    assert rows()[name] == ROWS[name]


def test_an_hour_lies_between_two_questions_to_a_third_party() -> None:
    assert rows()["how often a log is shown, an authority is asked"] == "once an hour"
    assert {witnesses.EVERY.total_seconds(), stamping.EVERY.total_seconds()} == {3_600}


def test_the_verifier_takes_the_replies_that_a_node_keeps() -> None:
    assert MAX_REPLY == authorities.MAX_REPLY_BYTES
