# SPDX-License-Identifier: Apache-2.0
"""Lines of one frame are taken together; one that fails in the program holds up no other (rule 19)."""

from collections import Counter
from typing import Any

import pytest
from exchange.service import casework
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.checks import settle
from tests.support.notices import notice
from tests.support.world import OFFICER, VN, World

LINES = 4


async def send_in_one_frame(world: World) -> None:
    """Let KH release notices while VN cannot be reached, then let them through."""
    await world.open()
    world.weather.down = True
    for _ in range(LINES):
        await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
    world.weather.down = False
    await settle(world)


async def received(world: World) -> list[MessageState]:
    rows = await world.vn.store.read(lambda uow: uow.messages.numbers(world.link, Direction.IN, 1, 100))
    return [row.state for row in rows]


def counted(world: World) -> Counter[str]:
    return Counter(reason for event, reason in world.vn.noted.counts if event == "line_received")


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception, *, number: int, times: int) -> None:
    """Plant a fault: one line is entered, and then fails, so many times."""
    real, left = casework.enter, [error] * times

    def enter(uow: Any, node: Any, pairing: Any, row: Any, *given: Any) -> None:
        real(uow, node, pairing, row, *given)
        if row.seq == number and left:
            raise left.pop()

    monkeypatch.setattr(casework, "enter", enter)


def test_a_line_that_fails_among_others_is_held_and_the_others_are_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail_with(monkeypatch, KeyError("planted"), number=2, times=3)

    async def story(world: World) -> None:
        await send_in_one_frame(world)

        assert counted(world) == {"accepted": LINES, "held": 1}
        assert await received(world) == [MessageState.ACCEPTED] * LINES
        assert len(await world.vn.store.read(lambda uow: uow.cases.list())) == LINES

    World(seed=21).run(story)


def test_what_was_undone_with_another_line_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, KeyError("planted"), number=LINES, times=1)

    async def story(world: World) -> None:
        await send_in_one_frame(world)

        assert counted(world) == {"accepted": LINES}
        assert await received(world) == [MessageState.ACCEPTED] * LINES

    World(seed=22).run(story)
