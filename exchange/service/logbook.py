# SPDX-License-Identifier: Apache-2.0
"""Writes our own log: leaves inside a unit of work, one signed head before its commit.

Rules:
1. Nothing is written unless the start gate of the link is open and the clock is not in doubt.
2. A leaf is placed (index, time) and appended in the transaction of the act it records.
3. `head_signer` runs once before each commit (`ports.Finish`): one signature covers the whole group.
4. While the gate is closed nothing is signed, so a refill never signs a smaller tree than once before.
   A pause does not change how the start gate stands: what was written before it gets its head with it.
"""

from collections.abc import Sequence

from exchange.clock import instant_text
from exchange.ids import Digest, LinkId, b64url
from exchange.ledger.entries import Entry, encode_leaf
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.suites import KeyUse
from exchange.service.node import Node
from exchange.service.ports import Finish, UnitOfWork
from exchange.service.rows import HeadRow, LinkRow, LinkState, LogPosition


def write(uow: UnitOfWork, node: Node, link: LinkRow, entries: Sequence[Entry]) -> int:
    """Append entries to our log of the link and return the index of the first.

    Raises:
        GateClosedError, ClockError: nothing may be written now.
    """
    node.presence.demand_open(link.link)
    at = instant_text(node.guard.check())
    position = uow.logs.position(link.link, node.agency)
    leaves = [
        encode_leaf(entry, link=link.link, by=node.agency, ep=position.epoch, i=position.size + k, t=at)
        for k, entry in enumerate(entries)
    ]
    grown = range_at(position).extend([leaf_hash(leaf) for leaf in leaves])
    uow.logs.append(position, leaves, peaks=grown.encode())
    return position.size


def next_index(uow: UnitOfWork, node: Node, link: LinkRow) -> int:
    """Return the index that the next entry of our log takes."""
    return uow.logs.position(link.link, node.agency).size


def head_signer(node: Node) -> Finish:
    """Return the function that signs the heads of grown logs before a commit."""

    def sign(uow: UnitOfWork, links: frozenset[LinkId]) -> None:
        for link in sorted(links):
            if node.presence.of(link).start_gate is LinkState.OPEN:
                _sign(uow, node, link)

    return sign


def range_at(position: LogPosition) -> CompactRange:
    return CompactRange.decode(position.size, position.peaks)


def _sign(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    position = uow.logs.position(link, node.agency)
    root = range_at(position).root()
    now = node.clock.now()
    head = Head(link=link, by=node.agency, ep=position.epoch, size=position.size, root=root)
    note = sign_head(head, node.keys.signing(KeyUse.HEAD, now), by=node.agency)
    uow.logs.add_head(link, node.agency, HeadRow(position.size, Digest(b64url(root)), note, now))
