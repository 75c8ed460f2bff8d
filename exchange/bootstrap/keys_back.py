# SPDX-License-Identifier: Apache-2.0
"""Brings back the key files of a node from a backup, and leaves its store as it is.

A damaged or lost key file is no reason to go back to an old store. Nothing is changed unless:

1. the folder has settings and a store of the node that the backup names, and no service runs on it;
2. the backup is whole, and opens with the passphrase that the node had when it was made;
3. its keys open this store;
4. they are all the keys that the newest card in the store names: keys that were changed after the backup are
   not in it, and a node with older keys would seal and sign what no partner takes;
5. a file is damaged or missing: one that opens with the passphrase stays, and a card that can be read too.

A file that is replaced is put aside, not deleted, and none is missing in between: a kill leaves the damaged
file in its place, or the new one, and the same command goes on. Sealing keys that were destroyed after the
backup are destroyed again by the next start.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exchange.adapters.keys.files import CARD_NAME, KEYS_NAME, KeyFiles
from exchange.adapters.keys.material import NodeKeys
from exchange.adapters.storage.backups import BackupCard, Part
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.bootstrap.backups import demand_own, look_at, unpack
from exchange.bootstrap.restoring import STORE, destroy, finish, flush, new_place, write_private
from exchange.clock import SystemClock, instant_text
from exchange.config import FILE_NAME
from exchange.errors import ConfigurationError, PassphraseError, StoreDamagedError, UsageError
from exchange.protocol.cards import read_card
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow


@dataclass(frozen=True)
class BroughtBack:
    """What came back, and where what was there lies now."""

    card: BackupCard
    aside: tuple[Path, ...]


def restore_keys(path: Path, folder: Path, passphrase: str) -> BroughtBack:
    """Bring back the key files of a folder from a backup; the numbered rules stand at the top of this module.

    Raises:
        ConfigurationError: the backup is of another node, or older than the last change of keys (1, 3, 4).
        UsageError: nothing is damaged (5).
        FolderInUseError: a service runs on the folder.
        FileModeError: others can read a key file.
        InputError, PassphraseError, StoreDamagedError, StoreNewerError: backup or store do not open.
    """
    card = look_at(path)
    _demand_node(folder, card)
    files = KeyFiles(folder / "keys")
    wanted = _unusable(files, passphrase)
    unpacked = new_place(folder)
    try:
        _, keys = unpack(path, passphrase, {Part.CARD: unpacked / CARD_NAME})
        write_private(unpacked / KEYS_NAME, card.keys)
        return asyncio.run(_bring_back(folder, card, keys, unpacked, wanted))
    finally:
        destroy(unpacked)


def _demand_node(folder: Path, card: BackupCard) -> None:
    """Return if the folder has settings and store of this node (1)."""
    finish(folder)
    if not (folder / FILE_NAME).exists() or not (folder / STORE).is_dir():
        raise ConfigurationError(
            f"{folder} has no settings or no store of a node",
            hint="put back the whole backup: exchange backup restore FILE, without --keys-only",
        )
    demand_own(folder, card, replace=True)


def _unusable(files: KeyFiles, passphrase: str) -> tuple[Path, ...]:
    """Return which of the key files are damaged or missing (5).

    Raises:
        FileModeError: others can read one; that is mended by its mode.
    """
    found = []
    if _is_unusable(lambda: files.read(passphrase)):
        found.append(files.keys_path)
    if _is_unusable(files.prepared_card):
        found.append(files.card_path)
    if not found:
        raise UsageError(
            f"{files.keys_path} opens with this passphrase; nothing is damaged",
            hint="exchange doctor says what else is wrong",
        )
    return tuple(found)


def _is_unusable(read: Callable[[], object]) -> bool:
    try:
        read()
    except (ConfigurationError, PassphraseError, StoreDamagedError):
        return True
    return False


async def _bring_back(
    folder: Path, card: BackupCard, keys: NodeKeys, unpacked: Path, wanted: tuple[Path, ...]
) -> BroughtBack:
    """Put the files in place while nobody else can open the store, whose key has to be among them (3)."""
    now = SystemClock().now()

    def unit(uow: UnitOfWork) -> None:
        _demand_all(uow, card, keys)
        made = instant_text(card.made_at)
        uow.audit.record(AuditRow(now, "administrator", "keys_restored", card.node, result=made))

    async with await SqliteStore.open(
        folder / STORE, own=card.agency, store_key=keys.store_key, finish=lambda *_: None
    ) as store:
        await store.write(unit)
        return BroughtBack(card, put(folder / "keys", unpacked, wanted, instant_text(now)))


def _demand_all(uow: UnitOfWork, card: BackupCard, keys: NodeKeys) -> None:
    """Return if the backup has every key that partners know of and that still counts (4)."""
    row = uow.links.card(card.agency)
    if row is None:
        raise ConfigurationError(f"the store has no card of {card.agency}")
    newest, held = read_card(row.raw, pinned_recovery=None), {own.key.kid for own in keys.keys}
    now = SystemClock().now()
    lacking = [
        key for key in newest.keys if key.revoked is None and now < key.valid_until and key.kid not in held
    ]
    if lacking:
        raise ConfigurationError(
            f"keys were changed after this backup: it lacks {len(lacking)} keys of card {newest.serial}",
            hint=f"name a backup that was made after {instant_text(newest.issued_at)}",
        )


def put(folder: Path, unpacked: Path, wanted: tuple[Path, ...], moment: str) -> tuple[Path, ...]:
    """Put what is there aside, and what came from the backup in its place; return what lies aside."""
    folder.mkdir(mode=0o700, exist_ok=True)
    aside = []
    for path in wanted:
        if path.exists():
            aside.append(path.with_name(f"{path.name}-before-{moment.replace(':', '')}"))
            aside[-1].hardlink_to(path)
        if (unpacked / path.name).exists():
            (unpacked / path.name).replace(path)
        else:  # the node still has its first card, which is in no file
            path.unlink(missing_ok=True)
    flush(folder)
    return tuple(aside)
