# SPDX-License-Identifier: Apache-2.0
"""The request to a witness, its key and its cosignature: one form each, everything else is refused."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from exchange.errors import ExchangeError, NoteInvalidError, SignatureInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.notes import Head, sign_head
from exchange.ledger.witnessing import (
    MAX_REQUEST_BYTES,
    WitnessKey,
    demand_witness_name,
    read_request,
    verify_witness,
    witness_line,
    write_request,
)
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey
from tests.support.witness import AT, NAME, witness_key

LINK = LinkId("kQ9w7VtR0aLh4uJp6ZxC1g")
BY = AgencyCode("KH-MOSVY-DAHT")
HEAD_KEY = PrivateKey(KeyUse.HEAD, Algorithm.ED25519, hashlib.sha256(b"exchange test head").digest())
KEY = witness_key()
WITNESS = WitnessKey(NAME, KEY.public)


def note(size: int = 7, root: bytes = bytes(32)) -> str:
    head = Head(LINK, BY, 1, size, root)
    return sign_head(head, HEAD_KEY, by=BY)


NOTE = note()
RAW = write_request(NOTE, old_size=3, proof=(b"\x01" * 32, b"\x02" * 32))


def test_a_request_is_read_as_it_was_written() -> None:
    asked = read_request(RAW)

    assert (asked.old_size, asked.proof, asked.note) == (3, (b"\x01" * 32, b"\x02" * 32), NOTE)
    assert asked.head.claimed.size == 7


def test_a_request_has_the_lines_of_the_source() -> None:
    """Source: c2sp.org/tlog-witness, the example of add-checkpoint."""
    lines = RAW.decode().split("\n")

    assert lines[0] == "old 3"
    assert lines[3] == ""
    assert lines[4] == f"exchange/v1/{LINK}/{BY}/1"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff" + RAW,
        RAW.replace(b"old 3", b"old 03"),
        RAW.replace(b"old 3", b"old +3"),
        RAW.replace(b"old 3", b"old -3"),
        RAW.replace(b"old 3", b"Old 3"),
        RAW.replace(b"old 3", b"old 99999999999999999"),
        RAW.replace(b"old 3", b"old 9999999999999999"),
        RAW.replace(b"old 3", "old ٣".encode()),
        RAW.replace(b"old 3\n", b""),
        RAW.replace(b"\n\n", b"\n", 1),
        RAW.replace(b"old 3\n", b"old 3\n\n"),
        RAW.replace(b"old 3\n", b"old 3\r\n"),
        RAW.replace(b"AQEB", b"AQE=", 1),
        RAW.replace(b"old 3\n", b"old 3\n" + base64.b64encode(b"x" * 31) + b"\n"),
        write_request(NOTE, old_size=3, proof=(b"\x01" * 32,) * 64),
        RAW[:-1],
        RAW + b"\n",
        RAW + b" " * MAX_REQUEST_BYTES,
    ],
    ids=[
        "nothing",
        "no UTF-8",
        "a leading zero",
        "a plus",
        "a negative size",
        "another word",
        "too many digits",
        "above 2^53",
        "other digits",
        "no old size",
        "no empty line",
        "two empty lines",
        "CRLF",
        "no base64",
        "a short hash",
        "64 hashes",
        "cut",
        "something behind",
        "too large",
    ],
)
def test_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(NoteInvalidError):
        read_request(raw)


def test_every_cut_of_a_request_is_refused() -> None:
    for end in range(len(RAW)):
        with pytest.raises(NoteInvalidError):
            read_request(RAW[:end])


def test_the_key_of_a_witness_is_read_as_it_was_written() -> None:
    assert WitnessKey.parse(str(WITNESS)) == WITNESS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "witness.example",
        str(WITNESS)[:-1],
        str(WITNESS) + "\n",
        str(WITNESS).replace(NAME, "other.example"),
        str(WITNESS).replace("+", " "),
        NAME + "+" + WITNESS.id.hex().upper() + "+" + str(WITNESS).split("+", 2)[2],
        f"{NAME}+{WITNESS.id.hex()}+" + base64.b64encode(b"\x01" + WITNESS.key.raw).decode(),
        f"{NAME}+{WITNESS.id.hex()}+" + base64.b64encode(b"\x04" + bytes(32)).decode(),
    ],
    ids=[
        "nothing",
        "name only",
        "cut",
        "a line feed",
        "another name",
        "spaces",
        "upper case",
        "a key of another signature type",
        "a weak key",
    ],
)
def test_what_is_no_key_of_a_witness_is_refused(text: str) -> None:
    with pytest.raises(ExchangeError):
        WitnessKey.parse(text)


@pytest.mark.parametrize("name", ["", "Witness", "a b", "a+b", "-a", "a-", "w" * 129, "ké"])
def test_a_name_that_fits_into_no_signature_line_is_refused(name: str) -> None:
    with pytest.raises(NoteInvalidError):
        demand_witness_name(name)


def test_a_cosignature_verifies_beside_the_lines_of_others() -> None:
    other = witness_line(NOTE, witness_key("other"), name="other.example/w", at=AT)
    own = witness_line(NOTE, KEY, name=NAME, at=AT)

    line, at = verify_witness(NOTE, other + own, WITNESS)

    assert (line, at) == (own, AT.replace(microsecond=0))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "ok\n",
        witness_line(NOTE, witness_key("other"), name=NAME, at=AT),
        witness_line(NOTE, KEY, name="other.example/w", at=AT),
        witness_line(NOTE, KEY, name=NAME, at=AT).rstrip("\n"),
        witness_line(NOTE, KEY, name=NAME, at=AT) + "and more\n",
        "x" * 5_000,
    ],
    ids=["nothing", "no line", "another key", "another name", "no line feed", "something behind", "too long"],
)
def test_an_answer_without_its_cosignature_is_refused(answer: str) -> None:
    with pytest.raises(NoteInvalidError):
        verify_witness(NOTE, answer, WITNESS)


def test_a_cosignature_over_another_head_or_time_does_not_verify() -> None:
    line = witness_line(NOTE, KEY, name=NAME, at=AT)
    with pytest.raises(SignatureInvalidError):
        verify_witness(note(8), line, WITNESS)

    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    for place in range(4, len(raw)):
        changed = bytes(raw[:place]) + bytes([raw[place] ^ 1]) + bytes(raw[place + 1 :])
        text = f"— {NAME} {base64.b64encode(changed).decode()}\n"
        with pytest.raises(SignatureInvalidError):
            verify_witness(NOTE, text, WITNESS)


def test_the_time_is_that_of_the_witness_in_whole_seconds() -> None:
    at = datetime(2027, 9, 13, 1, 2, 3, 999_999, tzinfo=UTC)

    assert verify_witness(NOTE, witness_line(NOTE, KEY, name=NAME, at=at), WITNESS)[1] == AT
