# SPDX-License-Identifier: Apache-2.0
"""What every store must keep: movements, who was named in them, and announcements about crossings."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import CaseCode, MovementCode
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MovementRow
from tests.support.store_rows import (
    CODE,
    LINK,
    MOVEMENT,
    NOW,
    OTHER_CODE,
    OTHER_LINK,
    StoreWorld,
    case_row,
    crossing_row,
    link_row,
    movement_event,
    movement_row,
)

IN, OUT = Direction.IN, Direction.OUT
OTHER = MovementCode("MVB2-2222-2222")
LATER = NOW + timedelta(hours=1)


async def test_movement_comes_back_as_it_was_kept(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.movements.add(movement_row()))

    assert await world.store.read(lambda uow: uow.movements.get(LINK, MOVEMENT)) == movement_row()


@pytest.mark.parametrize("code", ["MVA1-0000-0002", "mva1-0000-0001", "MVA1", ""])
async def test_another_code_finds_no_movement(world: StoreWorld, code: str) -> None:
    await world.store.write(lambda uow: uow.movements.add(movement_row()))

    assert await world.store.read(lambda uow: uow.movements.get(LINK, MovementCode(code))) is None


async def test_code_is_looked_for_on_its_own_link_only(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.links.add(link_row(OTHER_LINK))
        uow.movements.add(movement_row())

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.movements.get(OTHER_LINK, MOVEMENT)) is None
    assert await world.store.read(lambda uow: uow.movements.list(link=OTHER_LINK)) == []


async def test_update_changes_state_snapshot_and_what_waits(world: StoreWorld) -> None:
    changed = movement_row(state="confirmed", snapshot=b"{}", provisional=2, changed_at=LATER)
    await world.store.write(lambda uow: uow.movements.add(movement_row()))

    await world.store.write(lambda uow: uow.movements.update(replace(changed, opened_at=LATER)))

    assert await world.store.read(lambda uow: uow.movements.get(LINK, MOVEMENT)) == changed


@pytest.mark.parametrize("act", ["update", "event", "enlist"])
async def test_unknown_movement_cannot_change(world: StoreWorld, act: str) -> None:
    def unit(uow: UnitOfWork) -> None:
        if act == "update":
            uow.movements.update(movement_row())
        elif act == "event":
            uow.movements.add_event(movement_event())
        else:
            uow.movements.enlist(LINK, MOVEMENT, [CODE])

    with pytest.raises(StoreError):
        await world.store.write(unit)


async def test_movement_is_added_once(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.movements.add(movement_row()))

    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.movements.add(movement_row(state="confirmed")))

    found = await world.store.read(lambda uow: uow.movements.get(LINK, MOVEMENT))
    assert found is not None
    assert found.state == "proposed"


async def test_movements_are_listed_by_their_last_change(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.movements.add(movement_row(changed_at=LATER))
        uow.movements.add(movement_row(OTHER))

    await world.store.write(unit)

    both = await world.store.read(lambda uow: uow.movements.list(link=LINK))
    assert [row.code for row in both] == [MOVEMENT, OTHER]
    assert await world.store.read(lambda uow: uow.movements.list(limit=1)) == both[:1]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [("MVA1", True), ("mva1-0000", True), (MOVEMENT, True), ("MVA", False), ("MVA2", False), ("", False)],
)
async def test_movement_is_found_by_the_beginning_of_its_code(
    world: StoreWorld, prefix: str, found: bool
) -> None:
    await world.store.write(lambda uow: uow.movements.add(movement_row()))

    rows = await world.store.read(lambda uow: uow.movements.find(prefix))

    assert [row.code for row in rows] == ([MOVEMENT] if found else [])


async def test_events_of_a_movement_come_in_the_order_they_were_learned(world: StoreWorld) -> None:
    events = [movement_event(2), movement_event(1, direction=IN, state_after="confirmed")]

    def unit(uow: UnitOfWork) -> None:
        uow.movements.add(movement_row())
        uow.movements.add(movement_row(OTHER))
        for event in events:
            uow.movements.add_event(event)

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.movements.events(LINK, MOVEMENT)) == events
    assert await world.store.read(lambda uow: uow.movements.events(LINK, OTHER)) == []
    assert await world.store.read(lambda uow: uow.movements.of_message(LINK, IN, 1)) == MOVEMENT
    assert await world.store.read(lambda uow: uow.movements.of_message(LINK, OUT, 1)) is None


async def test_named_cases_are_remembered_once(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.movements.add(movement_row()))

    first = await world.store.write(lambda uow: uow.movements.enlist(LINK, MOVEMENT, [CODE]))
    again = await world.store.write(lambda uow: uow.movements.enlist(LINK, MOVEMENT, [CODE, OTHER_CODE]))

    assert (first, again) == ([CODE], [OTHER_CODE])
    assert await world.store.read(lambda uow: uow.movements.listed(LINK, MOVEMENT)) == [CODE, OTHER_CODE]
    assert await world.store.read(lambda uow: uow.movements.of_case(LINK, OTHER_CODE)) == [MOVEMENT]
    assert await world.store.read(lambda uow: uow.movements.of_case(LINK, CaseCode("0" * 14))) == []


async def test_movement_is_erased_with_the_last_of_its_cases(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.movements.add(movement_row())
        for code in (CODE, OTHER_CODE):
            uow.cases.add(case_row(code))
        uow.movements.enlist(LINK, MOVEMENT, [CODE, OTHER_CODE])
        uow.movements.add_event(movement_event())

    await world.store.write(unit)

    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))
    kept = await world.store.read(lambda uow: uow.movements.get(LINK, MOVEMENT))
    assert kept == movement_row()
    assert await world.store.read(lambda uow: uow.movements.listed(LINK, MOVEMENT)) == [OTHER_CODE]

    await world.store.write(lambda uow: uow.cases.erase(LINK, OTHER_CODE))
    assert await world.store.read(_traces) == (None, [], [], [], None)


def _traces(
    uow: UnitOfWork,
) -> tuple[MovementRow | None, list[MovementRow], list[MovementRow], object, object]:
    return (
        uow.movements.get(LINK, MOVEMENT),
        uow.movements.list(),
        uow.movements.find("MVA1"),
        uow.movements.listed(LINK, MOVEMENT),
        uow.movements.of_message(LINK, OUT, 1),
    )


async def test_movement_of_another_person_stays_when_a_case_is_erased(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.movements.add(movement_row())
        uow.cases.add(case_row(OTHER_CODE))
        uow.cases.add(case_row(CODE))
        uow.movements.enlist(LINK, MOVEMENT, [OTHER_CODE])

    await world.store.write(unit)
    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert await world.store.read(lambda uow: uow.movements.get(LINK, MOVEMENT)) == movement_row()


# --- crossings


async def test_announcements_of_a_crossing_come_back_by_side_and_number(world: StoreWorld) -> None:
    rows = [
        crossing_row(3, direction=IN, until_at=LATER),
        crossing_row(2, status="open"),
        crossing_row(9),
        crossing_row(9, direction=IN, status="open"),
        crossing_row(4, checkpoint="KH-VN-PREYVOR"),
    ]

    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.crossings.add(row)

    await world.store.write(unit)

    found = await world.store.read(lambda uow: uow.crossings.of(LINK, "KH-VN-BAVET"))
    assert found == [rows[0], rows[3], rows[1], rows[2]]
    latest = await world.store.read(lambda uow: uow.crossings.latest(LINK))
    assert latest == [rows[3], rows[2], rows[4]]
    assert await world.store.read(lambda uow: uow.crossings.of(LINK, "KH-TH-POIPET")) == []


async def test_an_announcement_is_kept_once(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.crossings.add(crossing_row()))

    with pytest.raises(AppendOnlyError):
        await world.store.write(lambda uow: uow.crossings.add(crossing_row(status="open")))
