# SPDX-License-Identifier: Apache-2.0
"""What a thief of the disk finds: nothing of a person, and nothing at all of an erased one (rule 33)."""

import base64
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.files import STORE
from exchange.adapters.storage.memory import DirectStore
from exchange.adapters.storage.migrate import migrate, migrations
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.adapters.storage.vault import CACHED_KEYS, STOCK, Vault
from exchange.errors import ConfigurationError, StoreDamagedError, StoreError
from exchange.ids import CaseCode, sha256
from exchange.service.draft_story import Returned
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, Part, RegisterRow
from tests.support.keys import seeded_random
from tests.support.store_rows import (
    CODE,
    LINK,
    MOVEMENT,
    NOW,
    OFFICER,
    OTHER_CODE,
    OWN,
    STORE_KEY,
    Finishes,
    audit_row,
    begin,
    case_event,
    case_row,
    difference_row,
    draft_row,
    message_id,
    message_row,
    movement_row,
    officer_row,
)

OUT = Direction.OUT
SALT = b"\x17salt of a part, 32 bytes long.\x17!"
DRAFT = b'{"header":{"remark":"planted draft"}}'
PLANTED = {
    "part": b"NGUYEN Thi planted",
    "common part": b"planted remark",
    "sealed body": b"planted.sealed.body",
    "snapshot": b"planted snapshot",
    "movement": b"planted list of cases",
    "officer": "សុខ planted".encode(),
    "draft": DRAFT,
    "draft before": b"planted draft before",
    "reason": b"planted reason",
    "purpose": b"planted purpose",
    "evidence": b"planted evidence",
    "salt": SALT,
    "store key": STORE_KEY,
    "search key": b"w|planted",
    "file number": b"F-planted-7",
    "register": b"planted entry",
}


def plant(uow: UnitOfWork) -> None:
    uow.messages.add(message_row(), envelope=b"envelope", body=PLANTED["sealed body"])
    parts = [Part(0, None, PLANTED["common part"]), Part(1, CODE, PLANTED["part"] * 300)]
    uow.contents.add(LINK, OUT, 1, parts)
    uow.contents.seen_salts([SALT])
    uow.cases.add(case_row(snapshot=PLANTED["snapshot"]))
    uow.cases.add(case_row(OTHER_CODE))
    uow.cases.add_event(case_event())
    uow.movements.add(movement_row(snapshot=PLANTED["movement"]))
    uow.movements.enlist(LINK, MOVEMENT, [OTHER_CODE])
    uow.searches.index(LINK, CODE, [PLANTED["search key"].decode()])
    number, keys = PLANTED["file number"].decode(), [PLANTED["search key"].decode()]
    entry = RegisterRow(number, PLANTED["register"], NOW, LINK, CODE)
    uow.register.add(entry, keys)
    uow.register.add(replace(entry, number=number + "0", link=None, case=None), keys)
    uow.officers.add(officer_row(name=PLANTED["officer"].decode()))
    back = Returned(OFFICER, NOW, PLANTED["reason"].decode())
    uow.drafts.save(
        draft_row(document=DRAFT, digest=sha256(DRAFT), returned=back, story=PLANTED["draft before"])
    )
    uow.audit.record(audit_row(CODE, purpose="planted purpose"))
    uow.audit.keep(difference_row(evidence=PLANTED["evidence"]))


def rewrite(uow: UnitOfWork) -> None:
    uow.cases.update(case_row(snapshot=PLANTED["snapshot"] * 2))
    uow.drafts.save(draft_row(document=DRAFT + b" ", digest=sha256(DRAFT)))


def needles() -> dict[str, bytes]:
    """Every planted value in the forms in which it could lie somewhere."""
    codes = {
        f"code {part}": part.encode()
        for code in (CODE, OTHER_CODE, MOVEMENT)
        for part in (code, code[:9], code[5:])
    }
    digest = {
        "digest of the draft": base64.urlsafe_b64decode(sha256(DRAFT) + "="),
        "its text": sha256(DRAFT).encode(),
    }
    return PLANTED | codes | digest


def found_in(folder: Path) -> set[tuple[str, str]]:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {
        (name, what) for name, raw in files.items() for what, needle in needles().items() if needle in raw
    }


async def opened(folder: Path, *, create: bool = False) -> SqliteStore:
    return await SqliteStore.open(folder, own=OWN, store_key=STORE_KEY, finish=Finishes(), create=create)


async def test_nothing_of_a_person_lies_plain_in_any_file(tmp_path: Path) -> None:
    async with await opened(tmp_path, create=True) as store:
        await store.write(begin)
        await store.write(plant)
        await store.write(rewrite)

        assert len(list(tmp_path.glob("*-wal"))) == 2
        assert found_in(tmp_path) == set()
        rows = await store.read(lambda uow: uow.cases.find("7KQ2"))
        assert len(rows) == 2

    assert found_in(tmp_path) == set()


async def test_search_finds_what_was_planted_when_it_lies_plain(tmp_path: Path) -> None:
    """The search of this page works: ids are plain by design, and found."""
    async with await opened(tmp_path, create=True) as store:
        await store.write(begin)
        await store.write(plant)

    raw = (tmp_path / STORE).read_bytes()
    assert bytes.fromhex(message_id(1).replace("-", "")) in raw
    assert b"envelope" in raw


async def test_key_of_an_erased_case_is_in_no_file(tmp_path: Path) -> None:
    """Design trap 14: without `secure_delete` and a truncating checkpoint, deleted keys stay readable."""
    async with await opened(tmp_path, create=True) as store:
        await store.write(begin)
        await store.write(plant)
        wrapped = await wrapped_keys(store)
        assert all(key in everything(tmp_path) for key in wrapped)

        await store.write(lambda uow: uow.cases.erase(LINK, CODE))
        await store.write(lambda uow: uow.drafts.delete(message_id(1)))

        left = await wrapped_keys(store)
        gone = [key for key in wrapped if key not in left]
        assert len(gone) == 3  # of the case, of the message whose last case it was, of the draft
        assert not any(key in everything(tmp_path) for key in gone)

    assert not any(key in everything(tmp_path) for key in gone)


async def test_erasure_that_was_cut_off_after_its_commit_is_finished_at_the_next_start() -> None:
    class DiedError(BaseException):
        pass

    def die() -> None:
        raise DiedError

    store = DirectStore.empty(own=OWN, store_key=STORE_KEY, finish=Finishes(), random=seeded_random("a"))
    await store.write(begin)
    await store.write(plant)
    before = count_keys(store)
    store.on_commit(after=die)

    with pytest.raises(DiedError):
        await store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert count_keys(store) == before
    again = store.restarted(Finishes())
    assert count_keys(again) == before - 2
    assert again._store.execute("SELECT count(*) FROM ended_key").fetchone() == (0,)
    await again.close()


def test_log_that_cannot_be_emptied_ends_the_store(tmp_path: Path) -> None:
    """Otherwise what was erased would stay in it, and nobody would know."""
    writer, reader = (
        sqlite3.connect(tmp_path / "some.db", isolation_level=None, timeout=0) for _ in range(2)
    )
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE some (value)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM some").fetchall()
    writer.execute("INSERT INTO some VALUES (1)")
    database = Database(writer)

    with pytest.raises(StoreError, match="was not emptied"):
        database.empty_log()

    assert database.failure is not None
    writer.close()
    reader.close()


async def test_rows_whose_key_is_destroyed_are_as_erased(tmp_path: Path) -> None:
    """A backup of the store alone, put back after an erasure, gives nothing back."""
    async with await opened(tmp_path, create=True) as store:
        await store.write(begin)
        await store.write(plant)
    backup = (tmp_path / STORE).read_bytes()
    async with await opened(tmp_path) as store:
        await store.write(lambda uow: uow.cases.erase(LINK, CODE))
    (tmp_path / STORE).write_bytes(backup)

    async with await opened(tmp_path) as store:
        assert await store.read(lambda uow: uow.cases.get(LINK, CODE)) is None
        assert [row.code for row in await store.read(lambda uow: uow.cases.find("7KQ2"))] == [OTHER_CODE]
        assert await store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == []
        assert await store.read(lambda uow: uow.messages.line(LINK, OUT, 1)) == (b"envelope", None)
        with pytest.raises(StoreError, match="destroyed"):
            await store.write(lambda uow: uow.cases.update(case_row()))


async def test_value_moved_to_another_row_is_damage(tmp_path: Path) -> None:
    """Both rows lie under the same key; only their place differs."""
    async with await opened(tmp_path, create=True) as store:
        await store.write(begin)
        await store.write(lambda uow: [uow.audit.record(audit_row(f"object {n}")) for n in (1, 2)])
    connection = sqlite3.connect(tmp_path / STORE, isolation_level=None)
    guard = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'audit_fixed'").fetchone()[0]
    connection.execute("DROP TRIGGER audit_fixed")
    connection.execute("UPDATE audit SET object = (SELECT object FROM audit WHERE n = 1) WHERE n = 2")
    connection.execute(guard)
    connection.close()

    async with await opened(tmp_path) as store:
        with pytest.raises(StoreDamagedError, match=r"audit\|2\|object"):
            await store.read(lambda uow: uow.audit.list())


async def test_case_and_message_have_keys_of_their_own(tmp_path: Path) -> None:
    async with await opened(tmp_path, create=True) as store:
        await store.write(begin)
        await store.write(plant)
        keys = await store._connection.hop(
            lambda c: c.execute("SELECT key FROM message UNION ALL SELECT key FROM case_file").fetchall()
        )

    assert len(set(keys)) == len(keys) == 3


async def test_data_key_is_durable_before_the_message_that_needs_it() -> None:
    """A crash before the commit of the message finds the stock committed already."""
    seen: list[int] = []
    store = DirectStore.empty(own=OWN, store_key=STORE_KEY, finish=Finishes(), random=seeded_random("a"))
    await store.write(begin)
    store.on_commit(before=lambda: seen.append(count_keys(store)))

    await store.write(plant)

    assert seen[0] == count_keys(store) >= 5
    assert not store._keys.in_transaction
    await store.close()


async def test_keys_left_in_stock_are_not_given_out_by_the_next_process() -> None:
    store = DirectStore.empty(own=OWN, store_key=STORE_KEY, finish=Finishes(), random=seeded_random("a"))
    await store.write(begin)
    await store.write(lambda uow: uow.officers.add(officer_row()))
    left = count_keys(store)

    again = store.restarted(Finishes())
    await again.write(plant_case)

    assert again._store.execute("SELECT min(key) FROM case_file").fetchone()[0] > left
    await again.close()


def plant_case(uow: UnitOfWork) -> None:
    uow.cases.add(case_row(CaseCode("0000-1111-2222")))


def count_keys(store: DirectStore) -> int:
    return int(store._keys.execute("SELECT count(*) FROM data_key").fetchone()[0])


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def wrapped_keys(store: SqliteStore) -> list[bytes]:
    rows = await store._connection.hop(
        lambda _: store._keys.execute("SELECT wrapped FROM data_key").fetchall()
    )
    return [row[0] for row in rows]


# --- the vault alone


@pytest.fixture
def keys() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, migrations("keys"))
    yield connection
    connection.close()


def vault_on(keys: sqlite3.Connection, store_key: bytes = STORE_KEY) -> Vault:
    vault = Vault(Database(keys), store_key=store_key, random=seeded_random("vault"))
    vault.begin()
    return vault


def test_value_opens_under_its_key_at_its_place_only(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    key, other = vault.take(), vault.take()
    sealed = vault.seal(key, "part|1|raw", b"value")

    assert vault.open(key, "part|1|raw", sealed) == b"value"
    for wrong_key, place, value in (
        (other, "part|1|raw", sealed),
        (key, "part|2|raw", sealed),
        (key, "line|1|raw", sealed),
        (key, "part|1|raw", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (key, "part|1|raw", sealed[:20]),
        (key, "part|1|raw", b""),
    ):
        with pytest.raises(StoreDamagedError):
            vault.open(wrong_key, place, value)


def test_same_value_is_never_sealed_to_the_same_bytes(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    key = vault.take()

    assert len({vault.seal(key, "a|1|b", b"value") for _ in range(50)}) == 50


def test_destroyed_key_opens_nothing_and_seals_nothing(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    key, kept = vault.take(), vault.take()
    sealed, other = vault.seal(key, "a|1|b", b"value"), vault.seal(kept, "a|1|b", b"kept")

    vault.destroy([key])
    vault.destroy([key])

    for one in (vault, vault_on(keys)):
        assert one.open(key, "a|1|b", sealed) is None
        assert one.open(kept, "a|1|b", other) == b"kept"
        with pytest.raises(StoreError, match="destroyed"):
            one.seal(key, "a|1|b", b"value")


def test_number_of_a_destroyed_key_is_never_used_again(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    vault.fill()
    vault.destroy(range(STOCK - 10, STOCK + 1))

    assert vault_on(keys).take() == STOCK + 1


def test_more_keys_than_fit_the_memory_stay_usable(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    sealed = {
        key: vault.seal(key, "a|1|b", b"%d" % key) for key in (vault.take() for _ in range(CACHED_KEYS + 50))
    }

    assert all(vault.open(key, "a|1|b", value) == b"%d" % key for key, value in sealed.items())


def test_key_store_opens_with_its_store_key_only(keys: sqlite3.Connection) -> None:
    vault_on(keys)

    for wrong in (bytes(32), STORE_KEY[::-1], STORE_KEY[:16], b""):
        with pytest.raises(ConfigurationError, match="store key"):
            vault_on(keys, wrong)


def test_data_key_moved_to_another_number_is_damage(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    sealed = vault.seal(vault.take(), "a|1|b", b"value")
    keys.execute("DROP TRIGGER data_key_fixed")
    keys.execute("UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE key = 2) WHERE key = 1")

    with pytest.raises(StoreDamagedError, match="data key 1"):
        vault_on(keys).open(1, "a|1|b", sealed)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE data_key SET wrapped = zeroblob(60)",
        "INSERT OR REPLACE INTO data_key (key, wrapped) VALUES (1, zeroblob(60))",
    ],
)
def test_data_key_never_changes(keys: sqlite3.Connection, statement: str) -> None:
    vault_on(keys).fill()

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        keys.execute(statement)


def test_tokens_depend_on_use_text_and_store_key(keys: sqlite3.Connection) -> None:
    vault = vault_on(keys)
    other = sqlite3.connect(":memory:", isolation_level=None)
    migrate(other, migrations("keys"))
    stranger = vault_on(other, bytes(32))

    tokens = {vault.token("case", CODE), vault.token("case group", CODE), vault.token("case", OTHER_CODE)}
    assert len(tokens | {stranger.token("case", CODE)}) == 4
    assert vault.token("case", CODE) == vault.token("case", CODE)
    short = vault.short_tokens("salt", [SALT, SALT[::-1], SALT])
    assert short[0] == short[2] != short[1]
    assert vault.short_tokens("search", [SALT])[0] not in short
    assert stranger.short_tokens("salt", [SALT])[0] not in short
    assert all(-(2**63) <= token < 2**63 for token in short)
    other.close()
