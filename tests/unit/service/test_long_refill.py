# SPDX-License-Identifier: Apache-2.0
"""A store that is put back after more entries than one frame takes."""

from exchange.ledger.entries import beat
from exchange.protocol.frames import MAX_LINES, MAX_TAIL_LEAVES
from exchange.service.reconcile import reconcile, refresh, verify
from exchange.service.release import release
from exchange.service.rows import Direction
from tests.support.ledger_world import write
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, Agency, World

MESSAGES = MAX_LINES + 50
"""More lines than one frame takes; each has an entry."""
OTHERS = MAX_TAIL_LEAVES
"""Entries without a message, which cost less to write: with them it is more than one frame takes."""


def test_a_store_that_misses_more_than_a_frame_of_entries_gets_them_all_back() -> None:
    """Design 5, start gate: the partner gives leaves back page by page, and they are taken over whole."""

    async def story(world: World) -> None:
        await world.open()
        old = world.kh.store.snapshot()
        for _ in range(MESSAGES):
            await release(world.vn.node, world.link, notice(world.vn.node, KH, country="KH"), officer=OFFICER)
        await write(world.vn, *([beat()] * OTHERS))
        await world.until(lambda: _has(world.kh, world, MESSAGES))
        await world.until(lambda: _holds_all(world))
        world.kh.crash()
        world.kh.start(old)
        await world.open()
        await world.until(lambda: _has(world.kh, world, MESSAGES))
        assert await _holds_all(world)
        await refresh(world.vn.node, world.link)
        await refresh(world.kh.node, world.link)
        for agency in world.agencies:
            found = await reconcile(agency.node, world.link)
            assert found.agrees, found.differences[:3]
            assert not any(report.faults for report in await verify(agency.node, world.link))

    World(seed=11).run(story)


async def _holds_all(world: World) -> bool:
    """Return True if KH holds the log of VN as VN does, and it is longer than a frame."""
    sizes = {
        await agency.store.read(lambda uow: uow.logs.position(world.link, world.vn.code).size)
        for agency in world.agencies
    }
    return len(sizes) == 1 and min(sizes) > MAX_TAIL_LEAVES


async def _has(agency: Agency, world: World, seq: int) -> bool:
    row = await agency.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.IN, seq))
    return row is not None
