# SPDX-License-Identifier: Apache-2.0
"""How every store finds cases by search keys, and pages through its cases."""

from collections.abc import Collection

from exchange.ids import CaseCode, LinkId
from exchange.service.ports import UnitOfWork
from exchange.service.rows import FoundCase
from tests.support.store_rows import CODE, LINK, OTHER_CODE, OTHER_LINK, StoreWorld, case_row, link_row

THIRD = CaseCode("3333-3333-3333")


async def keep(world: StoreWorld, keys: dict[CaseCode, Collection[str]]) -> None:
    def unit(uow: UnitOfWork) -> None:
        for code, some in keys.items():
            if uow.cases.get(LINK, code) is None:
                uow.cases.add(case_row(code))
            uow.searches.index(LINK, code, some)

    await world.store.write(unit)


async def find(world: StoreWorld, *keys: str, limit: int = 10) -> list[FoundCase]:
    return await world.store.read(lambda uow: uow.searches.find(keys, limit=limit))


async def test_case_is_found_by_any_of_its_keys_with_those_that_fit(world: StoreWorld) -> None:
    await keep(world, {CODE: ["w|sok", "w|dara"]})

    assert await find(world, "w|dara", "w|bopha") == [FoundCase(LINK, CODE, frozenset({"w|dara"}))]


async def test_nothing_is_found_by_another_key_or_by_none(world: StoreWorld) -> None:
    await keep(world, {CODE: ["w|sok"]})

    assert await find(world, "s|sok", "w|so", "W|sok", "") == []
    assert await find(world) == []


async def test_cases_with_more_of_the_keys_come_first_and_the_limit_keeps_them(world: StoreWorld) -> None:
    await keep(world, {CODE: ["a", "b", "c"], OTHER_CODE: ["a"], THIRD: ["a", "c"]})

    found = await find(world, "a", "b", "c")
    limited = await find(world, "a", "b", "c", limit=1)

    assert [row.case for row in found] == [CODE, THIRD, OTHER_CODE]
    assert limited == [FoundCase(LINK, CODE, frozenset("abc"))]


async def test_older_case_with_more_of_the_keys_stands_before_newer_ones_far_behind_it(
    world: StoreWorld,
) -> None:
    await keep(world, {CODE: ["a", "b"]})
    await world.raw(lambda raw: raw.execute("INSERT INTO case_file (no, link, key) VALUES (9000, 1, 9000)"))
    await keep(world, {OTHER_CODE: ["a"], THIRD: ["a", "b"]})

    assert [row.case for row in await find(world, "a", "b")] == [THIRD, CODE, OTHER_CODE]
    assert [row.case for row in await find(world, "a", "b", limit=2)] == [THIRD, CODE]
    assert [row.case for row in await find(world, "a", limit=1)] == [THIRD]
    assert [row.case for row in await find(world, "b", "c", limit=2)] == [THIRD, CODE]


async def test_keys_are_kept_once_and_grow(world: StoreWorld) -> None:
    await keep(world, {CODE: ["a"]})
    await keep(world, {CODE: ["a", "b"]})

    assert await find(world, "a", "b") == [FoundCase(LINK, CODE, frozenset("ab"))]


async def test_keys_of_a_code_that_is_not_in_the_store_are_not_kept(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.searches.index(LINK, CODE, ["a"]))
    await keep(world, {CODE: []})

    assert await find(world, "a") == []


async def test_keys_of_an_erased_case_are_gone_and_others_stay(world: StoreWorld) -> None:
    await keep(world, {CODE: ["a"], OTHER_CODE: ["a"]})

    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert [row.case for row in await find(world, "a")] == [OTHER_CODE]
    assert await world.raw(lambda db: db.execute("SELECT count(*) FROM case_token").fetchone()) == (1,)


async def page(world: StoreWorld, link: LinkId, after: int, limit: int) -> tuple[list[CaseCode], int]:
    return await world.store.read(lambda uow: uow.cases.page(link, after=after, limit=limit))


async def test_pages_name_every_case_of_a_link_once_without_erased_ones(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(OTHER_LINK)))
    await keep(world, {CODE: [], OTHER_CODE: [], THIRD: []})
    await world.store.write(lambda uow: uow.cases.erase(LINK, OTHER_CODE))

    first, after = await page(world, LINK, 0, 1)
    second, last = await page(world, LINK, after, 5)

    assert (first, second, last) == ([CODE], [THIRD], 0)
    assert await page(world, OTHER_LINK, 0, 5) == ([], 0)
