# SPDX-License-Identifier: Apache-2.0
"""What stories about restored stores need: something to lose, and a picture of all that has to come back."""

from typing import Any

from exchange.service.meaning import document_of
from exchange.service.release import release
from exchange.service.rows import Direction
from tests.support.checks import case_states, contents, log_of, settle
from tests.support.notices import decision, notice
from tests.support.world import KH, OFFICER, VN, Agency, World


async def talk(world: World, count: int) -> None:
    """Notices from one side, decisions on all but every third from the other."""
    for number in range(count):
        done = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        await settle(world)
        if number % 3 == 2:
            continue
        received = await world.vn.store.read(
            lambda uow, seq=done.seq: document_of(uow, uow.messages.by_seq(world.link, Direction.IN, seq))
        )
        answer = decision(world.vn.node, KH, received, refuse=number % 2)
        await release(world.vn.node, world.link, answer, officer=OFFICER)
    await settle(world)


async def picture(agency: Agency) -> dict[str, Any]:
    """Return everything that a refill must bring back."""
    world = agency.world
    link = await agency.store.read(lambda uow: uow.links.get(world.link))
    states = [
        [(row.seq, row.id, row.type, row.state, row.code) for row in found]
        for found in (
            await agency.store.read(lambda uow: uow.messages.numbers(world.link, Direction.OUT, 1, 1_000)),
            await agency.store.read(lambda uow: uow.messages.numbers(world.link, Direction.IN, 1, 1_000)),
        )
    ]
    return {
        "own": await log_of(agency, agency),
        "copy": await log_of(agency, world.other(agency)),
        "next": link.next_seq,
        "contiguous": link.contiguous_in,
        "cases": await case_states(agency),
        "contents": await contents(agency),
        "messages": states,
    }


def restore(agency: Agency, snapshot: bytes) -> None:
    """Start an agency again on an older store."""
    agency.crash()
    agency.start(snapshot)
