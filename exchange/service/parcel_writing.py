# SPDX-License-Identifier: Apache-2.0
"""Writes a parcel: everything the partner lacks, in a file for a courier.

1. While the gate is closed the parcel holds nothing but the report of the gate, which tells the partner
   how far we are. Otherwise the high-water file is first raised to our log: nothing leaves the house that
   it does not know (`filegate`).
2. A number is taken and the act recorded; nothing is written into our log.
3. The report of the gate comes first, then what a restored partner lacks (`refill_by_parcels`). Then, in
   frames like those of the network: the leaves that the partner has not cosigned, our cosignature, results
   that are owed; then every queued line, stops first.
4. A volume ends before it is longer than wanted, apart from one with a single longer message, or holds
   too many messages; the next one begins with the report.
5. All volumes are durable before the first one gets its name.

A line in a parcel is not on its way in the sense of the network: it stays queued and may be offered there
at once. It is in every parcel until its verdict leaf comes back, by whatever way. So only the newest
parcel is ever needed, and a lost one is repeated by the next.
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import PurePath

from exchange.errors import UsageError
from exchange.ids import Digest, LinkId, b64url
from exchange.protocol.frames import MAX_LINES, Frame, FrameCosignature, Result, encode_frame
from exchange.protocol.parcels import (
    HEADER_BYTES,
    ID_BYTES,
    MAX_MESSAGES,
    MAX_PARCEL_BYTES,
    MAX_VOLUMES,
    Manifest,
    Way,
    encode_report,
    end_of_records,
    record,
    seal_header,
    sealed_bytes,
    stream_sealer,
)
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import CONTENT_KEY_BYTES, KeyUse, StreamSealer
from exchange.protocol.trust import trusted_sealing_key
from exchange.service.composing import LINE_BUDGET, fitting, lines_of, next_tail, partner_holds, tells_keys
from exchange.service.filegate import raise_mark
from exchange.service.gatetalk import report_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.parcel_files import NewParcel, ParcelFiles
from exchange.service.ports import UnitOfWork
from exchange.service.refill_by_parcels import back_records
from exchange.service.rows import AuditRow, LinkState, MessageRow

NUMBER = "parcel:"
"""Setting of a link: the number of our last parcel."""
LEAST_VOLUME_BYTES = 2 * 10**6
"""A volume has to hold the report and a whole tail; one with a longer message is as long as that."""
_ZEROS = bytes(1024 * 1024)


@dataclass(frozen=True)
class Volume:
    """One file that was written."""

    path: str
    manifest: Manifest
    bytes: int


@dataclass(frozen=True)
class _Plan:
    """What goes into a parcel, fixed when it is begun."""

    pairing: Pairing
    way: Way
    number: int
    made_at: datetime
    report: dict[str, JsonValue]
    is_open: bool
    start: int
    size: int
    """Our leaves from `start` to `size` go along."""
    cosignature: FrameCosignature | None
    results: tuple[Result, ...]


@dataclass
class _Writing:
    """One volume under way."""

    file: NewParcel
    path: str
    id: str
    key: bytes = field(repr=False)
    sealer: StreamSealer
    first: int
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    stream_bytes: int = 0
    content_bytes: int = 0
    entries: int = 0
    messages: int = 0
    results: int = 0

    async def add(self, raw: bytes) -> None:
        """Seal one record into the stream."""
        framed = record(raw)
        self.content_bytes += len(framed)
        await self._put(self.sealer.update(framed))

    async def end(self) -> None:
        """Seal the end of the records and the padding."""
        left = end_of_records(self.content_bytes)
        while left:
            piece = _ZEROS[:left]
            left -= len(piece)
            await self._put(self.sealer.update(piece))
        await self._put(self.sealer.finish())

    async def _put(self, sealed: bytes) -> None:
        self.digest.update(sealed)
        self.stream_bytes += len(sealed)
        await self.file.write(sealed)

    def has_room(self, frame: Frame, raw: bytes, volume_bytes: int) -> bool:
        """Return True if a frame still fits, or nothing but the report is inside."""
        longer = self.content_bytes + len(record(raw))
        if not (self.entries or self.messages or self.results):
            return True
        return sealed_bytes(longer) <= volume_bytes and self.messages + len(frame.lines) <= MAX_MESSAGES


async def write_parcel(
    node: Node,
    files: ParcelFiles,
    link: LinkId,
    path: str,
    *,
    actor: str,
    volume_bytes: int = MAX_PARCEL_BYTES,
) -> list[Volume]:
    """Write a parcel for the partner at `path`; further volumes get `.2`, `.3` … before the ending.

    Raises:
        UsageError: a file is there, nothing can be written there, or volumes are too small or too many.
        NodeError: the high-water file is ahead of our log.
        LinkPausedError: the link is paused; no parcel is written, or what was written of it is gone again.
    """
    node.presence.demand_unpaused(link)
    if not LEAST_VOLUME_BYTES <= volume_bytes <= MAX_PARCEL_BYTES:
        raise UsageError(
            f"a volume has {LEAST_VOLUME_BYTES} to {MAX_PARCEL_BYTES} bytes", hint="choose another size"
        )
    if node.presence.of(link).gate is LinkState.OPEN:
        await raise_mark(node, link)
    plan = await node.store.write(lambda uow: _plan(uow, node, link, actor))
    back = await back_records(node, plan.pairing)
    made: list[_Writing] = []
    async with contextlib.AsyncExitStack() as stack:
        async for frame in _frames(node, link, plan, budget=min(LINE_BUDGET, volume_bytes // 4)):
            raw = encode_frame(frame)
            if not made or not made[-1].has_room(frame, raw, volume_bytes):
                made.append(await _begin(node, files, plan, _volume_path(path, len(made) + 1), made, back))
                stack.push_async_callback(made[-1].file.discard)
            await _add(made[-1], frame, raw)
        if not made:
            made.append(await _begin(node, files, plan, path, made, back))
            stack.push_async_callback(made[-1].file.discard)
        volumes = [await _finish(node, plan, one, k, len(made)) for k, one in enumerate(made, 1)]
        await _publish(node, link, made)
    told = set(plan.results)
    presence = node.presence.of(link)
    presence.owed_results = [result for result in presence.owed_results if result not in told]
    node.journal.note("parcel_written", link=link, count=len(volumes), size=sum(one.bytes for one in volumes))
    return volumes


async def _publish(node: Node, link: LinkId, made: Sequence[_Writing]) -> None:
    """Give all volumes their names; none if the link was paused meanwhile."""
    async with node.presence.of(link).giving:
        node.presence.demand_unpaused(link)
        for one in made:
            await one.file.publish()


def _plan(uow: UnitOfWork, node: Node, link: LinkId, actor: str) -> _Plan:
    node.presence.demand_unpaused(link)
    pairing = pairing_of(uow, node, link)
    now = node.clock.now()
    number = int(uow.settings.get(NUMBER + link) or 0) + 1
    uow.settings.put(NUMBER + link, str(number))
    uow.audit.record(AuditRow(now, actor, "parcel_written", link, result=str(number)))
    is_open = node.presence.of(link).gate is LinkState.OPEN
    copied, line = uow.logs.cosigned(link, pairing.partner) if is_open else (0, "")
    head = uow.logs.head(link, node.agency)
    size = head.size if head else 0
    return _Plan(
        pairing=pairing,
        way=Way(link, node.agency, pairing.partner, pairing.agreement.suite),
        number=number,
        made_at=now,
        report=report_of(uow, node, pairing),
        is_open=is_open,
        start=min(partner_holds(uow, node, link), size),
        size=size,
        cosignature=FrameCosignature(pairing.link.partner_epoch, copied, line) if copied else None,
        results=tuple(node.presence.of(link).owed_results) if is_open else (),
    )


async def _frames(node: Node, link: LinkId, plan: _Plan, *, budget: int) -> AsyncIterator[Frame]:
    """Yield the frames of a parcel: tail, cosignature and results, then stops, then other lines."""
    if not plan.is_open:
        return
    empty = Frame(link, node.agency, plan.pairing.partner)
    at = plan.start
    while at < plan.size:
        frame = await node.store.read(partial(_tail_frame, node=node, plan=plan, empty=empty, at=at))
        if frame.tail is None:
            break
        yield frame
        at = frame.tail.start + len(frame.tail.leaves)
    if plan.cosignature:
        yield replace(empty, cosignature=plan.cosignature)
    for k in range(0, len(plan.results), MAX_LINES):
        yield replace(empty, results=plan.results[k : k + MAX_LINES])
    for stops in (True, False):
        async for lines in _queued(node, link, plan, stops=stops, budget=budget):
            yield replace(empty, lines=lines)


async def _queued(
    node: Node, link: LinkId, plan: _Plan, *, stops: bool, budget: int
) -> AsyncIterator[tuple[bytes, ...]]:
    """Yield the lines of one frame after the other."""
    after = 0
    while True:
        after, lines = await node.store.read(
            partial(_lines, link=link, stops=stops, after=after, covered=plan.size, budget=budget)
        )
        if lines:
            yield tuple(lines)
        if not after:
            return


def _tail_frame(uow: UnitOfWork, *, node: Node, plan: _Plan, empty: Frame, at: int) -> Frame:
    """Return a frame with leaves from `at` on; none that were written after the parcel was begun."""
    tail = next_tail(uow, node, plan.pairing, start=at)
    if tail is None or tail.start + len(tail.leaves) > plan.size:
        head = uow.logs.head_within(plan.way.link, node.agency, plan.size)
        leaves = uow.logs.leaves(plan.way.link, node.agency, at, plan.size) if head else []
        tail = replace(tail, leaves=tuple(leaves), head=head.note) if tail and head else None
    card = plan.pairing.own_card.raw.decode("ascii") if tells_keys(tail) else ""
    return replace(empty, tail=tail, card=card)


def _lines(
    uow: UnitOfWork, *, link: LinkId, stops: bool, after: int, covered: int, budget: int
) -> tuple[int, Sequence[bytes]]:
    """Return the lines of one frame behind a number, and the last number looked at, 0 at the end."""
    found = uow.messages.queued(link, stops=stops, after=after, limit=MAX_LINES)
    rows: list[MessageRow] = fitting([row for row in found if row.leaf_index < covered], budget=budget)
    last = rows[-1].seq if rows else (found[-1].seq if found else 0)
    return last, lines_of(uow, link, rows)


async def _begin(
    node: Node, files: ParcelFiles, plan: _Plan, path: str, before: Sequence[_Writing], back: Sequence[bytes]
) -> _Writing:
    if len(before) == MAX_VOLUMES:
        raise UsageError(f"the parcel needs more than {MAX_VOLUMES} volumes", hint="choose larger volumes")
    id, key = b64url(node.random(ID_BYTES)), node.random(CONTENT_KEY_BYTES)
    file = await files.create(path, room=HEADER_BYTES)
    first = plan.start + sum(one.entries for one in before)
    writing = _Writing(file, path, id, key, stream_sealer(key, plan.way, id), first)
    back = () if before else back
    await writing.add(encode_report(plan.report, back=len(back)))
    for raw in back:
        await writing.add(raw)
    return writing


async def _add(writing: _Writing, frame: Frame, raw: bytes) -> None:
    await writing.add(raw)
    writing.entries += len(frame.tail.leaves) if frame.tail else 0
    writing.messages += len(frame.lines)
    writing.results += len(frame.results)


async def _finish(node: Node, plan: _Plan, one: _Writing, volume: int, volumes: int) -> Volume:
    """End the stream of a volume and put its header before it; durable when this returns."""
    await one.end()
    manifest = Manifest(
        number=plan.number,
        volume=volume,
        volumes=volumes,
        made_at=plan.made_at,
        first=one.first,
        size=plan.size,
        entries=one.entries,
        messages=one.messages,
        results=one.results,
    )
    keys, suite = plan.pairing.partner_keys, plan.way.suite
    header = seal_header(
        manifest,
        one.key,
        way=plan.way,
        id=one.id,
        stream_bytes=one.stream_bytes,
        digest=Digest(b64url(one.digest.digest())),
        seal_key=trusted_sealing_key(keys, suite=suite, at=node.clock.now()),
        sign_key=node.keys.signing(KeyUse.DOOR, node.clock.now()),
    )
    await one.file.close(header)
    return Volume(one.path, manifest, HEADER_BYTES + one.stream_bytes)


def _volume_path(path: str, volume: int) -> str:
    """Return where a volume goes: `way.parcel`, `way.2.parcel`, `way.3.parcel` …"""
    if volume == 1:
        return path
    pure = PurePath(path)
    return str(pure.with_name(f"{pure.stem}.{volume}{pure.suffix}"))
