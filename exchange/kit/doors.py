# SPDX-License-Identifier: Apache-2.0
"""How the kit reaches a node: the ports of this package, and what goes through them.

`Way` carries frames and gate statements that are rightly brought; a node in this process can be one. `Door`
carries single requests as they are wanted, right or wrong, and judges nothing of the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.errors import TransportError
from exchange.ids import AgencyCode, LinkId, RandomSource
from exchange.protocol.door import CARD_PATH, SIGNED_PARAMETERS, Route, path_of, type_of
from exchange.protocol.suites import PrivateKey

NONCE_BYTES = 16
Fields = dict[str, str]


class Way(Protocol):
    """Brings what the kit says to a node and returns what it answers."""

    async def frame(self, raw: bytes) -> bytes:
        """Return the frame that answers a frame.

        Raises:
            ExchangeError: there was none; `reason` says why.
        """
        ...

    async def gate(self, raw: bytes) -> bytes:
        """Return the statement that answers a statement of the gate; raises as `frame`."""
        ...


@dataclass(frozen=True)
class Knock:
    """One request: signed as agreed, then `change` may alter its fields, and `sent` goes as its body."""

    method: str
    path: str
    body: bytes
    content_type: str
    recipient: AgencyCode
    key: PrivateKey
    at: datetime
    nonce: bytes
    query: str = ""
    change: Callable[[Fields], Fields] = lambda right: right
    sent: bytes | None = None
    to: str = ""
    """Path to which it goes, if not the signed one."""

    @property
    def target(self) -> str:
        path = self.to or self.path
        return f"{path}?{self.query}" if self.query else path


@dataclass(frozen=True)
class Reply:
    """An answer as it came. `reason` is the code of a problem document, or ""."""

    status: int
    content_type: str
    body: bytes
    reason: str = ""


class Door(Protocol):
    """Sends one request and returns the answer, whatever it is."""

    async def knock(self, request: Knock) -> Reply:
        """Return the answer.

        Raises:
            TransportError: no whole answer came.
        """
        ...

    async def card(self) -> Reply:
        """Return what `GET` of the card gives; the request is not signed."""
        ...


@dataclass
class SignedWay:
    """The `Way` through a door: every request is signed as agreed."""

    door: Door
    link: LinkId
    recipient: AgencyCode
    key: PrivateKey
    now: Callable[[], datetime]
    random: RandomSource

    async def frame(self, raw: bytes) -> bytes:
        return await self._post(Route.EXCHANGE, raw)

    async def gate(self, raw: bytes) -> bytes:
        return await self._post(Route.GATE, raw)

    def request(self, route: Route, body: bytes) -> Knock:
        """Return the right request of a route with a body."""
        return Knock(
            method="POST",
            path=path_of(route, self.link),
            body=body,
            content_type=type_of(route),
            recipient=self.recipient,
            key=self.key,
            at=self.now(),
            nonce=self.random(NONCE_BYTES),
        )

    async def _post(self, route: Route, raw: bytes) -> bytes:
        reply = await self.door.knock(self.request(route, raw))
        if reply.status != 200 or reply.content_type != type_of(route):
            raise TransportError(f"answer {reply.status} {reply.reason}", reason=f"status_{reply.status}")
        return reply.body


__all__ = ["CARD_PATH", "SIGNED_PARAMETERS", "Door", "Fields", "Knock", "Reply", "Route", "SignedWay", "Way"]
