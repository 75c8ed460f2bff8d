# SPDX-License-Identifier: Apache-2.0
"""Statements of a transaction that wait for one another."""

import sqlite3
from collections.abc import Iterator, Sequence

import pytest
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.gathered import LAST_COUNTS, LATER, Gathered, Reach, Values
from exchange.adapters.storage.migrate import migrate, migrations
from exchange.adapters.storage.opening import connect
from exchange.adapters.storage.queries import queries


@pytest.fixture(name="reach")
def reach_of_the_store() -> Iterator[Reach]:
    connection = connect(":memory:")
    migrate(connection, migrations("migrations"))
    yield Database(connection)._reach()
    connection.close()


class Runs:
    """Remembers what was run."""

    def __init__(self, reach: Reach) -> None:
        self.all: list[tuple[str, list[Values]]] = []
        self.gathered = Gathered(lambda: reach, self.run)

    def run(self, name: str, rows: Sequence[Values]) -> None:
        self.all.append((name, list(rows)))

    def names(self) -> list[str]:
        return [name for name, _ in self.all]


@pytest.fixture(name="runs")
def runs_of_nothing(reach: Reach) -> Runs:
    return Runs(reach)


def test_rows_of_one_statement_run_at_once_in_their_order(runs: Runs) -> None:
    for n in (1, 2):
        runs.gathered.add("audit_add", {"n": n})
        runs.gathered.add("line_add", {"message": n})

    runs.gathered.run_all()

    assert runs.all == [("line_add", [{"message": 1}, {"message": 2}]), ("audit_add", [{"n": 1}, {"n": 2}])]


def test_nothing_runs_twice(runs: Runs) -> None:
    runs.gathered.add("audit_add", {"n": 1})

    runs.gathered.run_all()
    runs.gathered.run_all()
    runs.gathered.give_way("audit_list")

    assert runs.names() == ["audit_add"]


@pytest.mark.parametrize(
    ("waiting", "asking"),
    [
        pytest.param("audit_add", "audit_list", id="a reader of the table"),
        pytest.param("message_update", "message_by_id", id="a reader of a view of it"),
        pytest.param("outbox_set", "outbox", id="a reader of the counts"),
        pytest.param("case_event_add", "question_stale", id="a reader of what a trigger marks"),
        pytest.param("case_update", "question_keep_end", id="a writer of what a trigger marks"),
        pytest.param("part_add", "part_drop_of_case", id="whoever deletes"),
        pytest.param("link_step", "link_get", id="a reader of the columns"),
        pytest.param("log_advance", "log_newest", id="a reader of the log"),
        pytest.param("message_add", "part_add", id="a writer whose guard reads the table"),
    ],
)
def test_what_waits_runs_before(runs: Runs, waiting: str, asking: str) -> None:
    runs.gathered.add(waiting, {"link": 1, "log": 1, "size": 0, "peaks": b""})

    runs.gathered.give_way(asking)

    assert runs.names() == [waiting]


@pytest.mark.parametrize(
    ("waiting", "asking"),
    [
        pytest.param("audit_add", "case_get", id="a reader of another table"),
        pytest.param("part_add", "message_add", id="a writer of a table that only its guard reads"),
        pytest.param("link_step", "case_get", id="a reader of other columns"),
        pytest.param("message_update", "message_number", id="a reader of what never changes"),
    ],
)
def test_it_goes_on_waiting_for(runs: Runs, waiting: str, asking: str) -> None:
    runs.gathered.add(waiting, {})

    runs.gathered.give_way(asking)

    assert runs.names() == []


def test_row_waits_for_none_that_refers_to_it() -> None:
    schema = [
        ("table", "message", "message", "CREATE TABLE message (no INTEGER PRIMARY KEY)"),
        ("table", "note", "note", "CREATE TABLE note (of INTEGER REFERENCES message (no))"),
    ]
    statements = {
        "message_add": "INSERT INTO message (no) VALUES (:no)",
        "note_add": "INSERT INTO note (of) VALUES (:of)",
        "note_list": "SELECT * FROM note",
    }

    reach = Reach(schema, statements)

    assert reach.touched_by("note_add") == {"message_add"}
    assert reach.touched_by("note_list") == frozenset()


def test_undone_statement_never_runs(runs: Runs) -> None:
    runs.gathered.add("audit_add", {"n": 1})
    mark = runs.gathered.mark()
    runs.gathered.add("line_add", {"message": 1})

    runs.gathered.undo(mark)
    runs.gathered.run_all()

    assert runs.names() == ["audit_add"]


def test_statement_that_ran_in_an_undone_savepoint_runs_again(runs: Runs) -> None:
    runs.gathered.add("audit_add", {"n": 1})
    mark = runs.gathered.mark()
    runs.gathered.run_all()

    runs.gathered.undo(mark)
    runs.gathered.give_way("audit_list")

    assert runs.names() == ["audit_add", "audit_add"]


def test_statement_that_ran_before_a_savepoint_does_not_run_again(runs: Runs) -> None:
    runs.gathered.add("audit_add", {"n": 1})
    runs.gathered.run_all()
    mark = runs.gathered.mark()

    runs.gathered.undo(mark)
    runs.gathered.run_all()

    assert runs.names() == ["audit_add"]


def test_of_steps_of_one_log_the_last_counts_on_what_the_first_found(runs: Runs) -> None:
    for log, size in ((1, 4), (2, 7), (1, 5)):
        runs.gathered.add(
            "log_advance", {"log": log, "size": size, "peaks": b"%d" % size, "new_size": size + 1}
        )

    runs.gathered.run_all()

    steps = [
        {"log": 1, "size": 4, "peaks": b"4", "new_size": 6},
        {"log": 2, "size": 7, "peaks": b"7", "new_size": 8},
    ]
    assert runs.all == [("log_advance", steps)]


def test_every_statement_that_waits_is_one_of_the_store(reach: Reach) -> None:
    assert set(LATER) <= queries().keys()
    assert set(LAST_COUNTS) <= set(LATER)
    assert len(set(LATER)) == len(LATER)


@pytest.mark.parametrize("name", LATER)
def test_every_statement_that_waits_gives_way_to_itself(reach: Reach, name: str) -> None:
    """Otherwise its text is not understood."""
    assert name in reach.touched_by(name)


def test_every_trigger_of_the_store_is_understood() -> None:
    connection = connect(":memory:")
    migrate(connection, migrations("migrations"))
    rows = connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema").fetchall()

    reach = Reach(rows, {name: query.sql for name, query in queries().items()})

    known = sum(len(triggers) for triggers in reach._triggers.values())
    assert known == sum(row[0] == "trigger" for row in rows)
    connection.close()


def test_trigger_of_a_form_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        Reach([("trigger", "odd", "audit", "CREATE TRIGGER odd INSTEAD")], {})


def test_reading_unit_cannot_let_a_statement_wait() -> None:
    database = Database(sqlite3.connect(":memory:"))
    database.reading = True

    with pytest.raises(Exception, match="tried to write"):
        database.later("audit_add", {})

    database.connection.close()
