# SPDX-License-Identifier: Apache-2.0
"""A backup of a real folder: made while the node works, tried, restored; wrong ones change nothing."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from exchange.bootstrap import (
    look_at,
    make_backup,
    open_node,
    restore_backup,
    set_up,
    staff_desk,
    try_backup,
)
from exchange.bootstrap.backups import LAST_BACKUP, RESTORED, last_archive, last_backup
from exchange.cases.permissions import Role
from exchange.clock import instant_text
from exchange.config import AgencySection, Settings
from exchange.errors import (
    ConfigurationError,
    ExchangeError,
    FolderInUseError,
    InputError,
    PassphraseError,
    StoreNewerError,
    UsageError,
)
from exchange.ids import OfficerNumber
from exchange.service.accounts import open_account
from exchange.service.ports import UnitOfWork
from exchange.service.rows import OfficerRow

PASSPHRASE = "a passphrase of the node"
T = TypeVar("T")
NODE, OTHER = "0c5e1f8a7d3b4920", "8b7d20f3c6a1e954"
OFFICER = OfficerNumber("P-0001")


def new_node(folder: Path, node: str = NODE) -> Path:
    """Set up a node with one officer."""
    agency = AgencySection(code="KH-MOSVY-DAHT", node=node, names={"en": "One"}, office="KH-MOSVY-DAHT")
    set_up(folder, Settings(agency=agency), PASSPHRASE, officers={OFFICER: "Sok"})
    return folder


def backed_up(folder: Path, path: Path, *, with_data_keys: bool = True) -> Path:
    """Make a backup of a node, in whose store something was written before."""

    async def work() -> None:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            await opened.node.store.write(lambda uow: uow.settings.put("before", "here"))
            await make_backup(opened, path, with_data_keys=with_data_keys)
            await opened.node.store.write(lambda uow: uow.settings.put("after", "lost"))

    asyncio.run(work())
    return path


def read(folder: Path, unit: Callable[[UnitOfWork], T]) -> T:
    """Return what a unit reads in the store of a folder."""

    async def work() -> T:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            return await opened.node.store.read(unit)

    return asyncio.run(work())


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_node(tmp_path_factory.mktemp("node") / "data")


@pytest.fixture(scope="module")
def backup(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backed_up(node, tmp_path_factory.mktemp("backup") / "one.7-days.backup")


@pytest.fixture(scope="module")
def for_years(node: Path, backup: Path) -> Path:
    return backed_up(node, backup.with_name("one.backup"), with_data_keys=False)


@pytest.fixture(scope="module")
def young(node: Path, for_years: Path) -> Path:
    return backed_up(node, for_years.with_name("young.7-days.backup"))


def test_a_backup_says_who_made_it_and_when_it_has_to_be_destroyed(backup: Path, node: Path) -> None:
    card = look_at(backup)

    assert (card.agency, card.node, card.has_data_keys) == ("KH-MOSVY-DAHT", NODE, True)
    assert read(node, lambda uow: uow.settings.get(LAST_BACKUP))
    assert not (node / "store" / "copy").exists()


def test_an_archive_does_not_count_as_the_last_backup(backup: Path, node: Path, tmp_path: Path) -> None:
    made = read(node, last_backup)

    backed_up(node, tmp_path / "kept.backup", with_data_keys=False)

    assert made
    assert read(node, last_backup) == made
    assert read(node, last_archive) == instant_text(look_at(tmp_path / "kept.backup").made_at)


@pytest.mark.parametrize(
    ("kept", "backup_at", "archive_at"),
    [("2027-10-04 2027-10-11", "2027-10-04", ""), ("2027-10-04", "", "2027-10-04"), ("", "", "")],
)
def test_what_version_0_1_noted_is_told_apart(
    tmp_path: Path, kept: str, backup_at: str, archive_at: str
) -> None:
    fresh = new_node(tmp_path / "data")

    async def told() -> tuple[str, str]:
        async with open_node(fresh, lambda: PASSPHRASE) as opened:
            await opened.node.store.write(lambda uow: uow.settings.put(LAST_BACKUP, kept))
            return await opened.node.store.read(lambda uow: (last_backup(uow), last_archive(uow)))

    assert asyncio.run(told()) == (backup_at, archive_at)


def test_a_backup_that_is_tried_changes_nothing(backup: Path) -> None:
    before = backup.read_bytes()

    assert try_backup(backup, PASSPHRASE).inventory.links == ()
    assert backup.read_bytes() == before


def test_a_restored_node_has_what_the_backup_had_and_knows_that_it_was_restored(
    backup: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    restore_backup(backup, folder, PASSPHRASE)

    def unit(uow: UnitOfWork) -> tuple[object, ...]:
        names = ("before", "after", RESTORED)
        officer = uow.officers.get(OFFICER)
        return (
            *(uow.settings.get(name) for name in names),
            officer and officer.name,
            uow.audit.list()[0].act,
        )

    before, after, restored, name, act = read(folder, unit)
    assert (before, after, name, act) == ("here", None, "Sok", "restored")
    assert restored
    assert not (folder / "keys" / "recovery.key").exists()


def test_a_restore_of_the_same_node_replaces_the_store_alone_and_keeps_the_old_one(
    backup: Path, node: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(node, folder)
    keys = (folder / "keys" / "keys.sealed").read_bytes()
    (folder / "exchange.toml").write_text((folder / "exchange.toml").read_text() + "\n# changed since\n")

    restore_backup(backup, folder, PASSPHRASE, replace=True)

    assert read(folder, lambda uow: uow.settings.get("after")) is None
    assert (folder / "keys" / "keys.sealed").read_bytes() == keys
    assert "# changed since" in (folder / "exchange.toml").read_text()
    assert [path.name[:12] for path in folder.glob("store-before-*")] == ["store-before"]


def test_a_restore_that_was_broken_off_is_finished_by_the_same_command(backup: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    restore_backup(backup, whole, PASSPHRASE)
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    place = folder / "restoring-1"
    shutil.copytree(whole, place)
    (place / "keys" / "keys.sealed").rename(place / "keys.sealed")
    for name in ("keys", "log", "run", "high-water"):
        shutil.rmtree(place / name)
    card = look_at(backup)
    (place / "complete").write_text(f"{card.node} {instant_text(card.made_at)}")

    tried = restore_backup(backup, folder, PASSPHRASE)

    assert tried.card == card
    assert read(folder, lambda uow: uow.settings.get(RESTORED))


def test_a_restore_of_another_backup_is_finished_before_a_new_one_is_judged(
    backup: Path, node: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(node, folder)
    shutil.copytree(folder / "store", folder / "restoring-1" / "store")
    (folder / "restoring-1" / "complete").write_text("another backup")

    with pytest.raises(ConfigurationError, match="not empty"):
        restore_backup(backup, folder, PASSPHRASE)

    assert len(list(folder.glob("store-before-*"))) == 1
    assert read(folder, lambda uow: uow.settings.get("after")) == "lost"


def test_a_backup_for_years_opens_content_only_with_the_data_keys_of_a_young_one(
    for_years: Path, young: Path, tmp_path: Path
) -> None:
    assert look_at(for_years).destroy_by is None
    assert try_backup(for_years, PASSPHRASE).inventory.links == ()
    with pytest.raises(ConfigurationError, match="no data keys"):
        restore_backup(for_years, tmp_path / "data", PASSPHRASE)

    restore_backup(for_years, tmp_path / "data", PASSPHRASE, data_keys=young)
    officer = read(tmp_path / "data", lambda uow: uow.officers.get(OFFICER))
    assert officer
    assert officer.name == "Sok"


def test_data_keys_of_an_older_backup_are_refused_and_nothing_is_restored(
    for_years: Path, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="older than the backup without data keys"):
        restore_backup(for_years, tmp_path / "data", PASSPHRASE, data_keys=backup)

    assert not list((tmp_path / "data").iterdir())


def test_a_restore_names_everybody_who_may_act_again(tmp_path: Path) -> None:
    """Who was ended after the backup comes back with it; the first officer was ended before."""
    folder, path = new_node(tmp_path / "node"), tmp_path / "one.7-days.backup"
    away, left = OfficerNumber("P-0002"), OfficerNumber("P-0003")

    async def work() -> None:
        async with open_node(folder, lambda: PASSPHRASE) as opened:
            desk, now, store = staff_desk(opened), opened.node.clock.now(), opened.node.store
            for number in (away, left):
                row = OfficerRow(number, "Chan", opened.node.agency, ("tracing",), now, None)
                await store.write(partial(_add, row=row))
            await open_account(desk, left, ("handover", "officer"), actor="administrator")
            await store.write(lambda uow: uow.officers.end(OFFICER, now))
            await make_backup(opened, path, with_data_keys=True)
            await store.write(lambda uow: uow.officers.end(left, now))

    asyncio.run(work())
    tried = restore_backup(path, folder, PASSPHRASE, replace=True)

    assert [(one.number, one.roles) for one in tried.acting] == [
        (away, ()),
        (left, (Role.OFFICER, Role.HANDOVER)),
    ]
    assert restore_backup(path, tmp_path / "other", PASSPHRASE).acting == tried.acting


def _add(uow: UnitOfWork, *, row: OfficerRow) -> None:
    uow.officers.add(row)


def test_the_restored_backup_is_the_last_one_that_is_known(backup: Path, tmp_path: Path) -> None:
    restore_backup(backup, tmp_path / "data", PASSPHRASE)

    known = read(tmp_path / "data", last_backup)
    assert known == instant_text(look_at(backup).made_at)


def test_no_data_key_is_in_a_backup_for_years(for_years: Path, tmp_path: Path) -> None:
    from exchange.adapters.storage.backups import Part
    from exchange.bootstrap.backups import unpack

    unpack(for_years, PASSPHRASE, {Part.DATA_KEYS: tmp_path / "datakeys.db"})

    connection = sqlite3.connect(tmp_path / "datakeys.db")
    assert connection.execute("SELECT count(*) FROM data_key").fetchone() == (0,)
    connection.close()


def refused(folder: Path, error: type[ExchangeError], act: Callable[[], object]) -> ExchangeError:
    """An act must fail with a hint, and leave the folder as it was."""
    before = sorted(path.name for path in folder.rglob("*")) if folder.exists() else []
    with pytest.raises(error) as caught:
        act()
    assert caught.value.hint
    assert (sorted(path.name for path in folder.rglob("*")) if folder.exists() else []) == before
    return caught.value


def test_a_wrong_passphrase_restores_nothing(backup: Path, tmp_path: Path) -> None:
    refused(tmp_path, PassphraseError, lambda: try_backup(backup, "another passphrase"))
    (tmp_path / "data").mkdir()
    refused(
        tmp_path, PassphraseError, lambda: restore_backup(backup, tmp_path / "data", "another passphrase")
    )


def test_a_cut_backup_restores_nothing(backup: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.7-days.backup"
    cut.write_bytes(backup.read_bytes()[:-4_000])
    (tmp_path / "data").mkdir()

    refused(tmp_path, InputError, lambda: try_backup(cut, PASSPHRASE))
    refused(tmp_path, InputError, lambda: restore_backup(cut, tmp_path / "data", PASSPHRASE))


def test_the_backup_of_another_node_replaces_nothing(backup: Path, tmp_path: Path) -> None:
    folder = new_node(tmp_path / "data", OTHER)

    error = refused(
        folder, ConfigurationError, lambda: restore_backup(backup, folder, PASSPHRASE, replace=True)
    )
    assert NODE in str(error)
    assert OTHER in str(error)


def test_a_folder_that_is_not_empty_is_replaced_only_when_that_is_said(backup: Path, node: Path) -> None:
    refused(node, ConfigurationError, lambda: restore_backup(backup, node, PASSPHRASE))


def test_a_folder_in_use_is_not_restored(backup: Path, node: Path) -> None:
    async def work() -> None:
        async with open_node(node, lambda: PASSPHRASE):
            with pytest.raises(FolderInUseError):
                await asyncio.to_thread(restore_backup, backup, node, PASSPHRASE, replace=True)

    asyncio.run(work())


def test_the_backup_of_a_newer_program_is_not_touched(backup: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.7-days.backup"
    card, _, rest = backup.read_bytes().partition(b"\n")
    newer.write_bytes(card.replace(b'"migration":', b'"migration":9') + b"\n" + rest)

    refused(tmp_path, StoreNewerError, lambda: try_backup(newer, PASSPHRASE))


@pytest.mark.parametrize(
    ("name", "with_data_keys"), [("one.backup", True), ("one.db", True), ("one.7-days.backup", False)]
)
def test_a_name_that_hides_how_long_the_file_may_be_kept_is_refused(
    node: Path, tmp_path: Path, name: str, with_data_keys: bool
) -> None:
    with pytest.raises(UsageError) as caught:
        backed_up(node, tmp_path / name, with_data_keys=with_data_keys)
    assert caught.value.hint
    assert not (tmp_path / name).exists()
