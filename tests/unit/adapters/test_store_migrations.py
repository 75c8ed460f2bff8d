# SPDX-License-Identifier: Apache-2.0
"""Migrations are atomic: killed at any statement, a store is as before or after a whole file."""

import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.storage.migrate import Migration, migrate, migrations, schema_of, split_statements
from exchange.adapters.storage.queries import parse_queries, queries
from exchange.errors import StoreDamagedError, StoreNewerError
from tests.support.connections import WatchedConnection

KNOWN = migrations("migrations")


class KilledError(BaseException):
    """The process died here."""


class DyingConnection(WatchedConnection):
    """A connection whose process dies before its statement number `lives`."""

    lives = 10_000

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if self.lives == 0:
            raise KilledError
        self.lives -= 1
        return super().execute(sql, *arguments)


def open_file(path: Path, *, lives: int = 10_000) -> DyingConnection:
    connection = sqlite3.connect(path, isolation_level=None, factory=DyingConnection)
    connection.execute("PRAGMA synchronous = OFF")
    connection.lives = lives
    return connection


@pytest.fixture
def memory() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def schema_after(count: int) -> frozenset[tuple[str, str, str]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, KNOWN[:count])
        return schema_of(connection)
    finally:
        connection.close()


def test_store_killed_at_each_statement_is_between_two_files_and_goes_on(tmp_path: Path) -> None:
    """Threat-model rule 35. Each file begins from the store that the one before it left."""
    between = [schema_after(count) for count in range(len(KNOWN) + 1)]
    store, seen = tmp_path / "store.db", set[int]()
    store.touch()
    for count in range(1, len(KNOWN) + 1):
        for lives in range(1, 10_000):
            path = Path(shutil.copy(store, tmp_path / "killed.db"))
            was_killed = killed(path, KNOWN[:count], lives=lives)

            again = open_file(path)
            assert schema_of(again) in between[count - 1 : count + 1]
            seen.add(between.index(schema_of(again)))
            migrate(again, KNOWN[:count])
            assert schema_of(again) == between[count]
            again.close()
            if not was_killed:
                path.rename(store)
                break
            path.unlink()

    assert seen == set(range(len(KNOWN) + 1))


def killed(path: Path, known: Sequence[Migration], *, lives: int) -> bool:
    """Migrate a store until the process dies; return whether it died."""
    connection = open_file(path, lives=lives)
    try:
        migrate(connection, known)
    except KilledError:
        return True
    finally:
        connection.close()
    return False


def test_migrating_again_runs_nothing(memory: sqlite3.Connection) -> None:
    assert migrate(memory, KNOWN) == len(KNOWN)
    assert migrate(memory, KNOWN) == 0


def test_failing_statement_undoes_its_file(memory: sqlite3.Connection) -> None:
    broken = Migration(len(KNOWN) + 1, "broken", bytes(32), ("CREATE TABLE a (b)", "CREATE TABLE a (b)"))

    with pytest.raises(sqlite3.OperationalError):
        migrate(memory, [*KNOWN, broken])

    assert schema_of(memory) == schema_after(len(KNOWN))


def test_older_program_refuses_a_newer_store(memory: sqlite3.Connection) -> None:
    migrate(memory, KNOWN)

    with pytest.raises(StoreNewerError, match="this program knows"):
        migrate(memory, KNOWN[:-1])


def test_file_that_changed_after_it_ran_is_noticed(memory: sqlite3.Connection) -> None:
    migrate(memory, KNOWN)
    first = Migration(1, KNOWN[0].name, bytes(32), KNOWN[0].statements)

    with pytest.raises(StoreDamagedError, match="migration 0001"):
        migrate(memory, [first, *KNOWN[1:]])


def test_open_tasks_of_an_older_store_are_counted(memory: sqlite3.Connection) -> None:
    migrate(memory, KNOWN[:21])
    for seq, case, awaited, over_at in (
        (1, 1, 1, 50),
        (1, 2, 1, 50),
        (2, 3, 1, 50),
        (3, 4, 1, 90),
        (4, 5, 0, 50),
    ):
        memory.execute(
            "INSERT INTO question (link, direction, seq, case_file, type, urgency, effective, awaited,"
            " over_at) VALUES (1, 'in', ?, ?, 'RPN', 'routine', 1, ?, ?)",
            (seq, case, awaited, over_at),
        )

    migrate(memory, KNOWN)

    assert memory.execute("SELECT over_at, tasks FROM task_total").fetchall() == [(50, 2), (90, 1)]


def test_every_table_is_strict(memory: sqlite3.Connection) -> None:
    migrate(memory, KNOWN)

    tables = memory.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table'")

    assert [name for name, strict in tables if not strict and not name.startswith("sqlite_")] == []


def test_trigger_is_one_statement() -> None:
    script = "CREATE TABLE a (b);\nCREATE TRIGGER c BEFORE DELETE ON a\nBEGIN SELECT 1; SELECT 2; END;\n"

    assert len(split_statements(script)) == 2


def test_every_query_has_a_name_and_a_sentence_and_can_be_prepared(memory: sqlite3.Connection) -> None:
    keys = sqlite3.connect(":memory:", isolation_level=None)
    migrate(memory, KNOWN)
    migrate(keys, migrations("keys"))

    for query in queries().values():
        assert query.sentence.endswith("."), query.name
        of_keys = query.name.startswith("key_")
        connection = keys if of_keys else memory
        connection.execute(f"EXPLAIN {query.sql}", _Anything())
    keys.close()


MAY_BE_SCANNED = {
    # A few rows for ever.
    *("link", "outbox", "client", "officer", "account", "ended_key"),
    # What people have begun and not finished, and legal holds.
    *("d", "form", "p", "h"),
    # What was asked for, and what another part of the same statement has found.
    *("json_each", "wanted", "block", "best", "named", "place", "span", "(subquery-1)", "(subquery-2)"),
    # How many tasks end at each instant: a few hundred rows, for deadlines end at midnight.
    "task_total",
}
"""Tables and aliases; every other one grows with the messages. A partial index, of what is open, may be."""
SCANS_BY_DESIGN = {
    *("audit_list", "message_list", "case_list", "movement_list", "log_gaps"),
    *("message_newest", "announced_newest", "outbox_gaps"),
    # The answers to programs of the last days, when a person is erased.
    "kept_answer_places",
    # The cases that only one officer may read, when the entry of that officer is ended.
    "reader_only",
}
"""Queries that walk from the newest row to a limit, or belong to a rare act or to the check on demand."""


def test_no_query_scans_a_table_that_grows(memory: sqlite3.Connection) -> None:
    """Design 6."""
    migrate(memory, KNOWN)

    scanned = {
        (query.name, table)
        for query in queries().values()
        if not query.name.startswith("key_") and query.name not in SCANS_BY_DESIGN
        for table in scanned_by(memory, query.sql) - MAY_BE_SCANNED
    }

    assert scanned == set()


def test_no_trigger_scans_a_table_that_grows(memory: sqlite3.Connection) -> None:
    """The plan of a statement does not show what its triggers do."""
    migrate(memory, KNOWN)
    triggers = memory.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()

    scanned = {
        (name, table)
        for name, sql in triggers
        for statement in acts_of(sql)
        for table in scanned_by(memory, statement)
    }

    assert len(triggers) > 10
    assert scanned == set()


def acts_of(trigger: str) -> list[str]:
    """Return the statements of a trigger, with parameters in place of the row it stands for."""
    body = trigger.partition("BEGIN")[2].rpartition("END")[0]
    acts = re.sub(r"\b(?:NEW|OLD)\.(\w+)", r":\1", body).split(";")
    return [act for act in acts if act.strip() and "RAISE" not in act]


def scanned_by(connection: sqlite3.Connection, sql: str) -> set[str]:
    partial = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'"
    )
    of_what_is_open = {f"USING INDEX {name}" for (name,) in partial}
    scans = (step for step in plan_of(connection, sql) if step.startswith("SCAN "))
    return {
        step.split()[1]
        for step in scans
        if step != "SCAN CONSTANT ROW" and not any(step.endswith(use) for use in of_what_is_open)
    }


def test_a_page_of_cases_is_cut_by_an_index_before_anything_is_read(memory: sqlite3.Connection) -> None:
    migrate(memory, KNOWN)

    scans = [step for step in plan_of(memory, queries()["case_list"].sql) if step.startswith("SCAN")]

    assert scans == ["SCAN case_state USING COVERING INDEX case_state_by_change"]


def plan_of(connection: sqlite3.Connection, sql: str) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", _Anything())]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("message_due", "message_queue"),
        ("message_due_stops", "message_queue"),
        ("message_expired", "message_open"),
        ("message_held", "message_held"),
        ("message_stopped", "message_stopped"),
        ("message_by_tail", "message_by_tail"),
        ("message_by_id", "message_by_id"),
        ("message_list_of_link", "message_by_link"),
        ("movement_list", "movement_by_change"),
        ("movement_list_of_link", "movement_by_link"),
        ("movement_of_message", "movement_event_by_message"),
        ("case_list_of_link", "case_state_by_link"),
        ("question_drop_of_case", "question_by_case"),
    ],
)
def test_query_uses_its_index(memory: sqlite3.Connection, name: str, index: str) -> None:
    migrate(memory, KNOWN)

    plan = plan_of(memory, queries()[name].sql)

    assert any(f"INDEX {index} " in f"{step} " for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize(
    "text",
    [
        "-- name: a\nSELECT 1;\n",
        "-- name: a\n-- A sentence.\nSELECT 1\n",
        "-- name: A b\n-- A sentence.\nSELECT 1;\n",
    ],
)
def test_query_without_name_sentence_or_end_is_a_defect(text: str) -> None:
    with pytest.raises(ValueError, match="lacks"):
        parse_queries(text)


class _Anything(dict[str, Any]):
    """Binds NULL to every parameter."""

    def __missing__(self, key: str) -> None:
        return None
