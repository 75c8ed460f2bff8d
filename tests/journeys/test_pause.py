# SPDX-License-Identifier: Apache-2.0
"""A pause in the life of two nodes: over restarts and backups, however the partner is reached."""

import asyncio

import pytest
from exchange.errors import LinkPausedError
from exchange.ids import LinkId
from exchange.messages.filling import fill
from exchange.service.drafts import Fate, Sent, send
from exchange.service.pausing import end_pause, pause
from exchange.service.reconcile import reconcile, refresh
from exchange.service.rows import LinkState, MessageState
from tests.attacks.test_one_faulty_link import LA, QUESTION
from tests.support.couriers import Courier, by_files
from tests.support.notices import notice, sources
from tests.support.world import KH, OFFICER, SECOND, VN, Agency, Pair, World

WHY = "asked by the partner to wait"


async def put(world: World, agency: Agency, count: int = 1) -> list[Sent]:
    """Let an officer send notices; return what became of each."""
    partner = VN if agency is world.kh else KH
    documents = [notice(agency.node, partner, country=partner[:2]) for _ in range(count)]
    return [await send(agency.node, world.link, document, OFFICER) for document in documents]


async def stop(world: World, agency: Agency) -> None:
    await pause(agency.node, world.link, reason=WHY, officer=OFFICER)


async def go_on(world: World, agency: Agency) -> None:
    await end_pause(agency.node, world.link, actors=(OFFICER, SECOND))


def gate(world: World, agency: Agency) -> LinkState:
    return agency.node.presence.of(world.link).gate


async def is_settled(world: World, count: int) -> bool:
    """Return whether both sides have so many messages, each of them accepted."""
    for agency in world.agencies:
        rows = await agency.store.read(lambda uow: uow.messages.list(limit=500))
        if [row.state for row in rows] != [MessageState.ACCEPTED] * count:
            return False
    return True


async def demand_equal(world: World) -> None:
    for agency in world.agencies:
        await refresh(agency.node, world.link)
        found = await reconcile(agency.node, world.link)
        assert found.agrees, found.differences


@pytest.mark.parametrize("caller", ["neither", "paused", "partner"])
def test_a_pause_outlives_restarts_of_both_sides(caller: str) -> None:
    """The paused side listens and calls, only calls, or is only called."""

    async def story(world: World) -> None:
        await world.open()
        await put(world, world.kh, 3)
        await stop(world, world.kh)
        await put(world, world.kh, 2)
        await put(world, world.vn, 2)
        for _ in range(3):
            for agency in world.agencies:
                agency.crash()
                await asyncio.sleep(30)
                agency.start()
            await asyncio.sleep(300)
            assert gate(world, world.kh) is LinkState.PAUSED
            assert gate(world, world.vn) is not LinkState.PAUSED
        before = world.kh.store.snapshot()
        await asyncio.sleep(3_600)
        assert world.kh.store.snapshot() == before

        await go_on(world, world.kh)
        await world.open()
        await world.until(lambda: is_settled(world, 7))
        await demand_equal(world)

    world = World(31)
    world.kh.only_calls, world.vn.only_calls = caller == "paused", caller == "partner"
    world.run(story)


def test_a_pause_is_in_a_backup_that_was_made_meanwhile() -> None:
    async def story(world: World) -> None:
        await world.open()
        await put(world, world.kh, 3)
        await world.until(lambda: is_settled(world, 3))
        await stop(world, world.kh)
        backup = world.kh.store.snapshot()
        await go_on(world, world.kh)
        await world.open()
        await put(world, world.kh, 2)
        await world.until(lambda: is_settled(world, 5))

        world.kh.crash()
        world.kh.start(backup)
        await asyncio.sleep(600)

        assert gate(world, world.kh) is LinkState.PAUSED
        assert await world.kh.store.read(lambda uow: uow.messages.list(limit=10)) != []
        assert (await put(world, world.kh))[0].reason == "paused"
        await go_on(world, world.kh)
        await world.open()
        await world.until(lambda: is_settled(world, 6))
        await demand_equal(world)

    World(32).run(story)


def test_both_sides_pause_and_each_ends_its_own() -> None:
    async def story(world: World) -> None:
        await world.open()
        for agency in world.agencies:
            await stop(world, agency)
            await put(world, agency, 2)
        await asyncio.sleep(600)
        await go_on(world, world.kh)
        await asyncio.sleep(600)
        assert gate(world, world.vn) is LinkState.PAUSED
        assert not await is_settled(world, 4)

        await go_on(world, world.vn)
        await world.open()
        await world.until(lambda: is_settled(world, 4))
        await demand_equal(world)

    World(33).run(story)


@pytest.mark.parametrize("seed", range(4))
def test_pauses_in_a_rough_network_lose_and_double_nothing(seed: int) -> None:
    async def story(world: World) -> None:
        world.weather.rough, world.weather.slowest_s = True, 3.0
        await world.open()
        count = 0
        for turn in range(6):
            one = world.agencies[turn % 2]
            await put(world, world.kh, 4)
            await put(world, world.vn, 4)
            count += 8
            await asyncio.sleep(turn)
            await stop(world, one)
            before = one.store.snapshot()
            await asyncio.sleep(90)
            assert one.store.snapshot() == before
            await go_on(world, one)
            await asyncio.sleep(30)
        world.weather.rough = False
        await world.open()

        await world.until(lambda: is_settled(world, count))
        await demand_equal(world)

    World(40 + seed).run(story)


def test_another_partner_is_not_touched() -> None:
    async def story(world: World) -> None:
        await world.open()
        third, link = world.third, world.third_link
        assert third is not None
        assert link is not None
        await world.until(lambda: _is_open(world.kh, link))
        await stop(world, world.kh)
        document = fill(QUESTION, sources(world.kh.node, third.code)).document

        sent = await send(world.kh.node, link, document, OFFICER)

        assert sent.fate is Fate.RELEASED
        await world.until(lambda: _has_arrived(third))

    World(34, pair=Pair(third=LA)).run(story)


async def _is_open(agency: Agency, link: LinkId) -> bool:
    return agency.node.presence.of(link).gate is LinkState.OPEN


async def _has_arrived(agency: Agency) -> bool:
    return bool(await agency.store.read(lambda uow: uow.messages.list(limit=5)))


def test_by_files_nothing_is_written_or_read_until_two_end_it() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        await put(world, world.kh, 2)
        await put(world, world.vn, 2)
        theirs = await courier.write(world.vn)
        await stop(world, world.kh)
        assert (await put(world, world.kh))[0].fate is Fate.WAITING
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(60)
        for act in (courier.write(world.kh), courier.read(world.kh, theirs)):
            with pytest.raises(LinkPausedError):
                await act

        await go_on(world, world.kh)
        await world.open()
        await courier.read(world.kh, theirs)
        await asyncio.sleep(60)
        for _ in range(3):
            await courier.carry(world.kh)
            await courier.carry(world.vn)
        assert await is_settled(world, 5)
        await demand_equal(world)

    by_files(35).run(story)
