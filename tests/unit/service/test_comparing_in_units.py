# SPDX-License-Identifier: Apache-2.0
"""A comparison of any length holds the store for a page at a time, whatever there is to be named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from exchange.adapters.storage import audit
from exchange.ids import sha256
from exchange.ledger.entries import rcvd
from exchange.service import comparing
from exchange.service.comparing import all_differences, walk
from exchange.service.ports import UnitOfWork
from exchange.service.rows import DifferenceRow
from tests.support.ledger_world import exchange_some, play, write
from tests.support.logs import message_id
from tests.support.world import World

PAGE, NAMED = 6, 3
"""Small pages, so that a small history has many."""
STRANGE = 20


class CountedRows:
    """A part of a unit of work that counts the rows which its lists hold."""

    def __init__(self, part: Any, read: list[int]) -> None:
        self._part, self._read = part, read

    def __getattr__(self, name: str) -> Callable[..., Any]:
        work = getattr(self._part, name)

        def counted(*members: Any, **named: Any) -> Any:
            found = work(*members, **named)
            rows = found[0] if isinstance(found, tuple) else found
            self._read[-1] += len(rows) if isinstance(rows, list) else 0
            return found

        return counted


class CountedUnit:
    """A unit of work that counts the rows it reads."""

    def __init__(self, uow: UnitOfWork, read: list[int]) -> None:
        self._uow, self._read = uow, read

    def __getattr__(self, name: str) -> CountedRows:
        return CountedRows(getattr(self._uow, name), self._read)


class CountedStore:
    """A store that remembers how many rows each unit read."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.read_rows: list[int] = []

    async def read(self, unit: Callable[[Any], Any]) -> Any:
        self.read_rows.append(0)
        return await self._store.read(lambda uow: unit(CountedUnit(uow, self.read_rows)))


def test_no_unit_of_a_comparison_reads_more_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "PAGE_LEAVES", PAGE)
    monkeypatch.setattr(comparing, "PAGE_STATES", PAGE)
    monkeypatch.setattr(comparing, "PAGE_NAMED", NAMED)
    monkeypatch.setattr(audit, "KEPT_PAGE", PAGE)

    async def story(world: World) -> None:
        await exchange_some(world)
        strange = [
            rcvd(seq=900 + n, id=message_id(f"{n}"), eh=sha256(b"e"), cd=sha256(b"c"), k="accepted")
            for n in range(STRANGE)
        ]
        await write(world.kh, *strange)
        now = world.kh.clock.now()
        for n in range(STRANGE):
            row = DifferenceRow(world.link, "conflict", f"{n + 1}", "envelope", b"%d" % n, now)
            await world.kh.store.write(lambda uow, row=row: uow.audit.keep(row))  # type: ignore[misc]
        store = CountedStore(world.kh.store)
        node = replace(world.kh.node, store=store)  # type: ignore[arg-type]

        found = await all_differences(node, await walk(node, world.link, trees=True))

        kinds = [one.kind.value for one in found.differences]
        assert (kinds.count("unexpected_message"), kinds.count("hash_mismatch")) == (STRANGE, STRANGE)
        assert max(store.read_rows) <= PAGE
        assert sum(store.read_rows) > 4 * STRANGE

    play(story)
