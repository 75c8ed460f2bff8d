# SPDX-License-Identifier: Apache-2.0
"""What must hold of a simulated world when everything has come to rest."""

import asyncio
from typing import Any

from exchange.errors import ExchangeError
from exchange.ids import LinkId
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import reconcile, refresh, verify
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.world import Agency, SimulatedCrashError, World

DONE = {MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED}


async def sent(agency: Agency) -> list[MessageRow]:
    return await rows(agency, Direction.OUT)


async def rows(agency: Agency, direction: Direction) -> list[MessageRow]:
    link = agency.world.link
    return await agency.store.read(lambda uow: uow.messages.numbers(link, direction, 1, 1_000))


async def at_rest(world: World) -> bool:
    """Return True when both processes run and every message has its verdict."""
    if not all(agency.is_up for agency in world.agencies):
        return False
    for agency in world.agencies:
        if any(row.state not in DONE for row in await sent(agency)):
            return False
    return True


async def settle(world: World) -> None:
    """Start what has ended, and let time pass until everything is at rest."""
    world.weather.lose = world.weather.double = 0.0
    world.weather.down = False
    await revive(world)
    await world.until(lambda: at_rest(world))
    for agency in world.agencies:
        await exchange_all(agency)
    await revive(world)
    await world.until(lambda: at_rest(world))


async def revive(world: World) -> None:
    for agency in world.agencies:
        if not agency.is_up:
            agency.start()


async def keep_up(world: World) -> None:
    """Start what has ended every other second, for as long as this runs."""
    while True:
        await asyncio.sleep(2)
        await revive(world)


async def exchange_all(agency: Agency) -> None:
    """Exchange frames until both logs are cosigned, whatever ends the process meanwhile."""
    for _ in range(3):
        try:
            await refresh(agency.node, agency.world.link)
        except (ExchangeError, SimulatedCrashError):
            await asyncio.sleep(5)
            await revive(agency.world)
            continue
        return


async def demand_whole(world: World) -> None:
    """Check numbers, logs, copies and cases of both sides against each other."""
    for agency in world.agencies:
        other = world.other(agency)
        numbers = [row.seq for row in await sent(agency)]
        assert numbers == list(range(1, len(numbers) + 1))
        received = {row.seq: row for row in await rows(other, Direction.IN)}
        for row in await sent(agency):
            there = received[row.seq]
            assert (there.id, there.envelope_hash, there.state) == (row.id, row.envelope_hash, row.state)
        found = await reconcile(agency.node, world.link)
        assert found.agrees, found.differences
        assert not [fault for report in await verify(agency.node, world.link) for fault in report.faults]
        assert await log_of(agency, agency) == await log_of(other, agency)
        await agency.store.verify()
    assert await case_states(world.kh) == await case_states(world.vn)


async def log_of(holder: Agency, writer: Agency) -> list[bytes]:
    link = holder.world.link

    def unit(uow: UnitOfWork) -> list[bytes]:
        size = uow.logs.position(link, writer.code).size
        return uow.logs.leaves(link, writer.code, 0, size)

    return await holder.store.read(unit)


async def case_states(agency: Agency) -> dict[str, tuple[str, int]]:
    cases = await agency.store.read(lambda uow: uow.cases.list(link=agency.world.link, limit=1_000))
    return {case.code: (case.state, case.provisional) for case in cases}


async def contents(agency: Agency) -> dict[tuple[Direction, int], Any]:
    """Return every document that is kept, by direction and number."""
    link = agency.world.link

    def unit(uow: UnitOfWork) -> dict[tuple[Direction, int], Any]:
        return {
            (direction, row.seq): document_of(uow, row)
            for direction in Direction
            for row in uow.messages.numbers(link, direction, 1, 1_000)
        }

    return await agency.store.read(unit)


async def next_number(agency: Agency, link: LinkId) -> int:
    row = await agency.store.read(lambda uow: uow.links.get(link))
    assert row is not None
    return row.next_seq
