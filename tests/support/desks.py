# SPDX-License-Identifier: Apache-2.0
"""Two casework nodes of one link without keys, frames or databases.

A `Desk` is the product's own casework on dictionaries, between a log and a copy of the other log. What is
played here in place of intake is its order: a message behind a missing number is held, unless it is a
stop; held ones get their verdict when the gap is closed. An `Idea` is a message in few words.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from exchange.cases.chronicle import Chronicle
from exchange.cases.movements import MovementSnapshot
from exchange.cases.snapshot import CaseSnapshot
from exchange.cases.stored import case_bytes, movement_bytes
from exchange.errors import RejectedError
from exchange.ids import CaseCode, Digest, LinkId, MessageId, MovementCode, sha256
from exchange.messages.document import content_of, header_of, object_at
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import encode
from exchange.service import casework
from exchange.service.node import Node, Presence
from exchange.service.pairing import Pairing
from exchange.service.rows import (
    Announced,
    CaseRow,
    Direction,
    LinkRow,
    LinkState,
    MessageRow,
    MessageState,
    MovementRow,
    Part,
)
from exchange.service.subjects import CaseSubject, MovementSubject, case_subject, movement_subject
from tests.support.case_tables import CASES, MOVEMENTS
from tests.support.identity import KH, VN
from tests.support.plain_store import PlainStore

LINK = LinkId("C" * 22)
NOW = datetime(2027, 6, 1, 8, 0, tzinfo=UTC)
NOTHING = Digest("A" * 43)
SALTS = tuple(sha256(b"salt %d" % number) for number in range(16))
PERSONS = tuple(CaseCode(f"CASE-000{number}-0000") for number in (1, 2, 3))
MOVES = tuple(MovementCode(f"M0VE-000{number}-0000") for number in (1, 2))


@dataclass(frozen=True)
class Leaf:
    """`sent` of an own number, or a verdict on a number of the partner."""

    kind: str
    seq: int
    id: str
    accepted: bool = False


@dataclass
class _Clock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class _Nothing:
    def count(self, event: str, *, partner: str = "", reason: str = "") -> None: ...


@dataclass
class Desk:
    """One side: its log, its copy of the other log, its store, and the lines it holds."""

    side: str
    store: PlainStore = field(init=False)
    log: list[Leaf] = field(default_factory=list)
    copied: int = 0
    written: list[Document] = field(default_factory=list)
    held: dict[int, Document] = field(default_factory=dict)
    verdicts: dict[int, bool] = field(default_factory=dict)
    clock: _Clock = field(default_factory=_Clock)

    def __post_init__(self) -> None:
        own, partner = (KH, VN) if self.side == "host" else (VN, KH)
        link = LinkRow(LINK, partner, LinkState.OPEN, 1, 1, next_seq=1, contiguous_in=0)
        self.store = PlainStore(link)
        self.node = Node(
            agency=own, node=None, keys=None, store=None, carrier=None, high_water=None, counters=_Nothing(),
            journal=None, clock=self.clock, guard=None, random=None, tables=MOVEMENTS, presence=Presence(),
        )  # type: ignore[arg-type]  # fmt: skip

    @property
    def pairing(self) -> Pairing:
        return Pairing(self.store.links.row, None, None, None, None)  # type: ignore[arg-type]

    def begin(self, cases: dict[CaseCode, CaseSnapshot], movement: MovementSnapshot) -> None:
        """Put everybody into the state from which a history starts."""
        for code, snapshot in cases.items():
            base = Chronicle(snapshot, keeper=snapshot.keeper if snapshot.opened else None)
            self.store.cases.add(CaseRow(code, LINK, KH, VN, snapshot.state, case_bytes(base), 0, NOW, NOW))
        raw = movement_bytes(Chronicle(movement, keeper="host"))
        self.store.movements.add(MovementRow(MOVES[0], LINK, KH, VN, movement.state, raw, 0, NOW, NOW))
        self.store.movements.enlist(LINK, MOVES[0], movement.list)

    def write(self, document: Document) -> bool:
        """Number a message if it fits what this node shows."""
        seq = len(self.written) + 1
        row = row_of(document, Direction.OUT, seq, index=len(self.log), at=self.clock.at)
        self._keep(row, document)
        try:
            self.author(row, document)
        except RejectedError:
            self.store.messages.ids.pop((Direction.OUT, row.id))
            self.store.messages.rows.pop((Direction.OUT, seq))
            return False
        self.log.append(Leaf("sent", seq, row.id))
        self.written.append(document)
        return True

    def author(self, row: MessageRow, document: Document) -> None:
        """Judge our own message and enter it, or raise what forbids it."""
        given: Any = self.store, self.node, self.pairing, row, document
        self.store.attempt(lambda: casework.author(*given, casework.weigh_own(*given)))

    def learn(self, leaves: list[Leaf]) -> None:
        """Take over the tail of the partner's log, and what it says of our messages."""
        for index in range(self.copied, len(leaves)):
            leaf = leaves[index]
            if leaf.kind == "sent":
                self.store.messages.announce(
                    Announced(LINK, leaf.seq, MessageId(leaf.id), NOTHING, NOTHING, NOTHING, 1024, index)
                )
            else:
                row = self.store.messages.rows[Direction.OUT, leaf.seq]
                state = MessageState.ACCEPTED if leaf.accepted else MessageState.REJECTED
                self.store.messages.update(replace(row, state=state, verdict_leaf_index=index))
                casework.settle(
                    self.store, self.node, self.pairing, row, verdict=index, accepted=leaf.accepted  # type: ignore[arg-type]
                )  # fmt: skip
        self.copied = len(leaves)

    def take(self, seq: int, document: Document) -> None:
        """Receive a line: judge it, or hold it behind a gap; then settle what waited for it."""
        if seq in self.verdicts or seq in self.held:
            return
        row = row_of(document, Direction.IN, seq, at=self.clock.at)
        self._keep(replace(row, state=MessageState.HELD), document)
        if is_stop(document):
            self._judge(seq, document)
        else:
            self.held[seq] = document
        while (number := self.store.links.row.contiguous_in + 1) in self.held:
            self._judge(number, self.held.pop(number))

    def _judge(self, seq: int, document: Document) -> None:
        row = self.store.messages.rows[Direction.IN, seq]
        try:
            self._demand_last_change(document)
            here = self.store, self.node, self.pairing, row, document
            weighed = casework.weigh(*here, verdict=len(self.log))  # type: ignore[arg-type]
            casework.receive(*here, weighed)  # type: ignore[arg-type]
            accepted = True
        except RejectedError:
            accepted = False
        self.store.messages.update(
            replace(row, state=MessageState.ACCEPTED if accepted else MessageState.REJECTED)
        )
        self.verdicts[seq] = accepted
        self.log.append(Leaf("verdict", seq, row.id, accepted))
        link = self.store.links.row
        while link.contiguous_in + 1 in self.verdicts:
            link = replace(link, contiguous_in=link.contiguous_in + 1)
        self.store.links.update(link)

    def last_change(self, movement: str) -> str:
        """Return the proposal, or the newest change of it, as this side knows them."""
        learned = self.store.movements.learned
        keys = dict.fromkeys((event.direction, event.seq) for event in learned if event.movement == movement)
        rows = [self.store.messages.rows[key] for key in keys]
        changes = [
            row for row in rows if row.type in ("HPR", "AMD") and row.state is not MessageState.REJECTED
        ]
        return changes[-1].id if changes else ""

    def _demand_last_change(self, document: Document) -> None:
        """Play the rule of the form that a confirmation names the last change (`appointment_rules`)."""
        header, content = header_of(document), content_of(document)
        confirmed = object_at(content, "confirms").get("id")
        known = self.last_change(str(header.get("movement_code")))
        if content.get("response") == "confirm" and confirmed != known:
            raise RejectedError("state_conflict", "HRP: it confirms an earlier change")

    def _keep(self, row: MessageRow, document: Document) -> None:
        self.store.messages.add(row)
        persons: Any = document["persons"]
        parts = [document["header"], document["content"], *persons]
        raw = [encode({"salt": salt, **part}) for salt, part in zip(SALTS, parts, strict=False)]  # type: ignore[dict-item]
        self.store.contents.add(
            LINK, row.direction, row.seq, [Part(at, None, part) for at, part in enumerate(raw)]
        )

    def case(self, code: str) -> CaseSubject:
        return case_subject(MOVEMENTS, self.store.cases.rows[code], self.node.agency)

    def movement(self, code: str) -> MovementSubject | None:
        row = self.store.movements.rows.get(code)
        return movement_subject(MOVEMENTS, row, self.node.agency) if row else None


def row_of(
    document: Document, direction: Direction, seq: int, *, index: int = -1, at: datetime = NOW
) -> MessageRow:
    """Return the row of a message of which only what casework reads is filled."""
    header: Any = document["header"]
    return MessageRow(
        link=LINK, direction=direction, seq=seq, id=header["message_id"], type=header["type"],
        state=MessageState.QUEUED, code="", envelope_hash=NOTHING, body_hash=NOTHING, commitment=NOTHING,
        size_class=1024, agreement_n=1, created_at=at, expires_at=at + timedelta(days=30), logged_at=at,
        line_bytes=100, leaf_index=index,
    )  # fmt: skip


def is_stop(document: Document) -> bool:
    header: Any = document["header"]
    return header["type"] in CASES.stops


@dataclass(frozen=True)
class Idea:
    """A message in few words; `document` gives it its form."""

    type: str
    cases: tuple[str, ...]
    movement: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)

    def document(self, id: str) -> Document:
        header = {"type": self.type, "message_id": id, "case_codes": list(self.cases)}
        if self.movement:
            header["movement_code"] = self.movement
        persons = [{"case_code": case, **self.lines.get(case, {})} for case in self.cases]
        without = self.type in ("HPR", "HRP", "CKS") or "countersigns" in self.content
        return {"header": header, "content": self.content, "persons": [] if without else persons}  # type: ignore[dict-item]
