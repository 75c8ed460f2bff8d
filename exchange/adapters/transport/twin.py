# SPDX-License-Identifier: Apache-2.0
"""A training partner that behaves badly on purpose, so that people see what a real node does then.

    lossy       every third answer is lost on the way, in both directions
    duplicate   every frame is sent twice
    late        every answer comes a second late
    wrong-key   every line is signed with a key that is not in the card

`bootstrap` reads the wish from `EXCHANGE_TWIN`, and only for a training node: a real one ignores it.
The faults lie between the use cases and the line; nothing else of the node is changed.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from exchange.errors import TransportError
from exchange.ids import LinkId, RandomSource
from exchange.protocol.frames import decode_frame
from exchange.protocol.keyring import Keyring, OwnKey
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, new_key
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.node import Node
from exchange.service.surroundings import Carrier

VARIABLE: Final = "EXCHANGE_TWIN"
LOST_EVERY: Final = 3
LATE_S: Final = 1.0


class Twin(StrEnum):
    """How a training partner misbehaves."""

    LOSSY = "lossy"
    DUPLICATE = "duplicate"
    LATE = "late"
    WRONG_KEY = "wrong-key"


class Fault:
    """One kind of misbehaviour, and how often it happened."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.answers = 0
        self.done = 0
        """Answers lost or delayed, or frames sent twice."""

    async def pass_on(self, answer: bytes) -> bytes | None:
        """Return an answer after what happens to it on the way, or None if it is lost."""
        self.answers += 1
        if self.twin is Twin.LATE:
            self.done += 1
            await asyncio.sleep(LATE_S)
        if self.twin is Twin.LOSSY and self.answers % LOST_EVERY == 0:
            self.done += 1
            return None
        return answer


class FaultyCarrier:
    """The `Carrier` of a training node, with its fault."""

    def __init__(self, carrier: Carrier, fault: Fault) -> None:
        self._carrier = carrier
        self._fault = fault

    async def exchange(self, link: LinkId, frame: bytes, *, timeout_s: float) -> bytes:
        """Send a frame and return the answer, as far as the fault lets it through.

        Raises:
            TransportError: as the carrier beneath; `broken` when the answer is lost.
        """
        answer = await self._carrier.exchange(link, frame, timeout_s=timeout_s)
        if self._fault.twin is Twin.DUPLICATE:
            self._fault.done += 1
            again = await self._carrier.exchange(link, frame, timeout_s=timeout_s)
            answer = again if decode_frame(again).lines else answer
        passed = await self._fault.pass_on(answer)
        if passed is None:
            raise TransportError("the answer was lost on purpose", reason="broken")
        return passed

    async def gate(self, link: LinkId, question: bytes, *, timeout_s: float) -> bytes:
        """Ask at the start gate; no fault touches that."""
        return await self._carrier.gate(link, question, timeout_s=timeout_s)


class FaultyDoor(Doorkeeper):
    """What stands behind the partner door of a training node, with its fault."""

    def __init__(self, node: Node, card: bytes, fault: Fault) -> None:
        super().__init__(node, card)
        self._fault = fault

    async def take_frame(self, link: LinkId, raw: bytes) -> bytes:
        """Take a frame; what was taken stays taken when the answer is lost.

        Raises:
            ConnectionAbortedError: the answer is lost; the caller sees a broken connection.
        """
        passed = await self._fault.pass_on(await super().take_frame(link, raw))
        if passed is None:
            raise ConnectionAbortedError("the answer was lost on purpose")
        return passed


class StrangeKeyring(Keyring):
    """The keys of a node, but lines are signed with a key that no card names."""

    def __init__(self, keys: Iterable[OwnKey], fault: Fault, random: RandomSource) -> None:
        super().__init__(keys)
        self._fault = fault
        self._strange = new_key(KeyUse.ENVELOPE, Algorithm.ED25519, random)

    def signing(self, use: KeyUse, at: datetime) -> PrivateKey:
        if use is not KeyUse.ENVELOPE:
            return super().signing(use, at)
        self._fault.done += 1
        return self._strange
