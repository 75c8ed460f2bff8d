# SPDX-License-Identifier: Apache-2.0
"""Keeps one partner supplied: the loop that decides when to exchange frames.

One loop runs for each link, so an outage of one partner touches no other. While the start gate is
closed the loop asks at the gate; afterwards it sleeps until there is something to send:

* lines that are due, or results the partner waits for: at once;
* only leaves or a cosignature: when the last frame is a minute old (such a frame causes no leaf).

A partner without an address is never called: it calls, and its frames are answered (`poll` is its side).
A node that moved does the same until its partner calls it: the new address waits there for two persons.

Two nodes without an address never call each other: only their gate is looked after here (`filegate`),
everything else goes by parcels. A node that stops finishes the exchange it is in, and begins no other.
While an officer holds the link shut (`pausing`) the loop does nothing at all.

While the queue is longer than a frame, a second frame is under way before the first one is answered, so
that neither side waits for the other. The partner takes them one after the other.

A failed exchange changes nothing. The next try comes after full jitter between 0 and 2 s doubled for
each failure, at most 15 minutes; contact from the partner ends the wait. Nothing is ever re-sealed: the
stored line is offered again until its verdict leaf is in our copy, or we void it.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

from exchange.errors import GateClosedError, LinkPausedError, ProtocolError, TransportError
from exchange.ids import LinkId
from exchange.service.agreements import compare_notes, is_on_its_way
from exchange.service.clock_apart import note_failed_call
from exchange.service.composing import Composed, Results, compose_if, due_lines, next_frame
from exchange.service.converse import backoff_s, call, call_while_full
from exchange.service.filegate import open_by_files
from exchange.service.gate import open_gate, refill_by_calls, show_ourselves
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from exchange.service.void import give_up_expired, is_any_expired

IDLE_LOOK_S = 20.0
"""How often an idle loop looks for due retries and expired messages."""
POLL_S = 55
"""How long a partner may hold the answer of a poll (design 4.5)."""
LAST_ANSWER_S = 0.5
"""How long a node that stops goes on waiting for the answer of a poll."""
PAUSE_S = 1.0
"""Between polls that bring nothing although the partner did not wait."""


@dataclass(frozen=True)
class Need:
    """What there is to send on a link."""

    lines: bool
    leaves: bool
    expired: bool = False
    """Messages have passed their end and wait to be given up."""


async def deliver(node: Node, link: LinkId) -> None:
    """Run the loop of one link until the node stops."""
    presence = node.presence.of(link)
    while not node.presence.is_draining:
        presence.wake.clear()
        try:
            await _turn(node, link)
            presence.failures = 0
        except LinkPausedError:
            await _sleep(node, link, IDLE_LOOK_S)
        except (TransportError, ProtocolError, GateClosedError) as error:
            presence.failures += 1
            presence.failure = error.reason
            node.counters.count("exchange_failed", reason=error.reason)
            node.journal.note("exchange_failed", link=link, reason=error.reason, failures=presence.failures)
            note_failed_call(node, link, error)
            await _sleep(node, link, backoff_s(node, presence.failures))


async def _turn(node: Node, link: LinkId) -> None:
    """Do the next thing: open the gate, exchange, or wait."""
    presence = node.presence.of(link)
    if presence.pause:
        await _sleep(node, link, IDLE_LOOK_S)
        return
    if presence.gate is not LinkState.OPEN and node.is_by_files(link):
        await open_by_files(node, link)
        return
    if presence.gate is not LinkState.OPEN and not presence.only_answers:
        await open_gate(node, link)
        return
    if presence.only_answers:
        await (refill_by_calls if presence.wishes.report else _wait_for_a_call)(node, link)
        return
    if await _compare_notes_if_due(node, link):
        return
    found = await compose_if(node, link, lambda uow, owed: _look(uow, node, link, owed))
    if isinstance(found, Composed):
        await call_while_full(node, link, found)
    elif found.expired:
        await give_up_expired(node, link)
    else:
        until_tail_s = max(0.05, _until_tail_s(node, link)) if found.leaves else IDLE_LOOK_S
        await _sleep(node, link, min(until_tail_s, IDLE_LOOK_S, _until_retry_s(node, link)))


async def _wait_for_a_call(node: Node, link: LinkId) -> None:
    """Wait for a partner that only calls; what passed its end is given up meanwhile."""
    is_open = node.presence.of(link).gate is LinkState.OPEN
    if is_open and await node.store.read(lambda uow: is_any_expired(uow, node, link)):
        await give_up_expired(node, link)
    else:
        await _sleep(node, link, IDLE_LOOK_S)


def _look(uow: UnitOfWork, node: Node, link: LinkId, owed: Results) -> Composed | Need:
    """Return the next frame if something is to go now, and what there is to send if not."""
    need = need_of(uow, node, link)
    is_due = need.lines or owed or (need.leaves and _until_tail_s(node, link) <= 0)
    return next_frame(uow, node, link, owed) if is_due and not need.expired else need


def _until_tail_s(node: Node, link: LinkId) -> float:
    """Return how long it is until a frame without lines may go; negative if it may go now."""
    waited_s = node.clock.monotonic_s() - node.presence.of(link).tail_sent_s
    return node.limits.tail_only_every_s - waited_s


async def _compare_notes_if_due(node: Node, link: LinkId) -> bool:
    """Ask the partner, once a minute, about a version of the agreement that is on its way."""
    presence, now_s = node.presence.of(link), node.clock.monotonic_s()
    if presence.gate is not LinkState.OPEN or now_s < presence.notes_at_s:
        return False
    presence.notes_at_s = now_s + node.limits.tail_only_every_s
    if not await node.store.read(lambda uow: is_on_its_way(uow, link)):
        return False
    await compare_notes(node, link)
    return True


async def poll(node: Node, link: LinkId) -> None:
    """Ask for news until the node stops, as a node that nobody calls; the partner holds each answer.

    Before both sides have signed, and when a partner says "not now" because it may have started again, we
    speak at its gate instead.
    """
    presence, failures = node.presence.of(link), 0
    while not node.presence.is_draining:
        changed, began_s = presence.changed, node.clock.monotonic_s()
        if presence.pause or presence.only_answers or (presence.is_called and not node.only_calls):
            await _until_changed(node, link, IDLE_LOOK_S)
            continue
        try:
            await _unless_stopping(node, _ask_for_news(node, link))
            failures = 0
        except LinkPausedError:
            await _until_changed(node, link, IDLE_LOOK_S)
            continue
        except (TransportError, ProtocolError, GateClosedError) as error:
            failures += 1
            presence.failure = error.reason
            node.counters.count("exchange_failed", reason=error.reason)
            note_failed_call(node, link, error)
        brought = presence.changed is not changed
        if failures:
            await _until_changed(node, link, min(backoff_s(node, failures), IDLE_LOOK_S))
        elif not brought and node.clock.monotonic_s() - began_s < PAUSE_S:
            await _until_changed(node, link, PAUSE_S)


async def _unless_stopping(node: Node, asking: Coroutine[None, None, None]) -> None:
    """Ask, but do not sit out a poll that the partner holds while this node stops.

    An answer that is coming in just then is still taken.
    """
    asked = asyncio.ensure_future(asking)
    stopping = asyncio.ensure_future(node.presence.rest())
    try:
        await asyncio.wait({asked, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            await asyncio.wait({asked}, timeout=LAST_ANSWER_S)
        if asked.done():
            await asked
    finally:
        asked.cancel()
        stopping.cancel()
        await asyncio.wait({asked, stopping})


async def _ask_for_news(node: Node, link: LinkId) -> None:
    """Poll once, or speak at the partner's gate where that is what is missing."""
    if node.presence.of(link).gate is LinkState.OPEN:
        try:
            await call(node, link, wait_s=POLL_S)
        except TransportError as error:
            if error.reason != "busy":
                raise
            await show_ourselves(node, link)
        return
    row = await node.store.read(lambda uow: uow.links.get(link))
    if row is not None and row.state is LinkState.JOINED:
        await show_ourselves(node, link)


async def _until_changed(node: Node, link: LinkId, seconds: float) -> None:
    """Wait for news of a link, at most so long, and not at all when the node stops."""
    if node.presence.is_draining:
        return
    try:
        async with asyncio.timeout(seconds):
            await node.presence.of(link).changed.wait()
    except TimeoutError:
        return


def _until_retry_s(node: Node, link: LinkId) -> float:
    """Return how long it is to the next line that the partner put off; a long time if there is none."""
    left_s = node.presence.of(link).retry_at_s - node.clock.monotonic_s()
    return left_s + 0.01 if left_s > 0 else IDLE_LOOK_S


def need_of(uow: UnitOfWork, node: Node, link: LinkId) -> Need:
    """Return what there is to send now."""
    row = uow.links.get(link)
    presence = node.presence.of(link)
    first = uow.messages.first_queued(link)
    cosigned = uow.logs.cosigned(link, node.agency)[0]
    own_size = uow.logs.position(link, node.agency).size
    owes_cosignature = (
        row is not None and uow.logs.position(link, row.partner).size > presence.cosignature_sent
    )
    return Need(
        lines=first is not None and bool(due_lines(uow, node, link, first=first, limit=1)),
        leaves=own_size > cosigned or owes_cosignature,
        expired=is_any_expired(uow, node, link),
    )


async def flush(node: Node, link: LinkId) -> None:
    """Exchange frames until both logs are cosigned, without the wait of a minute; for `reconcile`.

    Raises:
        TransportError, GateClosedError: the partner is not reachable now.
    """
    if node.is_by_files(link):
        raise TransportError("this link goes by parcels only", reason="no_route")
    presence = node.presence.of(link)
    for _ in range(8):
        node.presence.demand_open(link)
        if presence.only_answers:
            node.presence.wake(link)
            await _until_changed(node, link, PAUSE_S)
        else:
            await call(node, link)
        need = await node.store.read(lambda uow: need_of(uow, node, link))
        if not need.lines and not need.leaves:
            return


async def _sleep(node: Node, link: LinkId, seconds: float) -> None:
    """Wait, at most until somebody wakes this link."""
    try:
        async with asyncio.timeout(seconds):
            await node.presence.of(link).wake.wait()
    except TimeoutError:
        return
