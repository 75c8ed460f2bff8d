# SPDX-License-Identifier: Apache-2.0
"""What a restored node asks of a partner that only calls: one question in each of its answers at the gate.

    caller                                          called side, its store is behind, gate closed
      3  question, report, to_nonce = N   ------->  the caller saw more of our log: a refill begins
      4                                   <-------  answer, nonce M, asks {op: leaves, …}
      5  word, op leaves, to_nonce = M,   ------->  taken over like an answer over the network
         gives the leaves
      6                                   <-------  answer, asks the next, {} when nothing is missing
      7  question, report, to_nonce = …   ------->  as 3: now the gate opens

The numbers go on from docs/protocol/gate.md. What is given counts only if it names the nonce of our last
answer; what it says is checked by the refill, wherever it came from. A question that got no answer stands in
our next answer again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exchange.errors import TransportError
from exchange.protocol.strictjson import JsonValue

if TYPE_CHECKING:
    from exchange.service.gatetalk import Report

UNTIL_ASKED_S = 10.0
"""How long an answer waits for what the refill wants next; the partner waits 30 s for an answer."""
UNTIL_GIVEN_S = 120.0
"""How long a refill waits for the partner's next call."""


@dataclass
class Wishes:
    """The question of a refill that waits for a call; belongs to the event loop."""

    report: "Report | None" = None
    """What the partner told when it showed that something is missing here; None when nothing is asked for."""
    _asks: dict[str, JsonValue] = field(default_factory=dict)
    _given: "asyncio.Future[Mapping[str, JsonValue]] | None" = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, report: "Report") -> None:
        """Say that something is missing; whoever keeps the link runs the refill."""
        self.report = report

    def end(self) -> None:
        """Ask for nothing more; who waits for what was asked gets an error."""
        self.report = None
        if self._given is not None and not self._given.done():
            self._given.set_exception(TransportError("nothing more is asked for", reason="stopping"))
        self._stir()

    @property
    def is_open(self) -> bool:
        """A question waits for what the partner gives."""
        return self._given is not None and not self._given.done()

    async def ask(self, op: str, asks: dict[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Ask with our next answer, and return what the partner gives with one of its next calls.

        Raises:
            TransportError: it does not give it.
        """
        self._asks, self._given = {"op": op, **asks}, asyncio.get_running_loop().create_future()
        self._stir()
        try:
            async with asyncio.timeout(UNTIL_GIVEN_S):
                return await self._given
        except TimeoutError:
            raise TransportError(
                "the partner did not give back what it was asked for", reason="refill_unanswered"
            ) from None
        finally:
            self._given = None

    def give(self, op: str, gives: Mapping[str, JsonValue]) -> None:
        """Take what the partner gives if it is what was asked for; nothing else has an effect."""
        if self._given is not None and not self._given.done() and self._asks["op"] == op:
            self._given.set_result(gives)

    async def next(self) -> dict[str, JsonValue]:
        """Return what our answer asks for: what is wanted next, {} if it is nothing or not known in time."""
        ends_s = asyncio.get_running_loop().time() + UNTIL_ASKED_S
        while self.report is not None and not self.is_open:
            try:
                async with asyncio.timeout_at(ends_s):
                    await self._changed.wait()
            except TimeoutError:
                return {}
        return dict(self._asks) if self.is_open else {}

    def _stir(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
