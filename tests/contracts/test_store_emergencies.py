# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of messages that one person released in an emergency."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import StoreError
from exchange.ids import OfficerNumber
from exchange.service.emergencies import EmergencyRow
from exchange.service.ports import UnitOfWork
from tests.support.store_rows import LINK, NOW, OFFICER, StoreWorld, message_row

OTHER = OfficerNumber("P-0002")
LATER = NOW + timedelta(hours=24)


def emergency(seq: int = 1, **changes: object) -> EmergencyRow:
    message = message_row(seq)
    row = EmergencyRow(LINK, seq, message.id, message.type, "rpn_child", OFFICER, LATER)
    return replace(row, **changes)  # type: ignore[arg-type]


async def add(world: StoreWorld, *rows: EmergencyRow) -> None:
    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.messages.add(message_row(row.seq), envelope=b"e", body=None)
            uow.emergencies.add(row)

    await world.store.write(unit)


async def test_what_is_open_comes_back_the_first_to_be_looked_at_first(world: StoreWorld) -> None:
    first, second = emergency(1, until_at=LATER), emergency(2, until_at=NOW)
    await add(world, first, second)

    assert await world.store.read(lambda uow: uow.emergencies.open()) == [second, first]


async def test_what_the_second_person_said_is_kept_and_not_open_any_more(world: StoreWorld) -> None:
    row = emergency()
    await add(world, row)

    await world.store.write(lambda uow: uow.emergencies.seen(row, OTHER, LATER, agrees=False))

    assert await world.store.read(lambda uow: uow.emergencies.open()) == []
    seen = await world.store.read(lambda uow: uow.emergencies.of(LINK, 1))
    assert seen == replace(row, seen_by=OTHER, seen_at=LATER, agrees=False)


async def test_it_is_said_once(world: StoreWorld) -> None:
    row = emergency()
    await add(world, row)
    await world.store.write(lambda uow: uow.emergencies.seen(row, OTHER, NOW, agrees=True))

    with pytest.raises(StoreError, match="nobody has to look"):
        await world.store.write(lambda uow: uow.emergencies.seen(row, OTHER, NOW, agrees=False))


async def test_who_released_it_is_no_second_person(world: StoreWorld) -> None:
    row = emergency()
    await add(world, row)

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.emergencies.seen(row, OFFICER, NOW, agrees=True))


async def test_a_message_that_is_not_there_has_none(world: StoreWorld) -> None:
    await add(world)

    with pytest.raises(StoreError, match="is not in the store"):
        await world.store.write(lambda uow: uow.emergencies.add(emergency(7)))
    assert await world.store.read(lambda uow: uow.emergencies.of(LINK, 7)) is None
