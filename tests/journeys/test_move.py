# SPDX-License-Identifier: Apache-2.0
"""A node moves to another address in the middle of messages; nothing is lost, doubled or reordered."""

import asyncio

import pytest
from exchange.protocol.cards import Card
from exchange.service.addresses import decide, standing_of
from exchange.service.keyplaces import take_card
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import CardRow, LinkState, MessageState
from tests.support.checks import demand_whole, sent, settle
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, SECOND, VN, Agency, World

OLD, NEW = "https://exchange.example:18443", "https://new.example:8443"
LONG_S = 900.0


async def write(world: World, *agencies: Agency) -> None:
    """Let each agency release three notices."""
    for agency in agencies:
        for _ in range(3):
            document = notice(agency.node, VN if agency is world.kh else KH)
            await release(agency.node, world.link, document, officer=OFFICER)


async def move(world: World) -> Card:
    """Let VN stop at its old address and start at the new one, with the card that names it."""
    world.vn.crash()
    card = world.vn.identity.but(serial=2, addresses=(NEW,)).card
    row = CardRow(card.agency, card.serial, card.raw, card.digest, world.vn.clock.now())
    await world.vn.store.write(lambda uow: uow.links.add_card(row))
    world.vn.place = NEW
    world.vn.start()
    return card


async def agree(world: World, *, takes: bool = True) -> None:
    """Let two officers of KH decide about the new address of VN."""
    link = await world.kh.store.read(lambda uow: uow.links.get(world.link))
    assert link is not None
    await decide(world.kh.node, link, NEW, takes=takes, actors=(OFFICER, SECOND))


async def called(world: World) -> str:
    def unit(uow: UnitOfWork) -> str:
        return standing_of(uow, pairing_of(uow, world.kh.node, world.link).partner_card).in_use

    return await world.kh.store.read(unit)


async def demand_all_accepted(world: World, count: int) -> None:
    await settle(world)
    await demand_whole(world)
    for agency in world.agencies:
        assert "task_failed" not in {event for event, _ in agency.noted.events}
        rows = await sent(agency)
        assert (len(rows), {row.state for row in rows}) == (count, {MessageState.ACCEPTED})


def moving_world(seed: int) -> World:
    world = World(seed)
    world.vn.place = OLD
    return world


@pytest.mark.parametrize("seed", range(3))
def test_messages_go_on_by_the_calls_of_the_moved_node_and_then_both_ways(seed: int) -> None:
    async def story(world: World) -> None:
        world.weather.lose = world.weather.double = 0.2
        await world.open()
        await write(world, *world.agencies)
        await move(world)
        await world.open()
        await write(world, *world.agencies)
        await settle(world)
        waiting = await called(world)

        await agree(world)
        await write(world, *world.agencies)

        await demand_all_accepted(world, 9)
        assert (waiting, await called(world)) == (OLD, NEW)

    moving_world(seed).run(story)


def test_a_refused_address_is_never_called_and_messages_go_on() -> None:
    async def story(world: World) -> None:
        await world.open()
        await move(world)
        await world.open()
        await agree(world, takes=False)

        await write(world, *world.agencies)

        await demand_all_accepted(world, 3)
        assert await called(world) == OLD

    moving_world(4).run(story)


def test_a_partner_that_only_calls_learns_the_new_address_from_a_card_in_a_file() -> None:
    """It cannot reach the old address, and the moved node cannot call it."""

    async def story(world: World) -> None:
        await world.open()
        await write(world, *world.agencies)
        card = await move(world)
        await write(world, world.kh)
        await asyncio.sleep(LONG_S)
        unknown = await called(world)
        stuck = [row for row in await sent(world.kh) if row.state is MessageState.QUEUED]

        await take_card(world.kh.node, VN, card.raw)
        waiting = await called(world)
        await agree(world)
        await world.open()
        await write(world, world.vn)

        await demand_all_accepted(world, 6)
        assert (unknown, waiting, await called(world), len(stuck) >= 3) == (OLD, OLD, NEW, True)

    world = moving_world(5)
    world.kh.only_calls = True
    world.run(story)


def test_a_restart_of_the_partner_meanwhile_holds_messages_up_until_it_has_decided() -> None:
    """Its gate asks at the old address only; nothing is lost."""

    async def story(world: World) -> None:
        await world.open()
        await move(world)
        await world.open()
        world.kh.crash()
        world.kh.start()
        await asyncio.sleep(LONG_S)
        gate = world.kh.node.presence.of(world.link).gate

        await agree(world)
        await world.open()
        await write(world, *world.agencies)

        await demand_all_accepted(world, 3)
        assert gate is LinkState.CLOSED

    moving_world(6).run(story)


def test_a_moved_node_asks_for_news_only_until_its_partner_calls_it() -> None:
    async def story(world: World) -> None:
        await world.open()
        await move(world)
        await world.open()
        asked = await calls_in(world, LONG_S)

        await agree(world)
        await write(world, world.kh)
        await settle(world)
        await asyncio.sleep(LONG_S)

        assert asked >= LONG_S / 60
        assert await calls_in(world, LONG_S) == 0

    moving_world(7).run(story)


async def calls_in(world: World, seconds: float) -> int:
    before = world.calls
    await asyncio.sleep(seconds)
    return world.calls - before
