# SPDX-License-Identifier: Apache-2.0
"""The network between the agencies of a simulated world, and how bad it is.

With shares (`lose`, `double`) each call has its chance, and a short history may be lucky. A `rough` carrier
draws from a deck instead: among any eight calls are one that is lost, one whose answer is lost, one that
comes twice, and one that is overtaken, which means that it arrives after a later call of the same side. It
counts what it did, so that a history can show that it was not spared.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Final

from exchange.errors import ExchangeError, TransportError
from exchange.ids import AgencyCode, LinkId
from exchange.protocol.envelope import read_envelope, split_line
from exchange.protocol.frames import decode_frame, encode_frame
from exchange.service.addresses import standing_of
from exchange.service.converse import answer
from exchange.service.gate import answer_gate
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork

if TYPE_CHECKING:
    from tests.support.world import Agency, World

NO_ANSWER_S: Final = 20.0
"""How long a side waits for an answer that does not come."""
LONGEST_WAY_S: Final = 290.0
"""A door refuses a request that is older than 300 s (threat model, section 7)."""
LATE_S: Final = 1.0
"""What takes longer one way counts as late."""


@dataclass
class Weather:
    """How bad the network is; shares between 0 and 1."""

    lose: float = 0.0
    double: float = 0.0
    slowest_s: float = 0.05
    down: bool = False
    rough: bool = False
    """Draws what happens from a deck, so that nothing is left out; the two shares do not count then."""
    lost: set[tuple[AgencyCode, int]] = field(default_factory=set)
    """Lines that never arrive, by sender and number."""
    unsigned: set[AgencyCode] = field(default_factory=set)
    """Sides whose cosignatures never arrive."""
    forged: dict[AgencyCode, str] = field(default_factory=dict)
    """Sides whose cosignatures arrive as another line, which none of their keys signed."""


class Fate(StrEnum):
    """What a rough carrier does with a call."""

    CARRIED = "carried"
    LOST = "lost"
    ANSWER_LOST = "answer lost"
    DOUBLED = "doubled"
    OVERTAKEN = "overtaken"


DECK: Final = (*Fate, Fate.CARRIED, Fate.CARRIED, Fate.CARRIED)


class Carried:
    """What a carrier did so far; its own dice, so that calm histories stay as they are."""

    def __init__(self, seed: int) -> None:
        self.counts = Counter[str]()
        self.dice = Random(f"carrier/{seed}")
        self._deck: list[Fate] = []
        self._sent = 0
        self._newest: dict[AgencyCode, int] = {}

    def draw(self) -> Fate:
        """Return what happens to the next call."""
        if not self._deck:
            self._deck = self.dice.sample(DECK, len(DECK))
        return self._deck.pop()

    def send(self) -> int:
        """Return the place of a call among all that were sent."""
        self._sent += 1
        return self._sent

    def is_overtaken(self, sender: AgencyCode, place: int) -> bool:
        """Return True if a later call of the same side has arrived."""
        return place < self._newest.get(sender, 0)

    def arrive(self, sender: AgencyCode, place: int) -> None:
        """Note that a call arrived, and whether a later one of the same side was there before it."""
        self.counts["reordered"] += self.is_overtaken(sender, place)
        self._newest[sender] = max(self._newest.get(sender, 0), place)


class Road:
    """The `Carrier` port between the two agencies."""

    def __init__(self, world: "World", here: "Agency") -> None:
        self._world = world
        self._here = here
        self._under_way: set[asyncio.Task[None]] = set()

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        arriving, there = self._without_lost(frame), self._world.there(self._here, link)
        raw = await self._carry(there, lambda node: answer(node, link, arriving), timeout_s)
        return self._without_lost(raw)

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        there = self._world.there(self._here, link)
        return await self._carry(there, lambda node: answer_gate(node, link, question), timeout_s)

    async def _carry(
        self, there: "Agency", work: Callable[[Node], Awaitable[bytes]], timeout_s: float
    ) -> bytes:
        world = self._world
        world.calls += 1
        if world.weather.rough and not world.weather.down:
            return await self._carry_roughly(there, work, timeout_s)
        await self._travel(timeout_s)
        if world.chance(world.weather.double):
            with contextlib.suppress(TransportError):
                await self._knock(there, work)
        raw = await self._knock(there, work)
        await self._travel(timeout_s)
        return raw

    async def _carry_roughly(
        self, there: "Agency", work: Callable[[Node], Awaitable[bytes]], timeout_s: float
    ) -> bytes:
        """Carry a call as the deck says; what is overtaken arrives when its sender has long tried again."""
        carried = self._world.carried
        fate, place = carried.draw(), carried.send()
        carried.counts[fate] += 1
        await self._be_slow()
        if fate is Fate.OVERTAKEN:
            self._later(there, work, place)
        if fate in (Fate.OVERTAKEN, Fate.LOST):
            await self._hear_nothing(timeout_s)
        if fate is Fate.DOUBLED:
            with contextlib.suppress(TransportError):
                await self._knock(there, work)
        raw = await self._knock(there, work)
        carried.arrive(self._here.code, place)
        await self._be_slow()
        if fate is Fate.ANSWER_LOST:
            await self._hear_nothing(timeout_s)
        return raw

    def _later(self, there: "Agency", work: Callable[[Node], Awaitable[bytes]], place: int) -> None:
        """Let a call arrive behind one that is sent after it, and its answer nowhere."""
        world, carried = self._world, self._world.carried

        async def arrive() -> None:
            ends_s = world.loop.time() + LONGEST_WAY_S
            while not carried.is_overtaken(self._here.code, place) and world.loop.time() < ends_s:
                await asyncio.sleep(carried.dice.uniform(1, 10))
            with contextlib.suppress(TransportError):
                await self._knock(there, work)
                world.carried.arrive(self._here.code, place)

        task = world.loop.create_task(arrive())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _be_slow(self) -> None:
        carried = self._world.carried
        took_s = carried.dice.uniform(0, self._world.weather.slowest_s)
        carried.counts["late"] += took_s > LATE_S
        await asyncio.sleep(took_s)

    async def _hear_nothing(self, timeout_s: float) -> None:
        await asyncio.sleep(min(timeout_s, NO_ANSWER_S))
        raise TransportError("no answer in time")

    def _without_lost(self, raw: bytes) -> bytes:
        weather = self._world.weather
        lost, unsigned, forged = weather.lost, weather.unsigned, weather.forged
        if not (lost or unsigned or forged):
            return raw
        frame = decode_frame(raw)
        if frame.cosignature and frame.sender in forged:
            frame = replace(frame, cosignature=replace(frame.cosignature, line=forged[frame.sender]))
        elif frame.sender in unsigned:
            frame = replace(frame, cosignature=None)
        names = [(line, read_envelope(split_line(line)[0]).claimed) for line in frame.lines]
        kept = tuple(line for line, said in names if (said.sender, said.seq) not in lost)
        return encode_frame(replace(frame, lines=kept))

    async def _looks_elsewhere(self, there: "Agency") -> bool:
        """Return True if this side calls another address than the one at which the other side listens."""
        if not there.place:
            return False
        here, link = self._here, self._world.link

        def unit(uow: UnitOfWork) -> str:
            return standing_of(uow, pairing_of(uow, here.node, link).partner_card).in_use

        return await here.store.read(unit) != there.place

    async def _travel(self, timeout_s: float) -> None:
        weather = self._world.weather
        await asyncio.sleep(self._world.dice.uniform(0, weather.slowest_s))
        if weather.down or self._world.chance(weather.lose):
            await self._hear_nothing(timeout_s)

    async def _knock(self, there: "Agency", work: Callable[[Node], Awaitable[bytes]]) -> bytes:
        if there.only_calls:
            raise AssertionError(f"{there.code} has no address and was called")
        if not there.is_up or await self._looks_elsewhere(there):
            raise TransportError("connection refused")
        try:
            return await there.serve(work(there.node))
        except TransportError:
            raise
        except ExchangeError as error:
            there.noted.note("refused_at_the_door", reason=error.reason, text=str(error))
            raise TransportError(f"the partner answered 503 ({error.reason})", reason="busy") from error
