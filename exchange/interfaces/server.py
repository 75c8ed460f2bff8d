# SPDX-License-Identifier: Apache-2.0
"""The HTTP server under every listener: aiohttp's low-level server with our limits around it.

What it adds, because aiohttp leaves it open (threat model, section 7):

1. Connections are counted when they are accepted, before the TLS handshake: all, and per address.
2. A request head must be complete within 15 s and 16 kB; between requests a connection may idle 75 s.
3. No pipelining, no upgrade, no HTTP/1.0: a request is answered before the next one is read.
4. An answer that the other side does not read is dropped: after 60 s when the buffers are full,
   otherwise with the idle connection.
5. Every refusal is a problem document (RFC 9457) with a code and a request number. aiohttp's own pages
   and log lines quote the input; they are replaced. There is no access log and no version.

It does not read bodies: the door does, after it knows who asks.
"""

import asyncio
import contextlib
import json
import re
import secrets
import socket
import ssl
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import HttpVersion11, StreamReader, web

from exchange.errors import ConfigurationError
from exchange.ids import RandomSource
from exchange.protocol.door import PROBLEM_TYPE

SERVER_NAME = "exchange"
_BACKLOG = 128
_ACCEPT_PAUSE_S = 0.2
"""Wait after a failed accept (usually: no file descriptors left), so that the loop does not spin."""
_TOO_LARGE_HEAD = (
    b"HTTP/1.1 400 Bad Request\r\nServer: exchange\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

_NOT_A_WORD = re.compile(r"[^A-Za-z0-9_]", re.ASCII)

Answer = Callable[[web.BaseRequest], Awaitable[web.Response]]
Note = Callable[[str, str], None]
"""Takes an event code and a reason code, for the journal and the counters."""
Told = Callable[["Refusal", str], None]
"""Takes a refusal and the number of the request that its answer gives."""


@dataclass(frozen=True)
class ServerLimits:
    """Limits of one listener; the numbers are those of the threat model, section 7."""

    connections: int = 512
    per_address: int = 32
    per_partner: int = 4
    head_bytes: int = 16 * 1024
    field_bytes: int = 8_190
    fields: int = 64
    head_s: float = 15
    body_s: float = 60
    idle_s: float = 75
    write_s: float = 60
    handshake_s: float = 15
    linger_s: float = 2
    """How long the rest of a refused body is read away, so that the refusal can be read."""
    stop_s: float = 5


class Refusal(Exception):
    """A request is answered with a problem document instead."""

    def __init__(
        self,
        status: int,
        reason: str,
        *,
        retry_after_s: int | None = None,
        close: bool = True,
        rule: str = "",
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.rule = rule
        """The exact rule, as a code for our own log; it is not answered."""
        self.link = ""
        """The link that the request named, if it named one."""
        self.retry_after_s = retry_after_s
        self.close = close


class Seat:
    """The place of one connection; given back once."""

    def __init__(self, seats: "Seats", address: str) -> None:
        self._seats: Seats | None = seats
        self.address = address
        self.partner: str | None = None

    def release(self) -> None:
        seats, self._seats = self._seats, None
        if seats is not None:
            seats.leave(self)


class Seats:
    """Counts connections: all, per address, and per partner once it is known."""

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._addresses: Counter[str] = Counter()
        self._partners: Counter[str] = Counter()
        self._none_left = asyncio.Event()
        self._none_left.set()

    def __len__(self) -> int:
        return self._addresses.total()

    def take(self, address: str) -> Seat | None:
        """Return a place for a new connection, or None when the house or the address is full."""
        if len(self) >= self._limits.connections or self._addresses[address] >= self._limits.per_address:
            return None
        self._addresses[address] += 1
        self._none_left.clear()
        return Seat(self, address)

    def claim(self, seat: Seat, partner: str) -> bool:
        """Return True if the connection may speak for `partner`: its only one, and not one too many."""
        if seat.partner is not None:
            return seat.partner == partner
        if self._partners[partner] >= self._limits.per_partner:
            return False
        seat.partner = partner
        self._partners[partner] += 1
        return True

    def leave(self, seat: Seat) -> None:
        _one_less(self._addresses, seat.address)
        if seat.partner is not None:
            _one_less(self._partners, seat.partner)
        if not self._addresses:
            self._none_left.set()

    async def empty(self) -> None:
        """Wait until every connection is gone."""
        await self._none_left.wait()


class HttpServer(web.Server):
    """A listener's server: what answers its requests, and the limits of its connections.

    Must be made inside a running event loop.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        limits: ServerLimits | None = None,
        note: Note | None = None,
        told: Told | None = None,
        random: RandomSource = secrets.token_bytes,
    ) -> None:
        self.limits = limits or ServerLimits()
        super().__init__(
            self._answer_or_refuse,
            keepalive_timeout=self.limits.idle_s,
            max_line_size=self.limits.field_bytes,
            max_field_size=self.limits.field_bytes,
            max_headers=self.limits.fields,
            lingering_time=self.limits.linger_s,
            auto_decompress=False,
            access_log=None,
        )
        self.seats = Seats(self.limits)
        self.note = note or _ignore
        self._told = told
        self._answer = answer
        self._random = random

    def connection(self, seat: Seat) -> "Connection":
        """Return the protocol of a new connection."""
        return Connection(self, seat, loop=self._loop, **self._kwargs)

    def problem(self, refusal: Refusal) -> web.Response:
        """Return the problem document of a refusal; it quotes nothing of the request."""
        number = self._random(6).hex()
        if self._told is not None:
            self._told(refusal, number)
        document = {"status": refusal.status, "reason": refusal.reason, "request": number}
        response = answer_with(
            json.dumps(document).encode(), status=refusal.status, content_type=PROBLEM_TYPE
        )
        if refusal.retry_after_s is not None:
            response.headers["Retry-After"] = str(refusal.retry_after_s)
        if refusal.close:
            response.force_close()
        return response

    async def _answer_or_refuse(self, request: web.BaseRequest) -> web.Response:
        connection_of(request).begins(request)
        try:
            self._check_head(request)
            return await self._answer(request)
        except Refusal as refusal:
            self.note("request_refused", refusal.reason)
            return self.problem(refusal)
        except ConnectionError:
            raise
        except Exception as error:
            self.note("request_failed", place_of(error))
            return self.problem(Refusal(500, "internal"))

    def _check_head(self, request: web.BaseRequest) -> None:
        """Refuse a head that is too large, of another version, or that wants another protocol."""
        fields = request.raw_headers
        size = len(request.raw_path) + sum(len(name) + len(value) + 4 for name, value in fields)
        if size > self.limits.head_bytes or len(fields) > self.limits.fields:
            raise Refusal(400, "head_too_large")
        if request.version != HttpVersion11 or "Upgrade" in request.headers:
            raise Refusal(400, "request_invalid")


class Connection(web.RequestHandler):
    """One connection, with the time and size limits that aiohttp does not keep by itself.

    It relies on one attribute of aiohttp's class, `_request_count`: how many heads were complete, also
    malformed ones. A test fails when a new version counts otherwise.
    """

    def __init__(
        self, server: HttpServer, seat: Seat, *, loop: asyncio.AbstractEventLoop, **options: Any
    ) -> None:
        super().__init__(server, loop=loop, **options)
        self.seat = seat
        self.app = server
        self._answered = 0
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._body: StreamReader | None = None
        self._rest: StreamReader | None = None
        """A body that was answered before it was there; what comes of it is no head."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._head_arrived()
        self.seat.release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._rest is not None and not self._rest.is_eof():
            pass  # aiohttp reads it away for a while, then closes the connection
        elif self._answered == self._request_count:
            self._await_head()
            self._head_bytes += len(data)
        elif self._body is not None and self._body.is_eof() and data:
            self.abort("pipelined")
            return
        super().data_received(data)
        self._judge_head()

    def _judge_head(self) -> None:
        unanswered = self._request_count - self._answered
        if unanswered:
            self._head_arrived()
        if unanswered > 1:
            self.abort("pipelined")
        if not unanswered and self._head_bytes > self.app.limits.head_bytes and self.transport is not None:
            self.app.note("request_refused", "head_too_large")
            self.transport.write(_TOO_LARGE_HEAD)
            self.force_close()

    def begins(self, request: web.BaseRequest) -> None:
        """Remember the body of the present request, to tell its bytes from a pipelined request."""
        self._body = request.content

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer, or drop the connection when the other side does not read it."""
        try:
            async with asyncio.timeout(self.app.limits.write_s):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            self.abort("slow_reader")
            raise ConnectionAbortedError("the answer is not read") from None
        finally:
            self._answered += 1
            self._rest, self._body = self._body, None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what aiohttp itself refuses; its own text would quote the input."""
        reason = "internal" if status >= 500 else "request_invalid"
        self.app.note("request_refused", reason)
        return self.app.problem(Refusal(500 if status >= 500 else 400, reason))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Count what aiohttp wants to log; its text would quote the input."""
        self.app.note("request_failed", "aiohttp")

    def abort(self, reason: str) -> None:
        """Close the connection at once, unsent bytes and all."""
        self.app.note("connection_dropped", reason)
        transport = self.transport
        self.force_close()
        if transport is not None:
            transport.abort()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._loop.call_later(self.app.limits.head_s, self.abort, "slow_head")

    def _head_arrived(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


@dataclass(frozen=True)
class Listener:
    """Where a server listens."""

    host: str
    port: int


@contextlib.asynccontextmanager
async def serve(
    app: HttpServer, *, host: str, port: int, ssl_context: ssl.SSLContext | None
) -> AsyncIterator[Listener]:
    """Listen while the context is open; port 0 takes a free one.

    Raises:
        ConfigurationError: the address is taken or is none of this machine.
    """
    listening = _listen(host, port)
    accepting = asyncio.create_task(_accept(app, listening, ssl_context))
    try:
        yield Listener(host, listening.getsockname()[1])
    finally:
        accepting.cancel()
        await asyncio.wait([accepting])
        listening.close()
        await _close(app)


def answer_with(body: bytes, *, status: int = 200, content_type: str) -> web.Response:
    """Return an answer with the fields that every answer has."""
    fields = {
        "Content-Type": content_type,
        "Server": SERVER_NAME,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=body, status=status, headers=fields)


def connection_of(request: web.BaseRequest) -> Connection:
    """Return the connection that a request came by."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        raise TypeError("the request came by another server")
    return connection


def place_of(error: BaseException) -> str:
    """Return the kind of an error and where it came from, without its text: `KeyError door:41`."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{_NOT_A_WORD.sub('_', Path(frame.filename).stem)}:{frame.lineno}" for frame in frames]
    return " ".join([type(error).__name__, *places])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host} port {port}", hint="is another node running, or the address not ours?"
        ) from error
    listening.setblocking(False)
    return listening


async def _accept(app: HttpServer, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as handshakes:
        while True:
            try:
                sock, address = await loop.sock_accept(listening)
            except OSError:
                app.note("connection_dropped", "accept_failed")
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            seat = app.seats.take(address[0])
            if seat is None:
                app.note("connection_dropped", "too_many")
                sock.close()
                continue
            handshakes.create_task(_open(app, sock, seat, tls))


async def _open(app: HttpServer, sock: socket.socket, seat: Seat, tls: ssl.SSLContext | None) -> None:
    """Make a connection of an accepted socket; a failed handshake gives its place back."""
    limits = app.limits
    times = (
        {"ssl_handshake_timeout": limits.handshake_s, "ssl_shutdown_timeout": limits.stop_s} if tls else {}
    )
    opened = False
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: app.connection(seat), sock, ssl=tls, **times
        )
        opened = True
    except OSError:
        app.note("connection_dropped", "handshake_failed")
    except Exception as error:
        app.note("request_failed", place_of(error))
    finally:
        if not opened:
            seat.release()


async def _close(app: HttpServer) -> None:
    """End every connection: the present requests may finish, then it is cut."""
    app.pre_shutdown()
    await app.shutdown(app.limits.stop_s)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(app.limits.stop_s):
            await app.seats.empty()


def _one_less(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if not counter[name]:
        del counter[name]


def _ignore(event: str, reason: str) -> None:
    """Take no notice."""
