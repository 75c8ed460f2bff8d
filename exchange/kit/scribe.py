# SPDX-License-Identifier: Apache-2.0
"""Writes what the kit says: its log, its lines, its heads; right, or wrong at the one place asked for.

A scribe knows the link, both cards and its own log. Time, randomness and the draft of a message are given,
so that the same scribe writes the vectors and speaks with a live node. `Sealer` stands between, because a
sealed body is never the same twice: the vectors keep the bodies they once had.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from exchange.clock import instant_text
from exchange.errors import IdentifierError
from exchange.ids import (
    Digest,
    LinkId,
    MessageId,
    RandomSource,
    new_message_id,
    parse_digest,
    parse_message_id,
    sha256,
)
from exchange.kit.agency import Member
from exchange.kit.breaking import RIGHT, Members, Wrong, signed
from exchange.kit.drafts import Draft
from exchange.ledger.entries import Entry, Event, agrx, decode_leaf, encode_leaf, keyx, opened, sent, void
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.messages.release import released
from exchange.protocol.agreement import Agreement
from exchange.protocol.cards import Card
from exchange.protocol.envelope import TYP
from exchange.protocol.frames import FrameTail
from exchange.protocol.parts import commitment, size_class, split_document
from exchange.protocol.seal import seal
from exchange.protocol.strictjson import encode
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey, Suite

EXPIRES = timedelta(days=30)
"""The usual life of a message (design 4.6)."""
KEYS_BEGUN = 2
"""Of each use so many keys begin to count in the first leaves."""


class Sealer(Protocol):
    """Seals a plaintext; `protocol.seal.seal`, or one that keeps what it once made."""

    def __call__(
        self,
        plaintext: bytes,
        *,
        suite: Suite,
        key: PublicKey,
        sender: str,
        recipient: str,
        message_id: str,
    ) -> bytes: ...


@dataclass(frozen=True)
class Written:
    """A line with the entry that announces it."""

    line: bytes
    entry: Entry
    seq: int
    id: MessageId
    parts: tuple[bytes, ...]
    members: Members
    """The members of the envelope, as they were signed."""
    body: bytes


@dataclass(frozen=True)
class Order:
    """What one line shall be, beside what is wrong with it; None takes the next or the usual value."""

    seq: int | None = None
    id: MessageId | None = None
    draft: Draft | None = None
    body: bytes | None = None
    """A body that was sealed before."""
    parts: tuple[bytes, ...] = ()
    """The parts of that body."""
    age: timedelta = timedelta()
    """How long ago the line was made."""
    agr: int | None = None
    """Version of the agreement that the line names."""


@dataclass
class Scribe:
    """The kit on one link."""

    own: Member
    partner: Card
    agreement: Agreement
    now: Callable[[], datetime]
    random: RandomSource
    draft: Draft
    stop: Draft
    """Draft of a message that overtakes everything."""
    sealer: Sealer = seal  # type: ignore[assignment]  # the identifiers are distinct types of text
    leaves: list[bytes] = field(default_factory=list)
    next_seq: int = 1
    open: dict[int, MessageId] = field(default_factory=dict)
    """Numbers of ours that we sent and did not give up, and on which no verdict is known."""
    _range: CompactRange = field(default_factory=CompactRange)
    _roots: dict[int, bytes] = field(default_factory=dict)

    @property
    def link(self) -> LinkId:
        return self.agreement.link_id

    @property
    def suite(self) -> Suite:
        return self.agreement.suite

    def begin(self) -> None:
        """Begin the log: agreement, and the keys that count from here."""
        card, agreement = self.own.card, self.agreement
        self.log(opened(n=agreement.n, ad=agreement.digest, crd=card.digest))
        self.log(agrx(n=agreement.n, ad=agreement.digest, fs=1))
        for use in (KeyUse.ENVELOPE, KeyUse.HEAD, KeyUse.COSIGN, KeyUse.DOOR):
            for n in range(1, KEYS_BEGUN + 1):
                self.log(self.key_entry("add", use, n))

    def key_entry(self, op: str, use: KeyUse, n: int = 1) -> Entry:
        """Return the entry that begins or ends a key of ours."""
        card = self.own.card
        return keyx(op=op, use=use, kid=self.own.key(use, n).kid, cs=card.serial, crd=card.digest)

    # The log

    def log(self, *entries: Entry) -> None:
        """Append entries to our log."""
        at = instant_text(self.now())
        for entry in entries:
            place = len(self.leaves)
            self._append(encode_leaf(entry, link=self.link, by=self.own.code, ep=1, i=place, t=at))

    def _append(self, raw: bytes) -> None:
        self.leaves.append(raw)
        self._range = self._range.extend([leaf_hash(raw)])
        leaf = decode_leaf(raw)
        if leaf.ev == Event.SENT:
            self.open[int(leaf.fields["seq"])] = parse_message_id(str(leaf.fields["id"]))
        elif leaf.ev == Event.VOID:
            self.open.pop(int(leaf.fields["seq"]), None)

    def head(self, *, size: int | None = None, root: bytes | None = None) -> str:
        """Return the signed head over our log, over an earlier size of it, or over any root."""
        size = len(self.leaves) if size is None else size
        head = Head(self.link, self.own.code, 1, size, self.root(size) if root is None else root)
        return sign_head(head, self.own.key(KeyUse.HEAD), by=self.own.code)

    def root(self, size: int) -> bytes:
        """Return the root over the first leaves of our log."""
        if size == len(self.leaves):
            self._roots[size] = self._range.root()
        elif size not in self._roots:
            self._roots[size] = CompactRange().extend([leaf_hash(raw) for raw in self.leaves[:size]]).root()
        return self._roots[size]

    def tail(self, start: int) -> FrameTail:
        """Return our leaves from an index on, with the head over all."""
        return FrameTail(self.own.code, 1, start, tuple(self.leaves[start:]), self.head())

    def take_back(self, leaves: Sequence[bytes]) -> None:
        """Take a log of ours that the partner kept; numbers go on behind it."""
        for raw in leaves:
            self._append(raw)
        said = [decode_leaf(leaf) for leaf in leaves]
        numbers = [int(leaf.fields["seq"]) for leaf in said if leaf.ev == Event.SENT]
        self.next_seq = 1 + max(numbers, default=0)

    def gives_up(self) -> list[Entry]:
        """Return the entries that give up every number without a verdict."""
        return [void(seq=seq, id=id, code="superseded") for seq, id in sorted(self.open.items())]

    def voids(self, *written: Written, code: str = "superseded") -> list[Entry]:
        """Return the entries that give numbers up."""
        return [void(seq=one.seq, id=one.id, code=code) for one in written]

    # Lines

    def write(self, wrong: Wrong = RIGHT, order: Order | None = None) -> Written:
        """Return a line of our next number; `wrong` says where it departs from what is right."""
        order = order or Order()
        made_at = self.now() - order.age
        id = order.id or new_message_id(made_at, self.random)
        seq = self._number(order)
        parts = list(order.parts) or self._parts(id, order, wrong)
        plaintext = wrong.plaintext(_padded(parts))
        body = order.body or wrong.body(self._sealed(plaintext, id, wrong))
        usual = self._members(id, seq, made_at, body, commitment(id, parts)) | {"agr": self._version(order)}
        members = wrong.members(usual)
        envelope = wrong.envelope(self._envelope(members, wrong))
        line = wrong.line(envelope + b"~" + body)
        entry = sent(
            seq=seq, id=id, eh=sha256(envelope), cd=sha256(body), pc=_digest(members, parts, id),
            sz=len(plaintext),
        )  # fmt: skip
        return Written(line, wrong.entry(entry), seq, id, tuple(parts), members, body)

    def _number(self, order: Order) -> int:
        if order.seq is not None:
            return order.seq
        self.next_seq += 1
        return self.next_seq - 1

    def _version(self, order: Order) -> int:
        return order.agr or self.agreement.n

    def _parts(self, id: MessageId, order: Order, wrong: Wrong) -> list[bytes]:
        draft = order.draft or self.draft
        document = released(
            draft(self.random),
            message_id=id,
            sender=self.own.code,
            recipient=self.partner.agency,
            link=self.link,
            agreement=self._version(order),
        )
        return wrong.parts(split_document(wrong.document(deepcopy(document)), self.random))

    def _sealed(self, plaintext: bytes, id: MessageId, wrong: Wrong) -> bytes:
        to = wrong.sealed_for
        suite = to.suite or self.suite
        return self.sealer(
            plaintext,
            suite=suite,
            key=to.key or self.partner.current(KeyUse.SEAL, self.now(), suite=suite).public,
            sender=to.sender or self.own.code,
            recipient=to.recipient or self.partner.agency,
            message_id=to.id or id,
        )

    def _members(self, id: MessageId, seq: int, made_at: datetime, body: bytes, pc: Digest) -> Members:
        return {
            "v": 1,
            "id": id,
            "link": self.link,
            "agr": self.agreement.n,
            "from": self.own.code,
            "to": self.partner.agency,
            "seq": seq,
            "created": instant_text(made_at),
            "expires": instant_text(made_at + EXPIRES),
            "suite": int(self.suite),
            "body": {"sha256": sha256(body), "size": len(body)},
            "pc": pc,
        }

    def _envelope(self, members: Members, wrong: Wrong) -> bytes:
        key = wrong.key or self.own.key(KeyUse.ENVELOPE)
        named = encode({"alg": Algorithm.ED25519.value, "kid": key.kid, "typ": TYP})
        return signed(wrong.payload(encode(members)), header=wrong.header(named), key=key)


def _padded(parts: Sequence[bytes]) -> bytes:
    """Return the plaintext of any parts, also of those that `protocol.parts.pad` refuses."""
    content = b"\n".join(parts) + b"\n"
    return content.ljust(size_class(len(content)), b" ")


def _digest(members: Members, parts: Sequence[bytes], id: MessageId) -> Digest:
    """Return the commitment that the `sent` leaf names: that of the envelope if it has a legal one."""
    stated = members.get("pc")
    try:
        return parse_digest(stated if isinstance(stated, str) else "")
    except IdentifierError:
        return commitment(id, parts)
