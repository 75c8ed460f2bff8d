# SPDX-License-Identifier: Apache-2.0
"""The conformance kit's way to a door over HTTP: sends any request, right or wrong, and judges no answer.

TLS is as strict as everywhere: only a key of the card that was given opens the connection. Nothing else is
contacted, no redirect is followed. A node itself never uses this module.
"""

import io
import json
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from exchange.adapters.transport.pins import pinned_tls
from exchange.adapters.transport.signing import sign_request
from exchange.errors import TransportError
from exchange.kit.doors import CARD_PATH, Knock, Reply
from exchange.protocol.door import MAX_ANSWER_BYTES, PROBLEM_TYPE
from exchange.protocol.suites import PublicKey

TIMEOUT_S: Final = 30.0
CONNECTIONS: Final = 2


class HttpDoor:
    """The port `exchange.kit.doors.Door` over HTTP/1.1 and TLS 1.3. Use it as an async context."""

    def __init__(self, base_url: str, pins: Collection[PublicKey]) -> None:
        self._base = URL(base_url)
        self._pins = pins
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=pinned_tls(self._pins), limit=CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            skip_auto_headers=("User-Agent", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            trust_env=False,
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def knock(self, request: Knock) -> Reply:
        """Return the answer to a request."""
        fields = sign_request(
            request.method,
            request.path,
            body=request.body,
            content_type=request.content_type,
            recipient=request.recipient,
            key=request.key,
            now=request.at,
            nonce=request.nonce,
            query=request.query,
        )
        body = request.body if request.sent is None else request.sent
        return await self._send(request.method, request.target, request.change(fields), body)

    async def card(self) -> Reply:
        """Return what the path of the card gives."""
        return await self._send("GET", CARD_PATH, {}, b"")

    async def _send(self, method: str, target: str, fields: Mapping[str, str], body: bytes) -> Reply:
        if self._session is None:
            raise TransportError("the door is used outside its context", reason="no_route")
        url = self._base.join(URL(target, encoded=True))
        data = io.BytesIO(body) if method != "GET" else None
        try:
            async with self._session.request(
                method, url, data=data, headers=fields, allow_redirects=False
            ) as response:
                return await _reply(response)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise TransportError(
                f"{self._base} does not answer as HTTP: {type(error).__name__}",
                reason="no_answer",
                hint="check the address, and that the card in the invitation is the node's",
            ) from error


async def _reply(response: aiohttp.ClientResponse) -> Reply:
    raw = await response.content.read(MAX_ANSWER_BYTES)
    while not response.content.at_eof() and len(raw) < MAX_ANSWER_BYTES:
        raw += await response.content.read(MAX_ANSWER_BYTES - len(raw))
    content_type = response.headers.get("Content-Type", "")
    return Reply(response.status, content_type, raw, _reason(content_type, raw))


def _reason(content_type: str, raw: bytes) -> str:
    if content_type != PROBLEM_TYPE:
        return ""
    try:
        problem = json.loads(raw)
    except ValueError:
        return "not_json"
    return str(problem.get("reason", "")) if isinstance(problem, dict) else "not_an_object"
