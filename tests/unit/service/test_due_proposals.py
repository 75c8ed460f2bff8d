# SPDX-License-Identifier: Apache-2.0
"""A proposal of a handover is due at its go/no-go time, if that comes before the deadline."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_handover_desk import accepted, proposed
from tests.support.staff import Desks
from tests.support.world import World

DEADLINE = "2027-10-06T16:00+07:00"
"""Two working days after Monday 4 October 2027, 09:00."""


def window(day: int, *, go_no_go: str) -> dict[str, str]:
    return {
        "window_from": f"2027-10-{day:02}T13:00+07:00",
        "window_to": f"2027-10-{day:02}T15:00+07:00",
        "go_no_go_at": go_no_go,
    }


def play(folder: Path, story: Callable[[World, Desks], Awaitable[None]]) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        await story(world, desks)

    World(seed=11).run(opened)


async def tasks(desks: Desks) -> list[dict[str, Any]]:
    """Return the task about a proposal as each side has it: first who answers, then who waits."""
    found = [*(await desks.vn("due"))["tasks"], *(await desks.kh("due"))["tasks"]]
    return [task for task in found if task["type"] == "HPR"]


@pytest.mark.parametrize(
    ("day", "go_no_go", "until"),
    [
        (4, "2027-10-04T12:00+07:00", "2027-10-04T12:00+07:00"),
        (7, "2027-10-06T15:59+07:00", "2027-10-06T15:59+07:00"),
        (7, "2027-10-06T16:00+07:00", DEADLINE),
        (7, "2027-10-06T18:00+07:00", DEADLINE),
        (20, "2027-10-20T12:00+07:00", DEADLINE),
    ],
    ids=["in three hours", "a minute before", "with the deadline", "that evening", "in two weeks"],
)
def test_both_sides_see_the_earlier_of_both_times(
    tmp_path: Path, day: int, go_no_go: str, until: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        await proposed(desks, await accepted(desks), **window(day, go_no_go=go_no_go))

        assert [task["own_time"]["at"] for task in await tasks(desks)] == [until, until]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("go_no_go", "by", "state"),
    [
        ("2027-10-04T12:00+07:00", timedelta(hours=2), "due_today"),
        ("2027-10-04T12:00+07:00", timedelta(hours=4), "overdue"),
        ("2027-10-06T18:00+07:00", timedelta(days=2, hours=8), "due_today"),
        ("2027-10-06T18:00+07:00", timedelta(days=2, hours=10), "overdue"),
    ],
    ids=["before it", "after it", "after the closing hour", "after it in the evening"],
)
def test_after_the_go_no_go_time_it_is_overdue(
    tmp_path: Path, go_no_go: str, by: timedelta, state: str
) -> None:
    async def story(world: World, desks: Desks) -> None:
        day = int(go_no_go[8:10]) + 1
        await proposed(desks, await accepted(desks), **window(day, go_no_go=go_no_go))
        for agency in world.agencies:
            agency.clock.jump(by)

        assert [task["state"] for task in await tasks(desks)] == [state, state]

    play(tmp_path, story)


def test_a_changed_proposal_is_due_at_its_new_time(tmp_path: Path) -> None:
    async def story(world: World, desks: Desks) -> None:
        codes = await accepted(desks)
        number, movement = await proposed(desks, codes, **window(6, go_no_go="2027-10-06T12:00+07:00"))
        before = [task["own_time"]["at"] for task in await tasks(desks)]
        was, now = "2027-10-06T12:00+07:00", "2027-10-05T08:00+07:00"
        change = {"pointer": "/go_no_go_at", "old": was, "new": now}
        amended = {"target": number, "changes": [change], "reason": "the bus leaves the day before"}
        amended |= {"effect": "details_changed"}
        header = {
            "type": "AMD",
            "purpose": "return_arrangement",
            "movement_code": movement,
            "case_codes": codes,
        }
        await desks.sent(await desks.kh("message.send", document={**header, **amended}))

        after = [task["own_time"]["at"] for task in await tasks(desks)]
        assert (before, after) == ([was, was], [now, now])

    play(tmp_path, story)
