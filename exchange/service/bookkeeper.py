# SPDX-License-Identifier: Apache-2.0
"""Keeps the books of a link while its gate is open: hears, sweeps, makes and answers statements.

1. Notices and resolutions that came are heard within seconds.
2. Both ledgers are compared again (`differences.sweep`) when one of them grew or evidence was kept, and in
   any case once an hour, because time alone makes a message late. The next sweep waits a hundred times as
   long as the last one took, at least a minute: so a large ledger costs a hundredth of one core.
3. Daily statements of the partner are answered, statements that are due are made.

What fails for want of an officer or of a calendar is tried again after an hour.
"""

from dataclasses import dataclass
from typing import Final

from exchange.errors import ExchangeError, StoreError
from exchange.ids import LinkId
from exchange.service.differences import sweep
from exchange.service.hearing import hear
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from exchange.service.statements import answer_days, due_periods, make

KEEP_EVERY_S: Final = 15.0
STATEMENTS_EVERY_S: Final = 60.0
SWEEP_EVERY_S: Final = 60.0
REST_AFTER_SWEEP: Final = 100.0
"""The share of time that sweeps may take, turned round."""
SWEEP_ANYWAY_S: Final = 3_600.0
AFTER_FAILURE_S: Final = 3_600.0
FIRST_SWEEP_S: Final = 60.0
"""After a start delivery comes first."""


@dataclass
class _Pace:
    """When what was done last, in monotonic seconds."""

    next_sweep_s: float
    next_s: float = float("-inf")
    swept_s: float = float("-inf")
    swept: tuple[int, int, int] = (-1, -1, -1)
    """Sizes of both logs and evidence kept, at the last sweep."""
    statements_s: float = float("-inf")


class Bookkeeper:
    """The books of all links of one node; what it remembers lasts as long as the process."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._paces: dict[LinkId, _Pace] = {}

    async def keep(self, link: LinkId) -> None:
        """Do what is due for the books of a link."""
        node, now_s = self._node, self._node.clock.monotonic_s()
        if node.presence.of(link).gate is not LinkState.OPEN or not node.limits.keeps_books:
            return
        pace = self._paces.setdefault(link, _Pace(now_s + FIRST_SWEEP_S))
        if now_s < pace.next_s:
            return
        pace.next_s = now_s + KEEP_EVERY_S
        await hear(node, link)
        if pace.statements_s <= now_s:
            await self._keep_statements(link, pace)
        await self._keep_differences(link, pace)

    async def _keep_statements(self, link: LinkId, pace: _Pace) -> None:
        node = self._node
        pace.statements_s = node.clock.monotonic_s() + STATEMENTS_EVERY_S
        try:
            await answer_days(node, link)
            for period in await due_periods(node, link):
                await make(node, link, period)
        except StoreError:
            raise
        except ExchangeError as error:
            pace.statements_s = node.clock.monotonic_s() + AFTER_FAILURE_S
            node.journal.note("link_waits", link=link, reason=error.reason)

    async def _keep_differences(self, link: LinkId, pace: _Pace) -> None:
        node, now_s = self._node, self._node.clock.monotonic_s()
        if now_s < pace.next_sweep_s:
            return
        state = await node.store.read(lambda uow: self._state(uow, link))
        if state == pace.swept and now_s < pace.swept_s + SWEEP_ANYWAY_S:
            return
        pace.next_sweep_s = now_s + SWEEP_EVERY_S
        try:
            await sweep(node, link)
        except StoreError:
            raise
        except ExchangeError as error:
            pace.next_sweep_s = now_s + AFTER_FAILURE_S
            node.journal.note("link_waits", link=link, reason=error.reason)
            return
        pace.swept, pace.swept_s = state, now_s
        took_s = node.clock.monotonic_s() - now_s
        pace.next_sweep_s = max(pace.next_sweep_s, now_s + REST_AFTER_SWEEP * took_s)

    def _state(self, uow: UnitOfWork, link: LinkId) -> tuple[int, int, int]:
        node, row = self._node, uow.links.get(link)
        theirs = uow.logs.position(link, row.partner).size if row else 0
        return uow.logs.position(link, node.agency).size, theirs, node.presence.of(link).evidence
