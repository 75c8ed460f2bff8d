# SPDX-License-Identifier: Apache-2.0
"""Long lists on the pages: a page at a time, nothing shown twice, nothing left out."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.paging import MOST_PAGES, ROWS, WIDE_ROWS, Slice, asked_slice
from exchange.service.drafts import send
from exchange.service.rows import Direction, MessageState
from tests.support.notices import notice
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import KH, OFFICER, VN, Agency, World

MESSAGE = re.compile(r'class="govuk-link" href="/message/([0-9a-f-]{36})"')
CASE = re.compile(r'href="/case/([0-9A-Z-]{14})"')


@pytest.mark.parametrize(
    ("said", "page"),
    [
        ("", 1),
        ("1", 1),
        ("7", 7),
        ("0", 1),
        ("-3", 1),
        ("two", 1),
        ("٧", 1),
        ("9999", MOST_PAGES),
        ("12345", 1),
    ],
)
def test_what_is_no_page_is_the_first_one(said: str, page: int) -> None:
    asked = Asked("GET", "/cases", "", "", query={"page": (said,)} if said else {})

    assert asked_slice(asked, 10) == Slice(page, 10)


@pytest.mark.parametrize(
    ("page", "found", "ways"),
    [
        (1, 10, (0, 0)),
        (1, 11, (0, 2)),
        (2, 11, (1, 3)),
        (3, 0, (2, 0)),
        (MOST_PAGES, 11, (MOST_PAGES - 1, 0)),
    ],
)
def test_a_page_knows_the_pages_beside_it(page: int, found: int, ways: tuple[int, int]) -> None:
    part = Slice(page, 10)

    assert part.ways(range(found)) == {"before": ways[0], "after": ways[1]}
    assert len(part.shown(range(found))) == min(found, 10)


async def delivered(agency: Agency) -> bool:
    """Return whether the partner has accepted everything that an agency sent."""
    rows = await agency.node.store.read(lambda uow: uow.messages.list(direction=Direction.OUT, limit=1_000))
    return all(row.state is MessageState.ACCEPTED for row in rows)


def play(folder: Path, count: int, story: Callable[[World, House, Visitor], Awaitable[None]]) -> None:
    async def opened(world: World) -> None:
        await world.open()
        for _ in range(count):
            await send(world.kh.node, world.link, notice(world.kh.node, VN, persons=1), OFFICER)
        await world.until(lambda: delivered(world.kh))
        house = await open_house(world.vn, folder)
        await give_account(house, OFFICER, "officer")
        visitor = Visitor(house)
        await visitor.sign_in(OFFICER)
        await story(world, house, visitor)

    World(seed=14).run(opened)


def test_every_notice_is_on_one_page_of_the_worklist_and_every_case_on_one_of_the_cases(
    tmp_path: Path,
) -> None:
    count = 2 * WIDE_ROWS + 3

    async def story(world: World, house: House, visitor: Visitor) -> None:
        seen: list[str] = []
        address = "/today"
        while address:
            shown = await visitor.get(address)
            assert (shown.status, len(shown.text) < 30_000) == (200, True)
            seen += MESSAGE.findall(shown.text)
            following = re.search(r'href="(/due/ours\?after=[^"]+)"', shown.text)
            address = following[1] if following else ""
        first, second = await visitor.get("/cases"), await visitor.get("/cases?page=2")
        cases = [*CASE.findall(first.text), *CASE.findall(second.text)]

        assert len(seen) == len(set(seen)) == count
        assert len(set(cases)) == count
        assert len(CASE.findall(first.text)) == ROWS
        assert "page=3" not in second.text

    play(tmp_path, count, story)


@pytest.mark.parametrize(
    "address", ["/due/ours?after=x", "/due/ours?after=1.2.3", "/due/ours?after=1.2.3.in.5.6.7.8", "/due/both"]
)
def test_a_place_that_is_none_is_told_and_breaks_nothing(tmp_path: Path, address: str) -> None:
    async def story(world: World, house: House, visitor: Visitor) -> None:
        assert (await visitor.get(address)).status in (200, 400)

    play(tmp_path, 1, story)


def test_what_waits_for_the_partner_does_not_push_away_what_waits_for_us(tmp_path: Path) -> None:
    """The other side has many open questions of ours, all due earlier than the one that we have to answer."""

    async def story(world: World, house: House, visitor: Visitor) -> None:
        for _ in range(3):
            await send(world.vn.node, world.link, notice(world.vn.node, KH, persons=1), OFFICER)
        await world.until(lambda: delivered(world.vn))

        shown = await visitor.get("/today")

        assert len(MESSAGE.findall(shown.text.partition("Waiting for partners")[0])) == 1
        assert len(MESSAGE.findall(shown.text.partition("Waiting for partners")[2])) == 3

    play(tmp_path, 1, story)
