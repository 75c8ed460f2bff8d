# SPDX-License-Identifier: Apache-2.0
"""Random histories of two agencies, and what must hold after each of them.

A history: both sides send notices and answer those they receive, and stop each other (holds, withdrawn
consents, cancelled notices, ended holds), while the network loses, doubles, delays
and reorders frames, processes die (also before and right after a commit), and clocks jump. Then the world
heals, time passes, and `check` compares everything.

Invariants (numbers in the failures):
1. every released message has a final verdict, and it is the one the recipient logged;
2. nothing is lost: each number of the sender is with the recipient, with the same id;
3. nothing is doubled: as many messages as numbers, and one effect on a case for each message;
4. both sides hold the same state of each case;
5. each log equals its copy, byte for byte, and is cosigned to its end;
6. the comparison of both logs finds no difference;
7. after each start: what the partner saw of our log is durable here (no verdict before its commit);
8. both sides say that the same persons wait for the same answers until the same instant;
9. each kept end that is not stale is the one that is computed from the rows now;
10. the tasks that are counted are those of the worklist.
"""

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.cases.deadlines import DueState
from exchange.errors import ExchangeError
from exchange.ids import AgencyCode
from exchange.ledger.entries import decode_leaf
from exchange.messages.filling import fill
from exchange.service.deadlines import settle_ends
from exchange.service.due import count_work, worklist
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import reconcile
from exchange.service.release import Released, release
from exchange.service.rows import CaseRow, Direction, MessageRow, MessageState
from tests.support.notices import decision, notice, sources
from tests.support.world import KH, OFFICER, VN, Agency, SimulatedCrashError, Weather, World

FINAL = {MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED}
ACTS = 14
"""What each side does in one history."""
QUIET_S = 600.0
"""Time for everything to be delivered after the world healed."""
QUIET_UPKEEP_S = 30.0
"""How often a node looks after its books in that time, in which little happens."""


class BrokenInvariantError(AssertionError):
    """A history ended in a state that must not be."""


@dataclass
class History:
    """One history from a seed. `plant` puts a fault into the product to see whether it is found."""

    seed: int
    plant: str = ""
    released: list[tuple[AgencyCode, Released]] = field(default_factory=list)
    crashes: int = 0
    faults: list[str] = field(default_factory=list)
    looks: random.Random = field(default_factory=random.Random)
    """When somebody looks at the worklist; own dice, so that the rest of a history stays as it was."""

    def __post_init__(self) -> None:
        self.looks.seed(self.seed)

    def play(self) -> None:
        """Play the history; raises BrokenInvariantError."""
        world = World(self.seed)
        if self.plant == "answer_before_commit":
            for agency in world.agencies:
                agency.hasty = True
        world.run(self._story)
        self.crashes = sum(agency.crashes for agency in world.agencies)
        if self.faults:
            raise BrokenInvariantError(f"seed {self.seed}: " + "; ".join(self.faults))

    async def _story(self, world: World) -> None:
        await world.open()
        dice = world.dice
        world.weather = Weather(
            lose=dice.choice((0, 0.1, 0.3)), double=dice.choice((0, 0.2)), slowest_s=dice.choice((0.05, 3.0))
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._trouble(world))
            for agency in world.agencies:
                group.create_task(self._officer(world, agency))
        await self._heal(world)
        await self.check(world)

    async def _officer(self, world: World, agency: Agency) -> None:
        for _ in range(world.dice.randint(2, ACTS)):
            await asyncio.sleep(world.dice.uniform(0, 20))
            if agency.is_up:
                await self._act(world, agency)

    async def _act(self, world: World, agency: Agency) -> None:
        partner = VN if agency.code == KH else KH
        node = agency.node
        try:
            open_notices = await agency.store.read(lambda uow: _unanswered(uow, world))
            cases = await agency.store.read(lambda uow: uow.cases.list(link=world.link))
            if cases and world.chance(0.3):
                case = world.dice.choice(cases)
                document = fill(await self._stop(world, agency, case), sources(node, partner)).document
            elif open_notices and world.chance(0.7):
                row = world.dice.choice(open_notices)
                received = await agency.store.read(lambda uow: document_of(uow, row))
                document = decision(node, partner, received, refuse=world.dice.randint(0, 1))
            else:
                country = "VN" if agency.code == KH else "KH"
                document = notice(node, partner, persons=world.dice.randint(1, 3), country=country)
            done = await agency.as_process(release(node, world.link, document, officer=OFFICER))
            self.released.append((agency.code, done))
            if self.looks.random() < 0.4:
                await agency.as_process(settle_ends(node, NOTHING_ANNOUNCED))
        except (ExchangeError, SimulatedCrashError, asyncio.CancelledError):
            return

    async def _stop(self, world: World, agency: Agency, case: CaseRow) -> dict[str, Any]:
        """Return a stop about a case, or the end of one, as an officer types it."""
        small: dict[str, Any] = {"purpose": "return_arrangement", "case_codes": [case.code]}
        events = await agency.store.read(lambda uow: uow.cases.events(world.link, case.code))
        own = [event for event in events if event.direction is Direction.OUT]
        match world.dice.choice(("HLD", "HLD", "RSM", "RSM", "CWD", "CAN")):
            case "RSM" if holds := [event for event in own if event.type == "HLD"]:
                return small | {"type": "RSM", "hold": world.dice.choice(holds).message}
            case "CAN" if notices := [event for event in own if event.type == "RPN"]:
                target = notices[-1].message
                return small | {"type": "CAN", "target": target, "reason": "consent_withdrawn"}
            case "CWD":
                at = agency.clock.now().isoformat(timespec="seconds")
                return small | {"type": "CWD", "scope": ["return"], "withdrawn_at": at}
            case _:
                persons = [{"case_code": case.code, "reason": "safety_review"}]
                effect = {"effect": "all_steps", "review_on": "2027-10-20"}
                return small | {"type": "HLD", "persons": persons, **effect}

    async def _trouble(self, world: World) -> None:
        dice = world.dice
        for _ in range(dice.randint(0, 6)):
            await asyncio.sleep(dice.uniform(1, 40))
            agency = dice.choice(world.agencies)
            match dice.choice(("crash", "before", "after", "down", "jump")):
                case "crash":
                    agency.crash()
                case "down":
                    world.weather.down = not world.weather.down
                case "jump":
                    agency.clock.jump(timedelta(seconds=dice.choice((-40, 30, 50))))
                case moment:
                    if agency.is_up:
                        agency.crash_at(str(moment))
            world.loop.call_later(dice.uniform(1, 30), self._start, world, agency)

    def _start(self, world: World, agency: Agency) -> None:
        if agency.is_up:
            return
        agency.start()
        seen = _size(world, world.other(agency), agency.code)
        durable = _size(world, agency, agency.code)
        if seen > durable:
            self.faults.append(f"7: {agency.code} has {durable} entries, the partner saw {seen}")

    async def _heal(self, world: World) -> None:
        world.weather, world.limits = Weather(), replace(world.limits, upkeep_s=QUIET_UPKEEP_S)
        for agency in world.agencies:
            agency.store.on_commit(before=lambda: None, after=lambda: None)
            agency.crash()
            agency.clock.set_right()
            self._start(world, agency)
        await asyncio.sleep(QUIET_S)
        for agency in world.agencies:
            self._start(world, agency)
        await asyncio.sleep(120)

    async def check(self, world: World) -> None:
        """Compare both sides; see the invariants at the top."""
        for code, done in self.released:
            await self._check_message(world, code, done)
        for sender in world.agencies:
            await self._check_direction(world, sender)
            await self._check_log(world, sender)
            found = await reconcile(sender.node, world.link)
            for difference in found.differences:
                self.faults.append(f"6: {sender.code} finds {difference.kind} {difference.reason}")
        await self._check_cases(world)
        await self._check_due(world)

    async def _check_message(self, world: World, code: AgencyCode, done: Released) -> None:
        sender = world.kh if code == KH else world.vn
        row = await sender.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, done.seq))
        if row is None or row.id != done.id:
            self.faults.append(f"2: released message {done.seq} of {code} is gone")
        elif row.state not in FINAL:
            self.faults.append(f"1: message {done.seq} of {code} is {row.state}")

    async def _check_due(self, world: World) -> None:
        waits, owes = [], []
        for agency in world.agencies:
            kept = await worklist(agency.node, NOTHING_ANNOUNCED)
            await agency.store.write(lambda uow: uow.questions.mark_stale(limit=10_000))
            if kept != await worklist(agency.node, NOTHING_ANNOUNCED):
                self.faults.append(f"9: a kept end of {agency.code} is not the one that is computed now")
            counts = await count_work(agency.node, NOTHING_ANNOUNCED)
            late = sum(task.state is DueState.OVERDUE for task in kept)
            if (sum(each.tasks for each in counts), sum(each.late for each in counts)) != (len(kept), late):
                self.faults.append(f"10: the tasks that {agency.code} counts are not those of its worklist")
            for task in kept:
                (owes if task.is_ours else waits).append((task.message, sorted(task.cases), task.due))
        if sorted(waits, key=str) != sorted(owes, key=str):
            self.faults.append(f"8: {len(waits)} answers are waited for, {len(owes)} are owed, or other ones")

    async def _check_direction(self, world: World, sender: Agency) -> None:
        out = await sender.store.read(lambda uow: uow.messages.numbers(world.link, Direction.OUT, 1, 1000))
        there = world.other(sender)
        into = await there.store.read(lambda uow: uow.messages.numbers(world.link, Direction.IN, 1, 1000))
        if [row.seq for row in out] != list(range(1, len(out) + 1)):
            self.faults.append(f"2: numbers of {sender.code} have a gap")
        if [(row.seq, row.id, row.envelope_hash) for row in out] != [
            (row.seq, row.id, row.envelope_hash) for row in into
        ]:
            self.faults.append(f"2: {there.code} holds {len(into)} of {len(out)} messages of {sender.code}")
        for mine, theirs in zip(out, into, strict=False):
            if (mine.state, mine.code) != (theirs.state, theirs.code):
                self.faults.append(
                    f"1: {sender.code} {mine.seq} is {mine.state}, there {theirs.state} {theirs.code}"
                )

    async def _check_log(self, world: World, writer: Agency) -> None:
        reader = world.other(writer)
        own, copy = [
            await agency.store.read(lambda uow: _leaves(uow, world, writer.code))
            for agency in (writer, reader)
        ]
        if own != copy:
            self.faults.append(
                f"5: the copy of {writer.code} has {len(copy)} of {len(own)} entries, or others"
            )
        cosigned = await writer.store.read(lambda uow: uow.logs.cosigned(world.link, writer.code)[0])
        if cosigned != len(own):
            self.faults.append(f"5: {cosigned} of {len(own)} entries of {writer.code} are cosigned")
        numbers = [decode_leaf(raw).fields["seq"] for raw in own if b'"ev":"sent"' in raw]
        if len(numbers) != len(set(numbers)):
            self.faults.append(f"3: {writer.code} used a number twice")

    async def _check_cases(self, world: World) -> None:
        states = []
        for agency in world.agencies:
            rows = await agency.store.read(lambda uow: uow.cases.list(link=world.link, limit=1000))
            states.append({row.code: row.state for row in rows})
            for row in rows:
                events = await agency.store.read(
                    lambda uow, code=row.code: uow.cases.events(world.link, code)
                )
                final = [event.message for event in events if not event.provisional]
                if len(final) != len(set(final)):
                    self.faults.append(f"3: a message took effect twice on a case at {agency.code}")
        if states[0] != states[1]:
            differing = {
                code
                for code in states[0].keys() | states[1].keys()
                if states[0].get(code) != states[1].get(code)
            }
            told = [(states[0].get(code), states[1].get(code)) for code in sorted(differing)]
            self.faults.append(f"4: {len(differing)} cases differ: {told[:3]}")


def _unanswered(uow: UnitOfWork, world: World) -> list[MessageRow]:
    rows = uow.messages.numbers(world.link, Direction.IN, 1, 1000)
    answered = {row.in_reply_to for row in uow.messages.numbers(world.link, Direction.OUT, 1, 1000)}
    return [
        row
        for row in rows
        if row.type == "RPN" and row.state is MessageState.ACCEPTED and row.id not in answered
    ]


def _leaves(uow: UnitOfWork, world: World, by: AgencyCode) -> list[bytes]:
    return uow.logs.leaves(world.link, by, 0, uow.logs.position(world.link, by).size)


def _size(world: World, agency: Agency, by: AgencyCode) -> int:
    outcome = agency.store._transactions.read(lambda uow: uow.logs.position(world.link, by).size)
    return int(outcome.value or 0)
