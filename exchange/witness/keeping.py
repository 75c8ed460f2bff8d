# SPDX-License-Identifier: Apache-2.0
"""The small store of a witness: the newest head of each log, its cosignature, evidence of two histories.

1. One process, one connection, every commit durable before the answer (threat model, rules 14 and 25).
2. To compare with the last head and to take the new one is one transaction.
3. Of each log one head is kept, the newest, with the cosignature over it; it only gives way to a larger one.
   The cosignatures of before are with the logs, which asked for them.
4. Of two histories of one log the first three requests are kept.

A store of an earlier version, which kept every head, is brought to this form when it is opened.
A witness whose store was lost must get a new name and key: it could cosign a shorter log.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from exchange.clock import instant_text
from exchange.errors import ConfigurationError, StoreError
from exchange.ledger.witnessing import WitnessRequest
from exchange.witness.judging import Known, Status, Verdict, judge

STORE_NAME: Final = "witness.db"
LOCK_NAME: Final = "witness.lock"
EVIDENCE_COPIES: Final = 3
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS newest (
    origin TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL, line TEXT NOT NULL, at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evidence (
    origin TEXT NOT NULL, old_size INTEGER NOT NULL, note TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS newest_is_one BEFORE INSERT ON newest
WHEN EXISTS (SELECT 1 FROM newest WHERE origin = NEW.origin)
BEGIN SELECT RAISE(ABORT, 'a log has one newest head'); END;
CREATE TRIGGER IF NOT EXISTS newest_grows BEFORE UPDATE ON newest
WHEN NEW.origin <> OLD.origin OR NEW.size <= OLD.size
BEGIN SELECT RAISE(ABORT, 'a log only grows'); END;
CREATE TRIGGER IF NOT EXISTS newest_is_kept BEFORE DELETE ON newest
BEGIN SELECT RAISE(ABORT, 'the newest head of a log is kept'); END;
"""
_FROM_EVERY_HEAD: Final = """
BEGIN IMMEDIATE;
INSERT INTO newest SELECT origin, max(size), root, note, line, at FROM cosigned GROUP BY origin;
DROP TABLE cosigned;
COMMIT;
"""
_BEGIN: Final = "INSERT INTO newest (size, root, note, line, at, origin) VALUES (?, ?, ?, ?, ?, ?)"
_GROW: Final = "UPDATE newest SET size = ?, root = ?, note = ?, line = ?, at = ? WHERE origin = ?"


@dataclass(frozen=True)
class Seen:
    """One log as the administrator of a witness sees it."""

    origin: str
    size: int
    at: str
    evidence: int


class WitnessStore:
    """The heads of a witness. Close it, or use it as a context."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the store of a folder; `create` makes a new one.

        Raises:
            ConfigurationError: there is none, or there is one already, or another process has it.
            StoreError: it is damaged, or the disk failed.
        """
        path = folder / STORE_NAME
        if path.exists() is create:
            raise ConfigurationError(
                f"{path} {'exists' if create else 'does not exist'}",
                hint="choose an empty folder"
                if create
                else "a witness that lost its store must not go on under its old name: exchange witness init",
            )
        self._lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise ConfigurationError(
                f"another process uses {path}", hint="stop the witness first: exchange witness serve runs"
            ) from error
        try:
            if create:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._connection = _opened(path)
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()
        os.close(self._lock)

    def known(self, origin: str) -> Known:
        """Return the head of a log that was cosigned last."""
        row = self._connection.execute("SELECT size, root FROM newest WHERE origin = ?", (origin,)).fetchone()
        return Known(*row) if row else Known()

    def newest_note(self, origin: str) -> str:
        """Return the signed head of a log that was cosigned last, "" before the first."""
        row = self._connection.execute("SELECT note FROM newest WHERE origin = ?", (origin,)).fetchone()
        return str(row[0]) if row else ""

    def take(
        self, origin: str, request: WitnessRequest, *, at: datetime, cosign: Callable[[], str]
    ) -> tuple[Verdict, str]:
        """Judge a head that is signed against the last one and keep it; return verdict and cosignature.

        Raises:
            StoreError: the disk failed; nothing may be answered.
            Exception: whatever `cosign` raises; nothing is kept, and the next head is judged as before.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            verdict, line = self._judged(origin, request, at, cosign)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise _failure(error) from error
        finally:
            if self._connection.in_transaction:  # nothing of it may stand in the way of the next head
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
        return verdict, line

    def _judged(
        self, origin: str, request: WitnessRequest, at: datetime, cosign: Callable[[], str]
    ) -> tuple[Verdict, str]:
        head, known = request.head.claimed, self.known(origin)
        verdict = judge(request, head, known)
        line = cosign() if verdict.status is Status.COSIGNED else ""
        if line and head.size > known.size:
            row = (head.size, head.root, request.note, line, instant_text(at), origin)
            self._connection.execute(_GROW if known.size else _BEGIN, row)
        if verdict.is_evidence:
            self._keep_evidence(origin, request, at)
        return verdict, line

    def _keep_evidence(self, origin: str, request: WitnessRequest, at: datetime) -> None:
        kept = self._connection.execute(
            "SELECT count(*) FROM evidence WHERE origin = ?", (origin,)
        ).fetchone()
        if kept[0] < EVIDENCE_COPIES:
            self._connection.execute(
                "INSERT INTO evidence VALUES (?, ?, ?, ?)",
                (origin, request.old_size, request.note, instant_text(at)),
            )

    def seen(self) -> list[Seen]:
        """Return every log with the size that was cosigned last, and how much evidence against it is kept."""
        rows = self._connection.execute(
            "SELECT origin, size, at, (SELECT count(*) FROM evidence AS e WHERE e.origin = n.origin)"
            " FROM newest AS n ORDER BY origin"
        )
        return [Seen(*row) for row in rows]


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _TABLES
        )
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cosigned'").fetchone():
            connection.executescript(_FROM_EVERY_HEAD)
    except sqlite3.Error as error:
        connection.close()
        raise _failure(error) from error
    return connection


def _failure(error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    return StoreError(f"the store of the witness failed ({name})")
