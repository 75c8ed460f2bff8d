# SPDX-License-Identifier: Apache-2.0
"""Second signatures over heads by ML-DSA-44: right ones, wrong ones, and those of nobody who is known."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest
from exchange.errors import KeyRefusedError, NoteInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.lattice import SUBTREE_V1, LineState, judge_line, lattice_line, lattice_message
from exchange.ledger.notes import Head, head_name, key_id, signature_line
from exchange.protocol.suites import Algorithm, KeyUse, sign_lattice
from tests.support.keys import test_key

KH, VN = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("VN-MPS-IMM")
KEY = test_key(KeyUse.HEAD_PQ, Algorithm.ML_DSA_44, "lattice/1")
OTHER = test_key(KeyUse.HEAD_PQ, Algorithm.ML_DSA_44, "lattice/2")
HEAD = Head(LinkId("kQ9w7VtR0aLh4uJp6ZxC1g"), KH, 1, 12, bytes(range(32)))
LINE = lattice_line(HEAD, KEY)


def judged(line: str, head: Head = HEAD) -> LineState:
    return judge_line(line, head, [OTHER.public, KEY.public])


def with_bytes(change: Callable[[bytes], bytes]) -> str:
    dash, name, coded = LINE.rstrip("\n").split(" ")
    return f"{dash} {name} {base64.b64encode(change(base64.b64decode(coded))).decode()}\n"


def test_line_of_a_known_key_over_the_head_is_verified() -> None:
    assert judged(LINE) is LineState.VERIFIED


def test_message_has_the_form_of_the_source() -> None:
    """c2sp.org/tlog-cosignature, ML-DSA-44 signed message."""
    name, origin = b"KH-MOSVY-DAHT/head", b"exchange/v1/kQ9w7VtR0aLh4uJp6ZxC1g/KH-MOSVY-DAHT/1"

    assert lattice_message(HEAD) == (
        b"subtree/v1\n\0" + b"\x12" + name + bytes(8) + bytes([len(origin)]) + origin
        + bytes(8) + (12).to_bytes(8, "big") + bytes(range(32))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("why", "head"),
    [
        ("another size", replace(HEAD, size=13)),
        ("another root", replace(HEAD, root=bytes(32))),
        ("another epoch", replace(HEAD, ep=2)),
        ("another link", replace(HEAD, link=LinkId("kQ9w7VtR0aLh4uJp6ZxC1w"))),
    ],
)
def test_line_over_another_head_is_wrong(why: str, head: Head) -> None:
    assert judged(LINE, head) is LineState.WRONG, why


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("a changed bit of the signature", lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]),
        ("a time", lambda raw: raw[:4] + (1).to_bytes(8, "big") + raw[12:]),
        ("a cut signature", lambda raw: raw[:-1]),
        ("a longer signature", lambda raw: raw + b"x"),
        ("no signature", lambda raw: raw[:12]),
        ("half a time", lambda raw: raw[:7]),
    ],
)
def test_changed_line_of_a_known_key_is_wrong(why: str, change: Callable[[bytes], bytes]) -> None:
    assert judged(with_bytes(change)) is LineState.WRONG, why


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("another key id", with_bytes(lambda raw: bytes(4) + raw[4:])),
        ("another name", LINE.replace("/head ", "/cosign ")),
        ("the name of the other side", LINE.replace(KH, VN)),
        ("a key in no card", lattice_line(HEAD, test_key(KeyUse.HEAD_PQ, Algorithm.ML_DSA_44, "lattice/3"))),
    ],
)
def test_line_of_no_known_key_is_left_alone(why: str, line: str) -> None:
    assert judged(line) is LineState.UNKNOWN, why


def test_key_of_another_use_signs_no_head_again() -> None:
    ed25519 = test_key(KeyUse.HEAD, Algorithm.ED25519, "lattice/4")
    coded = key_id(head_name(KH), ed25519.public, kind=SUBTREE_V1)

    line = signature_line(head_name(KH), ed25519.public, SUBTREE_V1, bytes(8) + bytes(2_420))

    assert coded in base64.b64decode(line.split(" ")[2])
    assert judge_line(line, HEAD, [ed25519.public]) is LineState.UNKNOWN
    with pytest.raises(KeyRefusedError):
        sign_lattice(ed25519, b"a message")


@pytest.mark.parametrize(
    ("why", "line"),
    [
        ("no line feed", LINE.rstrip("\n")),
        ("two lines", LINE + LINE),
        ("a hyphen for the dash", "-" + LINE[1:]),
        ("no base64", f"\u2014 {head_name(KH)} !!!!\n"),
        ("too long", LINE[:-1] + "A" * 4_096 + "\n"),
        ("a carriage return", LINE[:-1] + "\r\n"),
        ("nothing", ""),
    ],
)
def test_text_of_another_form_is_refused(why: str, line: str) -> None:
    with pytest.raises(NoteInvalidError):
        judged(line)
