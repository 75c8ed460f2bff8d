# SPDX-License-Identifier: Apache-2.0
"""A process that dies at any commit of a statement or of its answer: each is said once (rules 14, 16, 17)."""

import asyncio
from datetime import UTC, datetime

import pytest
from exchange.errors import NodeError, UsageError
from exchange.ledger.entries import decode_leaf
from exchange.service.comparing import walk
from exchange.service.statements import make
from tests.support.anew import send
from tests.support.checks import keep_up, log_of, settle
from tests.support.world import Pair, SimulatedCrashError, World

BEFORE_MIDNIGHT = Pair(start=datetime(2027, 10, 4, 23, 55, tzinfo=UTC))
"""The statement of a day is made when the day is over, in UTC."""
MIDNIGHT, DAY = datetime(2027, 10, 5, tzinfo=UTC), "2027-10-04"


async def said(agency, event):
    leaves = [decode_leaf(raw) for raw in await log_of(agency, agency)]
    return [leaf.fields for leaf in leaves if leaf.ev == event]


async def until_made(agency):
    """Make the statement as an officer does who looks after a crash whether it was made."""
    while not await said(agency, "stmt"):
        if not agency.is_up:
            await asyncio.sleep(1)
            continue
        try:
            await make(agency.node, agency.world.link, DAY)
        except (SimulatedCrashError, NodeError, UsageError):
            await asyncio.sleep(1)


PLACES = [("kh", place) for place in range(1, 4)] + [("vn", place) for place in range(1, 6)]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("side", "place"), PLACES)
def test_a_kill_at_a_commit_of_a_statement_says_it_once_and_answers_it_once(side, place, moment):
    async def story(world):
        await world.open()
        await send(world.kh)
        await settle(world)
        agency = getattr(world, side)
        await asyncio.sleep((MIDNIGHT - agency.clock.now()).total_seconds() + 5)
        agency.crash_at(moment, commit=place)
        reviver = asyncio.create_task(keep_up(world))
        await until_made(world.kh)

        async def answered():
            return bool(await said(world.vn, "stag"))

        await world.until(answered, limit_s=3_000)
        await settle(world)
        await asyncio.sleep(90)
        reviver.cancel()

        assert [(fields["no"], fields["per"]) for fields in await said(world.kh, "stmt")] == [(1, DAY)]
        assert [(fields["by_no"], fields["k"]) for fields in await said(world.vn, "stag")] == [(1, "agreed")]
        for one in world.agencies:
            assert await log_of(one, one) == await log_of(world.other(one), one)
            assert (await walk(one.node, world.link)).found.differences == ()

    World(seed=60 + place, pair=BEFORE_MIDNIGHT).run(story)
