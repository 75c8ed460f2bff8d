# SPDX-License-Identifier: Apache-2.0
"""Two casework nodes on one link, without keys, frames or databases: crossing messages, stops and gaps.

    history = CrossingHistory(seed=7)
    history.play()              # raises BrokenCrossingError

Everything between document and state is the product's own: meaning, consents, casework, chronicles. What
is played here in place of intake is its order: a message behind a missing number is held, unless it is a
stop; held ones get their verdict when the gap is closed. Lines arrive in any order and twice; a tail
comes before every line, as on the wire.

Invariants (numbers in the failures):
1. both nodes end in the same state of every case and movement, and nothing is provisional;
2. a stop has its verdict when it arrives, also behind a gap, and it is accepted;
3. who is on hold or withdrew is on no final list that is written after the stop arrived;
4. a case is in a state of the table, and in `scheduled` or `in_transfer` only with a movement;
5. nobody is `scheduled` in a movement that is not confirmed, or `in_transfer` in one that has not left.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from exchange.cases.chronicle import Chronicle
from exchange.cases.movements import MovementSnapshot, first_movement
from exchange.cases.snapshot import CaseSnapshot
from exchange.cases.stored import case_bytes, movement_bytes
from exchange.errors import RejectedError
from exchange.ids import CaseCode, Digest, LinkId, MessageId, MovementCode, sha256
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import encode
from exchange.service import casework
from exchange.service.node import Node
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
SALTS = tuple(sha256(b"salt %d" % number) for number in range(8))
PERSONS = tuple(CaseCode(f"CASE-000{number}-0000") for number in (1, 2, 3))
MOVES = tuple(MovementCode(f"M0VE-000{number}-0000") for number in (1, 2))
UNTIL = "2027-09-01"
ACTS = 60
SIDES = ("host", "origin")


class BrokenCrossingError(AssertionError):
    """A history ended in a state that must not be."""


@dataclass(frozen=True)
class Leaf:
    """`sent` of an own number, or a verdict on a number of the partner."""

    kind: str
    seq: int
    id: str
    accepted: bool = False


class _Clock:
    def now(self) -> datetime:
        return NOW


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

    def __post_init__(self) -> None:
        own, partner = (KH, VN) if self.side == "host" else (VN, KH)
        link = LinkRow(LINK, partner, LinkState.OPEN, 1, 1, next_seq=1, contiguous_in=0)
        self.store = PlainStore(link)
        self.node = Node(
            agency=own, node=None, keys=None, store=None, carrier=None, high_water=None, counters=_Nothing(),
            journal=None, clock=_Clock(), guard=None, random=None, tables=MOVEMENTS, presence=None,
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
        row = row_of(document, Direction.OUT, seq, index=len(self.log))
        self._keep(row, document)
        try:
            self.store.attempt(
                lambda: casework.author(self.store, self.node, self.pairing, row, document)  # type: ignore[arg-type]
            )
        except RejectedError:
            self.store.messages.ids.pop((Direction.OUT, row.id))
            self.store.messages.rows.pop((Direction.OUT, seq))
            return False
        self.log.append(Leaf("sent", seq, row.id))
        self.written.append(document)
        return True

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
        self._keep(replace(row_of(document, Direction.IN, seq), state=MessageState.HELD), document)
        stop = document["header"]["type"] in CASES.stops  # type: ignore[index, call-overload]
        if stop:
            self._judge(seq, document)
        else:
            self.held[seq] = document
        while (number := self.store.links.row.contiguous_in + 1) in self.held:
            self._judge(number, self.held.pop(number))

    def _judge(self, seq: int, document: Document) -> None:
        row = self.store.messages.rows[Direction.IN, seq]
        try:
            self.store.attempt(
                lambda: casework.receive(
                    self.store, self.node, self.pairing, row, document, verdict=len(self.log)  # type: ignore[arg-type]
                )
            )  # fmt: skip
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


def row_of(document: Document, direction: Direction, seq: int, *, index: int = -1) -> MessageRow:
    """Return the row of a message of which only what casework reads is filled."""
    header: Any = document["header"]
    return MessageRow(
        link=LINK, direction=direction, seq=seq, id=header["message_id"], type=header["type"],
        state=MessageState.QUEUED, code="", envelope_hash=NOTHING, body_hash=NOTHING, commitment=NOTHING,
        size_class=1024, agreement_n=1, created_at=NOW, expires_at=NOW + timedelta(days=30), logged_at=NOW,
        line_bytes=100, leaf_index=index,
    )  # fmt: skip


# --- what an officer might write


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


GIVEN = [{"scope": scope, "state": "given", "giver": "person", "on": "2027-05-01"}
         for scope in ("notify_origin", "verify_nationality", "trace_family", "return", "feedback_host",
                       "contact_after_return")]  # fmt: skip
BY_HOST = ("IDN", "VRQ", "TRQ", "RPN", "TDQ", "ROP")
BY_ORIGIN = ("RCV", "RFN", "FUP", "ROP")
ANSWERS = {
    "VRS": [{"result": one} for one in ("national", "not_found", "not_national")],
    "TRS": [{"result": one} for one in ("found_suitable", "in_progress")],
    "RPD": [
        {"outcome": one, "valid_until": UNTIL} for one in ("accepted", "accepted", "refused", "deferred")
    ],
    "TDS": [{"status": one} for one in ("issued", "pending", "denied")],
}
OUTCOMES = ("handed_over", "handed_over", "not_presented", "not_taken_over", "diverted_medical", "added")
TRAVELS_IN = {"scheduled": "confirmed", "in_transfer": "departed"}
EFFECTS = (
    "person_added",
    "time_or_place_changed",
    "person_added",
    "person_taken_off",
    "details_changed",
    "date_open",
)
SHARE_OF_STOPS = 0.2
STOPS = ("HLD", "HLD", "CWD", "INC", "CAN", "CAN", "RSM", "RSM", "RSM", "CLO")


class Officers:
    """Thinks of messages from what a desk shows; most of them do not fit."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def ideas(self, desk: Desk) -> Iterator[Idea]:
        group = (
            PERSONS
            if self._dice.random() < 0.5
            else tuple(self._dice.sample(PERSONS, self._dice.randint(1, 2)))
        )
        by_person = BY_HOST if desk.side == "host" else BY_ORIGIN
        kinds: list[Iterator[Idea]] = [self._moves(desk, group), self._persons(by_person, group)]
        if desk.side == "origin":
            kinds.append(self._answers(group))
        self._dice.shuffle(kinds)
        if self._dice.random() < 0.6:
            kinds.insert(0, self._moves(desk, group))
        stops = self._stops(desk, group)
        if self._dice.random() < SHARE_OF_STOPS:
            yield from stops
        yield from self._signatures(desk)
        yield from itertools.chain(*kinds)

    def _persons(self, types: tuple[str, ...], group: tuple[str, ...]) -> Iterator[Idea]:
        lines = {case: {"arrived": True, "consents": GIVEN} for case in group}
        for kind in self._dice.sample(types, len(types)):
            yield Idea(kind, group, lines=lines)

    def _answers(self, group: tuple[str, ...]) -> Iterator[Idea]:
        for kind in self._dice.sample(tuple(ANSWERS), len(ANSWERS)):
            fields = self._dice.choice(ANSWERS[kind])
            content = {"revises": "earlier"} if kind == "RPD" and self._dice.random() < 0.3 else {}
            yield Idea(kind, group, content=content, lines=dict.fromkeys(group, fields))

    def _stops(self, desk: Desk, group: tuple[str, ...]) -> Iterator[Idea]:
        match self._dice.choice(STOPS):
            case "HLD":
                yield Idea("HLD", group, content={"effect": "all_steps"})
            case "CWD":
                scope = self._dice.choice(("return", "return", "statistics", "trace_family"))
                yield Idea("CWD", group, content={"scope": [scope]})
            case "INC":
                yield Idea("INC", group, content={"incident": self._dice.choice(("missing", "threat"))})
            case "RSM":
                for hold in desk.case(group[0]).view().shown.holds:
                    yield Idea("RSM", group[:1], content={"hold": hold.ref})
            case "CLO":
                yield Idea("CLO", group[:1], content={"reason": "died"})
            case _:
                yield from self._cancellations(desk, group)

    def _cancellations(self, desk: Desk, group: tuple[str, ...]) -> Iterator[Idea]:
        own: Any = [document for document in desk.written if document["header"]["type"] in BY_HOST]  # type: ignore[index, call-overload]
        if own and self._dice.random() < 0.5:
            header = (own[-1] if self._dice.random() < 0.5 else self._dice.choice(own))["header"]
            yield Idea("CAN", tuple(header["case_codes"]), content={"target": header["message_id"]})
            return
        code = self._dice.choice(MOVES)
        movement = desk.movement(code)
        listed = movement.view().shown.list if movement else ()
        content: dict[str, Any] = {"target": code}
        if listed and self._dice.random() < 0.3:
            listed = listed[:1]
            content["persons"] = list(listed)
        else:
            listed = self._dice.choice((listed, group))
        yield Idea("CAN", listed or group, code, content)

    def _moves(self, desk: Desk, group: tuple[str, ...]) -> Iterator[Idea]:
        code = self._dice.choice(MOVES)
        movement = desk.movement(code)
        shown = movement.view().shown if movement else first_movement(MOVEMENTS)
        listed = shown.list or group
        makers = [self._proposal, self._response, self._departure, self._amendment, self._record]
        for maker in self._dice.sample(makers, len(makers)):
            if maker == self._amendment and self._dice.random() < 0.7:
                continue
            yield from maker(desk, code, shown, listed, group)

    def _signatures(self, desk: Desk) -> Iterator[Idea]:
        for code in MOVES:
            movement = desk.movement(code)
            for record in movement.view().shown.records if movement else ():
                agreed = self._dice.random() < 0.8
                signed = {"countersigns": {"id": record.ref, "pc": NOTHING}, "agreed": agreed}
                if self._dice.random() < 0.8:
                    yield Idea("HRC", tuple(record.outcomes), code, signed)

    def _proposal(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        yield Idea("HPR", group, code, {"case_list": list(group), "group_size": len(group)})

    def _response(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        answer = self._dice.choice(("confirm", "confirm", "confirm", "counter", "decline"))
        yield Idea("HRP", listed, code, {"response": answer})

    def _departure(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        fit = tuple(case for case in listed if desk.case(case).view().shown.state == "scheduled")
        off = [{"case_code": case, "reason": "ill"} for case in listed if case not in fit]
        if self._dice.random() < 0.2:
            fit, off = listed, []
        yield Idea("HDP", fit, code, {"taken_off": off} if off else {})

    def _amendment(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        effect = self._dice.choice(EFFECTS)
        content = {"target": "earlier", "effect": effect, "changes": []}
        if effect == "person_added":
            new = (*listed, *(case for case in group if case not in listed))
            content["changes"] = [{"pointer": "/case_list", "old": list(listed), "new": list(new)}]
            yield Idea("AMD", new, code, content)
        else:
            yield Idea("AMD", group if effect == "person_taken_off" else listed, code, content)

    def _record(self, desk: Desk, code: str, shown: Any, listed: Any, group: Any) -> Iterator[Idea]:
        lines = {case: {"outcome": self._outcome(desk, case)} for case in listed}
        yield Idea("HRC", tuple(listed), code, {"signatory": {}}, lines)

    def _outcome(self, desk: Desk, case: str) -> str:
        if desk.case(case).view().shown.state in ("on_hold", "withdrawn"):
            return "not_presented"
        return self._dice.choice(OUTCOMES)


# --- histories


def _case(state: str, **more: Any) -> CaseSnapshot:
    new = replace(CASES.initial(), state=state, opened=state != CASES.start)
    on = datetime.fromisoformat(UNTIL).date()
    return replace(new, valid_until=on if new.opened else None, **more)


def _starts() -> dict[str, tuple[CaseSnapshot, CaseSnapshot, MovementSnapshot]]:
    """Return the state of the persons on the list, of the one who is not, and of the movement."""
    listed = {"listed": (MOVES[0],)}
    travels = {**listed, "movement": MOVES[0]}
    new = first_movement(MOVEMENTS)
    proposed = replace(new, state="proposed", list=PERSONS[:2], proposer="host")
    ready = _case("ready")
    return {
        "nothing is known": (_case("presumed"), _case("presumed"), new),
        "notice open": (_case("notice_pending"), _case("notice_pending"), new),
        "ready": (ready, ready, new),
        "proposed": (_case("ready", **listed), ready, proposed),
        "confirmed": (_case("scheduled", **travels), ready, replace(proposed, state="confirmed")),
        "left": (_case("in_transfer", **travels), ready, replace(proposed, state="departed")),
    }


STARTS = _starts()


@dataclass
class CrossingHistory:
    """One history from a seed."""

    seed: int
    written: int = 0
    rejected: int = 0
    overtook: int = 0
    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def play(self) -> None:
        """Play the history; raises BrokenCrossingError."""
        self._dice = Random(self.seed)
        self._officers = Officers(self._dice)
        self._ids = itertools.count(1)
        start = self._dice.choice(tuple(STARTS))
        case, other, movement = STARTS[start]
        self._desks = {side: Desk(side) for side in SIDES}
        for desk in self._desks.values():
            desk.begin({**dict.fromkeys(PERSONS[:2], case), PERSONS[2]: other}, movement)
        for _ in range(self._dice.randint(20, ACTS)):
            self._act()
        self._calm()
        self._check()
        self.rejected = sum(not ok for desk in self._desks.values() for ok in desk.verdicts.values())
        if self.faults:
            story = "\n  ".join((f"start: {start}", *self.told))
            raise BrokenCrossingError(f"seed {self.seed}: {'; '.join(self.faults)}\n  {story}")

    def _other(self, desk: Desk) -> Desk:
        return self._desks["origin" if desk.side == "host" else "host"]

    def _act(self) -> None:
        desk = self._desks[self._dice.choice(SIDES)]
        match self._dice.choice(
            ("write", "write", "write", "write", "carry", "carry", "carry", "tail", "any", "stop")
        ):
            case "write":
                self._write(desk)
            case "tail":
                self._other(desk).learn(desk.log)
            case "carry":
                for _ in range(self._dice.randint(1, 3)):
                    self._carry(desk, self._next(desk))
            case "any":
                self._carry(desk, self._dice.randint(1, max(1, len(desk.written))))
            case _:
                self._carry(desk, self._next_stop(desk))

    def _write(self, desk: Desk) -> None:
        for idea in self._officers.ideas(desk):
            off_road = self._off_road(desk, idea)
            id = f"{next(self._ids):08x}-0000-7000-8000-000000000000"
            if desk.write(idea.document(id)):
                self.written += 1
                self.told.append(
                    f"{desk.side} writes {len(desk.written)}: {idea.type} {idea.cases} {idea.movement} {idea.content} {idea.lines if idea.type == 'HRC' else ''}"
                )
                if off_road:
                    self.faults.append(f"3: {idea.type} of {desk.side} takes {off_road} along")
                return

    def _off_road(self, desk: Desk, idea: Idea) -> list[str]:
        """Return who is on a final list although a stop forbids it."""
        if idea.type != "HDP":
            return []
        states = {case: desk.case(case).view().shown.state for case in idea.cases}
        return [case for case, state in states.items() if state in CASES.returning]

    def _next(self, desk: Desk) -> int:
        return self._other(desk).store.links.row.contiguous_in + 1

    def _next_stop(self, desk: Desk) -> int:
        there = self._other(desk)
        for seq, document in enumerate(desk.written, start=1):
            if document["header"]["type"] in CASES.stops and seq not in there.verdicts:  # type: ignore[index, call-overload]
                return seq
        return 0

    def _carry(self, desk: Desk, seq: int) -> None:
        if not 1 <= seq <= len(desk.written):
            return
        there, document = self._other(desk), desk.written[seq - 1]
        there.learn(desk.log)
        known = set(there.verdicts)
        behind = seq > there.store.links.row.contiguous_in + 1
        there.take(seq, document)
        new = {number: ok for number, ok in there.verdicts.items() if number not in known}
        self.told.append(f"{there.side} takes {seq}: {new}")
        if document["header"]["type"] in CASES.stops:  # type: ignore[index, call-overload]
            self.overtook += behind and seq in new
            if seq not in there.verdicts:
                self.faults.append(f"2: stop {seq} of {desk.side} waits behind a gap")

    def _calm(self) -> None:
        """Carry everything until both nodes know both logs."""
        for side in SIDES:
            desk = self._desks[side]
            for seq in range(1, len(desk.written) + 1):
                self._carry(desk, seq)
        for side in SIDES:
            self._other(self._desks[side]).learn(self._desks[side].log)

    def _check(self) -> None:
        host, origin = self._desks["host"], self._desks["origin"]
        for code in PERSONS:
            views = [desk.case(code).view() for desk in (host, origin)]
            if views[0].effective != views[1].effective:
                self.faults.append(
                    f"1: {code} differs: {_difference(views[0].effective, views[1].effective)}"
                )
            self._check_case(code, views[0].effective, host)
            self._check_quiet(code, views)
        for code in MOVES:
            states = [one.view() if (one := desk.movement(code)) else None for desk in (host, origin)]
            new = first_movement(MOVEMENTS)
            effective = [view.effective if view else new for view in states]
            if effective[0] != effective[1]:
                self.faults.append(f"1: {code} differs: {_difference(*effective)}")
            self._check_quiet(code, [view for view in states if view])

    def _check_quiet(self, code: str, views: list[Any]) -> None:
        for view in views:
            if view.provisional or view.shown != view.effective:
                self.faults.append(f"1: {code} is still provisional")

    def _check_case(self, code: str, case: CaseSnapshot, desk: Desk) -> None:
        if case.state not in CASES.states:
            self.faults.append(f"4: {code} is {case.state}")
        if bool(case.movement) != (case.state in CASES.travelling):
            self.faults.append(f"4: {code} is {case.state} in movement {case.movement!r}")
        movement = desk.movement(case.movement)
        if movement and movement.view().effective.state != TRAVELS_IN[case.state]:
            self.faults.append(f"5: {code} is {case.state}, its movement {movement.row.state}")


def _difference(one: Any, other: Any) -> dict[str, Any]:
    return {
        name: (value, vars(other)[name]) for name, value in vars(one).items() if vars(other)[name] != value
    }
