# SPDX-License-Identifier: Apache-2.0
"""The stores that have to pass the contract suite."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.storage.memory import DirectStore
from exchange.adapters.storage.sqlite import SqliteStore
from tests.support.keys import seeded_random
from tests.support.store_rows import OWN, STORE_KEY, Finishes, StoreWorld, begin


@pytest.fixture(params=["sqlite", "direct"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreWorld]:
    """A store with one link whose two logs are open and empty."""
    finishes = Finishes()
    made = await _sqlite(tmp_path, finishes) if request.param == "sqlite" else _direct(finishes)
    await made.store.write(begin)
    yield made
    await made.store.close()


async def _sqlite(folder: Path, finishes: Finishes) -> StoreWorld:
    store = await SqliteStore.open(
        folder / "node", own=OWN, store_key=STORE_KEY, finish=finishes, create=True
    )
    return StoreWorld(store, finishes, store._connection.hop)


def _direct(finishes: Finishes) -> StoreWorld:
    store = DirectStore.empty(own=OWN, store_key=STORE_KEY, finish=finishes, random=seeded_random("store"))

    async def raw(function: Callable[[sqlite3.Connection], Any]) -> Any:
        return function(store._store)

    return StoreWorld(store, finishes, raw)
