# SPDX-License-Identifier: Apache-2.0
"""Whether a comparison could ask the partner; one that only calls has to have called a moment ago."""

from datetime import timedelta

import pytest
from exchange.service.reconcile import A_MOMENT, refresh
from tests.support.world import World

FLUSH = timedelta(seconds=10)
"""More than a comparison waits for a partner that only calls."""


def test_a_partner_that_answers_is_reached_and_one_that_is_down_is_not() -> None:
    async def story(world: World) -> None:
        await world.open()
        assert await refresh(world.kh.node, world.link)

        world.vn.crash()

        assert not await refresh(world.kh.node, world.link)

    World(seed=63).run(story)


@pytest.mark.parametrize(
    ("ago", "reached"),
    [
        (timedelta(0), True),
        (A_MOMENT - FLUSH, True),
        (A_MOMENT + timedelta(seconds=1), False),
        (timedelta(weeks=3), False),
        (None, False),
    ],
)
def test_a_partner_that_only_calls_is_reached_if_it_called_a_moment_ago(
    ago: timedelta | None, reached: bool
) -> None:
    async def story(world: World) -> None:
        await world.open()
        node = world.kh.node
        world.vn.crash()
        presence = node.presence.of(world.link)
        presence.only_answers = True
        presence.last_contact_at = None if ago is None else node.clock.now() - ago

        assert await refresh(node, world.link) is reached

    World(seed=64).run(story)
