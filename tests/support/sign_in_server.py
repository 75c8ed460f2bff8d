# SPDX-License-Identifier: Apache-2.0
"""A small sign-in service (OpenID Connect) on loopback; what a test wants to be wrong is a member.

async with SignInServer() as server:
    settings = server.settings()
    code = server.let_in(address)     # as an officer does at the page to which the browser was sent
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from exchange.config import OidcSection
from exchange.ids import b64url
from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SUBJECT = "desk", "248289761001"


def signing_key(seed: str = "service", kid: str = "k1") -> ECKey:
    """Return a key that is derived from a labelled seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big") >> 1
    pem = ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return ECKey.import_key(pem, {"kid": kid, "alg": "ES256", "use": "sig"})


def right_claims(issuer: str, nonce: str, now: datetime) -> dict[str, Any]:
    issued = int(now.timestamp())
    return {
        "iss": issuer, "aud": CLIENT, "sub": SUBJECT, "nonce": nonce, "iat": issued, "exp": issued + 300,
        "email": "officer@agency.example",
    }  # fmt: skip


def token_of(claims: dict[str, Any], *, seed: str = "service", kid: str = "k1", **header: Any) -> str:
    key = signing_key(seed, kid)
    return jwt.encode({"alg": "ES256", "kid": kid, **header}, claims, key)


@dataclass
class SignInServer:
    """The service. `claims`, `description` and `token` change what it says."""

    now: datetime
    claims: dict[str, Any] = field(default_factory=dict)
    description: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    seed: str = "service"
    kid: str = "k1"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and form of every request."""
    sent: dict[str, str] = field(default_factory=dict)
    """What the browser brought to the page of the service."""
    port: int = 0

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/agency"

    def settings(self) -> OidcSection:
        return OidcSection(issuer=self.issuer, client=CLIENT, name="Agency sign-in")

    def let_in(self, address: str) -> str:
        """Take a browser that was sent here; return the code with which it goes back."""
        query = parse_qs(urlsplit(address).query, strict_parsing=True)
        self.sent = {name: values[0] for name, values in query.items()}
        return "code-1"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append((request.path, form))
        match request.path:
            case "/agency/.well-known/openid-configuration":
                return web.json_response(self._described())
            case "/agency/keys":
                key = signing_key(self.seed, self.kid)
                return web.json_response({"keys": [key.as_dict(private=False)]})
            case "/agency/token":
                return self._token(form)
        return web.Response(status=302, headers={"Location": f"{self.issuer}/keys"})

    def _described(self) -> dict[str, Any]:
        at = self.issuer
        described = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
        }
        return {name: value for name, value in {**described, **self.description}.items() if value is not None}

    def _token(self, form: dict[str, str]) -> web.Response:
        challenge = b64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge != self.sent.get("code_challenge") or form.get("code") != "code-1":
            return web.json_response({"error": "invalid_grant"}, status=400)
        claims = {**right_claims(self.issuer, self.sent["nonce"], self.now), **self.claims}
        token = token_of(claims, seed=self.seed, kid=self.kid)
        return web.json_response({"id_token": token, "access_token": "x"}, status=self.status)
