# SPDX-License-Identifier: Apache-2.0
"""The `ParcelFiles` port over the file system: courier files on a stick, a disk or in a mail folder.

Reading:
1. The name is opened once, without following a link, without waiting for the writer of a FIFO.
2. Only a regular file is read; its length is fixed then, and no more than that is ever read.

Writing:
3. The bytes go into a new file of mode 0600 beside the place, whose name is random (O_EXCL).
4. It gets its name when it is durable, by a hard link, which replaces nothing. A stick whose file system
   has no links gets it by a rename after another look.
5. What was not published is removed. A process that is killed leaves a file `.….part`, sealed like a parcel.

Every call that can wait for a slow medium runs in a thread of its own.
"""

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncIterator
from pathlib import Path

from exchange.errors import InputError, UsageError
from exchange.ids import Digest, b64url

PIECE_BYTES = 1024 * 1024
"""Read or written at once."""
MODE = 0o600
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class CourierFiles:
    """Opens and makes parcel files."""

    @contextlib.asynccontextmanager
    async def open(self, path: str) -> AsyncIterator["OpenFile"]:
        """Open a regular file for as long as the context lasts.

        Raises:
            InputError: it cannot be opened, or is no regular file.
        """
        descriptor = await asyncio.to_thread(_open, path)
        try:
            yield OpenFile(descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)

    async def create(self, path: str, *, room: int) -> "NewFile":
        """Begin a file that will be at `path`.

        Raises:
            UsageError: something is at `path`, or nothing can be written there.
        """
        place = Path(path)
        _demand_free(place)
        beside = place.with_name(f".{place.name}.{secrets.token_hex(6)}.part")
        try:
            descriptor = await asyncio.to_thread(os.open, beside, _WRITE, MODE)
        except OSError as error:
            raise _unwritable(place, error) from error
        return NewFile(descriptor, place, beside, room)


class OpenFile:
    """A regular file that is being read."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    async def head(self, size: int) -> bytes:
        return await self._read(0, min(size, self._size))

    async def digest(self, start: int) -> Digest:
        """Return SHA-256 of everything from `start` on."""
        found = hashlib.sha256()
        async for piece in self.pieces(start):
            await asyncio.to_thread(found.update, piece)
        return Digest(b64url(found.digest()))

    async def pieces(self, start: int) -> AsyncIterator[bytes]:
        """Yield everything from `start` on; ends early if the file became shorter."""
        while start < self._size:
            piece = await self._read(start, min(PIECE_BYTES, self._size - start))
            if not piece:
                return
            start += len(piece)
            yield piece

    async def _read(self, start: int, size: int) -> bytes:
        try:
            return await asyncio.to_thread(os.pread, self._descriptor, size, start)
        except OSError as error:
            raise InputError(
                f"the medium cannot be read at byte {start} ({_name(error)})", hint="copy the file again"
            ) from error


class NewFile:
    """A file that is being written."""

    def __init__(self, descriptor: int, place: Path, beside: Path, room: int) -> None:
        self._descriptor = descriptor
        self._place = place
        self._beside = beside
        self._end = room
        self._is_open = True

    async def write(self, piece: bytes) -> None:
        """Append a piece behind the room for the header."""
        await self._put(piece, self._end)
        self._end += len(piece)

    async def close(self, header: bytes) -> None:
        """Put the header into its room and make the whole file durable."""
        await self._put(header, 0)
        try:
            await asyncio.to_thread(os.fsync, self._descriptor)
        except OSError as error:
            raise _unwritable(self._place, error) from error
        self._shut()

    async def publish(self) -> None:
        """Give the file its name."""
        try:
            await asyncio.to_thread(_publish, self._beside, self._place)
        except OSError as error:
            raise _unwritable(self._place, error) from error

    async def discard(self) -> None:
        """Remove what was not published."""
        self._shut()
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._beside.unlink, missing_ok=True)

    async def _put(self, piece: bytes, start: int) -> None:
        view = memoryview(piece)
        try:
            while view:
                part = view[:PIECE_BYTES]
                written = await asyncio.to_thread(os.pwrite, self._descriptor, part, start)
                view, start = view[written:], start + written
        except OSError as error:
            raise _unwritable(self._place, error) from error

    def _shut(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)


def _open(path: str) -> int:
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise _no_file(path, "a link") from error
        raise InputError(
            f"{path} cannot be opened ({_name(error)})", hint="check the name of the file"
        ) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise _no_file(path, "a folder" if stat.S_ISDIR(mode) else "a device or a pipe")
    return descriptor


def _publish(beside: Path, place: Path) -> None:
    try:
        os.link(beside, place, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _demand_free(place)
        os.rename(beside, place)
    else:
        beside.unlink()
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _demand_free(place: Path) -> None:
    if not place.is_absolute():
        raise UsageError("the place of a parcel is not an absolute path")
    if os.path.lexists(place):
        raise _exists(place)


def _exists(place: Path) -> UsageError:
    return UsageError(f"{place} exists", hint="choose another name; a parcel never replaces a file")


def _no_file(path: str, kind: str) -> InputError:
    return InputError(
        f"{path} is {kind}, not a file", hint="copy the parcel into a file first, then read that"
    )


def _unwritable(place: Path, error: OSError) -> UsageError:
    if error.errno == errno.EEXIST:
        return _exists(place)
    return UsageError(
        f"{place} cannot be written ({_name(error)})",
        hint="check the folder and the free space of the medium",
    )


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "error")
