# SPDX-License-Identifier: Apache-2.0
"""Two casework nodes on one link, without keys, frames or databases: crossing messages, stops and gaps.

    history = CrossingHistory(seed=7)
    history.play()              # raises BrokenCrossingError

Everything between document and state is the product's own: meaning, consents, casework, chronicles (see
`desks`). Lines arrive in any order and twice; a tail comes before every line, as on the wire.

Invariants (numbers in the failures):
1. both nodes end in the same state of every case and movement, and nothing is provisional;
2. a stop has its verdict when it arrives, also behind a gap, and it is accepted;
3. who is on hold or withdrew is on no final list that is written after the stop arrived;
4. a case is in a state of the table, and in `scheduled` or `in_transfer` only with a movement;
5. nobody is `scheduled` in a movement that is not confirmed, or `in_transfer` in one that has not left.
"""

import itertools
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any

from exchange.cases.movements import MovementSnapshot, first_movement
from exchange.cases.snapshot import CaseSnapshot
from tests.support.case_tables import CASES, MOVEMENTS
from tests.support.crossing_ideas import UNTIL, Officers
from tests.support.desks import MOVES, PERSONS, Desk, Idea, is_stop

ACTS = 60
SIDES = ("host", "origin")
TRAVELS_IN = {"scheduled": "confirmed", "in_transfer": "departed"}


class BrokenCrossingError(AssertionError):
    """A history ended in a state that must not be."""


def _case(state: str, **more: Any) -> CaseSnapshot:
    new = replace(CASES.initial(), state=state, opened=state != CASES.start)
    on = date.fromisoformat(UNTIL)
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
                self.told.append(f"{desk.side} writes {len(desk.written)}: {idea}")
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
            if is_stop(document) and seq not in there.verdicts:
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
        if is_stop(document):
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
            self._check_same(code, *(view.effective if view else new for view in states))
            self._check_quiet(code, [view for view in states if view])

    def _check_same(self, code: str, one: Any, other: Any) -> None:
        if one != other:
            self.faults.append(f"1: {code} differs: {_difference(one, other)}")

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
