# SPDX-License-Identifier: Apache-2.0
"""The key files of a node: `keys.sealed`, and `recovery.key`, which is taken off the machine.

1. The folder has mode 0700, each file 0600. Others who could read them make the node refuse, with the
   command that repairs it; nothing is repaired silently.
2. A file is made new or not at all: O_EXCL, never over an existing one.
3. A change of keys writes a new file beside the old one, flushes it, and takes its name in one step,
   so that a crash leaves the old or the new keys, whole.
4. No link is followed in the place of a file.
5. The key file is in every backup, the recovery key in none; each hint names the way back of its file.
6. `card.json` is the newest card that was made for these keys, with who ordered it. It is written before the
   keys, and taken over at the next start. It stays, so that a store that was put back finds it again.

The passphrase comes from the caller and is not kept.
"""

import os
import shlex
import stat
from pathlib import Path
from typing import Final

from exchange.adapters.keys.container import MAX_CONTAINER_BYTES, KeyContainer
from exchange.adapters.keys.material import (
    NodeKeys,
    read_node_keys,
    read_recovery_key,
    write_node_keys,
    write_recovery,
)
from exchange.adapters.keys.renewal import PreparedCard, read_prepared, write_prepared
from exchange.errors import (
    ConfigurationError,
    FileModeError,
    PassphraseError,
    StoreDamagedError,
    StoreError,
    StrictJsonError,
)
from exchange.ids import RandomSource
from exchange.protocol.suites import PrivateKey

KEYS_NAME: Final = "keys.sealed"
CARD_NAME: Final = "card.json"
RECOVERY_NAME: Final = "recovery.key"
NODE_KIND: Final = "node"
RECOVERY_KIND: Final = "recovery"
OTHER_COPY: Final = "it is in no backup, take the other copy of the recovery key"

INIT: Final = "exchange init"
_STORE = "store"
_NEW = ".new"
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


class KeyFiles:
    """Writes and reads the key files of one data folder."""

    def __init__(self, folder: Path, container: KeyContainer | None = None) -> None:
        self._folder = folder
        self._container = KeyContainer() if container is None else container
        self.keys_path = folder / KEYS_NAME
        self.recovery_path = folder / RECOVERY_NAME
        self.card_path = folder / CARD_NAME

    def create(
        self, keys: NodeKeys, passphrase: str, *, random: RandomSource, recovery_passphrase: str = ""
    ) -> None:
        """Write both files; the recovery key has its own passphrase, or the same if none is given.

        Raises:
            ConfigurationError: there are keys already, or `keys` has no recovery key; nothing is written.
            FileModeError: the folder can be read by others.
            PassphraseError: a passphrase is too short.
        """
        if keys.recovery is None:
            raise ConfigurationError("new keys need a recovery key")
        recovery = self._container.lock(
            write_recovery(keys.recovery),
            recovery_passphrase or passphrase,
            kind=RECOVERY_KIND,
            random=random,
        )
        sealed = self._container.lock(write_node_keys(keys), passphrase, kind=NODE_KIND, random=random)
        self._make_folder()
        for path in (self.keys_path, self.recovery_path):
            if os.path.lexists(path):
                raise ConfigurationError(
                    f"{path} exists", hint="keys are never overwritten; choose an empty folder"
                )
        _write_new(self.recovery_path, recovery)
        try:
            _write_new(self.keys_path, sealed)
        except BaseException:
            self.recovery_path.unlink()
            raise
        _flush_folder(self._folder)

    def read(self, passphrase: str) -> NodeKeys:
        """Return the keys of the node, without the recovery key.

        Raises:
            ConfigurationError: there is no key file, or it is too cheap.
            FileModeError: others can read it.
            PassphraseError: the passphrase is wrong, or the file was changed.
            StoreDamagedError: it is no key file.
        """
        missing = self._way_back if self._has_store else INIT
        check_folder(self._folder, hint=missing)
        raw = _read(self.keys_path, missing=missing, damaged=self._way_back)
        try:
            return read_node_keys(self._container.unlock(raw, passphrase, kind=NODE_KIND))
        except PassphraseError as error:
            hint = f"type it again; if it is right, the file was changed, and: {self._way_back}"
            raise PassphraseError(str(error), hint=hint) from error
        except (StrictJsonError, StoreDamagedError) as error:
            raise _damaged(self.keys_path, error, hint=self._way_back) from error

    def read_recovery(self, passphrase: str, path: Path | None = None) -> PrivateKey:
        """Return the recovery key, by default from the data folder, else from where it is kept.

        Raises:
            ConfigurationError: there is no such file; the hint says where it may be.
            FileModeError, PassphraseError, StoreDamagedError: as `read`.
        """
        place = self.recovery_path if path is None else path
        raw = _read(place, missing="name the place where it is kept: --recovery-key FILE", damaged=OTHER_COPY)
        try:
            return read_recovery_key(self._container.unlock(raw, passphrase, kind=RECOVERY_KIND))
        except PassphraseError as error:
            raise PassphraseError(
                f"the passphrase does not open the recovery key {place}",
                hint=f"type it again; the file may be of another agency, or of an earlier node; {OTHER_COPY}",
            ) from error
        except (StrictJsonError, StoreDamagedError) as error:
            raise _damaged(place, error, hint=OTHER_COPY) from error

    def write_recovery(
        self, key: PrivateKey, passphrase: str, *, random: RandomSource, path: Path | None = None
    ) -> Path:
        """Write a new recovery key, by default into the data folder; return where it lies.

        Raises:
            ConfigurationError: there is such a file; it is not overwritten.
            PassphraseError: the passphrase is too short.
        """
        place = self.recovery_path if path is None else path
        raw = self._container.lock(write_recovery(key), passphrase, kind=RECOVERY_KIND, random=random)
        if os.path.lexists(place):
            raise ConfigurationError(
                f"{place} exists", hint="keys are never overwritten; choose another name: --new-key FILE"
            )
        _write_new(place, raw)
        _flush_folder(place.absolute().parent)
        return place

    def replace(self, keys: NodeKeys, passphrase: str, *, random: RandomSource) -> None:
        """Write the changed keys in the place of the old ones; the recovery file is not touched.

        Requires that one process works on the folder.

        Raises:
            ConfigurationError: there are no keys to replace.
            FileModeError, PassphraseError: as `read`; the old keys stay.
        """
        self.read(passphrase)
        sealed = self._container.lock(write_node_keys(keys), passphrase, kind=NODE_KIND, random=random)
        beside = self.keys_path.with_name(KEYS_NAME + _NEW)
        beside.unlink(missing_ok=True)
        _write_new(beside, sealed)
        beside.rename(self.keys_path)
        _flush_folder(self._folder)

    def prepare_card(self, prepared: PreparedCard) -> None:
        """Write the card that goes with changed keys, in the place of an older one."""
        check_folder(self._folder)
        beside = self.card_path.with_name(CARD_NAME + _NEW)
        beside.unlink(missing_ok=True)
        _write_new(beside, write_prepared(prepared))
        beside.rename(self.card_path)
        _flush_folder(self._folder)

    def prepared_card(self) -> PreparedCard | None:
        """Return the newest card that was made for these keys, None if it is still the first one.

        Raises:
            FileModeError, StoreDamagedError: others can change it; it has another form.
        """
        if not os.path.lexists(self.card_path):
            return None
        try:
            return read_prepared(_read(self.card_path, missing=self._way_back, damaged=self._way_back))
        except (StrictJsonError, StoreDamagedError) as error:
            raise _damaged(self.card_path, error, hint=self._way_back) from error

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True)
        except FileExistsError:
            check_folder(self._folder)

    @property
    def _way_back(self) -> str:
        """The command that brings back the key files, and nothing else."""
        return f"exchange backup restore FILE --keys-only --data {shlex.quote(str(self._folder.parent))}"

    @property
    def _has_store(self) -> bool:
        return (self._folder.parent / _STORE).exists()


def check_folder(folder: Path, *, hint: str = INIT) -> None:
    """Return if only its owner can enter a folder; `hint` says what to do when it is missing.

    Raises:
        FileModeError: others can; the hint is the command that repairs it.
        ConfigurationError: there is no such folder.
    """
    try:
        found = folder.stat()
    except OSError as error:
        raise ConfigurationError(f"there is no folder {folder}", hint=hint) from error
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError(f"{folder} is no folder")
    _check_mode(folder, found.st_mode, _FOLDER_MODE)


def _check_mode(path: Path, mode: int, allowed: int) -> None:
    if stat.S_IMODE(mode) & ~allowed:
        raise FileModeError(
            f"{path} has mode {stat.S_IMODE(mode):04o}; expected {allowed:04o}",
            hint=f"chmod {allowed:04o} {shlex.quote(str(path))}",
        )


def _damaged(path: Path, error: Exception, *, hint: str) -> StoreDamagedError:
    return StoreDamagedError(f"{path} is damaged: {error}", hint=hint)


def _read(path: Path, *, missing: str, damaged: str) -> bytes:
    """Return the bytes of a file; the hints say what to do when it is missing, or cannot be one of ours."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigurationError(f"key file {path} cannot be read", hint=missing) from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigurationError(f"{path} is no file", hint="name the key file itself")
        if found.st_size > MAX_CONTAINER_BYTES:
            raise StoreDamagedError(f"{path} has not the size of a key file", hint=damaged)
        _check_mode(path, found.st_mode, _FILE_MODE)
        return os.read(handle, MAX_CONTAINER_BYTES + 1)
    finally:
        os.close(handle)


def _write_new(path: Path, raw: bytes) -> None:
    """Write a file that did not exist, to the disk; on a failure nothing of it stays."""
    try:
        handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE
        )
    except OSError as error:
        raise StoreError(f"key file {path} cannot be made") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(handle)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"key file {path} cannot be written") from error


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
