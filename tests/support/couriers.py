# SPDX-License-Identifier: Apache-2.0
"""Parcels in the simulated world: files in memory, and a courier who carries them between the two agencies.

world = by_files(seed=1)
await carry(world, world.kh)        # KH writes, VN reads
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from exchange.errors import InputError, UsageError
from exchange.ids import Digest, b64url
from exchange.protocol.parcels import (
    Manifest,
    Way,
    encode_report,
    end_of_records,
    record,
    seal_header,
    stream_sealer,
)
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, Suite
from exchange.service.gatetalk import report_of
from exchange.service.pairing import pairing_of
from exchange.service.parcel_reading import Taken, read_parcel
from exchange.service.parcel_writing import Volume, write_parcel
from tests.support.world import OFFICER, Agency, World

PIECE_BYTES = 50_000


@dataclass
class FilesInMemory:
    """The `ParcelFiles` port; what was published is in `published`."""

    published: dict[str, bytes] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def open(self, path: str) -> AsyncIterator["_Open"]:
        if path not in self.published:
            raise InputError(f"{path} cannot be opened")
        yield _Open(self.published[path])

    async def create(self, path: str, *, room: int) -> "_New":
        if path in self.published:
            raise UsageError(f"{path} exists")
        return _New(self, path, bytearray(room))


@dataclass
class _Open:
    raw: bytes

    @property
    def size(self) -> int:
        return len(self.raw)

    async def head(self, size: int) -> bytes:
        return self.raw[:size]

    async def digest(self, start: int) -> Digest:
        return Digest(b64url(hashlib.sha256(self.raw[start:]).digest()))

    async def pieces(self, start: int) -> AsyncIterator[bytes]:
        for at in range(start, len(self.raw), PIECE_BYTES):
            yield self.raw[at : at + PIECE_BYTES]


@dataclass
class _New:
    files: FilesInMemory
    path: str
    raw: bytearray

    async def write(self, piece: bytes) -> None:
        self.raw += piece

    async def close(self, header: bytes) -> None:
        self.raw[: len(header)] = header

    async def publish(self) -> None:
        self.files.published[self.path] = bytes(self.raw)

    async def discard(self) -> None:
        self.raw.clear()


class Courier:
    """Carries parcels of a world, each under a name of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.files = FilesInMemory()
        self.count = 0

    async def write(self, agency: Agency, **more: int) -> str:
        """Let an agency write a parcel; return the name of its file."""
        return (await self.write_all(agency, **more))[0].path

    async def write_all(self, agency: Agency, **more: int) -> list[Volume]:
        self.count += 1
        path = f"/courier/{self.count}.parcel"
        return await write_parcel(agency.node, self.files, self.world.link, path, actor=OFFICER, **more)

    async def read(self, agency: Agency, path: str) -> Taken:
        return await read_parcel(agency.node, self.files, path, actor=OFFICER)

    async def carry(self, agency: Agency) -> Taken:
        """Let an agency write a parcel and the other one read it."""
        return await self.read(self.world.other(agency), await self.write(agency))

    def change(self, path: str, raw: bytes) -> str:
        """Put other bytes under a new name."""
        self.count += 1
        other = f"/courier/{self.count}.parcel"
        self.files.published[other] = raw
        return other

    def raw(self, path: str) -> bytes:
        return self.files.published[path]


def by_files(seed: int) -> World:
    """Return a world in which neither side has an address."""
    world = World(seed)
    world.kh.only_calls = world.vn.only_calls = True
    return world


@dataclass(frozen=True)
class Forger:
    """Makes parcels by the keys of one side with whatever a test wants inside."""

    courier: Courier
    sender: Agency

    async def make(
        self,
        *records: bytes,
        key: PrivateKey | None = None,
        seal_key: PublicKey | None = None,
        ending: bytes | None = None,
        **manifest: Any,
    ) -> str:
        """Return the name of a parcel with these records; `ending` stands for the end and the padding."""
        world, other = self.courier.world, self.courier.world.other(self.sender)
        node, link = self.sender.node, world.link
        pairing = await self.sender.store.read(lambda uow: pairing_of(uow, node, link))
        way = Way(world.link, self.sender.code, other.code, Suite.HYBRID)
        id, content_key = b64url(self.sender.node.random(16)), self.sender.node.random(32)
        content = b"".join(map(record, records))
        sealer = stream_sealer(content_key, way, id)
        stream = sealer.update(content + (bytes(end_of_records(len(content))) if ending is None else ending))
        stream += sealer.finish()
        now = self.sender.clock.now()
        said: dict[str, Any] = {"number": 1, "volume": 1, "volumes": 1, "made_at": now, "first": 0, "size": 0}
        said |= {"entries": 0, "messages": 0, "results": 0}
        header = seal_header(
            Manifest(**(said | manifest)),
            content_key,
            way=way,
            id=id,
            stream_bytes=len(stream),
            digest=Digest(b64url(hashlib.sha256(stream).digest())),
            seal_key=seal_key or pairing.partner_keys.sealing(now, suite=Suite.HYBRID)[1],
            sign_key=key or self.sender.node.keys.signing(KeyUse.DOOR, now),
        )
        return self.courier.change("", header + stream)

    async def report(self, back: int = 0, **changes: Any) -> bytes:
        """Return the true report of the sender, with other members."""
        node, link = self.sender.node, self.courier.world.link
        gives = await self.sender.store.read(lambda uow: report_of(uow, node, pairing_of(uow, node, link)))
        return encode_report(gives | changes, back=back)
