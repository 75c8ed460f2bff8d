# SPDX-License-Identifier: Apache-2.0
"""A frame with many lines is committed part by part: others go on, and a crash loses nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from exchange.errors import TransportError
from exchange.ids import LinkId
from exchange.protocol.frames import Outcome, Result, decode_frame
from exchange.service.converse import FRAMES_UNDER_WAY, LINES_AT_ONCE
from exchange.service.ports import Unit, UnitOfWork
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.checks import demand_whole, log_of, settle
from tests.support.notices import notice
from tests.support.world import OFFICER, VN, SimulatedCrashError, World

T = TypeVar("T")

QUEUED = 2 * LINES_AT_ONCE + 5
"""More than two parts."""


async def queue(world: World) -> None:
    """Let KH release notices while VN cannot be reached."""
    await world.open()
    world.weather.down = True
    for _ in range(QUEUED):
        await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)


async def received(world: World) -> int:
    rows = await world.vn.store.read(lambda uow: uow.messages.numbers(world.link, Direction.IN, 1, 1000))
    return sum(row.state is MessageState.ACCEPTED for row in rows)


def on_commits(world: World, act: Callable[[int], None], *, where: str = "direction = 'in'") -> None:
    """Call `act` after each commit of VN with the number of messages that are durable there."""

    def after() -> None:
        row = world.vn.store._store.execute(f"SELECT count(*) FROM message WHERE {where}")
        act(row.fetchone()[0])

    world.vn.store.on_commit(after=after)


def longest(durable: list[int]) -> int:
    """Return the most messages that one commit added."""
    return max(after - before for before, after in zip([0, *durable], durable, strict=False))


def test_no_commit_holds_more_lines_than_a_part() -> None:
    async def story(world: World) -> None:
        await queue(world)
        durable: list[int] = []
        on_commits(world, durable.append)

        world.weather.down = False
        await settle(world)

        assert durable[-1] == QUEUED
        assert longest(durable) == LINES_AT_ONCE
        await demand_whole(world)

    World(seed=3).run(story)


@pytest.mark.parametrize("part", [1, 2, 3])
def test_what_came_before_a_crash_between_two_parts_is_not_taken_again(part: int) -> None:
    async def story(world: World) -> None:
        await queue(world)
        died: list[int] = []

        def die(durable: int) -> None:
            if durable >= min(part * LINES_AT_ONCE, QUEUED):
                died.append(durable)
                world.vn.store.on_commit(before=lambda: None, after=lambda: None)
                world.loop.call_soon(world.vn.crash)
                raise SimulatedCrashError

        on_commits(world, die)
        world.weather.down = False
        while world.vn.is_up:
            await asyncio.sleep(1)
        assert died[0] < (part + 1) * LINES_AT_ONCE
        assert await received(world) == died[0]
        world.vn.start()
        await settle(world)

        assert await received(world) == QUEUED
        await demand_whole(world)

    World(seed=part).run(story)


PUT_OFF, WAIT_S = 50, 120
FULL_FRAMES = 250
"""Lines of two full frames and a half."""


def test_a_long_queue_keeps_two_frames_going_and_never_three() -> None:
    async def story(world: World) -> None:
        await world.open()
        world.weather.down = True
        for _ in range(FULL_FRAMES):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        going, most = 0, 0
        road = world.kh.node.carrier
        carry = road.exchange

        async def counted(link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
            nonlocal going, most
            going += 1
            most = max(most, going)
            try:
                return await carry(link, frame, timeout_s=timeout_s)
            finally:
                going -= 1

        road.exchange = counted  # type: ignore[method-assign]
        world.weather.down = False
        await settle(world)

        assert most == FRAMES_UNDER_WAY
        assert await received(world) == FULL_FRAMES
        assert b'"held"' not in b"".join(await log_of(world.vn, world.vn))
        await demand_whole(world)

    World(seed=8).run(story)


def test_lines_of_a_frame_that_was_stopped_before_it_began_are_offered_again_at_once() -> None:
    """A partner that is away refuses the first frame while the second one is being made."""

    async def story(world: World) -> None:
        await world.open()
        road, presence = world.kh.node.carrier, world.kh.node.presence.of(world.link)
        carry = road.exchange
        tried = 0

        async def refused(link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
            nonlocal tried
            tried += 1
            raise TransportError("nobody listens", reason="connect")

        store = world.kh.node.store
        read = store.read

        async def read_in_turn(unit: Unit[T]) -> T:
            await asyncio.sleep(0)  # as with a store that has a thread of its own
            return await read(unit)

        store.read = read_in_turn  # type: ignore[method-assign]
        road.exchange = refused  # type: ignore[method-assign]
        for _ in range(FULL_FRAMES):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await asyncio.sleep(120)
        assert tried > 2
        assert presence.offered.numbers(first=1, now_s=0) == []

        road.exchange = carry  # type: ignore[method-assign]
        await settle(world)
        assert await received(world) == FULL_FRAMES
        assert b'"held"' not in b"".join(await log_of(world.vn, world.vn))

    World(seed=8).run(story)


def test_a_line_that_is_put_off_holds_up_a_long_queue_for_as_long_as_itself() -> None:
    """What is further ahead than the partner takes is not offered meanwhile, so nothing else is put off."""

    async def story(world: World) -> None:
        await world.open()
        world.weather.down = True
        for _ in range(4 * FULL_FRAMES):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        now = world.kh.node.clock.now()

        def put_off(uow: UnitOfWork) -> None:
            (row,) = uow.messages.numbers(world.link, Direction.OUT, PUT_OFF, 1)
            later = now + timedelta(seconds=WAIT_S)
            uow.messages.update(replace(row, next_attempt_at=later, attempts=5))

        await world.kh.store.write(put_off)
        road, told = world.kh.node.carrier, list[Result]()
        carry = road.exchange

        async def heard(link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
            answer = await carry(link, frame, timeout_s=timeout_s)
            told.extend(decode_frame(answer).results)
            return answer

        road.exchange = heard  # type: ignore[method-assign]
        world.weather.down = False
        began_s = world.loop.time()
        await settle(world)

        assert await received(world) == 4 * FULL_FRAMES
        assert WAIT_S / 2 < world.loop.time() - began_s < WAIT_S + 60
        assert told
        assert [result for result in told if result.outcome is Outcome.AGAIN] == []
        await demand_whole(world)

    World(seed=9).run(story)


def test_a_frame_whose_predecessor_is_lost_is_held_and_settled_later() -> None:
    async def story(world: World) -> None:
        await world.open()
        world.weather.down = True
        for _ in range(FULL_FRAMES):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        road, calls = world.kh.node.carrier, 0
        carry = road.exchange

        async def lossy(link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
            nonlocal calls
            calls += 1
            if calls == 1:
                await asyncio.sleep(10)
                raise TransportError("no answer in time")
            return await carry(link, frame, timeout_s=timeout_s)

        road.exchange = lossy  # type: ignore[method-assign]
        world.weather.down = False
        durable: list[int] = []
        on_commits(world, durable.append, where="direction = 'in' AND state <> 'held'")
        await settle(world)

        assert await received(world) == FULL_FRAMES
        assert b'"held"' in b"".join(await log_of(world.vn, world.vn))
        assert longest(durable) == LINES_AT_ONCE
        await demand_whole(world)

    World(seed=9).run(story)
