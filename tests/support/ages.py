# SPDX-License-Identifier: Apache-2.0
"""A history of messages, and a node that is put back to every age of it: nothing is ever used twice.

Both sides send; after every so many messages the stores of both are kept, as a backup would. Then each age is
restored: of one side, or of both; with the high-water file as it was at the end, or as old as the store.

Afterwards, for each age, one of two things holds (`Outcome`):

* open: both logs are what the other side holds, every index that anybody ever saw still has its leaf, no
  number and no message id has two meanings, and new messages arrive;
* closed: with a reason that people can act on, and not one leaf was written.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from exchange.clock import instant_text
from exchange.ids import AgencyCode, Digest, LinkId
from exchange.ledger.entries import Event, decode_leaf
from exchange.service.ports import Unit
from exchange.service.rows import Direction, LinkState
from tests.support.anew import send
from tests.support.checks import log_of, settle
from tests.support.world import KH, VN, Agency, World

LOST_SHARE = 0.3
"""Of the frames of an unsettled history; a lost one is missed after 20 s."""
SOON_S, LATER_S = 0.1, 3.0
"""A frame takes up to 0.05 s each way: until then a message is under way, afterwards mostly not."""
PATIENCE_S = 240.0
"""Time for gates to open or to say why not."""
REASONS = frozenset({"both_restored", "high_water_ahead", "high_water_missing", "log_forked"})
"""Why a gate may stay closed after a restore."""


Marks = dict[LinkId, tuple[int, int, Digest, int]]


class Which(StrEnum):
    """Who is put back."""

    KH = "kh"
    VN = "vn"
    BOTH = "both"


@dataclass(frozen=True)
class Age:
    """The stores and high-water files of both sides at one moment."""

    messages: int
    stores: dict[AgencyCode, bytes]
    marks: dict[AgencyCode, Marks]


@dataclass
class Outcomes:
    """What became of every restore; `broken` says what must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    """Messages without a verdict in all backups together."""
    broken: list[str] = field(default_factory=list)


@dataclass
class Ages:
    """One history from a seed, and its restores."""

    seed: int
    messages: int
    every: int
    """Messages between two backups."""
    calls: bool = False
    """VN has no address: it calls, and nobody calls it."""
    unsettled: bool = False
    """Frames are lost, and every backup, the last one too, is made while messages are under way."""
    outcomes: Outcomes = field(default_factory=Outcomes)
    _ages: list[Age] = field(default_factory=list)

    def play(self) -> Outcomes:
        """Write the history once, then restore each of its ages in a world of its own."""
        self._world(self.seed).run(self._write, limit_s=10_000_000)
        last = self._ages[-1]
        for age in self._ages[:-1]:
            for which in Which:
                for same_disk in (False, True):
                    self._restore(age, last, which, same_disk=same_disk)
        return self.outcomes

    def _world(self, seed: int) -> World:
        world = World(seed)
        world.vn.only_calls = self.calls
        return world

    async def _write(self, world: World) -> None:
        await world.open()
        world.weather.lose = LOST_SHARE if self.unsettled else 0.0
        for number in range(self.messages):
            await send(world.kh if number % 3 else world.vn)
            if number % self.every == 0:
                await asyncio.sleep(world.dice.uniform(0, SOON_S if self.unsettled else LATER_S))
                await self._keep(world, number)
        if not self.unsettled:
            await settle(world)
            await asyncio.sleep(30)
        await self._keep(world, self.messages)

    async def _keep(self, world: World, number: int) -> None:
        for one in world.agencies:
            count, _ = await one.store.read(lambda uow: uow.messages.open_count(world.link))
            self.outcomes.under_way += count
        stores = {one.code: one.store.snapshot() for one in world.agencies}
        marks = {one.code: dict(one.high_water.marks) for one in world.agencies}
        self._ages.append(Age(number, stores, marks))

    def _restore(self, age: Age, last: Age, which: Which, *, same_disk: bool) -> None:
        world = self._world(self.seed + age.messages + 1)
        restored = {Which.KH: (KH,), Which.VN: (VN,), Which.BOTH: (KH, VN)}[which]
        name = f"seed {self.seed}, age {age.messages}, {which.value}{', file as old' if same_disk else ''}"

        async def story(world: World) -> None:
            for one in world.agencies:
                one.crash()
            for one in world.agencies:
                is_old = one.code in restored
                one.high_water.marks = dict((age if is_old and same_disk else last).marks[one.code])
                one.clock.jump(_world_age(last))
                one.start((age if is_old else last).stores[one.code])
                if is_old:
                    await one.store.write(_mark(one))
            await self._judge(world, last, restored, name)

        world.run(story, limit_s=10_000_000)

    async def _judge(self, world: World, last: Age, restored: tuple[AgencyCode, ...], name: str) -> None:
        before = {one.code: await log_of(one, one) for one in world.agencies}
        await asyncio.sleep(PATIENCE_S)
        gates = {one.code: one.node.presence.of(world.link) for one in world.agencies}
        if all(gate.gate is LinkState.OPEN for gate in gates.values()):
            self.outcomes.counts["opened"] += 1
            for one in world.agencies:
                await send(one)
            await settle(world)
            await self._demand_kept(world, before, last, restored, name)
            return
        reasons = {gate.reason for gate in gates.values() if gate.gate is not LinkState.OPEN}
        self.outcomes.counts[f"closed: {' and '.join(sorted(reasons))}"] += 1
        if not reasons <= REASONS | {"not_asked_yet", ""}:
            self.outcomes.broken.append(f"{name}: closed for {reasons}")
        for one in world.agencies:
            closed = gates[one.code].gate is not LinkState.OPEN
            if closed and await log_of(one, one) != before[one.code]:
                self.outcomes.broken.append(f"{name}: {one.code} wrote behind a closed gate")

    async def _demand_kept(
        self,
        world: World,
        before: dict[AgencyCode, list[bytes]],
        last: Age,
        restored: tuple[AgencyCode, ...],
        name: str,
    ) -> None:
        """Nothing that the other side ever held is gone or different, and nothing has two meanings."""
        for one in world.agencies:
            own, copy = await log_of(one, one), await log_of(world.other(one), one)
            if own != copy:
                self.outcomes.broken.append(f"{name}: the log of {one.code} is not its copy")
            known = before[one.code] if one.code not in restored else []
            if own[: len(known)] != known:
                self.outcomes.broken.append(f"{name}: the log of {one.code} lost what it had")
            numbers = [leaf.fields["seq"] for leaf in map(decode_leaf, own) if leaf.ev == Event.SENT]
            if numbers != list(range(1, len(numbers) + 1)):
                self.outcomes.broken.append(f"{name}: numbers of {one.code} are used twice or skipped")
        await self._demand_held_before(world, last, restored, name)

    async def _demand_held_before(
        self, world: World, last: Age, restored: tuple[AgencyCode, ...], name: str
    ) -> None:
        """A side that was not restored still holds every message it ever took, and the sender knows it."""
        for one in world.agencies:
            if one.code in restored:
                continue
            rows = await one.store.read(
                lambda uow: uow.messages.numbers(world.link, Direction.IN, 1, 100_000)
            )
            sent = await world.other(one).store.read(
                lambda uow: uow.messages.numbers(world.link, Direction.OUT, 1, 100_000)
            )
            if [(row.seq, row.id) for row in rows] != [(row.seq, row.id) for row in sent]:
                self.outcomes.broken.append(f"{name}: {one.code} holds other messages than were sent")


def _world_age(last: Age) -> timedelta:
    """Return how far the clocks must be set on so that nobody is behind its last entry."""
    return timedelta(seconds=10 * last.messages + 3_600)


def _mark(agency: Agency) -> Unit[None]:
    """Return the unit by which a restore says what it did."""
    at = instant_text(agency.clock.now())
    return lambda uow: uow.settings.put("restored", at)
