# SPDX-License-Identifier: Apache-2.0
"""SQLite without locks of its own: that it takes the settings, works, and that nobody can do it harm."""

import importlib.machinery
import subprocess
import sys
import threading

import pytest
from exchange.adapters.storage import unlocked
from exchange.adapters.storage.opening import connect

_COUNTED = """
import sys
from exchange.adapters.storage.opening import connect
from exchange.adapters.storage.unlocked import leave_out_locks, library_of_python
if sys.argv[1] == "without":
    assert leave_out_locks()
connection = connect(":memory:")
connection.execute("CREATE TABLE held (place INTEGER PRIMARY KEY, text TEXT)")
connection.executemany("INSERT INTO held VALUES (?, ?)", [(place, "x" * 100) for place in range(1_000)])
kept, = connection.execute("SELECT count(*) FROM held").fetchone()
print(kept, int(library_of_python().sqlite3_memory_used() > 0))
"""
"""Fills a table; prints its rows, and whether SQLite counted under its lock what memory that took."""


@pytest.mark.parametrize(("locks", "counted"), [("with", 1), ("without", 0)])
def test_a_process_works_with_locks_and_without(locks: str, counted: int) -> None:
    if unlocked.library_of_python() is None:
        assert not unlocked.leave_out_locks()
        return
    done = subprocess.run(
        [sys.executable, "-c", _COUNTED, locks], capture_output=True, check=True, timeout=120
    )
    assert done.stdout.split() == [b"1000", str(counted).encode()]


def test_a_connection_is_refused_outside_its_thread() -> None:
    """What the locks would guard against cannot happen."""
    connection = connect(":memory:")
    refused: list[Exception] = []

    def use() -> None:
        try:
            connection.execute("SELECT 1")
        except Exception as error:
            refused.append(error)

    other = threading.Thread(target=use)
    other.start()
    other.join()
    connection.close()
    assert [type(error).__name__ for error in refused] == ["ProgrammingError"]


@pytest.mark.parametrize("found", [None, importlib.machinery.ModuleSpec("_sqlite3", None, origin="built-in")])
def test_sqlite_inside_python_keeps_its_locks(
    monkeypatch: pytest.MonkeyPatch, found: importlib.machinery.ModuleSpec | None
) -> None:
    monkeypatch.setattr(unlocked, "find_spec", lambda name: found)
    assert not unlocked.leave_out_locks()
