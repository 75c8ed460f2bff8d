# SPDX-License-Identifier: Apache-2.0
"""The store of a witness only grows, belongs to one process, and keeps evidence of a second history."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange.errors import ConfigurationError, KeyRefusedError, StoreError
from exchange.ledger.witnessing import WitnessRequest
from exchange.witness.judging import Status
from exchange.witness.keeping import EVIDENCE_COPIES, STORE_NAME, WitnessStore
from tests.support.witness import AT
from tests.unit.witness.test_judging import FORK, request

ORIGIN = "exchange/v1/kQ9w7VtR0aLh4uJp6ZxC1g/KH-MOSVY-DAHT/1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WitnessStore]:
    with WitnessStore(tmp_path, create=True) as made:
        yield made


def take(store: WitnessStore, asked: WitnessRequest) -> Status:
    return store.take(ORIGIN, asked, at=AT, cosign=lambda: "line")[0].status


def test_a_log_grows_from_head_to_head(store: WitnessStore) -> None:
    assert [take(store, request(7, 0)), take(store, request(9, 7)), take(store, request(9, 9))] == [
        Status.COSIGNED
    ] * 3

    assert store.known(ORIGIN).size == 9
    assert [(each.origin, each.size, each.evidence) for each in store.seen()] == [(ORIGIN, 9, 0)]


def test_two_logs_do_not_mix(store: WitnessStore) -> None:
    take(store, request(7, 0))

    assert store.known("exchange/v1/other/KH-MOSVY-DAHT/1").size == 0


def test_the_first_requests_with_a_second_history_are_kept(store: WitnessStore) -> None:
    take(store, request(7, 0))
    for _ in range(EVIDENCE_COPIES + 2):
        assert take(store, request(9, 7, leaves=FORK)) is Status.NOT_PROVED

    assert store.seen()[0].evidence == EVIDENCE_COPIES
    assert store.known(ORIGIN).size == 7


def test_a_head_that_could_not_be_signed_stands_in_no_way(store: WitnessStore) -> None:
    """The key of a witness may end between two heads; a new one is put in its place while it runs."""
    take(store, request(7, 0))

    def ended() -> str:
        raise KeyRefusedError("the key of this witness has ended")

    for _ in range(2):
        with pytest.raises(KeyRefusedError):
            store.take(ORIGIN, request(9, 7), at=AT, cosign=ended)

    assert store.known(ORIGIN).size == 7
    assert take(store, request(9, 7)) is Status.COSIGNED


def test_what_was_cosigned_is_there_after_a_restart(tmp_path: Path) -> None:
    with WitnessStore(tmp_path, create=True) as made:
        take(made, request(7, 0))
    with WitnessStore(tmp_path) as again:
        assert take(again, request(9, 0)) is Status.CONFLICT
        assert take(again, request(9, 7)) is Status.COSIGNED


def test_a_second_process_is_refused(tmp_path: Path, store: WitnessStore) -> None:
    with pytest.raises(ConfigurationError, match="another process"):
        WitnessStore(tmp_path)


def test_a_lost_store_is_not_made_again_silently(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        WitnessStore(tmp_path)

    assert "must not go on under its old name" in refused.value.hint


def test_a_store_is_not_made_over_another(tmp_path: Path) -> None:
    WitnessStore(tmp_path, create=True).close()

    with pytest.raises(ConfigurationError, match="exists"):
        WitnessStore(tmp_path, create=True)


def test_a_store_that_is_no_database_is_refused_and_nothing_stays_open(tmp_path: Path) -> None:
    WitnessStore(tmp_path, create=True).close()
    whole = (tmp_path / STORE_NAME).read_bytes()
    (tmp_path / STORE_NAME).write_bytes(b"no database of anybody" * 100)

    with pytest.raises(StoreError, match="SQLITE_NOTADB"):
        WitnessStore(tmp_path)

    (tmp_path / STORE_NAME).write_bytes(whole)
    with WitnessStore(tmp_path) as again:
        assert again.seen() == []


def test_only_the_newest_head_of_a_log_is_kept(tmp_path: Path) -> None:
    with WitnessStore(tmp_path, create=True) as made:
        for size, old in ((7, 0), (9, 7), (20, 9)):
            take(made, request(size, old))
        note = made.newest_note(ORIGIN)

    connection = sqlite3.connect(tmp_path / STORE_NAME)
    rows = connection.execute("SELECT size, note, line FROM newest").fetchall()
    connection.close()
    assert rows == [(20, request(20, 9).note, "line")]
    assert note == request(20, 9).note


OF_BEFORE = """
CREATE TABLE cosigned (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, line TEXT NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (origin, size)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER cosigned_is_kept BEFORE DELETE ON cosigned
BEGIN SELECT RAISE(ABORT, 'what was cosigned is kept'); END;
"""


def test_a_store_that_kept_every_head_goes_on_from_the_newest(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / STORE_NAME)
    connection.executescript(OF_BEFORE)
    for asked in (request(9, 7), request(7, 0)):
        head = asked.head.claimed
        row = (ORIGIN, head.size, head.root, asked.note, "line", "2027-09-13T01:02:03.000Z")
        connection.execute("INSERT INTO cosigned VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()

    for _ in range(2):
        with WitnessStore(tmp_path) as store:
            assert store.known(ORIGIN).size == 9
            assert store.newest_note(ORIGIN) == request(9, 7).note
            assert take(store, request(9, 7, leaves=FORK)) is Status.CONFLICT


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM newest",
        "UPDATE newest SET size = size - 1",
        "UPDATE newest SET root = zeroblob(32)",
        "UPDATE newest SET origin = 'x', size = size + 1",
        "INSERT INTO newest SELECT origin, size + 1, root, note, line, at FROM newest",
        "INSERT OR REPLACE INTO newest SELECT * FROM newest",
    ],
)
def test_the_past_of_a_witness_cannot_be_rewritten(tmp_path: Path, statement: str) -> None:
    with WitnessStore(tmp_path, create=True) as made:
        take(made, request(7, 0))
    connection = sqlite3.connect(tmp_path / STORE_NAME)

    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
