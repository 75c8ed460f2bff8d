# SPDX-License-Identifier: Apache-2.0
"""One SQLite connection: runs named queries and turns SQLite's errors into ours, in one place.

* A guard or a used key is an `AppendOnlyError`: the statement had no effect, the unit may go on.
* Another broken constraint is a `StoreError` of that statement alone.
* Everything else (disk full, I/O error, damaged page, lock) is a failure of the storage. It is kept in
  `failure`; whoever runs units looks there and never trusts this connection again.

Statements asked for with `later` wait, and run together before anybody reads what they write (`gathered`). A
savepoint begins with the first statement that writes inside of it: most units write only what waits.

Python's own transaction control is off: the caller says BEGIN, SAVEPOINT, COMMIT.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from exchange.adapters.storage.gathered import Gathered, Reach, Values
from exchange.adapters.storage.queries import queries
from exchange.errors import AppendOnlyError, StoreDamagedError, StoreError

Row = tuple[Any, ...]
__all__ = ["Database", "Row", "Values"]

CACHED_STATEMENTS = 512
"""More than there are queries, so that each is prepared once."""
GUARD = "append-only: "
RESTORE_HINT = "keep this folder; start on your last copy of it: partners give back what came later"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_USED = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID}
)
_NONE: Values = {}
_ONE_EACH = frozenset({"case_update", "link_step", "log_advance", "message_update", "outbox_set"})
"""Updates that change exactly one row each."""


class Database:
    """Named queries on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.failure: StoreError | None = None
        self.reading = False
        """A reading unit runs: it may not change anything, and needs no savepoint."""
        self._unopened = 0
        """Savepoints, the innermost ones, that SQLite has not heard of."""
        self._sql = {name: query.sql for name, query in queries().items()}
        self.gathered = Gathered(self._reach, self._run_gathered)

    def later(self, name: str, values: Values) -> None:
        """Run a statement together with others of its name, before anybody reads what it writes.

        Requires that it cannot be refused: see `gathered`.
        """
        if self.reading:
            raise _only_reading()
        self.gathered.add(name, values)

    def run(self, name: str, values: Values = _NONE) -> int:
        """Run a statement that changes something; return how many rows it changed."""
        self._make_way(name)
        try:
            return self.connection.execute(self._sql[name], values).rowcount
        except sqlite3.Error as error:
            self.refuse(error)

    def add(self, name: str, values: Values) -> int:
        """Run an INSERT; return the number of the new row."""
        self._make_way(name)
        try:
            return self.connection.execute(self._sql[name], values).lastrowid or 0
        except sqlite3.Error as error:
            self.refuse(error)

    def many(self, name: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row."""
        self._make_way(name)
        try:
            self.connection.executemany(self._sql[name], rows)
        except sqlite3.Error as error:
            self.refuse(error)

    def one(self, name: str, values: Values = _NONE, *, is_apart: bool = False) -> Row | None:
        """Return the first row, or None; `is_apart`: nothing that waits is about this row."""
        if not is_apart:
            self.gathered.give_way(name)
        try:
            row: Row | None = self.connection.execute(self._sql[name], values).fetchone()
        except sqlite3.Error as error:
            self.refuse(error)
        return row

    def all(self, name: str, values: Values = _NONE, *, is_apart: bool = False) -> list[Row]:
        """Return every row; `is_apart` as in `one`."""
        if not is_apart:
            self.gathered.give_way(name)
        try:
            return self.connection.execute(self._sql[name], values).fetchall()
        except sqlite3.Error as error:
            self.refuse(error)

    def begin_savepoint(self) -> None:
        """Begin a savepoint inside of the newest one."""
        self._unopened += 1

    def keep_savepoint(self) -> None:
        """End the newest savepoint; what was written in it belongs to the one around it."""
        if self._unopened:
            self._unopened -= 1
        else:
            self.control("RELEASE attempt")

    def undo_savepoint(self) -> None:
        """End the newest savepoint and undo what was written in it."""
        if self._unopened:
            self._unopened -= 1
            return
        self.control("ROLLBACK TO attempt")
        self.control("RELEASE attempt")

    def control(self, statement: str) -> None:
        """Run BEGIN, SAVEPOINT, COMMIT, a PRAGMA: statements that are fixed in the program."""
        try:
            self.connection.execute(statement)
        except sqlite3.Error as error:
            self.refuse(error)

    def empty_log(self) -> None:
        """Move the write-ahead log into the file and cut it off, so that nothing deleted is left in it."""
        try:
            busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            self.refuse(error)
        if busy:
            self.failure = StoreError("the write-ahead log is in use and was not emptied; the node stops")
            raise self.failure

    def _reach(self) -> Reach:
        rows = self.connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema")
        return Reach(rows.fetchall(), self._sql)

    def _run_gathered(self, name: str, rows: Sequence[Values]) -> None:
        """Run a statement for rows that waited; one that is refused is a failure of the store."""
        self._open_savepoints()
        try:
            changed = self.connection.executemany(self._sql[name], rows).rowcount
        except sqlite3.IntegrityError as error:
            self.failure = StoreError(f"{name} was refused ({error.sqlite_errorname}); the node stops")
            raise self.failure from error
        except sqlite3.Error as error:
            self.refuse(error)
        if name in _ONE_EACH and changed != len(rows):
            self.failure = StoreError(f"{name} changed {changed} of {len(rows)} rows; the node stops")
            raise self.failure

    def _make_way(self, name: str) -> None:
        """Prepare for a statement that writes."""
        if self.reading:
            raise _only_reading()
        self.gathered.give_way(name)
        self._open_savepoints()

    def _open_savepoints(self) -> None:
        while self._unopened:
            self.control("SAVEPOINT attempt")
            self._unopened -= 1

    def verify(self) -> None:
        """Check every page and every reference.

        Raises:
            StoreDamagedError: something is not as it was written.
        """
        try:
            faults = [row for row in self.connection.execute("PRAGMA quick_check(1)") if row[0] != "ok"]
            faults += self.connection.execute("PRAGMA foreign_key_check").fetchmany(1)
        except sqlite3.Error as error:
            self.refuse(error)
        if faults:
            raise StoreDamagedError("the check of the store found a damaged page", hint=RESTORE_HINT)

    def refuse(self, error: sqlite3.Error) -> NoReturn:
        """Raise what an error of SQLite means here; remember it if the storage failed."""
        if isinstance(error, sqlite3.IntegrityError):
            raise _constraint(error) from error
        if isinstance(error, (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)):
            raise error
        self.failure = self.failure or storage_failure(error)
        raise self.failure from error


def _only_reading() -> StoreError:
    return StoreError("a reading unit tried to write")


def storage_failure(error: sqlite3.Error) -> StoreError:
    """Return the error of ours for a failed storage; its text names SQLite's code and no value."""
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    if _code(error) in _DAMAGED:
        return StoreDamagedError(f"the store is damaged ({name})", hint=RESTORE_HINT)
    return StoreError(f"the storage failed ({name}); the node stops", hint="check the disk, then start again")


def _constraint(error: sqlite3.IntegrityError) -> StoreError:
    text = str(error)
    if text.startswith(GUARD):
        return AppendOnlyError(text.removeprefix(GUARD))
    if error.sqlite_errorcode in _USED:
        return AppendOnlyError(f"used already ({text})")
    return StoreError(f"the store refused a row ({error.sqlite_errorname})")


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code, without SQLite's extension."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
