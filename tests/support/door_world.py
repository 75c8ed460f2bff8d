# SPDX-License-Identifier: Apache-2.0
"""A partner door on loopback, what stands behind it in tests, and callers good and bad."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from exchange.adapters.transport.http import HttpCarrier, PartnerRoute
from exchange.adapters.transport.signing import NonceBook, RequestGuard, sign_request
from exchange.ids import AgencyCode, KeyId, LinkId
from exchange.interfaces.partner.door import partner_app
from exchange.interfaces.server import HttpServer, ServerLimits, serve
from exchange.protocol.door import Route, path_of, type_of
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey
from tests.support.certificates import context_of, tls_key
from tests.support.keys import seeded_random, test_key

HOST = "127.0.0.1"
KH = AgencyCode("KH-MOSVY-DAHT")
VN = AgencyCode("VN-MPS-IMM")
LINK = LinkId("kh-vn-AAAAAAAAAAAAAAAA")
OTHER_LINK = LinkId("kh-th-AAAAAAAAAAAAAAAA")
NOW = datetime(2027, 10, 4, 9, 12, 4, tzinfo=UTC)


def door_key(label: str) -> PrivateKey:
    return test_key(KeyUse.DOOR, Algorithm.ED25519, f"door/{label}")


class GivenClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def monotonic_s(self) -> float:
        return (self.moment - NOW).total_seconds()

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Noted:
    """A journal and counters that remember what they were told."""

    records: list[tuple[str, dict[str, str | int | float]]] = field(default_factory=list)
    counts: list[tuple[str, str]] = field(default_factory=list)

    def note(self, event: str, **fields: str | int | float) -> None:
        self.records.append((event, fields))

    def count(self, event: str, *, partner: str = "", reason: str = "") -> None:
        self.counts.append((event, reason))


async def echo(raw: bytes) -> bytes:
    return raw


@dataclass
class EchoService:
    """Answers a frame with itself, and remembers what reached it."""

    keys: dict[LinkId, PublicKey] = field(
        default_factory=lambda: {LINK: door_key("VN").public, OTHER_LINK: door_key("TH").public}
    )
    open: bool = True
    asking: set[LinkId] = field(default_factory=set)
    answer: Callable[[bytes], Awaitable[bytes]] = echo
    taken: list[tuple[str, LinkId, bytes]] = field(default_factory=list)
    refused: list[tuple[LinkId, bool]] = field(default_factory=list)

    async def door_key(self, link: LinkId, key: KeyId) -> PublicKey | None:
        known = self.keys.get(link)
        return known if known is not None and known.kid == key else None

    async def take_frame(self, link: LinkId, raw: bytes) -> bytes:
        self.taken.append(("frame", link, raw))
        return await self.answer(raw)

    async def answer_gate(self, link: LinkId, raw: bytes) -> bytes:
        self.taken.append(("gate", link, raw))
        return await self.answer(raw)

    def asks(self, link: LinkId) -> bool:
        return link in self.asking

    def note_refused(self, link: LinkId, *, counts: bool, rule: str) -> AgencyCode | None:
        self.refused.append((link, counts))
        return VN if link == LINK else None

    def card(self) -> bytes:
        return b"card"

    def accepts(self) -> bool:
        return self.open


@dataclass
class Door:
    """An open door of KH."""

    port: int
    service: EchoService
    noted: Noted
    clock: GivenClock
    app: HttpServer

    def route(self, **changes: object) -> PartnerRoute:
        """Return how VN reaches this door."""
        route = PartnerRoute(
            link=LINK,
            base_url=f"https://{HOST}:{self.port}",
            recipient=KH,
            tls_pins=frozenset({tls_key("KH").public}),
            door_key=door_key("VN"),
        )
        return replace(route, **changes)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def open_door(
    *,
    limits: ServerLimits | None = None,
    service: EchoService | None = None,
    tls: ssl.SSLContext | None = None,
    nonces: NonceBook | None = None,
) -> AsyncIterator[Door]:
    """Open a door of KH on a free port."""
    service, noted, clock = service or EchoService(), Noted(), GivenClock()
    guard = RequestGuard(recipient=KH, clock=clock, nonces=nonces)
    app = partner_app(
        service, guard=guard, journal=noted, counters=noted, limits=limits or ServerLimits(stop_s=1)
    )
    async with serve(app, host=HOST, port=0, ssl_context=tls or context_of("KH")) as listener:
        yield Door(listener.port, service, noted, clock, app)


def carrier_of(route: PartnerRoute | None, clock: GivenClock, *, label: str = "VN") -> HttpCarrier:
    return HttpCarrier(lambda link: route, clock=clock, random=seeded_random(f"carrier/{label}"))


def signed(
    body: bytes = b"frame",
    *,
    route: Route = Route.EXCHANGE,
    link: LinkId = LINK,
    key: PrivateKey | None = None,
    recipient: AgencyCode = KH,
    nonce: str = "1",
    now: datetime = NOW,
) -> dict[str, str]:
    """Return the fields of a rightly signed request of VN."""
    return sign_request(
        "POST",
        path_of(route, link),
        body=body,
        content_type=type_of(route),
        recipient=recipient,
        key=key or door_key("VN"),
        now=now,
        nonce=seeded_random(f"nonce/{nonce}")(16),
    )


def head(fields: dict[str, str], *, path: str = path_of(Route.EXCHANGE, LINK), method: str = "POST") -> bytes:
    """Return the head of a request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: kh", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    head: str
    body: bytes

    @property
    def reason(self) -> str:
        return str(json.loads(self.body)["reason"])


class Wire:
    """A bare connection to a door, to send what no library would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def reply(self) -> Reply:
        """Read one answer with a Content-Length."""
        raw_head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = 0
        for line in raw_head.split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "content-length":
                length = int(value)
        return Reply(int(raw_head.split(" ")[1]), raw_head, await self.reader.readexactly(length))

    async def closed(self) -> bool:
        """Wait until the other side closes; False when it sends something instead."""
        try:
            return await self.reader.read(1) == b""
        except (ConnectionError, ssl.SSLError):
            return True


@contextlib.asynccontextmanager
async def wire(port: int, *, tls: bool = True) -> AsyncIterator[Wire]:
    """Connect to a door without any check."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(HOST, port, ssl=context)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


async def ask(door: Door, raw: bytes) -> Reply:
    """Send bytes on a new connection and return the answer."""
    async with wire(door.port) as line:
        await line.send(raw)
        return await line.reply()
