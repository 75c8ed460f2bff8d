# SPDX-License-Identifier: Apache-2.0
"""Sets up a data folder: keys, card, store and `exchange.toml` in an empty one."""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from exchange.adapters.keys.files import KeyFiles
from exchange.adapters.keys.material import NodeKeys, make_keys
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.clock import Clock, SystemClock
from exchange.config import FILE_NAME, Settings, settings_text
from exchange.errors import ConfigurationError
from exchange.ids import OfficerNumber, parse_agency, parse_node
from exchange.messages.codelists import agency
from exchange.messages.versions import installed_versions
from exchange.protocol.cardform import CardFields
from exchange.protocol.cards import Card, read_card, sign_card
from exchange.protocol.suites import PrivateKey, Suite
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, CardRow, OfficerRow

FOLDERS = ("keys", "store", "high-water", "run", "log")


def set_up(
    folder: Path,
    settings: Settings,
    passphrase: str,
    *,
    recovery_passphrase: str = "",
    officers: Mapping[OfficerNumber, str] | None = None,
    clock: Clock | None = None,
) -> Card:
    """Make a new node in an empty folder and return its card; `officers` get every function of the office.

    `clock` says from when on its keys count; without it that of the machine does.

    Raises:
        ConfigurationError: the folder is not empty, or cannot be made.
        PassphraseError: a passphrase is too short. Then, as after every error, nothing is left behind.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder} is not empty", hint="choose an empty folder; nothing is overwritten"
        )
    made = [each for each in _folders_of(folder, settings) if not each.exists()]
    _make(folder, mode=0o700)
    try:
        return _fill(
            folder, settings, passphrase, recovery_passphrase, officers or {}, clock=clock or SystemClock()
        )
    except BaseException:
        for name in FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / FILE_NAME).unlink(missing_ok=True)
        for each in made:
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


def _folders_of(folder: Path, settings: Settings) -> list[Path]:
    """Return the folders of a node that may be there before: its own, and that of the high-water files."""
    return [folder, *([Path(settings.paths.high_water)] if settings.paths.high_water else [])]


def _make(folder: Path, *, mode: int | None = None) -> None:
    """Make a folder unless it is there; with `mode` one that is there gets it, too."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if mode is not None:
            folder.chmod(mode)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be made: {error.strerror}",
            hint="name a folder that this user may make, or let the administrator of the machine make it",
        ) from error


def _fill(
    folder: Path,
    settings: Settings,
    passphrase: str,
    recovery_passphrase: str,
    officers: Mapping[OfficerNumber, str],
    *,
    clock: Clock,
) -> Card:
    """Write everything into a new folder; the caller removes it when this fails."""
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700)
    if settings.paths.high_water:
        _make(Path(settings.paths.high_water))
    keys = make_keys(secrets.token_bytes, clock.now())
    KeyFiles(folder / "keys").create(
        keys, passphrase, random=secrets.token_bytes, recovery_passphrase=recovery_passphrase
    )
    if keys.recovery is None:
        raise ConfigurationError("new keys came without a recovery key")
    card = first_card(settings, keys, keys.recovery, clock)
    asyncio.run(_keep_first_rows(folder, settings, keys, card, clock=clock, officers=officers))
    _write_settings(folder, settings)
    return card


def first_card(settings: Settings, keys: NodeKeys, recovery: PrivateKey, clock: Clock) -> Card:
    """Return the card with serial 1."""
    content = CardFields(
        agency=parse_agency(settings.agency.code),
        names=dict(settings.agency.names),
        node=parse_node(settings.agency.node),
        serial=1,
        issued_at=clock.now(),
        training=settings.agency.training,
        keys=keys.entries(),
        addresses=(settings.door.address,) if settings.door.address else (),
        suites=(int(Suite.CLASSICAL), int(Suite.HYBRID)),
        messages=installed_versions(),
        limits={},
    )
    return read_card(sign_card(content, key=recovery), pinned_recovery=recovery.public)


async def _keep_first_rows(
    folder: Path,
    settings: Settings,
    keys: NodeKeys,
    card: Card,
    *,
    clock: Clock,
    officers: Mapping[OfficerNumber, str],
) -> None:
    """Make the store with the own card and the first officers in it."""
    office = parse_agency(settings.agency.office)
    entry = agency(office)
    functions = tuple(sorted(entry.functions)) if entry else ()

    def unit(uow: UnitOfWork) -> None:
        now = clock.now()
        uow.links.add_card(CardRow(card.agency, card.serial, card.raw, card.digest, now))
        uow.audit.record(AuditRow(now, "node", "node_set_up", card.node))
        for number, name in officers.items():
            uow.officers.add(OfficerRow(number, name, office, functions, now, None))
            uow.audit.record(AuditRow(now, "administrator", "officer_added", number))

    store = await SqliteStore.open(
        folder / "store",
        store_key=keys.store_key,
        own=parse_agency(settings.agency.code),
        finish=lambda *_: None,
        create=True,
    )
    try:
        await store.write(unit)
    finally:
        await store.close()


def _write_settings(folder: Path, settings: Settings) -> None:
    path = folder / FILE_NAME
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(settings_text(settings))
