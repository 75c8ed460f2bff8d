# SPDX-License-Identifier: Apache-2.0
"""Brings a restored node back to where its partner saw it, before it writes anything new.

The partner holds a full copy of our log. So:

1. Our missing leaves are fetched from it and checked against the head that we signed ourselves.
2. The partner's leaves that we miss are fetched, stored and cosigned; what they mean waits for its message.
3. Our leaves are taken over page by page. With each page, in the same transaction, come the messages it
   speaks of: ours from the partner's copy (checked against our commitment), the partner's as sent. What
   we decided then is read *from our leaves*, never decided again. A message of ours that the partner
   accepted at once is entered as accepted.
4. The other verdicts in the partner's leaves are applied; the head is stored; nothing was signed anew.

What is asked for comes from the partner's gate (`gatetalk.by_network`), with the calls of a partner that only
calls (`wishes`), or out of a parcel (`refill_by_parcels.Archive`).

A page is one transaction, so a node that is killed in between goes on where it stopped. A number whose
line the partner does not hold is marked `lost` and given up with `void` once the gate is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from exchange.errors import NodeError, ProtocolError, RejectedError, TailInvalidError
from exchange.ids import AgencyCode, Digest, LinkId, b64url, parse_digest, sha256
from exchange.ledger.entries import Event, Leaf, decode_leaf, stored_form
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import Head, verify_head
from exchange.protocol.envelope import Envelope, read_envelope
from exchange.protocol.frames import FrameTail
from exchange.protocol.gatewords import MAX_NUMBERS
from exchange.protocol.parts import Document, join_parts
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse
from exchange.service import arrivals, casework, logbook, tail
from exchange.service.erasure_day import take_back_erasure
from exchange.service.examine import open_parts
from exchange.service.gatetalk import Source
from exchange.service.hearing import take_back_statement
from exchange.service.held_versions import version_at
from exchange.service.intake import move_mark, parts_of
from exchange.service.keyplaces import follow_leaves
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, HeadRow, MessageRow, MessageState
from exchange.service.switching import take_back_own
from exchange.service.void import LOST

REFILL = "refill:"
"""Setting of a link while a refill is under way: size of our copy of the partner's log when it began."""
LEAVES = 2_000
"""Leaves of the partner read in one unit; as many as a frame brings."""
PAGE = 50
"""Own leaves taken over in one transaction."""


@dataclass(frozen=True)
class Line:
    """One message given back."""

    raw_envelope: bytes
    body: bytes
    envelope: Envelope


async def refill(node: Node, link: LinkId, source: Source) -> None:
    """Fetch everything the partner saw of our log beyond our store.

    Raises:
        TransportError: the partner went away; the next opening goes on.
        NodeError: what the partner gives back is not our log.
        LinkPausedError: the link was paused; the next opening goes on.
    """
    node.journal.note("refill_begins", link=link)
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, link))
    leaves, note = await _fetch(node, pairing, node.agency, source)
    head = await node.store.read(lambda uow: _check_own(uow, node, link, leaves, note))
    await _fill_copy(node, pairing, source)
    accepted = await _accepted(node, pairing)
    for start in range(0, len(leaves), PAGE):
        page = [decode_leaf(raw) for raw in leaves[start : start + PAGE]]
        await _fill_page(node, pairing, page, source, accepted)
    await node.store.write(lambda uow: _finish(uow, node, link, head, note))
    node.journal.note("refill_ends", link=link, count=len(leaves))


async def _fetch(node: Node, pairing: Pairing, by: AgencyCode, source: Source) -> tuple[list[bytes], str]:
    """Return the leaves of one log that we miss, and the largest head the partner holds of it."""
    position = await node.store.read(lambda uow: uow.logs.position(pairing.link.link, by))
    leaves: list[bytes] = []
    while True:
        start = position.size + len(leaves)
        gives = await source("leaves", {"of": by, "ep": position.epoch, "from": start})
        page = gives.get("leaves")
        texts = [str(text).encode("ascii") for text in page] if isinstance(page, list) else []
        leaves += texts
        if not texts:
            return leaves, str(gives.get("note", ""))


def _check_own(uow: UnitOfWork, node: Node, link: LinkId, leaves: Sequence[bytes], note: str) -> Head:
    """Return our own head that covers exactly our leaves and the given ones (step 1)."""
    position = uow.logs.position(link, node.agency)
    grown = logbook.range_at(position).extend([leaf_hash(raw) for raw in leaves])
    for key in node.keys.public(KeyUse.HEAD):
        try:
            head = verify_head(note, key, by=node.agency)
        except ProtocolError:
            continue
        if (head.link, head.ep, head.size, head.root) == (link, position.epoch, grown.size, grown.root()):
            return head
    raise NodeError(
        "the log that the partner gives back is not ours: its head does not cover these leaves",
        hint="keep this data folder; two persons of each side compare both copies",
    )


async def _fill_copy(node: Node, pairing: Pairing, source: Source) -> None:
    """Store and cosign the partner's leaves; their verdicts are applied at the end (step 2)."""
    leaves, note = await _fetch(node, pairing, pairing.partner, source)
    link = pairing.link.link

    def unit(uow: UnitOfWork) -> None:
        node.presence.demand_unpaused(link)
        before = uow.logs.position(link, pairing.partner)
        if not uow.settings.get(REFILL + link):
            uow.settings.put(REFILL + link, str(before.size))
        if leaves:
            offered = FrameTail(pairing.partner, before.epoch, before.size, tuple(leaves), note)
            stored = tail.store_tail(uow, node, pairing, offered, gathered=True)
            follow_leaves(uow, node, pairing, stored, held=before.size)
            for raw in leaves:
                leaf = decode_leaf(raw)
                if leaf.ev in (Event.SENT, Event.VOID, Event.AGRX):
                    tail.apply_leaf(uow, node, pairing, leaf)

    try:
        await node.store.write(unit)
    except TailInvalidError as error:
        raise NodeError(f"the partner's log does not fit our copy of it: {error}") from error


async def _accepted(node: Node, pairing: Pairing) -> dict[int, int]:
    """Return where the partner's log accepts numbers of ours at once, as far as that was new to us.

    Only places are remembered, for there may be a million; the leaf itself is judged when it counts.
    """
    link, by, form = pairing.link.link, pairing.partner, stored_form(Event.RCVD)
    begun = int(await node.store.read(lambda uow: uow.settings.get(REFILL + link)) or 0)
    recorded: dict[int, int | None] = {}
    while page := await node.store.read(
        lambda uow, begun=begun: uow.logs.leaves(link, by, begun, begun + LEAVES)  # type: ignore[misc]
    ):
        for index, raw in enumerate(page, begun):
            found = form.fullmatch(raw)
            if found is not None:
                recorded.setdefault(int(found["seq"]), index if found["k"] == b"accepted" else None)
        begun += len(page)
    return {seq: index for seq, index in recorded.items() if index is not None}


async def _fill_page(
    node: Node, pairing: Pairing, page: Sequence[Leaf], source: Source, accepted: Mapping[int, int]
) -> None:
    """Take over one page of our leaves with the messages it speaks of (step 3)."""
    own = [_number(leaf) for leaf in page if leaf.ev == Event.SENT]
    partners = [_number(leaf) for leaf in page if leaf.ev == Event.RCVD]
    sent_lines = await _fetch_lines(node.agency, own, source)
    received_lines = await _fetch_lines(pairing.partner, partners, source)

    def unit(uow: UnitOfWork) -> None:
        node.presence.demand_unpaused(pairing.link.link)
        position = uow.logs.position(pairing.link.link, node.agency)
        grown = logbook.range_at(position).extend([leaf_hash(leaf.raw) for leaf in page])
        uow.logs.append(position, [leaf.raw for leaf in page], peaks=grown.encode())
        for leaf in page:
            if leaf.ev == Event.SENT:
                line, verdict = sent_lines.get(_number(leaf)), accepted.get(_number(leaf))
                _restore_sent(uow, node, pairing, leaf, line, verdict)
            else:
                _take_over(uow, node, pairing, leaf, received_lines)

    await node.store.write(unit)


async def _fetch_lines(author: AgencyCode, numbers: Sequence[int], source: Source) -> dict[int, Line]:
    found: dict[int, Line] = {}
    wanted = list(numbers)
    while wanted:
        asked: list[JsonValue] = [*wanted[:MAX_NUMBERS]]
        gives = await source("lines", {"of": author, "numbers": asked})
        given = gives.get("lines")
        items = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
        for item in items:
            raw = str(item["envelope"]).encode("ascii")
            line = Line(raw, str(item["body"]).encode("ascii"), read_envelope(raw).claimed)
            found[line.envelope.seq] = line
        last = max((line for line in found if line in asked), default=0) if items else 0
        wanted = [seq for seq in wanted if seq > last] if items else wanted[MAX_NUMBERS:]
    return found


def _take_back(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    """Let our own leaf about a version, a statement or an erasure have the effect that it had."""
    match leaf.ev:
        case Event.AGRX:
            take_back_own(uow, node, pairing.link.link, leaf)
        case Event.ERAS:
            take_back_erasure(uow, pairing.link.link, leaf)
        case _:
            take_back_statement(uow, pairing.link.link, leaf)


def _take_over(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    leaf: Leaf,
    received: dict[int, Line],
) -> None:
    seq = _number(leaf)
    match leaf.ev:
        case Event.AGRX | Event.STMT | Event.ERAS:
            _take_back(uow, node, pairing, leaf)
        case Event.VOID:
            row = uow.messages.by_seq(pairing.link.link, Direction.OUT, seq)
            if row and row.state is not MessageState.ACCEPTED:
                uow.messages.update(replace(row, state=MessageState.VOIDING, code=str(leaf.fields["code"])))
        case Event.RCVD:
            _restore_received(uow, node, pairing, leaf, received.get(seq))
        case Event.ACCP | Event.REJC:
            row = uow.messages.by_seq(pairing.link.link, Direction.IN, seq)
            if row:
                _apply_own_verdict(uow, node, pairing, row, leaf, document_of(uow, row))


def _row(
    uow: UnitOfWork, leaf: Leaf, line: Line | None, direction: Direction, node: Node, pairing: Pairing
) -> MessageRow:
    fields, now = leaf.fields, node.clock.now()
    envelope = line.envelope if line else None
    version = version_at(uow, pairing.link.link, direction, int(fields["seq"]))
    return MessageRow(
        link=pairing.link.link,
        direction=direction,
        seq=int(fields["seq"]),
        id=fields["id"],  # type: ignore[arg-type]
        type="",
        state=MessageState.QUEUED,
        code="",
        envelope_hash=parse_digest(str(fields["eh"])),
        body_hash=parse_digest(str(fields["cd"])),
        commitment=envelope.pc if envelope else Digest(str(fields.get("pc", ""))),
        size_class=int(fields.get("sz", 0)),
        agreement_n=envelope.agr if envelope else version.n if version else pairing.link.agreement_n,
        created_at=envelope.created_at if envelope else now,
        expires_at=envelope.expires_at if envelope else now,
        logged_at=leaf.claimed_at,
        line_bytes=len(line.raw_envelope) + len(line.body) + 1 if line else 0,
        leaf_index=leaf.i,
    )


def _restore_sent(
    uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf, line: Line | None, accepted_at: int | None
) -> None:
    """Take over one of our own messages: numbered and logged before, content from the partner."""
    if line is not None and sha256(line.raw_envelope) != leaf.fields["eh"]:
        line = None
    row = _row(uow, leaf, line, Direction.OUT, node, pairing)
    opened = _open(node, line) if line else None
    if line is None:
        row = replace(row, state=MessageState.STOPPED, code=LOST)
    elif opened:
        header = opened[1]["header"]
        row = replace(row, type=str(header["type"]) if isinstance(header, dict) else "")
    accepted_at = _judged(uow, pairing, row, accepted_at) if opened else None
    if accepted_at is not None:
        accepted = MessageState.ACCEPTED
        row = replace(row, state=accepted, verdict_at=node.clock.now(), verdict_leaf_index=accepted_at)
    uow.messages.add(row, envelope=line.raw_envelope if line else b"", body=None)
    if opened:
        parts, document = opened
        uow.contents.add(row.link, Direction.OUT, row.seq, parts_of(document, parts))
        casework.restore(uow, node, pairing, row, document, accepted_at=accepted_at)
        if accepted_at is not None:
            tail.note_verdict(uow, node, pairing, row)
    link = uow.links.get(row.link)
    if link and link.next_seq <= row.seq:
        uow.links.update(replace(link, next_seq=row.seq + 1))


def _judged(uow: UnitOfWork, pairing: Pairing, row: MessageRow, index: int | None) -> int | None:
    """Return the place of a leaf of the partner if it accepts this message; any other waits for step 4."""
    raw = uow.logs.leaves(row.link, pairing.partner, index, index + 1) if index is not None else []
    return index if raw and tail.accepts(decode_leaf(raw[0]), row) else None


def _number(leaf: Leaf) -> int:
    """Return the number a leaf speaks of, 0 if of none."""
    return int(leaf.fields.get("seq", 0))


def _open(node: Node, line: Line) -> tuple[tuple[bytes, ...], Document] | None:
    """Return parts and document of a line sealed to us, checked against its commitment."""
    envelope = line.envelope
    if envelope.sender == node.agency:
        envelope = replace(envelope, sender=envelope.recipient, recipient=envelope.sender)
    try:
        parts = open_parts(envelope, line.body, node.keys.sealing())
        return parts, join_parts(parts)
    except RejectedError:
        return None


def _restore_received(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf, line: Line | None) -> None:
    """Take over a message of the partner with the verdict that our leaf gave it.

    One that is here was judged in an epoch before; the leaf only says its verdict again.
    """
    here = uow.messages.by_seq(pairing.link.link, Direction.IN, int(leaf.fields["seq"]))
    if here is not None:
        uow.messages.update(replace(here, verdict_leaf_index=leaf.i))
        return
    if line is not None and sha256(line.raw_envelope) != leaf.fields["eh"]:
        line = None
    row = replace(_row(uow, leaf, line, Direction.IN, node, pairing), state=MessageState.HELD)
    opened = _open(node, line) if line and leaf.fields["k"] != "rejected" else None
    if opened:
        header = opened[1]["header"]
        row = replace(row, type=str(header["type"]) if isinstance(header, dict) else "")
    uow.messages.add(row, envelope=line.raw_envelope if line else b"", body=line.body if line else None)
    if opened:
        uow.contents.add(row.link, Direction.IN, row.seq, parts_of(opened[1], opened[0]))
    if leaf.fields["k"] != "held":
        _apply_own_verdict(uow, node, pairing, row, leaf, opened[1] if opened else None)


def _apply_own_verdict(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, leaf: Leaf, document: Document | None
) -> None:
    accepted = leaf.ev == Event.ACCP or leaf.fields.get("k") == "accepted"
    if accepted and document:
        weighed = casework.weigh(uow, node, pairing, row, document, verdict=leaf.i, rebuilding=True)
        casework.receive(uow, node, pairing, row, document, weighed)
        arrivals.note_restored(uow, row, now=node.clock.now())
    state = MessageState.ACCEPTED if accepted else MessageState.REJECTED
    code = "" if accepted else str(leaf.fields.get("code", ""))
    uow.messages.update(
        replace(row, state=state, code=code, verdict_at=leaf.claimed_at, verdict_leaf_index=leaf.i)
    )


def _finish(uow: UnitOfWork, node: Node, link: LinkId, head: Head, note: str) -> None:
    """Apply the partner's verdicts, keep our own head, move the mark (step 4)."""
    node.presence.demand_unpaused(link)
    pairing = pairing_of(uow, node, link)
    begun = int(uow.settings.get(REFILL + link) or 0)
    size = uow.logs.position(link, pairing.partner).size
    for raw in uow.logs.leaves(link, pairing.partner, begun, size):
        leaf = decode_leaf(raw)
        if leaf.ev in (Event.RCVD, Event.ACCP, Event.REJC):
            tail.apply_leaf(uow, node, pairing, leaf)
    move_mark(uow, pairing)
    held = uow.logs.head(link, node.agency)
    if held is None or held.size < head.size:
        uow.logs.add_head(
            link, node.agency, HeadRow(head.size, Digest(b64url(head.root)), note, node.clock.now())
        )
    uow.settings.put(REFILL + link, "")
    uow.audit.record(AuditRow(node.clock.now(), "node", "refilled", link, result=str(head.size)))
