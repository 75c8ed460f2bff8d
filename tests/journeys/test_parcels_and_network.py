# SPDX-License-Identifier: Apache-2.0
"""Parcels beside the network: the same lines by both ways, in any order, while the line is bad or down."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import ExchangeError, GateClosedError
from exchange.service.reconcile import reconcile, refresh
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.couriers import Courier
from tests.support.notices import notice
from tests.support.staff import Desks
from tests.support.world import KH, OFFICER, SECOND, VN, Agency, World


async def send(world: World, agency: Agency) -> int:
    partner, country = (VN, "VN") if agency is world.kh else (KH, "KH")
    document = notice(agency.node, partner, country=country)
    return (await release(agency.node, world.link, document, officer=OFFICER)).seq


async def states(world: World, agency: Agency, direction: Direction) -> list[MessageState]:
    rows: Any = await agency.store.read(lambda uow: uow.messages.numbers(world.link, direction, 1, 500))
    return [row.state for row in rows]


async def demand_agreement(world: World, messages: int) -> None:
    """Everything was accepted once, and both ledgers agree."""
    for agency in world.agencies:
        assert await refresh(agency.node, world.link)
    for agency in world.agencies:
        assert await states(world, agency, Direction.OUT) == [MessageState.ACCEPTED] * messages
        assert await states(world, agency, Direction.IN) == [MessageState.ACCEPTED] * messages
        found = await reconcile(agency.node, world.link)
        assert found.agrees, found.differences


def test_a_line_in_a_parcel_is_offered_on_the_network_at_once() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        world.weather.down = True
        for agency in world.agencies:
            await send(world, agency)
        paths = [await courier.write(agency) for agency in world.agencies]
        world.weather.down = False
        await asyncio.sleep(120)

        taken = [
            await courier.read(world.other(a), path) for a, path in zip(world.agencies, paths, strict=True)
        ]

        assert [(one.messages, one.known) for one in taken] == [(0, 1), (0, 1)]
        await demand_agreement(world, 1)

    World(51).run(story)


def test_a_parcel_bridges_an_outage_and_the_network_finds_nothing_to_do() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        world.weather.down = True
        for agency in (*world.agencies, *world.agencies):
            await send(world, agency)
        await courier.carry(world.kh)
        await courier.carry(world.vn)
        assert await states(world, world.kh, Direction.OUT) == [MessageState.ACCEPTED] * 2
        world.weather.down = False

        await asyncio.sleep(300)

        await demand_agreement(world, 2)

    World(52).run(story)


@pytest.mark.parametrize("seed", range(60, 66))
def test_the_same_lines_by_both_ways_in_any_order(seed: int) -> None:
    """Bad weather, parcels read late, twice and out of order, processes that end in between."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        world.weather.lose, world.weather.double = 0.3, 0.2
        waiting: list[tuple[Agency, str]] = []
        for _ in range(6):
            for agency in world.agencies:
                await send(world, agency)
                waiting.append((world.other(agency), await courier.write(agency)))
            await asyncio.sleep(world.dice.uniform(0, 40))
            world.dice.shuffle(waiting)
            reader, path = waiting[0] if world.chance(0.4) else waiting.pop()
            await courier.read(reader, path)
            if world.chance(0.4):
                agency = world.dice.choice(world.agencies)
                agency.crash()
                agency.start()
                await world.open()
        world.weather.lose = world.weather.double = 0.0
        for reader, path in waiting:
            await courier.read(reader, path)
        await asyncio.sleep(300)

        await demand_agreement(world, 6)

    World(seed).run(story)


def test_after_a_start_the_gate_of_the_network_is_asked_before_a_parcel_is_taken() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        await send(world, world.kh)
        path = await courier.write(world.kh)
        world.weather.down = True
        world.vn.crash()
        world.vn.start()
        await asyncio.sleep(5)

        with pytest.raises(GateClosedError):
            await courier.read(world.vn, path)
        assert await states(world, world.vn, Direction.IN) == []

        world.weather.down = False
        await world.open()
        await courier.read(world.vn, path)
        assert await states(world, world.vn, Direction.IN) == [MessageState.ACCEPTED]

    World(53).run(story)


def test_without_a_line_two_persons_of_each_side_let_parcels_go_on(tmp_path: Path) -> None:
    """Both were started while the line is down; when it is back, there is nothing to do."""

    async def story(world: World) -> None:
        courier, desks = Courier(world), Desks(world, tmp_path)
        await desks.open()
        await send(world, world.kh)
        world.weather.down = True
        await asyncio.sleep(60)
        await send(world, world.kh)
        for agency in world.agencies:
            agency.crash()
            agency.start()
        await asyncio.sleep(5)
        told = await courier.write(world.kh)
        with pytest.raises(GateClosedError, match="was not reached since the start"):
            await courier.read(world.vn, told)

        await desks.vn("partner.resume", partner="", second=SECOND)
        await courier.read(world.vn, told)
        with pytest.raises(GateClosedError):
            await courier.carry(world.vn)
        await desks.kh("partner.resume", partner="", second=SECOND)
        await courier.carry(world.vn)
        await courier.carry(world.kh)
        await courier.carry(world.vn)
        assert await states(world, world.kh, Direction.OUT) == [MessageState.ACCEPTED] * 2

        world.weather.down = False
        await asyncio.sleep(300)
        for agency in world.agencies:
            assert await refresh(agency.node, world.link)
            found = await reconcile(agency.node, world.link)
            assert (found.agrees, found.matched) == (True, 2), found.differences

    World(55).run(story)


def test_two_persons_do_not_open_an_old_store_by_a_parcel(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        courier, desks = Courier(world), Desks(world, tmp_path)
        await desks.open()
        backup = world.kh.store.snapshot()
        await send(world, world.kh)
        await courier.carry(world.kh)
        told = await courier.write(world.vn)
        world.weather.down = True
        world.kh.crash()
        world.kh.start(backup)
        await asyncio.sleep(5)
        await desks.kh("partner.resume", partner="", second=SECOND)

        with pytest.raises(ExchangeError) as caught:
            await courier.read(world.kh, told)

        assert caught.value.reason == "partner_ahead"
        assert world.kh.node.presence.of(world.link).gate is not LinkState.OPEN

    World(56).run(story)


def test_a_parcel_that_shows_an_old_store_lets_the_network_bring_the_rest_back() -> None:
    """The gate closes, is asked again, and what the partner holds comes back."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        backup = world.kh.store.snapshot()
        await send(world, world.kh)
        await courier.carry(world.kh)
        told = await courier.write(world.vn)
        world.weather.down = True
        world.kh.crash()
        world.kh.start(backup)
        await asyncio.sleep(5)

        with pytest.raises(ExchangeError) as caught:
            await courier.read(world.kh, told)
        assert caught.value.reason == "partner_ahead"
        world.weather.down = False
        await world.open()

        assert world.kh.node.presence.of(world.link).gate is LinkState.OPEN
        await asyncio.sleep(120)
        assert await states(world, world.kh, Direction.OUT) == [MessageState.ACCEPTED]
        await courier.read(world.kh, told)

    World(54).run(story)
