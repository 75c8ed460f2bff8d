# SPDX-License-Identifier: Apache-2.0
"""The vectors of frames: the bytes of an exchange, and what they hold."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from exchange.ids import MessageId
from exchange.kit.contexts import Contexts
from exchange.kit.dialogues import in_header, padded_again
from exchange.kit.vectors import scribe_in
from exchange.ledger.entries import MAX_LEAF_BYTES
from exchange.protocol.frames import (
    PAD_TO,
    Frame,
    FrameCosignature,
    FrameTail,
    Outcome,
    Result,
    encode_frame,
    pad_frame,
)
from exchange.protocol.strictjson import JsonValue, encode, parse_object

Row = dict[str, Any]
Change = Callable[[bytes], bytes]
Piece = tuple[bytes, int]
"""Bytes, and how often they stand there."""
Pieces = list[Piece]
ID = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60")
RESULT: JsonValue = {"seq": 1, "id": ID, "r": "logged"}
LINE = b"envelope~body"


def rows(contexts: Contexts) -> list[Row]:
    """Return vectors of whole frames; lines and leaves in them are judged elsewhere."""
    empty, full = _frames(contexts)
    right = encode_frame(full)
    many = encode_frame(replace(full, lines=(LINE,) * 100, results=(_result("refused"),) * 200))
    small = encode_frame(empty)
    taken = (
        ("empty", "A frame without anything.", "0 leaves, 0 lines, 0 results", small),
        ("full", "A frame with a tail, a cosignature, two lines and two results.",
         "10 leaves, 2 lines, 2 results", right),
        ("most", "100 lines and 200 results.", "10 leaves, 100 lines, 200 results", many),
        ("longest-wait", "The answer may be held for 55 s.", "0 leaves, 0 lines, 0 results",
         encode_frame(replace(empty, wait_s=55))),
        ("other-result", "A line is put off.", "0 leaves, 0 lines, 1 results",
         encode_frame(replace(empty, results=(_result("again", "busy"),)))),
    )  # fmt: skip
    refused = [("frame.form", *row) for row in _ill_formed(right)]
    refused += [("frame.limits", *row) for row in _too_much(small)]
    made = [_row(name, "frame.form", words, expect, _once(raw)) for name, words, expect, raw in taken]
    made += [
        _row(name, rule, words, "refused", _once(change(base))) for rule, name, words, base, change in refused
    ]
    return made + [
        _row(name, "frame.limits", words, expect, pieces) for name, words, expect, pieces in _long(small)
    ]


def _frames(contexts: Contexts) -> tuple[Frame, Frame]:
    scribe = scribe_in(contexts, contexts.usual, "frames")
    empty = Frame(scribe.link, scribe.own.code, scribe.partner.agency)
    tail: FrameTail = scribe.tail(0)
    results = (_result("logged"), _result("refused", "refused"))
    cosignature = FrameCosignature(1, 3, "— a line\n")
    return empty, replace(empty, tail=tail, cosignature=cosignature, lines=(LINE, LINE), results=results)


def _result(outcome: str, code: str = "") -> Result:
    return Result(1, ID, Outcome(outcome), code)


def _ill_formed(right: bytes) -> list[tuple[str, str, bytes, Change]]:
    header = right.partition(b"\n")[0]
    names = parse_object(header)
    changes: list[tuple[str, str, Change]] = [
        ("nothing", "There is nothing.", lambda _: b""),
        ("one-line-feed", "There is one line feed.", lambda _: b"\n"),
        ("not-json", "The header is not JSON.", lambda raw: raw[1:]),
        ("header-list", "The header is a list.", lambda raw: b"[" + header + b"]" + raw[len(header) :]),
        ("without-end", "The last line feed is missing.", lambda raw: raw[:-1]),
        ("without-padding", "There is no line of padding.", lambda raw: raw.rstrip(b" \n") + b"\n"),
        ("padding-letters", "The padding carries a word.", lambda raw: raw[:-6] + b"hello\n"),
        ("padding-zeros", "The padding is zero bytes.", lambda raw: raw[:-9] + bytes(8) + b"\n"),
        (
            "after-the-padding",
            "Something follows the padding.",
            lambda raw: raw + b"x" * (PAD_TO - 1) + b"\n",
        ),
        (
            "padding-short",
            "The padding has one space less than to the next 4,096 bytes.",
            lambda raw: raw[:-2] + b"\n",
        ),
        (
            "padding-long",
            "The padding goes on for 4,096 bytes more than to the next multiple.",
            lambda raw: raw[:-1] + b" " * PAD_TO + b"\n",
        ),
        ("version-2", "The version is 2.", in_header(v=2)),
        ("one-more-member", "The header has one more member.", in_header(x=1)),
        ("more-messages", "One message more is counted.", in_header(messages=3)),
        ("less-messages", "One message less is counted.", in_header(messages=1)),
        ("messages-text", "The number of messages is a text.", in_header(messages="2")),
        ("wait-negative", "The wait is negative.", in_header(wait=-1)),
        ("small-agency", "The sender is in small letters.", in_header(from_="kh-mosvy-daht")),
        ("short-link", "The link has 21 characters.", in_header(link="A" * 21)),
        ("tail-text", "The tail is a text.", in_header(tail="x")),
        (
            "tail-without-head",
            "The tail has no head.",
            in_header(tail={"by": "ZZ-A", "ep": 1, "from": 0, "count": 0}),
        ),
        ("cosignature-text", "The cosignature is a text.", in_header(cosignature="x")),
        (
            "result-unknown",
            "A result is a word that does not exist.",
            in_header(results=[_but(r="done")]),
        ),
        ("result-with-reason", "A result tells more.", in_header(results=[_but(why="x")])),
        ("results-object", "The results are an object.", in_header(results={})),
        ("card-null", "The card is null.", in_header(card=None)),
    ]
    changes += [(f"without-{name}", f"The member {name} is missing.", _without(name)) for name in names]
    return [(name, words, right, change) for name, words, change in changes]


def _but(**changes: JsonValue) -> JsonValue:
    right: dict[str, JsonValue] = {"seq": 1, "id": ID, "r": "logged"}
    return right | changes


def _without(name: str) -> Change:
    def change(raw: bytes) -> bytes:
        header, _, rest = raw.partition(b"\n")
        kept = {key: value for key, value in parse_object(header).items() if key != name}
        return padded_again(encode(kept) + b"\n" + rest)

    return change


def _too_much(small: bytes) -> list[tuple[str, str, bytes, Change]]:
    tail: JsonValue = {"by": "KH-MOSVY-DAHT", "ep": 1, "from": 0, "head": "x", "count": 2_001}
    return [
        ("101-messages", "There are 101 messages.", small, _rows(in_header(messages=101), LINE, 101)),
        ("201-results", "There are 201 results.", small, in_header(results=[RESULT] * 201)),
        ("wait-56", "The answer shall be held for 56 s.", small, in_header(wait=56)),
        ("2001-leaves", "There are 2,001 leaves.", small, _rows(in_header(tail=tail), b"x", 2_001)),
        ("deep", "The header is deeper than allowed.", small, in_header(tail={"by": {"a": {"b": {"c": 1}}}})),
    ]


def _long(small: bytes) -> list[tuple[str, str, str, Pieces]]:
    """Return frames at and above the limits of bytes, in pieces, because whole they fill a disk."""
    leaf, line = b"x" * MAX_LEAF_BYTES + b"\n", 4 * 1024**2
    tail: JsonValue = {"by": "KH-MOSVY-DAHT", "ep": 1, "from": 0, "head": "x", "count": 512}
    with_tail, with_lines = in_header(tail=tail), in_header(messages=2)
    return [
        ("1-MiB-of-leaves", "The leaves have exactly 1 MiB.", "512 leaves, 0 lines, 0 results",
         _pieces(with_tail(small), [(leaf, 512)])),
        ("more-than-1-MiB-of-leaves", "The leaves have one byte more than 1 MiB.", "refused",
         _pieces(with_tail(small), [(leaf, 511), (b"x" + leaf, 1)])),
        ("8-MiB-of-lines", "The lines have exactly 8 MiB.", "0 leaves, 2 lines, 0 results",
         _pieces(with_lines(small), [(b"x", line), (b"\n", 1), (b"x", line), (b"\n", 1)])),
        ("more-than-8-MiB-of-lines", "The lines have one byte more than 8 MiB.", "refused",
         _pieces(with_lines(small), [(b"x", line), (b"\n", 1), (b"x", line + 1), (b"\n", 1)])),
    ]  # fmt: skip


def _pieces(headed: bytes, rows: list[Piece]) -> Pieces:
    """Return a frame with the header of another one and the rows given, padded."""
    text = [(headed.partition(b"\n")[0] + b"\n", 1), *rows]
    whole = b"".join(piece * times for piece, times in text)
    return [*text, (pad_frame(whole)[len(whole) :], 1)]


def _once(raw: bytes) -> Pieces:
    return [(raw, 1)]


def _rows(header: Change, row: bytes, count: int) -> Change:
    """Return a function that puts rows under a changed header."""

    def change(raw: bytes) -> bytes:
        return pad_frame(header(raw).partition(b"\n")[0] + b"\n" + (row + b"\n") * count)

    return change


def _row(name: str, rule: str, words: str, expect: str, pieces: Pieces) -> Row:
    coded = [(base64.b64encode(piece).decode("ascii"), times) for piece, times in pieces]
    raw = coded[0][0] if len(coded) == 1 else coded
    return {"name": f"frame-{name}", "rule": rule, "description": words, "raw": raw, "expect": expect}
