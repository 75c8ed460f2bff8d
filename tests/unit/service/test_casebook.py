# SPDX-License-Identifier: Apache-2.0
"""The commands `case.list` and `case.show`: what is settled, what waits, and the timeline of a case."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import OpenNode
from exchange.errors import UsageError
from exchange.interfaces.api.casebook import COMMANDS
from exchange.interfaces.api.desk import Ask, Desk
from exchange.messages.document import header_of
from exchange.service.meaning import document_of
from exchange.service.release import release
from exchange.service.rows import Direction
from tests.support.notices import decision, notice
from tests.support.world import KH, OFFICER, VN, Agency, World


async def ask(agency: Agency, command: str, **members: Any) -> dict[str, Any]:
    opened = OpenNode(agency.node, Path("none"), None, None, None, None)  # type: ignore[arg-type]
    return await COMMANDS[command](Desk(opened), Ask({"officer": OFFICER, **members}))


def play(story: Callable[[World, str], Awaitable[None]]) -> None:
    """Run a story in which VN has accepted a notice of KH about one person."""

    async def opened(world: World) -> None:
        await world.open()
        document = notice(world.kh.node, VN)
        await release(world.kh.node, world.link, document, officer=OFFICER)
        await world.until(lambda: _quiet(world, world.kh))
        await story(world, str(header_of(document)["case_codes"][0]))  # type: ignore[index]

    World(seed=5).run(opened)


async def _quiet(world: World, agency: Agency) -> bool:
    found = await agency.store.read(lambda uow: uow.messages.open_count(world.link))
    return found[0] == 0


async def _decide(world: World) -> None:
    received = await world.vn.store.read(
        lambda uow: document_of(uow, uow.messages.by_seq(world.link, Direction.IN, 1))  # type: ignore[arg-type]
    )
    document = decision(world.vn.node, KH, received)  # type: ignore[arg-type]
    await release(world.vn.node, world.link, document, officer=OFFICER)


def test_until_the_host_side_answers_a_decision_is_shown_and_not_settled() -> None:
    async def story(world: World, code: str) -> None:
        world.weather.down = True
        await _decide(world)

        (listed,) = (await ask(world.vn, "case.list"))["cases"]
        shown = await ask(world.vn, "case.show", code=code)

        assert (listed["state"], listed["shown"], listed["provisional"]) == ("notice_pending", "accepted", 1)
        assert (shown["case"]["shown"], shown["case"]["acceptance_until"]) == ("accepted", "2027-12-20")
        assert [entry["provisional"] for entry in shown["events"]] == [False, True]
        assert shown["events"][1]["accepted"] is None

    play(story)


def test_a_settled_decision_is_one_entry_that_answers_the_notice() -> None:
    async def story(world: World, code: str) -> None:
        await _decide(world)
        await world.until(lambda: _quiet(world, world.vn))

        for agency in world.agencies:
            shown = await ask(agency, "case.show", code=code)
            asked, answer = shown["events"]
            assert (shown["case"]["state"], shown["case"]["provisional"]) == ("accepted", 0)
            assert (asked["type"], asked["before"], asked["after"]) == ("RPN", "presumed", "notice_pending")
            assert asked["implied"] == ["presumed > return_prepared"]
            assert asked["answered"] == answer["message"]
            assert (answer["after"], answer["provisional"], answer["state"]) == (
                "accepted",
                False,
                "accepted",
            )
            assert asked["released"] < asked["accepted"] < answer["released"] < answer["accepted"]
            assert shown["case"]["movements"] == []

    play(story)


@pytest.mark.parametrize("code", ["0000-0000-0000", "abc", ""])
def test_an_unknown_code_shows_nothing(code: str) -> None:
    async def story(world: World, _: str) -> None:
        with pytest.raises(UsageError):
            await ask(world.kh, "case.show", code=code)

    play(story)


def test_showing_a_case_is_recorded_and_listing_is_not() -> None:
    async def story(world: World, code: str) -> None:
        await ask(world.kh, "case.list")
        before = await world.kh.store.read(lambda uow: len(uow.audit.list(limit=1000)))
        await ask(world.kh, "case.show", code=code[:4])
        last = await world.kh.store.read(lambda uow: uow.audit.list(limit=1000))

        assert len(last) == before + 1
        assert [row.act for row in last].count("case_opened") == 1

    play(story)
