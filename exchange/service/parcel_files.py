# SPDX-License-Identifier: Apache-2.0
"""What writing and reading parcels needs of the file system: a port, as those in `ports`.

1. A file is opened once, as what it is; a name is never looked up twice.
2. Everything is read and written in pieces of bounded size.
3. A new file gets its name only when it is whole and durable, and never replaces another one.
4. Paths are absolute and come from an officer, never from a file (rule 31).
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from exchange.ids import Digest


class OpenParcel(Protocol):
    """A parcel file that is being read: a regular file, opened once, its length fixed at opening."""

    @property
    def size(self) -> int: ...
    async def head(self, size: int) -> bytes:
        """Return the first `size` bytes, fewer if the file is shorter."""
        ...

    async def digest(self, start: int) -> Digest:
        """Return SHA-256 of everything from `start` on, read as a stream."""
        ...

    def pieces(self, start: int) -> AsyncIterator[bytes]:
        """Yield everything from `start` on, in pieces of bounded size."""
        ...


class NewParcel(Protocol):
    """A parcel file that is being written under another name beside its place."""

    async def write(self, piece: bytes) -> None:
        """Append a piece behind the room for the header."""
        ...

    async def close(self, header: bytes) -> None:
        """Put the header into its room; the whole file is durable when this returns."""
        ...

    async def publish(self) -> None:
        """Give the file its name, durably; an existing file is never replaced (UsageError)."""
        ...

    async def discard(self) -> None:
        """Remove what was written, unless it was published. Idempotent."""
        ...


class ParcelFiles(Protocol):
    """Opens and makes courier files. Paths are absolute and come from an officer, never from a file."""

    def open(self, path: str) -> AbstractAsyncContextManager[OpenParcel]:
        """Open a regular file; a link, FIFO, device or folder is refused.

        Raises:
            InputError: it cannot be opened, or is no regular file.
        """
        ...

    async def create(self, path: str, *, room: int) -> NewParcel:
        """Begin a file that will be at `path`, with `room` bytes left free for its header.

        Raises:
            UsageError: something is at `path`, or nothing can be written there.
        """
        ...
