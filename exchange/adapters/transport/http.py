# SPDX-License-Identifier: Apache-2.0
"""Carries frames to a partner over HTTP/1.1 and TLS 1.3; only `TransportError` comes out.

One connection pool per partner, kept alive between frames, so that a slow partner holds up no other.
The address is the one the administrator set, the keys are those of the partner's card; whatever the
network answers, nothing else is contacted: no redirect, no proxy, no cookie, no environment.

An answer counts only if its status is 200, its type is the agreed one, it is not encoded and not too
long. Its bytes are not judged here. Reasons of a `TransportError`:

    no_route        the link has no address, or the route is not usable
    unreachable     no connection: name, port, network
    tls             the TLS handshake failed
    pin             the other side showed a key that is not in the partner's card
    timeout         no whole answer in time
    broken          the connection ended early, or the answer is not HTTP
    redirected      3xx; never followed
    not_found       404: unknown link, or our signature was not taken (key, clock); `apart_s` if the clock of
                    the answer is too far from ours
    busy            429 or 503; `retry_after_s` is obeyed between 1 s and 1 h
    refused         any other 4xx
    failed          any other status
    answer_type, answer_encoding, answer_too_large    a 200 that is no answer
"""

import asyncio
import io
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from exchange.adapters.transport.pins import pinned_tls
from exchange.adapters.transport.signing import NONCE_BYTES, sign_request
from exchange.clock import Clock
from exchange.errors import TransportError
from exchange.ids import AgencyCode, LinkId, RandomSource
from exchange.protocol.door import MAX_AGE, Route, answer_limit, path_of, type_of
from exchange.protocol.suites import PrivateKey, PublicKey

CONNECTIONS = 3
"""Two frames in flight and a gate question; the partner allows four (threat model, section 7)."""
KEEP_ALIVE_S = 60
"""Shorter than the 75 s after which the partner closes, so that no frame meets a closing connection."""
CONNECT_S = 15
MIN_RETRY_S, MAX_RETRY_S = 1, 3_600
MAX_DATE_CHARS = 40
"""A date of HTTP has 29."""
_MAX_FIELD_BYTES = 8_190
_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class PartnerRoute:
    """How a partner is reached: what the administrator set, and the keys of its card."""

    link: LinkId
    base_url: str
    """`https://host[:port]`, nothing behind it."""
    recipient: AgencyCode
    tls_pins: frozenset[PublicKey]
    """The whole keys: a key id of 64 bits would be too short a pin."""
    door_key: PrivateKey


RouteOf = Callable[[LinkId], PartnerRoute | None]


class HttpCarrier:
    """The `Carrier` port over HTTP. Close it, or use it as an async context."""

    def __init__(self, route_of: RouteOf, *, clock: Clock, random: RandomSource) -> None:
        self._route_of = route_of
        self._clock = clock
        self._random = random
        self._lines: dict[LinkId, _Line] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        """Send a frame and return the frame of the answer.

        Raises:
            TransportError: with a reason of the list above.
        """
        return await self._send(Route.EXCHANGE, link, frame, timeout_s)

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        """Send a signed question of the start gate and return the signed answer.

        Raises:
            TransportError: with a reason of the list above.
        """
        return await self._send(Route.GATE, link, question, timeout_s)

    async def close(self) -> None:
        """Close every connection."""
        while self._lines:
            _, line = self._lines.popitem()
            await line.session.close()

    async def _send(self, route: Route, link: LinkId, body: bytes, timeout_s: float) -> bytes:
        line = await self._line(link)
        url = line.base.with_path(path_of(route, link))
        fields = sign_request(
            "POST",
            url.raw_path,
            body=body,
            content_type=type_of(route),
            recipient=line.route.recipient,
            key=line.route.door_key,
            now=self._clock.now(),
            nonce=self._random(NONCE_BYTES),
        )
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(timeout_s, CONNECT_S))
        try:
            async with line.session.post(
                url, data=io.BytesIO(body), headers=fields, allow_redirects=False, timeout=timeout
            ) as response:
                return await _take(response, route, now=self._clock.now())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _as_transport_error(error) from error

    async def _line(self, link: LinkId) -> "_Line":
        """Return the open line of a link; one whose route has changed is closed first."""
        route = self._route_of(link)
        line = self._lines.get(link)
        if line is not None and line.route == route:
            return line
        if line is not None:
            del self._lines[link]
            await line.session.close()
            return await self._line(link)
        if route is None:
            raise TransportError(f"link {link} has no address", reason="no_route")
        line = _Line(route, _base_of(route), _session(route))
        self._lines[link] = line
        return line


@dataclass(frozen=True)
class _Line:
    """The connection pool of one partner, and the route it was opened for."""

    route: PartnerRoute
    base: URL
    session: aiohttp.ClientSession


def _base_of(route: PartnerRoute) -> URL:
    try:
        base = URL(route.base_url)
        usable = base.scheme == "https" and base.host is not None and base.port is not None
    except ValueError:
        usable = False
    if not usable or base.raw_path != "/" or base.raw_query_string or base.raw_fragment or base.user:
        raise TransportError(
            f"the address of link {route.link} is not of the form https://host:port",
            reason="no_route",
            hint="set the partner's address again",
        )
    if not route.tls_pins:
        raise TransportError(f"the card of {route.recipient} has no TLS key", reason="no_route")
    return base


def _session(route: PartnerRoute) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        ssl=pinned_tls(route.tls_pins),
        limit=CONNECTIONS,
        limit_per_host=CONNECTIONS,
        keepalive_timeout=KEEP_ALIVE_S,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        skip_auto_headers=("User-Agent",),
        trust_env=False,
        auto_decompress=False,
        raise_for_status=False,
        max_line_size=_MAX_FIELD_BYTES,
        max_field_size=_MAX_FIELD_BYTES,
    )


async def _take(response: aiohttp.ClientResponse, route: Route, *, now: datetime) -> bytes:
    """Return the bytes of an answer that counts as one."""
    if response.status != 200:
        raise _status_error(response, now)
    if "Content-Encoding" in response.headers:
        raise TransportError("the answer is encoded", reason="answer_encoding")
    if response.headers.getall("Content-Type", []) != [type_of(route)]:
        raise TransportError("the answer has another type", reason="answer_type")
    limit = answer_limit(route)
    if (response.content_length or 0) > limit:
        raise TransportError("the answer is too large", reason="answer_too_large")
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > limit:
            raise TransportError("the answer is too large", reason="answer_too_large")
        pieces.append(piece)
    return b"".join(pieces)


def _status_error(response: aiohttp.ClientResponse, now: datetime) -> TransportError:
    status = response.status
    response.close()
    message = f"the partner answered with status {status}"
    if status in (429, 503):
        return TransportError(message, reason="busy", retry_after_s=_retry_after(response))
    if status == 404:
        hint = "check the link and the door key with the partner, and the clocks of both sides"
        return TransportError(message, reason="not_found", hint=hint, apart_s=_apart_s(response, now))
    if 300 <= status < 400:
        return TransportError(message, reason="redirected")
    return TransportError(message, reason="refused" if 400 <= status < 500 else "failed")


def _apart_s(response: aiohttp.ClientResponse, now: datetime) -> int:
    """Return how far the clock of the answer is ahead of ours if it is too far for our requests, else 0."""
    told = response.headers.getall("Date", [])
    if len(told) != 1 or len(told[0]) > MAX_DATE_CHARS:
        return 0
    try:
        made_at = parsedate_to_datetime(told[0])
    except (ValueError, OverflowError):  # a zone of many digits is too large for the library
        return 0
    if made_at.tzinfo is None:
        return 0
    apart = made_at - now
    return round(apart.total_seconds()) if abs(apart) > MAX_AGE else 0


def _retry_after(response: aiohttp.ClientResponse) -> int | None:
    """Return the wait asked for in seconds, clamped; a date or anything else counts as not given."""
    text = response.headers.get("Retry-After", "")
    if _DIGITS.fullmatch(text) is None:
        return None
    return max(MIN_RETRY_S, min(MAX_RETRY_S, int(text)))


def _as_transport_error(error: Exception) -> TransportError:
    """Return what an error of the library means; the order goes from special to general."""
    match error:
        case asyncio.TimeoutError():
            return TransportError("no whole answer in time", reason="timeout")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            hint = "ask the partner for its new card; if it changed nothing, somebody is in between"
            return TransportError(
                "the other side shows a TLS key that is not in the card", reason="pin", hint=hint
            )
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return TransportError("the TLS handshake failed", reason="tls")
        case aiohttp.ClientConnectorError():
            return TransportError("no connection to the partner", reason="unreachable")
    return TransportError("the connection to the partner broke", reason="broken")
