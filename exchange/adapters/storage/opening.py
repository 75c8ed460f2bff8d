# SPDX-License-Identifier: Apache-2.0
"""Opens the two databases of a store: settings of SQLite, migrations, and whether they belong together.

Nothing here scans a table; a damaged page deep inside shows when it is read, or in `verify`. What is
checked: the file is a database of this program, its migrations and schema are the known ones, the store
key opens the key store, and both files carry the same store id.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from exchange.adapters.storage.database import CACHED_STATEMENTS, RESTORE_HINT, Database, storage_failure
from exchange.adapters.storage.migrate import migrate, migrations
from exchange.adapters.storage.transactions import Transactions
from exchange.adapters.storage.vault import STOCK, Vault
from exchange.errors import FolderInUseError, StoreDamagedError, StoreError
from exchange.ids import AgencyCode, RandomSource
from exchange.service.ports import Finish

CHECKPOINT_PAGES = 1000
"""4 MiB: the write-ahead log goes back into the database at this size, a few milliseconds of work. With
one connection nobody can hold a checkpoint up, so the log stays at this size plus one group."""
JOURNAL_LIMIT = 16 * 1024 * 1024
"""Bytes a write-ahead log keeps after one very large group."""
CACHE_KIB = 6 * 1024
"""Page cache of the store: the tail of every table and the inner pages of the indexes. Any other page comes
from the cache of the system in some microseconds."""
KEYS_CACHE_KIB = 512
"""Page cache of the key store, which has small rows that are looked up one by one."""

_SETTINGS = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    *(
        f"PRAGMA {setting}"
        for setting in (
            "secure_delete = ON",
            "foreign_keys = ON",
            "recursive_triggers = ON",
            "trusted_schema = OFF",
            "cell_size_check = ON",
            "temp_store = MEMORY",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            f"journal_size_limit = {JOURNAL_LIMIT}",
        )
    ),
)


@dataclass(frozen=True)
class StoreIdentity:
    """Whose store it is, and with what it seals. The store key never shows in a repr."""

    own: AgencyCode
    store_key: bytes
    random: RandomSource
    stock: int = STOCK

    def __repr__(self) -> str:
        return f"StoreIdentity({self.own})"


def connect(path: str, *, only_here: bool = True) -> sqlite3.Connection:
    """Return a connection without Python's own transactions; it waits for no lock.

    `only_here`: every other thread is refused.
    """
    return sqlite3.connect(
        path,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        timeout=0,
        check_same_thread=only_here,
    )


def settle(connection: sqlite3.Connection, *, cache_kib: int = CACHE_KIB) -> None:
    """Give a connection to a file its settings, and take SQLite's lock for life.

    Raises:
        StoreDamagedError: the file is not a database.
        FolderInUseError: another program has the file open.
    """
    try:
        for setting in (*_SETTINGS, f"PRAGMA cache_size = -{cache_kib}"):
            connection.execute(setting)
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    except sqlite3.Error as error:
        raise opening_error(error) from error
    if mode not in ("wal", "memory"):
        raise StoreError(f"the store works with journal mode {mode}, expected wal")


def assemble(
    store: sqlite3.Connection, keys: sqlite3.Connection, *, identity: StoreIdentity, finish: Finish
) -> Transactions:
    """Migrate both databases and return the transactions that run on them.

    Raises:
        StoreNewerError, StoreDamagedError, ConfigurationError, FolderInUseError.
    """
    try:
        migrate(keys, migrations("keys"))
        migrate(store, migrations("migrations"))
    except sqlite3.Error as error:
        raise opening_error(error) from error
    database = Database(store)
    vault = Vault(Database(keys), store_key=identity.store_key, random=identity.random, stock=identity.stock)
    _pair(database, Database(keys), vault)
    transactions = Transactions(database, vault, own=identity.own, finish=finish)
    transactions.destroy_ended()
    return transactions


def without_data_keys(whole: Path, emptied: Path) -> None:
    """Make a key store that belongs to the same store as `whole` and holds no data key.

    A store opens with it, but nothing that lies under a data key does.
    """
    os.close(os.open(emptied, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    source, target = connect(str(whole)), connect(str(emptied))
    try:
        migrate(target, migrations("keys"))
        row = Database(source).one("key_store")
        if row is None:
            raise StoreDamagedError("the key store was never begun", hint=RESTORE_HINT)
        Database(target).add("key_store_begin", {"store": row[0], "proof": row[1]})
    except sqlite3.Error as error:
        raise opening_error(error) from error
    finally:
        source.close()
        target.close()


def opening_error(error: sqlite3.Error) -> Exception:
    """Return what an error of SQLite means while a store is being opened."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        return FolderInUseError("another program has the store open", hint="close it, then start again")
    return storage_failure(error)


def _pair(database: Database, keys: Database, vault: Vault) -> None:
    """Make sure that store and key store belong together; give a new store its id."""
    row = database.one("store_id")
    if row is not None and keys.one("key_store") is None:
        raise StoreDamagedError("the key store of this store is missing", hint=RESTORE_HINT)
    store = vault.begin()
    if row is None:
        database.add("store_begin", {"id": store})
    elif row[0] != store:
        raise StoreDamagedError("the key store belongs to another store", hint=RESTORE_HINT)
