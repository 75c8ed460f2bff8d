# SPDX-License-Identifier: Apache-2.0
"""The ports that keep the logs of a link: both sides' leaves, heads, and who signed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.ids import AgencyCode, LinkId
from exchange.service.rows import EndedLog, HeadRow, LogPosition


class Logs(Protocol):
    """Own logs and full copies of the partners' logs; both append-only."""

    def open(self, link: LinkId, by: AgencyCode, epoch: int) -> LogPosition:
        """Create the empty log of `by` for an epoch; idempotent."""
        ...

    def position(self, link: LinkId, by: AgencyCode) -> LogPosition:
        """Return the position of the newest epoch. Raises StoreError when no log is open."""
        ...

    def append(self, position: LogPosition, leaves: Sequence[bytes], *, peaks: bytes) -> LogPosition:
        """Append leaves after `position`, which must be the present one; return the new position.

        `peaks` is the compact range after them. Raises AppendOnlyError if the log is elsewhere.
        """
        ...

    def leaves(
        self, link: LinkId, by: AgencyCode, start: int, end: int, *, epoch: int | None = None
    ) -> list[bytes]:
        """Return the stored bytes of leaves start <= i < end of an epoch, without one of the newest."""
        ...

    def ended(self, link: LinkId, by: AgencyCode, epoch: int) -> EndedLog | None:
        """Return the log of an epoch with its largest head and its largest cosigned one; None without it."""
        ...

    def add_head(self, link: LinkId, by: AgencyCode, head: HeadRow) -> None:
        """Keep a signed head; its size must exceed that of every kept head of this log and epoch."""
        ...

    def head(self, link: LinkId, by: AgencyCode) -> HeadRow | None:
        """Return the largest head."""
        ...

    def head_within(self, link: LinkId, by: AgencyCode, size: int) -> HeadRow | None:
        """Return the largest head of at most `size`."""
        ...

    def add_cosignature(self, link: LinkId, by: AgencyCode, size: int, note: str) -> None:
        """Keep the cosignature line of the other side over the head of `by` at `size`.

        A size that is not larger than the kept one says nothing new and changes nothing.
        """
        ...

    def cosigned(self, link: LinkId, by: AgencyCode) -> tuple[int, str]:
        """Return the largest cosigned size of the log of `by` and its note, or (0, "")."""
        ...

    def cosigned_from(self, link: LinkId, by: AgencyCode, size: int) -> tuple[int, str]:
        """Return the smallest cosigned size that is at least `size` and its note, or (0, "")."""
        ...


@dataclass(frozen=True)
class Sizes:
    """Sizes of heads of a log, both ends included."""

    least: int
    most: int


@dataclass(frozen=True)
class HeadLine:
    """A second signature line over the head of a log at a size."""

    size: int
    line: str


class HeadLines(Protocol):
    """Second signature lines over heads of our logs and of the copies; only verified ones are kept."""

    def add(self, link: LinkId, by: AgencyCode, found: HeadLine, *, epoch: int, at: datetime) -> bool:
        """Keep a line; return False if this head has one, or there is no such log."""
        ...

    def page(self, link: LinkId, by: AgencyCode, *, epoch: int, after: int, limit: int) -> list[HeadLine]:
        """Return lines over heads larger than `after`, by size."""
        ...

    def around(self, link: LinkId, by: AgencyCode, *, epoch: int, sizes: Sizes) -> list[HeadLine]:
        """Return the lines over the first and over the newest head within some sizes."""
        ...


class Tiles(Protocol):
    """Roots of the full tiles of each log, by level; they only grow, the next one comes next."""

    def count(self, link: LinkId, by: AgencyCode, *, epoch: int, level: int) -> int: ...
    def add(self, link: LinkId, by: AgencyCode, root: bytes, *, epoch: int, level: int) -> int:
        """Keep the root of the next full tile of a level and return its number."""
        ...

    def roots(
        self, link: LinkId, by: AgencyCode, *, epoch: int, level: int, start: int, end: int
    ) -> list[bytes]: ...


@dataclass(frozen=True)
class HeadStamp:
    """A time stamp over the head of a log at a size, as it came from an authority."""

    size: int
    tsa: str
    reply: bytes
    at: datetime
    """The time that it says."""


class Stamps(Protocol):
    """Time stamps over heads of our own logs; only checked ones are kept, one of each authority a head."""

    def add(self, link: LinkId, by: AgencyCode, found: HeadStamp, *, epoch: int) -> None: ...
    def page(
        self, link: LinkId, by: AgencyCode, *, epoch: int, after: tuple[int, str], limit: int
    ) -> list[HeadStamp]:
        """Return stamps behind a size and an authority, in this order."""
        ...

    def newest(self, link: LinkId, by: AgencyCode, tsa: str, *, epoch: int) -> HeadStamp | None: ...
    def around(self, link: LinkId, by: AgencyCode, *, epoch: int, sizes: Sizes) -> list[HeadStamp]:
        """Return of each authority the stamps over the first and the newest head within some sizes."""
        ...


@dataclass(frozen=True)
class WitnessLine:
    """The cosignature line of a witness over the head of a log at a size."""

    size: int
    witness: str
    line: str


class Witnessed(Protocol):
    """Cosignatures of witnesses over our own heads; they only grow."""

    def add(self, link: LinkId, witness: str, *, size: int, line: str, at: datetime) -> None: ...
    def size(self, link: LinkId, witness: str) -> int:
        """Return the largest size of our newest log that a witness cosigned, 0 before the first."""
        ...

    def around(self, link: LinkId, by: AgencyCode, *, epoch: int, sizes: Sizes) -> list[WitnessLine]:
        """Return of each witness the lines over the first and the newest head within some sizes."""
        ...
