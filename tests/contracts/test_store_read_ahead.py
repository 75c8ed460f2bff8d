# SPDX-License-Identifier: Apache-2.0
"""What is read ahead for many messages is what each message alone would be given."""

import sqlite3
from asyncio import gather
from types import NoneType

import pytest
from exchange.errors import StoreDamagedError
from exchange.ids import CaseCode
from exchange.service.ports import AboutCases, UnitOfWork
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


async def test_cases_read_by_their_codes_are_those_that_are_kept(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> list[CaseRow | None]:
        uow.cases.read_named(LINK, [OTHER_CODE, CODE])
        return [uow.cases.get(LINK, code) for code in (CODE, OTHER_CODE)]

    await world.store.write(send)

    assert await world.store.read(unit) == [case_row(), None]


async def test_code_without_a_case_that_was_read_gets_its_case(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> CaseRow | None:
        uow.cases.read_named(LINK, [CODE])
        send(uow)
        return uow.cases.get(LINK, CODE)

    assert await world.store.write(unit) == case_row()
    assert await world.store.read(lambda uow: uow.cases.get(LINK, CODE)) == case_row()


async def test_case_that_waits_is_not_read_over(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> CaseRow | None:
        send(uow)
        uow.cases.read_named(LINK, [CODE])
        return uow.cases.get(LINK, CODE)

    assert await world.store.write(unit) == case_row()


async def test_new_salts_that_were_read_are_remembered_once(world: StoreWorld) -> None:
    one, two, old = b"1" * 32, b"2" * 32, b"0" * 32

    def unit(uow: UnitOfWork) -> list[bool]:
        uow.contents.read_salts([one, two])
        return [uow.contents.seen_salts(salts) for salts in ([one], [one], [two, two], [two, old], [two])]

    await world.store.write(lambda uow: uow.contents.seen_salts([old]))

    assert await world.store.write(unit) == [False, True, True, True, False]
    assert await world.store.write(lambda uow: uow.contents.seen_salts([two]))


async def test_used_salt_that_was_read_with_others_is_found(world: StoreWorld) -> None:
    new, used = b"1" * 32, b"2" * 32

    def unit(uow: UnitOfWork) -> list[bool]:
        uow.contents.read_salts([new, used])
        return [uow.contents.seen_salts([salt]) for salt in (used, new)]

    await world.store.write(lambda uow: uow.contents.seen_salts([used]))

    assert await world.store.write(unit) == [True, False]


async def test_salt_read_in_a_unit_that_failed_is_new_again(world: StoreWorld) -> None:
    salt = b"1" * 32

    def failing(uow: UnitOfWork) -> None:
        uow.contents.read_salts([salt])
        assert not uow.contents.seen_salts([salt])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await world.store.write(failing)

    assert not await world.store.write(lambda uow: uow.contents.seen_salts([salt]))


async def test_units_about_cases_get_what_they_would_get_alone(world: StoreWorld) -> None:
    def unit(code: CaseCode) -> AboutCases[CaseRow | None]:
        return AboutCases(lambda uow: uow.cases.get(LINK, code), LINK, [code])

    await world.store.write(send)

    found = await gather(*(world.store.write(unit(code)) for code in (CODE, OTHER_CODE, CODE)))

    assert found == [case_row(), None, case_row()]


async def test_case_that_is_damaged_fails_its_own_unit_alone(world: StoreWorld) -> None:
    def damaged(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE case_state SET snapshot = zeroblob(60)")

    def unit(seq: int, code: CaseCode) -> AboutCases[None]:
        def write(uow: UnitOfWork) -> None:
            uow.messages.add(message_row(seq), envelope=b"envelope", body=None)
            uow.cases.get(LINK, code)

        return AboutCases(write, LINK, [code])

    await world.store.write(send)
    await world.raw(damaged)

    outcomes = await gather(
        *(world.store.write(unit(seq, code)) for seq, code in ((2, OTHER_CODE), (3, CODE), (4, OTHER_CODE))),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [NoneType, StoreDamagedError, NoneType]
    seqs = await world.store.read(lambda uow: [row.seq for row in uow.messages.numbers(LINK, OUT, 1, 9)])
    assert seqs == [1, 2, 4]
