# SPDX-License-Identifier: Apache-2.0
"""Both sides of a link read the same punctuality, and the same statistics, from accepted messages."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.cases.publication import Period
from exchange.cases.timeliness import Answer, Fate
from exchange.errors import UsageError
from exchange.service.statistics import counted
from exchange.service.timeliness import answers_of
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.world import KH, VN, Agency, World

Story = Callable[[World, Desks], Awaitable[None]]
OCTOBER = Period("2027-10", "2027-10")
LATER = datetime(2027, 12, 1, tzinfo=UTC)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        async def opened(world: World) -> None:
            desks = Desks(world, tmp_path)
            await desks.open()
            await story(world, desks)

        World(seed=23).run(opened)

    return run


class At:
    """A clock that stands."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def monotonic_s(self) -> float:
        return 0.0


async def read(world: World, agency: Agency, now: datetime | None = None, period: Period = OCTOBER) -> Any:
    node = replace(agency.node, clock=At(now)) if now else agency.node
    found = await answers_of(node, world.link, period, NOTHING_ANNOUNCED)
    return {key[0]: (key[1], months) for key, months in found.items()}


async def ask_for(desks: Desks, persons: int = 1) -> str:
    return await desks.sent(await desks.kh("message.send", document=small_notice("VN", persons)))


async def decide(desks: Desks, notice: str) -> None:
    answer = await desks.vn("message.answer", id=notice, outcome="accepted", valid_until="2027-12-20")
    await desks.sent(answer)


def test_answered_question_is_read_alike_on_both_sides_for_each_person(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        await decide(desks, await ask_for(desks, persons=3))

        found = [await read(world, agency) for agency in world.agencies]

        assert found[0] == found[1]
        assert found[0] == {"RPN": (VN, {"2027-10": [Answer(Fate.IN_TIME, 0)] * 3})}

    play(story)


@pytest.mark.parametrize(
    ("now", "fate"), [(None, Fate.NOT_DUE), (LATER, Fate.OVERDUE)], ids=["at once", "much later"]
)
def test_question_without_an_answer_is_open_until_its_deadline(
    play: Any, now: datetime | None, fate: Fate
) -> None:
    async def story(world: World, desks: Desks) -> None:
        await ask_for(desks)

        for agency in world.agencies:
            assert await read(world, agency, now) == {"RPN": (VN, {"2027-10": [Answer(fate)]})}

    play(story)


def test_question_that_was_cancelled_needs_no_answer(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        notice = await ask_for(desks)
        cancelled = {
            "type": "CAN",
            "target": notice,
            "reason": "other_solution",
            "purpose": "return_arrangement",
        }
        (case,) = (await desks.kh("case.list"))["cases"]
        await desks.sent(await desks.kh("message.send", document={**cancelled, "case_codes": [case["code"]]}))

        for agency in world.agencies:
            assert (await read(world, agency, LATER))["RPN"] == (VN, {"2027-10": [Answer(Fate.NOT_NEEDED)]})

    play(story)


def test_message_of_another_month_is_not_counted(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        await ask_for(desks)

        assert await read(world, world.kh, period=Period("2027-09", "2027-09")) == {}

    play(story)


def test_cases_are_counted_alike_on_both_sides(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        await decide(desks, await ask_for(desks, persons=2))
        await ask_for(desks)

        found = [await counted(agency.node, world.link, OCTOBER) for agency in world.agencies]

        assert found[0] == found[1]
        assert {name: count for name, count in found[0][KH]["2027-10"].items() if count} == {
            "notices": 3,
            "notices/accepted": 2,
            "notices/undecided": 1,
            "notices/adults": 3,
            "accepted_once": 2,
            "accepted_once/open": 2,
        }

    play(story)


async def at(desks: Desks, world: World, command: str, **members: Any) -> dict[str, Any]:
    """Ask a command of KH as if the month were over."""
    node = world.kh.node
    world.kh.node = replace(node, clock=At(LATER))
    try:
        return await desks.kh(command, **members)
    finally:
        world.kh.node = node


@pytest.mark.parametrize("command", ["statistics", "statistics.timeliness"])
def test_small_counts_are_hidden_and_the_act_is_recorded(play: Any, command: str) -> None:
    async def story(world: World, desks: Desks) -> None:
        await decide(desks, await ask_for(desks, persons=2))

        found = await at(desks, world, command, month="2027-10", partner=str(VN))

        (table,) = found.get("tables") or found["lines"]
        assert set(table["counts"].values()) <= {None, 0}
        assert table["counts"].get("notices", table["counts"].get("asked")) is None
        acts = await world.kh.store.read(lambda uow: [row.act for row in uow.audit.list(limit=1)])
        assert acts == ["statistics_made" if command == "statistics" else "timeliness_made"]

    play(story)


def test_counts_from_the_threshold_on_are_shown(play: Any) -> None:
    async def story(world: World, desks: Desks) -> None:
        await decide(desks, await ask_for(desks, persons=12))

        counts = (await at(desks, world, "statistics", month="2027-10"))["tables"][0]["counts"]
        (line,) = (await at(desks, world, "statistics.timeliness", month="2027-10"))["lines"]

        assert counts["notices"] == 12
        assert counts["notices/refused"] is None
        assert counts["notices/accepted"] is None
        assert (line["type"], line["answers"], line["counts"]["asked"]) == ("RPN", VN, 12)

    play(story)


@pytest.mark.parametrize(
    "period",
    [{}, {"month": "2027-10"}, {"month": "x"}, {"from": "2027-09"}, {"from": "2027-09", "to": "2027-08"}],
)
def test_only_months_that_are_over_are_counted(play: Any, period: dict[str, str]) -> None:
    async def story(_: World, desks: Desks) -> None:
        with pytest.raises(UsageError):
            await desks.kh("statistics", **period)

    play(story)
