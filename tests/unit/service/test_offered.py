# SPDX-License-Identifier: Apache-2.0
"""Which lines count as on their way, and when they are forgotten."""

import pytest
from exchange.service.offered import Offered
from exchange.service.release import release
from tests.support.checks import demand_whole, settle
from tests.support.notices import notice
from tests.support.world import OFFICER, VN, World

MESSAGES = 40


def offered(*numbers: int, until_s: float = 30.0) -> Offered:
    lines = Offered()
    lines.add(numbers, until_s=until_s)
    return lines


@pytest.mark.parametrize(
    ("first", "now_s", "expected"),
    [
        (1, 0.0, [3, 4, 9]),
        (4, 0.0, [4, 9]),
        (5, 0.0, [9]),
        (10, 0.0, []),
        (1, 29.9, [3, 4, 9]),
        (1, 30.0, []),
    ],
)
def test_a_line_is_on_its_way_until_its_time_is_over_or_it_has_ended(
    first: int, now_s: float, expected: list[int]
) -> None:
    assert offered(3, 4, 9).numbers(first=first, now_s=now_s) == expected


def test_a_line_that_is_offered_again_is_on_its_way_for_longer() -> None:
    lines = offered(3, 4)
    lines.add([4], until_s=50)

    assert lines.numbers(first=1, now_s=40) == [4]


def test_lines_that_are_dropped_may_be_offered_again() -> None:
    lines = offered(3, 4)
    lines.drop([4, 7])
    assert lines.numbers(first=1, now_s=0) == [3]

    lines.clear()
    assert lines.numbers(first=1, now_s=0) == []


@pytest.mark.parametrize(("first", "now_s", "left"), [(4, 0.0, [4, 9]), (1, 30.0, []), (10, 0.0, [])])
def test_what_has_ended_is_forgotten_for_good(first: int, now_s: float, left: list[int]) -> None:
    lines = offered(3, 4, 9)

    lines.drop_ended(first=first, now_s=now_s)

    assert lines.numbers(first=0, now_s=0) == left


def test_nothing_is_remembered_of_messages_that_have_their_verdict() -> None:
    """Or each look for what is due would leave out everything that was sent in the last half minute."""

    async def story(world: World) -> None:
        await world.open()
        lines = world.kh.node.presence.of(world.link).offered
        for _ in range(MESSAGES):
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
            await settle(world)
            assert len(lines.numbers(first=0, now_s=0)) <= 1
        await demand_whole(world)

    World(seed=3).run(story)
