# SPDX-License-Identifier: Apache-2.0
"""A message that turns out not to fit while it is being entered is rejected, and nothing of it stays."""

import pytest
from exchange.errors import RejectedError
from exchange.service import casework
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.checks import log_of, settle
from tests.support.notices import notice
from tests.support.world import OFFICER, VN, World


def refuse_after_entering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant a fault: what fitted is entered, and then does not fit."""
    real = casework.receive

    def receive(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        raise RejectedError("state_conflict")

    monkeypatch.setattr(casework, "receive", receive)


@pytest.mark.parametrize("behind_a_gap", [False, True], ids=["at once", "after it was held"])
def test_a_misfit_is_rejected_with_its_code_and_leaves_no_case(
    monkeypatch: pytest.MonkeyPatch, behind_a_gap: bool
) -> None:
    async def story(world: World) -> None:
        await world.open()
        if behind_a_gap:
            world.weather.lost.add((world.kh.code, 1))
            await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        sent = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)
        if behind_a_gap:
            await world.until(lambda: is_held(world, sent.seq))
        refuse_after_entering(monkeypatch)
        world.weather.lost.clear()
        await settle(world)

        row = await world.vn.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.IN, sent.seq))
        assert row is not None
        assert (row.state, row.code) == (MessageState.REJECTED, "state_conflict")
        assert await world.vn.store.read(lambda uow: uow.cases.list()) == []
        assert await log_of(world.vn, world.vn) == await log_of(world.kh, world.vn)

    World(seed=2).run(story)


async def is_held(world: World, seq: int) -> bool:
    row = await world.vn.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.IN, seq))
    return row is not None and row.state is MessageState.HELD
