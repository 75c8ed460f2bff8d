# SPDX-License-Identifier: Apache-2.0
"""An old store is put back on a link that only files connect: the partner's parcel brings the rest back."""

from typing import Any

import pytest
from exchange.errors import ExchangeError
from exchange.service.rows import Direction, LinkState, MessageState
from tests.journeys.test_by_files import demand_equal, send, settle
from tests.support.couriers import Courier, Forger, by_files
from tests.support.world import Agency, World


async def numbers(world: World, agency: Agency, direction: Direction) -> list[tuple[int, MessageState]]:
    rows: Any = await agency.store.read(lambda uow: uow.messages.numbers(world.link, direction, 1, 500))
    return [(row.seq, row.state) for row in rows]


async def put_back_old_store(world: World, courier: Courier) -> None:
    """KH sends two messages and receives one after its backup; then the backup is put back."""
    await world.open()
    await send(world, world.kh)
    await settle(courier)
    backup = world.kh.store.snapshot()
    for agency in (world.kh, world.vn, world.kh):
        await send(world, agency)
    await settle(courier)
    world.kh.crash()
    world.kh.start(backup)


def gate(world: World) -> tuple[LinkState, str]:
    presence = world.kh.node.presence.of(world.link)
    return presence.gate, presence.reason


def test_everything_comes_back_in_one_parcel_after_one_was_sent() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await put_back_old_store(world, courier)

        with pytest.raises(ExchangeError) as caught:
            await courier.carry(world.vn)
        assert caught.value.reason == "partner_ahead"
        told = await courier.carry(world.kh)
        assert (told.entries, told.messages) == (0, 0)
        await courier.carry(world.vn)

        assert gate(world) == (LinkState.OPEN, "")
        accepted = MessageState.ACCEPTED
        assert await numbers(world, world.kh, Direction.OUT) == [(1, accepted), (2, accepted), (3, accepted)]
        assert await numbers(world, world.kh, Direction.IN) == [(1, accepted)]
        assert await send(world, world.kh) == 4
        await settle(courier)
        await demand_equal(world)

    by_files(1).run(story)


def test_a_refill_that_is_broken_off_goes_on_when_the_parcel_is_read_again() -> None:
    for left in range(1, 7):

        async def story(world: World, left: int = left) -> None:
            courier = Courier(world)
            await put_back_old_store(world, courier)
            await courier.carry(world.kh)
            path = await courier.write(world.vn)
            commits = 0

            def count() -> None:
                nonlocal commits
                commits += 1
                if commits == left:
                    world.kh.crash_at("before")

            world.kh.store.on_commit(after=count)
            with pytest.raises(BaseException):  # noqa: B017, PT011  the process ends here
                await world.kh.as_process(courier.read(world.kh, path))
            world.kh.crash()
            world.kh.start()
            await courier.read(world.kh, path)

            await settle(courier)
            await demand_equal(world)
            assert len(await numbers(world, world.kh, Direction.OUT)) == 3

        by_files(2).run(story)


def test_nobody_who_lacks_nothing_is_changed_by_what_comes_back() -> None:
    """The partner believes it of an old parcel; what it brings is not used."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        world.kh.node.presence.of(world.link).gate = LinkState.CLOSED
        old = await courier.write(world.kh)
        world.kh.node.presence.of(world.link).gate = LinkState.OPEN
        await send(world, world.kh)
        await settle(courier)
        await courier.read(world.vn, old)
        before = await numbers(world, world.kh, Direction.OUT)

        await courier.carry(world.vn)

        assert await numbers(world, world.kh, Direction.OUT) == before
        await settle(courier)
        await demand_equal(world)

    by_files(3).run(story)


def test_pages_that_are_not_our_log_are_not_taken() -> None:
    async def story(world: World) -> None:
        from exchange.protocol.parcels import encode_back

        courier = Courier(world)
        await put_back_old_store(world, courier)
        forger = Forger(courier, world.vn)
        before = world.kh.store.read(lambda uow: uow.logs.position(world.link, world.kh.code).size)
        size = await before

        for start, leaves in ((size, []), (size, ["{}"]), (size + 1, []), (0, [])):
            page = {"from": start, "leaves": leaves, "note": "x"}
            path = await forger.make(
                await forger.report(1),
                encode_back("leaves", world.kh.code, page),  # type: ignore[arg-type]
            )
            with pytest.raises(ExchangeError):
                await courier.read(world.kh, path)
            assert gate(world)[0] is LinkState.CLOSED

        now = await world.kh.store.read(lambda uow: uow.logs.position(world.link, world.kh.code).size)
        assert now == size

    by_files(4).run(story)


def test_entries_that_are_still_under_way_keep_the_gate_closed() -> None:
    """The high-water file knows of a parcel that the partner has not read; those numbers are used."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        await settle(courier)
        backup = world.kh.store.snapshot()
        await send(world, world.kh)
        await settle(courier)
        await send(world, world.kh)
        under_way = await courier.write(world.kh)
        world.kh.crash()
        world.kh.start(backup)
        await courier.carry(world.kh)

        with pytest.raises(ExchangeError) as caught:
            await courier.carry(world.vn)
        assert caught.value.reason == "high_water_ahead"
        await courier.read(world.vn, under_way)
        await courier.carry(world.kh)
        await courier.carry(world.vn)

        assert gate(world)[0] is LinkState.OPEN
        assert await send(world, world.kh) == 3
        await settle(courier)
        await demand_equal(world)

    by_files(5).run(story)
