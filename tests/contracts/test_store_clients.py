# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of client systems and of their writes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import OfficerNumber
from exchange.service.clients import AnswerState, ClientRow, KeptAnswer
from exchange.service.ports import UnitOfWork
from tests.support.store_rows import NOW, OFFICER, StoreWorld, officer_row

LATER = NOW + timedelta(days=365)
FILES = ClientRow("files", OFFICER, ("officer", "releaser"), b"t" * 32, NOW, LATER)
KEPT = KeptAnswer("files", b"k" * 32, b"r" * 32, NOW)


async def add(world: StoreWorld, *rows: ClientRow) -> None:
    def unit(uow: UnitOfWork) -> None:
        if uow.officers.get(OFFICER) is None:
            uow.officers.add(officer_row())
        for row in rows:
            uow.clients.add(row)

    await world.store.write(unit)


async def test_clients_come_back_by_name(world: StoreWorld) -> None:
    other = replace(FILES, name="archive", roles=("auditor",))
    await add(world, FILES, other)

    assert await world.store.read(lambda uow: uow.clients.list()) == [other, FILES]
    assert await world.store.read(lambda uow: uow.clients.get("files")) == FILES
    assert await world.store.read(lambda uow: uow.clients.get("nobody")) is None


async def test_an_ended_client_keeps_its_name(world: StoreWorld) -> None:
    await add(world, FILES)
    await world.store.write(lambda uow: uow.clients.end("files", LATER))

    assert await world.store.read(lambda uow: uow.clients.get("files")) == replace(FILES, ended_at=LATER)
    with pytest.raises(AppendOnlyError):
        await add(world, FILES)


@pytest.mark.parametrize("name", ["files", "nobody"])
async def test_a_client_ends_once_and_only_if_it_is_there(world: StoreWorld, name: str) -> None:
    await add(world, FILES)
    await world.store.write(lambda uow: uow.clients.end("files", NOW))

    with pytest.raises(StoreError, match="has ended"):
        await world.store.write(lambda uow: uow.clients.end(name, LATER))


async def test_a_client_of_an_officer_who_is_not_in_the_directory_is_refused(world: StoreWorld) -> None:
    await add(world)

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.clients.add(replace(FILES, officer=OfficerNumber("P-0099"))))


async def test_a_kept_answer_is_replaced_and_forgotten(world: StoreWorld) -> None:
    await add(world, FILES)
    answered = replace(KEPT, state=AnswerState.ANSWERED, answer=b'{"id":"1"}')
    for row in (KEPT, answered):
        await world.store.write(lambda uow, row=row: uow.clients.put_answer(row))

    assert await world.store.write(lambda uow: uow.clients.answer("files", KEPT.key)) == answered
    await world.store.write(lambda uow: uow.clients.drop_answer("files", KEPT.key))
    assert await world.store.write(lambda uow: uow.clients.answer("files", KEPT.key)) is None


async def test_the_oldest_answers_are_forgotten_a_few_at_a_time(world: StoreWorld) -> None:
    await add(world, FILES)
    rows = [replace(KEPT, key=bytes([at]) * 32, begun_at=NOW + timedelta(hours=at)) for at in range(4)]

    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.clients.put_answer(row)
        uow.clients.forget_answers(NOW + timedelta(hours=3), 2)

    await world.store.write(unit)

    left = [
        await world.store.write(lambda uow, row=row: uow.clients.answer("files", row.key)) for row in rows
    ]
    assert [row is not None for row in left] == [False, False, True, True]
