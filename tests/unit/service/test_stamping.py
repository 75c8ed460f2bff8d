# SPDX-License-Identifier: Apache-2.0
"""Time stamps over the heads of statements: asked for, kept, repeated, and never waited for."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exchange.errors import TransportError
from exchange.ledger.notes import head_text, read_head
from exchange.service.ledgers import HeadStamp
from exchange.service.stamping import Standing, stamp_heads, standings_of
from exchange.service.surroundings import Stamp
from exchange.verifier.verify import verify_pack
from tests.support.anew import until_open
from tests.support.evidence import export
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
    await asyncio.sleep(120)


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


def test_head_of_a_statement_is_stamped_once_by_every_authority_and_goes_into_packs(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        one, two = StamperInMemory(world.kh), StamperInMemory(world.kh, "tsa.other")
        await with_stampers(world.kh, one, two)
        await exchange_some(world)
        await day_after(world)
        await jump(world, HOUR)

        found = await stamps(world.kh)
        size = found[0].size
        head = await world.kh.store.read(lambda uow: uow.logs.head_within(world.link, world.kh.code, size))
        assert head
        assert [stamp.tsa for stamp in found] == ["tsa.example", "tsa.other"]
        assert one.asked == two.asked == [head_text(read_head(head.note).claimed).encode()]
        assert [one.is_missing for one in await standings(world.kh)] == [False, False]
        ours = verify_pack(export(world.kh, tmp_path / "kh.pack"))
        theirs = verify_pack(export(world.vn, tmp_path / "vn.pack"))
        assert [log.signed_again for log in ours.logs.values()] == [1, 1]
        assert [log.signed_again for log in theirs.logs.values()] == [1, 1]
        assert [len(log.stamps) for log in ours.logs.values()] == [2, 0]
        assert theirs.holds
        assert "is of something else" in ours.faults[0], "the authority in memory stamps nothing"

    play(story, pair=LATE)


def test_silent_authority_is_asked_again_after_an_hour_and_stops_nothing() -> None:
    async def story(world: World) -> None:
        silent = StamperInMemory(world.kh)
        silent.is_up = False
        await with_stampers(world.kh, silent)
        await exchange_some(world)
        await day_after(world)

        assert len(silent.asked) == 1
        assert (await standings(world.kh))[0] == Standing("tsa.example", None, True)
        await exchange_some(world)
        silent.is_up = True
        await jump(world, HOUR)
        await asyncio.sleep(60)
        assert [stamp.tsa for stamp in await stamps(world.kh)] == ["tsa.example"]
        assert len(silent.asked) == 2

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
