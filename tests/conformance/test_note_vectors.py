# SPDX-License-Identifier: Apache-2.0
"""Signed notes, checkpoints and cosignatures of other implementations; see tests/vectors/merkle/README.md."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import NoteInvalidError, SignatureInvalidError
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import key_id, read_head, read_note
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey, sign, verify

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "merkle" / "notes.json").read_text())
ED25519_KIND, COSIGNATURE_KIND = 0x01, 0x04
SIGSUM = VECTORS["sigsum"]
SIGSUM_KEY = PrivateKey(KeyUse.HEAD, Algorithm.ED25519, bytes.fromhex(SIGSUM["ed25519_seed_hex"]))


def key_of(vkey: str) -> tuple[str, PublicKey]:
    name, _, coded = vkey.split("+", 2)
    raw = base64.b64decode(coded)
    return name, PublicKey(KeyUse.HEAD, Algorithm.ED25519, raw[1:])


def verifies(note: str, vkeys: list[str]) -> bool:
    """Say whether a known key signed, and no known key signed wrongly, as C2SP signed-note has it."""
    text, signatures = read_note(note)
    keys = {(name, key_id(name, key, kind=ED25519_KIND)): key for name, key in map(key_of, vkeys)}
    known = [one for one in signatures if (one.name, one.key_id) in keys]
    for one in known:
        verify(keys[one.name, one.key_id], text.encode(), one.signature)
    return bool(known)


@pytest.mark.parametrize(
    "vkey", [vkey for vkey in VECTORS["vkeys_valid"] if base64.b64decode(vkey.split("+", 2)[2])[0] == 1]
)
def test_key_id_is_the_published_one(vkey: str) -> None:
    name, key = key_of(vkey)

    assert key_id(name, key, kind=ED25519_KIND).hex() == vkey.split("+")[1]


def test_key_id_of_a_cosigner_is_the_published_one() -> None:
    vkey = next(vkey for vkey in VECTORS["vkeys_valid"] if vkey.startswith("remora"))
    name, key = key_of(vkey)

    assert key_id(name, key, kind=COSIGNATURE_KIND).hex() == vkey.split("+")[1]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in VECTORS["notes"]])
def test_note_is_judged_as_published(row: dict[str, Any]) -> None:
    try:
        accepted = verifies(row["note"], row["keys"])
    except (NoteInvalidError, SignatureInvalidError):
        accepted = False

    assert accepted is row["ok"]


@pytest.mark.parametrize("body", [row["body"] for row in VECTORS["checkpoint_bodies"]])
def test_checkpoint_of_another_log_is_no_head_of_ours(body: str) -> None:
    signature = SIGSUM["checkpoint"].rpartition("\n\n")[2]

    with pytest.raises(NoteInvalidError):
        read_head(f"{body}\n{signature}")


@pytest.mark.parametrize("row", [pytest.param(row, id=row["body"]) for row in VECTORS["checkpoint_bodies"]])
def test_size_and_root_lines_are_judged_as_published_with_roots_of_32_bytes(row: dict[str, Any]) -> None:
    origin, _, rest = row["body"].partition("\n")
    ours = f"exchange/v1/{'A' * 22}/KH-MOSVY-DAHT/1" if origin else ""
    signature = SIGSUM["checkpoint"].rpartition("\n\n")[2]

    try:
        head = read_head(f"{ours}\n{rest}\n{signature}").claimed
    except NoteInvalidError:
        head = None

    assert (head is not None) is (row["ok_upstream"] and "comment" not in row)
    if head is not None:
        assert head.root == leaf_hash(row["root_is_leaf_hash_of_utf8"].encode())


def test_checkpoint_of_another_implementation_is_reproduced_byte_by_byte() -> None:
    text, (signature,) = read_note(SIGSUM["checkpoint"])

    assert signature.key_id == key_id(signature.name, SIGSUM_KEY.public, kind=ED25519_KIND)
    assert signature.signature == sign(SIGSUM_KEY, text.encode())


def test_cosignature_of_another_implementation_is_verified() -> None:
    _, (line,) = read_note(f"{SIGSUM['cosigned_body']}\n{SIGSUM['cosignature_line']}\n")
    message = f"cosignature/v1\ntime {SIGSUM['timestamp']}\n{SIGSUM['cosigned_body']}".encode()

    assert line.name == SIGSUM["cosigner_name"]
    assert line.key_id == key_id(line.name, SIGSUM_KEY.public, kind=COSIGNATURE_KIND)
    assert (
        datetime.fromtimestamp(int.from_bytes(line.signature[:8], "big"), UTC).timestamp()
        == SIGSUM["timestamp"]
    )
    verify(SIGSUM_KEY.public, message, line.signature[8:])
