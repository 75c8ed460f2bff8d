# SPDX-License-Identifier: Apache-2.0
"""SQLite plans each statement once, whatever its values are.

Where the value of a parameter could decide whether a partial index fits, SQLite plans the statement again
whenever the value is set: 70 µs instead of 5. A plus sign before the parameter keeps its value out of the
plan. The same is so for the number of rows of a LIMIT, from SQLite 3.53 on.
"""

import re
import sqlite3
from contextlib import suppress

import pytest
from exchange.adapters.storage.migrate import migrate, migrations
from exchange.adapters.storage.opening import connect
from exchange.adapters.storage.queries import queries

_PARAMETER = re.compile(r":([a-z_]+)")


class Planned:
    """Runs statements with one value for each parameter, and counts what SQLite asks while it plans."""

    def __init__(self, kind: str) -> None:
        self.connection = connect(":memory:")
        migrate(self.connection, migrations(kind))
        self.connection.execute("PRAGMA foreign_keys = OFF")
        self.connection.set_authorizer(self._count)
        self.asked = 0

    def _count(self, *_: object) -> int:
        self.asked += 1
        return sqlite3.SQLITE_OK

    def knows(self, sql: str) -> bool:
        """Return whether the tables of a statement are in this store."""
        try:
            self.connection.execute(f"EXPLAIN {sql}", dict.fromkeys(_PARAMETER.findall(sql)))
        except sqlite3.OperationalError:
            return False
        return True

    def run(self, sql: str, value: object) -> int:
        """Run a statement and undo it; return how often SQLite asked whether it may do something."""
        self.connection.execute("BEGIN")
        before = self.asked
        with suppress(sqlite3.Error):  # a value that a column does not take; planned it was all the same
            self.connection.execute(sql, dict.fromkeys(_PARAMETER.findall(sql), value)).fetchall()
        asked = self.asked - before
        self.connection.execute("ROLLBACK")
        return asked


@pytest.mark.parametrize("kind", ["migrations", "keys"])
def test_statement_is_planned_once_whatever_its_values_are(kind: str) -> None:
    store = Planned(kind)
    statements = {name: query.sql for name, query in queries().items() if store.knows(query.sql)}

    for sql in statements.values():
        store.run(sql, 1)
    again = [name for name, sql in statements.items() if store.run(sql, "[1]") or store.run(sql, 2)]

    store.connection.close()
    assert statements
    assert again == []


def test_number_of_rows_is_kept_out_of_the_plan() -> None:
    """Also where the SQLite at hand does not plan by it yet."""
    bare = re.compile(r"\b(?:LIMIT|OFFSET)\s+:")

    assert [name for name, query in queries().items() if bare.search(query.sql)] == []
