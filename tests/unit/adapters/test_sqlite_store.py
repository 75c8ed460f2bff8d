# SPDX-License-Identifier: Apache-2.0
"""The SQLite store as one process meets it: groups, lock, file modes, damage, the end of a process."""

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from exchange.adapters.storage.files import KEYS, LOCK, STORE, StoreFiles
from exchange.adapters.storage.sqlite import GROUP_LIMIT, WAITING_LIMIT, SqliteStore
from exchange.errors import (
    BusyError,
    ConfigurationError,
    FileModeError,
    FolderInUseError,
    StoreDamagedError,
    StoreError,
    StoreNewerError,
)
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from tests.support.store_rows import LINK, OWN, STORE_KEY, Finishes, begin, fill, grow, link_row, message_row

PAGE = 4096


async def opened(
    folder: Path, *, create: bool = False, finishes: Finishes | None = None, store_key: bytes = STORE_KEY
) -> SqliteStore:
    return await SqliteStore.open(
        folder, own=OWN, store_key=store_key, finish=finishes or Finishes(), create=create
    )


async def filled(folder: Path) -> Path:
    """Make a store with something in every table, and close it."""
    async with await opened(folder, create=True) as store:
        await store.write(begin)
        await store.write(fill)
    return folder


async def refused(folder: Path, error: type[Exception], match: str) -> None:
    """Opening must fail, leave the folder free, and change nothing in the store."""
    before = (folder / STORE).read_bytes()
    with pytest.raises(error, match=match):
        await opened(folder)
    assert (folder / STORE).read_bytes() == before


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await opened(tmp_path / "node", create=True) as made:
        await made.write(begin)
        yield made


# --- copies


def copies(folder: Path) -> StoreFiles:
    folder.mkdir(mode=0o700)
    return StoreFiles(folder)


async def test_units_run_while_a_copy_is_made_and_the_copy_has_them(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is never held for longer than a slice of a copy."""
    monkeypatch.setattr("exchange.adapters.storage.sqlite.COPY_PAGES", 1)
    for start in range(0, 4_000, 500):
        await store.write(partial(_widen, start=start))
    copying = asyncio.create_task(store.copy_to(copies(tmp_path / "copy")))
    written = 0
    while not copying.done():
        written += 1
        await store.write(partial(_note, written=written))
    await copying

    assert written > 3
    async with await opened(tmp_path / "copy") as copied:
        await copied.verify()
        assert int(await copied.read(lambda uow: uow.settings.get("while_copying")) or 0) > 0


def _widen(uow: UnitOfWork, *, start: int) -> None:
    """Fill 500 pages."""
    for number in range(start, start + 500):
        uow.settings.put(f"page {number}", "x" * PAGE)


def _note(uow: UnitOfWork, *, written: int) -> None:
    uow.settings.put("while_copying", str(written))


async def test_a_unit_that_fails_while_a_copy_is_made_fails_alone(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.adapters.storage.sqlite.COPY_PAGES", 1)
    await store.write(fill)
    copying = asyncio.create_task(store.copy_to(copies(tmp_path / "copy")))
    await asyncio.sleep(0)

    def fail(uow: UnitOfWork) -> None:
        raise ValueError("this one")

    with pytest.raises(ValueError, match="this one"):
        await store.write(fail)
    await copying
    async with await opened(tmp_path / "copy") as copied:
        await copied.verify()


async def test_only_one_copy_is_made_at_a_time(store: SqliteStore, tmp_path: Path) -> None:
    first = asyncio.create_task(store.copy_to(copies(tmp_path / "one")))
    await asyncio.sleep(0)

    with pytest.raises(BusyError, match="already"):
        await store.copy_to(copies(tmp_path / "two"))
    await first


async def test_a_store_that_closes_ends_the_copy_and_nobody_waits_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.adapters.storage.sqlite.COPY_PAGES", 1)
    store = await opened(await filled(tmp_path / "node"))
    copying = asyncio.create_task(store.copy_to(copies(tmp_path / "copy")))
    await asyncio.sleep(0)
    await store.close()

    with pytest.raises(StoreError, match="closed"):
        await copying


async def test_nothing_is_copied_over_a_file(store: SqliteStore, tmp_path: Path) -> None:
    files = copies(tmp_path / "copy")
    files.store.write_bytes(b"something")

    with pytest.raises(FileExistsError):
        await store.copy_to(files)
    assert files.store.read_bytes() == b"something"
    await store.write(grow)


# --- groups


async def test_units_that_wait_are_committed_together(tmp_path: Path) -> None:
    finishes = Finishes()
    async with await opened(tmp_path, create=True, finishes=finishes) as store:
        await store.write(begin)
        before = store.commits

        await asyncio.gather(*(store.write(grow) for _ in range(2 * GROUP_LIMIT)))

        assert store.commits - before <= 3
        assert len(finishes.calls) == store.commits - before
        assert await store.read(lambda uow: uow.logs.position(LINK, OWN).size) == 2 * GROUP_LIMIT


async def test_units_run_in_the_order_of_their_calls(store: SqliteStore) -> None:
    ran: list[int] = []

    await asyncio.gather(*(store.write(lambda uow, n=n: ran.append(n)) for n in range(100)))

    assert ran == list(range(100))


async def test_units_run_in_one_thread_that_is_not_the_loops(store: SqliteStore) -> None:
    calls = [store.write, store.read, store.write]

    threads = {await call(lambda uow: threading.get_ident()) for call in calls}

    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_group_in_which_every_unit_failed_makes_no_commit(store: SqliteStore) -> None:
    before = store.commits

    def fail(uow: UnitOfWork) -> None:
        raise LookupError

    results = await asyncio.gather(*(store.write(fail) for _ in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [LookupError] * 3
    assert store.commits == before


async def test_full_queue_answers_busy_and_runs_what_waits(store: SqliteStore) -> None:
    """Threat-model rule 20."""
    calls = [store.write(lambda uow: 1) for _ in range(WAITING_LIMIT)]
    one_more = store.write(lambda uow: 1)

    with pytest.raises(BusyError, match="wait for the store"):
        await one_more

    assert await asyncio.gather(*calls) == [1] * WAITING_LIMIT


async def test_unit_whose_caller_left_before_it_was_taken_does_not_run(store: SqliteStore) -> None:
    call = store.write(lambda uow: uow.settings.put("left", "yes"))
    call.cancel()

    assert await store.write(lambda uow: uow.settings.get("left")) is None


async def test_caller_that_leaves_during_a_group_disturbs_nobody(store: SqliteStore) -> None:
    started, go_on = threading.Event(), threading.Event()

    def wait(uow: UnitOfWork) -> None:
        started.set()
        go_on.wait(10)

    left, stays = store.write(wait), store.write(lambda uow: 7)
    await asyncio.to_thread(started.wait, 10)
    left.cancel()
    go_on.set()

    assert await stays == 7


async def test_closing_runs_what_waits_and_refuses_what_comes(tmp_path: Path) -> None:
    store = await opened(tmp_path, create=True)
    waiting = [store.write(begin), store.read(lambda uow: 5)]

    await store.close()
    await store.close()

    assert await asyncio.gather(*waiting) == [None, 5]
    for call in (store.write, store.read):
        with pytest.raises(StoreError, match="closed"):
            await call(lambda uow: None)


async def test_failed_commit_fails_the_group_and_every_later_call(store: SqliteStore) -> None:
    """Rule 4 of the port: the disk takes no byte more while the commit is written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def take_the_disk(uow: UnitOfWork) -> None:
        uow.messages.add(message_row(), envelope=b"e", body=b"b")
        resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, hard))

    calls = [store.write(lambda uow: uow.settings.put("a", "1")), store.write(take_the_disk)]
    try:
        results = await asyncio.gather(*calls, return_exceptions=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [type(result) for result in results] == [StoreError, StoreError]
    for call in (store.write, store.read):
        with pytest.raises(StoreError, match="SQLITE_"):
            await call(lambda uow: uow.settings.get("a"))


async def test_store_that_failed_at_a_commit_opens_as_before_it(tmp_path: Path) -> None:
    store = await opened(tmp_path, create=True)
    await store.write(begin)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def take_the_disk(uow: UnitOfWork) -> None:
        uow.settings.put("a", "1")
        resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, hard))

    try:
        with pytest.raises(StoreError):
            await store.write(take_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.close()

    async with await opened(tmp_path) as again:
        assert await again.read(lambda uow: uow.settings.get("a")) is None
        assert await again.read(lambda uow: uow.links.get(LINK)) == link_row()


async def test_write_ahead_log_stays_bounded(store: SqliteStore, tmp_path: Path) -> None:
    for n in range(1, 41):
        await store.write(
            lambda uow, n=n: uow.messages.add(message_row(n), envelope=bytes(300_000), body=None)
        )

    assert (tmp_path / "node" / f"{STORE}-wal").stat().st_size < 6 * 1024 * 1024


# --- the folder


async def test_second_node_is_refused_even_after_somebody_opened_and_closed_the_file(tmp_path: Path) -> None:
    """Design 6: an open and close of the database in our process drops SQLite's own lock silently."""
    async with await opened(tmp_path, create=True):
        (tmp_path / STORE).read_bytes()

        with pytest.raises(FolderInUseError, match=f"process {os.getpid()} works on") as caught:
            await opened(tmp_path)

        assert caught.value.hint


async def test_node_in_another_process_is_refused(tmp_path: Path) -> None:
    async with await opened(tmp_path, create=True):
        (tmp_path / STORE).read_bytes()
        script = "import sys; from pathlib import Path\n"
        script += "from exchange.adapters.storage.files import FolderLock\nFolderLock(Path(sys.argv[1]))"
        command = [sys.executable, "-c", script, str(tmp_path)]
        result = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    assert result.returncode != 0
    assert f"FolderInUseError: process {os.getpid()} works on" in result.stderr


async def test_folder_is_free_after_closing_and_after_a_refusal(tmp_path: Path) -> None:
    await filled(tmp_path)
    with pytest.raises(ConfigurationError):
        await opened(tmp_path, store_key=bytes(32))

    async with await opened(tmp_path) as store:
        assert await store.read(lambda uow: uow.links.get(LINK)) is not None


async def test_other_program_that_has_the_store_open_is_named(tmp_path: Path) -> None:
    await filled(tmp_path)
    other = sqlite3.connect(tmp_path / STORE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(FolderInUseError, match="another program"):
            await opened(tmp_path)
    finally:
        other.close()


async def test_files_belong_to_the_owner_alone(store: SqliteStore, tmp_path: Path) -> None:
    """Threat-model rule 31."""
    await store.write(fill)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "node").iterdir()}

    assert set(modes) == {STORE, KEYS, LOCK, f"{STORE}-wal", f"{KEYS}-wal"}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "node").stat().st_mode & 0o777 == 0o700


async def test_closed_store_leaves_no_write_ahead_log(tmp_path: Path) -> None:
    await filled(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {STORE, KEYS, LOCK}


@pytest.mark.parametrize(("name", "mode"), [(STORE, 0o640), (KEYS, 0o604), (".", 0o777)])
async def test_store_that_others_may_use_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    await filled(tmp_path / "node")
    path = tmp_path / "node" / name
    path.chmod(mode)

    with pytest.raises(FileModeError, match="others may use") as caught:
        await opened(tmp_path / "node")

    assert "chmod" in str(caught.value.hint)


async def test_missing_store_is_not_begun_by_accident(tmp_path: Path) -> None:
    with pytest.raises(StoreDamagedError, match="no complete store"):
        await opened(tmp_path)
    with pytest.raises(StoreDamagedError, match="no folder"):
        await opened(tmp_path / "nowhere")

    assert not (tmp_path / STORE).exists()


async def test_opening_with_create_keeps_a_store_that_is_there(tmp_path: Path) -> None:
    await filled(tmp_path)

    async with await opened(tmp_path, create=True) as store:
        assert await store.read(lambda uow: uow.links.get(LINK)) is not None


# --- damage


async def test_file_that_is_not_a_database_is_damaged(tmp_path: Path) -> None:
    await filled(tmp_path)
    with (tmp_path / STORE).open("r+b") as file:
        file.write(b"garbage of sixteen bytes")

    await refused(tmp_path, StoreDamagedError, "SQLITE_NOTADB")


@pytest.mark.parametrize("pages", [1, 3])
async def test_truncated_store_is_damaged(tmp_path: Path, pages: int) -> None:
    await filled(tmp_path)
    os.truncate(tmp_path / STORE, pages * PAGE)

    await refused(tmp_path, StoreDamagedError, "SQLITE_CORRUPT")


async def test_empty_store_file_is_damaged(tmp_path: Path) -> None:
    await filled(tmp_path)
    os.truncate(tmp_path / STORE, 0)

    await refused(tmp_path, StoreDamagedError, "no complete store")


async def test_overwritten_page_is_found_by_the_check_and_ends_the_store(tmp_path: Path) -> None:
    await filled(tmp_path)
    connection = sqlite3.connect(tmp_path / STORE)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'link'").fetchone()
    connection.close()
    with (tmp_path / STORE).open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(b"\xaa" * PAGE)

    async with await opened(tmp_path) as store:
        with pytest.raises(StoreDamagedError):
            await store.verify()
        with pytest.raises(StoreDamagedError) as caught:
            await store.read(lambda uow: uow.links.all())
        assert "last copy" in str(caught.value.hint)
        with pytest.raises(StoreDamagedError):
            await store.write(lambda uow: uow.settings.put("a", "1"))


async def test_log_that_lost_its_last_leaf_is_found_by_the_check(tmp_path: Path) -> None:
    await filled(tmp_path)
    guard = change(tmp_path, "SELECT sql FROM sqlite_schema WHERE name = 'leaf_kept'")
    change(tmp_path, "DROP TRIGGER leaf_kept", "DELETE FROM leaf WHERE i = 1", guard)

    async with await opened(tmp_path) as store:
        with pytest.raises(StoreDamagedError, match="leaves"):
            await store.verify()


def change(folder: Path, *statements: str, file: str = STORE) -> str:
    """Change a closed store behind its back; return the first value of the first statement."""
    connection = sqlite3.connect(folder / file, isolation_level=None)
    try:
        rows = [connection.execute(statement).fetchone() for statement in statements]
    finally:
        connection.close()
    return str(rows[0][0]) if rows and rows[0] else ""


@pytest.mark.parametrize(
    ("statement", "error", "match"),
    [
        ("INSERT INTO migration VALUES (99, 'next', zeroblob(32))", StoreNewerError, "migration 99"),
        ("UPDATE migration SET sha256 = zeroblob(32) WHERE n = 2", StoreDamagedError, "migration 0002"),
        ("DELETE FROM migration WHERE n = 2", StoreDamagedError, "migration of the store is missing"),
        ("DROP TRIGGER leaf_kept", StoreDamagedError, "differs at leaf_kept"),
        ("CREATE TABLE extra (a)", StoreDamagedError, "differs at extra"),
        ("DELETE FROM migration", StoreDamagedError, "not one of this program"),
        ("UPDATE store SET id = zeroblob(16)", StoreDamagedError, "another store"),
    ],
)  # fmt: skip
async def test_store_that_is_not_as_migrated_is_refused(
    tmp_path: Path, statement: str, error: type[Exception], match: str
) -> None:
    """Threat-model rule 35."""
    await filled(tmp_path)
    change(tmp_path, statement)

    await refused(tmp_path, error, match)


async def test_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / STORE).unlink()
    change(tmp_path, "CREATE TABLE bookmarks (url TEXT)")
    (tmp_path / STORE).chmod(0o600)

    with pytest.raises(StoreDamagedError, match="not one of this program"):
        await opened(tmp_path)

    assert change(tmp_path, "SELECT count(*) FROM sqlite_schema") == "1"


async def test_store_without_its_key_store_is_refused(tmp_path: Path) -> None:
    await filled(tmp_path)
    (tmp_path / KEYS).unlink()

    await refused(tmp_path, StoreDamagedError, "no complete store")
    with pytest.raises(StoreDamagedError, match="key store of this store is missing"):
        await opened(tmp_path, create=True)


async def test_key_store_of_another_store_is_refused(tmp_path: Path) -> None:
    one, other = await filled(tmp_path / "one"), await filled(tmp_path / "other")
    (one / KEYS).write_bytes((other / KEYS).read_bytes())

    await refused(one, StoreDamagedError, "another store")


@pytest.mark.parametrize("key", [bytes(32), STORE_KEY[:31], b""])
async def test_wrong_store_key_is_refused(tmp_path: Path, key: bytes) -> None:
    await filled(tmp_path)

    with pytest.raises(ConfigurationError, match="store key"):
        await opened(tmp_path, store_key=key)


# --- the end of a process


async def test_everything_answered_is_there_after_the_process_died(tmp_path: Path) -> None:
    """Threat-model rule 14: no close, no checkpoint, the process is just gone."""
    script = """
import asyncio, os, sys
from pathlib import Path
from tests.support.store_rows import OWN, STORE_KEY, Finishes, begin, fill, grow
from exchange.adapters.storage.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(
        Path(sys.argv[1]), own=OWN, store_key=STORE_KEY, finish=Finishes(), create=True
    )
    await store.write(begin)
    await store.write(fill)
    await asyncio.gather(*(store.write(grow) for _ in range(30)))
    os._exit(9)

asyncio.run(main())
"""
    result = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=False
    )
    assert result.returncode == 9, result.stderr

    async with await opened(tmp_path) as store:
        assert await store.read(lambda uow: uow.logs.position(LINK, OWN).size) == 32
        found = await store.read(lambda uow: uow.links.get(LINK))
        assert found is not None
        assert found.state is LinkState.CLOSED
        await store.verify()
