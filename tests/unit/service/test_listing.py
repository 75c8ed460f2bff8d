# SPDX-License-Identifier: Apache-2.0
"""The command `message.list` of the local socket: pages by the last message, never by a count."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from exchange.errors import UsageError
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.world import World

Story = Callable[[Desks, World], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    """Return a function that plays a story with the desks of both sides and seven sent messages."""

    def run(story: Story) -> None:
        async def opened(world: World) -> None:
            desks = Desks(world, tmp_path)
            await desks.open()
            await desks.kh("message.send_many", documents=[small_notice() for _ in range(7)])
            await story(desks, world)

        World(seed=13).run(opened)

    return run


def test_pages_show_every_message_once_newest_first(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        seen, after = list[int](), None
        while after != "":
            page = await desks.kh("message.list", limit=3, **({"after": after} if after else {}))
            seen += [row["seq"] for row in page["messages"]]
            after = page["next"]

        assert seen == [7, 6, 5, 4, 3, 2, 1]

    play(story)


def test_a_message_that_comes_between_two_pages_moves_nothing(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        first = await desks.kh("message.list", limit=3)
        await desks.kh("message.send_many", documents=[small_notice()])

        second = await desks.kh("message.list", limit=3, after=first["next"][-8:])

        assert [row["seq"] for row in second["messages"]] == [4, 3, 2]

    play(story)


def test_a_page_behind_an_unknown_message_is_refused(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        with pytest.raises(UsageError, match="no message has the number"):
            await desks.kh("message.list", after="ffff-ffff")

    play(story)
