# SPDX-License-Identifier: Apache-2.0
"""Reads and changes the keys of a data folder, also while the service runs."""

import secrets
from pathlib import Path

from exchange.adapters.keys.files import KeyFiles, check_folder
from exchange.adapters.keys.renewal import KeyAct, PreparedCard, changed
from exchange.clock import SystemClock
from exchange.config import read_settings
from exchange.errors import UsageError
from exchange.ids import KeyId, OfficerNumber
from exchange.protocol.cards import Card, read_card
from exchange.protocol.suites import PrivateKey


def recovery_key(folder: Path, passphrase: str, path: Path | None = None) -> PrivateKey:
    """Return the recovery key from its file, by default in the data folder; for enrolment and new cards.

    Raises:
        ConfigurationError: there is no such file.
        FileModeError, PassphraseError, StoreDamagedError: others can read it; wrong passphrase; damaged.
    """
    return KeyFiles(folder / "keys").read_recovery(passphrase, path)


def check_keys(folder: Path, passphrase: str) -> None:
    """Return if the key file of a data folder opens; works while the service runs.

    Raises:
        NodeError: as `open_node`.
    """
    check_folder(folder)
    KeyFiles(folder / "keys").read(passphrase)


def rehearse_keys(folder: Path, passphrase: str, recovery: PrivateKey, *, held: Card) -> Card:
    """Return the card that a rotation would give today; nothing is written.

    Raises:
        CardInvalidError: the recovery key is not the one that partners have pinned.
        NodeError: as `open_node`, about the key files.
    """
    keys, now = KeyFiles(folder / "keys").read(passphrase), SystemClock().now()
    address = read_settings(folder).door.address
    return changed(
        keys, held, recovery, KeyAct.ROTATE, address=address, now=now, random=secrets.token_bytes
    ).card


def prepare_keys(
    folder: Path,
    passphrase: str,
    recovery: PrivateKey,
    *,
    held: Card,
    act: KeyAct,
    kids: tuple[KeyId, ...] = (),
    officers: tuple[OfficerNumber, ...],
) -> Card:
    """Write changed keys and the card that names them; the next start of the service takes them over.

    The card names the address that the settings of the folder name now.

    The card is written first: keys without their card would be used at the next start, and no partner would
    know them. A card without its keys is passed over, and the command is repeated.

    Raises:
        UsageError: no such key, none is named, or one twice; a card waits already; its address is the same.
        CardInvalidError: the address of the settings is none.
        NodeError: as `open_node`, about the key files.
    """
    files, now = KeyFiles(folder / "keys"), SystemClock().now()
    keys, earlier = files.read(passphrase), files.prepared_card()
    if (
        earlier
        and earlier.is_whole(keys)
        and read_card(earlier.raw, pinned_recovery=held.recovery).serial > held.serial
    ):
        raise UsageError(
            "a card was prepared before and waits for the start of the service",
            hint=f"restart the service: exchange serve --data {folder}",
        )
    address = read_settings(folder).door.address
    made = changed(keys, held, recovery, act, kids, address=address, now=now, random=secrets.token_bytes)
    files.prepare_card(PreparedCard(made.card.raw, act.value, officers))
    files.replace(made.keys, passphrase, random=secrets.token_bytes)
    return made.card
