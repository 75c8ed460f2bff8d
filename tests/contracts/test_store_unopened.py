# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of messages that nobody has opened yet."""

import pytest
from exchange.errors import StoreError
from exchange.service.open_questions import BEGIN
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction
from exchange.service.unopened import UnopenedCount
from tests.support.store_rows import StoreWorld, message_row

IN = Direction.IN


async def add(world: StoreWorld, *seqs: int, stops: tuple[int, ...] = ()) -> None:
    """Keep messages of the partner that nobody has opened."""

    def unit(uow: UnitOfWork) -> None:
        for seq in seqs:
            row = message_row(seq, IN)
            uow.messages.add(row, envelope=b"e", body=None)
            uow.unopened.add(row, stop=seq in stops)

    await world.store.write(unit)


async def numbers(world: StoreWorld, *, stops: bool, limit: int = 100) -> list[int]:
    """Return the numbers of what nobody has opened, page after page."""
    found: list[int] = []
    place = BEGIN
    while True:
        rows, place = await world.store.read(
            lambda uow, here=place: uow.unopened.page(stops=stops, after=here, limit=limit)  # type: ignore[misc]
        )
        found += [row.seq for row in rows]
        if place == BEGIN:
            return found


async def test_newest_first_and_stops_apart(world: StoreWorld) -> None:
    await add(world, 1, 2, 3, 4, stops=(2, 3))

    assert await numbers(world, stops=True) == [3, 2]
    assert await numbers(world, stops=False) == [4, 1]
    assert await world.store.read(lambda uow: uow.unopened.count()) == UnopenedCount(stops=2, others=2)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_pages_leave_nothing_out_and_show_nothing_twice(world: StoreWorld, limit: int) -> None:
    await add(world, *range(1, 6))

    assert await numbers(world, stops=False, limit=limit) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("stop", [True, False])
async def test_what_was_opened_is_gone_for_good(world: StoreWorld, stop: bool) -> None:
    await add(world, 1, 2, stops=(1, 2) if stop else ())

    for _ in range(2):
        await world.store.write(lambda uow: uow.unopened.drop(message_row(2, IN)))

    assert await numbers(world, stops=stop) == [1]


async def test_a_message_is_kept_once(world: StoreWorld) -> None:
    await add(world, 1)

    await world.store.write(lambda uow: uow.unopened.add(message_row(1, IN), stop=False))

    assert await numbers(world, stops=False) == [1]


async def test_a_message_that_is_not_in_the_store_is_not_kept(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="is not in the store"):
        await world.store.write(lambda uow: uow.unopened.add(message_row(7, IN), stop=True))
    with pytest.raises(StoreError, match="is not in the store"):
        await world.store.write(lambda uow: uow.unopened.drop(message_row(7, IN)))


async def test_a_unit_that_fails_leaves_what_was_not_opened(world: StoreWorld) -> None:
    await add(world, 1)

    def unit(uow: UnitOfWork) -> None:
        uow.unopened.drop(message_row(1, IN))
        raise ValueError("after it")

    with pytest.raises(ValueError, match="after it"):
        await world.store.write(unit)
    assert await numbers(world, stops=False) == [1]
