# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of the home register."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.errors import AppendOnlyError, StoreError
from exchange.service.rows import FoundEntry, RegisterRow
from tests.support.store_rows import CODE, LINK, NOW, OTHER_CODE, StoreWorld, case_row

ROW = RegisterRow("F-1", "{ស}".encode(), NOW)


async def add(world: StoreWorld, *rows: RegisterRow, keys: tuple[str, ...] = ()) -> None:
    for row in rows:
        await world.store.write(lambda uow, row=row: uow.register.add(row, keys))


async def change(world: StoreWorld, row: RegisterRow, *keys: str) -> None:
    await world.store.write(lambda uow: uow.register.update(row, keys))


async def get(world: StoreWorld, number: str = "F-1") -> RegisterRow | None:
    return await world.store.read(lambda uow: uow.register.get(number))


async def count(world: StoreWorld, table: str) -> Any:
    return await world.raw(lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def add_case(world: StoreWorld) -> RegisterRow:
    await world.store.write(lambda uow: uow.cases.add(case_row()))
    return replace(ROW, link=LINK, case=CODE)


async def test_entry_comes_back_as_it_was_kept(world: StoreWorld) -> None:
    await add(world, ROW)

    assert await get(world) == ROW
    assert await get(world, "F-2") is None


async def test_entry_of_a_case_comes_back_with_its_case(world: StoreWorld) -> None:
    row = await add_case(world)
    await add(world, row, replace(ROW, number="F-2"))

    assert await get(world) == row
    assert await world.store.read(lambda uow: uow.register.of_case(LINK, CODE)) == [row]
    assert await world.store.read(lambda uow: uow.register.of_case(LINK, OTHER_CODE)) == []


async def test_file_number_is_used_once(world: StoreWorld) -> None:
    await add(world, ROW)

    with pytest.raises(AppendOnlyError):
        await add(world, replace(ROW, content=b"other"))

    assert await get(world) == ROW


async def test_changed_entry_has_new_content_and_new_keys(world: StoreWorld) -> None:
    await add(world, ROW, keys=("a", "b"))
    changed = replace(ROW, content=b"changed", changed_at=NOW + timedelta(hours=1))

    await change(world, changed, "b", "c")

    found = await world.store.read(lambda uow: uow.register.find(["a", "b", "c"], limit=5))
    assert found == [FoundEntry(changed, frozenset("bc"))]


async def test_unknown_entry_is_not_changed(world: StoreWorld) -> None:
    with pytest.raises(StoreError):
        await change(world, ROW)


async def test_entry_of_an_unknown_case_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError):
        await add(world, replace(ROW, link=LINK, case=CODE))

    assert await get(world) is None


async def test_entry_that_gets_a_case_goes_with_the_case(world: StoreWorld) -> None:
    await add(world, ROW, keys=("a",))
    row = await add_case(world)
    await change(world, row, "a")
    assert await get(world) == row

    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert await get(world) is None
    assert await count(world, "register_entry") == await count(world, "register_token") == 0


async def test_entry_that_loses_its_case_outlives_the_case(world: StoreWorld) -> None:
    row = await add_case(world)
    await add(world, row)

    await change(world, ROW)
    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert await get(world) == ROW


async def test_pages_hold_every_entry_once_in_order(world: StoreWorld) -> None:
    rows = [replace(ROW, number=f"F-{n}") for n in range(5)]
    await add(world, *rows)

    first, after = await world.store.read(lambda uow: uow.register.page(limit=3))
    second, last = await world.store.read(lambda uow: uow.register.page(after=after, limit=3))

    assert (first + second, last) == (rows, 0)


async def test_entries_with_more_of_the_keys_are_found_first(world: StoreWorld) -> None:
    await add(world, ROW, keys=("a",))
    await add(world, replace(ROW, number="F-2"), keys=("a", "b"))

    found = await world.store.read(lambda uow: uow.register.find(["a", "b"], limit=5))
    limited = await world.store.read(lambda uow: uow.register.find(["a", "b"], limit=1))

    assert [entry.row.number for entry in found] == ["F-2", "F-1"]
    assert limited == found[:1]
