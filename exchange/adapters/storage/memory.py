# SPDX-License-Identifier: Apache-2.0
"""A store without thread or disk, for simulations: the same tables, transactions and vault.

`write` runs its unit at once and never waits. A simulation can

* raise in `before_commit` (everything of the group is undone) or in `after_commit` (it is durable): the
  process died there; `restarted` gives the store as the next process finds it;
* take a `snapshot` and go back to it, as a restored backup would.

The store owns its connections: they are closed with it, at the latest when nobody refers to it any more. A
process that dies in a simulation closes nothing.
"""

import sqlite3
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any, Self, TypeVar

from exchange.adapters.storage.migrate import migrate, migrations
from exchange.adapters.storage.opening import StoreIdentity, assemble, connect
from exchange.adapters.storage.transactions import Outcome
from exchange.ids import AgencyCode, RandomSource
from exchange.service.ports import Finish, Unit

T = TypeVar("T")

STOCK = 32
"""Data keys made at a time: a simulated node starts often and sends little."""
_LENGTH_BYTES = 8


class DirectStore:
    """Implements `exchange.service.ports.Store` on two connections, which it takes from the caller."""

    def __init__(
        self, store: sqlite3.Connection, keys: sqlite3.Connection, *, identity: StoreIdentity, finish: Finish
    ) -> None:
        self._store = store
        self._keys = keys
        self._closing = weakref.finalize(self, _close, store, keys)
        self._identity = identity
        self._transactions = assemble(store, keys, identity=identity, finish=finish)

    @classmethod
    def empty(cls, *, own: AgencyCode, store_key: bytes, finish: Finish, random: RandomSource) -> Self:
        """Return a new store in memory."""
        store, keys = _templates()
        identity = StoreIdentity(own, store_key, random, stock=STOCK)
        return cls(_loaded(store), _loaded(keys), identity=identity, finish=finish)

    @classmethod
    def from_snapshot(
        cls, snapshot: bytes, *, own: AgencyCode, store_key: bytes, finish: Finish, random: RandomSource
    ) -> Self:
        """Return the store as it was when the snapshot was taken."""
        length = int.from_bytes(snapshot[:_LENGTH_BYTES], "big")
        split = _LENGTH_BYTES + length
        identity = StoreIdentity(own, store_key, random, stock=STOCK)
        store, keys = _loaded(snapshot[_LENGTH_BYTES:split]), _loaded(snapshot[split:])
        return cls(store, keys, identity=identity, finish=finish)

    @property
    def commits(self) -> int:
        """How many commits were made since the store was opened."""
        return self._transactions.commits

    def on_commit(
        self, *, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
    ) -> None:
        """Set what runs right before and right after each commit."""
        if before is not None:
            self._transactions.before_commit = before
        if after is not None:
            self._transactions.after_commit = after

    async def write(self, unit: Unit[T]) -> T:
        """Run a unit that changes something, and commit it."""
        return _value(self._transactions.write([unit])[0])

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        return _value(self._transactions.read(unit))

    def write_group(self, *units: Unit[Any]) -> list[Outcome[Any]]:
        """Run units in one commit, as they come together in a running node."""
        return self._transactions.write(units)

    async def verify(self) -> None:
        """Check every page, reference and log."""
        self._transactions.verify()

    def snapshot(self) -> bytes:
        """Return both databases as bytes."""
        store, keys = self._store.serialize(), self._keys.serialize()
        return len(store).to_bytes(_LENGTH_BYTES, "big") + store + keys

    def restarted(self, finish: Finish) -> Self:
        """Return the store as a new process opens it; this object must not be used any more."""
        if self._store.in_transaction:
            self._store.execute("ROLLBACK")
        self._closing.detach()
        return type(self)(self._store, self._keys, identity=self._identity, finish=finish)

    async def close(self) -> None:
        self._closing()


def _close(store: sqlite3.Connection, keys: sqlite3.Connection) -> None:
    store.close()
    keys.close()


def _value(outcome: Outcome[T]) -> T:
    if outcome.error is not None:
        raise outcome.error
    return outcome.value  # type: ignore[return-value]


def _loaded(raw: bytes) -> sqlite3.Connection:
    # The garbage collector may close it, and that runs in whichever thread is at it.
    connection = connect(":memory:", only_here=False)
    connection.deserialize(raw)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")
    return connection


@cache
def _templates() -> tuple[bytes, bytes]:
    """Return both databases as they are after every migration."""
    return _template("migrations"), _template("keys")


def _template(folder: str) -> bytes:
    connection = connect(":memory:")
    try:
        migrate(connection, migrations(folder))
        return connection.serialize()
    finally:
        connection.close()
