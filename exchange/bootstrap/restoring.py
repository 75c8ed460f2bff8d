# SPDX-License-Identifier: Apache-2.0
"""Puts what was unpacked from a backup into its place, so that a kill leaves the old folder or the new one.

    restoring-XXXX/            beside the store, on the same disk
    restoring-XXXX/complete    everything is here, checked and on the disk; names the backup

1. Until `complete` is there nothing of the folder has changed: what is left over is destroyed.
2. From then on the restore is finished whatever happens: each step moves one thing that is not moved yet, and
   `finish` begins with what is left. A start of the node, and the next restore, do that first.
3. The settings come last: a folder without them is no node, so nothing can be started in a half one.
4. The old store is put aside before the new one takes its place. A start between the two finds no store, and
   finishes.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from exchange.adapters.keys.files import CARD_NAME, KEYS_NAME
from exchange.adapters.storage.files import FolderLock, destroy_folder
from exchange.bootstrap.founding import FOLDERS
from exchange.clock import SystemClock, instant_text
from exchange.config import FILE_NAME

CALENDAR: Final = "calendar.toml"
COMPLETE: Final = "complete"
PREFIX: Final = "restoring-"
STORE: Final = "store"


def new_place(folder: Path) -> Path:
    """Return a new folder in which a backup is unpacked."""
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))


def complete(unpacked: Path, name: str) -> None:
    """Note that everything is here: all of it reaches the disk, then the mark with the name of the backup."""
    for path in (*unpacked.rglob("*"), unpacked):
        flush(path)
    write_private(unpacked / COMPLETE, name.encode("ascii"))
    flush(unpacked)
    flush(unpacked.parent)


def finish(folder: Path) -> str:
    """Finish a restore that was broken off; return the name of its backup, or "".

    What is left of one that had not changed anything is destroyed.

    Raises:
        FolderInUseError: a service, or a restore, works on the folder.
    """
    left = sorted(folder.glob(f"{PREFIX}*")) if folder.is_dir() else []
    if not left:
        return ""
    finished = ""
    with lock_of(folder):
        for unpacked in left:
            if (unpacked / COMPLETE).exists():
                finished = put_in_place(folder, unpacked)
            else:
                destroy(unpacked)
    return finished


@contextlib.contextmanager
def lock_of(folder: Path) -> Iterator[None]:
    """Keep every other process away from the store of a folder, if it has one."""
    lock = FolderLock(folder / STORE) if (folder / STORE).is_dir() else None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def put_in_place(folder: Path, unpacked: Path) -> str:
    """Move what was unpacked into the folder: the store always, all else only where there is none."""
    name = (unpacked / COMPLETE).read_text(encoding="ascii")
    for each in FOLDERS:
        if each != STORE:
            (folder / each).mkdir(mode=0o700, exist_ok=True)
    where = {
        CARD_NAME: folder / "keys" / CARD_NAME,
        KEYS_NAME: folder / "keys" / KEYS_NAME,
        CALENDAR: folder / CALENDAR,
    }
    for each, place in where.items():
        _move(unpacked / each, place)
    _put_store(folder, unpacked / STORE)
    flush(folder / "keys")
    flush(folder)
    _move(unpacked / FILE_NAME, folder / FILE_NAME)
    flush(folder)
    destroy(unpacked)
    return name


def _move(unpacked: Path, place: Path) -> None:
    if unpacked.exists() and not place.exists():
        unpacked.rename(place)


def _put_store(folder: Path, unpacked: Path) -> None:
    if not unpacked.exists():
        return
    store = folder / STORE
    if store.exists():
        store.rename(folder / f"store-before-{instant_text(SystemClock().now()).replace(':', '')}")
    unpacked.rename(store)


def destroy(unpacked: Path) -> None:
    """Destroy what was unpacked; its mark goes last, so that a kill leaves nothing that looks unfinished."""
    destroy_folder(unpacked / STORE)
    for path in unpacked.iterdir():
        if path.name != COMPLETE:
            path.unlink()
    (unpacked / COMPLETE).unlink(missing_ok=True)
    unpacked.rmdir()


def write_private(path: Path, raw: bytes) -> None:
    """Write a new file that only its owner reads, down to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(handle)


def flush(path: Path) -> None:
    """Let a file, or the names in a folder, reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
