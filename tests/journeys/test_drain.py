# SPDX-License-Identifier: Apache-2.0
"""A node that is stopped: held answers go out, what is under way is finished, and nothing is lost by it."""

import asyncio
from pathlib import Path

import pytest
from exchange.errors import WaitingError
from exchange.service.converse import call
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.release import release
from exchange.service.rows import Direction
from tests.support.couriers import Courier, by_files
from tests.support.notices import notice, real_notice
from tests.support.pair import RealPair
from tests.support.world import OFFICER, VN, Agency, World

AT_ONCE_S = 2.0
"""Far below the 55 s for which an answer may be held, and below the 5 s after which loops are cut off."""


def pull_world(seed: int) -> World:
    world = World(seed)
    world.vn.only_calls = True
    return world


async def ended(world: World, agency: Agency) -> float:
    """Stop a node as a signal does; return how long its loops took to end."""
    assert agency._process is not None
    began_s = world.loop.time()
    agency.node.presence.drain()
    await asyncio.wait({agency._process}, timeout=60)
    assert agency._process.done()
    return world.loop.time() - began_s


def test_a_held_poll_is_answered_when_the_node_stops() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(150)
        held = set(world.kh._serving)
        assert held, "nobody waits for an answer"
        before = list(world.vn.noted.counts)

        assert await ended(world, world.kh) < AT_ONCE_S
        await asyncio.sleep(0.2)

        assert all(task.done() and not task.cancelled() for task in held)
        assert world.vn.noted.counts == before

    pull_world(1).run(story)


def test_a_node_that_only_calls_does_not_sit_out_its_poll() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(150)

        assert await ended(world, world.vn) < AT_ONCE_S

    pull_world(2).run(story)


def test_a_quiet_node_ends_at_once() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(300)

        for agency in world.agencies:
            assert await ended(world, agency) < AT_ONCE_S

    World(3).run(story)


def test_an_exchange_under_way_is_finished_before_the_loop_ends() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(120)
        world.weather.slowest_s = 1.5
        document = notice(world.kh.node, VN, country="VN")
        sent = await release(world.kh.node, world.link, document, officer=OFFICER)
        before = world.calls
        while world.calls == before:
            await asyncio.sleep(0.01)

        await ended(world, world.kh)

        row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, sent.seq))
        assert row is not None
        assert row.state.value == "accepted"

    World(4).run(story)


def test_a_node_that_stops_takes_no_new_frames_and_holds_no_answer() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(120)
        door = Doorkeeper(world.kh.node, b"card")
        assert door.accepts()
        world.kh.node.presence.drain()

        assert not door.accepts()
        began_s = world.loop.time()
        await call(world.vn.node, world.link, wait_s=55)
        assert world.loop.time() - began_s < AT_ONCE_S

    pull_world(5).run(story)


def test_a_parcel_that_is_read_while_the_node_stops_goes_on_when_it_is_read_again() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        for _ in range(3):
            document = notice(world.kh.node, VN, country="VN")
            await release(world.kh.node, world.link, document, officer=OFFICER)
        path = await courier.write(world.kh)
        world.vn.node.presence.drain()

        with pytest.raises(WaitingError):
            await courier.read(world.vn, path)
        world.vn.crash()
        world.vn.start()
        await world.open()

        assert (await courier.read(world.vn, path)).messages == 3

    by_files(6).run(story)


def test_two_real_nodes_one_of_which_only_calls_stop_cleanly_and_go_on(tmp_path: Path) -> None:
    with RealPair(tmp_path, vn_only_calls=True) as pair:
        for node in (pair.kh, pair.vn):
            process = node.process
            node.stop()
            assert process is not None
            assert process.returncode == 0
            assert node.output().endswith("stopped\n")
            node.start()
        pair.until(pair.is_open)
        pair.kh.send(real_notice("VN"))
        pair.vn.send(real_notice("KH"))
        pair.until(pair.is_quiet)

        assert all(not found["differences"] for found in pair.reconcile())


def test_an_answer_is_held_as_long_as_the_node_runs() -> None:
    """The other side of the same coin: without a stop the poll waits."""

    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(120)
        began_s = world.loop.time()
        await call(world.vn.node, world.link, wait_s=55)

        assert world.loop.time() - began_s > AT_ONCE_S

    pull_world(7).run(story)
