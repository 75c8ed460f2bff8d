# SPDX-License-Identifier: Apache-2.0
"""Runs everything a node does by itself: one loop for each link, and the upkeep.

The first storage error ends the process (rule 21): tasks run in one group, and it leaves that. Nothing else
does: what fails with the data of one partner must not end the others, nor the process, which would meet the
same data again after each start. It is noted, and tried again. Links that are enrolled while the node runs
get their loop at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from exchange.errors import ExchangeError, NodeError, StoreError
from exchange.ids import LinkId
from exchange.ledger.entries import beat
from exchange.service import logbook
from exchange.service.addresses import has_moved
from exchange.service.agreements import keep_agreed
from exchange.service.bookkeeper import Bookkeeper
from exchange.service.converse import LINES_AT_ONCE
from exchange.service.deliver import deliver, poll
from exchange.service.drafts import release_waiting
from exchange.service.filegate import put_mark
from exchange.service.keychange import tell_keys
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from exchange.service.settling import BEGIN, settle_rest
from exchange.service.stamping import EVERY as STAMP_EVERY
from exchange.service.stamping import stamp_heads
from exchange.service.void import LOST, give_up
from exchange.service.withdrawals import look_for_others
from exchange.service.witnesses import EVERY as WITNESS_EVERY
from exchange.service.witnesses import show_heads

BEAT_EVERY = timedelta(days=1)
RUNNING = frozenset({LinkState.CLOSED, LinkState.OPEN})


class Supervisor:
    """The tasks of one node."""

    def __init__(self, node: Node, *, beside: Sequence[Callable[[], Awaitable[None]]] = ()) -> None:
        """Run the loops of a node, and tasks `beside` them that end when it drains."""
        self._node = node
        self._beside = beside
        self._loops: dict[LinkId, asyncio.Task[None]] = {}
        self._polls: dict[LinkId, asyncio.Task[None]] = {}
        self._water: dict[LinkId, int] = {}
        self._shown: dict[LinkId, datetime] = {}
        self._stamped: dict[LinkId, datetime] = {}
        self._books = Bookkeeper(node)

    async def run(self) -> None:
        """Run until the node stops; raises StoreError when the store failed."""
        async with asyncio.TaskGroup() as group:
            for task in self._beside:
                group.create_task(self._go_on(task))
            polls = self._node.only_calls or await self._node.store.read(
                lambda uow: has_moved(uow, self._node)
            )
            while not self._node.presence.is_draining:
                await _tolerate(self._node, partial(self._look, group, polls=polls))
                await self._node.presence.rest(self._node.limits.upkeep_s)

    async def _look(self, group: asyncio.TaskGroup, *, polls: bool) -> None:
        """Begin the loops of new links, end those of links that are gone, and do the upkeep of each."""
        links = await self._node.store.read(lambda uow: uow.links.all())
        self._end_loops({row.link for row in links})
        for row in links:
            if row.state in RUNNING and row.link not in self._loops:
                self._loops[row.link] = group.create_task(self._keep(deliver, row.link))
            if polls and row.link not in self._polls:
                self._polls[row.link] = group.create_task(self._keep(poll, row.link))
        for row in links:
            if row.state in RUNNING:
                await self._upkeep(row.link)

    async def _go_on(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run a task beside the links; what fails in it is tried again."""
        while not self._node.presence.is_draining:
            await _tolerate(self._node, task)
            await self._node.presence.rest(self._node.limits.after_trouble_s)

    def _end_loops(self, links: set[LinkId]) -> None:
        """End the loops of links that are there no more: their enrolment was taken back."""
        for loops in (self._loops, self._polls):
            for link in loops.keys() - links:
                loops.pop(link).cancel()

    def stop(self) -> None:
        """Let held answers go out and the loops end after what they are in; see `Presence.drain`."""
        self._node.presence.drain()

    async def _keep(self, loop: Callable[[Node, LinkId], Awaitable[None]], link: LinkId) -> None:
        """Run a loop of a link; trouble of one link (people must decide) does not end the others."""
        while not self._node.presence.is_draining:
            try:
                await loop(self._node, link)
            except StoreError:
                raise
            except NodeError as error:
                self._node.presence.of(link).reason = error.reason
                self._node.journal.note("link_waits", link=link, reason=error.reason)
                self._node.counters.count("link_waits", reason=error.reason)
            except Exception as error:  # a fault of the program on one link must not end the others
                _note_fault(self._node, error, link=link)
            await self._node.presence.rest(self._node.limits.after_trouble_s)

    async def _upkeep(self, link: LinkId) -> None:
        for step in (
            self._note_high_water,
            self._void_lost,
            self._release_waiting,
            self._reject_parked,
            self._beat,
            self._change_agreement,
            self._tell_keys,
            self._pass_on_withdrawals,
            self._show_witnesses,
            self._stamp_heads,
            self._books.keep,
        ):
            await _tolerate(self._node, partial(step, link), link=link)

    async def _note_high_water(self, link: LinkId) -> None:
        node = self._node
        if node.presence.of(link).gate is not LinkState.OPEN:
            return
        head = await node.store.read(lambda uow: uow.logs.head(link, node.agency))
        if head and self._water.get(link) != head.size:
            await put_mark(node, link)
            self._water[link] = head.size

    async def _void_lost(self, link: LinkId) -> None:
        node = self._node
        if node.presence.of(link).gate is not LinkState.OPEN:
            return

        def lost(uow: UnitOfWork) -> list[int]:
            rows = uow.messages.stopped(link)
            return [row.seq for row in rows if row.code == LOST]

        for seq in await node.store.read(lost):
            await give_up(node, link, seq, code=LOST, actor="node")

    async def _reject_parked(self, link: LinkId) -> None:
        """Give lines whose handling has failed for ten minutes their rejection, also when nobody calls."""
        node = self._node
        if node.presence.of(link).gate is not LinkState.OPEN:
            return
        since = node.clock.now() - node.limits.internal_after
        held = await node.store.read(lambda uow: uow.messages.held(link))
        if any(row.logged_at <= since for row in held):
            await settle_rest(node, link, BEGIN, at_once=LINES_AT_ONCE)
            node.presence.wake(link)

    async def _beat(self, link: LinkId) -> None:
        """Write `beat` once a day when there was nothing else, so that a silent log is seen to be alive."""
        node = self._node
        if node.presence.of(link).gate is not LinkState.OPEN:
            return
        head = await node.store.read(lambda uow: uow.logs.head(link, node.agency))
        if head and node.clock.now() - head.at >= BEAT_EVERY:
            await node.store.write(lambda uow: _write_beat(uow, node, link))
            node.presence.wake(link)

    async def _change_agreement(self, link: LinkId) -> None:
        """Switch our direction to the next version of the agreement as soon as both sides hold it."""
        node = self._node
        if node.presence.of(link).gate is LinkState.OPEN and await keep_agreed(node, link):
            node.presence.wake(link)

    async def _tell_keys(self, link: LinkId) -> None:
        """Say in our log that the time of a key is over."""
        await tell_keys(self._node, link)

    async def _pass_on_withdrawals(self, link: LinkId) -> None:
        """Find the other partners that have data of a person who withdrew a consent; people tell them."""
        await look_for_others(self._node, link)

    async def _show_witnesses(self, link: LinkId) -> None:
        """Show a log that grew to the witnesses, at most once an hour."""
        node, shown = self._node, self._shown.get(link)
        now = node.clock.now()
        if (
            not (node.witnesses and node.witnesses.chosen)
            or node.presence.of(link).gate is not LinkState.OPEN
        ):
            return
        if shown is None or now - shown >= WITNESS_EVERY:
            self._shown[link] = now
            await show_heads(node, link, at=now)

    async def _stamp_heads(self, link: LinkId) -> None:
        """Have the head of the newest statement stamped, asking at most once an hour."""
        node, asked = self._node, self._stamped.get(link)
        if not node.stampers or node.presence.of(link).gate is not LinkState.OPEN:
            return
        now = node.clock.now()
        if (asked is None or now - asked >= STAMP_EVERY) and await stamp_heads(node, link):
            self._stamped[link] = now

    async def _release_waiting(self, link: LinkId) -> None:
        if self._node.presence.of(link).gate is LinkState.OPEN:
            await release_waiting(self._node, link)


def _write_beat(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    row = uow.links.get(link)
    if row:
        logbook.write(uow, node, row, [beat()])


async def _tolerate(node: Node, step: Callable[[], Awaitable[None]], *, link: LinkId | None = None) -> None:
    """Run a step, of a link or of all; trouble in it ends neither the others nor the process."""
    try:
        await step()
    except StoreError:
        raise
    except ExchangeError as error:
        node.journal.note("link_waits", reason=error.reason, **_named(link))
    except Exception as error:  # a fault of the program, perhaps with what a partner said
        _note_fault(node, error, link=link)


def _note_fault(node: Node, error: Exception, *, link: LinkId | None) -> None:
    node.journal.note("task_failed", error=type(error).__name__, **_named(link))
    node.counters.count("task_failed")


def _named(link: LinkId | None) -> dict[str, str]:
    return {"link": link} if link else {}
