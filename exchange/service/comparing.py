# SPDX-License-Identifier: Apache-2.0
"""Walks both logs of a link up to two fixed heads, and names every difference that the node can find.

1. The logs, page by page in units of their own (`ledger.compare`): the store serves everybody else in
   between, and leaves that are written meanwhile are not part of it.
2. The states that the node acts on, against the verdicts in the logs: `state_mismatch`.
3. Kept evidence: what was refused when it came, and so stands in no log. Its class is that of
   `EVIDENCE`; what the logs show as well is named once. An accepted message that had no effect (`subjects`)
   is named by its number.
4. The first leaves of the partner's log: one that does not begin as it must is `log_invalid`.

Nothing is written, and no content is opened. A walk keeps some 100 bytes a message until it is forgotten.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from exchange.errors import LeafInvalidError, NodeError, NoteInvalidError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, b64url
from exchange.ledger.beginning import FIRST_LEAVES, wrong_beginning
from exchange.ledger.compare import Comparison, LogView, Period, Reconciliation
from exchange.ledger.differences import Actor, Difference, DifferenceKind, LeafRef
from exchange.ledger.entries import Event, decode_leaf
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import head_of_note
from exchange.ledger.numbers import ACCEPTED, FINAL, Numbers, is_same
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import DifferenceRow, Direction, MessageState

PAGE_LEAVES: Final = 1_000
"""Leaves read in one unit and judged without a pause; each some 3 ms."""
PAGE_STATES: Final = 5_000
"""States read in one unit, some 5 ms."""
PAGE_NAMED: Final = 100
"""Differences named in one unit; each reads one or two leaves, or three with a period."""
GRACE: Final = timedelta(hours=24)
"""A message without a leaf of the partner counts as in transit for so long (`discrepancy-types`)."""
STALE_AFTER: Final = timedelta(days=2)
"""A node that has nothing to say writes `beat` once a day; two missing ones are no accident."""
STALE_BY_FILES: Final = timedelta(days=14)
"""A courier comes once a week; two missing ones are no accident."""
EVIDENCE: Final[Mapping[str, DifferenceKind]] = {
    "conflict": DifferenceKind.HASH_MISMATCH,
    "tail": DifferenceKind.LOG_INVALID,
    "card_invalid": DifferenceKind.UNKNOWN_KEY,
    "card_conflict": DifferenceKind.UNKNOWN_KEY,
    "card": DifferenceKind.UNKNOWN_KEY,
}
"""Kinds of kept evidence that are no class themselves."""
_OF_A_NUMBER = frozenset({"conflict", "unknown_key"})
"""Kinds of evidence whose subject is a number of the partner, unless the evidence is a leaf."""
_OF_TIME: Final = frozenset(
    {
        DifferenceKind.TIME_MISMATCH,
        DifferenceKind.LATE,
        DifferenceKind.HEAD_STALE,
        DifferenceKind.RECEIPT_MISSING,
    }
)
"""They name entries for when they came, and say nothing of what stands in them."""
_OF_HEADS: Final = frozenset(
    {DifferenceKind.LOG_FORKED, DifferenceKind.LOG_SHRUNK, DifferenceKind.SIGNATURE_MISSING}
)
"""Their evidence is a head: they stand at the last entry below it, whatever else is wrong with that one."""
_CLASSES = frozenset(kind.value for kind in DifferenceKind)
_ENDED = {True: {MessageState.ACCEPTED}, False: {MessageState.REJECTED, MessageState.VOIDED}}


@dataclass
class Walk:
    """Both logs of a link, walked to two fixed heads."""

    link: LinkId
    own: LogView
    copy: LogView
    comparison: Comparison
    found: Reconciliation
    ranges: dict[AgencyCode, CompactRange] = field(default_factory=dict)
    """Trees up to the heads, if they were asked for."""

    def numbers(self, sender: AgencyCode) -> tuple[Numbers, Numbers]:
        """Return what the log of a sender, and that of the recipient, say of the sender's numbers."""
        recipient = self.copy.by if sender == self.own.by else self.own.by
        return self.comparison.judge_of(sender).outgoing, self.comparison.judge_of(recipient).incoming


async def walk(
    node: Node,
    link: LinkId,
    *,
    grace: timedelta = GRACE,
    period: Period | None = None,
    sizes: tuple[int, int] | None = None,
    trees: bool = False,
) -> Walk:
    """Compare both logs; `sizes` are those of our log and of the copy, without it all that is here."""
    views = await node.store.read(lambda uow: _views(uow, node, link, sizes))
    comparison = Comparison(
        *views, now=node.clock.now(), grace=grace, period=period, stale_after=_stale_after(node, link)
    )
    ranges = {view.by: CompactRange() for view in views}
    for view in views:
        for start in range(0, view.size, PAGE_LEAVES):
            page = await page_of(node, link, view.by, start, view.size)
            comparison.take(view.by, page)
            if trees:
                ranges[view.by] = ranges[view.by].extend(map(leaf_hash, page))
            await asyncio.sleep(0)
    for _ in comparison.joined():
        await asyncio.sleep(0)
    named: list[Difference] = []
    for start in range(0, comparison.count, PAGE_NAMED):
        named += await node.store.read(partial(_named, link=link, comparison=comparison, start=start))
    return Walk(link, *views, comparison, comparison.result(named), ranges if trees else {})


def _named(uow: UnitOfWork, *, link: LinkId, comparison: Comparison, start: int) -> list[Difference]:
    """Return a page of differences with the digests of the leaves that prove them."""

    def leaf(by: AgencyCode, index: int) -> bytes:
        return uow.logs.leaves(link, by, index, index + 1)[0]

    return comparison.named(start, start + PAGE_NAMED, leaf)


async def all_differences(node: Node, walked: Walk) -> Reconciliation:
    """Return the reconciliation with what only the node can see: its states and its kept evidence.

    Evidence about an entry that the comparison judges already is not named a second time.
    """
    more = [difference async for difference in _wrong_states(node, walked)]
    more += await node.store.read(lambda uow: _wrong_beginning(uow, walked))
    kept = [row async for row in _kept(node, walked.link)]
    named = [*walked.found.differences, *more]
    judged = [one for one in named if one.kind not in _OF_TIME]
    shown = {(leaf.by, leaf.index) for one in judged for leaf in one.leaves}
    evidence = [
        one
        for one in _of_evidence(kept, walked.copy.by)
        if one.kind in _OF_HEADS or not any((leaf.by, leaf.index) in shown for leaf in one.leaves)
    ]
    once = {one.key: one for one in [*evidence, *reversed(named)]}
    return replace(walked.found, differences=tuple(sorted(once.values(), key=_in_order)))


def _in_order(difference: Difference) -> tuple[str, int, str, int]:
    """Order by direction and number; what concerns a log comes first, by its entry."""
    place = difference.leaves[0].index if difference.leaves else -1
    return str(difference.sender or ""), difference.number, difference.kind.value, place


async def page_of(node: Node, link: LinkId, by: AgencyCode, start: int, size: int) -> list[bytes]:
    """Return the next page of a log in a unit of its own."""
    end = min(start + PAGE_LEAVES, size)
    return await node.store.read(lambda uow: uow.logs.leaves(link, by, start, end))


def _stale_after(node: Node, link: LinkId) -> timedelta:
    return STALE_BY_FILES if node.is_by_files(link) else STALE_AFTER


def _views(
    uow: UnitOfWork, node: Node, link: LinkId, sizes: tuple[int, int] | None
) -> tuple[LogView, LogView]:
    row = uow.links.get(link)
    if row is None:
        raise NodeError(f"link {link} is not in the store")

    # What the partner only announces is no measure: a single entry may name any number.
    sent, heard = row.next_seq - 1, row.contiguous_in

    def view(by: AgencyCode, at: int) -> LogView:
        position, head = uow.logs.position(link, by), uow.logs.head(link, by)
        size = position.size if sizes is None else sizes[at]
        if size > position.size:
            raise NodeError(f"the log of {by} has {position.size} entries here, not {size}")
        return LogView(
            by=by,
            size=size,
            leaves=lambda start, end: uow.logs.leaves(link, by, start, end),
            cosigned=uow.logs.cosigned(link, by)[0],
            known_out=heard if at else sent,
            known_in=sent if at else heard,
            head_at=head.at if head else None,
        )

    return view(node.agency, 0), view(row.partner, 1)


def _wrong_beginning(uow: UnitOfWork, walked: Walk) -> list[Difference]:
    """Return the difference of a partner's log that does not begin with `open`, `agrx` and its keys."""
    by, size = walked.copy.by, min(walked.copy.size, FIRST_LEAVES)
    first = [decode_leaf(raw) for raw in uow.logs.leaves(walked.link, by, 0, size)]
    found = wrong_beginning(first)
    if found is None:
        return []
    reference = LeafRef(by, found.leaf.i, Digest(b64url(leaf_hash(found.leaf.raw))))
    return [Difference(DifferenceKind.LOG_INVALID, (reference,), acts_first=by, reason=found.reason)]


# --- states


async def _wrong_states(node: Node, walked: Walk) -> AsyncIterator[Difference]:
    """Yield the messages that the node treats otherwise than their verdict in the logs says."""
    for direction, sender in ((Direction.OUT, walked.own.by), (Direction.IN, walked.copy.by)):
        sent, received = walked.numbers(sender)
        start = 1
        while start:
            read = _states_reader(walked.link, direction, start)
            states = await node.store.read(read)
            for seq, state, index in states:
                if not _fits(sent, received, seq, state):
                    yield await _state_difference(node, walked, sender, seq, index)
            start = states[-1][0] + 1 if len(states) == PAGE_STATES else 0


def _states_reader(
    link: LinkId, direction: Direction, start: int
) -> Callable[[UnitOfWork], list[tuple[int, MessageState, int]]]:
    return lambda uow: uow.differences.held_states(link, direction, start, PAGE_STATES)


def _fits(sent: Numbers, received: Numbers, seq: int, state: MessageState) -> bool:
    """Say whether a state fits a verdict that both logs have; what they do not have is another class.

    A state may be ahead of the heads that were walked, never behind them.
    """
    mark = received.mark(seq)
    if not mark & FINAL or not sent.mark(seq) or not is_same(sent, received, seq):
        return True
    return state in _ENDED[bool(mark & ACCEPTED)]


async def _state_difference(node: Node, walked: Walk, sender: AgencyCode, seq: int, index: int) -> Difference:
    recipient = walked.copy.by if sender == walked.own.by else walked.own.by
    place = walked.numbers(sender)[1].ends[seq - 1]
    raw = await node.store.read(lambda uow: uow.logs.leaves(walked.link, recipient, place, place + 1))
    reference = LeafRef(recipient, place, Digest(b64url(leaf_hash(raw[0]))))
    return Difference(
        DifferenceKind.STATE_MISMATCH,
        (reference,),
        acts_first=walked.own.by,
        sender=sender,
        number=seq,
        last_number=seq,
        reason="" if index == place else "other_entry",
    )


# --- evidence


@dataclass(frozen=True)
class _Kept:
    """A piece of evidence, and the message that it is about; 0 for none, or if a leaf says it."""

    row: DifferenceRow
    sender: AgencyCode | None = None
    number: int = 0


async def _kept(node: Node, link: LinkId) -> AsyncIterator[_Kept]:
    """Yield the kept evidence of a link, page by page."""
    after = 0
    while True:
        rows, after = await node.store.read(partial(_kept_page, node=node, link=link, after=after))
        for row in rows:
            yield row
        if not after:
            return


def _kept_page(uow: UnitOfWork, *, node: Node, link: LinkId, after: int) -> tuple[list[_Kept], int]:
    rows, more = uow.audit.kept_behind(link, after)
    found = uow.links.get(link)
    partner = found.partner if found else node.agency
    return [_about(uow, row, node.agency, partner) for row in rows], more


def _about(uow: UnitOfWork, row: DifferenceRow, own: AgencyCode, partner: AgencyCode) -> _Kept:
    """Return evidence with the message it is about: what is kept names a number, or an id and a place."""
    if _leaf_in(row.evidence) is not None:
        return _Kept(row)
    if row.kind in _OF_A_NUMBER:
        return _Kept(row, partner, int(row.subject))
    if row.kind == DifferenceKind.STATE_MISMATCH:
        id, index = MessageId(row.evidence.decode("ascii")), int(row.subject)
        for direction, sender, other in ((Direction.IN, partner, own), (Direction.OUT, own, partner)):
            message = uow.messages.by_id(row.link, direction, id)
            if message is None:
                continue
            if _sent_at(uow, row.link, sender, index) != message.seq:  # a second signature names the first
                number = _sent_at(uow, row.link, other, index)
                return _Kept(row, other, number) if number else _Kept(row, sender, message.seq)
            return _Kept(row, sender, message.seq)
    return _Kept(row)


def _sent_at(uow: UnitOfWork, link: LinkId, sender: AgencyCode, index: int) -> int:
    """Return the number of the message whose `sent` stands at a place of a log, 0 if none does."""
    for raw in uow.logs.leaves(link, sender, index, index + 1):
        leaf = decode_leaf(raw)
        return int(leaf.fields["seq"]) if leaf.ev == Event.SENT else 0
    return 0


async def place_of(node: Node, link: LinkId, found: Difference) -> int:
    """Return the entry of the partner's log at which something came that is no entry and has no number.

    Of a tail it is the last entry below its head; of a card the last one that is held here.
    """
    async for kept in _kept(node, link):
        if found.reason == _refused_name(kept.row):
            below = _below_head(kept.row.evidence)
            if below is not None:
                return below.index
    row = await node.store.read(lambda uow: uow.links.get(link))
    if row is None:
        return 0
    held = await node.store.read(lambda uow: uow.logs.position(link, row.partner).size)
    return max(held - 1, 0)


def _refused_name(row: DifferenceRow) -> str:
    """Return the name of refused bytes: their kind, and the beginning of their digest as a leaf."""
    return f"{row.kind}_{b64url(leaf_hash(row.evidence))[:8]}"


def _of_evidence(kept: Iterable[_Kept], partner: AgencyCode) -> Iterator[Difference]:
    """Yield what kept evidence proves, each subject once."""
    seen: set[tuple[str, str]] = set()
    for one in kept:
        kind, subject = EVIDENCE.get(one.row.kind, one.row.kind), f"{one.row.subject}/{one.sender}"
        if kind not in _CLASSES or (one.row.kind, subject) in seen:
            continue
        seen.add((one.row.kind, subject))
        yield _proved(DifferenceKind(kind), one, partner)


def _proved(kind: DifferenceKind, kept: _Kept, partner: AgencyCode) -> Difference:
    row, number = kept.row, kept.number
    leaf = _below_head(row.evidence) if kind in _OF_HEADS else _leaf_in(row.evidence)
    is_of_both = kind is DifferenceKind.HASH_MISMATCH or (kind is DifferenceKind.STATE_MISMATCH and number)
    return Difference(
        kind,
        (leaf,) if leaf else (),
        acts_first=Actor.BOTH.value if is_of_both else partner,
        sender=kept.sender,
        number=number,
        last_number=number,
        reason=_rule(kind, row) if leaf or number else _refused_name(row),
    )


def _rule(kind: DifferenceKind, row: DifferenceRow) -> str:
    return row.kind if row.kind != kind.value else ""


def _leaf_in(evidence: bytes) -> LeafRef | None:
    """Return the place of a leaf that was kept as evidence; None for other bytes."""
    try:
        leaf = decode_leaf(evidence)
    except LeafInvalidError:
        return None
    return LeafRef(leaf.by, leaf.i, Digest(b64url(leaf_hash(evidence))))


def _below_head(evidence: bytes) -> LeafRef | None:
    """Return the last place below a head that was kept as evidence; None for other bytes, or an empty log."""
    try:
        head = head_of_note(evidence.decode())
    except (NoteInvalidError, UnicodeDecodeError):
        return None
    return LeafRef(head.by, head.size - 1, Digest("")) if head.size else None
