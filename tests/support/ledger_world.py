# SPDX-License-Identifier: Apache-2.0
"""A world whose days pass at once, and what its ledgers and its books of differences say."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from exchange.clock import instant_text
from exchange.ledger.entries import Entry, encode_leaf
from exchange.ledger.merkle import leaf_hash
from exchange.messages.filling import fill
from exchange.service.logbook import range_at
from exchange.service.ports import UnitOfWork
from exchange.service.rows import DifferenceState, Direction, MessageRow, NamedDifference
from tests.support.careless import send
from tests.support.notices import small_notice, sources
from tests.support.world import PAIR, Agency, Pair, World

MONTH_S = 31 * 24 * 3_600


def play(story: Callable[[World], Awaitable[None]], *, seed: int = 31, pair: Pair = PAIR) -> None:
    """Play a story of two nodes whose gates are open."""
    world = World(seed, pair=pair)

    async def told(world: World) -> None:
        await world.open()
        await story(world)

    world.run(told, limit_s=MONTH_S)


async def exchange_some(world: World, *by: Agency) -> list[MessageRow]:
    """Let both sides send a notice, or those that are named, and wait until all have their verdict."""
    rows = []
    for agency in by or (world.kh, world.vn, world.kh):
        partner = world.other(agency).code
        small = small_notice(partner[:2]) | {"proposed_from": "2027-11-15", "proposed_to": "2027-11-19"}
        rows.append(await send(agency, fill(small, sources(agency.node, partner)).document))
    await asyncio.sleep(30)
    return rows


async def jump(world: World, by: timedelta, *, wait: bool = True) -> None:
    """Let both nodes be switched off for some time."""
    for agency in world.agencies:
        agency.crash()
        agency.clock.jump(by)
    for agency in world.agencies:
        agency.start()
    if wait:
        await world.open()


async def named(agency: Agency) -> list[NamedDifference]:
    """Return every difference of an agency, the oldest first."""
    rows = await agency.store.read(lambda uow: uow.differences.list(agency.world.link))
    return rows[::-1]


async def live(agency: Agency) -> list[NamedDifference]:
    return [row for row in await named(agency) if row.state is not DifferenceState.CLOSED]


async def forget_state(agency: Agency, seq: int, **changes: object) -> None:
    """Let the store of an agency say something else of one of its messages than the ledgers do."""

    def unit(uow):  # type: ignore[no-untyped-def]
        row = uow.messages.by_seq(agency.world.link, Direction.OUT, seq)
        uow.messages.update(replace(row, **changes))

    await agency.store.write(unit)


async def write(agency: Agency, *entries: Entry, at: datetime | None = None) -> None:
    """Let an agency write entries into its own log that the product would not write."""
    node, link = agency.node, agency.world.link

    def unit(uow: UnitOfWork) -> None:
        position, now = uow.logs.position(link, agency.code), at or agency.clock.now()
        leaves = [
            encode_leaf(entry, link=link, by=agency.code, ep=1, i=position.size + k, t=instant_text(now))
            for k, entry in enumerate(entries)
        ]
        grown = range_at(position).extend([leaf_hash(leaf) for leaf in leaves])
        uow.logs.append(position, leaves, peaks=grown.encode())

    await agency.store.write(unit)
    node.presence.wake(link)
