# SPDX-License-Identifier: Apache-2.0
"""Brings a database to the tables this program knows, one numbered file at a time.

Rules (threat-model rule 35):

1. Files are numbered from 0001 without gaps; a released file never changes.
2. Each file runs in one transaction together with the note that it ran, so that a kill at any moment
   leaves the database as it was before or after it.
3. The note holds the SHA-256 of the file: another checksum is a damaged store.
4. A number above the highest known one is the store of a newer program: refused, nothing touched.
5. After the last file the tables, indexes, views and guards are exactly those the files make; a missing
   guard is a damaged store.

SQLite has no functions in SQL, and a trigger cannot call another one: triggers that do the same on other
events repeat their bodies, as in 0022.
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from exchange.adapters.storage.database import RESTORE_HINT
from exchange.errors import StoreDamagedError, StoreNewerError

_FILE = re.compile(r"(\d{4})_([a-z_]+)\.sql", re.ASCII)
_NOTES = """
CREATE TABLE IF NOT EXISTS migration (
    n INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT
"""


@dataclass(frozen=True)
class Migration:
    """One numbered file."""

    n: int
    name: str
    sha256: bytes
    statements: tuple[str, ...]


@cache
def migrations(folder: str) -> tuple[Migration, ...]:
    """Return the migrations of `sql/<folder>`, by number.

    Raises:
        ValueError: a file has another name, or a number is missing.
    """
    found = sorted(
        (
            _migration(file.name, file.read_bytes())
            for file in files(__package__).joinpath("sql", folder).iterdir()
        ),
        key=lambda each: each.n,
    )
    if [each.n for each in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations in {folder} are not numbered without gaps")
    return tuple(found)


def migrate(connection: sqlite3.Connection, known: Sequence[Migration]) -> int:
    """Run the missing migrations and return how many ran.

    Raises:
        StoreNewerError: a newer program wrote the store.
        StoreDamagedError: a checksum or the resulting schema differs.
    """
    missing = _missing(connection, known)
    for migration in missing:
        _run(connection, migration)
    _check_schema(connection, tuple(known))
    return len(missing)


def schema_of(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    """Return type, name and text of everything in a database."""
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")
    return frozenset((row[0], row[1], row[2]) for row in rows)


def split_statements(text: str) -> tuple[str, ...]:
    """Return the statements of a script; a trigger is one statement."""
    statements, pending = [], ""
    for line in text.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return tuple(statements)


def _migration(file_name: str, raw: bytes) -> Migration:
    match = _FILE.fullmatch(file_name)
    if match is None:
        raise ValueError(f"{file_name} is not the name of a migration")
    return Migration(
        int(match[1]), match[2], hashlib.sha256(raw).digest(), split_statements(raw.decode("utf-8"))
    )


def _missing(connection: sqlite3.Connection, known: Sequence[Migration]) -> list[Migration]:
    """Compare what ran with the files; return the files that did not run."""
    ran = _notes(connection)
    if ran and max(ran) > len(known):
        raise StoreNewerError(
            f"the store is of migration {max(ran)}, this program knows {len(known)}",
            hint="install the newer program again",
        )
    if sorted(ran) != list(range(1, len(ran) + 1)):
        raise StoreDamagedError("a migration of the store is missing", hint=RESTORE_HINT)
    for migration in known[: len(ran)]:
        if ran[migration.n] != migration.sha256:
            raise StoreDamagedError(
                f"migration {migration.n:04d} of the store is not the one of this program", hint=RESTORE_HINT
            )
    return list(known[len(ran) :])


def _notes(connection: sqlite3.Connection) -> dict[int, bytes]:
    """Return number and checksum of each migration that ran; none in an empty database."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    if not names:
        return {}
    notes = connection.execute("SELECT n, sha256 FROM migration").fetchall() if "migration" in names else []
    if not notes:
        raise StoreDamagedError("the database is not one of this program", hint=RESTORE_HINT)
    return dict(notes)


def _run(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_NOTES)
        for statement in migration.statements:
            connection.execute(statement)
        note = (migration.n, migration.name, migration.sha256)
        connection.execute("INSERT INTO migration (n, name, sha256) VALUES (?, ?, ?)", note)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_schema(connection: sqlite3.Connection, known: tuple[Migration, ...]) -> None:
    present, expected = schema_of(connection), _expected_schema(known)
    if present == expected:
        return
    names = sorted(name for _, name, _ in present ^ expected)
    raise StoreDamagedError(f"the schema of the store differs at {names[0]}", hint=RESTORE_HINT)


@cache
def _expected_schema(known: tuple[Migration, ...]) -> frozenset[tuple[str, str, str]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for migration in known:
            _run(connection, migration)
        return schema_of(connection)
    finally:
        connection.close()
