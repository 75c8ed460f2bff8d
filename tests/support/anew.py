# SPDX-License-Identifier: Apache-2.0
"""A ledger that forked, and two persons of each side who begin it anew."""

import asyncio

from exchange.service.epochs import decide
from exchange.service.release import release
from exchange.service.rows import LinkState
from tests.support.checks import settle
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, SECOND, VN

TWO = (OFFICER, SECOND)


async def send(agency):
    partner = VN if agency.code == KH else KH
    return await release(agency.node, agency.world.link, notice(agency.node, partner), officer=OFFICER)


async def fork(world, *, first=1, second=2):
    """Let the first side sign two histories, of which the other side holds one: the link freezes.

    Number 2 of the first side stands for one message in each history; the other side accepted the old one.
    `first` and `second` are how many messages each history has behind number 1.
    """
    await world.open()
    await send(world.kh)
    await settle(world)
    backup, marks = world.kh.store.snapshot(), dict(world.kh.high_water.marks)
    for _ in range(first):
        await send(world.kh)
    await settle(world)
    world.weather.down = True
    world.kh.crash()
    world.kh.high_water.marks = marks
    world.kh.start(backup)
    world.kh.node.presence.of(world.link).gate = LinkState.OPEN
    for _ in range(second):
        await send(world.kh)
    world.kh.crash()
    world.vn.crash()
    world.weather.down = False
    world.kh.start()
    world.vn.start()
    await asyncio.sleep(60)
    assert gate(world.kh) in (LinkState.FROZEN, LinkState.CLOSED)


def gate(agency):
    return agency.node.presence.of(agency.world.link).gate


async def both_decide(world, *, why="two_histories"):
    for agency in world.agencies:
        await decide(agency.node, world.link, why=why, actors=TWO)


async def until_open(world):
    async def is_open():
        return all(gate(agency) is LinkState.OPEN for agency in world.agencies)

    await world.until(is_open, limit_s=600)
