# SPDX-License-Identifier: Apache-2.0
"""Asks a time-stamping authority (TSA) for a time stamp over a head, and checks what comes back (RFC 3161).

1. The request names SHA-256 of the three lines of the head, with a nonce of its own: no more leaves the node.
2. The status is `granted`; the reply is whole and at most 64 KiB.
3. Its signature is by a certificate for time stamps that leads to a root the administrator has set, and
   that was valid at the time in the reply.
4. Imprint and nonce are those of the request.
5. The time is near our own: at most 300 s away.

Any other reply is a `TransportError` with its reason; it is asked again later. Only the address that the
administrator set is called (rule 32): no redirect, no proxy, no cookie. The library is the extra `tsa`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

import aiohttp
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus

from exchange.adapters.certificates import NOT_TAKEN, is_certificate
from exchange.clock import Clock
from exchange.config import TsaSection
from exchange.errors import ConfigurationError, TransportError
from exchange.service.surroundings import Stamp

TIMEOUT_S: Final = 10.0
MAX_REPLY_BYTES: Final = 64 * 1024
"""A reply with a chain of certificates has 4 to 8 kB."""
NEAR: Final = timedelta(seconds=300)
"""Threat model, section 7: clock skew."""
MAX_ROOTS_BYTES: Final = 256 * 1024
REQUEST_TYPE: Final = "application/timestamp-query"


class HttpStamper:
    """The `Stamper` port for one TSA."""

    def __init__(self, settings: TsaSection, *, clock: Clock) -> None:
        """Read the trusted certificates.

        Raises:
            ConfigurationError: they cannot be read, or no root is among them.
        """
        self._settings = settings
        self._clock = clock
        self._roots, self._others = _certificates(settings)

    @property
    def name(self) -> str:
        return self._settings.name

    async def stamp(self, text: bytes) -> Stamp:
        """Return a checked time stamp over the text of a head.

        Raises:
            TransportError: no reply, or none that counts; its reason says which of the rules failed.
        """
        request = (
            TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
        ).build()
        return self._checked(await self._ask(request.as_bytes()), text, request)

    async def _ask(self, raw: bytes) -> bytes:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        fields = {"Content-Type": REQUEST_TYPE, "Accept-Encoding": "identity"}
        try:
            async with (
                aiohttp.ClientSession(
                    trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
                ) as session,
                session.post(
                    self._settings.url, data=raw, headers=fields, allow_redirects=False, timeout=timeout
                ) as answer,
            ):
                if answer.status != 200 or "Content-Encoding" in answer.headers:
                    raise _failed("stamp_refused", f"HTTP status {answer.status}")
                return await _whole(answer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            if is_certificate(error):
                raise _failed("stamp_certificate", NOT_TAKEN) from error
            raise _failed("stamp_unreachable", "no answer") from error

    def _checked(self, reply: bytes, text: bytes, request: TimeStampRequest) -> Stamp:
        try:
            found = decode_timestamp_response(reply)
            status = found.status
        except ValueError as error:
            raise _failed("stamp_form", "the reply has another form") from error
        if status != PKIStatus.GRANTED:
            raise _failed("stamp_refused", f"status {status}")
        builder = VerifierBuilder.from_request(request)
        for root in self._roots:
            builder = builder.add_root_certificate(root)
        for other in self._others:
            builder = builder.add_intermediate_certificate(other)
        try:
            builder.build().verify_message(found, text)
            at = found.tst_info.gen_time
        except (VerificationError, ValueError) as error:
            raise _failed("stamp_invalid", "signature, imprint or nonce is wrong") from error
        if abs(at - self._clock.now()) > NEAR:
            raise _failed("stamp_time", f"its time is more than {NEAR.seconds} s from ours")
        return Stamp(reply, at)


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > MAX_REPLY_BYTES:
            raise _failed("stamp_form", f"the reply has more than {MAX_REPLY_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _failed(reason: str, why: str) -> TransportError:
    return TransportError(f"the time-stamping authority gave no time stamp: {why}", reason=reason)


def _certificates(settings: TsaSection) -> tuple[list[x509.Certificate], list[x509.Certificate]]:
    """Return the roots and the other certificates of the PEM file of a TSA."""
    path = Path(settings.certificate)
    try:
        raw = path.read_bytes()
        found = x509.load_pem_x509_certificates(raw) if len(raw) <= MAX_ROOTS_BYTES else []
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the certificates of [[tsa]] {settings.name} cannot be read") from error
    roots = [one for one in found if one.issuer == one.subject]
    if not roots:
        raise ConfigurationError(
            f"the file of [[tsa]] {settings.name} holds no root certificate",
            hint="put the root of the authority into it, as PEM; certificates between go below it",
        )
    return roots, [one for one in found if one.issuer != one.subject]
