# SPDX-License-Identifier: Apache-2.0
"""A ledger that only files carry begins anew by two persons of each side; nobody ever connects a network."""

from typing import Any

import pytest
from exchange.errors import ExchangeError, UsageError
from exchange.ledger.entries import decode_leaf
from exchange.service.epochs import LEAP, decide
from exchange.service.filegate import confirm
from exchange.service.rows import Direction, LinkState, MessageState
from tests.journeys.test_by_files import send, settle
from tests.journeys.test_restore_by_files import gate, numbers
from tests.support.couriers import Courier, by_files
from tests.support.world import OFFICER, SECOND, Agency, World

TWO = (OFFICER, SECOND)


async def fork(world: World, courier: Courier) -> None:
    """Let KH sign two histories; VN holds the old one, in which number 2 was accepted.

    In the new one KH has the numbers 2 and 3, and VN has sent number 1 that KH has not read.
    """
    await world.open()
    await send(world, world.kh)
    await settle(courier)
    backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
    await send(world, world.kh)
    await settle(courier)
    world.kh.crash()
    world.kh.high_water.marks = marks
    world.kh.start(backup)
    await world.open()
    await send(world, world.kh)
    await send(world, world.kh)
    await send(world, world.vn)
    with pytest.raises(ExchangeError) as caught:
        await courier.carry(world.vn)
    assert caught.value.reason == "log_forked"


async def decide_both(world: World, courier: Courier) -> None:
    """KH decides and says so in a parcel; VN reads it and decides too."""
    await decide(world.kh.node, world.link, why="two_histories", actors=TWO)
    await courier.carry(world.kh)
    await decide(world.vn.node, world.link, why="two_histories", actors=TWO)


async def epochs(world: World) -> list[tuple[int, int]]:
    found = []
    for agency in world.agencies:
        row: Any = await agency.store.read(lambda uow: uow.links.get(world.link))
        found.append((row.own_epoch, row.partner_epoch))
    return found


async def demand_sound(world: World) -> None:
    """Both sides hold the same two logs of epoch 2, and each is cosigned to its end."""
    for agency in world.agencies:
        for by in world.agencies:
            mine: Any = await agency.store.read(
                lambda uow, by=by: uow.logs.leaves(world.link, by.code, 0, 1_000)
            )
            theirs: Any = await world.other(agency).store.read(
                lambda uow, by=by: uow.logs.leaves(world.link, by.code, 0, 1_000)
            )
            assert mine == theirs
            assert [decode_leaf(raw).ev for raw in mine[:3]] == ["open", "agrx", "epch"]
            signed: Any = await by.store.read(lambda uow, by=by: uow.logs.cosigned(world.link, by.code))
            assert signed[0] == len(mine)


def test_both_sides_begin_anew_by_parcels_and_go_on() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide_both(world, courier)

        for _ in range(2):
            await courier.carry(world.vn)
            await courier.carry(world.kh)
        seq = await send(world, world.kh)
        await settle(courier)

        assert (await epochs(world), seq) == ([(2, 2), (2, 2)], LEAP + 1)
        assert gate(world) == (LinkState.OPEN, "")
        states = dict(await numbers(world, world.kh, Direction.OUT))
        assert states[seq] is MessageState.ACCEPTED
        assert states[1] is MessageState.ACCEPTED
        assert {states[2], states[3]} == {MessageState.VOIDED}
        assert dict(await numbers(world, world.vn, Direction.OUT)) == {1: MessageState.VOIDED}
        await demand_sound(world)
        assert world.calls == 0

    by_files(41).run(story)


def test_parcels_that_are_read_again_or_late_change_nothing() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        late = await courier.write(world.vn)
        await decide_both(world, courier)
        first = await courier.write(world.vn)
        await courier.read(world.kh, first)
        second = await courier.write(world.kh)
        await courier.read(world.vn, second)
        third = await courier.write(world.vn)
        await courier.read(world.kh, third)
        before = await numbers(world, world.kh, Direction.OUT), await epochs(world)

        for path in (first, late, third):
            await courier.read(world.kh, path)
        await courier.read(world.vn, second)

        assert (await numbers(world, world.kh, Direction.OUT), await epochs(world)) == before
        await settle(courier)
        await demand_sound(world)

    by_files(42).run(story)


@pytest.mark.parametrize("side", ["kh", "vn"])
@pytest.mark.parametrize(
    ("commits", "moment"),
    [
        pytest.param(0, "before", id="before the epoch is durable"),
        pytest.param(0, "after", id="before the file outside the store knows of it"),
        pytest.param(2, "before", id="while the parcel is taken"),
        pytest.param(3, "after", id="after it was taken"),
    ],
)
def test_a_side_that_is_killed_while_it_begins_goes_on_when_the_parcel_is_read_again(
    side: str, commits: int, moment: str
) -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide_both(world, courier)
        if side == "vn":
            await courier.carry(world.vn)
        reader: Agency = getattr(world, side)
        path = await courier.write(world.other(reader))
        reader.crash_at(moment, commit=commits + 1)

        with pytest.raises(BaseException):  # noqa: B017, PT011  the process ends here
            await reader.as_process(courier.read(reader, path))
        reader.crash()
        reader.start()
        await courier.read(reader, path)
        await courier.write(reader)
        outside = reader.high_water.marks[world.link]
        await settle(courier)
        await settle(courier)

        assert outside[0] == 2, "what leaves the house is known to the file outside the store"
        assert await epochs(world) == [(2, 2), (2, 2)]
        await demand_sound(world)

    by_files(43).run(story)


def test_a_file_outside_the_store_that_is_of_the_old_epoch_is_raised_before_a_parcel() -> None:
    """The new log is shorter than the old one; it counts all the same."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide_both(world, courier)
        path, old = await courier.write(world.vn), world.kh.high_water.marks[world.link]
        await courier.read(world.kh, path)
        size: int = await world.kh.store.read(lambda uow: uow.logs.position(world.link, world.kh.code).size)
        world.kh.high_water.marks[world.link] = (1, size + 1, *old[2:])

        await courier.write(world.kh)

        assert world.kh.high_water.marks[world.link][:2] == (2, size)

    by_files(49).run(story)


def test_one_side_alone_begins_nothing() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide(world.kh.node, world.link, why="two_histories", actors=TWO)

        await courier.carry(world.kh)
        with pytest.raises(ExchangeError) as caught:
            await courier.carry(world.vn)

        assert caught.value.reason == "log_forked"
        assert await epochs(world) == [(1, 1), (1, 1)]
        assert gate(world)[0] is not LinkState.OPEN

    by_files(44).run(story)


def test_a_link_on_which_nothing_is_wrong_is_not_begun_anew() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        await settle(courier)

        with pytest.raises(UsageError):
            await decide(world.kh.node, world.link, why="entries_lost", actors=TWO)

    by_files(45).run(story)


def test_a_decision_that_is_taken_back_begins_nothing() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide(world.kh.node, world.link, why="two_histories", actors=TWO)
        await courier.carry(world.kh)
        await decide(world.vn.node, world.link, why="two_histories", actors=TWO)
        await confirm(world.vn.node, world.link, actors=TWO)

        with pytest.raises(ExchangeError):
            await courier.carry(world.vn)

        assert world.vn.node.presence.of(world.link).gate is LinkState.OPEN
        assert await epochs(world) == [(1, 1), (1, 1)]

    by_files(46).run(story)


def test_a_store_without_a_file_outside_it_begins_only_after_people_decided_again() -> None:
    """After a start nothing tells an old store from the newest one; the parcel may be an old one, too."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide_both(world, courier)
        path = await courier.write(world.vn)
        world.kh.high_water.is_apart = False
        world.kh.crash()
        world.kh.start()

        with pytest.raises(ExchangeError) as caught:
            await courier.read(world.kh, path)
        assert caught.value.reason == "renew_unconfirmed"
        assert await epochs(world) == [(1, 1), (1, 1)]
        await decide(world.kh.node, world.link, why="two_histories", actors=TWO)
        await courier.read(world.kh, path)

        assert (await epochs(world))[0] == (2, 2)

    by_files(47).run(story)


def test_a_store_that_was_put_back_after_the_decision_begins_only_after_people_decided_again() -> None:
    """The file outside the store may be as old as the backup; the decision remembers the last restore."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide_both(world, courier)
        path = await courier.write(world.vn)
        world.kh.crash()
        world.kh.start()
        await world.kh.store.write(lambda uow: uow.settings.put("restored", "2027-10-05T00:00:00.000Z"))

        with pytest.raises(ExchangeError) as caught:
            await courier.read(world.kh, path)

        assert caught.value.reason == "renew_unconfirmed"
        assert await epochs(world) == [(1, 1), (1, 1)]

    by_files(50).run(story)


def test_an_epoch_that_left_the_house_is_not_begun_twice_by_an_old_parcel() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await fork(world, courier)
        await decide_both(world, courier)
        backup = world.kh.store.snapshot()
        path = await courier.write(world.vn)
        await courier.read(world.kh, path)
        await courier.carry(world.kh)
        world.kh.crash()
        world.kh.start(backup)

        with pytest.raises(ExchangeError):
            await courier.read(world.kh, path)
        with pytest.raises(ExchangeError) as caught:
            await courier.carry(world.vn)

        assert caught.value.reason == "epoch_lost"
        assert (await epochs(world))[0] == (1, 1)

    by_files(48).run(story)
