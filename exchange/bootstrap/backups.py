# SPDX-License-Identifier: Apache-2.0
"""Makes, tries and restores backups of a data folder.

    make      in the running service: both databases are copied by their own connections, then sealed
    try       opens a backup in a temporary folder, checks pages, references and the root of each log
    restore   into an empty folder, or in the place of the store of the same node; no service runs;
              only the key files: `keys_back`

What a restore does and does not:

1. It says that the store was restored (setting `restored`): every start gate asks for proof from then on.
2. It leaves the high-water files alone, and no backup holds them: they are what notices an old store.
3. In a folder that has a node it replaces the store only. Keys and settings there may be newer than the
   backup; the old store is put aside, not deleted. How that survives a kill: `restoring`.
4. The recovery key is in no backup. It has its own two copies, in two safes.
5. Officers and accounts are those of the backup's time: who was ended since may act again. So a restore names
   everybody who may (`Acting`), and people compare.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from exchange.adapters.keys.container import KeyContainer
from exchange.adapters.keys.files import CARD_NAME, KEYS_NAME, NODE_KIND
from exchange.adapters.keys.material import NodeKeys, read_node_keys
from exchange.adapters.storage.backups import (
    SHORT_LIVED,
    BackupCard,
    Part,
    extract,
    new_card,
    read_card,
    write_backup,
)
from exchange.adapters.storage.files import COPY, StoreFiles, destroy_folder
from exchange.adapters.storage.migrate import migrations
from exchange.adapters.storage.opening import without_data_keys
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.bootstrap.opening import OpenNode
from exchange.bootstrap.restoring import (
    CALENDAR,
    STORE,
    complete,
    destroy,
    finish,
    lock_of,
    new_place,
    put_in_place,
    write_private,
)
from exchange.cases.permissions import Role
from exchange.clock import SystemClock, instant_text
from exchange.config import FILE_NAME, read_settings
from exchange.errors import (
    ConfigurationError,
    InputError,
    PassphraseError,
    StoreDamagedError,
    StoreNewerError,
    StrictJsonError,
    UsageError,
)
from exchange.ids import OfficerNumber
from exchange.service.inventory import Inventory, take_inventory
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import RESTORED
from exchange.service.rows import AuditRow

EMPTIED: Final = "emptied.db"
LAST_BACKUP: Final = "last_backup"
"""Setting: when the last backup with data keys was made, and until when it may be kept.

A store of version 0.1 may have an archive here, without the second instant.
"""
LAST_ARCHIVE: Final = "last_archive"
"""Setting: when the last backup without data keys was made."""


@dataclass(frozen=True)
class Made:
    """A backup that was written."""

    card: BackupCard
    size: int


@dataclass(frozen=True)
class Acting:
    """An officer who may act as the backup has it; roles () without an open account."""

    number: OfficerNumber
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Tried:
    """A backup that was opened and checked; who may act is said of one that was restored."""

    card: BackupCard
    inventory: Inventory
    acting: tuple[Acting, ...] = ()


async def make_backup(opened: OpenNode, path: Path, *, with_data_keys: bool) -> Made:
    """Write a backup of the running node.

    Raises:
        UsageError: the name does not say how long the file may be kept.
        InputError: the file exists, or cannot be made.
        StoreError, BusyError: the copy failed, or another one is being made.
    """
    _demand_name(path, with_data_keys=with_data_keys)
    node, store = opened.node, opened.node.store
    if not isinstance(store, SqliteStore):
        raise ConfigurationError("this store makes its backups by itself")
    card = new_card(
        agency=node.agency,
        node=node.node,
        at=node.clock.now(),
        migration=len(migrations("migrations")),
        keys=(opened.folder / "keys" / KEYS_NAME).read_bytes(),
        with_data_keys=with_data_keys,
        random=node.random,
    )
    with _copy_folder(opened.folder) as copy:
        await store.copy_to(StoreFiles(copy))
        parts = _parts(opened.folder, copy, with_data_keys=with_data_keys)
        size = await asyncio.to_thread(write_backup, path, card, parts, store_key=opened.keys.store_key)
    await store.write(lambda uow: _note_made(uow, card, size))
    return Made(card, size)


def _demand_name(path: Path, *, with_data_keys: bool) -> None:
    """Let a name say whether the file has to be destroyed; whoever finds it looks at its name first."""
    if path.exists():
        raise InputError(f"{path} exists", hint="choose another name; nothing is written over")
    if path.name.endswith(SHORT_LIVED) is with_data_keys:
        return
    if with_data_keys:
        raise UsageError(
            f"a backup with data keys is destroyed after 7 days, and its name ends in {SHORT_LIVED}",
            hint=f"say -o <name>{SHORT_LIVED}, or --without-data-keys",
        )
    raise UsageError(
        f"a backup without data keys may be kept; its name does not end in {SHORT_LIVED}",
        hint="say -o <name>.backup",
    )


def _note_made(uow: UnitOfWork, card: BackupCard, size: int) -> None:
    until = instant_text(card.destroy_by) if card.destroy_by else ""
    uow.settings.put(LAST_BACKUP if until else LAST_ARCHIVE, f"{instant_text(card.made_at)} {until}".strip())
    uow.audit.record(AuditRow(card.made_at, "node", "backup_made", until or "to keep", result=str(size)))


def last_backup(uow: UnitOfWork) -> str:
    """Return when the last backup that can be restored by itself was made, or ""."""
    made, _, until = (uow.settings.get(LAST_BACKUP) or "").partition(" ")
    return made if until else ""


def last_archive(uow: UnitOfWork) -> str:
    """Return when the last backup without data keys was made, or ""; it opens no content by itself."""
    made, _, until = (uow.settings.get(LAST_BACKUP) or "").partition(" ")
    return uow.settings.get(LAST_ARCHIVE) or ("" if until else made)


def _parts(folder: Path, copy: Path, *, with_data_keys: bool) -> dict[Part, Path]:
    files = StoreFiles(copy)
    found = {
        Part.SETTINGS: folder / FILE_NAME,
        Part.CALENDAR: folder / CALENDAR,
        Part.CARD: folder / "keys" / CARD_NAME,
        Part.STORE: files.store,
        Part.DATA_KEYS: files.keys if with_data_keys else _emptied(files),
    }
    return {part: path for part, path in found.items() if path.exists()}


def _emptied(files: StoreFiles) -> Path:
    place = files.folder / EMPTIED
    without_data_keys(files.keys, place)
    return place


@contextlib.contextmanager
def _copy_folder(folder: Path) -> Iterator[Path]:
    copy = folder / "store" / COPY
    destroy_folder(copy)
    copy.mkdir(mode=0o700)
    try:
        yield copy
    finally:
        destroy_folder(copy)


def look_at(path: Path) -> BackupCard:
    """Return what a backup says of itself, without opening it; nothing of it is proved.

    Raises:
        InputError: it cannot be read, or is no backup.
    """
    with _open(path) as file:
        return read_card(file)[0]


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"the backup {path} cannot be read", hint="check the name of the file") from error


def try_backup(path: Path, passphrase: str) -> Tried:
    """Open a backup in a temporary folder and check it; nothing outside of that folder changes.

    Raises:
        InputError: no backup, or cut, or changed.
        PassphraseError: not the passphrase of the node when it was made.
        StoreDamagedError: the databases in it are damaged.
        StoreNewerError: a newer program made it.
    """
    with tempfile.TemporaryDirectory(prefix="exchange-backup-") as name:
        store = Path(name) / "store"
        store.mkdir(mode=0o700)
        try:
            card, keys = unpack(path, passphrase, _store_places(store))
            return Tried(card, asyncio.run(_checked(store, card, keys)))
        finally:
            destroy_folder(store)


def _store_places(folder: Path) -> dict[Part, Path]:
    files = StoreFiles(folder)
    return {Part.STORE: files.store, Part.DATA_KEYS: files.keys}


def unpack(path: Path, passphrase: str, places: Mapping[Part, Path]) -> tuple[BackupCard, NodeKeys]:
    """Write parts of a backup into new files; everything in it was authenticated when this returns."""
    with _open(path) as file:
        card, raw = read_card(file)
        known = len(migrations("migrations"))
        if card.migration > known:
            raise StoreNewerError(
                f"the backup is of migration {card.migration}, this program knows {known}",
                hint="install the newer program",
            )
        keys = _unlock(card, passphrase)
        held = extract(file, card, raw, places, store_key=keys.store_key)
    missing = places.keys() - held - {Part.CALENDAR, Part.CARD}
    if missing:
        raise InputError(f"the backup lacks {min(missing)}", hint="try another backup")
    return card, keys


def _unlock(card: BackupCard, passphrase: str) -> NodeKeys:
    try:
        return read_node_keys(KeyContainer().unlock(card.keys, passphrase, kind=NODE_KIND))
    except PassphraseError as error:
        raise PassphraseError(
            "the passphrase does not open this backup",
            hint="it is the one that the node had when the backup was made",
        ) from error
    except (StrictJsonError, StoreDamagedError) as error:
        raise InputError("the key file in the backup is damaged", hint="try another backup") from error


async def _checked(folder: Path, card: BackupCard, keys: NodeKeys) -> Inventory:
    """Open a store that was just unpacked, and check every page and every root."""
    store = await _open_store(folder, card, keys)
    async with store:
        await store.verify()
        return await take_inventory(store, card.agency)


async def _open_store(folder: Path, card: BackupCard, keys: NodeKeys) -> SqliteStore:
    return await SqliteStore.open(folder, own=card.agency, store_key=keys.store_key, finish=lambda *_: None)


def restore_backup(
    path: Path, folder: Path, passphrase: str, *, replace: bool = False, data_keys: Path | None = None
) -> Tried:
    """Restore a backup into an empty folder; with `replace` in the place of the store of the same node.

    `data_keys` is a younger backup that gives the data keys to one that has none. After an error the folder
    is as it was. After a kill it is too, or the restore is finished by the same command, or by the next start
    (`restoring`).

    Raises:
        ConfigurationError: the folder is not empty, or of another node; the backups do not belong together.
        FolderInUseError: a service runs on the folder.
        InputError, PassphraseError, StoreDamagedError, StoreNewerError: as `try_backup`.
    """
    card = look_at(path)
    _demand_data_keys(card, data_keys)
    if finish(folder) == _name_of(card):
        return asyncio.run(_looked_at(folder / STORE, card, _unlock(card, passphrase)))
    is_new = not folder.exists() or not any(folder.iterdir())
    if not is_new:
        demand_own(folder, card, replace=replace)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_of(folder):
        unpacked = new_place(folder)
        try:
            tried = _prepare(path, passphrase, unpacked, data_keys=data_keys)
            complete(unpacked, _name_of(card))
        except BaseException:
            destroy(unpacked)
            raise
        put_in_place(folder, unpacked)
    return tried


def _name_of(card: BackupCard) -> str:
    return f"{card.node} {instant_text(card.made_at)}"


def _demand_data_keys(card: BackupCard, data_keys: Path | None) -> None:
    if card.has_data_keys or data_keys is not None:
        return
    raise ConfigurationError(
        "this backup holds no data keys: nothing that was written in a message would open",
        hint=f"say --data-keys <a backup of at most 7 days, *{SHORT_LIVED}>",
    )


def demand_own(folder: Path, card: BackupCard, *, replace: bool) -> None:
    """Let a restore change only a folder that is the node's own and that somebody named for it."""
    if not replace:
        raise ConfigurationError(
            f"{folder} is not empty",
            hint="name an empty folder with --data; to replace the store of the same node say --replace",
        )
    settings = read_settings(folder).agency
    if (settings.code, settings.node) != (card.agency, card.node):
        raise ConfigurationError(
            f"the backup is of node {card.node} of {card.agency}, the folder of {settings.node}",
            hint="name the backup of this node, or an empty folder",
        )


def _prepare(path: Path, passphrase: str, unpacked: Path, *, data_keys: Path | None) -> Tried:
    """Unpack everything beside its place, check it, and mark the store as restored."""
    store = unpacked / "store"
    store.mkdir(mode=0o700)
    files = StoreFiles(store)
    places = {part: unpacked / part.value for part in (Part.SETTINGS, Part.CALENDAR, Part.CARD)}
    places |= {Part.STORE: files.store, Part.DATA_KEYS: files.keys}
    card, keys = unpack(path, passphrase, places)
    if data_keys is not None:
        files.keys.unlink()
        other, _ = unpack(data_keys, passphrase, {Part.DATA_KEYS: files.keys})
        _demand_keys_of(other, card, data_keys)
    write_private(unpacked / KEYS_NAME, card.keys)
    return asyncio.run(_mark_restored(store, card, keys))


def _demand_keys_of(other: BackupCard, card: BackupCard, path: Path) -> None:
    """Let only a younger backup of the same node give the data keys: an older one lacks the newest."""
    if not other.has_data_keys or other.node != card.node:
        raise ConfigurationError(
            f"{path} holds no data keys of this node", hint=f"name a backup *{SHORT_LIVED} of the same node"
        )
    if other.made_at < card.made_at:
        raise ConfigurationError(
            f"{path} is older than the backup without data keys: what was written in between would not open",
            hint="restore the older one by itself; what came after it comes back from the partners",
        )


async def _mark_restored(folder: Path, card: BackupCard, keys: NodeKeys) -> Tried:
    """Note that the store was restored, and that this backup is the last one that it knows of."""
    now = SystemClock().now()
    until = instant_text(card.destroy_by) if card.destroy_by else ""

    def mark(uow: UnitOfWork) -> None:
        uow.settings.put(RESTORED, instant_text(now))
        uow.settings.put(
            LAST_BACKUP if until else LAST_ARCHIVE, f"{instant_text(card.made_at)} {until}".strip()
        )
        uow.audit.record(
            AuditRow(now, "administrator", "restored", card.node, result=instant_text(card.made_at))
        )

    store = await _open_store(folder, card, keys)
    async with store:
        await store.verify()
        inventory = await take_inventory(store, card.agency)
        await store.write(mark)
        return Tried(card, inventory, await store.read(_acting))


async def _looked_at(folder: Path, card: BackupCard, keys: NodeKeys) -> Tried:
    """Check a store that was restored before, and see who may act."""
    inventory = await _checked(folder, card, keys)
    store = await _open_store(folder, card, keys)
    async with store:
        return Tried(card, inventory, await store.read(_acting))


def _acting(uow: UnitOfWork) -> tuple[Acting, ...]:
    accounts = {row.officer: row for row in uow.staff.accounts.list() if row.closed_at is None}
    return tuple(
        Acting(row.number, accounts[row.number].roles if row.number in accounts else ())
        for row in uow.officers.list()
        if row.valid_to is None
    )
