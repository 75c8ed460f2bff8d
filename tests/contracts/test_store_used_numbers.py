# SPDX-License-Identifier: Apache-2.0
"""An id or a number is used once, whether it is larger than all that is stored or comes late."""

from collections.abc import Callable

import pytest
from exchange.errors import AppendOnlyError
from exchange.ids import MessageId
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow
from tests.support.store_rows import (
    LINK,
    OTHER_LINK,
    StoreWorld,
    announced_row,
    link_row,
    message_id,
    message_row,
)

IN, OUT = Direction.IN, Direction.OUT
LOOKED_THROUGH = 256
"""Of the largest ids, where that of a side is looked for."""
EARLY = MessageId("00000000-0000-7000-8000-000000000000")


def send(*rows: MessageRow) -> Callable[[UnitOfWork], None]:
    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.messages.add(row, envelope=b"envelope", body=None)

    return unit


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (message_row(9, id=message_id(2)), "an old id under a new number"),
        (message_row(2, id=message_id(9)), "an old number under a new id"),
        (message_row(9, id=message_id(3)), "the newest id under a new number"),
        (message_row(3, id=message_id(9)), "the newest number under a new id"),
        (message_row(1), "an old id and number"),
    ],
)
async def test_stored_id_or_number_is_refused(world: StoreWorld, row: MessageRow, what: str) -> None:
    await world.store.write(send(message_row(1), message_row(2), message_row(3)))

    with pytest.raises(AppendOnlyError):
        await world.store.write(send(row))


@pytest.mark.parametrize(
    "row", [message_row(5, id=message_id(4)), message_row(4, id=message_id(5)), message_row(4)]
)
async def test_id_or_number_of_the_same_transaction_is_refused(world: StoreWorld, row: MessageRow) -> None:
    with pytest.raises(AppendOnlyError):
        await world.store.write(send(message_row(4), row))


async def test_number_and_id_that_come_late_are_taken(world: StoreWorld) -> None:
    await world.store.write(send(message_row(7), message_row(9)))

    await world.store.write(send(message_row(8), message_row(6, id=EARLY)))

    seqs = await world.store.read(lambda uow: [row.seq for row in uow.messages.numbers(LINK, OUT, 1, 9)])
    assert seqs == [6, 7, 8, 9]


async def test_same_id_and_number_of_the_other_side_and_of_another_link_are_taken(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(OTHER_LINK)))
    await world.store.write(send(message_row(3)))

    await world.store.write(send(message_row(3, IN, id=message_id(3)), message_row(3, link=OTHER_LINK)))

    assert await world.store.read(lambda uow: uow.messages.is_used(OTHER_LINK, OUT, message_id(3), 3))


async def test_id_is_refused_when_all_of_the_largest_ids_belong_to_the_other_side(world: StoreWorld) -> None:
    await world.store.write(send(message_row(1, direction=IN, id=message_id(1))))
    await world.store.write(send(*(message_row(seq) for seq in range(2, LOOKED_THROUGH + 2))))

    with pytest.raises(AppendOnlyError):
        await world.store.write(send(message_row(2, direction=IN, id=message_id(1))))


async def test_id_is_free_again_when_the_unit_that_used_it_failed(world: StoreWorld) -> None:
    def failing(uow: UnitOfWork) -> None:
        uow.messages.add(message_row(1), envelope=b"envelope", body=None)
        raise ZeroDivisionError

    def unit(uow: UnitOfWork) -> bool:
        with pytest.raises(ZeroDivisionError):
            uow.attempt(lambda: failing(uow))
        return uow.messages.is_used(LINK, OUT, message_id(1), 1)

    assert not await world.store.write(unit)


async def test_announced_id_or_number_of_the_same_transaction_is_refused(world: StoreWorld) -> None:
    rows = [
        announced_row(3),
        announced_row(3, id=message_id(4)),
        announced_row(4, id=message_id(3)),
        announced_row(2, id=EARLY),
        announced_row(4),
    ]

    taken = await world.store.write(lambda uow: [uow.messages.announce(row) for row in rows])

    assert taken == [True, False, False, True, True]
    found = await world.store.read(lambda uow: uow.messages.announced_numbers(LINK, 1, 9))
    assert found == [rows[3], rows[0], rows[4]]
