# SPDX-License-Identifier: Apache-2.0
"""The store of simulations: crashes around a commit, restarts, snapshots, the same bytes from a seed."""

import gc
import sqlite3

import pytest
from exchange.adapters.storage.memory import DirectStore
from exchange.errors import ConfigurationError, StoreError
from exchange.service.ports import UnitOfWork
from tests.support.keys import seeded_random
from tests.support.store_rows import CODE, LINK, OWN, STORE_KEY, Finishes, begin, case_row, fill, grow


class DiedError(BaseException):
    """The simulated process died here."""


def die() -> None:
    raise DiedError


def empty(label: str = "store", finishes: Finishes | None = None) -> DirectStore:
    return DirectStore.empty(
        own=OWN, store_key=STORE_KEY, finish=finishes or Finishes(), random=seeded_random(label)
    )


def size(uow: UnitOfWork) -> int:
    return uow.logs.position(LINK, OWN).size


async def test_crash_before_the_commit_undoes_the_group() -> None:
    store = empty()
    await store.write(begin)
    store.on_commit(before=die)

    with pytest.raises(DiedError):
        await store.write(grow)

    again = store.restarted(Finishes())
    assert await again.read(size) == 0
    await again.write(grow)
    assert await again.read(size) == 1


async def test_crash_after_the_commit_leaves_the_group_durable() -> None:
    store = empty()
    await store.write(begin)
    store.on_commit(after=die)

    with pytest.raises(DiedError):
        await store.write(grow)

    again = store.restarted(Finishes())
    assert await again.read(size) == 1


async def test_crash_inside_a_unit_undoes_the_group() -> None:
    store = empty()
    await store.write(begin)

    with pytest.raises(DiedError):
        store.write_group(grow, lambda uow: die())

    assert await store.restarted(Finishes()).read(size) == 0


async def test_group_runs_finish_once_and_commits_once() -> None:
    finishes = Finishes()
    store = empty(finishes=finishes)
    await store.write(begin)
    before = store.commits

    def fail(uow: UnitOfWork) -> None:
        grow(uow)
        raise LookupError

    outcomes = store.write_group(grow, fail, grow)

    assert [type(outcome.error) for outcome in outcomes] == [type(None), LookupError, type(None)]
    assert store.commits == before + 1
    assert finishes.calls == [frozenset({LINK})]
    assert await store.read(size) == 2


async def test_snapshot_brings_everything_back_as_it_was() -> None:
    store = empty()
    await store.write(begin)
    await store.write(fill)
    snapshot = store.snapshot()
    await store.write(grow)

    restored = DirectStore.from_snapshot(
        snapshot, own=OWN, store_key=STORE_KEY, finish=Finishes(), random=seeded_random("restored")
    )

    assert (await restored.read(size), await store.read(size)) == (2, 3)
    assert await restored.read(lambda uow: uow.cases.get(LINK, CODE)) == case_row()
    await restored.verify()
    await restored.write(grow)


async def test_snapshot_opens_with_its_store_key_only() -> None:
    store = empty()
    await store.write(begin)

    with pytest.raises(ConfigurationError):
        DirectStore.from_snapshot(
            store.snapshot(), own=OWN, store_key=bytes(32), finish=Finishes(), random=seeded_random("a")
        )


async def test_store_that_nobody_uses_any_more_closes_its_databases() -> None:
    store = empty()
    databases = store._store, store._keys
    await store.write(begin)

    del store
    gc.collect()

    for database in databases:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            database.execute("SELECT 1")


async def test_store_of_the_process_before_leaves_its_databases_to_the_next_one() -> None:
    store = empty()
    await store.write(begin)

    again = store.restarted(Finishes())
    del store
    gc.collect()

    assert await again.read(size) == 0


async def test_same_seed_gives_the_same_bytes() -> None:
    snapshots = []
    for label in ("one", "one", "two"):
        store = empty(label)
        await store.write(begin)
        await store.write(fill)
        snapshots.append(store.snapshot())

    assert snapshots[0] == snapshots[1] != snapshots[2]


async def test_store_goes_on_after_a_failed_unit_and_refuses_an_unknown_log() -> None:
    store = empty()
    await store.write(begin)

    with pytest.raises(StoreError, match="no log"):
        await store.write(lambda uow: uow.logs.position(LINK, "VN-MPS-IMM"))

    assert await store.read(size) == 0
