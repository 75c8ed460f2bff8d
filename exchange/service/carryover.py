# SPDX-License-Identifier: Apache-2.0
"""Carries over into a new epoch what the one before left open, so that no message is lost without a word.

The sender, when it begins (`write_open`):
1. gives up every number of its own that has no final verdict here: `void`, code `lost`;
2. closes every message of the other side that it holds without a verdict: `rejc`, code `voided`;
3. names for its people what the other side lost (`name_lost`): messages and verdicts in our old copy behind
   the end that the other side's `epch` binds. These stay as they are here.

The recipient of such a `void` (`hear`, `answer`) says in the new log what became of the number:
4. it judged the message before: `rcvd` with that verdict, and the sender's message has it as well;
5. it knows the number and never had the message: `rcvd`, rejected, `voided`;
6. it never heard of the number: `rejc`, code `voided`.

So every number has its end in the new log, whichever side had lost it. Nothing is sealed or sent again.
Source: docs/protocol/log.md, a new epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from exchange.errors import LeafInvalidError
from exchange.ids import LinkId, MessageId
from exchange.ledger.entries import Entry, Event, Leaf, decode_leaf, legal, rcvd, rejc, void
from exchange.ledger.judge import EPOCH_PLACE
from exchange.service import logbook
from exchange.service.evidence import keep_difference
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, MessageRow, MessageState
from exchange.service.settling import log_voided
from exchange.service.void import LOST

PAGE: Final = 1_000
"""Numbers read in one unit, some 10 ms."""
MAX_NAMED: Final = 1_000
"""Entries looked at one by one when the other side lost them; more nobody can work off singly."""
MAX_LOST: Final = 1_000_000
"""Numbers between the last one that is known here and the first one of a new epoch: no backup is so old. Each
takes 49 bytes when both ledgers are compared."""
OPEN_OUT: Final = frozenset(
    {MessageState.QUEUED, MessageState.HELD, MessageState.STOPPED, MessageState.VOIDING}
)
_CARRIED: Final = "carried:"
"""Setting of a link: `number:id` of the partner's numbers that wait for our answer."""
_LOST_ENTRIES: Final[Mapping[str, tuple[str, str]]] = {
    Event.SENT: ("unexpected_message", "its sender lost this message in an epoch before"),
    Event.RCVD: ("state_mismatch", "its recipient lost what it said of this message in an epoch before"),
    Event.ACCP: ("state_mismatch", "its recipient lost its decision in an epoch before"),
    Event.REJC: ("state_mismatch", "its recipient lost its decision in an epoch before"),
}
"""Class of difference and reason for an entry that its own writer lost."""
_VERDICTS: Final = frozenset({Event.RCVD, Event.ACCP, Event.REJC})
VOIDED: Final = "voided"


@dataclass(frozen=True)
class Left:
    """What an epoch leaves open on this side."""

    own: tuple[MessageRow, ...]
    """Ours without a final verdict."""
    held: tuple[MessageRow, ...]
    """Theirs without one."""


async def collect(node: Node, link: LinkId) -> Left:
    """Return what is open, page by page; requires a closed gate, behind which nothing changes."""
    own: list[MessageRow] = []
    start = 1
    while True:
        rows = await node.store.read(partial(_numbers, link=link, start=start))
        own += [row for row in rows if row.state in OPEN_OUT]
        if len(rows) < PAGE:
            break
        start = rows[-1].seq + 1
    held = await node.store.read(lambda uow: uow.messages.held(link))
    return Left(tuple(own), tuple(held))


def _numbers(uow: UnitOfWork, *, link: LinkId, start: int) -> list[MessageRow]:
    return uow.messages.numbers(link, Direction.OUT, start, PAGE)


def write_open(uow: UnitOfWork, node: Node, pairing: Pairing, left: Left) -> None:
    """Write 1 and 2 behind the first leaves of the new log."""
    now = node.clock.now()
    entries: list[Entry] = [void(seq=row.seq, id=row.id, code=LOST) for row in left.own]
    closing = [rejc(seq=row.seq, id=row.id, code=VOIDED) for row in left.held]
    begin = uow.logs.position(pairing.link.link, node.agency).size + len(entries)
    logbook.write(uow, node, pairing.link, [*entries, *closing])
    for row in left.own:
        uow.messages.update(replace(row, state=MessageState.VOIDING, code=LOST))
        uow.audit.record(AuditRow(now, "node", "void", row.id, result=LOST))
    for place, row in enumerate(left.held, begin):
        closed = replace(
            row, state=MessageState.REJECTED, code=VOIDED, verdict_at=now, verdict_leaf_index=place
        )
        uow.messages.update(closed)
        uow.audit.record(AuditRow(now, "partner", "message_received", row.id, result=VOIDED))


def name_lost(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    """Name what the other side lost of its old log, and what therefore only this side knows (3)."""
    if leaf.i != EPOCH_PLACE or leaf.fields["pe"] != leaf.ep - 1:
        return
    begin, old = int(leaf.fields["sz"]), int(leaf.fields["pe"])
    link, by = pairing.link.link, pairing.partner
    for raw in uow.logs.leaves(link, by, begin, begin + MAX_NAMED, epoch=old):
        lost = decode_leaf(raw)
        reason = _LOST_ENTRIES.get(lost.ev)
        if reason and not legal(lost):
            kind, subject = reason[0], str(lost.fields["seq"])
            keep_difference(uow, node, link, kind, subject=subject, evidence=raw, reason=reason[1])


# --- the recipient


def is_carried_over(uow: UnitOfWork, pairing: Pairing, leaf: Leaf) -> bool:
    """Return True for a `void` of a number that the partner sent in an epoch before."""
    return leaf.ep > 1 and int(leaf.fields["seq"]) < _first_of(uow, pairing)


def _first_of(uow: UnitOfWork, pairing: Pairing) -> int:
    """Return the first number of the partner in the present epoch: `fs` of its second leaf."""
    raw = uow.logs.leaves(pairing.link.link, pairing.partner, 1, 2)
    leaf = decode_leaf(raw[0]) if raw else None
    return int(leaf.fields["fs"]) if leaf and leaf.ev == Event.AGRX and "fs" in leaf.fields else 0


def begin_numbers(uow: UnitOfWork, pairing: Pairing, leaf: Leaf) -> None:
    """Go on with the partner's numbers from the first one of its new epoch; its second leaf says it.

    A number that is further away than any store can have lost begins nothing.
    """
    row, last = uow.links.get(pairing.link.link), int(leaf.fields["fs"]) - 1
    if leaf.ep > 1 and leaf.i == 1 and row and row.contiguous_in < last <= row.contiguous_in + MAX_LOST:
        uow.links.update(replace(row, contiguous_in=last))


def hear(uow: UnitOfWork, link: LinkId, leaf: Leaf) -> None:
    """Note a number of an epoch before that the partner gives up; `answer` says what became of it."""
    waiting = uow.settings.get(_CARRIED + link) or ""
    uow.settings.put(_CARRIED + link, f"{waiting} {leaf.fields['seq']}:{leaf.fields['id']}".strip())


def answer(uow: UnitOfWork, node: Node, pairing: Pairing) -> None:
    """Write what became of the numbers that wait (4 to 6); requires an open gate."""
    link = pairing.link.link
    waiting = uow.settings.get(_CARRIED + link) if pairing.link.partner_epoch > 1 else None
    if not waiting:
        return
    uow.settings.put(_CARRIED + link, "")
    for text in waiting.split():
        seq, _, id = text.partition(":")
        _answer(uow, node, pairing_of(uow, node, link), int(seq), MessageId(id))


def _answer(uow: UnitOfWork, node: Node, pairing: Pairing, seq: int, id: MessageId) -> None:
    link = pairing.link.link
    row, announced = uow.messages.by_seq(link, Direction.IN, seq), uow.messages.announced(link, seq)
    if row is not None and row.id == id:
        if not _is_said_here(uow, node, row):
            _say_again(uow, node, pairing, row)
    elif row is None and announced is not None and announced.id == id:
        uow.messages.void_announced(link, seq, LOST)
        log_voided(uow, node, pairing, announced)
    else:
        logbook.write(uow, node, pairing.link, [rejc(seq=seq, id=id, code=VOIDED)])


def _say_again(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> None:
    """Say the verdict of an epoch before in the new log (4)."""
    entry = rcvd(
        seq=row.seq, id=row.id, eh=row.envelope_hash, cd=row.body_hash, k=row.state.value, code=row.code
    )
    place = logbook.write(uow, node, pairing.link, [entry])
    uow.messages.update(replace(row, verdict_leaf_index=place))


def _is_said_here(uow: UnitOfWork, node: Node, row: MessageRow) -> bool:
    """Return True if our present log has the final verdict on a message."""
    place = row.verdict_leaf_index
    raw = uow.logs.leaves(row.link, node.agency, place, place + 1) if place >= 0 else []
    try:
        leaf = decode_leaf(raw[0]) if raw else None
    except LeafInvalidError:
        return False
    return leaf is not None and leaf.ev in _VERDICTS and leaf.fields.get("id") == row.id
