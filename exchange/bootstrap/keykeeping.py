# SPDX-License-Identifier: Apache-2.0
"""Reads and changes the keys of a data folder, also while the service runs."""

import secrets
from pathlib import Path

from exchange.adapters.keys.files import KeyFiles, check_folder
from exchange.adapters.keys.material import NodeKeys
from exchange.adapters.keys.renewal import KeyAct, PreparedCard, changed, under
from exchange.clock import SystemClock
from exchange.config import read_settings
from exchange.errors import UsageError
from exchange.ids import KeyId, OfficerNumber
from exchange.protocol.cards import Card, read_card
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, new_key
from exchange.service.keychange import NEW_RECOVERY


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
    keys = files.read(passphrase)
    _demand_nothing_prepared(folder, files, keys, held)
    address = read_settings(folder).door.address
    made = changed(keys, held, recovery, act, kids, address=address, now=now, random=secrets.token_bytes)
    files.prepare_card(PreparedCard(made.card.raw, act.value, officers))
    files.replace(made.keys, passphrase, random=secrets.token_bytes)
    return made.card


def prepared_serial(folder: Path) -> int:
    """Return the serial of the newest card that was made for the keys of a folder, 0 for the first one.

    Raises:
        FileModeError, StoreDamagedError: others can change its file; it has another form.
    """
    prepared = KeyFiles(folder / "keys").prepared_card()
    return read_card(prepared.raw, pinned_recovery=None).serial if prepared else 0


def new_recovery_key(
    folder: Path,
    passphrase: str,
    recovery_passphrase: str,
    *,
    held: Card,
    above: int,
    officers: tuple[OfficerNumber, ...],
    path: Path | None = None,
) -> tuple[Card, Path]:
    """Write a new recovery key and the card that it signs, which the next start of the service takes over.

    `above` is the highest serial of a card of ours that any partner holds, 0 if it is that of `held`. The key
    is written first: a key that nobody knows does no harm, a card whose key is lost would.

    Raises:
        UsageError: a card waits already.
        ConfigurationError: a key lies at that place.
        NodeError: as `open_node`, about the key files.
    """
    files, now = KeyFiles(folder / "keys"), SystemClock().now()
    keys = files.read(passphrase)
    _demand_nothing_prepared(folder, files, keys, held)
    recovery = new_key(KeyUse.RECOVERY, Algorithm.ED25519, secrets.token_bytes)
    card = under(keys, held, recovery, above=above, now=now).card
    place = files.write_recovery(recovery, recovery_passphrase, random=secrets.token_bytes, path=path)
    files.prepare_card(PreparedCard(card.raw, NEW_RECOVERY, officers))
    return card, place


def _demand_nothing_prepared(folder: Path, files: KeyFiles, keys: NodeKeys, held: Card) -> None:
    earlier = files.prepared_card()
    if earlier is None or not earlier.is_whole(keys):
        return
    if read_card(earlier.raw, pinned_recovery=None).serial > held.serial:
        raise UsageError(
            "a card was prepared before and waits for the start of the service",
            hint=f"restart the service: exchange serve --data {folder}",
        )
