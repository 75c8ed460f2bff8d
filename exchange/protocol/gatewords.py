# SPDX-License-Identifier: Apache-2.0
"""What two nodes say to each other at the start gate: signed, fresh, reports answered in every state.

Each statement is a compact JWS, typ `exchange-gate+jws`, by the `door` key, with these members:

    v link from to at       1, the link, the two agencies, the writer's clock
    nonce                   22 characters of the writer's own, never used twice
    to_nonce                the nonce this answers, or "" for a question
    op                      `report`, `leaves`, `lines` or `agreement`
    asks                    what the question asks for ({} for a report)
    gives                   what the statement tells ({} for a question of leaves or lines)

A *report* goes with every question and answer of that op, so one call tells both sides:

    gives.seen    {ep, size, note}   the largest head of the reader's log held here, "" if none
    gives.numbers                    the highest number of the reader seen here
    gives.own     {ep, size, root}   the writer's own log
    gives.copy    {ep, size}         how much of the reader's log is held and could be given back
    gives.next                       the writer's next number
    gives.state                      closed, open, frozen
    gives.restored                   when the writer's store was last restored, or ""
    gives.agreement {n, ad, sig, held}   newest version the writer signed, with its detached JWS, and the
                                     newest of which it holds both signatures
    gives.card                       the writer's current card
    gives.renew   {ep, why}          two persons of the writer decided that epoch `ep` begins; may be left out

*leaves* asks `{of, ep, from}` (`of` is the agency whose log it is) and gives `{from, leaves, note}`.
*lines* asks `{of, numbers}` (`of` is the author) and gives `{lines: [{seq, envelope, body}]}`; what the
reader once sent comes back sealed to the reader (`body`), so that it can be opened and checked against its
own commitment.
*agreement* asks `{n}` and gives `{agreement, own, partner}`: a version that both signed, with the signatures
of writer and reader; empty texts if the writer does not hold it.

Source: docs/protocol/gate.md.
"""

from dataclasses import dataclass, field
from datetime import datetime

from exchange.clock import instant_text
from exchange.errors import FrameInvalidError
from exchange.ids import AgencyCode, LinkId, RandomSource, b64url, parse_agency, parse_link
from exchange.protocol.jws import RawJws, read_compact, sign_compact, verify_jws
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse_object
from exchange.protocol.suites import PrivateKey, PublicKey

GATE_TYP = "exchange-gate+jws"
MAX_GATE_BYTES = 12 * 1024 * 1024
"""2,000 leaves or 100 lines of at most 64 kB, base64 twice."""
NONCE_CHARS = 22
"""16 random bytes."""
MAX_NUMBERS = 100
"""Numbers asked for in one question of lines."""
_LIMITS = Limits(max_bytes=MAX_GATE_BYTES, max_depth=6, max_members=32, max_items=2_100, max_name=32)
_MEMBERS = frozenset({"v", "link", "from", "to", "at", "nonce", "to_nonce", "op", "asks", "gives"})
OPS = ("report", "leaves", "lines", "agreement")


@dataclass(frozen=True)
class GateWord:
    """One statement; trusted only after `verify_gate_word`."""

    link: LinkId
    sender: AgencyCode
    recipient: AgencyCode
    at: datetime
    nonce: str
    to_nonce: str
    op: str
    asks: dict[str, JsonValue] = field(default_factory=dict)
    gives: dict[str, JsonValue] = field(default_factory=dict)
    raw: bytes = b""
    """The signed statement as it came; for evidence."""


def new_nonce(random: RandomSource) -> str:
    return b64url(random(16))


def sign_gate_word(word: GateWord, key: PrivateKey) -> bytes:
    """Return the signed statement."""
    members: dict[str, JsonValue] = {
        "v": 1,
        "link": word.link,
        "from": word.sender,
        "to": word.recipient,
        "at": instant_text(word.at),
        "nonce": word.nonce,
        "to_nonce": word.to_nonce,
        "op": word.op,
        "asks": word.asks,
        "gives": word.gives,
    }
    return sign_compact(encode(members), typ=GATE_TYP, key=key)


def read_gate_word(raw: bytes) -> RawJws:
    """Return the unverified statement; its `kid` names the door key to look up."""
    return read_compact(raw, typ=GATE_TYP, max_bytes=MAX_GATE_BYTES)


def verify_gate_word(raw: RawJws, key: PublicKey) -> GateWord:
    """Return what a statement says after its signature verified.

    Raises:
        SignatureInvalidError: the signature does not verify.
        FrameInvalidError: other members than agreed.
    """
    value = parse_object(verify_jws(raw, key), _LIMITS)
    members = Members(value, _MEMBERS, kind="gate statement", error=FrameInvalidError)
    members.integer("v", low=1, high=1)
    op = members.text("op", max_chars=16)
    if op not in OPS:
        raise members.fault("op", "one of " + ", ".join(OPS))
    return GateWord(
        link=members.identifier("link", parse_link),
        sender=members.identifier("from", parse_agency),
        recipient=members.identifier("to", parse_agency),
        at=members.instant("at"),
        nonce=members.text("nonce", min_chars=NONCE_CHARS, max_chars=NONCE_CHARS),
        to_nonce=members.text("to_nonce", min_chars=0, max_chars=NONCE_CHARS),
        op=op,
        asks=members.mapping("asks", most=32),
        gives=members.mapping("gives", most=32),
        raw=raw.raw,
    )
