# SPDX-License-Identifier: Apache-2.0
"""The list of handovers holds the store for some of them at a time, however many there are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import new_movement_code
from exchange.interfaces.api.handover import AT_ONCE
from exchange.service.ports import UnitOfWork
from tests.journeys.test_handover_desk import accepted, proposed
from tests.support.staff import Desks
from tests.support.world import World


class CountedStore:
    """A store that remembers of how many movements each unit read the snapshot by its code."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.read_rows: list[int] = []

    async def read(self, unit: Callable[[Any], Any]) -> Any:
        self.read_rows.append(0)
        return await self._store.read(lambda uow: unit(CountedUnit(uow, self.read_rows)))


class CountedUnit:
    """A unit of work that counts the movements whose steps it reads."""

    def __init__(self, uow: UnitOfWork, read: list[int]) -> None:
        self._uow, self._read = uow, read

    def __getattr__(self, name: str) -> Any:
        part = getattr(self._uow, name)
        return CountedMovements(part, self._read) if name == "movements" else part


class CountedMovements:
    def __init__(self, part: Any, read: list[int]) -> None:
        self._part, self._read = part, read

    def __getattr__(self, name: str) -> Any:
        if name == "listed":
            self._read[-1] += 1
        return getattr(self._part, name)


async def with_movements(world: World, folder: Path, count: int) -> Desks:
    """Let one handover be proposed, and enter as many more of the same form."""
    desks = Desks(world, folder)
    await desks.open()
    await proposed(desks, await accepted(desks))

    def unit(uow: UnitOfWork) -> None:
        (row,) = uow.movements.list()
        for _ in range(count - 1):
            uow.movements.add(replace(row, code=new_movement_code(world.kh.node.random)))

    await world.kh.store.write(unit)
    return desks


@pytest.mark.parametrize(
    ("asked", "listed"), [({"limit": 1_000}, 45), ({"limit": 41}, 41), ({"skip": 44}, 1)]
)
def test_no_unit_reads_more_handovers_than_it_may(tmp_path: Path, asked: dict[str, int], listed: int) -> None:
    async def story(world: World) -> None:
        desks = await with_movements(world, tmp_path, 45)
        counted: Any = CountedStore(world.kh.store)
        world.kh.node = replace(world.kh.node, store=counted)

        found = (await desks.kh("handover.list", **asked))["handovers"]

        assert len({row["code"] for row in found}) == len(found) == listed
        assert max(counted.read_rows) <= AT_ONCE
        assert sum(counted.read_rows) >= listed

    World(seed=11).run(story)
