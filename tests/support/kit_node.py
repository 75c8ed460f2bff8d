# SPDX-License-Identifier: Apache-2.0
"""A node in memory behind a real partner door on loopback, for the conformance kit to speak with."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from exchange.adapters.transport.signing import RequestGuard
from exchange.bootstrap import knock_at, memory_store
from exchange.clock import SystemClock
from exchange.errors import TransportError
from exchange.interfaces.partner.door import partner_app
from exchange.interfaces.server import ServerLimits, serve
from exchange.interfaces.tls import server_tls
from exchange.kit.agency import Member, kit_key, member
from exchange.kit.doors import Door, Knock, Reply
from exchange.kit.enrolling import Enrolled
from exchange.kit.play import plan, run
from exchange.kit.rehearsal import Rehearsal, rehearse
from exchange.kit.rules import Finding
from exchange.kit.setting import Setting, agree
from exchange.protocol.profiles import load_profile, terms_for
from exchange.protocol.suites import KeyUse, Suite, tls_private_key
from tests.support.certificates import pem_of
from tests.support.door_world import HOST, Noted
from tests.support.world import KH, VN


@dataclass(frozen=True)
class KitNode:
    """A running node and what the kit needs to reach it."""

    address: str
    setting: Setting
    rehearsal: Rehearsal

    @property
    def enrolled(self) -> Enrolled:
        setting = self.setting
        return Enrolled(setting.sender, setting.recipient.card, setting.agreed[0].agreement)

    async def findings(
        self, *, quick: bool = False, before: Callable[[Door], Door] = lambda door: door
    ) -> list[Finding]:
        """Return what a run of the kit finds; `before` may put something before the door."""
        async with knock_at(self.address, self.setting.recipient.card) as bare:
            door = before(bare)
            wanted, now = plan(quick=quick), SystemClock().now
            steps = run(door, self.enrolled, wanted, now=now, random=secrets.token_bytes)
            return [finding async for finding in steps]


@dataclass
class Vanishing:
    """A `Door` whose node is gone after some requests."""

    door: Door
    left: int

    async def knock(self, request: Knock) -> Reply:
        self.left -= 1
        if self.left < 0:
            raise TransportError("nobody answers", reason="no_answer")
        return await self.door.knock(request)

    async def card(self) -> Reply:
        return await self.door.card()


def a_setting() -> Setting:
    """Return the kit as KH and a node of VN, born today."""
    now = SystemClock().now()
    sender: Member = member(KH, born_at=now)
    recipient = member(VN, born_at=now, addresses=(f"https://{HOST}:18443",))
    terms = terms_for(load_profile("kh-vn"), VN, KH)
    return agree(sender, recipient, terms, suite=Suite.HYBRID)


@contextlib.asynccontextmanager
async def kit_node() -> AsyncIterator[KitNode]:
    """Open a node on a free port."""
    setting, noted, clock = a_setting(), Noted(), SystemClock()
    rehearsal = await rehearse(setting, memory_store, clock=clock, random=secrets.token_bytes)
    guard, limits = RequestGuard(recipient=VN, clock=clock), ServerLimits(stop_s=1)
    app = partner_app(rehearsal.doorkeeper, guard=guard, journal=noted, counters=noted, limits=limits)
    tls = server_tls(*pem_of(tls_private_key(kit_key(VN, KeyUse.TLS))))
    async with serve(app, host=HOST, port=0, ssl_context=tls) as listener:
        yield KitNode(f"https://{HOST}:{listener.port}", setting, rehearsal)
