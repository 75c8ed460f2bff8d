# SPDX-License-Identifier: Apache-2.0
"""The frame: what two nodes hand each other in one exchange, as lines of text.

    line 0            JSON header: v link from to wait tail cosignature card messages results
    next `count`      leaves of the sender's log, exactly as they were hashed
    next `messages`   message lines, exactly as they were signed
    rest              spaces and one LF, up to a multiple of 4,096 bytes

The order is also the order in which a recipient takes it: card, tail, cosignature, results, messages.
Leaves and messages travel as bytes of their own, never inside JSON, so that what is hashed is what was
sent. A frame has no signature of its own: its head, cosignature, card and messages each have one, and
the request that carries it is signed at the door.

What the parts mean is judged elsewhere: tails by `ledger.copy`, lines by `protocol.envelope`.
Source: docs/protocol/objects.md, frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange.errors import FrameInvalidError, IdentifierError, StrictJsonError
from exchange.ids import AgencyCode, LinkId, MessageId, parse_agency, parse_link, parse_message_id
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse_object

MAX_FRAME_BYTES = 8 * 1024 * 1024
"""Design 4.5; one line alone may be as large."""
MAX_LINES = 100
MAX_TAIL_LEAVES = 2_000
MAX_TAIL_BYTES = 1024 * 1024
MAX_WAIT_S = 55
PAD_TO = 4096
MAX_HEADER_BYTES = 64 * 1024
"""100 results of about 100 bytes, a head, a cosignature and a card of at most 32 kB."""
HEADER_LIMITS = Limits(max_bytes=MAX_HEADER_BYTES, max_depth=4, max_members=32, max_items=200, max_name=32)
_MEMBERS = frozenset(
    {"v", "link", "from", "to", "wait", "tail", "cosignature", "card", "messages", "results"}
)


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
    text = b"\n".join((encode(header), *leaves, *frame.lines, b""))
    return text + b" " * (-(len(text) + 1) % PAD_TO) + b"\n"


def decode_frame(raw: bytes, *, max_bytes: int = MAX_FRAME_BYTES + MAX_HEADER_BYTES) -> Frame:
    """Return the frame of untrusted bytes; its parts stay untrusted.

    Raises:
        FrameInvalidError: too large, not of this form, or counts that do not fit.
    """
    if len(raw) > max_bytes or not raw.endswith(b"\n"):
        raise FrameInvalidError(
            f"frame has {len(raw)} bytes or no final line feed; expected at most {max_bytes}"
        )
    rows = raw.split(b"\n")
    try:
        return _read(parse_object(rows[0], HEADER_LIMITS), rows[1:])
    except (StrictJsonError, IdentifierError, KeyError, TypeError, ValueError) as error:
        raise FrameInvalidError("frame header does not have the agreed form") from error


def _read(header: dict[str, JsonValue], rows: Sequence[bytes]) -> Frame:
    if set(header) != _MEMBERS or header["v"] != 1:
        raise FrameInvalidError("frame header has other members than v 1 has")
    count = _count(header["tail"]) if header["tail"] is not None else 0
    messages = _number(header["messages"], MAX_LINES)
    leaves, lines, rest = rows[:count], rows[count : count + messages], rows[count + messages :]
    if len(leaves) + len(lines) != count + messages or len(rest) != 2 or rest[0].strip(b" ") or rest[1]:
        raise FrameInvalidError(
            "frame does not hold the leaves and messages that its header counts, then padding"
        )
    if sum(map(len, leaves)) > MAX_TAIL_BYTES:
        raise FrameInvalidError("frame has a tail of more than 1 MiB")
    return Frame(
        link=parse_link(_text(header["link"])),
        sender=parse_agency(_text(header["from"])),
        recipient=parse_agency(_text(header["to"])),
        tail=_read_tail(header["tail"], tuple(leaves)),
        cosignature=_read_cosignature(header["cosignature"]),
        lines=tuple(lines),
        results=_read_results(header["results"]),
        card=_text(header["card"]),
        wait_s=_number(header["wait"], MAX_WAIT_S),
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


def _read_tail(value: JsonValue, leaves: tuple[bytes, ...]) -> FrameTail | None:
    if value is None:
        return None
    members = _members(value, {"by", "ep", "from", "count", "head"})
    return FrameTail(
        by=parse_agency(_text(members["by"])),
        ep=_number(members["ep"]),
        start=_number(members["from"]),
        leaves=leaves,
        head=_text(members["head"]),
    )


def _read_cosignature(value: JsonValue) -> FrameCosignature | None:
    if value is None:
        return None
    members = _members(value, {"ep", "size", "note"})
    return FrameCosignature(_number(members["ep"]), _number(members["size"]), _text(members["note"]))


def _read_results(value: JsonValue) -> tuple[Result, ...]:
    if not isinstance(value, list) or len(value) > 2 * MAX_LINES:
        raise FrameInvalidError("frame results are not a list of at most 200")
    return tuple(_read_result(item) for item in value)


def _read_result(value: JsonValue) -> Result:
    if not isinstance(value, dict) or not {"seq", "id", "r"} <= set(value) <= {"seq", "id", "r", "code"}:
        raise FrameInvalidError("a frame result has other members than seq, id, r, code")
    return Result(
        _number(value["seq"]),
        parse_message_id(_text(value["id"])),
        Outcome(_text(value["r"])),
        _text(value.get("code", "")),
    )


def _members(value: JsonValue, names: set[str]) -> dict[str, JsonValue]:
    if not isinstance(value, dict) or set(value) != names:
        raise FrameInvalidError("a part of the frame header has other members than agreed")
    return value


def _count(value: JsonValue) -> int:
    return _number(value["count"], MAX_TAIL_LEAVES) if isinstance(value, dict) else 0


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise FrameInvalidError("a member of the frame header is not text")
    return value


def _number(value: JsonValue, largest: int = 2**53 - 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
        raise FrameInvalidError(f"a number of the frame header is not between 0 and {largest}")
    return value
