# SPDX-License-Identifier: Apache-2.0
"""Verdicts of one frame are applied together; one that fails in the program holds up no other (rule 19)."""

from pathlib import Path
from typing import Any

import pytest
from exchange.service import casework
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageState
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.world import World


async def states(world: World) -> list[MessageState]:
    def unit(uow: UnitOfWork) -> list[MessageState]:
        rows = (uow.messages.by_seq(world.link, Direction.OUT, seq) for seq in (1, 2, 3))
        return [row.state for row in rows if row is not None]

    return await world.kh.store.read(unit)


def counted(world: World) -> int:
    return world.kh.noted.counts.count(("verdict_known", MessageState.ACCEPTED))


def test_one_verdict_that_fails_holds_up_no_other_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = {2}
    settle = casework.settle

    def poisoned(uow: UnitOfWork, node: Any, pairing: Any, row: Any, **named: Any) -> Any:
        if row.seq in failing:
            raise KeyError(row.seq)
        return settle(uow, node, pairing, row, **named)

    monkeypatch.setattr(casework, "settle", poisoned)

    async def story(world: World) -> None:
        desks = Desks(world, tmp_path)
        await desks.open()
        await desks.kh("message.send_many", documents=[small_notice() for _ in range(3)])

        async def others() -> bool:
            return (await states(world)).count(MessageState.ACCEPTED) == 2

        async def every() -> bool:
            return (await states(world)).count(MessageState.ACCEPTED) == 3

        await world.until(others)
        assert (await states(world))[1] is MessageState.QUEUED
        assert counted(world) == 2
        failing.clear()
        await desks.kh("message.send_many", documents=[small_notice()])
        await world.until(every)
        assert counted(world) == 4

    World(seed=12).run(story)
