# SPDX-License-Identifier: Apache-2.0
"""Reads a parcel: first whether it is one for us, then frame by frame, each in its own commit.

Before anything is opened, in this order:

1. a regular file, not longer than a parcel may be;
2. the header has its form, and its version is ours;
3. its signer is a partner whose `door` key counts now, it is for this node and link, and this is not paused;
4. the file has exactly the length and the digest that were signed; it is read once as a stream for that;
5. the manifest opens.

What is wrong up to here is refused whole. Then the file is read a second time:

6. the report of the partner: if it has seen more of our log than we have, the parcel has to bring that
   back (`refill_by_parcels`), or nothing more is taken (`filegate`). Its card and its countersignature are
   taken; they may open the gate. If both sides have decided a new epoch, it begins first, and a parcel of the
   epoch before brings nothing more. If entries are missing between what we hold and the first one inside,
   nothing more is taken either;
7. each frame like one of the network (`converse.take_frame`). A process that is killed here goes on when
   the parcel is read again, because a frame that came before changes nothing.

A parcel that was overtaken (we hold more of the sender's log than it had when it was made) may be read,
too; only its results and its card count for nothing, for newer ones may be here.
"""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from exchange.errors import (
    CardInvalidError,
    GateClosedError,
    NodeError,
    ParcelInvalidError,
    RefusedError,
    SignatureInvalidError,
    UsageError,
    WaitingError,
)
from exchange.ids import AgencyCode, Digest, KeyId, LinkId
from exchange.protocol.envelope import read_envelope, split_line
from exchange.protocol.frames import Frame, Outcome, Result, decode_frame
from exchange.protocol.parcels import (
    HEADER_BYTES,
    MAX_MESSAGES,
    MAX_PARCEL_BYTES,
    Manifest,
    ParcelHeader,
    RecordReader,
    Way,
    check_digest,
    check_length,
    decode_report,
    open_manifest,
    read_header,
    stream_opener,
    verify_header,
)
from exchange.protocol.suites import KeyUse, PublicKey
from exchange.protocol.trust import NOW, trusted_signer
from exchange.service.converse import take_frame
from exchange.service.filegate import PARTNER_AHEAD, begin_by_files, heed_view, open_by_files
from exchange.service.gatetalk import Report, note_what_partner_holds, report_from
from exchange.service.keyplaces import hear_card
from exchange.service.node import NOT_ASKED, Node
from exchange.service.pairing import Pairing, pairing_of, parsed_card
from exchange.service.parcel_files import OpenParcel, ParcelFiles
from exchange.service.partners import hear_agreement
from exchange.service.ports import UnitOfWork
from exchange.service.refill_by_parcels import Archive, lacks, note_lack
from exchange.service.rows import AuditRow, Direction, LinkState


@dataclass(frozen=True)
class Preview:
    """What a verified parcel says of itself; counts only."""

    partner: AgencyCode
    link: LinkId
    manifest: Manifest
    digest: Digest
    file_bytes: int
    held: int
    """How many entries of the sender are held here now."""

    @property
    def is_overtaken(self) -> bool:
        return self.manifest.size < self.held


@dataclass(frozen=True)
class Taken:
    """What reading a parcel brought."""

    preview: Preview
    entries: int
    """New entries of the partner."""
    messages: int
    """New messages."""
    known: int
    """Messages that were here before."""
    refused: int
    later: int
    """Messages that could not be taken yet; the sender repeats them by itself."""


@dataclass(frozen=True)
class _Verified:
    """A parcel after steps 1 to 5."""

    preview: Preview
    way: Way
    header: ParcelHeader
    content_key: bytes = field(repr=False)


@dataclass
class _Tally:
    lines: int = 0
    messages: int = 0
    known: int = 0
    refused: int = 0
    later: int = 0
    held: int = 0
    """Entries of the sender held before the frames, in the epoch that counts now."""


async def preview(node: Node, files: ParcelFiles, path: str) -> Preview:
    """Return what a parcel holds, after it was verified; nothing is taken.

    Raises:
        InputError: the file cannot be read, or is no regular file.
        ParcelInvalidError: it is no whole parcel for this node; the reason says what it is.
        SignatureInvalidError: its signature does not verify.
        LinkPausedError: the link with who signed it is paused.
    """
    async with files.open(path) as file:
        return (await _verify(node, file)).preview


async def read_parcel(
    node: Node, files: ParcelFiles, path: str, *, actor: str, expected: Digest | None = None
) -> Taken:
    """Take in a parcel; `expected` is the digest that was shown before, so that no other file is read.

    Raises:
        InputError, ParcelInvalidError, SignatureInvalidError: as `preview`.
        NodeError: the gate stays closed; the report of the partner was heard, nothing else was taken.
        LinkPausedError: the link is paused; read the parcel again after the pause.
        WaitingError: the node stops; read the parcel again afterwards.
    """
    async with files.open(path) as file:
        verified = await _verify(node, file)
        if expected is not None and verified.header.digest != expected:
            raise UsageError(
                f"{path} is not the parcel that was shown", hint="look at it again: exchange parcel read"
            )
        link, presence = verified.way.link, node.presence.of(verified.way.link)
        if presence.is_reading:
            raise UsageError("another parcel of this partner is being read", hint="wait until it is read")
        presence.is_reading = True
        try:
            tally = await _take(node, file, verified)
        finally:
            presence.is_reading = False
    held = await node.store.write(lambda uow: _conclude(uow, node, verified, actor))
    node.presence.announce_change(link)
    node.presence.wake(link)
    node.journal.note("parcel_read", link=link, count=tally.messages, size=verified.preview.file_bytes)
    return Taken(
        verified.preview,
        held - tally.held,
        tally.messages,
        tally.known,
        tally.refused,
        tally.later,
    )


async def _verify(node: Node, file: OpenParcel) -> _Verified:
    """Return a parcel after steps 1 to 5."""
    if file.size > MAX_PARCEL_BYTES:  # 1
        raise ParcelInvalidError(
            f"the file has {file.size} bytes, a parcel at most {MAX_PARCEL_BYTES}",
            hint="let the partner write smaller volumes: exchange parcel write --volume-mb",
            reason="parcel_too_large",
        )
    raw = read_header(await file.head(HEADER_BYTES))  # 2
    pairing, key = await node.store.read(lambda uow: _signer(uow, node, raw.kid))  # 3
    node.presence.demand_unpaused(pairing.link.link)
    way = Way(pairing.link.link, pairing.partner, node.agency, pairing.agreement.suite)
    header = verify_header(raw, key, way)
    check_length(header, file.size)  # 4
    check_digest(header, await file.digest(HEADER_BYTES))
    manifest, content_key = open_manifest(header, way, node.keys.sealing())  # 5
    held = await node.store.read(lambda uow: uow.logs.position(way.link, way.sender).size)
    shown = Preview(way.sender, way.link, manifest, header.digest, file.size, held)
    return _Verified(shown, way, header, content_key)


def _signer(uow: UnitOfWork, node: Node, kid: KeyId) -> tuple[Pairing, PublicKey]:
    """Return the link and the key of the partner that a header names (step 3).

    Raises:
        ParcelInvalidError: `parcel_own`, or `parcel_foreign`.
        SignatureInvalidError: the key may not sign any more.
    """
    if any(own.kid == kid for own in node.keys.public(KeyUse.DOOR)):
        raise ParcelInvalidError(
            "the parcel was written by this node", hint="it has to go to the partner", reason="parcel_own"
        )
    for row in uow.links.all():
        pairing = pairing_of(uow, node, row.link)
        if pairing.partner_keys.find(KeyUse.DOOR, kid) is None:
            continue
        try:
            return pairing, trusted_signer(
                pairing.partner_keys, kid, use=KeyUse.DOOR, agency=row.partner, index=NOW
            )
        except RefusedError as error:
            raise SignatureInvalidError(
                f"the parcel is signed with key {kid} of {row.partner}, which is no longer in use",
                hint=f"ask {row.partner} to write it again: exchange parcel write",
            ) from error
    raise ParcelInvalidError(
        f"the parcel is signed with key {kid}, which is in no card of a partner of this node",
        hint="is it for another node, or from before the enrolment? exchange partner list",
        reason="parcel_foreign",
    )


async def _take(node: Node, file: OpenParcel, verified: _Verified) -> _Tally:
    """Take report and frames of a verified parcel (steps 6 and 7)."""
    tally = _Tally()
    async with contextlib.aclosing(_records(file, verified)) as records:
        report = await _hear_report(node, verified, records)
        epoch, held = await node.store.read(lambda uow: _held(uow, verified.way))
        tally.held = held
        if report.own_ep < epoch:
            return tally
        verified = replace(verified, preview=replace(verified.preview, held=held))
        manifest = verified.preview.manifest
        if manifest.first > held:
            raise ParcelInvalidError(
                f"parcel {manifest.number} begins with entry {manifest.first + 1} of {verified.way.sender},"
                f" and {held} are held here",
                hint="read the parcel or volume before it first; if there is none, write one to the partner:"
                " its next parcel brings everything",
                reason="parcel_early",
            )
        async for raw in records:
            if node.presence.is_draining:
                raise WaitingError("the service stops", hint="read the parcel again, it goes on")
            node.presence.demand_open(verified.way.link)
            await _take_one(node, verified, decode_frame(raw), tally)
    return tally


def _held(uow: UnitOfWork, way: Way) -> tuple[int, int]:
    """Return the epoch of the sender's log here, and how many entries of it are held."""
    position = uow.logs.position(way.link, way.sender)
    return position.epoch, position.size


async def _records(file: OpenParcel, verified: _Verified) -> AsyncGenerator[bytes, None]:
    """Yield the records of a stream; each was authenticated before."""
    opener = stream_opener(verified.content_key, verified.way, verified.header.id)
    reader = RecordReader()
    async for piece in file.pieces(HEADER_BYTES):
        plain = opener.update(piece)
        if plain is None:
            raise _not_opened(verified)
        for raw in reader.feed(plain):
            yield raw
    rest = opener.finish()
    if rest is None:
        raise _not_opened(verified)
    for raw in reader.feed(rest):
        yield raw
    reader.finish()


def _not_opened(verified: _Verified) -> ParcelInvalidError:
    return ParcelInvalidError(
        f"the parcel of {verified.way.sender} changed while it was read, or was sealed wrongly",
        hint="what was taken stays; copy the file again and read it once more",
        reason="parcel_changed",
    )


async def _hear_report(node: Node, verified: _Verified, records: AsyncGenerator[bytes, None]) -> Report:
    """Compare the partner's view of our log, take its card and countersignature, open the gate (step 6)."""
    link, overtaken = verified.way.link, verified.preview.is_overtaken
    raw = await anext(records, b"")
    gives, back = decode_report(raw)
    report = replace(report_from(gives, at=verified.preview.manifest.made_at), raw=raw)
    archive = Archive(link)
    for _ in range(back):
        archive.take(await anext(records, b""))
    if not (node.is_by_files(link) and await _begin_anew(node, link, report)):
        await _heed(node, link, report, archive if back else None)
    await note_lack(node, link, report)
    card = gives.get("card")
    if isinstance(card, str) and card and not overtaken:
        await _hear_card(node, link, card)
    await note_what_partner_holds(node, link, report)
    await hear_agreement(node, link, gives)
    row = await node.store.read(lambda uow: uow.links.get(link))
    if row is not None and row.state is LinkState.JOINED:
        raise GateClosedError(
            f"the enrolment with {row.partner} is not finished ({row.reason})",
            hint=f"first: exchange partner confirm {row.partner}",
        )
    if node.presence.of(link).gate is not LinkState.OPEN:
        await _open_gate(node, link, partner=row.partner if row else "")
    return report


async def _open_gate(node: Node, link: LinkId, *, partner: str) -> None:
    """Open the gate by what the parcel said, where nobody can be asked over the network.

    That is so between two sides without addresses, and while the line is down: then two persons confirm that
    this store is the newest one. What the partner showed of our log was compared before.

    Raises:
        NodeError: it stays closed; the reason says what is missing.
    """
    presence = node.presence.of(link)
    line_is_down = presence.gate is LinkState.CLOSED and presence.reason == NOT_ASKED
    if not node.is_by_files(link) and not (line_is_down and presence.is_confirmed):
        if line_is_down:
            raise GateClosedError(
                f"{partner} was not reached since the start: its parcel is not taken yet, nothing is written",
                hint="wait for the line; or let two officers confirm that this store is the newest one, and"
                f" read it again: exchange partner resume {partner} --second OFFICER",
            )
        node.presence.demand_open(link)
    try:
        await open_by_files(node, link)
    except NodeError as error:
        presence.reason = error.reason
        raise


async def _begin_anew(node: Node, link: LinkId, report: Report) -> bool:
    """Begin a new epoch if the report says that the partner has decided it as well."""
    try:
        return await begin_by_files(node, link, report)
    except NodeError as error:
        node.presence.of(link).reason = error.reason
        raise


async def _heed(node: Node, link: LinkId, report: Report, archive: Archive | None) -> None:
    """Compare the partner's view with our log; take back what it brings if we lack something."""
    if archive is not None and await lacks(node, link, report):
        try:
            await heed_view(node, link, report)
        except NodeError as error:
            if error.reason != PARTNER_AHEAD:
                raise
        await archive.bring_back(node, report)
    await heed_view(node, link, report)


async def _hear_card(node: Node, link: LinkId, text: str) -> None:
    """Take over a card unless we hold a newer one: a courier may be overtaken by another way."""
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    with contextlib.suppress(CardInvalidError):
        if parsed_card(text.encode()).serial < pairing.partner_card.serial:
            return
    await hear_card(node, pairing.link, text)


async def _take_one(node: Node, verified: _Verified, frame: Frame, tally: _Tally) -> None:
    """Commit one frame and count what became of its lines."""
    link = verified.way.link
    if verified.preview.is_overtaken:
        frame = replace(frame, results=(), card="")
    tally.lines += len(frame.lines)
    if tally.lines > MAX_MESSAGES:
        raise ParcelInvalidError(
            "the parcel holds more messages than a parcel may", reason="parcel_too_large"
        )
    before = await node.store.read(lambda uow: _known(uow, link, frame))
    results = await take_frame(node, link, frame)
    for result, known in zip(results, before, strict=True):
        _count(tally, result, known=known)
    presence = node.presence.of(link)
    told = {result: None for result in results if result.outcome is not Outcome.LOGGED}
    owed = [result for result in presence.owed_results if result not in told]
    presence.owed_results = [*owed, *told][-MAX_MESSAGES:]


def _known(uow: UnitOfWork, link: LinkId, frame: Frame) -> list[bool]:
    """Return for each line whether it was here before."""
    return [_is_known(uow, link, line) for line in frame.lines]


def _is_known(uow: UnitOfWork, link: LinkId, line: bytes) -> bool:
    try:
        claimed = read_envelope(split_line(line)[0]).claimed
    except RefusedError:
        return False
    return uow.messages.by_id(link, Direction.IN, claimed.id) is not None


def _count(tally: _Tally, result: Result, *, known: bool) -> None:
    match result.outcome:
        case Outcome.REFUSED:
            tally.refused += 1
        case Outcome.AGAIN:
            tally.later += 1
        case _ if known:
            tally.known += 1
        case _:
            tally.messages += 1


def _conclude(uow: UnitOfWork, node: Node, verified: _Verified, actor: str) -> int:
    """Record that a parcel was read whole; return how many entries of the partner are held now."""
    node.presence.demand_unpaused(verified.way.link)
    number = str(verified.preview.manifest.number)
    uow.audit.record(AuditRow(node.clock.now(), actor, "parcel_read", verified.way.link, result=number))
    return uow.logs.position(verified.way.link, verified.way.sender).size
