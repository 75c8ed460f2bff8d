# SPDX-License-Identifier: Apache-2.0
"""The store of a node in SQLite: one process, one connection, one thread, grouped commits.

The life of a unit:

1. `write` puts it at the end of the queue and returns a future. A full queue answers `BusyError`.
2. The worker takes everything that waits, up to `GROUP_LIMIT`, and hands it to the thread in one hop.
3. The thread runs each unit in its savepoint, `finish` once, and one commit (`transactions`).
4. Back on the loop each future gets its value or its exception. Meanwhile the next group has gathered.

Reading units run between groups on the same connection. A caller that stops waiting changes nothing: a
unit that was taken runs to its end. The first storage error ends the store: whoever waits and whoever
comes later gets a `StoreError`.

A copy (`copy_to`) is made by the connections themselves, a slice at a time; between two slices the thread
runs what waits (`UnitConnection.slowly`), so a copy of any size holds a unit up by one slice. What is
written meanwhile is in the copy as well: SQLite keeps both in step, because both use one connection.

Closing runs what waits, empties the write-ahead log, and gives the folder free.
"""

import asyncio
import os
import secrets
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import aiosqlite

from exchange.adapters.storage.database import storage_failure
from exchange.adapters.storage.files import COPY, FolderLock, StoreFiles, destroy_folder
from exchange.adapters.storage.opening import KEYS_CACHE_KIB, StoreIdentity, assemble, connect, settle
from exchange.adapters.storage.transactions import Outcome, Transactions
from exchange.errors import BusyError, StoreError
from exchange.ids import AgencyCode, RandomSource
from exchange.service.ports import Finish, Unit

T = TypeVar("T")

GROUP_LIMIT = 64
"""Units in one commit; at about 250 µs for a whole message they hold the store for 16 ms."""
READ_LIMIT = 16
"""Reading units between two groups."""
COPY_PAGES = 128
"""Pages copied at once: 512 KiB, some 2 ms."""
WAITING_LIMIT = 4096
"""Units that may wait; the next one gets BusyError. About a second of work."""


@dataclass(frozen=True)
class _Job(Generic[T]):
    unit: Unit[T]
    future: asyncio.Future[T]

    def settle(self, outcome: Outcome[T]) -> None:
        if self.future.done():
            return
        if outcome.error is not None:
            self.future.set_exception(outcome.error)
        else:
            self.future.set_result(outcome.value)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Hop(Generic[T]):
    """A function that waits for the thread while a slow one has it."""

    function: Callable[[sqlite3.Connection], T]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[T]

    def run(self, connection: sqlite3.Connection) -> None:
        try:
            settle = partial(self._settle, value=self.function(connection))
        except BaseException as error:  # whoever waits for it gets it, as from the thread itself
            settle = partial(self._settle, error=error)
        self.loop.call_soon_threadsafe(settle)

    def _settle(self, *, value: T | None = None, error: BaseException | None = None) -> None:
        if self.future.done():
            return
        if error is not None:
            self.future.set_exception(error)
        else:
            self.future.set_result(value)  # type: ignore[arg-type]


class UnitConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs a whole function in its thread.

    aiosqlite has no public call for that; this is the one place that uses `_execute` and `_conn`, and
    the version is pinned below the next minor one.
    """

    _waiting: SimpleQueue[_Hop[Any]] | None = None

    async def hop(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run `function` with the raw connection in the connection's thread."""
        if self._waiting is not None:
            loop = asyncio.get_running_loop()
            hop: _Hop[T] = _Hop(function, loop, loop.create_future())
            self._waiting.put(hop)
            return await hop.future
        result: T = await self._execute(lambda: function(self._conn))  # type: ignore[no-untyped-call]
        return result

    async def slowly(self, function: Callable[[sqlite3.Connection, Callable[[], None]], T]) -> T:
        """Run a long function in the thread; each `pause()` that it calls runs what waits meanwhile.

        Requires that no other slow function runs, and that the caller is not cancelled.
        """
        waiting: SimpleQueue[_Hop[Any]] = SimpleQueue()
        pause = partial(_run_waiting, waiting, self._conn)
        self._waiting = waiting
        try:
            result: T = await self._execute(lambda: function(self._conn, pause))  # type: ignore[no-untyped-call]
        finally:
            self._waiting = None
            await self._execute(pause)  # type: ignore[no-untyped-call]
        return result


def _run_waiting(waiting: SimpleQueue[_Hop[Any]], connection: sqlite3.Connection) -> None:
    while True:
        try:
            hop = waiting.get_nowait()
        except Empty:
            return
        hop.run(connection)


class SqliteStore:
    """Implements `exchange.service.ports.Store`; made by `open`."""

    def __init__(
        self,
        connection: UnitConnection,
        transactions: Transactions,
        *,
        keys: sqlite3.Connection,
        lock: FolderLock,
    ) -> None:
        self._connection = connection
        self._transactions = transactions
        self._keys = keys
        self._lock = lock
        self._writes: deque[_Job[Any]] = deque()
        self._reads: deque[_Job[Any]] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._copy: asyncio.Task[None] | None = None
        self._worker = asyncio.create_task(self._work(), name="store")

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        own: AgencyCode,
        store_key: bytes,
        finish: Finish,
        create: bool = False,
        random: RandomSource = secrets.token_bytes,
    ) -> Self:
        """Open the store of a folder; `create` also begins a new one.

        Raises:
            FolderInUseError: another process works on the folder.
            FileModeError: others may read it.
            StoreDamagedError, StoreNewerError: the store cannot be used as it is.
            ConfigurationError: the store key is not the one of this store.
        """
        files = StoreFiles(folder)
        files.prepare_folder(create=create)
        lock = FolderLock(folder)
        try:
            files.prepare(create=create)
            destroy_folder(folder / COPY)
            identity = StoreIdentity(own, store_key, random)
            connection = UnitConnection(partial(connect, str(files.store)), iter_chunk_size=1)
            await connection
            try:
                keys, transactions = await connection.hop(
                    partial(_open_both, files=files, identity=identity, finish=finish)
                )
            except BaseException:
                await connection.close()
                raise
        except BaseException:
            lock.release()
            raise
        return cls(connection, transactions, keys=keys, lock=lock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def commits(self) -> int:
        """How many commits were made since the store was opened."""
        return self._transactions.commits

    def write(self, unit: Unit[T]) -> asyncio.Future[T]:
        """Run a unit that changes something; durable when the future has its result."""
        return self._enqueue(self._writes, unit)

    def read(self, unit: Unit[T]) -> asyncio.Future[T]:
        """Run a unit that only reads."""
        return self._enqueue(self._reads, unit)

    async def verify(self) -> None:
        """Check every page; holds the store for seconds when it is large.

        Raises:
            StoreDamagedError: something is not as it was written.
        """
        await self._connection.hop(lambda _: self._transactions.verify())

    async def copy_to(self, files: StoreFiles) -> None:
        """Copy both databases into new files while units go on running.

        The keys come last: whatever key the copied store needs is in the copied key store, unless it was
        destroyed in between.

        Raises:
            BusyError: a copy is being made.
            StoreError: the storage failed, or the store was closed meanwhile.
        """
        if self._copy is not None and not self._copy.done():
            raise BusyError("a backup is being made already", hint="wait until it is done")
        if self._closing:
            raise StoreError("the store is closed")
        self._copy = asyncio.create_task(self._copy_both(files), name="copy")
        await asyncio.shield(self._copy)

    async def _copy_both(self, files: StoreFiles) -> None:
        def both(store: sqlite3.Connection, pause: Callable[[], None]) -> None:
            def between(*_: int) -> None:
                pause()
                self._transactions.demand_sound()
                if self._closing:
                    raise StoreError("the store was closed while a backup was made")

            _copy_database(store, files.store, between)
            _copy_database(self._keys, files.keys, between)

        await self._connection.slowly(both)

    async def close(self) -> None:
        """Run what waits, then close; idempotent."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._copy is not None:
            await asyncio.wait([self._copy])
        await asyncio.wait([self._worker])
        try:
            await self._connection.hop(partial(_close_both, keys=self._keys, transactions=self._transactions))
        finally:
            await self._connection.close()
            self._lock.release()

    def _enqueue(self, queue: deque[_Job[Any]], unit: Unit[T]) -> asyncio.Future[T]:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._closing or self._worker.done():
            future.set_exception(StoreError("the store is closed"))
        elif len(queue) >= WAITING_LIMIT:
            future.set_exception(
                BusyError(f"{len(queue)} units wait for the store", hint="try again in a moment")
            )
        else:
            queue.append(_Job(unit, future))
            self._wake.set()
        return future

    async def _work(self) -> None:
        try:
            while self._writes or self._reads or not self._closing:
                await self._run(_take(self._writes, GROUP_LIMIT), self._transactions.write)
                await self._run(_take(self._reads, READ_LIMIT), self._transactions.read_all)
                if not (self._writes or self._reads or self._closing):
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            _settle_all([*self._writes, *self._reads], StoreError("the store is closed"))

    async def _run(
        self, jobs: Sequence[_Job[Any]], run: Callable[[Sequence[Unit[Any]]], list[Outcome[Any]]]
    ) -> None:
        if not jobs:
            return
        units = [job.unit for job in jobs]
        try:
            outcomes = await self._connection.hop(lambda _: run(units))
        except Exception as error:  # a failed commit or `finish`: it goes to everybody in the group
            _settle_all(jobs, error)
            return
        except BaseException:
            _settle_all(jobs, StoreError("the store was stopped; the outcome is not known"))
            raise
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.settle(outcome)
        if self._transactions.is_low:
            with suppress(StoreError):  # kept as the failure of the store; the next call raises it
                await self._connection.hop(lambda _: self._transactions.restock())


def _copy_database(source: sqlite3.Connection, path: Path, between: Callable[..., None]) -> None:
    """Copy a database into a new file of mode 0600 that nobody has to flush: it is read back at once."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    target = sqlite3.connect(path, isolation_level=None)
    try:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=COPY_PAGES, progress=between)
    except sqlite3.Error as error:
        raise StoreError(
            f"the copy of {path.name} failed ({getattr(error, 'sqlite_errorname', 'SQLITE_ERROR')})",
            hint="check the free space beside the store",
        ) from error
    finally:
        target.close()


def _settle_all(jobs: Sequence[_Job[Any]], error: Exception) -> None:
    for job in jobs:
        job.settle(Outcome(error=error))


def _take(queue: deque[_Job[Any]], limit: int) -> list[_Job[Any]]:
    """Take the first jobs whose callers still wait."""
    taken: list[_Job[Any]] = []
    while queue and len(taken) < limit:
        job = queue.popleft()
        if not job.future.done():
            taken.append(job)
    return taken


def _open_both(
    store: sqlite3.Connection, *, files: StoreFiles, identity: StoreIdentity, finish: Finish
) -> tuple[sqlite3.Connection, Transactions]:
    """Open store and key store in the thread that will use them."""
    keys = connect(str(files.keys))
    try:
        settle(keys, cache_kib=KEYS_CACHE_KIB)
        settle(store)
        return keys, assemble(store, keys, identity=identity, finish=finish)
    except BaseException:
        keys.close()
        raise


def _close_both(store: sqlite3.Connection, *, keys: sqlite3.Connection, transactions: Transactions) -> None:
    """Empty the write-ahead logs, unless the storage failed; the caller closes the store."""
    try:
        if transactions.failure is None:
            keys.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise storage_failure(error) from error
    finally:
        keys.close()
