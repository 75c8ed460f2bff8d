# SPDX-License-Identifier: Apache-2.0
"""The files of a store in its folder, their modes, and the lock that keeps a second process out.

    store.db     tables and log (with store.db-wal while it is open)
    datakeys.db  wrapped data keys
    copy/        both databases while a backup is made of them
    store.lock   held with flock by the one process that works here; holds its process number

SQLite's own lock is not enough: whoever opens and closes `store.db` inside this process drops it
without a word. `flock` on a file that nobody else has a reason to open does not have that trap.
"""

import fcntl
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from exchange.errors import FileModeError, FolderInUseError, StoreDamagedError

STORE = "store.db"
KEYS = "datakeys.db"
LOCK = "store.lock"
COPY = "copy"
_ZEROS = bytes(1024 * 1024)
_PID_BYTES = 20


@dataclass(frozen=True)
class StoreFiles:
    """Paths of one store."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / STORE

    @property
    def keys(self) -> Path:
        return self.folder / KEYS

    @property
    def is_empty(self) -> bool:
        """No store was ever begun here."""
        return not self.store.exists() or self.store.stat().st_size == 0

    def prepare_folder(self, *, create: bool) -> None:
        """Make sure that the folder is there and nobody else may put files into it.

        Raises:
            StoreDamagedError: there is no folder, and none may be created.
            FileModeError: others may write to it.
        """
        if create:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not self.folder.is_dir():
            raise StoreDamagedError(f"there is no folder {self.folder}", hint="run: exchange init")
        _check_mode(self.folder, forbidden=0o022)

    def prepare(self, *, create: bool) -> None:
        """Make sure that the files are there and are ours alone, before SQLite opens them.

        Raises:
            StoreDamagedError: no store is here, and none may be created.
            FileModeError: others may read a file.
        """
        if not create and (self.is_empty or not self.keys.exists()):
            raise StoreDamagedError(
                f"no complete store is in {self.folder}",
                hint="put back your last copy of the data folder, or begin anew: exchange init",
            )
        for path in (self.store, self.keys):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            _check_mode(path, forbidden=0o077)


class FolderLock:
    """Holds `store.lock` from its making until `release`.

    Raises:
        FolderInUseError: another process, or another node of this one, works on the folder.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._descriptor, _PID_BYTES).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise FolderInUseError(
                f"process {holder or 'unknown'} works on {folder}",
                hint="use the running service, or stop it first",
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._descriptor)


def _check_mode(path: Path, *, forbidden: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & forbidden:
        raise FileModeError(
            f"others may use {path} (mode {mode:04o})", hint=f"run: chmod {mode & ~forbidden:04o} {path}"
        )


def destroy_folder(folder: Path) -> None:
    """Overwrite the files of a folder with zeros and remove it: data keys must not be found on the disk."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with path.open("r+b") as file:
            left = path.stat().st_size
            while left > 0:
                left -= file.write(_ZEROS[:left])
            file.flush()
            os.fsync(file.fileno())
    shutil.rmtree(folder)
