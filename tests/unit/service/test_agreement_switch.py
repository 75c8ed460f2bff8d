# SPDX-License-Identifier: Apache-2.0
"""Both sides change to a new version of the agreement while messages are under way (design 4.1)."""

import asyncio
from dataclasses import replace

import pytest
from exchange.protocol.suites import Suite
from exchange.service.agreements import compare_notes, give_up, keep_agreed, propose, sign
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.checks import contents, demand_whole, next_number, rows, sent, settle
from tests.support.new_versions import (
    TWO,
    agree,
    next_version,
    numbers_of,
    signed_by,
    switched,
    switches_of,
)
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, VN, World


async def send_many(agency, count):
    """Release notices, as officers of one side do, while everything else runs."""
    world = agency.world
    for number in range(count):
        partner = world.other(agency).code
        draft = notice(agency.node, partner, country=str(partner)[:2])
        await release(agency.node, world.link, draft, officer=OFFICER)
        if number % 8 == 7:
            await asyncio.sleep(0.2)


async def versions_named(agency):
    """Return which version each message that an agency sent names, by number."""
    return {row.seq: row.agreement_n for row in await sent(agency)}


async def demand_judged_by_number(world):
    """Every message was accepted, and names the version that was in force at its number."""
    for agency in world.agencies:
        begin, _ = await numbers_of(agency, 2)
        assert begin == (await numbers_of(world.other(agency), 2))[1]
        for seq, n in (await versions_named(agency)).items():
            assert n == (2 if seq >= begin else 1), (agency.code, seq)
        for row in await rows(agency, Direction.IN):
            assert row.state is MessageState.ACCEPTED, (row.seq, row.code)
        kept = await agency.store.read(lambda uow: uow.audit.kept(world.link))
        assert not kept, kept


@pytest.mark.parametrize("suites", [(Suite.HYBRID, Suite.HYBRID), (Suite.CLASSICAL, Suite.HYBRID)], ids=str)
def test_with_500_lines_under_way_both_sides_switch_and_nothing_is_lost(suites):
    """Lines of both versions cross, on a bad line; each is judged by the version of its number."""

    async def story(world):
        await world.open()
        world.weather.down = True
        await asyncio.gather(*(send_many(agency, 250) for agency in world.agencies))
        second = next_version(world.agreement, suite=suites[1], expires_days=20)
        await agree(world, second, proposer=world.vn)
        world.weather.down = False
        world.weather.lose, world.weather.double, world.weather.slowest_s = 0.1, 0.1, 2.0
        await asyncio.gather(*(send_many(agency, 40) for agency in world.agencies))
        await world.until(lambda: switched(world, 2))
        await asyncio.gather(*(send_many(agency, 20) for agency in world.agencies))
        await settle(world)
        await demand_whole(world)
        await demand_judged_by_number(world)
        for agency in world.agencies:
            link = await agency.store.read(lambda uow: uow.links.get(world.link))
            assert (link.agreement_n, link.suite) == (2, suites[1])
            assert 250 < (await numbers_of(agency, 2))[0] <= 310

    World(seed=4, suite=suites[0]).run(story)


def test_a_lower_suite_is_possible_by_a_new_version():
    async def story(world):
        await world.open()
        await agree(world, next_version(world.agreement, suite=Suite.CLASSICAL))
        await world.until(lambda: switched(world, 2))
        await asyncio.gather(*(send_many(agency, 2) for agency in world.agencies))
        await settle(world)
        await demand_judged_by_number(world)

    World(seed=5).run(story)


def test_the_side_that_signed_last_switches_only_when_the_other_holds_both_signatures():
    async def story(world):
        await world.open()
        world.weather.down = True
        await agree(world, next_version(world.agreement), proposer=world.kh)
        await asyncio.sleep(3_600)
        assert await numbers_of(world.vn, 2) == (0, 0)
        await send_many(world.vn, 1)
        world.weather.down = False
        await world.until(lambda: switched(world, 2))
        assert (await versions_named(world.vn))[1] == 1

    World(seed=6).run(story)


def test_a_third_version_follows_the_second():
    async def story(world):
        await world.open()
        second = next_version(world.agreement, expires_days=20)
        await agree(world, second)
        await world.until(lambda: switched(world, 2))
        await send_many(world.kh, 3)
        await agree(world, next_version(second, expires_days=10), proposer=world.vn)
        await world.until(lambda: switched(world, 3))
        await send_many(world.kh, 1)
        await settle(world)
        named = await versions_named(world.kh)
        assert list(named.values()) == [2, 2, 2, 3]
        assert [leaf.fields["n"] for leaf in await switches_of(world.kh)] == [1, 2, 3]

    World(seed=7).run(story)


def test_a_type_that_is_no_longer_agreed_is_judged_by_the_version_of_its_number():
    """A notice under way when RPN goes is accepted; one written afterwards is not sent at all."""

    async def story(world):
        await world.open()
        world.weather.lost = {(KH, 1)}
        await send_many(world.kh, 1)
        types = {code: role for code, role in world.agreement.terms.types.items() if code != "RPN"}
        await agree(world, next_version(world.agreement, types=types))
        await world.until(lambda: switched(world, 2))
        world.weather.lost = set()
        with pytest.raises(Exception, match="not complete"):
            await send_many(world.kh, 1)
        await settle(world)
        [row] = await rows(world.vn, Direction.IN)
        assert (row.state, row.agreement_n) == (MessageState.ACCEPTED, 1)

    World(seed=8).run(story)


@pytest.mark.parametrize("side", ["kh", "vn"])
@pytest.mark.parametrize("moment", ["before it signed", "before it switched", "after it switched"])
def test_a_restored_side_gets_the_version_back_from_its_partner(side, moment):
    """An old store comes back; nobody has to sign or carry anything again."""

    async def story(world):
        await world.open()
        agency = getattr(world, side)
        snapshots = {"before it signed": agency.store.snapshot()}
        await asyncio.gather(*(send_many(one, 2) for one in world.agencies))
        await settle(world)
        await agree(world, next_version(world.agreement, suite=Suite.CLASSICAL))
        snapshots["before it switched"] = agency.store.snapshot()
        await world.until(lambda: switched(world, 2))
        snapshots["after it switched"] = agency.store.snapshot()
        await asyncio.gather(*(send_many(one, 2) for one in world.agencies))
        await settle(world)
        before = [await numbers_of(one, 2) for one in world.agencies]
        held = await contents(agency)
        agency.crash()
        agency.start(snapshots[moment])
        await world.open()
        assert await contents(agency) == held
        await asyncio.gather(*(send_many(one, 2) for one in world.agencies))
        await settle(world)
        assert [await numbers_of(one, 2) for one in world.agencies] == before
        await demand_whole(world)
        await demand_judged_by_number(world)

    World(seed=9).run(story)


def test_a_side_that_only_calls_changes_the_agreement_too():
    async def story(world):
        await world.open()
        await agree(world, next_version(world.agreement), proposer=world.kh)
        await world.until(lambda: switched(world, 2), limit_s=600)

    world = World(seed=10)
    world.vn.only_calls = True
    world.run(story)


class StoreThatSwitches:
    """The `Store` port of a node whose direction switches after a message was sealed, before its number."""

    def __init__(self, node, link):
        self._node, self._link, self._waits = node, link, True

    async def read(self, unit):
        return await self._node.store.read(unit)

    async def write(self, unit):
        if self._waits:
            self._waits = False
            assert await keep_agreed(self._node, self._link)
        return await self._node.store.write(unit)


def test_a_message_sealed_before_the_switch_is_sealed_again_and_sent():
    async def story(world):
        await world.open()
        await agree(world, next_version(world.agreement, suite=Suite.CLASSICAL))
        await compare_notes(world.kh.node, world.link)
        node = replace(world.kh.node, store=StoreThatSwitches(world.kh.node, world.link))
        await release(node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        assert await numbers_of(world.kh, 2) == (1, 0)
        await settle(world)
        assert await next_number(world.kh, world.link) == 2
        await demand_judged_by_number(world)

    World(seed=11).run(story)


def test_a_version_that_was_given_up_is_never_switched_to():
    async def story(world):
        await world.open()
        world.weather.down = True
        second = next_version(world.agreement)
        await agree(world, second, proposer=world.kh)
        await give_up(world.kh.node, world.link, actors=TWO)
        world.weather.down = False
        await asyncio.sleep(3_600)
        assert [await numbers_of(agency, 2) for agency in world.agencies] == [(0, 0), (0, 0)]
        await give_up(world.vn.node, world.link, actors=TWO)
        await agree(world, next_version(world.agreement, expires_days=9), proposer=world.vn)
        await world.until(lambda: switched(world, 2))

    World(seed=12).run(story)


def test_a_version_given_up_by_one_side_holds_if_the_other_switched_before_it_knew():
    async def story(world):
        await world.open()
        await agree(world, next_version(world.agreement), proposer=world.kh)
        await compare_notes(world.kh.node, world.link)
        world.weather.down = True
        await keep_agreed(world.kh.node, world.link)
        await give_up(world.vn.node, world.link, actors=TWO)
        assert [bool((await numbers_of(agency, 2))[0]) for agency in world.agencies] == [True, False]
        world.weather.down = False
        await world.until(lambda: switched(world, 2))

    World(seed=13).run(story)


def test_both_signed_files_may_travel_by_courier_alone():
    """The proposer takes the file with both signatures; no report has told it anything."""

    async def story(world):
        await world.open()
        second = next_version(world.agreement)
        await propose(world.kh.node, world.link, signed_by(second, KH), actors=TWO)
        both = signed_by(second, KH, VN)
        await sign(world.kh.node, world.link, both, actors=TWO)
        await world.until(lambda: _own_switched(world.kh))

    async def _own_switched(agency):
        return bool((await numbers_of(agency, 2))[0])

    World(seed=14).run(story)
