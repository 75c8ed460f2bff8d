# SPDX-License-Identifier: Apache-2.0
"""The one key of a witness, in a container of its own kind: `witness.key`."""

import os
from pathlib import Path
from typing import Final

from exchange.adapters.keys.container import MAX_CONTAINER_BYTES, KeyContainer
from exchange.errors import ConfigurationError, StoreDamagedError
from exchange.ids import RandomSource
from exchange.protocol.suites import SEED_BYTES, Algorithm, KeyUse, PrivateKey, new_key

KEY_NAME: Final = "witness.key"
_KIND: Final = "witness"


def make_witness_key(
    folder: Path, passphrase: str, *, random: RandomSource, container: KeyContainer | None = None
) -> PrivateKey:
    """Write a new key into a folder, never over an existing one, and return it.

    Raises:
        ConfigurationError: there is one already, or the folder cannot be written.
        PassphraseError: the passphrase is too short.
    """
    key = new_key(KeyUse.COSIGN, Algorithm.ED25519, random)
    locked = (container or KeyContainer()).lock(key.seed, passphrase, kind=_KIND, random=random)
    path = folder / KEY_NAME
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be made", hint="choose an empty folder") from error
    with os.fdopen(handle, "wb") as file:
        file.write(locked)
        file.flush()
        os.fsync(handle)
    return key


def read_witness_key(folder: Path, passphrase: str, *, container: KeyContainer | None = None) -> PrivateKey:
    """Return the key of a witness.

    Raises:
        ConfigurationError: there is none.
        PassphraseError: the passphrase is wrong, or the file was changed.
        StoreDamagedError: it is no key file.
    """
    path = folder / KEY_NAME
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CONTAINER_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read", hint="run: exchange witness init") from error
    seed = (container or KeyContainer()).unlock(raw, passphrase, kind=_KIND)
    if len(seed) != SEED_BYTES:
        raise StoreDamagedError(f"{path} holds no key of a witness")
    return PrivateKey(KeyUse.COSIGN, Algorithm.ED25519, seed)
