# SPDX-License-Identifier: Apache-2.0
"""A partner without an address: it calls and waits for news, and nobody ever calls it."""

import asyncio
from typing import Any

from exchange.service.gatetalk import ask_report
from exchange.service.reconcile import reconcile, refresh
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, VN, Agency, World

NOTICED_S = 5.0
"""A message reaches a partner that waits for it within seconds, not at its next poll."""


def _world(seed: int) -> World:
    world = World(seed)
    world.vn.only_calls = True
    return world


async def _send(world: World, agency: Agency) -> float:
    """Send a notice, wait until the other side accepted it, and return how long that took."""
    began = world.loop.time()
    partner, country = (VN, "VN") if agency is world.kh else (KH, "KH")
    document = notice(agency.node, partner, country=country)
    sent = await release(agency.node, world.link, document, officer=OFFICER)

    async def accepted() -> bool:
        row: Any = await agency.store.read(
            lambda uow: uow.messages.by_seq(world.link, Direction.OUT, sent.seq)
        )
        return row.state is MessageState.ACCEPTED

    await world.until(accepted)
    return world.loop.time() - began


def test_both_gates_open_though_only_one_side_can_call() -> None:
    async def story(world: World) -> None:
        await world.open()

    _world(1).run(story)


def test_messages_of_both_sides_arrive_at_once() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(200)

        for agency in (*world.agencies, *world.agencies):
            assert await _send(world, agency) < NOTICED_S

    _world(2).run(story)


def test_both_ledgers_agree_and_are_signed() -> None:
    async def story(world: World) -> None:
        await world.open()
        await _send(world, world.kh)
        await _send(world, world.vn)

        for agency in world.agencies:
            assert await refresh(agency.node, world.link)
            found = await reconcile(agency.node, world.link)
            assert found.agrees, found.differences

    _world(3).run(story)


def test_a_silent_line_is_polled_about_once_a_minute() -> None:
    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(120)
        before = world.calls
        await asyncio.sleep(600)

        assert 8 <= world.calls - before <= 14

    _world(4).run(story)


def test_the_side_that_listens_is_opened_again_after_a_restart() -> None:
    async def story(world: World) -> None:
        await world.open()
        await _send(world, world.kh)
        world.kh.crash()
        await asyncio.sleep(30)
        world.kh.start()
        await world.open()

        await _send(world, world.kh)
        await _send(world, world.vn)

    _world(5).run(story)


def test_the_side_that_calls_comes_back_after_a_restart() -> None:
    async def story(world: World) -> None:
        await world.open()
        world.vn.crash()
        waiting = asyncio.ensure_future(_send(world, world.kh))
        await asyncio.sleep(30)
        world.vn.start()

        await waiting

    _world(6).run(story)


def test_a_question_that_names_no_answer_of_ours_opens_no_gate() -> None:
    """A repeated question could tell of an older log; only one that names our nonce is surely new."""

    async def story(world: World) -> None:
        await world.open()
        world.kh.crash()
        world.vn.crash()
        world.kh.start()
        world.vn.start()
        gate = world.kh.node.presence.of(world.link)
        first = await ask_report(world.vn.node, world.link, to_nonce="A" * 22)
        assert gate.gate is LinkState.CLOSED
        await ask_report(world.vn.node, world.link, to_nonce="B" * 22)
        await ask_report(world.vn.node, world.link, to_nonce=first.nonce)
        assert gate.gate is LinkState.CLOSED

    _world(7).run(story)
