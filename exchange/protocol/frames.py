# SPDX-License-Identifier: Apache-2.0
"""The frame: what two nodes hand each other in one exchange, as lines of text.

    line 0            JSON header: v link from to wait tail cosignature card messages results
    next `count`      leaves of the sender's log, exactly as they were hashed
    next `messages`   message lines, exactly as they were signed
    rest              spaces and one LF, up to the next multiple of 4,096 bytes

The order is also the order in which a recipient takes it: card, tail, cosignature, results, messages.
Leaves and messages travel as bytes of their own, never inside JSON, so that what is hashed is what was
sent. A frame has no signature of its own: its head, cosignature, card and messages each have one, and
the request that carries it is signed at the door.

What the parts mean is judged elsewhere: tails by `ledger.copy`, lines by `protocol.envelope`.
Source: docs/protocol/objects.md, frame.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange.errors import FrameInvalidError, StrictJsonError
from exchange.ids import AgencyCode, LinkId, MessageId, parse_agency, parse_link, parse_message_id
from exchange.protocol.cards import MAX_CARD_BYTES
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse_object

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""Leaves and lines of a frame (design 4.5); the largest line has 6 MiB, so one alone always fits."""
MAX_LINES = 100
MAX_TAIL_LEAVES = 2_000
MAX_TAIL_BYTES = 1024 * 1024
MAX_WAIT_S = 55
PAD_TO = 4096
MAX_HEADER_BYTES = 128 * 1024
"""200 results of about 100 bytes, a head, a cosignature and a card of at most 64 KiB."""
MAX_ROWS = 1 + MAX_TAIL_LEAVES + MAX_LINES + 1
"""Header, leaves, messages and padding. A frame is cut into no more: 8 MiB may be millions of line feeds."""
MAX_NOTE_CHARS = 8 * 1024
"""A head with its signature lines, or one of these lines; C2SP notes here have below 1 kB."""
HEADER_LIMITS = Limits(max_bytes=MAX_HEADER_BYTES, max_depth=4, max_members=32, max_items=200, max_name=32)
_MEMBERS = frozenset(
    {"v", "link", "from", "to", "wait", "tail", "cosignature", "card", "messages", "results"}
)
_TAIL = frozenset({"by", "ep", "from", "count", "head"})


class Outcome(StrEnum):
    """What became of one line; only `logged` is backed by a leaf, and only the leaf is final."""

    LOGGED = "logged"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    seq: int
    id: MessageId
    outcome: Outcome
    code: str = ""


@dataclass(frozen=True)
class FrameTail:
    """The leaves of the sender's log from index `start`, and the signed head over all of them."""

    by: AgencyCode
    ep: int
    start: int
    leaves: tuple[bytes, ...]
    head: str


@dataclass(frozen=True)
class FrameCosignature:
    """The signature line of the sender over the recipient's head at `size`."""

    ep: int
    size: int
    line: str


@dataclass(frozen=True)
class Frame:
    link: LinkId
    sender: AgencyCode
    recipient: AgencyCode
    tail: FrameTail | None = None
    cosignature: FrameCosignature | None = None
    lines: tuple[bytes, ...] = ()
    results: tuple[Result, ...] = ()
    card: str = ""
    """Our current card, when the other side said that it does not know it."""
    wait_s: int = 0
    """How long the answer may be held until something is due."""


def encode_frame(frame: Frame) -> bytes:
    """Return the bytes of a frame, padded."""
    header: dict[str, JsonValue] = {
        "v": 1,
        "link": frame.link,
        "from": frame.sender,
        "to": frame.recipient,
        "wait": frame.wait_s,
        "tail": _tail_header(frame.tail),
        "cosignature": _cosignature_header(frame.cosignature),
        "card": frame.card,
        "messages": len(frame.lines),
        "results": [_result_text(result) for result in frame.results],
    }
    leaves = frame.tail.leaves if frame.tail else ()
    return pad_frame(b"\n".join((encode(header), *leaves, *frame.lines, b"")))


def pad_frame(text: bytes) -> bytes:
    """Return the text of a frame with the spaces and the line feed that end it."""
    return text + b" " * (-(len(text) + 1) % PAD_TO) + b"\n"


def decode_frame(raw: bytes, *, max_bytes: int = MAX_FRAME_BYTES + MAX_HEADER_BYTES) -> Frame:
    """Return the frame of untrusted bytes; its parts stay untrusted.

    Raises:
        FrameInvalidError: too large, not padded, not of this form, or counts that do not fit.
    """
    if len(raw) > max_bytes:
        raise FrameInvalidError(f"frame has {len(raw)} bytes; expected at most {max_bytes}")
    if not raw or len(raw) % PAD_TO or not raw.endswith(b"\n"):
        raise FrameInvalidError(
            f"frame has {len(raw)} bytes; expected a multiple of {PAD_TO} that ends with a line feed"
        )
    rows = raw.split(b"\n", MAX_ROWS)
    try:
        return _read(parse_object(rows[0], HEADER_LIMITS), rows[1:])
    except (StrictJsonError, ValueError) as error:
        raise FrameInvalidError("frame header does not have the agreed form") from error


def _read(value: JsonValue, rows: Sequence[bytes]) -> Frame:
    header = _part(value, _MEMBERS, kind="frame header")
    header.integer("v", low=1, high=1)
    tail = None if header.value("tail") is None else _part(header.value("tail"), _TAIL, kind="tail")
    count = tail.integer("count", high=MAX_TAIL_LEAVES) if tail else 0
    messages = header.integer("messages", high=MAX_LINES)
    leaves, lines, rest = rows[:count], rows[count : count + messages], rows[count + messages :]
    if len(leaves) + len(lines) != count + messages or not _is_padding(rest):
        raise FrameInvalidError(
            "frame does not hold the leaves and messages that its header counts, then padding"
        )
    _demand_limits(leaves, lines)
    return Frame(
        link=header.identifier("link", parse_link),
        sender=header.identifier("from", parse_agency),
        recipient=header.identifier("to", parse_agency),
        tail=_read_tail(tail, tuple(leaves)) if tail else None,
        cosignature=_read_cosignature(header.value("cosignature")),
        lines=tuple(lines),
        results=tuple(_read_result(item) for item in header.items("results", most=2 * MAX_LINES)),
        card=header.text("card", min_chars=0, max_chars=MAX_CARD_BYTES),
        wait_s=header.integer("wait", high=MAX_WAIT_S),
    )


def _is_padding(rest: Sequence[bytes]) -> bool:
    """Return True for spaces up to the next multiple, never beyond it, and nothing behind them."""
    return len(rest) == 2 and len(rest[0]) < PAD_TO and not rest[0].strip(b" ") and not rest[1]


def _demand_limits(leaves: Sequence[bytes], lines: Sequence[bytes]) -> None:
    tail_bytes = sum(map(len, leaves))
    if tail_bytes > MAX_TAIL_BYTES:
        raise FrameInvalidError(f"frame has a tail of {tail_bytes} bytes; expected at most {MAX_TAIL_BYTES}")
    content_bytes = tail_bytes + sum(map(len, lines))
    if content_bytes > MAX_FRAME_BYTES:
        raise FrameInvalidError(
            f"frame has {content_bytes} bytes of leaves and lines; expected at most {MAX_FRAME_BYTES}"
        )


def _tail_header(tail: FrameTail | None) -> JsonValue:
    if tail is None:
        return None
    return {"by": tail.by, "ep": tail.ep, "from": tail.start, "count": len(tail.leaves), "head": tail.head}


def _cosignature_header(cosignature: FrameCosignature | None) -> JsonValue:
    if cosignature is None:
        return None
    return {"ep": cosignature.ep, "size": cosignature.size, "note": cosignature.line}


def _result_text(result: Result) -> JsonValue:
    members: dict[str, JsonValue] = {"seq": result.seq, "id": result.id, "r": result.outcome.value}
    return members | {"code": result.code} if result.code else members


def _read_tail(tail: Members, leaves: tuple[bytes, ...]) -> FrameTail:
    return FrameTail(
        by=tail.identifier("by", parse_agency),
        ep=tail.integer("ep"),
        start=tail.integer("from"),
        leaves=leaves,
        head=tail.text("head", max_chars=MAX_NOTE_CHARS),
    )


def _read_cosignature(value: JsonValue) -> FrameCosignature | None:
    if value is None:
        return None
    part = _part(value, {"ep", "size", "note"}, kind="cosignature")
    line = part.text("note", max_chars=MAX_NOTE_CHARS)
    return FrameCosignature(part.integer("ep"), part.integer("size"), line)


def _read_result(value: JsonValue) -> Result:
    result = _part(value, {"seq", "id", "r"}, kind="frame result", optional={"code"})
    return Result(
        result.integer("seq"),
        result.identifier("id", parse_message_id),
        Outcome(result.text("r", max_chars=16)),
        result.text("code", max_chars=64) if result.has("code") else "",
    )


def _part(value: JsonValue, names: Collection[str], *, kind: str, optional: Collection[str] = ()) -> Members:
    return Members(value, names, kind=kind, error=FrameInvalidError, optional=optional)
