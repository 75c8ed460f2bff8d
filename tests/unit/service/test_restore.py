# SPDX-License-Identifier: Apache-2.0
"""An old store comes back: nothing is written before the partner gave back what is missing (rule 26)."""

import asyncio

import pytest
from exchange.errors import GateClosedError
from exchange.ids import Digest
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState
from exchange.service.void import give_up
from tests.support.checks import (
    demand_whole,
    exchange_all,
    log_of,
    next_number,
    sent,
    settle,
)
from tests.support.erasing import MAI, erase, group_notice
from tests.support.notices import notice
from tests.support.restoring import picture, restore, talk
from tests.support.world import KH, OFFICER, VN, World

MANY = 26
"""Notices and as many decisions: more than one page of a refill."""


@pytest.mark.parametrize("side", ["kh", "vn"])
def test_a_restored_store_is_refilled_from_the_partner(side):
    async def story(world):
        await world.open()
        await talk(world, 2)
        agency = getattr(world, side)
        snapshot = agency.store.snapshot()
        await talk(world, MANY)
        before = await picture(agency)
        restore(agency, snapshot)
        with pytest.raises(GateClosedError):
            await release(agency.node, world.link, notice(agency.node, VN), officer=OFFICER)
        await world.open()
        await exchange_all(agency)
        after = await picture(agency)
        for name, value in before.items():
            assert after[name] == value, name
        assert [event for event, _ in agency.noted.events].count("refill_ends") == 1
        await talk(world, 2)
        await demand_whole(world)

    World(seed=11).run(story)


def test_a_message_given_up_after_it_was_accepted_comes_back_accepted():
    """The acceptance stands (design 4.6): the verdict was under way when the number was given up."""

    async def story(world):
        await world.open()
        snapshot = world.kh.store.snapshot()
        world.weather.slowest_s = 20.0
        done = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await world.until(lambda: has_arrived(world.vn, done.seq))
        await give_up(world.kh.node, world.link, done.seq, code="withdrawn", actor=OFFICER)
        world.weather.slowest_s = 0.05
        await settle(world)
        before = await picture(world.kh)
        restore(world.kh, snapshot)
        await world.open()
        await exchange_all(world.kh)
        after = await picture(world.kh)
        assert (after["messages"], after["cases"]) == (before["messages"], before["cases"])
        assert [row[3] for row in after["messages"][0]] == ["accepted"]
        await demand_whole(world)

    World(seed=13).run(story)


async def has_arrived(agency, seq):
    row = await agency.store.read(lambda uow: uow.messages.by_seq(agency.world.link, Direction.IN, seq))
    return row is not None


def test_the_empty_store_of_a_new_enrolment_is_refilled_whole():
    async def story(world):
        await world.open()
        await talk(world, 3)
        before = await picture(world.kh)
        restore(world.kh, world.snapshots[KH])
        await world.open()
        await exchange_all(world.kh)
        assert await picture(world.kh) == before
        await talk(world, 1)
        await demand_whole(world)

    World(seed=12).run(story)


@pytest.mark.parametrize(("restored", "eraser"), [("kh", "vn"), ("vn", "kh")])
def test_a_message_of_which_a_part_was_erased_comes_back_as_envelope_and_verdict(restored, eraser):
    """What is left of it would not give the commitment: it is neither shown nor taken for a fault."""

    async def story(world):
        agency, other = getattr(world, restored), getattr(world, eraser)
        await group_notice(world)
        before = await picture(agency)
        await erase(other, MAI)
        restore(agency, world.snapshots[agency.code])
        await world.open()
        await exchange_all(agency)

        after = await picture(agency)
        assert {name: after[name] for name in ("own", "copy", "next")} == {
            name: before[name] for name in ("own", "copy", "next")
        }
        rows = [[(seq, id, state) for seq, id, _, state, _ in side] for side in after["messages"]]
        assert rows == [[(seq, id, state) for seq, id, _, state, _ in side] for side in before["messages"]]
        assert not any(after["contents"].values())
        await talk(world, 1)
        assert await log_of(world.kh, world.kh) == await log_of(world.vn, world.kh)

    World(seed=14).run(story)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("place", range(1, 8))
def test_a_refill_that_is_killed_goes_on_where_it_stopped(place, moment):
    async def story(world):
        await world.open()
        await talk(world, 1)
        snapshot = world.vn.store.snapshot()
        await talk(world, MANY)
        before = await picture(world.vn)
        restore(world.vn, snapshot)
        world.vn.crash_at(moment, commit=place)
        for _ in range(600):
            await asyncio.sleep(1)
            if not world.vn.is_up:
                world.vn.start()
        await world.open()
        await exchange_all(world.vn)
        assert await picture(world.vn) == before
        await talk(world, 1)
        await demand_whole(world)

    World(seed=13).run(story)


def test_a_high_water_file_ahead_of_store_and_partner_keeps_the_gate_closed():
    """What nobody can give back is decided by people."""

    async def story(world):
        await world.open()
        await settle(world)
        snapshot = world.kh.store.snapshot()
        world.weather.down = True
        await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await asyncio.sleep(30)
        size = len(await log_of(world.kh, world.kh))
        assert world.kh.high_water.marks[world.link][1] == size
        restore(world.kh, snapshot)
        world.weather.down = False
        await asyncio.sleep(600)
        presence = world.kh.node.presence.of(world.link)
        assert (presence.gate, presence.reason) == (LinkState.CLOSED, "high_water_ahead")
        with pytest.raises(GateClosedError):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        assert len(await log_of(world.kh, world.kh)) == size - 1

    World(seed=14).run(story)


def test_a_missing_high_water_file_keeps_the_gate_closed():
    async def story(world):
        await world.open()
        await settle(world)
        world.kh.crash()
        del world.kh.high_water.marks[world.link]
        world.kh.start()
        await asyncio.sleep(300)
        presence = world.kh.node.presence.of(world.link)
        assert (presence.gate, presence.reason) == (LinkState.CLOSED, "high_water_missing")

    World(seed=15).run(story)


def test_a_high_water_file_of_another_history_freezes_the_link():
    async def story(world):
        await world.open()
        await asyncio.sleep(120)
        epoch, size, _, number = world.kh.high_water.marks[world.link]
        world.kh.crash()
        world.kh.high_water.marks[world.link] = (epoch, size, Digest("A" * 43), number)
        world.kh.start()
        await asyncio.sleep(300)
        presence = world.kh.node.presence.of(world.link)
        assert (presence.gate, presence.reason) == (LinkState.FROZEN, "log_forked")

    World(seed=16).run(story)


def test_two_histories_of_one_log_freeze_the_link_and_it_stays_frozen():
    """The old store wrote on while its copy was running elsewhere: only people can go on."""

    async def story(world):
        await world.open()
        await settle(world)
        snapshot, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
        await talk(world, 2)
        other = world.vn.store.snapshot()
        world.vn.crash()
        world.kh.crash()
        world.kh.high_water.marks = marks
        world.kh.start(snapshot)
        world.vn.start(world.snapshots[VN])
        world.vn.high_water.marks.clear()
        world.kh.node.presence.of(world.link).gate = LinkState.OPEN
        await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        world.kh.crash()
        world.vn.crash()
        world.vn.start(other)
        world.kh.start()
        await asyncio.sleep(120)
        presence = world.kh.node.presence.of(world.link)
        assert presence.gate in (LinkState.FROZEN, LinkState.CLOSED)
        with pytest.raises(GateClosedError):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        size = len(await log_of(world.kh, world.kh))
        await asyncio.sleep(600)
        assert len(await log_of(world.kh, world.kh)) == size

    World(seed=17).run(story)


def test_both_restored_at_once_keep_every_leaf_that_one_of_them_holds():
    async def story(world):
        await world.open()
        await talk(world, 2)
        snapshot = world.kh.store.snapshot()
        await talk(world, 4)
        before = len(await sent(world.kh)), await next_number(world.kh, world.link)
        world.vn.crash()
        restore(world.kh, snapshot)
        await asyncio.sleep(30)
        assert world.kh.node.presence.of(world.link).gate is LinkState.CLOSED
        world.vn.start()
        await world.open()
        await exchange_all(world.kh)
        assert (len(await sent(world.kh)), await next_number(world.kh, world.link)) == before
        await demand_whole(world)

    World(seed=18).run(story)
