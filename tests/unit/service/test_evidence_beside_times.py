# SPDX-License-Identifier: Apache-2.0
"""A difference of time about an entry hides nothing of what else is wrong with that entry."""

import asyncio
from datetime import timedelta

import pytest
from exchange.service.comparing import STALE_AFTER
from exchange.service.reconcile import reconcile
from tests.support.ledger_world import exchange_some, play
from tests.support.planting import PLANTS, QUIET_S, OneSide
from tests.support.world import World


async def kinds_found(world: World, at_the_end: str) -> list[str]:
    """Let KH name a strange key in an entry, and then a clock or a silence speak of the same entry."""
    await exchange_some(world)
    strange = await PLANTS["unknown_key"][0](world, world.kh, world.vn)
    assert isinstance(strange, OneSide)
    await asyncio.sleep(QUIET_S)
    if at_the_end == "time_mismatch":
        await PLANTS[at_the_end][0](world, world.kh, world.vn)
        await asyncio.sleep(QUIET_S)
    else:
        world.vn.clock.jump(STALE_AFTER + timedelta(hours=1))
    found = (await reconcile(world.vn.node, world.link)).differences
    index = int(next(iter(strange.keys)).rsplit("/", 1)[1])
    return [
        one.kind for one in found if (world.kh.code, index) in {(leaf.by, leaf.index) for leaf in one.leaves}
    ]


@pytest.mark.parametrize("beside", ["time_mismatch", "head_stale"])
def test_entry_with_an_unknown_key_is_named_for_the_key_and_for_the_time(beside: str) -> None:
    async def story(world: World) -> None:
        assert sorted(await kinds_found(world, beside)) == sorted(["unknown_key", beside])

    play(story)
