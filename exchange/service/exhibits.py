# SPDX-License-Identifier: Apache-2.0
"""Gathers what stands around a disclosed message: entries with proofs, heads, cards, agreement, enrolment.

1. Of each log, in the epoch in which the message was sent, one head is taken: the largest that the other
   side signed, if it covers the entries of the message; else the newest one, without that signature.
2. The log is read once up to that head, page by page. Entries that name the message, begin or end a key, or
   begin a version of the agreement are kept, each with its inclusion proof.
3. What witnesses, second keys and time stamp authorities said about heads that cover the entries comes along,
   with the way from the head that was taken to theirs (`attesting`).
4. The minutes of the enrolment are what the audit record says of it: acts, times, officers' numbers.

Logs only grow, so what is read later fits to the head. No content is read here.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from exchange.ids import AgencyCode
from exchange.ledger.proving import ProofGatherer
from exchange.service.attesting import Attested, attested
from exchange.service.disclosing import Selection
from exchange.service.ledgers import Sizes
from exchange.service.node import Node
from exchange.service.packs import LogExtent, PackBeginning, beginning, epoch_of, leaves
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, MessageRow

ENROLMENT: Final = frozenset({"partner_invited", "partner_enrolled", "words_confirmed", "partner_withdrawn"})
"""Acts of the audit record that are the minutes of an enrolment."""
_EVENTS: Final = (b'"ev":"keyx"', b'"ev":"open"', b'"ev":"agrx"')


@dataclass(frozen=True)
class ProvedLeaf:
    """One entry of a log with its path to the root of the head."""

    by: AgencyCode
    index: int
    raw: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Exhibit:
    """Everything that a disclosure holds."""

    selection: Selection
    sender: AgencyCode
    beginning: PackBeginning
    heads: tuple[LogExtent, LogExtent]
    """`size` and `head` are those of the head that was taken; `cosigned` is the same note or ""."""
    leaves: tuple[ProvedLeaf, ...]
    attested: tuple[Attested, ...]
    envelope: bytes
    minutes: tuple[AuditRow, ...]


@dataclass(frozen=True)
class _Begun:
    start: PackBeginning
    envelope: bytes
    last: dict[AgencyCode, int]
    """Index of the last entry of the message in each log, -1 without one."""


async def gather(node: Node, chosen: Selection) -> Exhibit:
    """Return a selection with all the evidence around it.

    Raises:
        NodeError: the link is not in the store, or its agreement lacks a signature.
    """
    row = chosen.message

    def unit(uow: UnitOfWork) -> _Begun:
        link = uow.links.get(row.link)
        by = node.agency if link is None or row.direction is Direction.OUT else link.partner
        start = beginning(uow, node, row.link, epoch_of(uow, link, by, row.seq) if link else 0)
        last = {extent.by: _last_entry(uow, node, row, extent.by) for extent in start.logs}
        return _Begun(start, uow.messages.line(row.link, row.direction, row.seq)[0], last)

    begun = await node.store.read(unit)
    start = begun.start
    one, other = (_head(extent, last=begun.last[extent.by]) for extent in start.logs)
    return Exhibit(
        selection=chosen,
        sender=start.own if row.direction is Direction.OUT else start.partner,
        beginning=start,
        heads=(one, other),
        leaves=(*await _leaves(node, row, one), *await _leaves(node, row, other)),
        attested=tuple([found async for found in _attested(node, begun, (one, other))]),
        envelope=begun.envelope,
        minutes=await _minutes(node, start.partner),
    )


async def _attested(node: Node, begun: _Begun, heads: Iterable[LogExtent]) -> AsyncIterator[Attested]:
    """Yield of each log that has entries of the message what was said about heads over them (rule 3)."""
    for head, whole in zip(heads, begun.start.logs, strict=True):
        last = begun.last[head.by]
        if head.size and last >= 0:
            yield await attested(node, begun.start.link, head, sizes=Sizes(last + 1, whole.size))


def _last_entry(uow: UnitOfWork, node: Node, row: MessageRow, by: AgencyCode) -> int:
    """Return the index of the last entry that the log of `by` has of the message, as far as known."""
    if by == node.agency:
        return max(row.leaf_index, row.verdict_leaf_index if row.direction is Direction.IN else -1)
    if row.direction is Direction.OUT:
        return row.verdict_leaf_index
    announced = uow.messages.announced(row.link, row.seq)
    return announced.leaf_index if announced else -1


def _head(extent: LogExtent, *, last: int) -> LogExtent:
    """Return the head to prove under (rule 1)."""
    size = int(extent.cosigned.split("\n")[1]) if extent.cosigned else 0
    if size > last:
        return replace(extent, size=size, head=extent.cosigned)
    return replace(extent, cosigned="", cosignature="")


async def _leaves(node: Node, row: MessageRow, head: LogExtent) -> tuple[ProvedLeaf, ...]:
    """Return the entries to show of a log, in their order (rule 2)."""
    wanted = (*_EVENTS, f'"id":"{row.id}"'.encode("ascii"))
    gatherer, found = ProofGatherer(), dict[int, bytes]()
    while gatherer.size < head.size:
        start = gatherer.size
        for raw in await leaves(node, row.link, head.by, start=start, end=head.size, epoch=head.ep):
            is_wanted = any(text in raw for text in wanted)
            if is_wanted:
                found[gatherer.size] = raw
            gatherer.take(raw, is_wanted=is_wanted)
    gatherer.finish()
    return tuple(
        ProvedLeaf(head.by, index, raw, tuple(gatherer.proofs[index])) for index, raw in found.items()
    )


async def _minutes(node: Node, partner: AgencyCode) -> tuple[AuditRow, ...]:
    """Return what the audit record says of the enrolment of a partner (rule 4)."""
    found, place = list[AuditRow](), 0
    while True:
        page, place = await node.store.read(partial(_acts, after=place))
        found += [act for act in page if act.object == partner]
        if not place:
            return tuple(found)


def _acts(uow: UnitOfWork, *, after: int) -> tuple[list[AuditRow], int]:
    return uow.audit.of_acts(ENROLMENT, after=after)
