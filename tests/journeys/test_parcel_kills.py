# SPDX-License-Identifier: Apache-2.0
"""Parcels and processes that end at any moment: a file read again goes on exactly where it stopped."""

import asyncio
import contextlib
from pathlib import Path

from exchange.service.release import release
from tests.crash_parcels import Kills
from tests.journeys.test_by_files import demand_equal, settle
from tests.support.couriers import Courier, by_files
from tests.support.notices import notice
from tests.support.pair import RealPair
from tests.support.world import OFFICER, VN, Agency, SimulatedCrashError, World

MESSAGES = 60
KILLS = 50


def crash_later(world: World, agency: Agency) -> None:
    """Let one of the next commits end the process, right before it is durable or right after."""
    left, moment = world.dice.randrange(5), world.dice.choice(("before", "after"))

    def count() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            agency.crash_at(moment)

    agency.store.on_commit(after=count)


def test_fifty_kills_at_every_kind_of_moment_while_a_parcel_is_read() -> None:
    """Half of them right before a commit is durable, half right after it; the long form: make crash."""

    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        kills = 0
        while kills < KILLS:
            for _ in range(MESSAGES):
                document = notice(world.kh.node, VN, country="VN")
                await release(world.kh.node, world.link, document, officer=OFFICER)
            path = await courier.write(world.kh)
            for _ in range(10):
                crash_later(world, world.vn)
                with contextlib.suppress(SimulatedCrashError, asyncio.CancelledError):
                    await world.vn.as_process(courier.read(world.vn, path))
                await asyncio.sleep(0)
                kills += not world.vn.is_up
                world.vn.crash()
                world.vn.start()
                await world.open()
            await courier.read(world.vn, path)

        await settle(courier)
        await demand_equal(world)

    by_files(41).run(story)


def test_real_processes_killed_while_they_read_and_write(tmp_path: Path) -> None:
    with RealPair(tmp_path, by_files=True) as pair:
        told = Kills(pair, kills=3, seed=7, batch=30).play()

    assert "0 lost, 0 doubled" in told
