# SPDX-License-Identifier: Apache-2.0
"""The door of a witness: `POST /add-checkpoint`, and nothing else.

    200  one cosignature line                  404  the log is not known, or another path
    400  wrong form, or old size above it      409  another old size; the body is the one that is known
    403  no trusted signature                  413, 415  too large, another encoding
    422  the proof does not hold               429, 503  too many connections; the witness stops

With 422 comes the signed head that was cosigned last, so that the log can see what it once signed.
Anybody may ask: what counts is the signature of the log. The door listens on loopback by default, behind a
proxy that speaks TLS. The policy is read again before each request; an unreadable one refuses everything.
Source: c2sp.org/tlog-witness.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import ClientPayloadError, web

from exchange.clock import Clock
from exchange.errors import ConfigurationError, NoteInvalidError
from exchange.interfaces.server import (
    HttpServer,
    Listener,
    Refusal,
    ServerLimits,
    answer_with,
    connection_of,
    serve,
)
from exchange.ledger.witnessing import (
    ADD_PATH,
    MAX_REQUEST_BYTES,
    SIZE_TYPE,
    WitnessRequest,
    read_request,
    witness_line,
)
from exchange.protocol.suites import PrivateKey
from exchange.witness.judging import Status, only_trusted
from exchange.witness.keeping import WitnessStore
from exchange.witness.policy import Policy, read_policy

LIMITS = ServerLimits(connections=128, per_address=16, body_s=10)
"""A few logs an hour; a proxy in front of it counts as one address."""
_TEXT = "text/plain; charset=utf-8"


class _Door:
    def __init__(self, folder: Path, store: WitnessStore, key: PrivateKey, name: str, clock: Clock) -> None:
        self._folder, self._store, self._key = folder, store, key
        self._name, self._clock = name, clock

    async def answer(self, request: web.BaseRequest) -> web.Response:
        if request.raw_path != ADD_PATH or request.method != "POST":
            raise Refusal(404, "not_found")
        raw = await _body(request)
        try:
            asked = read_request(raw)
        except NoteInvalidError as error:
            raise Refusal(400, "request_invalid", close=False) from error
        return self._judged(self._trusted(asked))

    def _trusted(self, asked: WitnessRequest) -> WitnessRequest:
        """Return the request if the policy knows its log and one of its keys signed the head (2, 3)."""
        try:
            policy = read_policy(self._folder)
        except ConfigurationError as error:
            raise Refusal(503, "not_ready", retry_after_s=60, close=False) from error
        keys = policy.keys_of(asked.head.claimed)
        if not keys:
            raise Refusal(404, "not_found", close=False)
        trusted = only_trusted(asked, keys)
        if trusted is None:
            raise Refusal(403, "not_signed", close=False)
        return trusted

    def _judged(self, asked: WitnessRequest) -> web.Response:
        """Compare with the last head and keep the new one; what is answered is on the disk."""
        at, origin = self._clock.now(), asked.head.text.partition("\n")[0]
        verdict, line = self._store.take(
            origin,
            asked,
            at=at,
            cosign=lambda: witness_line(asked.note, self._key, name=self._name, at=at),
        )
        if verdict.status is Status.COSIGNED:
            return answer_with(line.encode(), content_type=_TEXT)
        if verdict.status is Status.CONFLICT:
            return answer_with(f"{verdict.known_size}\n".encode(), status=409, content_type=SIZE_TYPE)
        if verdict.status is Status.NOT_PROVED:
            return answer_with(self._store.newest_note(origin).encode(), status=422, content_type=_TEXT)
        raise Refusal(verdict.status, "request_invalid", close=False)


async def _body(request: web.BaseRequest) -> bytes:
    """Return the whole body of known length, or refuse it before it is read."""
    length = request.headers.get("Content-Length", "")
    if "Content-Encoding" in request.headers or "Transfer-Encoding" in request.headers:
        raise Refusal(415, "encoding")
    if not (length.isascii() and length.isdigit() and len(length) <= len(str(MAX_REQUEST_BYTES))):
        raise Refusal(413 if length.isdigit() else 400, "length_required")
    if int(length) > MAX_REQUEST_BYTES:
        raise Refusal(413, "too_large")
    if not request.body_exists:
        raise Refusal(400, "request_invalid")
    connection = connection_of(request)
    try:
        async with asyncio.timeout(connection.app.limits.body_s):
            return await request.content.readexactly(int(length))
    except TimeoutError:
        connection.abort("slow_body")
        raise ConnectionAbortedError("the body does not come") from None
    except (EOFError, ClientPayloadError) as error:
        raise ConnectionAbortedError("the body ends early") from error


@contextlib.asynccontextmanager
async def serve_witness(
    folder: Path, key: PrivateKey, *, clock: Clock, port: int | None = None
) -> AsyncIterator[tuple[Listener, Policy]]:
    """Serve the witness of a folder while the context is open; `port` instead of that of the policy.

    Raises:
        ConfigurationError: no policy, no store, another process has it, or the address is taken.
    """
    policy = read_policy(folder)
    with WitnessStore(folder) as store:
        door = HttpServer(_Door(folder, store, key, policy.name, clock).answer, limits=LIMITS)
        where = policy.port if port is None else port
        async with serve(door, host=policy.host, port=where, ssl_context=None) as listener:
            yield listener, policy
