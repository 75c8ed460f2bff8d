# SPDX-License-Identifier: Apache-2.0
"""Tells a system of the own agency over HTTP that something arrived; never what.

    POST <url>    {"event": "message_arrived", "at": "2027-10-04T09:12:04.123Z", "request": "5f0c…"}
    Exchange-Signature: t=1822641124,v1=<HMAC-SHA256 under the secret over "t.body", in hex>

Only the address that the administrator set is called (rule 32): no redirect, no proxy, no cookie, nothing of
the environment. The certificate is checked. Any 2xx is a success; the answer is not read. Only
`TransportError` comes out.
"""

import hashlib
import hmac
import json

import aiohttp

from exchange.adapters.certificates import NOT_TAKEN, is_certificate
from exchange.clock import Clock, instant_text
from exchange.config import WebhookSection
from exchange.errors import TransportError
from exchange.service.notices import Arrival

SIGNATURE = "Exchange-Signature"
TIMEOUT_S = 10.0


class WebhookBell:
    """Tells one address; `ring` is what a `Channel` calls."""

    def __init__(self, settings: WebhookSection, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def name(self) -> str:
        """Return a name that tells addresses apart without saying them."""
        return hashlib.sha256(self._settings.url.encode()).hexdigest()[:16]

    async def ring(self, arrival: Arrival) -> None:
        """Tell that something arrived.

        Raises:
            TransportError: it was not taken; `webhook_refused`, `webhook_certificate` or
                `webhook_unreachable`.
        """
        body = body_of(arrival)
        fields = {
            "Content-Type": "application/json",
            SIGNATURE: signature_of(body, self._settings.secret, int(self._clock.now().timestamp())),
        }
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.post(
                    self._settings.url, data=body, headers=fields, allow_redirects=False, timeout=timeout
                ) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            if is_certificate(error):
                raise TransportError(NOT_TAKEN, reason="webhook_certificate") from error
            raise TransportError("a webhook cannot be reached", reason="webhook_unreachable") from error
        if not 200 <= status < 300:
            raise TransportError(f"a webhook answered {status}", reason="webhook_refused")


def body_of(arrival: Arrival) -> bytes:
    """Return everything that is told."""
    members = {"event": "message_arrived", "at": instant_text(arrival.at), "request": arrival.request}
    return json.dumps(members, separators=(",", ":")).encode("ascii")


def signature_of(body: bytes, secret: str, at_s: int) -> str:
    """Return the signature of a body, which the other side compares with its own."""
    keyed = hmac.new(secret.encode(), f"{at_s}.".encode("ascii") + body, hashlib.sha256)
    return f"t={at_s},v1={keyed.hexdigest()}"
