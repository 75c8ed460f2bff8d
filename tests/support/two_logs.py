# SPDX-License-Identifier: Apache-2.0
"""Two nodes of one link in memory: two logs, tails, verdicts; no keys, no bytes, no clock.

A node writes what fits what it shows, judges what arrives at its place in the order of effects, and learns
the partner's verdicts from its copy of the partner's log, which comes before every message, as on the wire.
Each node keeps every chronicle twice, folded and whole, and compares them after each act.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from exchange.cases.chronicle import (
    Chronicle,
    Rules,
    View,
    before,
    case_rules,
    keep,
    movement_rules,
    settle,
    view,
    write,
)
from exchange.cases.effects import Message, World, case_event, movement_event, take
from exchange.cases.keeper import Known, Place
from exchange.cases.snapshot import Side
from exchange.cases.stored import case_bytes, case_chronicle, movement_bytes, movement_chronicle
from exchange.cases.tables import MovementTable
from exchange.errors import RejectedError

DAY = date(2027, 6, 1)
MOVEMENT = "M"


@dataclass(frozen=True)
class Leaf:
    """`sent` with the number of an own message, or a verdict on a number of the partner."""

    kind: str
    number: int
    accepted: bool = False


@dataclass
class Subject:
    """One case or movement at one node, whole and folded."""

    rules: Rules
    whole: Chronicle
    folded: Chronicle

    def write(self, entry: Known) -> None:
        self.whole = write(self.whole, entry)
        self.folded = write(self.folded, entry)

    def settle(self, side: Side, sent: Place, verdict: Place, accepted: bool) -> None:
        self.whole = settle(self.whole, side=side, sent=sent, verdict=verdict, accepted=accepted)
        self.folded = settle(self.folded, side=side, sent=sent, verdict=verdict, accepted=accepted)

    def view(self, own: Side) -> View:
        return view(self.rules, self.whole, own)


@dataclass
class Node:
    """One side of the link."""

    table: MovementTable
    own: Side
    start: World
    log: list[Leaf] = field(default_factory=list)
    copy: list[Leaf] = field(default_factory=list)
    written: list[Message] = field(default_factory=list)
    judged: dict[int, bool] = field(default_factory=dict)
    arrived: dict[int, Message] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    """References of messages it rejects for another reason than the state."""
    subjects: dict[str, Subject] = field(init=False)

    def __post_init__(self) -> None:
        cases = {case: self._case(case) for case in self.start.cases}
        rules = movement_rules(self.table)
        base = Chronicle(self.start.movements[MOVEMENT], keeper="host")
        self.subjects = {**cases, MOVEMENT: Subject(rules, base, base)}

    def _case(self, case: str) -> Subject:
        snapshot = self.start.cases[case]
        base = Chronicle(snapshot, keeper=snapshot.keeper if snapshot.opened else None)
        return Subject(case_rules(self.table.cases), base, base)

    def world(self, *, shown: bool = True) -> World:
        views = {name: subject.view(self.own) for name, subject in self.subjects.items()}
        return _world({name: one.shown if shown else one.effective for name, one in views.items()})

    def write(self, message: Message) -> bool:
        """Write a message that fits what this node shows; return whether it left."""
        message = replace(message, side=self.own, ref=f"{self.own}-{len(self.written)}")
        world = self.world()
        try:
            take(self.table, world, message)
        except RejectedError:
            return False
        self.log.append(Leaf("sent", len(self.written)))
        self._enter(message, Known, (0, len(self.log) - 1), None, None)
        self.written.append(message)
        return True

    def learn(self, leaves: Iterable[Leaf], written: list[Message]) -> None:
        """Take over the tail of the partner's log and apply its verdicts on our messages."""
        for leaf in list(leaves)[len(self.copy) :]:
            self.copy.append(leaf)
            if leaf.kind == "verdict":
                sent = (0, self.log.index(Leaf("sent", leaf.number)))
                for subject in self.subjects.values():
                    subject.settle(self.own, sent, (0, len(self.copy) - 1), leaf.accepted)
        self._compare()

    def receive(self, number: int, message: Message) -> None:
        """Judge a message of the partner, whose `sent` leaf is in the copy."""
        sent = (0, self.copy.index(Leaf("sent", number)))
        accepted = message.ref not in self.refuses and self._fits(message, sent)
        self.log.append(Leaf("verdict", number, accepted))
        self.judged[number] = accepted
        if accepted:
            self._enter(message, Known, sent, (0, len(self.log) - 1), True)
        self._compare()

    def _fits(self, message: Message, sent: Place) -> bool:
        probe = {name: self._probe(name, message, sent) for name in self.subjects}
        try:
            take(self.table, _world(probe), message)
        except RejectedError:
            return False
        return True

    def _probe(self, name: str, message: Message, sent: Place) -> object:
        subject = self.subjects[name]
        event = movement_event(message) if name == MOVEMENT else case_event(message, name, None)
        return before(subject.rules, subject.folded, self.own, Known(event, sent))

    def _enter(
        self, message: Message, known: type, sent: Place, verdict: Place | None, ok: bool | None
    ) -> None:
        movement = self._movement_at(message, sent)
        if message.movement and message.type in self.table.messages:
            self.subjects[MOVEMENT].write(known(movement_event(message), sent, verdict, ok))
        reach = self.start.cases if message.movement else message.cases
        named = {*message.cases, *(reach if message.type in ("AMD", "CAN") else ())}
        for case in named:
            self.subjects[case].write(known(case_event(message, case, movement), sent, verdict, ok))

    def _movement_at(self, message: Message, sent: Place) -> object:
        subject = self.subjects[MOVEMENT]
        if message.side == self.own:
            return subject.view(self.own).shown
        return before(subject.rules, subject.whole, self.own, Known(movement_event(message), sent))

    def _compare(self) -> None:
        """Fold what can be folded; the view must stay what it was."""
        open_at = next(
            (
                (0, at)
                for at, leaf in enumerate(self.copy)
                if leaf.kind == "sent" and leaf.number not in self.judged
            ),
            None,
        )
        for subject in self.subjects.values():
            subject.folded = keep(subject.rules, subject.folded, self.own, open_at=open_at).chronicle
            whole, folded = subject.view(self.own), view(subject.rules, subject.folded, self.own)
            assert (whole.effective, whole.shown) == (folded.effective, folded.shown)
            assert whole.provisional == folded.provisional
        for name, subject in self.subjects.items():
            kept, again = (
                (movement_bytes, movement_chronicle) if name == MOVEMENT else (case_bytes, case_chronicle)
            )
            assert again(kept(subject.folded)) == subject.folded


def _world(states: dict[str, object]) -> World:
    return World(
        {name: state for name, state in states.items() if name != MOVEMENT}, {MOVEMENT: states[MOVEMENT]}
    )


@dataclass
class Link:
    """Both nodes and what is on the line between them."""

    host: Node
    origin: Node

    def node(self, side: Side) -> Node:
        return self.host if side == "host" else self.origin

    def partner(self, side: Side) -> Node:
        return self.origin if side == "host" else self.host

    def tail(self, side: Side) -> None:
        """Carry the log of `side` to the other node, without messages."""
        self.partner(side).learn(self.node(side).log, self.node(side).written)

    def carry(self, side: Side, messages: int) -> None:
        """Carry the log of `side` and its next messages, in the order of their numbers."""
        self.tail(side)
        node, partner = self.node(side), self.partner(side)
        for number, message in enumerate(node.written):
            if messages and number not in partner.judged:
                partner.receive(number, message)
                messages -= 1

    def overtake(self, side: Side) -> None:
        """Carry the log of `side` and its next stop, past everything that is missing."""
        self.tail(side)
        node, partner = self.node(side), self.partner(side)
        for number, message in enumerate(node.written):
            if message.type in node.table.cases.stops and number not in partner.judged:
                partner.receive(number, message)
                return

    def calm(self) -> None:
        """Carry everything until both nodes know both logs."""
        for side in ("host", "origin"):
            self.carry(side, len(self.node(side).written))
        self.tail("host")
        self.tail("origin")
