# SPDX-License-Identifier: Apache-2.0
"""Time stamps over the heads of statements: asked for, kept, repeated, and never waited for."""

import asyncio
from datetime import UTC, datetime, timedelta

from exchange.errors import TransportError
from exchange.ledger.notes import head_text, read_head
from exchange.service.ledgers import HeadStamp
from exchange.service.stamping import Standing, stamp_heads, standings_of
from exchange.service.surroundings import Stamp
from tests.support.anew import until_open
from tests.support.ledger_world import exchange_some, jump, play
from tests.support.world import Agency, Pair, World

LATE = Pair(start=datetime(2027, 10, 4, 23, 30, tzinfo=UTC))
HOUR = timedelta(hours=1)


class StamperInMemory:
    """The `Stamper` port: an authority that can be silent, and remembers what it was asked."""

    def __init__(self, agency: Agency, name: str = "tsa.example") -> None:
        self.name = name
        self.agency = agency
        self.is_up = True
        self.asked: list[bytes] = []

    async def stamp(self, text: bytes) -> Stamp:
        self.asked.append(text)
        if not self.is_up:
            raise TransportError("no answer", reason="stamp_unreachable")
        return Stamp(b"a stamp over " + text, self.agency.clock.now())


async def day_after(world: World) -> None:
    await asyncio.sleep(60)
    await jump(world, timedelta(hours=2))
    await asyncio.sleep(3 * 3_600)


async def with_stampers(agency: Agency, *stampers: StamperInMemory) -> None:
    """Give an agency authorities; they count from its next start."""
    agency.stampers = stampers
    agency.crash()
    agency.start()
    await until_open(agency.world)


async def stamps(agency: Agency) -> list[HeadStamp]:
    return await agency.store.read(
        lambda uow: uow.stamps.page(agency.world.link, agency.code, epoch=1, after=(0, ""), limit=9)
    )


async def standings(agency: Agency) -> list[Standing]:
    return await agency.store.read(lambda uow: standings_of(uow, agency.node, agency.world.link))


def test_head_of_a_statement_is_stamped_by_every_authority() -> None:
    async def story(world: World) -> None:
        one, two = StamperInMemory(world.kh), StamperInMemory(world.kh, "tsa.other")
        await with_stampers(world.kh, one, two)
        await exchange_some(world)
        await day_after(world)

        found = await stamps(world.kh)
        assert [stamp.tsa for stamp in found] == ["tsa.example", "tsa.other"]
        size = found[0].size
        head = await world.kh.store.read(lambda uow: uow.logs.head_within(world.link, world.kh.code, size))
        assert head
        assert one.asked == two.asked == [head_text(read_head(head.note).claimed).encode()]
        assert [one.is_missing for one in await standings(world.kh)] == [False, False]

    play(story, pair=LATE)


def test_silent_authority_is_asked_again_after_an_hour_and_stops_nothing() -> None:
    async def story(world: World) -> None:
        silent = StamperInMemory(world.kh)
        silent.is_up = False
        await with_stampers(world.kh, silent)
        await exchange_some(world)
        await day_after(world)

        asked = len(silent.asked)
        assert 1 <= asked <= 5
        assert await stamps(world.kh) == []
        assert (await standings(world.kh))[0] == Standing("tsa.example", None, True)
        await exchange_some(world)
        silent.is_up = True
        await asyncio.sleep(3_700)
        assert [stamp.tsa for stamp in await stamps(world.kh)] == ["tsa.example"]

    play(story, pair=LATE)


def test_stamped_head_is_not_stamped_again() -> None:
    async def story(world: World) -> None:
        stamper = StamperInMemory(world.kh)
        await with_stampers(world.kh, stamper)
        await exchange_some(world)
        await day_after(world)

        for _ in range(3):
            await stamp_heads(world.kh.node, world.link)

        assert len(stamper.asked) == len(await stamps(world.kh)) == 1

    play(story, pair=LATE)


def test_without_a_statement_nothing_is_stamped() -> None:
    async def story(world: World) -> None:
        stamper = StamperInMemory(world.kh)
        await with_stampers(world.kh, stamper)
        await exchange_some(world)

        await stamp_heads(world.kh.node, world.link)

        assert stamper.asked == []
        assert await standings(world.kh) == [Standing("tsa.example", None, False)]

    play(story, pair=LATE)
