# SPDX-License-Identifier: Apache-2.0
"""Persons are found again on both sides by what messages said of them, and a search is recorded."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.messages.filling import fill
from exchange.messages.searchkeys import Fit
from exchange.service.release import release
from exchange.service.searching import SHOWN, Findings, Wanted, find_persons
from tests.support.notices import small_notice, sources
from tests.support.world import OFFICER, VN, Agency, World

Story = Callable[[World], Awaitable[None]]
PERSONS: list[dict[str, Any]] = [
    {"names": [{"full": "SOK Dara"}, {"full": "សុខ ដារ៉ា", "script": "Khmr", "kind": "official"}]},
    {"names": [{"full": "SOKH Darah"}], "birth": {"value": "1998-03-02"}},
    {"names": [{"full": "NGUYỄN Thị Đào"}], "sex": "M"},
]


def play(story: Story, persons: list[dict[str, Any]] | None = None) -> None:
    """Run a story in which VN has accepted a notice of KH about some persons."""

    async def opened(world: World) -> None:
        await world.open()
        some = PERSONS if persons is None else persons
        small = small_notice(persons=len(some))
        for person, given in zip(small["persons"], some, strict=True):
            person |= given
        document = fill(small, sources(world.kh.node, VN)).document
        await release(world.kh.node, world.link, document, officer=OFFICER)

        async def quiet() -> bool:
            found = await world.kh.store.read(lambda uow: uow.messages.open_count(world.link))
            return found[0] == 0

        await world.until(quiet)
        await story(world)

    World(seed=11).run(opened)


async def find(agency: Agency, name: str = "", *, purpose: str = "identity check", **more: Any) -> Findings:
    return await find_persons(agency.node, Wanted(name, **more), OFFICER, purpose)


def names(found: Findings) -> list[str]:
    return [person.names[0] for person in found.persons]


def test_person_is_found_on_both_sides_the_exact_spelling_first() -> None:
    async def story(world: World) -> None:
        for agency in world.agencies:
            found = await find(agency, "dara sok")

            assert names(found) == ["SOK Dara", "SOKH Darah"]
            assert [person.fit for person in found.persons] == [Fit.SPELLING, Fit.SOUND]
            assert (found.persons[0].state, found.persons[0].sex) == ("notice_pending", "F")
            assert not found.more

    play(story)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("សុខដារ៉ា", ["SOK Dara"]),
        ("nguyen dao", ["NGUYỄN Thị Đào"]),
        ("NGUYÊN THI ÐAO", ["NGUYỄN Thị Đào"]),
        ("Bopha", []),
    ],
)
def test_name_is_found_in_any_script_it_was_written_in(name: str, expected: list[str]) -> None:
    async def story(world: World) -> None:
        assert names(await find(world.kh, name)) == expected

    play(story)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"born": 1998}, ["SOKH Darah"]),
        ({"born": 2003}, ["SOK Dara"]),
        ({"born": 1950}, []),
        ({"document": "c-000 0001"}, ["SOKH Darah", "SOK Dara"]),
        ({"document": "C៩៩"}, ["SOK Dara", "SOKH Darah"]),
    ],
    ids=["the year of one", "the year of the other", "no year", "a document comes first", "no document"],
)
def test_year_and_document_tell_persons_of_one_name_apart(
    wanted: dict[str, Any], expected: list[str]
) -> None:
    async def story(world: World) -> None:
        assert names(await find(world.vn, "Sok Dara", **wanted)) == expected

    play(story)


def test_document_alone_finds_a_person() -> None:
    async def story(world: World) -> None:
        found = await find(world.vn, document="C0000002")

        assert names(found) == ["NGUYỄN Thị Đào"]
        assert found.persons[0].fit is Fit.DOCUMENT

    play(story)


def test_place_that_is_not_known_excludes_nobody_and_counts_as_a_doubt() -> None:
    async def story(world: World) -> None:
        found = await find(world.kh, "Dao", place="Svay Rieng")

        assert [person.doubts for person in found.persons] == [1]

    play(story)


@pytest.mark.parametrize(
    ("wanted", "purpose"),
    [
        ({}, "why"),
        ({"name": " - "}, "why"),
        ({"name": "Sok", "born": 2541}, "why"),
        ({"name": "Sok"}, ""),
        ({"name": "Sok"}, "  "),
    ],
    ids=["nothing", "no letter", "a Buddhist year", "no purpose", "a blank purpose"],
)
def test_search_without_a_question_or_a_purpose_is_refused_and_not_recorded(
    wanted: dict[str, Any], purpose: str
) -> None:
    async def story(world: World) -> None:
        before = await world.kh.store.read(lambda uow: len(uow.audit.list()))

        with pytest.raises(UsageError):
            await find_persons(world.kh.node, Wanted(**wanted), OFFICER, purpose)

        assert await world.kh.store.read(lambda uow: len(uow.audit.list())) == before

    play(story)


def test_search_is_recorded_with_its_purpose_and_without_what_was_searched_for() -> None:
    """Rule 30, threat-model section 6."""

    async def story(world: World) -> None:
        await find(world.kh, "Sokh Darah", document="C0000001", born=1998, place="Bavet", purpose="missing")

        (act,) = await world.kh.store.read(
            lambda uow: [row for row in uow.audit.list() if row.act == "person_searched"]
        )
        told = json.dumps([vars(act) | {"at": ""}, world.kh.noted.events, world.kh.noted.counts]).lower()

        assert (act.actor, act.purpose, act.result) == (OFFICER, "missing", "found 1")
        assert not [word for word in ("sokh", "darah", "c0000001", "1998", "bavet") if word in told]

    play(story)


def test_search_that_finds_nobody_is_recorded_too() -> None:
    async def story(world: World) -> None:
        await find(world.kh, "Nobody")

        acts = await world.kh.store.read(lambda uow: [row.result for row in uow.audit.list(limit=1)])
        assert acts == ["found 0"]

    play(story)


def test_frequent_name_shows_some_and_says_that_there_are_more() -> None:
    async def story(world: World) -> None:
        found = await find(world.kh, "Sok")

        assert (len(found.persons), found.more) == (SHOWN, True)

    play(story, [{"names": [{"full": f"SOK Nr{n}"}]} for n in range(SHOWN + 5)])


def test_for_a_frequent_name_no_more_persons_are_opened_than_are_shown() -> None:
    async def story(world: World) -> None:
        await find(world.kh, "Sok")

        acts = await world.kh.store.read(lambda uow: [row.result for row in uow.audit.list(limit=1)])
        assert acts == [f"found {SHOWN}"]

    play(story, [{"names": [{"full": f"SOK Nr{n}"}]} for n in range(2 * SHOWN + 5)])


@pytest.mark.parametrize("place", [0, SHOWN, 2 * SHOWN + 4])
def test_year_finds_the_one_among_many_of_a_name(place: int) -> None:
    async def story(world: World) -> None:
        found = await find(world.kh, "Sok", born=1988)

        assert ([person.births for person in found.persons], found.more) == ([("1988-03-02",)], False)

    born = ["1988-03-02" if n == place else "2003-05-14" for n in range(2 * SHOWN + 5)]
    play(story, [{"names": [{"full": f"SOK Nr{n}"}], "birth": {"value": day}} for n, day in enumerate(born)])


def test_erased_person_is_not_found_any_more() -> None:
    async def story(world: World) -> None:
        code = (await find(world.vn, "Dao")).persons[0].case
        await world.vn.store.write(lambda uow: uow.cases.erase(world.link, code))  # type: ignore[arg-type]

        assert names(await find(world.vn, "Dao")) == []
        assert names(await find(world.kh, "Dao")) == ["NGUYỄN Thị Đào"]

    play(story)


def test_store_from_before_there_were_search_keys_is_indexed_at_the_first_search() -> None:
    async def story(world: World) -> None:
        world.kh.store._store.execute("DELETE FROM case_token")

        assert names(await find(world.kh, "Sok Dara")) == ["SOK Dara", "SOKH Darah"]
        assert names(await find(world.kh, "Dao")) == ["NGUYỄN Thị Đào"]

    play(story)
