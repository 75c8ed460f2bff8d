# SPDX-License-Identifier: Apache-2.0
"""One exchange of frames with a partner, seen from either end.

Both ends do the same two things, so there is one path for a call and for its answer:

    compose   what we have for the partner: log tail, cosignature, results, lines that are due
    absorb    what the partner has for us: card, tail, cosignature, results, lines

`call` composes, hands the frame to the carrier and absorbs the answer. `answer` absorbs what came in at
the door and composes. In the numbers of docs/protocol/sending.md (`release` has 1 to 4, `composing` has 5,
`tail` has 7 to 10):

6. carry: by the carrier; what is no frame of this link changes nothing

Everything a frame brings is committed before anything is composed, so an answer never tells of what is
not durable (rule 14). Tail, cosignature, results and the first lines are one unit; further lines follow
in units of their own, and so do held lines that these let in, so that a full frame does not hold the store
for others. While one unit is being committed, the next lines are examined. A process that dies in between
has taken a part of the frame; the sender offers the rest again, and what was taken is answered by the leaves
that exist.

A line is offered once and then counts as on its way (`offered`); only the verdict leaf in the
partner's tail, or our `void`, ends it. Results only say when to offer it again.
"""

import asyncio
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from exchange.errors import AgainError, FrameInvalidError, RefusedError
from exchange.ids import KeyId, LinkId, MessageId
from exchange.protocol.envelope import read_envelope, split_line
from exchange.protocol.frames import (
    Frame,
    Outcome,
    Result,
    decode_frame,
    encode_frame,
)
from exchange.protocol.suites import PrivateKey, Suite
from exchange.service import carryover, intake, tail
from exchange.service.clock_apart import note_in_time
from exchange.service.composing import Composed, compose
from exchange.service.examine import Examined, examine
from exchange.service.keyplaces import hear_card
from exchange.service.long_work import LONG_LINE_BYTES, beside
from exchange.service.node import LinkPresence, Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.refusals import Refused, note_refused
from exchange.service.rows import Direction, MessageState
from exchange.service.settling import Place, settle_held, settle_rest
from exchange.service.taking import take_lines
from exchange.service.versions import suites_of

SLICE_S = 0.005
"""Lines are examined for this long before the event loop is yielded (design 4.6)."""
FRAMES_UNDER_WAY = 2
"""Design 4.6: at most two frames of a link wait for their answers."""
PATIENCE_S = 2.0
"""How long a frame that is ahead of its predecessor waits for it (design 4.6)."""
LINES_AT_ONCE = 32
"""New and held lines in one unit; at about 0.3 ms for each it holds the store for some 10 ms (design 6)."""
NO_ID = MessageId("00000000-0000-7000-8000-000000000000")
"""Stands in the result of a line whose envelope could not be read."""


Lines = Sequence[Examined | Result]
"""Lines that were examined, and results of those that were nobody's."""


async def call(node: Node, link: LinkId, *, wait_s: int = 0) -> None:
    """Send one frame to the partner and take in its answer; the partner may hold it for `wait_s`.

    Raises:
        TransportError: no proper answer; everything stays as it was.
    """
    await _begin(node, link, await compose(node, link), wait_s=wait_s)


async def call_while_full(node: Node, link: LinkId, composed: Composed) -> None:
    """Send a frame and take in its answer; while frames are full, keep `FRAMES_UNDER_WAY` of them going.

    Raises:
        TransportError: no proper answer to one of them; what was not answered goes back to the queue.
    """
    under_way: deque[asyncio.Task[None]] = deque()
    try:
        while True:
            under_way.append(_begin(node, link, composed))
            if not composed.is_full or node.presence.is_draining:
                break
            if len(under_way) == FRAMES_UNDER_WAY:
                await under_way.popleft()
            composed = await compose(node, link)
            if composed.is_tail_only:
                _return_to_queue(node.presence.of(link), composed)
                break
        while under_way:
            await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _begin(node: Node, link: LinkId, composed: Composed, *, wait_s: int = 0) -> asyncio.Task[None]:
    """Hand a frame to the carrier and take in the answer; return the task that does it.

    Whatever ends the task, what was not answered goes back to the queue. That is said of the task and not in
    it: a task that is cancelled before its first step runs nothing of its own.
    """
    task = asyncio.create_task(_carry(node, link, composed, wait_s))
    task.add_done_callback(partial(_end, node.presence.of(link), composed))
    return task


def _end(presence: LinkPresence, composed: Composed, task: asyncio.Task[None]) -> None:
    if task.cancelled() or task.exception() is not None:
        _return_to_queue(presence, composed)


async def _carry(node: Node, link: LinkId, composed: Composed, wait_s: int) -> None:
    async with node.presence.of(link).calling():
        raw = await node.carrier.exchange(
            link,
            encode_frame(replace(composed.frame, wait_s=wait_s)),
            timeout_s=node.limits.exchange_timeout_s,
        )
    await absorb(node, link, raw)


async def answer(node: Node, link: LinkId, raw: bytes) -> bytes:
    """Take in a frame from the door and return ours.

    Raises:
        FrameInvalidError: not a frame of this link.
        GateClosedError: the start gate is closed; the partner comes again.
    """
    node.presence.demand_open(link)
    wait_s = await absorb(node, link, raw)
    node.presence.of(link).is_called = True
    node.presence.of(link).stir.clear()
    composed = await compose(node, link)
    if wait_s and composed.is_tail_only and not node.presence.is_draining:
        await _wait(node.presence.of(link).stir, wait_s)
        composed = await compose(node, link)
    if node.presence.of(link).pause:
        _return_to_queue(node.presence.of(link), composed)
        node.presence.demand_unpaused(link)
    return encode_frame(composed.frame)


async def _wait(event: asyncio.Event, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            await event.wait()
    except TimeoutError:
        return


async def absorb(node: Node, link: LinkId, raw: bytes) -> int:
    """Commit everything a partner's frame brings; return how long it wants to wait.

    Raises:
        FrameInvalidError: not a frame of this link, from this partner, to us.
    """
    frame = decode_frame(raw)
    results = await take_frame(node, link, frame)
    _after(node, link, frame, results)
    return frame.wait_s


async def take_frame(node: Node, link: LinkId, frame: Frame) -> list[Result]:
    """Commit what a frame brings, whatever way it came; return what became of its lines.

    Idempotent: leaves, cosignatures, lines and the card of a frame that came before change nothing.

    Raises:
        FrameInvalidError: not of this link, from this partner, to us.
    """
    presence = node.presence.of(link)
    ends_s = node.clock.monotonic_s() + PATIENCE_S
    while len(frame.lines) > 1 and (left_s := ends_s - node.clock.monotonic_s()) > 0:
        changed = presence.changed
        if not await node.store.read(lambda uow: _is_ahead(uow, node, link, frame)):
            break
        await _wait(changed, left_s)
    async with presence.taking:
        return await _take_frame(node, link, frame)


def _is_ahead(uow: UnitOfWork, node: Node, link: LinkId, frame: Frame) -> bool:
    """Return whether all lines of a frame stand behind a number that is not here yet.

    Its predecessor may still be on its way: lines that are taken in their order need no second verdict.
    """
    pairing = pairing_of(uow, node, link)
    first = _claimed(frame.lines[-1])[0] - len(frame.lines) + 1
    return first > pairing.link.contiguous_in + 1 and first > intake.first_missing_number(uow, pairing)


async def _take_frame(node: Node, link: LinkId, frame: Frame) -> list[Result]:
    """Commit what a frame brings; frames of a link come here one after the other."""
    if not frame.lines and not frame.card:
        taken = await node.store.write(lambda uow: _take(uow, node, link, frame, (), ends=True))
        await settle_rest(node, link, taken.rest, at_once=LINES_AT_ONCE)
        return taken.results
    reader = await node.store.read(lambda uow: _reader(uow, node, link, frame))
    if frame.card:
        await hear_card(node, reader.pairing.link, frame.card)
        reader = await node.store.read(lambda uow: _reader(uow, node, link, frame))
    return await _take_in_parts(node, link, frame, reader)


@dataclass(frozen=True)
class _Reader:
    """What lines of one frame are examined with."""

    node: Node
    pairing: Pairing
    seal_keys: Mapping[KeyId, PrivateKey]
    suites: Mapping[int, frozenset[Suite]]
    card_shown: bool

    async def examine_all(self, raw_lines: Sequence[bytes]) -> list[Examined | Result]:
        """Examine lines, and let others go on after each slice."""
        clock, examined = self.node.clock, list[Examined | Result]()
        slice_ends_s = clock.monotonic_s() + SLICE_S
        for raw in raw_lines:
            if len(raw) > LONG_LINE_BYTES:
                examined.append(await beside(self.node, partial(self._examine, raw)))
            else:
                examined.append(self._examine(raw))
            if clock.monotonic_s() > slice_ends_s:
                await asyncio.sleep(0)
                slice_ends_s = clock.monotonic_s() + SLICE_S
        return examined

    def _examine(self, raw: bytes) -> Examined | Result:
        try:
            return examine(
                raw,
                self.pairing,
                own=self.node.agency,
                seal_keys=self.seal_keys,
                suites=self.suites,
                card_shown=self.card_shown,
                known=self.node.versions,
            )
        except AgainError as error:
            return Result(*_claimed(raw), Outcome.AGAIN, error.reason)
        except RefusedError as error:
            link, partner, (seq, id) = self.pairing.link.link, self.pairing.partner, _claimed(raw)
            self.node.counters.count("line_refused", partner=partner, reason=error.reason)
            note_refused(self.node, link, partner, Refused.LINE, reason=error.reason, seq=seq)
            return Result(seq, id, Outcome.REFUSED, "refused")


@dataclass(frozen=True)
class _Taken:
    """What a unit took of a frame, and where the next one has to go on with held lines, if anywhere."""

    results: list[Result]
    rest: Place | None = None


async def _take_in_parts(node: Node, link: LinkId, frame: Frame, reader: _Reader) -> list[Result]:
    """Commit a frame part by part; while one is under way the lines of the next are examined."""
    parts = [frame.lines[at : at + LINES_AT_ONCE] for at in range(0, len(frame.lines), LINES_AT_ONCE)] or [()]
    results, rest = list[Result](), None
    examined = await reader.examine_all(parts[0])
    for number, following in enumerate([*parts[1:], ()], 1):
        first, ends, lines = number == 1, number == len(parts), examined

        def unit(uow: UnitOfWork, first: bool = first, ends: bool = ends, lines: Lines = lines) -> _Taken:
            if first:
                return _take(uow, node, link, frame, lines, ends=ends)
            return _take_lines(uow, node, pairing_of(uow, node, link), lines, ends=ends)

        writing = node.store.write(unit)
        examined = await reader.examine_all(following)
        taken = await writing
        results, rest = results + taken.results, taken.rest
    await settle_rest(node, link, rest, at_once=LINES_AT_ONCE)
    return results


def _reader(uow: UnitOfWork, node: Node, link: LinkId, frame: Frame) -> _Reader:
    pairing = pairing_of(uow, node, link)
    _demand_address(node, pairing, frame)
    return _Reader(node, pairing, node.keys.sealing(), suites_of(uow, link), bool(frame.card))


def _demand_address(node: Node, pairing: Pairing, frame: Frame) -> None:
    if (frame.link, frame.sender, frame.recipient) != (pairing.link.link, pairing.partner, node.agency):
        raise FrameInvalidError("the frame names another link or another agency than its address")


def _claimed(raw: bytes) -> tuple[int, MessageId]:
    """Return the number and id that an unverified line claims, so that its sender finds it again."""
    try:
        claimed = read_envelope(split_line(raw)[0]).claimed
    except RefusedError:
        return 0, NO_ID
    return claimed.seq, claimed.id


def _take(uow: UnitOfWork, node: Node, link: LinkId, frame: Frame, lines: Lines, *, ends: bool) -> _Taken:
    """Tail, cosignature, results, the first lines; what waited for them if no more lines follow."""
    pairing = pairing_of(uow, node, link)
    _demand_address(node, pairing, frame)
    if frame.tail and tail.take_tail(uow, node, pairing, frame.tail):
        pairing = pairing_of(uow, node, link)
    carryover.answer(uow, node, pairing)
    tail.retry_verdicts(uow, node, pairing)
    if frame.cosignature:
        tail.take_cosignature(uow, node, pairing, frame.cosignature)
    for result in frame.results:
        _note_result(uow, node, link, result)
    return _take_lines(uow, node, pairing, lines, ends=ends)


def _take_lines(uow: UnitOfWork, node: Node, pairing: Pairing, lines: Lines, *, ends: bool) -> _Taken:
    """Give lines their verdict; after the last ones of a frame also what waited, as far as it fits.

    Raises:
        LinkPausedError: the link was paused meanwhile; nothing that this unit took is kept.
    """
    node.presence.demand_unpaused(pairing.link.link)
    results = take_lines(uow, node, pairing, lines)
    if not ends:
        return _Taken(results)
    return _Taken(results, settle_held(uow, node, pairing, limit=LINES_AT_ONCE - len(lines)))


def _note_result(uow: UnitOfWork, node: Node, link: LinkId, result: Result) -> None:
    if result.outcome is Outcome.LOGGED:  # its leaf says more
        return
    row = uow.messages.by_seq(link, Direction.OUT, result.seq)
    if row is None or row.id != result.id or row.state is not MessageState.QUEUED:
        return
    if result.outcome is Outcome.REFUSED:
        uow.messages.update(replace(row, state=MessageState.STOPPED, code="refused"))
        node.counters.count("line_stopped", reason=result.code)
    elif result.outcome is Outcome.AGAIN:
        wait_s = backoff_s(node, row.attempts)
        node.presence.of(link).retry_at_s = node.clock.monotonic_s() + wait_s
        later = node.clock.now() + timedelta(seconds=wait_s)
        uow.messages.update(replace(row, attempts=row.attempts + 1, next_attempt_at=later))


def backoff_s(node: Node, failures: int) -> float:
    """Return a wait with full jitter: between 0 and 2 s doubled for each failure, at most 15 min."""
    longest = min(node.limits.retry_longest_s, node.limits.retry_first_s * 2 ** min(failures, 20))
    share = int.from_bytes(node.random(4), "big") / 2**32
    return math.fsum((0.05, share * longest))


def _after(node: Node, link: LinkId, frame: Frame, results: Sequence[Result]) -> None:
    presence = node.presence.of(link)
    presence.owed_results.extend(results)
    presence.failures = 0
    presence.last_contact_at = node.clock.now()
    presence.note_heard()
    presence.card_wanted = any(result.code == "unknown_card" for result in frame.results)
    presence.offered.drop(result.seq for result in frame.results if result.outcome is not Outcome.LOGGED)
    note_in_time(node, link)
    if frame.tail or frame.results or results:
        node.presence.announce_change(link)
    if results:
        node.presence.wake(link)


def _return_to_queue(presence: LinkPresence, composed: Composed) -> None:
    presence.offered.drop(row.seq for row in composed.rows)
    presence.cosignature_sent = 0
    presence.card_owed = presence.card_owed or bool(composed.frame.card)
    presence.owed_results = [*composed.frame.results, *presence.owed_results]
