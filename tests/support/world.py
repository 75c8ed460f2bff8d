# SPDX-License-Identifier: Apache-2.0
"""Two real nodes in one process: simulated time, network, storage faults and clocks, all from a seed.

    world = World(seed=7)
    world.run(story)          # async def story(world): ...

Everything between the ports is the product's own code: release, delivery loop, door, gate, refill,
casework. The store is the product's SQL on SQLite in memory. What is simulated is what fails in the
world: `Weather` loses, doubles, delays and reorders frames; `Agency.crash` ends a process, also in the
middle of a commit; `Agency.restore` puts an old store back; `Agency.clock.jump` moves a clock.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar

from exchange.adapters.storage.memory import DirectStore
from exchange.errors import TransportError
from exchange.ids import AgencyCode, Digest, LinkId, OfficerNumber, sha256
from exchange.messages.versions import installed_versions
from exchange.protocol.agreement import Agreement, Party, new_agreement, read_agreement, sign_agreement
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.strictjson import parse_object
from exchange.protocol.suites import Suite
from exchange.protocol.terms import read_terms
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Limits, Node, Presence
from exchange.service.partners import enrol
from exchange.service.pausing import recall
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CardRow, LinkState, OfficerRow
from exchange.service.supervisor import Supervisor
from exchange.service.surroundings import Stamper, Witnesses
from tests.support import identity
from tests.support.carrier import Carried, Road, Weather
from tests.support.case_tables import MOVEMENTS
from tests.support.keys import seeded_random
from tests.support.virtual import SimulatedClock, VirtualLoop, run_virtual

T = TypeVar("T")

KH, VN = identity.KH, identity.VN
START = datetime(2027, 10, 4, 2, 0, 0, tzinfo=UTC)
OFFICER, SECOND = OfficerNumber("P-0001"), OfficerNumber("P-0002")
LIMITS = Limits(retry_longest_s=30.0, upkeep_s=5.0, after_trouble_s=5.0)
STORE_KEY = bytes(range(32))


@dataclass(frozen=True)
class Pair:
    """Who is linked, by which profile, from when on, and for how many periods their keys last."""

    one: AgencyCode = KH
    other: AgencyCode = VN
    profile: str = "kh-vn"
    start: datetime = START
    periods: int = 2
    functions: tuple[str, ...] = ("central_authority", "border_handover", "reception")
    """What the officers of both sides may do."""
    more_crossings: tuple[str, ...] = ()
    """Crossings that the two agreed on beside those of the profile."""
    only_first_versions: tuple[AgencyCode, ...] = ()
    """Sides whose program reads the first version of each form alone, and whose card says so."""
    third: AgencyCode | None = None
    """A third state with which `one` has a link as well."""

    @property
    def with_third(self) -> "Pair":
        """Return the pair of `one` and the third state."""
        assert self.third is not None
        return replace(self, other=self.third, profile="neutral", more_crossings=(), third=None)

    def member(self, code: AgencyCode) -> identity.Agency:
        """Return the keys and the card of one of the two; those of old tests are made for NOW."""
        born = {} if self.start == START else {"born": self.start, "periods": self.periods}
        member = identity.agency(code, **born)  # type: ignore[arg-type]
        return member.but(messages=self.versions_of(code)) if code in self.only_first_versions else member

    def versions_of(self, code: AgencyCode) -> dict[str, tuple[str, ...]]:
        """Return the versions of the forms that the program of a side reads."""
        installed = installed_versions()
        if code not in self.only_first_versions:
            return installed
        return {type_code: versions[:1] for type_code, versions in installed.items()}

    def partner_of(self, code: AgencyCode) -> AgencyCode:
        return self.other if code == self.one else self.one


PAIR = Pair()


class SimulatedCrashError(BaseException):
    """The process ends here; nothing of it runs any further."""


@dataclass
class HighWaterInMemory:
    """The `HighWater` port; it survives a crash and a restored store."""

    marks: dict[LinkId, tuple[int, int, Digest, int]] = field(default_factory=dict)
    is_apart: bool = True

    def read(self, link: LinkId) -> tuple[int, int, Digest, int] | None:
        return self.marks.get(link)

    def write(self, link: LinkId, *, epoch: int, size: int, root: Digest, next_seq: int) -> None:
        self.marks[link] = (epoch, size, root, next_seq)


@dataclass
class Noted:
    """The `Journal` and `Counters` ports: remembers what was noted and counted."""

    events: list[tuple[str, dict[str, str | int | float]]] = field(default_factory=list)
    counts: list[tuple[str, str]] = field(default_factory=list)

    def note(self, event: str, **fields: str | int | float) -> None:
        self.events.append((event, fields))

    def count(self, event: str, *, partner: str = "", reason: str = "") -> None:
        self.counts.append((event, reason))


class Agency:
    """One side: its store, high-water file and clock live on when its process does not."""

    def __init__(self, world: "World", code: AgencyCode) -> None:
        self.world = world
        self.code = code
        self.identity = world.pair.member(code)
        self.keys = self.identity.keys
        self.clock = SimulatedClock(world.loop, world.pair.start)
        self.high_water = HighWaterInMemory()
        self.noted = Noted()
        self.node: Node
        self.not_durable: bytes | None = None
        """The store before its last commit, while that commit counts as not durable."""
        self._newest = b""
        self.crashes = 0
        self.only_calls = False
        """It has no address: the other side never calls it."""
        self.place = ""
        """The address at which its door listens; "" for wherever the other side looks for it."""
        self.witnesses: Witnesses | None = None
        self.stampers: tuple[Stamper, ...] = ()
        self.hasty = False
        """A planted fault: `write` returns before its commit is durable."""
        self._process: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[bytes]] = set()
        self._random = seeded_random(f"{code}/{world.seed}")
        self._store: DirectStore | None = None

    @property
    def is_up(self) -> bool:
        return self._process is not None

    def demand_alive(self) -> None:
        """Raise what ended the process, if it ended by an error of its own."""
        if self._process is not None and self._process.done():
            self._process.result()

    @property
    def store(self) -> DirectStore:
        assert self._store is not None
        return self._store

    def start(self, snapshot: bytes | None = None) -> None:
        """Begin a process on the durable store, or on `snapshot` as on a restored backup."""
        made: list[Node] = []

        def finish(uow: UnitOfWork, links: frozenset[LinkId]) -> None:
            head_signer(made[0])(uow, links)

        if snapshot is not None:
            self._store = DirectStore.from_snapshot(
                snapshot, own=self.code, store_key=STORE_KEY, finish=finish, random=self._random
            )
        elif self.hasty and self.not_durable is not None:
            self._store = DirectStore.from_snapshot(
                self.not_durable, own=self.code, store_key=STORE_KEY, finish=finish, random=self._random
            )
        else:
            self._store = self.store.restarted(finish)
        self.not_durable = None
        if self.hasty:
            self._newest = self._store.snapshot()
            self._store.on_commit(after=self._remember)
        self.node = Node(
            agency=self.code,
            node=self.identity.card.node,
            keys=self.keys.keyring(),
            store=self._store,
            carrier=Road(self.world, self),
            high_water=self.high_water,
            counters=self.noted,
            journal=self.noted,
            clock=self.clock,
            guard=ClockGuard(self.clock),
            random=self._random,
            tables=MOVEMENTS,
            presence=Presence(),
            limits=self.world.limits,
            only_calls=self.only_calls,
            witnesses=self.witnesses,
            stampers=self.stampers,
            versions=self.world.pair.versions_of(self.code),
        )
        self.node.presence.of(self.world.link).only_answers = self.world.other(self).only_calls
        made.append(self.node)
        self._process = self.world.loop.create_task(self._live())

    def _remember(self) -> None:
        """Keep the store as it was before a commit for the time a disk takes to make it durable."""
        before, self._newest = self._newest, self.store.snapshot()
        self.not_durable = before
        self.world.loop.call_later(0.2, self._forget, before)

    def _forget(self, before: bytes) -> None:
        if self.not_durable is before:
            self.not_durable = None

    async def _live(self) -> None:
        try:
            await recall(self.node)
            await Supervisor(self.node).run()
        except* SimulatedCrashError:
            self._end()

    def crash_at(self, moment: str, *, commit: int = 1) -> None:
        """Let a commit from now on end the process, `before` it is durable or right `after`."""
        left = commit

        def count() -> None:
            nonlocal left
            left -= 1
            if left:
                return
            self.store.on_commit(before=lambda: None, after=lambda: None)
            self.world.loop.call_soon(self._end)
            raise SimulatedCrashError

        self.store.on_commit(**{moment: count})

    def crash(self) -> None:
        """End the process now; everything that is not in the store is gone."""
        self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        self.crashes += 1
        for task in (self._process, *self._serving):
            task.cancel()
        self._process = None
        self._serving = set()
        self.store.on_commit(before=lambda: None, after=lambda: None)

    async def as_process(self, work: Awaitable[T]) -> T:
        """Run an officer's command as part of this process: it dies with it."""
        task = self.world.loop.create_task(_coroutine(work))
        self._serving.add(task)  # type: ignore[arg-type]
        try:
            return await task
        finally:
            self._serving.discard(task)  # type: ignore[arg-type]

    async def serve(self, work: Awaitable[bytes]) -> bytes:
        """Run an answer to the partner as part of this process: it dies with it."""
        task = self.world.loop.create_task(_coroutine(work))
        self._serving.add(task)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if task.cancelled() and not (caller and caller.cancelling()):
                raise TransportError("the partner's process ended") from None
            raise
        except SimulatedCrashError:
            raise TransportError("the partner's process ended") from None
        finally:
            self._serving.discard(task)


async def _coroutine(work: Awaitable[T]) -> T:
    return await work


class World:
    """Both agencies, the weather between them, and the dice."""

    def __init__(self, seed: int = 0, *, suite: Suite = Suite.HYBRID, pair: Pair = PAIR) -> None:
        self.seed, self.pair = seed, pair
        self.limits = LIMITS
        self.dice = random.Random(seed)
        self.loop = VirtualLoop()
        self.weather = Weather()
        self.carried = Carried(seed)
        self.calls = 0
        """How often one side called the other."""
        self.kh, self.vn = Agency(self, pair.one), Agency(self, pair.other)
        """The two of the pair; most pairs are these two."""
        self.agreement = _agreement(suite, pair)
        self.link = self.agreement.link_id
        self.snapshots = {code: enrolled(code, suite, pair) for code in (pair.one, pair.other)}
        self.third: Agency | None = None
        self.third_link: LinkId | None = None
        if pair.third is not None:
            self._join(pair.third, suite)

    def _join(self, third: AgencyCode, suite: Suite) -> None:
        """Let a third state in, with a link to the first side of the pair."""
        self.third = Agency(self, third)
        self.third_link = _agreement(suite, self.pair.with_third).link_id
        self.snapshots[third] = enrolled(third, suite, self.pair.with_third)
        self.snapshots[self.pair.one] = enrolled(self.pair.one, suite, self.pair, self.pair.with_third)

    def there(self, here: Agency, link: LinkId) -> Agency:
        """Return the other end of a link."""
        if link == self.third_link and self.third is not None:
            return self.third if here is self.kh else self.kh
        return self.other(here)

    @property
    def agencies(self) -> tuple[Agency, Agency]:
        return self.kh, self.vn

    def other(self, agency: Agency) -> Agency:
        return self.vn if agency is self.kh else self.kh

    def chance(self, share: float) -> bool:
        return share > 0 and self.dice.random() < share

    def run(self, story: Callable[["World"], Awaitable[None]], *, limit_s: float = 86_400) -> None:
        """Start both agencies and play a story to its end."""

        async def play() -> None:
            for agency in (*self.agencies, *([self.third] if self.third else [])):
                root = self.agreement.digest
                for link in (self.link, *([self.third_link] if self.third_link else [])):
                    agency.high_water.write(link, epoch=1, size=0, root=root, next_seq=1)
                agency.start(self.snapshots[agency.code])
            async with asyncio.timeout(limit_s):
                await story(self)

        asyncio.set_event_loop(None)
        run_virtual(play(), self.loop)

    async def until(self, reached: Callable[[], Awaitable[bool]], *, limit_s: float = 3_600) -> None:
        """Let time pass until something holds."""
        async with asyncio.timeout(limit_s):
            while not await reached():
                for agency in self.agencies:
                    agency.demand_alive()
                await asyncio.sleep(0.5)

    async def open(self) -> None:
        """Let time pass until both gates are open."""

        async def both() -> bool:
            return all(a.node.presence.of(self.link).gate is LinkState.OPEN for a in self.agencies)

        await self.until(both)


def agreement_of(pair: Pair, suite: Suite = Suite.HYBRID) -> Agreement:
    """Return the agreement of a pair."""
    return _agreement(suite, pair)


@cache
def _agreement(suite: Suite, pair: Pair = PAIR) -> Agreement:
    members = [(code, pair.member(code)) for code in (pair.one, pair.other)]
    parties = tuple(
        Party(agency=code, node=member.card.node, recovery=member.recovery.public) for code, member in members
    )
    terms = terms_for(load_profile(pair.profile), pair.one, pair.other)
    if pair.more_crossings:
        value = dict(parse_object(terms.raw))
        value["checkpoints"] = [*terms.checkpoints, *pair.more_crossings]
        terms = read_terms(value)
    return read_agreement(new_agreement(parties, terms, suite=suite, invitation=sha256(b"invitation")))


@cache
def enrolled(
    code: AgencyCode, suite: Suite = Suite.HYBRID, pair: Pair = PAIR, also: Pair | None = None
) -> bytes:
    """Return the store of an agency that is enrolled with the other and has two officers."""
    own = pair.member(code)
    loop = VirtualLoop()
    clock = SimulatedClock(loop, pair.start)
    store = DirectStore.empty(
        own=code, store_key=STORE_KEY, finish=lambda *_: None, random=seeded_random(f"set up/{code}")
    )
    node = Node(
        agency=code,
        node=own.card.node,
        keys=own.keys.keyring(),
        store=store,
        carrier=None,  # type: ignore[arg-type]
        high_water=HighWaterInMemory(),
        counters=Noted(),
        journal=Noted(),
        clock=clock,
        guard=ClockGuard(clock),
        random=seeded_random(f"set up/{code}"),
        tables=MOVEMENTS,
        presence=Presence(),
    )

    def people(uow: UnitOfWork) -> None:
        card = own.card
        uow.links.add_card(CardRow(code, card.serial, card.raw, card.digest, pair.start))
        for number in (OFFICER, SECOND):
            since = pair.start - timedelta(days=1)
            uow.officers.add(OfficerRow(number, "Test Officer", code, pair.functions, since, None))

    async def build() -> bytes:
        await store.write(people)
        for one in (pair, *([also] if also else [])):
            partner, agreement = one.member(one.partner_of(code)), _agreement(suite, one)
            mine, theirs = (sign_agreement(agreement.raw, key) for key in (own.recovery, partner.recovery))
            await enrol(node, partner.card, agreement, own=mine, partner=theirs, actors=(OFFICER, SECOND))
        return store.snapshot()

    return run_virtual(build(), loop)
