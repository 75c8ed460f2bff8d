# SPDX-License-Identifier: Apache-2.0
"""Cases that are read ahead for many messages are those that each message alone would give."""

from exchange.ids import CaseCode
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, Direction, Part
from tests.support.store_rows import CODE, LINK, OTHER_CODE, StoreWorld, case_event, case_row, message_row

OUT = Direction.OUT


def send(uow: UnitOfWork, seq: int = 1) -> None:
    """Write a message about one case, which the first one opens."""
    uow.messages.add(message_row(seq), envelope=b"envelope", body=b"body")
    uow.contents.add(LINK, OUT, seq, [Part(0, None, b"header"), Part(2, CODE, b"person")])
    if seq == 1:
        uow.cases.add(case_row())
    uow.cases.add_event(case_event(seq))


async def test_cases_read_ahead_are_those_of_each_message(world: StoreWorld) -> None:
    def sent(uow: UnitOfWork) -> None:
        send(uow, 1)
        send(uow, 2)
        uow.messages.add(message_row(3), envelope=b"envelope", body=b"body")

    def unit(uow: UnitOfWork) -> list[list[CaseCode]]:
        uow.cases.read_ahead(LINK, OUT, [3, 1, 2, 9])
        return [uow.cases.of_message(LINK, OUT, seq) for seq in (1, 2, 3, 9)]

    await world.store.write(sent)

    assert await world.store.read(unit) == [[CODE], [CODE], [], []]


async def test_case_of_a_message_read_ahead_is_the_changed_one(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> tuple[list[CaseCode], CaseRow | None]:
        uow.cases.read_ahead(LINK, OUT, [1, 2])
        uow.cases.update(case_row(state="accepted"))
        return uow.cases.of_message(LINK, OUT, 2), uow.cases.get(LINK, CODE)

    def sent(uow: UnitOfWork) -> None:
        send(uow, 1)
        send(uow, 2)

    await world.store.write(sent)

    assert await world.store.write(unit) == ([CODE], case_row(state="accepted"))


async def test_case_entered_after_reading_ahead_belongs_to_its_message(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> list[CaseCode]:
        uow.cases.read_ahead(LINK, OUT, [1])
        uow.cases.add(case_row(OTHER_CODE))
        uow.cases.add_event(case_event(1, OTHER_CODE))
        return uow.cases.of_message(LINK, OUT, 1)

    await world.store.write(send)

    assert await world.store.write(unit) == [CODE, OTHER_CODE]
