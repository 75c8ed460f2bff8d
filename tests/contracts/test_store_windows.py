# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of movements that are near: when they begin, and who has not been received."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import StoreError
from exchange.ids import CaseCode, MovementCode
from exchange.service.movements import NotReceived
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MovementRow
from tests.support.store_rows import (
    CODE,
    LINK,
    MOVEMENT,
    NOW,
    OTHER_CODE,
    OWN,
    PARTNER,
    StoreWorld,
    case_row,
    movement_row,
)

OTHER = MovementCode("MVB2-2222-2222")
LATER = NOW + timedelta(hours=1)
EVER = NOW - timedelta(days=900)
UNDER_WAY = ("countered", "confirmed", "departed")


async def add(world: StoreWorld, *rows: MovementRow, begins: timedelta | None = None) -> None:
    """Keep movements, the second one so much later than the first."""

    def unit(uow: UnitOfWork) -> None:
        for place, row in enumerate(rows):
            uow.movements.add(row)
            if begins is not None:
                uow.movements.keep_window(LINK, row.code, NOW + place * begins)

    await world.store.write(unit)


async def near(world: StoreWorld, *, hours: int = 24, limit: int = 10) -> list[MovementCode]:
    before = NOW + timedelta(hours=hours)
    rows = await world.store.read(lambda uow: uow.movements.under_way(since=EVER, before=before, limit=limit))
    return [row.code for row in rows]


async def open_ones(world: StoreWorld) -> list[MovementCode]:
    return [row.code for row in await world.store.read(lambda uow: uow.movements.without_window(limit=10))]


@pytest.mark.parametrize("state", UNDER_WAY)
async def test_a_window_that_is_not_known_is_asked_for_until_it_is_kept(
    world: StoreWorld, state: str
) -> None:
    await add(world, movement_row(state=state))
    before = (await open_ones(world), await near(world))

    await world.store.write(lambda uow: uow.movements.keep_window(LINK, MOVEMENT, NOW))

    assert before == ([MOVEMENT], [])
    assert (await open_ones(world), await near(world)) == ([], [MOVEMENT])


@pytest.mark.parametrize("state", ["draft", "proposed", "postponed", "completed", "failed", "cancelled"])
async def test_what_is_not_under_way_is_neither_asked_for_nor_near(world: StoreWorld, state: str) -> None:
    await add(world, movement_row(state=state), begins=timedelta(0))

    assert (await open_ones(world), await near(world)) == ([], [])


async def test_each_change_of_a_movement_lets_its_window_go(world: StoreWorld) -> None:
    row = movement_row(state="confirmed")
    await add(world, row, begins=timedelta(0))

    await world.store.write(lambda uow: uow.movements.update(replace(row, changed_at=LATER)))

    assert (await open_ones(world), await near(world)) == ([MOVEMENT], [])


async def test_the_first_to_begin_comes_first_and_what_begins_later_is_left_out(world: StoreWorld) -> None:
    rows = [movement_row(code, state="confirmed") for code in (MOVEMENT, OTHER)]
    await add(world, *rows, begins=timedelta(hours=-2))

    assert await near(world) == [OTHER, MOVEMENT]
    assert await near(world, limit=1) == [OTHER]
    assert await near(world, hours=0) == [OTHER]


async def test_what_was_left_open_is_asked_for_apart_the_last_one_first(world: StoreWorld) -> None:
    rows = [movement_row(code, state="departed") for code in (MOVEMENT, OTHER)]
    await add(world, *rows, begins=timedelta(hours=2))

    async def found(after: timedelta, limit: int = 10) -> tuple[list[str], list[str]]:
        def unit(uow: UnitOfWork) -> tuple[list[MovementRow], list[MovementRow]]:
            at, ends_at = NOW + after, NOW + timedelta(days=2)
            near = uow.movements.under_way(since=at, before=ends_at, limit=limit)
            return near, uow.movements.left_open(before=at, limit=limit)

        near, left = await world.store.read(unit)
        return [row.code for row in near], [row.code for row in left]

    assert await found(timedelta(hours=1)) == ([OTHER], [MOVEMENT])
    assert await found(timedelta(hours=3)) == ([], [OTHER, MOVEMENT])
    assert await found(timedelta(hours=3), limit=1) == ([], [OTHER])
    assert await found(timedelta(0), limit=0) == ([], [])


async def test_a_movement_that_is_not_there_has_no_window(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.movements.keep_window(LINK, MOVEMENT, NOW))


async def test_an_erased_movement_is_neither_asked_for_nor_near(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.cases.add(case_row())
        uow.movements.add(movement_row(state="confirmed"))
        uow.movements.enlist(LINK, MOVEMENT, [CODE])

    await world.store.write(unit)
    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert (await open_ones(world), await near(world)) == ([], [])


# --- reception


async def handed_over(world: StoreWorld, *states: tuple[CaseCode, str], lists: list[MovementRow]) -> None:
    """Keep cases, each named in every movement."""

    def unit(uow: UnitOfWork) -> None:
        for row in lists:
            uow.movements.add(row)
        for code, state in states:
            uow.cases.add(case_row(code, state=state))
            for row in lists:
                uow.movements.enlist(LINK, row.code, [code])

    await world.store.write(unit)


async def test_who_was_handed_over_is_counted_in_the_newest_movement_only(world: StoreWorld) -> None:
    old, new = movement_row(state="cancelled"), movement_row(OTHER, state="completed")
    await handed_over(world, (CODE, "handed_over"), (OTHER_CODE, "handed_over"), lists=[old, new])

    assert await world.store.read(lambda uow: uow.movements.to_be_received(OWN, limit=10)) == [
        NotReceived(new, 2)
    ]


@pytest.mark.parametrize("state", ["in_transfer", "received", "not_presented", "turned_back", "scheduled"])
async def test_who_was_not_handed_over_or_is_received_owes_nothing(world: StoreWorld, state: str) -> None:
    row = movement_row(state="completed")
    await handed_over(world, (CODE, "handed_over"), (OTHER_CODE, state), lists=[row])

    assert await world.store.read(lambda uow: uow.movements.to_be_received(OWN, limit=10)) == [
        NotReceived(row, 1)
    ]


async def test_the_side_that_handed_over_owes_no_reception(world: StoreWorld) -> None:
    await handed_over(world, (CODE, "handed_over"), lists=[movement_row(state="completed")])

    assert await world.store.read(lambda uow: uow.movements.to_be_received(PARTNER, limit=10)) == []
