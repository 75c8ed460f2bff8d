# SPDX-License-Identifier: Apache-2.0
"""Looks at a running node every quarter of a minute, for `/health` and `/metrics`.

A monitor asks often and must be answered at once, so it gets what was seen last. People should look when:

    gate_closed     the gate of a link has been closed for five minutes while messages for it wait
    link_paused     an officer stopped a link, and nobody has let it go on yet
    clocks_apart    the clock of a partner is too far from ours for its requests, or ours for it

None is an illness of the node, and none goes away by a restart. A paused link is not told as a closed gate.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from exchange.bootstrap import OpenNode, gauges_text, last_backup
from exchange.clock import parse_instant
from exchange.errors import NodeError
from exchange.ids import LinkId
from exchange.service.ports import UnitOfWork
from exchange.service.watching import LinkStanding, link_standings

EVERY_S: Final = 15.0
"""As often as a monitor asks by default."""
PATIENCE: Final = timedelta(minutes=5)
"""A gate opens seconds after a start; a partner that starts again needs a minute or two."""


class Watch:
    """What was seen of a node last."""

    def __init__(self, opened: OpenNode) -> None:
        self._opened = opened
        self._links: Sequence[LinkStanding] = ()
        self._backup_age_s: float | None = None
        self._stuck_since_s: dict[LinkId, float] = {}

    async def run(self) -> None:
        """Look until the task is cancelled; a store that fails ends the process by the supervisor."""
        while True:
            with contextlib.suppress(NodeError):
                await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Look once."""
        node = self._opened.node
        self._links = await node.store.read(lambda uow: link_standings(uow, node))
        self._backup_age_s = await node.store.read(self._age_of_backup)
        now_s = node.clock.monotonic_s()
        stuck = [each.link for each in self._links if each.waiting and not (each.is_open or each.is_paused)]
        self._stuck_since_s = {link: self._stuck_since_s.get(link, now_s) for link in stuck}

    def looks(self) -> tuple[str, ...]:
        """Return why people should look, as codes."""
        now_s, found = self._opened.node.clock.monotonic_s(), []
        if any(now_s - since_s >= PATIENCE.total_seconds() for since_s in self._stuck_since_s.values()):
            found.append("gate_closed")
        if any(each.is_paused for each in self._links):
            found.append("link_paused")
        if any(each.apart_s for each in self._links):
            found.append("clocks_apart")
        return tuple(found)

    def text(self) -> bytes:
        """Return the gauges in the text format of Prometheus."""
        return gauges_text(self._links, backup_age_s=self._backup_age_s)

    def _age_of_backup(self, uow: UnitOfWork) -> float | None:
        made = last_backup(uow)
        return (self._opened.node.clock.now() - parse_instant(made)).total_seconds() if made else None
