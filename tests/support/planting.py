# SPDX-License-Identifier: Apache-2.0
"""Plants differences into the ledgers of two real nodes, over a bad network, and says what must be found.

A plant is one thing that one side does wrong, or that happens to it: an entry that its own log should not
have, a line that never arrives, a network that is down for too long. The entry is written by the node's own
functions, signed with its head and carried by the product; the other side stores and cosigns it as any other.

    history = Planted(seed=7)
    history.play()          # raises WrongNamesError: not found, named otherwise, invented, or not the same
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from exchange.ids import AgencyCode, KeyId, sha256
from exchange.ledger.entries import Entry, agrx, beat, eras, keyx, rcvd, stmt, void
from exchange.protocol.suites import KeyUse
from exchange.service.comparing import STALE_AFTER
from exchange.service.hearing import hear
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import reconcile, refresh
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.false_words import cosign_another, show_fork, show_shorter
from tests.support.ledger_world import MONTH_S, exchange_some, forget_state, jump, live, write
from tests.support.logs import message_id
from tests.support.owed import countersignature_missing, found_in_content, owed, unanswered
from tests.support.world import Agency, Weather, World

BEYOND = 900
"""A number that no honest history comes to, and that is not too far to be kept."""
SHORTLY, MONTH = timedelta(hours=26), timedelta(days=31)
QUIET_S = 240.0
"""Two tails each way, once a minute, and some frames that are lost."""
UPKEEP_S = 60.0
"""The node looks after its books each second; here nothing happens in most of them, and each look costs."""
SLOWEST_S = 3.0


class WrongNamesError(AssertionError):
    """The differences that were named are not those that were planted."""


async def a_message_of(world: World, sender: Agency) -> MessageRow:
    """Return the first message of an agency."""
    row = await sender.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, 1))
    assert row is not None
    return row


Keys = set[str]


@dataclass(frozen=True)
class OneSide:
    """What only one side can see: the other one has nothing that could tell it."""

    agency: AgencyCode
    keys: Keys
    is_told: bool = False
    """The other side learns it from a notice, unless that is held behind a gap."""


Plant = Callable[[World, Agency, Agency], Awaitable[Keys | OneSide]]


async def missing_message(world: World, here: Agency, there: Agency) -> Keys:
    row = await a_message_of(world, here)
    number = await _next(world, here)
    world.weather.lost = {*world.weather.lost, (here.code, number)}
    await exchange_some(world, here)
    assert row.seq < number
    return {f"missing_message/{here.code}/{number}"}


async def unexpected_message(world: World, here: Agency, there: Agency) -> Keys:
    entry = rcvd(seq=BEYOND, id=message_id("unexpected"), eh=sha256(b"e"), cd=sha256(b"c"), k="accepted")
    await write(here, entry)
    return {f"unexpected_message/{there.code}/{BEYOND}"}


async def sequence_gap(world: World, here: Agency, there: Agency) -> Keys:
    """Two numbers are skipped; what comes behind them is held."""

    def skip(uow: UnitOfWork) -> int:
        row = uow.links.get(world.link)
        assert row is not None
        uow.links.update(replace(row, next_seq=row.next_seq + 2))
        return row.next_seq

    first = await here.store.write(skip)
    await exchange_some(world, here)
    return {f"sequence_gap/{here.code}/{first}"}


async def hash_mismatch(world: World, here: Agency, there: Agency) -> Keys:
    number = await _next(world, here)
    world.weather.lost = {*world.weather.lost, (here.code, number)}
    rows = await exchange_some(world, here)
    other = rcvd(seq=number, id=rows[0].id, eh=sha256(b"x"), cd=sha256(b"y"), k="accepted")
    await write(there, other)
    return {f"hash_mismatch/{here.code}/{number}"}


async def duplicate(world: World, here: Agency, there: Agency) -> Keys:
    row = await a_message_of(world, there)
    again = rcvd(seq=row.seq, id=row.id, eh=row.envelope_hash, cd=row.body_hash, k="accepted")
    await write(here, again)
    return {f"duplicate/{there.code}/{row.seq}"}


async def log_invalid(world: World, here: Agency, there: Agency) -> Keys:
    await write(here, _void(BEYOND, "never sent"))
    return {f"log_invalid/{here.code}/{BEYOND}"}


async def time_mismatch(world: World, here: Agency, there: Agency) -> Keys:
    size = await _size(world, here)
    await write(here, beat(), at=here.clock.now() - timedelta(hours=1))
    return {f"time_mismatch//{here.code}/{size - 1}/{here.code}/{size}"}


async def late(world: World, here: Agency, there: Agency) -> Keys:
    number = await _next(world, here)
    world.weather.down = True
    await exchange_some(world, here)
    await jump(world, SHORTLY, wait=False)
    world.weather.down = False
    await world.open()
    await asyncio.sleep(QUIET_S)
    return {f"late/{here.code}/{number}"}


async def statement_mismatch(world: World, here: Agency, there: Agency) -> Keys:
    size = await _size(world, here)
    await write(here, stmt(no=77, per="2027-10-03", dg=sha256(b"statement")))
    return {f"statement_mismatch//{here.code}/{size}"}


async def erasure_mismatch(world: World, here: Agency, there: Agency) -> Keys:
    size = await _size(world, here)
    await write(here, eras(dg=sha256(b"list"), n=3))
    return {f"erasure_mismatch//{here.code}/{size}"}


async def agreement_overdue(world: World, here: Agency, there: Agency) -> Keys:
    size, first = await _size(world, here), await _next(world, here)
    await write(here, agrx(n=2, ad=sha256(b"version 2"), fs=first))
    return {f"agreement_overdue//{here.code}/{size}"}


async def unknown_key(world: World, here: Agency, there: Agency) -> OneSide:
    """A side begins a key in its log that stands in none of its cards."""
    size = await _size(world, here)
    card = await here.store.read(lambda uow: uow.links.card(here.code))
    assert card is not None
    kid = KeyId("0" * 16)
    await write(here, keyx(op="add", use=KeyUse.ENVELOPE, kid=kid, cs=card.serial, crd=card.digest))
    return OneSide(there.code, {f"unknown_key//{here.code}/{size}"}, is_told=True)


async def log_forked(world: World, here: Agency, there: Agency) -> OneSide:
    return OneSide(there.code, await show_fork(world, here, there), is_told=True)


async def log_shrunk(world: World, here: Agency, there: Agency) -> OneSide:
    return OneSide(there.code, await show_shorter(world, here, there), is_told=True)


async def signature_missing(world: World, here: Agency, there: Agency) -> OneSide:
    return OneSide(there.code, await cosign_another(world, here, there), is_told=True)


async def state_mismatch(world: World, here: Agency, there: Agency) -> OneSide:
    """The store of a side says of a message what neither ledger says."""
    row = await a_message_of(world, here)
    await forget_state(here, row.seq, state=MessageState.REJECTED, code="internal")
    return OneSide(here.code, {f"state_mismatch/{here.code}/{row.seq}"})


async def receipt_missing(world: World, here: Agency, there: Agency) -> OneSide:
    """The signatures of a side over the other log never arrive; it holds the entries itself."""
    await asyncio.sleep(QUIET_S)  # What is signed already stays so.
    world.weather.unsigned = {*world.weather.unsigned, here.code}
    rows = await exchange_some(world, here)
    return OneSide(there.code, {f"receipt_missing/{here.code}/{row.seq}" for row in rows})


async def head_stale(world: World, here: Agency, there: Agency) -> Keys:
    """For days neither side hears of the other, and neither may write while its gate is closed."""
    world.weather.down = True
    await jump(world, STALE_AFTER + timedelta(hours=1), wait=False)
    sizes = {agency.code: await _size(world, agency) for agency in world.agencies}
    return {f"head_stale//{code}/{size - 1}" for code, size in sizes.items()}


PLANTS: dict[str, tuple[Plant, timedelta]] = {
    plant.__name__: (plant, after)
    for plant, after in (
        (missing_message, SHORTLY),
        (unexpected_message, SHORTLY),
        (sequence_gap, SHORTLY),
        (hash_mismatch, SHORTLY),
        (duplicate, SHORTLY),
        (log_invalid, SHORTLY),
        (time_mismatch, SHORTLY),
        (late, SHORTLY),
        (statement_mismatch, SHORTLY),
        (erasure_mismatch, MONTH),
        (agreement_overdue, MONTH),
        (unknown_key, SHORTLY),
        (state_mismatch, SHORTLY),
        (receipt_missing, SHORTLY),
        (head_stale, SHORTLY),
        (log_forked, SHORTLY),
        (log_shrunk, SHORTLY),
        (signature_missing, SHORTLY),
        (unanswered, SHORTLY),
        (countersignature_missing, SHORTLY),
    )
}
"""Each plant with the time after which it has to be named."""
AT_THE_END = ("state_mismatch", "head_stale")
"""Planted after everything else had its time: a statement would name the first as well, and after the second
the line stays down."""
APART = (
    {"late", "statement_mismatch"},  # a planted statement on a later day makes the next one differ as well
    {"receipt_missing", "missing_message"},  # what is held behind a gap has no verdict to be signed
    {"receipt_missing", "hash_mismatch"},
    {"receipt_missing", "sequence_gap"},
    {"receipt_missing", "head_stale"},  # days later the verdict on a statement is not signed in time either
    {"receipt_missing", "late"},
)
"""Pairs in which one plant is another thing because of the other."""
AT_FIRST = ("unanswered", "countersignature_missing")
"""They need messages that arrive and are signed for."""
GAPS = ("missing_message", "hash_mismatch", "sequence_gap")
"""Behind these the further messages of that side are held, also its notices."""
OF_A_DAY = {"missing_message", "hash_mismatch"}
"""Their lines are given up after a month, and then they are something else."""


def _void(number: int, label: str) -> Entry:
    return void(seq=number, id=message_id(label), code="withdrawn")


async def _next(world: World, agency: Agency) -> int:
    row = await agency.store.read(lambda uow: uow.links.get(world.link))
    assert row is not None
    return row.next_seq


async def _heard(agency: Agency) -> Keys:
    """Return what the partner has told of, and nobody settled; what arrived is heard each minute, or now."""
    await hear(agency.node, agency.world.link)
    return {row.found.key for row in await live(agency) if row.heard}


async def _size(world: World, agency: Agency) -> int:
    return await agency.store.read(lambda uow: uow.logs.position(world.link, agency.code).size)


@dataclass
class Planted:
    """One history: some messages, one or two plants on either side, a bad network, and what is named."""

    seed: int
    plants: tuple[str, ...] = ()
    """Which; without it one or two are drawn."""
    expected: dict[AgencyCode, Keys] = field(default_factory=dict)
    told: list[OneSide] = field(default_factory=list)
    gapped: set[AgencyCode] = field(default_factory=set)
    """Sides whose numbers have a gap."""
    found: dict[AgencyCode, Keys] = field(default_factory=dict)
    carried: Counter[str] = field(default_factory=Counter)
    """What the carrier did, by kind."""

    def play(self) -> None:
        """Play the history; raises WrongNamesError."""
        world = World(self.seed)
        world.limits = replace(world.limits, upkeep_s=UPKEEP_S)

        async def story(world: World) -> None:
            await world.open()
            await self._story(world)

        world.run(story, limit_s=2 * MONTH_S)
        self.carried = world.carried.counts
        if self.found != self.expected:
            names = " and ".join(self.plants)
            raise WrongNamesError(f"seed {self.seed}, {names}: expected {self.expected}, found {self.found}")

    async def _story(self, world: World) -> None:
        await exchange_some(world)
        self.plants = self.plants or self._drawn(world)
        world.weather = Weather(rough=True, slowest_s=SLOWEST_S)
        self.expected = {agency.code: set() for agency in world.agencies}
        for name in sorted(self.plants, key=lambda name: name not in AT_FIRST):
            if name not in AT_THE_END:
                await self._plant(world, name)
        await jump(world, max(PLANTS[name][1] for name in self.plants))
        await asyncio.sleep(QUIET_S)
        for agency in world.agencies:
            await refresh(agency.node, world.link)
        owed_now = await owed(world, self.plants)
        for agency in world.agencies:
            self.expected[agency.code] |= owed_now | self._told_to(agency)
            self.found[agency.code] = await found_in_content(world, agency)
        for name in (name for name in AT_THE_END if name in self.plants):
            await asyncio.sleep(QUIET_S)
            await self._plant(world, name)
        for agency in world.agencies:
            found = (await reconcile(agency.node, world.link)).differences
            self.found[agency.code] |= {one.key for one in found} | await _heard(agency)

    async def _plant(self, world: World, name: str) -> None:
        here = world.dice.choice(world.agencies)
        planted = await PLANTS[name][0](world, here, world.other(here))
        await asyncio.sleep(QUIET_S)
        if name in GAPS:
            self.gapped.add(here.code)
        if isinstance(planted, OneSide):
            self.expected[planted.agency] |= planted.keys
            self.told += [planted] if planted.is_told else []
            return
        for keys in self.expected.values():
            keys |= planted

    def _told_to(self, agency: Agency) -> Keys:
        """Return what the other side has told an agency."""
        heard = [one for one in self.told if one.agency not in {agency.code, *self.gapped}]
        return {key for one in heard for key in one.keys}

    def _drawn(self, world: World) -> tuple[str, ...]:
        """Draw one or two plants; a line that is late for a month is given up, and not missing."""
        names = sorted(PLANTS)
        first, second = world.dice.choice(names), world.dice.choice(names)
        apart = {first, second}
        if (
            len(apart) == 1
            or apart in APART
            or (apart & OF_A_DAY and any(PLANTS[name][1] == MONTH for name in apart))
        ):
            return (first,)
        return (first, second)
