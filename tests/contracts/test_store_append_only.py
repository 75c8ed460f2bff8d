# SPDX-License-Identifier: Apache-2.0
"""What every store must refuse: whatever would rewrite the past (design section 6)."""

import sqlite3

import pytest
from exchange.service.ports import UnitOfWork
from tests.support.store_rows import LINK, NOW, PARTNER, StoreWorld, card_row, fill

APPEND_ONLY = {
    "link": "UPDATE link SET link = link",
    "agreement": "UPDATE agreement SET raw = raw",
    "card": "UPDATE card SET raw = raw",
    "key_span": "UPDATE key_span SET kid = kid",
    "log": "UPDATE log SET size = size - 1",
    "leaf": "UPDATE leaf SET raw = x'00'",
    "head": "UPDATE head SET note = ''",
    "cosignature": "UPDATE cosignature SET note = ''",
    "head_line": "UPDATE head_line SET line = ''",
    "stamp": "UPDATE stamp SET reply = x'00'",
    "tile_root": "UPDATE tile_root SET root = zeroblob(32)",
    "witnessed": "UPDATE witnessed SET line = ''",
    "message": "UPDATE message SET commitment = commitment",
    "line": "UPDATE line SET envelope = x'00'",
    "announced": "UPDATE announced SET id = id",
    "case_event": "UPDATE case_event SET state_after = 'closed'",
    "movement_case": "UPDATE movement_case SET case_file = case_file",
    "movement_event": "UPDATE movement_event SET state_after = 'cancelled'",
    "crossing": "UPDATE crossing SET status = 'open'",
    "officer": "UPDATE officer SET number = 'P-0001'",
    "client": "UPDATE client SET token = zeroblob(32)",
    "audit": "UPDATE audit SET actor = 'P-0001'",
    "difference": "UPDATE difference SET evidence = x'00'",
    "named_difference": "UPDATE named_difference SET kind = 'late'",
    "statement": "UPDATE statement SET dg = x'00'",
    "legal_hold": "UPDATE legal_hold SET reason = 'complaint'",
    "erasure": "UPDATE erasure SET erased_by = 'P-0001'",
    "heard_erasure": "UPDATE heard_erasure SET n = 7",
}
"""Tables that only grow, and an update each must refuse."""


@pytest.mark.parametrize("guarded", [True, False], ids=["as opened", "without recursive triggers"])
@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_append_only_table_refuses_update_delete_and_replace(
    world: StoreWorld, table: str, guarded: bool
) -> None:
    """Design 6. REPLACE removes rows without DELETE triggers unless `recursive_triggers` is on."""
    await world.store.write(fill)
    statements = [
        APPEND_ONLY[table],
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ]

    def attack(connection: sqlite3.Connection) -> None:
        before = connection.execute(f"SELECT * FROM {table}").fetchall()
        assert before
        connection.execute(f"PRAGMA recursive_triggers = {int(guarded)}")
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == before

    await world.raw(attack)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE salt SET token = token + 1",
        "DELETE FROM salt",
        "UPDATE part SET raw = x'00'",
        "INSERT OR REPLACE INTO part SELECT * FROM part",
        "INSERT INTO leaf (log, i, raw) VALUES (1, 7, x'00')",
        "INSERT INTO head (log, size, root, note, at) VALUES (1, 1, zeroblob(32), '', 0)",
        "INSERT OR REPLACE INTO cosignature (log, size, note) VALUES (1, 1, 'other')",
        "INSERT OR REPLACE INTO audit (n, at, actor, act, object, result) VALUES (1, 0, '', '', x'', '')",
        "INSERT OR REPLACE INTO log (link, writer, epoch, size, peaks) SELECT 1, writer, 1, 0, x'' FROM log",
        "INSERT OR REPLACE INTO log (no, link, writer, epoch, size, peaks) VALUES (1, 1, 'KH', 9, 0, x'')",
        "INSERT OR REPLACE INTO card (rowid, agency, serial, raw, digest, held_since) "
        "VALUES (1, 'VN-MPS', 1, x'', zeroblob(32), 0)",
        "UPDATE agreement SET own_signature = 'other'",
        "UPDATE link SET withdrawn_at = 1",
        "UPDATE announced SET void_code = 'lost', id = zeroblob(16)",
    ],
)
async def test_statement_that_would_rewrite_the_past_is_refused(world: StoreWorld, statement: str) -> None:
    await world.store.write(fill)

    def attack(connection: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)

    await world.raw(attack)


async def test_an_enrolment_that_was_taken_back_is_found_no_more_and_stays_as_it_is(
    world: StoreWorld,
) -> None:
    """Rule 16: nothing of it is used a second time, and its cards make way for those of the real agency."""

    def unit(uow: UnitOfWork) -> None:
        uow.links.add_card(card_row())
        row = uow.links.get(LINK)
        assert row is not None
        uow.links.withdraw(row, at=NOW)

    await world.store.write(unit)

    found = await world.store.read(
        lambda uow: (uow.links.get(LINK), uow.links.all(), uow.links.cards(PARTNER))
    )
    assert found == (None, [], [])
    assert await world.store.read(lambda uow: uow.links.was_withdrawn(LINK))

    def attack(connection: sqlite3.Connection) -> None:
        for change in (
            "UPDATE link SET withdrawn_at = NULL", "UPDATE link SET next_seq = 2", "DELETE FROM link"
        ):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(change)

    await world.raw(attack)
