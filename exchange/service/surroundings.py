# SPDX-License-Identifier: Apache-2.0
"""What the use cases need of the world around the store: network, another volume, witnesses, counters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.ids import Digest, LinkId
from exchange.ledger.witnessing import WitnessKey


class Carrier(Protocol):
    """Brings bytes to a partner and its answer back. Only `TransportError` comes out of it."""

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        """Send a frame (`POST …/exchange`) and return the frame of the answer."""
        ...

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        """Send a signed gate question and return the signed answer."""
        ...


class HighWater(Protocol):
    """The small file on another volume that remembers how far the own logs went."""

    @property
    def is_apart(self) -> bool:
        """True if it lies outside the data folder, so that a copy of the folder put back keeps it."""
        ...

    def read(self, link: LinkId) -> tuple[int, int, Digest, int] | None:
        """Return (epoch, size, root, next number), or None when there is none."""
        ...

    def write(self, link: LinkId, *, epoch: int, size: int, root: Digest, next_seq: int) -> None: ...


class Counters(Protocol):
    """Counts what happens; names and labels come from an allow-list."""

    def count(self, event: str, *, partner: str = "", reason: str = "") -> None: ...


class Journal(Protocol):
    """The operators' log: an event code and fields from an allow-list, never content."""

    def note(self, event: str, **fields: str | int | float) -> None: ...


@dataclass(frozen=True)
class Witness:
    """A witness that the administrator has chosen."""

    url: str
    key: WitnessKey


@dataclass(frozen=True)
class WitnessReply:
    """An HTTP answer of a witness, not judged yet."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Stamp:
    """A time stamp over a head, checked when it came: the reply as it came, and the time it says."""

    reply: bytes
    at: datetime


class Stamper(Protocol):
    """A time-stamping authority. Only `TransportError` comes out of it."""

    @property
    def name(self) -> str: ...
    async def stamp(self, text: bytes) -> Stamp:
        """Return a checked time stamp over a text."""
        ...


class WitnessCarrier(Protocol):
    """Brings a request to a witness. Only `TransportError` comes out of it."""

    async def add(self, url: str, request: bytes) -> WitnessReply:
        """Send a request to `<url>/add-checkpoint` and return the answer, whatever its status."""
        ...


@dataclass(frozen=True)
class Witnesses:
    """The witnesses of a node and the way to them."""

    chosen: tuple[Witness, ...]
    carrier: WitnessCarrier
    quorum: int = 1
    """So many must confirm a log at the gate before they stand for a missing high-water file."""
