# SPDX-License-Identifier: Apache-2.0
"""One real node, and a partner that holds real keys and does whatever a test wants.

    with_stage(story)         # async def story(stage): ...

The node is the product's own; nothing runs by itself, each test hands it frames and reads what it answers.
`FaultyPartner` builds lines, leaves, heads and frames with the product's functions and breaks one thing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from exchange.adapters.storage.memory import DirectStore
from exchange.clock import instant_text
from exchange.errors import TransportError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, b64url, new_message_id, sha256
from exchange.ledger.entries import (
    Entry,
    Event,
    Leaf,
    agrx,
    decode_leaf,
    encode_leaf,
    keyx,
    opened,
    rcvd,
    sent,
)
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.messages.filling import released
from exchange.messages.media import Carried
from exchange.protocol.envelope import Envelope, join_line, sign_envelope
from exchange.protocol.frames import Frame, FrameTail, Result, decode_frame, encode_frame
from exchange.protocol.gatewords import (
    GateWord,
    new_nonce,
    read_gate_word,
    sign_gate_word,
    verify_gate_word,
)
from exchange.protocol.keyring import PartnerKeys
from exchange.protocol.parts import Document, commitment, pad, split_document
from exchange.protocol.seal import seal
from exchange.protocol.strictjson import encode_canonical
from exchange.protocol.suites import KeyUse, PrivateKey, Suite
from exchange.protocol.trust import trusted_sealing_key
from exchange.service.converse import answer
from exchange.service.gate import open_gate
from exchange.service.keychange import keys_that_count
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Limits, Node, Presence
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, DifferenceRow, Direction, MessageRow
from tests.support import identity
from tests.support.case_tables import MOVEMENTS
from tests.support.keys import seeded_random
from tests.support.notices import notice
from tests.support.virtual import SimulatedClock, VirtualLoop, run_virtual
from tests.support.world import (
    KH,
    LIMITS,
    OFFICER,
    START,
    STORE_KEY,
    VN,
    HighWaterInMemory,
    Noted,
    _agreement,
    enrolled,
)


@dataclass(frozen=True)
class Built:
    """A line of the faulty partner with what its `sent` leaf would say."""

    envelope: Envelope
    raw_envelope: bytes
    body: bytes
    size: int

    @property
    def line(self) -> bytes:
        return join_line(self.raw_envelope, self.body)

    @property
    def entry(self) -> Entry:
        said = self.envelope
        return sent(
            seq=said.seq,
            id=said.id,
            eh=sha256(self.raw_envelope),
            cd=sha256(self.body),
            pc=said.pc,
            sz=self.size,
        )


@dataclass
class FaultyPartner:
    """The other agency: its own log, its copy of nothing, and its private keys."""

    code: AgencyCode
    target: AgencyCode
    link: LinkId
    clock: SimulatedClock
    suite: Suite = Suite.HYBRID
    leaves: list[bytes] = field(default_factory=list)
    told: int = 0
    """How many leaves the target has been shown."""
    next_seq: int = 1
    seen_size: int = 0
    """How much of the target's log the partner says it has seen."""
    seen_note: str = ""
    frames: list[Frame] = field(default_factory=list)
    """Every frame that the target sent."""
    reply: Callable[[Frame], Frame | None] | None = None
    report: dict[str, Any] = field(default_factory=dict)
    """Members of the gate report that are not true."""

    def __post_init__(self) -> None:
        self.random = seeded_random(f"faulty/{self.code}")
        self.keys = identity.agency(self.code).keys.keyring()
        self.theirs = PartnerKeys.of([identity.agency(self.target).card])
        card, agreement = identity.agency(self.code).card, _agreement(self.suite)
        self.log(opened(n=1, ad=agreement.digest, crd=card.digest), agrx(n=1, ad=agreement.digest, fs=1))
        for key in keys_that_count(card):
            self.log(keyx(op="add", use=key.use, kid=key.kid, cs=card.serial, crd=card.digest))

    # The log

    def log(self, *entries: Entry) -> int:
        """Append right leaves; return the index of the first."""
        first = len(self.leaves)
        for entry in entries:
            self.leaves.append(self.leaf(entry))
        return first

    def leaf(self, entry: Entry, **wrong: Any) -> bytes:
        """Return the bytes of the next leaf; `wrong` replaces common members."""
        place: dict[str, Any] = {
            "link": self.link,
            "by": self.code,
            "ep": 1,
            "i": len(self.leaves),
            "t": instant_text(self.clock.now()),
        }
        return encode_leaf(entry, **(place | wrong))

    def raw_leaf(self, **members: Any) -> bytes:
        """Return a canonical leaf at the next place with any members."""
        common = {
            "v": 1,
            "link": self.link,
            "by": self.code,
            "ep": 1,
            "i": len(self.leaves),
            "t": instant_text(self.clock.now()),
        }
        return encode_canonical(common | members)

    def head(self, leaves: Sequence[bytes] | None = None, **wrong: Any) -> str:
        """Return the signed head over leaves; `wrong` replaces members of the head."""
        rows = self.leaves if leaves is None else leaves
        root = CompactRange().extend([leaf_hash(raw) for raw in rows]).root()
        head = Head(
            **({"link": self.link, "by": self.code, "ep": 1, "size": len(rows), "root": root} | wrong)
        )
        return sign_head(head, self.key(KeyUse.HEAD), by=self.code)

    def tail(self, start: int | None = None, *, head: str | None = None) -> FrameTail:
        """Return the tail from what the target was shown, or from `start`."""
        begin = self.told if start is None else start
        return FrameTail(
            self.code, 1, begin, tuple(self.leaves[begin:]), self.head() if head is None else head
        )

    def key(self, use: KeyUse) -> PrivateKey:
        return self.keys.signing(use, self.clock.now())

    # Messages

    def document(self, persons: int = 1, **changes: Any) -> Document:
        """Return a right notice of this agency."""
        node = Named(self.code, seeded_random(f"{self.code}/{self.random(8).hex()}"))
        return notice(node, self.target, persons=persons, country=self.target[:2])  # type: ignore[arg-type]

    def build(
        self,
        document: Document | None = None,
        *,
        seq: int | None = None,
        id: MessageId | None = None,
        parts: list[bytes] | None = None,
        body: bytes | None = None,
        header: dict[str, Any] | None = None,
        key: PrivateKey | None = None,
        sealed_to: str = "",
        salts: Callable[[int], bytes] | None = None,
        attachments: Sequence[Carried] = (),
        **envelope: Any,
    ) -> Built:
        """Return a line; everything that is not given is right."""
        now = self.clock.now()
        id = id or new_message_id(now, self.random)
        number = self.next_seq if seq is None else seq
        if seq is None:
            self.next_seq += 1
        suite = envelope.get("suite", self.suite)
        full = released(
            document or self.document(),
            message_id=id,
            sender=self.code,
            recipient=self.target,
            link=self.link,
            agreement=envelope.get("agr", 1),
            officer=OFFICER,
            released_by=None,
        )
        full = {**full, "header": {**full["header"], **(header or {})}}  # type: ignore[dict-item]
        parts = parts or split_document(full, salts or self.random, attachments)
        plaintext = pad(parts)
        if body is None:
            public = trusted_sealing_key(self.theirs, suite=suite, at=now)
            sealed_for = MessageId(sealed_to) if sealed_to else id
            body = seal(
                plaintext,
                suite=suite,
                key=public,
                sender=self.code,
                recipient=self.target,
                message_id=sealed_for,
            )
        said = Envelope(
            **(
                {
                    "id": id,
                    "link": self.link,
                    "agr": 1,
                    "sender": self.code,
                    "recipient": self.target,
                    "seq": number,
                    "created_at": now,
                    "expires_at": now + timedelta(days=30),
                    "suite": suite,
                    "body_sha256": sha256(body),
                    "body_size": len(body),
                    "pc": commitment(id, parts),
                }
                | envelope
            )
        )
        return Built(said, sign_envelope(said, key or self.key(KeyUse.ENVELOPE)), body, len(plaintext))

    def announce(self, *built: Built) -> None:
        """Write the `sent` leaves of lines."""
        self.log(*(one.entry for one in built))

    def again(self, built: Built, **changes: Any) -> Built:
        """Return the line with other members in its envelope, signed again."""
        said = replace(built.envelope, **changes)
        return replace(built, envelope=said, raw_envelope=sign_envelope(said, self.key(KeyUse.ENVELOPE)))

    # Frames

    def frame(
        self,
        *lines: bytes,
        tail: FrameTail | str | None = "next",
        results: tuple[Result, ...] = (),
        **more: Any,
    ) -> bytes:
        """Return the bytes of a frame; without `tail` the new leaves go with it."""
        if tail == "next":
            tail = self.tail() if len(self.leaves) > self.told else None
        if isinstance(tail, FrameTail):
            self.told = max(self.told, tail.start + len(tail.leaves))
        return encode_frame(
            Frame(self.link, self.code, self.target, tail=tail, lines=tuple(lines), results=results, **more)  # type: ignore[arg-type]
        )

    # The Carrier port of the target

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        self.frames.append(decode_frame(frame))
        made = self.reply(self.frames[-1]) if self.reply else None
        if made is None:
            raise TransportError("no answer in time")
        return encode_frame(made)

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        jws = read_gate_word(question)
        key = self.theirs.find(KeyUse.DOOR, jws.kid)
        assert key is not None
        word = verify_gate_word(jws, key)
        return self.word(op=word.op, to_nonce=word.nonce)

    def word(self, *, op: str = "report", to_nonce: str = "") -> bytes:
        """Return our signed word at the gate: a question, or with a nonce what answers it."""
        gives = {
            "seen": {"ep": 1, "size": self.seen_size, "note": self.seen_note},
            "numbers": 0,
            "own": {"ep": 1, "size": len(self.leaves), "root": ""},
            "copy": {"ep": 1, "size": self.seen_size},
            "next": self.next_seq,
            "state": "open",
            "restored": "",
            "agreement": {"n": 1, "ad": "", "sig": ""},
            "card": "",
        } | self.report
        said = GateWord(
            link=self.link,
            sender=self.code,
            recipient=self.target,
            at=self.clock.now(),
            nonce=new_nonce(self.random),
            to_nonce=to_nonce,
            op=op,
            asks={},
            gives=gives,
        )
        return sign_gate_word(said, self.key(KeyUse.DOOR))


@dataclass(frozen=True)
class Named:
    """As much of a node as the filling of a notice needs."""

    agency: AgencyCode
    random: Callable[[int], bytes]


class Stage:
    """A real node and its faulty partner."""

    def __init__(self, target: AgencyCode = VN, *, limits: Limits = LIMITS) -> None:
        self.loop = VirtualLoop()
        self.link = _agreement(Suite.HYBRID).link_id
        self.clock = SimulatedClock(self.loop, START)
        self.partner = FaultyPartner(
            KH if target == VN else VN, target, self.link, SimulatedClock(self.loop, START)
        )
        self.noted, self.high_water = Noted(), HighWaterInMemory()
        self.limits, self.target = limits, target
        self.high_water.write(self.link, epoch=1, size=0, root=_agreement(Suite.HYBRID).digest, next_seq=1)
        self._random = seeded_random(f"stage/{target}")
        self.start(enrolled(target))

    def start(self, snapshot: bytes) -> None:
        """Begin a process of the node on a store."""
        made: list[Node] = []
        store = DirectStore.from_snapshot(
            snapshot,
            own=self.target,
            store_key=STORE_KEY,
            finish=lambda uow, links: head_signer(made[0])(uow, links),
            random=self._random,
        )
        self.node = Node(
            agency=self.target,
            node=identity.agency(self.target).card.node,
            keys=identity.agency(self.target).keys.keyring(),
            store=store,
            carrier=self.partner,
            high_water=self.high_water,
            counters=self.noted,
            journal=self.noted,
            clock=self.clock,
            guard=ClockGuard(self.clock),
            random=self._random,
            tables=MOVEMENTS,
            presence=Presence(),
            limits=self.limits,
        )
        made.append(self.node)
        self.store = store

    async def open(self) -> None:
        await open_gate(self.node, self.link)

    async def give(self, *built: Built | bytes, **more: Any) -> list[Result]:
        """Hand the node a frame with lines; return the results of these lines."""
        lines = [one.line if isinstance(one, Built) else one for one in built]
        taken = decode_frame(await answer(self.node, self.link, self.partner.frame(*lines, **more)))
        self.partner.frames.append(taken)
        return list(taken.results)

    async def own_leaves(self) -> list[Leaf]:
        """Return the leaves of the node's own log after the first ones."""

        def unit(uow: UnitOfWork) -> list[Leaf]:
            size = uow.logs.position(self.link, self.target).size
            return [decode_leaf(raw) for raw in uow.logs.leaves(self.link, self.target, 0, size)]

        leaves = await self.store.read(unit)
        return [leaf for leaf in leaves if leaf.ev not in (Event.OPEN, Event.AGRX, Event.KEYX)]

    async def verdicts(self) -> list[tuple[Any, ...]]:
        """Return (number, verdict or event, code) of the node's verdict leaves in order."""
        found = []
        for leaf in await self.own_leaves():
            if leaf.ev in (Event.RCVD, Event.ACCP, Event.REJC):
                found.append(
                    (leaf.fields["seq"], str(leaf.fields.get("k", leaf.ev)), str(leaf.fields.get("code", "")))
                )
        return found

    async def kept(self) -> list[DifferenceRow]:
        return await self.store.read(lambda uow: uow.audit.kept(self.link))

    async def kinds(self) -> list[str]:
        return [row.kind for row in await self.kept()]

    async def row(self, direction: Direction, seq: int) -> MessageRow | None:
        return await self.store.read(lambda uow: uow.messages.by_seq(self.link, direction, seq))

    async def cases(self) -> list[CaseRow]:
        return await self.store.read(lambda uow: uow.cases.list(link=self.link))

    async def copy_size(self) -> int:
        return await self.store.read(lambda uow: uow.logs.position(self.link, self.partner.code).size)

    async def log_size(self) -> int:
        return await self.store.read(lambda uow: uow.logs.position(self.link, self.target).size)


def with_stage(
    story: Callable[[Stage], Awaitable[None]],
    *,
    target: AgencyCode = VN,
    limits: Limits = LIMITS,
    closed: bool = False,
) -> None:
    """Play a story with an open gate."""
    stage = Stage(target, limits=limits)

    async def play() -> None:
        if not closed:
            await stage.open()
        await story(stage)

    run_virtual(play(), stage.loop)


def verdict_on(row: MessageRow, k: str, code: str | None = None, **wrong: Any) -> Entry:
    """Return the partner's `rcvd` entry for a message of the node; `wrong` replaces members."""
    said: dict[str, Any] = {"seq": row.seq, "id": row.id, "eh": row.envelope_hash, "cd": row.body_hash}
    return rcvd(**(said | wrong), k=k, code=code)


OTHER_DIGEST = Digest(b64url(bytes(32)))
