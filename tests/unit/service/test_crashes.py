# SPDX-License-Identifier: Apache-2.0
"""A process that dies at any commit: afterwards everything is done exactly once (rules 14, 16, 17)."""

import asyncio

import pytest
from exchange.errors import NodeError
from exchange.service.release import release
from exchange.service.rows import Direction
from tests.support.checks import demand_whole, keep_up, log_of, rows, sent, settle
from tests.support.notices import decision, notice
from tests.support.world import KH, OFFICER, VN, SimulatedCrashError, World

MOMENTS = ("before", "after")
PLACES = range(1, 9)


async def until_sent(agency, document):
    """Release a document as an officer does who looks after a crash whether it was sent."""
    world = agency.world
    before = len(await sent(agency))
    while len(await sent(agency)) == before:
        if not agency.is_up:
            await asyncio.sleep(1)
            agency.start()
        try:
            await release(agency.node, world.link, document, officer=OFFICER)
        except (SimulatedCrashError, NodeError):
            await asyncio.sleep(1)
    return before + 1


async def play(world):
    """A notice of two persons, then its decision; whoever died is started again."""
    await until_sent(world.kh, notice(world.kh.node, VN, persons=2))
    await settle(world)
    received = await world.vn.store.read(lambda uow: document(uow, world))
    await until_sent(world.vn, decision(world.vn.node, KH, received, refuse=1))
    await settle(world)


def document(uow, world):
    from exchange.service.meaning import document_of

    return document_of(uow, uow.messages.by_seq(world.link, Direction.IN, 1))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("side", ["kh", "vn"])
def test_a_crash_at_a_commit_loses_and_doubles_nothing(side, place, moment):
    async def story(world):
        await world.open()
        agency = getattr(world, side)
        agency.crash_at(moment, commit=place)
        reviver = asyncio.create_task(keep_up(world))
        await play(world)
        reviver.cancel()
        assert len(await sent(world.kh)) == len(await sent(world.vn)) == 1
        await demand_whole(world)
        verdicts = [b'"ev":"rcvd"' in leaf for side in world.agencies for leaf in await log_of(side, side)]
        assert sum(verdicts) == 2

    World(seed=place).run(story)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("place", range(1, 4))
@pytest.mark.parametrize("side", ["kh", "vn"])
def test_a_crash_while_the_gate_opens_for_the_first_time_begins_one_log(side, place, moment):
    async def story(world):
        getattr(world, side).crash_at(moment, commit=place)
        reviver = asyncio.create_task(keep_up(world))
        await world.open()
        await play(world)
        reviver.cancel()
        for agency in world.agencies:
            opened = [leaf for leaf in await log_of(agency, agency) if b'"ev":"open"' in leaf]
            assert len(opened) == 1
        await demand_whole(world)

    World(seed=place).run(story)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_release_that_dies_is_either_there_or_not(moment):
    async def story(world):
        await world.open()
        before = await log_of(world.kh, world.kh)
        world.kh.crash_at(moment)
        with pytest.raises(SimulatedCrashError):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await asyncio.sleep(0)
        world.kh.start()
        there = 1 if moment == "after" else 0
        assert len(await sent(world.kh)) == there
        assert len(await log_of(world.kh, world.kh)) == len(before) + there
        await settle(world)
        assert len(await rows(world.vn, Direction.IN)) == there

    World(seed=3).run(story)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_recipient_that_dies_before_its_answer_gives_one_verdict(moment):
    """Rule 14: no receipt before the commit; rule 16: the same line again gets the same leaves."""

    async def story(world):
        await world.open()
        await world.until(lambda: quiet(world))
        world.vn.crash_at(moment)
        await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await world.until(lambda: down(world.vn))
        state = (await sent(world.kh))[0].state.value
        assert state == "queued"
        assert len(await rows(world.vn, Direction.IN)) == (1 if moment == "after" else 0)
        await settle(world)
        await demand_whole(world)

    World(seed=4).run(story)


async def quiet(world):
    """Return True a while after the first frames have passed."""
    return world.loop.time() > 120


async def down(agency):
    return not agency.is_up


def test_both_sides_dying_again_and_again_lose_nothing():
    async def story(world):
        await world.open()
        reviver = asyncio.create_task(keep_up(world))

        async def trouble():
            while True:
                await asyncio.sleep(world.dice.uniform(1, 6))
                world.dice.choice(world.agencies).crash()

        troubles = asyncio.create_task(trouble())
        for _ in range(6):
            await until_sent(world.kh, notice(world.kh.node, VN))
        await asyncio.sleep(60)
        troubles.cancel()
        reviver.cancel()
        await settle(world)
        assert len(await sent(world.kh)) == 6
        await demand_whole(world)

    World(seed=5).run(story)
