# SPDX-License-Identifier: Apache-2.0
"""Frames and gate statements: exactly the agreed members, each within its bound."""

import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import FrameInvalidError
from exchange.ids import LinkId, MessageId
from exchange.protocol.cards import MAX_CARD_BYTES
from exchange.protocol.frames import (
    MAX_FRAME_BYTES,
    MAX_LINES,
    MAX_NOTE_CHARS,
    MAX_TAIL_BYTES,
    MAX_TAIL_LEAVES,
    PAD_TO,
    Frame,
    FrameCosignature,
    FrameTail,
    Outcome,
    Result,
    decode_frame,
    encode_frame,
    pad_frame,
)
from exchange.protocol.gatewords import GateWord, new_nonce, read_gate_word, sign_gate_word, verify_gate_word
from exchange.protocol.jws import sign_compact
from exchange.protocol.strictjson import encode, parse
from exchange.protocol.suites import Algorithm, KeyUse
from tests.support.identity import KH, NOW, VN
from tests.support.keys import seeded_random, test_key

LINK = LinkId("A" * 22)
MESSAGE = MessageId("0192f0c1-0000-7000-8000-000000000000")
FRAME = Frame(
    link=LINK,
    sender=KH,
    recipient=VN,
    tail=FrameTail(KH, 1, 3, (b'{"i":3}', b'{"i":4}'), "note\n"),
    cosignature=FrameCosignature(1, 7, "line"),
    lines=(b"one", b"two"),
    results=(Result(1, MESSAGE, Outcome.LOGGED), Result(2, MESSAGE, Outcome.AGAIN, "gap")),
    card="card",
    wait_s=5,
)
DOOR = test_key(KeyUse.DOOR, Algorithm.ED25519, "door")


def with_header(**changes: Any) -> bytes:
    """Return the frame with a changed header; a member that is `...` is left out."""
    first, rest = encode_frame(FRAME).split(b"\n", 1)
    header = parse(first) | changes  # type: ignore[operator]
    changed = encode({name: value for name, value in header.items() if value is not ...}) + b"\n" + rest
    return pad_frame(changed.rstrip(b" \n") + b"\n")


TAIL = {"by": KH, "ep": 1, "from": 3, "count": 2, "head": "note\n"}
COSIGNATURE = {"ep": 1, "size": 7, "note": "line"}
RESULT = {"seq": 1, "id": MESSAGE, "r": "logged"}


@pytest.mark.parametrize("frame", [FRAME, Frame(LINK, KH, VN), replace(FRAME, tail=None, card="")])
def test_a_frame_comes_back_as_it_was(frame: Frame) -> None:
    raw = encode_frame(frame)

    assert decode_frame(raw) == frame
    assert len(raw) % PAD_TO == 0


def test_a_frame_holds_the_largest_card_and_all_results() -> None:
    full = replace(FRAME, card="c" * MAX_CARD_BYTES, results=FRAME.results * MAX_LINES)

    assert decode_frame(encode_frame(full)) == full


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"v": ...},
        {"more": 1},
        {"link": "short"},
        {"link": None},
        {"from": "nobody"},
        {"to": 7},
        {"wait": 56},
        {"wait": -1},
        {"wait": "5"},
        {"messages": 3},
        {"messages": 1},
        {"messages": MAX_LINES + 1},
        {"messages": True},
        {"card": None},
        {"card": "c" * (MAX_CARD_BYTES + 1)},
        {"tail": []},
        {"tail": {}},
        {"tail": None},
        {"tail": TAIL | {"count": 3}},
        {"tail": TAIL | {"count": 1}},
        {"tail": TAIL | {"count": MAX_TAIL_LEAVES + 1}},
        {"tail": TAIL | {"from": -1}},
        {"tail": TAIL | {"head": ""}},
        {"tail": TAIL | {"head": "n" * (MAX_NOTE_CHARS + 1)}},
        {"tail": TAIL | {"more": 1}},
        {"cosignature": "line"},
        {"cosignature": COSIGNATURE | {"size": "7"}},
        {"cosignature": COSIGNATURE | {"note": 1}},
        {"cosignature": COSIGNATURE | {"more": 1}},
        {"results": {}},
        {"results": [RESULT] * (2 * MAX_LINES + 1)},
        {"results": [1]},
        {"results": [RESULT | {"r": "accepted"}]},
        {"results": [RESULT | {"id": "x"}]},
        {"results": [RESULT | {"seq": -1}]},
        {"results": [RESULT | {"code": 1}]},
        {"results": [RESULT | {"code": "c" * 65}]},
        {"results": [RESULT | {"more": 1}]},
    ],
)
def test_a_header_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FrameInvalidError):
        decode_frame(with_header(**changes))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n \n",
        encode_frame(FRAME)[:-1],
        encode_frame(FRAME)[:-2] + b"\n",
        encode_frame(FRAME)[:-1] + b" " * PAD_TO + b"\n",
        encode_frame(FRAME) + b"\n",
        encode_frame(FRAME) + b"x" * (PAD_TO - 1) + b"\n",
        encode_frame(FRAME)[:-2] + b"x\n",
        b"\xef\xbb\xbf" + encode_frame(FRAME),
        encode_frame(replace(FRAME, tail=FrameTail(KH, 1, 0, (b"x" * (MAX_TAIL_BYTES + 1),), "note"))),
        encode_frame(replace(FRAME, tail=None, lines=(b"x" * (MAX_FRAME_BYTES + 1),))),
    ],
)
def test_other_bytes_than_a_frame_are_refused(raw: bytes) -> None:
    with pytest.raises(FrameInvalidError):
        decode_frame(raw)


@pytest.mark.parametrize("row", [b"\n", b"xx\n"])
def test_a_frame_of_line_feeds_is_refused_without_building_a_row_of_each(row: bytes) -> None:
    """Rule 2: counts before anything is built."""
    text = b"{}\n" + row * (MAX_FRAME_BYTES // len(row))
    raw = text + b" " * (-(len(text) + 1) % PAD_TO) + b"\n"
    tracemalloc.start()

    with pytest.raises(FrameInvalidError):
        decode_frame(raw)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2 * MAX_FRAME_BYTES


def test_a_frame_may_have_all_its_leaves_and_all_its_lines() -> None:
    tail = FrameTail(KH, 1, 0, (b"x",) * MAX_TAIL_LEAVES, "note")
    frame = replace(FRAME, tail=tail, lines=(b"y",) * MAX_LINES)

    assert decode_frame(encode_frame(frame)) == frame


def test_leaves_and_lines_of_a_frame_may_have_8_mib_together() -> None:
    tail = FrameTail(KH, 1, 0, (b"x" * MAX_TAIL_BYTES,), "note")
    full = replace(FRAME, tail=tail, lines=(b"x" * (MAX_FRAME_BYTES - MAX_TAIL_BYTES),))

    assert decode_frame(encode_frame(full)) == full
    with pytest.raises(FrameInvalidError, match="leaves and lines"):
        decode_frame(encode_frame(replace(full, lines=(*full.lines, b"x"))))


def test_a_frame_above_its_limit_is_refused_unread() -> None:
    with pytest.raises(FrameInvalidError, match="at most 100"):
        decode_frame(encode_frame(FRAME), max_bytes=100)


# --- gate statements ---------------------------------------------------------------------------------


WORD = GateWord(LINK, KH, VN, NOW, new_nonce(seeded_random("nonce")), "", "report", {}, {"numbers": 1})


def test_a_gate_statement_comes_back_as_it_was() -> None:
    raw = sign_gate_word(WORD, DOOR)

    assert verify_gate_word(read_gate_word(raw), DOOR.public) == replace(WORD, raw=raw)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"more": 1},
        {"link": 1},
        {"from": "nobody"},
        {"to": ""},
        {"at": "yesterday"},
        {"nonce": ""},
        {"nonce": "A" * 21},
        {"to_nonce": "A" * 23},
        {"to_nonce": None},
        {"op": "forget"},
        {"op": 1},
        {"asks": []},
        {"gives": None},
    ],
)
def test_a_gate_statement_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    value = parse(read_gate_word(sign_gate_word(WORD, DOOR)).payload) | changes  # type: ignore[operator]
    raw = sign_compact(encode(value), typ="exchange-gate+jws", key=DOOR)

    with pytest.raises(FrameInvalidError):
        verify_gate_word(read_gate_word(raw), DOOR.public)
