# SPDX-License-Identifier: Apache-2.0
"""What a node does by itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from exchange.errors import BusyError
from exchange.ledger.entries import Event, decode_leaf
from exchange.service import bookkeeper, deliver
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from exchange.service.supervisor import Supervisor
from tests.support.ledger_world import jump
from tests.support.world import KH, Agency, Pair, World

DAY_S = 86_400.0


async def _events(agency: Agency, world: World) -> list[str]:
    def unit(uow: UnitOfWork) -> list[str]:
        size = uow.logs.position(world.link, KH).size
        return [decode_leaf(raw).ev for raw in uow.logs.leaves(world.link, KH, 0, size)]

    return await agency.store.read(unit)


def test_a_silent_log_gets_one_beat_a_day() -> None:
    """Where nobody may make statements; else the daily statement is the sign of life."""

    async def story(world: World) -> None:
        await world.open()
        for days in (1, 2):
            await jump(world, timedelta(hours=25))
            await asyncio.sleep(120)
            for agency in world.agencies:
                assert (await _events(agency, world)).count(Event.BEAT) == days

    World(seed=3, pair=Pair(functions=("reception",))).run(story, limit_s=4 * DAY_S)


def test_a_fault_of_the_program_on_a_link_does_not_end_the_process(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    real, calls = deliver.need_of, []

    def faulty(uow, node, link):  # type: ignore[no-untyped-def]
        calls.append(node.agency)
        if len(calls) < 4:
            raise KeyError("a fault of the program")
        return real(uow, node, link)

    monkeypatch.setattr(deliver, "need_of", faulty)

    async def story(world: World) -> None:
        await world.open()
        await asyncio.sleep(60)

        assert len(calls) > 4
        assert all(agency.node.presence.of(world.link).gate is LinkState.OPEN for agency in world.agencies)
        assert all(("task_failed", "") in agency.noted.counts for agency in world.agencies)

    World(seed=4).run(story)


def test_a_fault_in_the_upkeep_or_beside_it_does_not_end_the_process(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    tries = {"upkeep": 0, "beside": 0}

    async def hears(node, link):  # type: ignore[no-untyped-def]
        tries["upkeep"] += 1
        raise OverflowError("what a partner said leads out of the calendar")

    async def looks() -> None:
        tries["beside"] += 1
        raise BusyError("too much to do")

    monkeypatch.setattr(bookkeeper, "hear", hears)

    async def story(world: World) -> None:
        await world.open()
        node = world.kh.node
        node = replace(node, limits=replace(node.limits, keeps_books=True))
        supervisor = Supervisor(node, beside=(looks,))
        running = asyncio.create_task(supervisor.run())
        await asyncio.sleep(60)

        assert not running.done()
        assert min(tries.values()) > 2
        assert ("task_failed", "") in world.kh.noted.counts
        supervisor.stop()
        await running

    World(seed=5).run(story)
