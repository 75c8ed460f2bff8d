# SPDX-License-Identifier: Apache-2.0
"""A message about many persons: a list page by page, a page for each person, and every page small."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import OfficerNumber, parse_message_id
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.pages.lines import MOST_WHOLE, place_of, shown_document
from exchange.interfaces.web.pages.steps import steps_of
from exchange.interfaces.web.paging import ROWS
from exchange.interfaces.web.styles import STYLE_PATH, loaded_file
from exchange.service.drafts import send
from exchange.service.forms import open_form
from tests.support.notices import notice
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import OFFICER, VN, World

MOST_FIRST, MOST_LATER = 150_000, 30_000
"""Bytes of a first and of a later visit, without compression; issue of the desk."""
Story = Callable[[House, Visitor, str], Awaitable[None]]


def play(folder: Path, persons: int, story: Story, *, language: str = "en") -> None:
    """Play a story after KH sent a notice about so many persons."""

    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder)
        await give_account(house, OFFICER, "officer")
        sent = await send(world.kh.node, world.link, notice(world.kh.node, VN, persons=persons), OFFICER)
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        await visitor.post("/account/language", language=language)
        await story(house, visitor, f"/message/{sent.id}")

    World(seed=3).run(opened)


def shown_of(persons: int, **query: str) -> Any:
    document: Any = {"header": {"type": "RPN"}, "persons": [{"sex": "F"} for _ in range(persons)]}
    asked = Asked("GET", "/", "", "", query={name: (value,) for name, value in query.items()})
    return shown_document(asked, document)


@pytest.mark.parametrize("persons", [50, 300])
@pytest.mark.parametrize("language", ["en", "km"])
def test_every_page_of_a_message_about_many_persons_is_small(
    persons: int, language: str, tmp_path: Path
) -> None:
    async def story(_: House, visitor: Visitor, message: str) -> None:
        sizes = {}
        for address in (message, f"{message}?page=2", f"{message}?person={persons}", "/today", "/cases"):
            shown = await visitor.get(address)
            assert shown.status == 200
            sizes[address] = len(shown.text.encode())

        assert {address: size for address, size in sizes.items() if size > MOST_LATER} == {}

    play(tmp_path, persons, story, language=language)


def test_the_list_names_everybody_once_and_each_has_a_page(tmp_path: Path) -> None:
    async def story(_: House, visitor: Visitor, message: str) -> None:
        pages = [(await visitor.get(f"{message}?page={page}")).text for page in (1, 2)]
        one = await visitor.get(f"{message}?person=50")

        assert [text.count("?person=") for text in pages] == [ROWS, 50 - ROWS]
        assert one.says("Person 50")
        assert one.says("C00000049")
        assert not one.says("C0000001")
        assert one.says("All persons of this message")

    play(tmp_path, 50, story)


def test_few_persons_stand_in_full_on_one_page(tmp_path: Path) -> None:
    async def story(_: House, visitor: Visitor, message: str) -> None:
        shown = await visitor.get(message)

        assert [shown.says(f"C000000{number}") for number in range(3)] == [True] * 3
        assert "?person=" not in shown.text

    play(tmp_path, MOST_WHOLE, story)


@pytest.mark.parametrize("person", ["0", "51", "-1", "x", "", "1" * 30, "٣"])
def test_a_person_who_is_none_of_the_message_shows_the_list(person: str) -> None:
    shown = shown_of(50, person=person)

    assert (shown.person, len(shown.rows)) == (0, ROWS)


def test_a_place_is_said_with_the_titles_of_the_form() -> None:
    assert place_of("RPN", "/persons/1/names/0/full").titles == ("Names", "Full form")
    assert place_of("RPN", "/persons/1/names").person == 2
    assert place_of("RPN", "/content/proposed_from").titles == ("First day of the period",)


@pytest.mark.parametrize("pointer", ["", "/", "/nothing", "/persons", "/persons/x/y"])
def test_a_place_that_the_form_does_not_have_is_said_as_it_is(pointer: str) -> None:
    assert place_of("RPN", pointer).person == 0


def test_a_first_visit_is_small(tmp_path: Path) -> None:
    """The style sheet names the fonts; a browser fetches those of its script only, at most two of them."""

    async def story(_: House, visitor: Visitor, message: str) -> None:
        page = len((await visitor.get("/today")).text.encode())
        style = loaded_file(STYLE_PATH)
        assert style is not None

        assert page + len(style[0]) <= MOST_FIRST // 3

    play(tmp_path, 1, story)


@pytest.mark.parametrize("language", ["en", "km", "th"])
def test_work_of_a_busy_day_and_each_question_are_small(language: str, tmp_path: Path) -> None:
    async def opened(world: World) -> None:
        await world.open()
        for _ in range(ROWS + 5):
            await send(world.kh.node, world.link, notice(world.kh.node, VN), OFFICER)
        house = await open_house(world.vn, tmp_path)
        await give_account(house, OFFICER, "officer")
        await world.until(lambda: answered(world))
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        await visitor.post("/account/language", language=language)
        rows = await house.node.store.read(lambda uow: uow.messages.list(limit=1))
        addresses = ["/today", "/cases", "/due/ours", f"/message/{rows[0].id}", "/write", "/search"]
        for type_code, after in (("RPD", rows[0].id), ("INC", rows[0].id), ("INQ", rows[0].id)):
            await visitor.post("/write", type=type_code, after=after)
            form = parse_message_id(visitor.last.to.rpartition("/")[2])
            found = await open_form(house.node, form, OfficerNumber(OFFICER))
            addresses += [step.address(form) for step in steps_of(found)]
        sizes = {address: len((await visitor.get(address)).text.encode()) for address in addresses}

        assert {address: size for address, size in sizes.items() if size > MOST_LATER} == {}

    World(seed=3).run(opened)


async def answered(world: World) -> bool:
    return await world.kh.store.read(lambda uow: uow.messages.open_count(world.link)) == (0, 0)
