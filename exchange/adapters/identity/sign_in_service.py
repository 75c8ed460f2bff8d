# SPDX-License-Identifier: Apache-2.0
"""Speaks with the sign-in service of the own agency: OpenID Connect, authorization code with PKCE.

1. Only the configured issuer is called (rule 32): every address that its own description names must have the
   scheme, host and port of the issuer. No redirect is followed, no proxy, cookie or environment is used.
2. Description and keys are read once and again after an hour, or when a token names a key that is not known.
3. Answers have a bound in size and time, and are read by the strict parser.
4. A code is exchanged with the secret of the configuration, if there is one, and with the verifier of PKCE.

The token is judged in `id_tokens`. Only `SignInError` and `TransportError` come out.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp

from exchange.adapters.certificates import NOT_TAKEN, is_certificate
from exchange.adapters.identity.id_tokens import Expected, subject_of
from exchange.clock import Clock
from exchange.config import OidcSection
from exchange.errors import SignInError, StrictJsonError, TransportError
from exchange.ids import b64url
from exchange.protocol.strictjson import Limits, parse_object
from exchange.service.signing_on import Asking

DISCOVERY: Final = "/.well-known/openid-configuration"
TIMEOUT_S: Final = 10.0
MAX_ANSWER: Final = 256 * 1024
"""A description has 5 kB, a key set with certificates some more."""
KEPT_S: Final = 3600.0
LEAST_BETWEEN_S: Final = 30.0
"""Between two readings because of an unknown key, so that a stranger cannot make us ask."""
_JSON: Final = Limits(max_bytes=MAX_ANSWER, max_depth=10, max_members=200, max_items=2_000, max_name=200)


@dataclass(frozen=True)
class Described:
    """What the issuer says of itself, checked, with its keys."""

    authorize: str
    token: str
    keys: dict[str, Any]
    read_s: float


@dataclass
class SignInService:
    """Implements `exchange.service.signing_on.Provider`."""

    settings: OidcSection
    secret: str
    back: str
    """Our own address to which a browser comes back."""
    clock: Clock
    known: list[Described] = field(default_factory=list)
    """The last description, at most one."""

    async def address(self, asking: Asking) -> str:
        described = await self.described()
        query = {
            "response_type": "code",
            "client_id": self.settings.client,
            "redirect_uri": self.back,
            "scope": "openid",
            "state": asking.state,
            "nonce": asking.nonce,
            "code_challenge": b64url(hashlib.sha256(asking.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{described.authorize}?{urlencode(query)}"

    async def subject(self, code: str, asking: Asking) -> str:
        described = await self.described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "client_id": self.settings.client,
            "code_verifier": asking.verifier,
        } | ({"client_secret": self.secret} if self.secret else {})
        answer = await self._fetch("POST", described.token, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SignInError("the sign-in service did not give a right answer")
        expected = Expected(self.settings.issuer, self.settings.client, asking.nonce, self.clock.now())
        try:
            return subject_of(token, described.keys, expected)
        except SignInError:
            if self.clock.monotonic_s() - described.read_s < LEAST_BETWEEN_S:
                raise
        return subject_of(token, (await self._describe()).keys, expected)

    async def described(self) -> Described:
        """Return what the issuer says of itself.

        Raises:
            TransportError: it cannot be reached, or names an address of somebody else.
        """
        if self.known and self.clock.monotonic_s() - self.known[0].read_s < KEPT_S:
            return self.known[0]
        return await self._describe()

    async def _describe(self) -> Described:
        issuer = self.settings.issuer
        said = await self._fetch("GET", issuer.rstrip("/") + DISCOVERY)
        if said.get("issuer") != issuer:
            raise TransportError("the description names another issuer", reason="issuer_differs")
        authorize, token, keys = (
            _own(issuer, said.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        read = Described(authorize, token, await self._fetch("GET", keys), self.clock.monotonic_s())
        self.known[:] = [read]
        return read

    async def _fetch(self, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(
                    trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout
                ) as session,
                session.request(method, url, data=form, allow_redirects=False) as answer,
            ):
                status, raw = answer.status, await _bounded(answer)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            if is_certificate(error):
                raise TransportError(NOT_TAKEN, reason="certificate") from error
            raise TransportError("the sign-in service cannot be reached", reason="unreachable") from error
        if status != 200:
            raise SignInError("the sign-in service refused")
        try:
            return dict(parse_object(raw, _JSON))
        except StrictJsonError as error:
            raise TransportError("the sign-in service answers something else", reason="answer") from error


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    raw = b""
    async for piece in answer.content.iter_any():
        raw += piece
        if len(raw) > MAX_ANSWER:
            raise TransportError("the sign-in service answers too much", reason="answer")
    return raw


def _own(issuer: str, address: object) -> str:
    """Return an address of the issuer itself (1)."""
    if not isinstance(address, str) or _place(address) != _place(issuer) or "#" in address:
        raise TransportError("the description names an address of somebody else", reason="issuer_differs")
    return address


def _place(address: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.netloc.lower(), parts.port
    except ValueError:
        return "", "", None
