# SPDX-License-Identifier: Apache-2.0
"""Carries a request to a witness over HTTPS; only `TransportError` comes out, and any status is an answer.

The address is the one the administrator set: `https://…`, or `http://` of loopback. No redirect, no proxy,
no cookie. The TLS certificate is that of the public web: what counts is the cosignature, not the way.
"""

import ipaddress
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from exchange.adapters.certificates import NOT_TAKEN, is_certificate
from exchange.errors import ConfigurationError, TransportError
from exchange.ledger.witnessing import ADD_PATH, MAX_ANSWER_BYTES
from exchange.service.surroundings import WitnessReply

TIMEOUT_S: Final = 15.0


def check_url(text: str) -> URL:
    """Return the address of a witness.

    Raises:
        ConfigurationError: not `https://host[:port][/path]`, and not loopback either.
    """
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise ConfigurationError("the address of a witness is not an address") from None
    plain = url.scheme == "http" and _is_loopback(url.host or "")
    if not (url.scheme == "https" or plain) or not url.host or port is None:
        raise ConfigurationError("the address of a witness is not https://host", hint="correct exchange.toml")
    if url.raw_query_string or url.raw_fragment or url.user:
        raise ConfigurationError("the address of a witness has more than host and path")
    return url


class HttpWitnesses:
    """The `WitnessCarrier` port over HTTP. Close it, or use it as an async context."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def add(self, url: str, request: bytes) -> WitnessReply:
        place = check_url(url)
        target = place.with_path(place.path.rstrip("/") + ADD_PATH)
        try:
            async with self._open().post(target, data=request, allow_redirects=False) as response:
                return await _take(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            if is_certificate(error):
                raise TransportError(NOT_TAKEN, reason="certificate") from error
            raise TransportError("the witness did not answer", reason="unreachable") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity", "Content-Type": "text/plain; charset=utf-8"},
                skip_auto_headers=("User-Agent",),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session


async def _take(response: aiohttp.ClientResponse) -> WitnessReply:
    if "Content-Encoding" in response.headers:
        raise TransportError("the answer is encoded", reason="answer_encoding")
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise TransportError("the answer is too large", reason="answer_too_large")
        pieces.append(piece)
    return WitnessReply(response.status, response.headers.get("Content-Type", ""), b"".join(pieces))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
