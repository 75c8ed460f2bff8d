# SPDX-License-Identifier: Apache-2.0
"""Gives out what an evidence pack of a link is made of, in pieces that hold the store for milliseconds.

`begin` fixes how far both logs go and which messages belong to them, and gives all that is short: agreements,
cards, signed heads, cosignatures. A ledger that was begun anew has a pack for each epoch. `leaves` and
`envelopes` then give the long part, page by page. Logs only
grow, so pages that are read later fit to what was fixed. No content of a message is read.

The form of the file stands in `exchange.verifier.pack`; who writes it is the command line.
"""

from dataclasses import dataclass

from exchange.errors import NodeError, UsageError
from exchange.ids import AgencyCode, LinkId, OfficerNumber, b64url
from exchange.ledger.entries import decode_leaf
from exchange.service.held_versions import parsed_agreement
from exchange.service.ledgers import HeadLine, HeadStamp
from exchange.service.node import Node
from exchange.service.pairing import parsed_card
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, LinkRow

MAX_LEAVES = 2_000
"""Leaves in a page; about 700 kB."""
MAX_LINES = 100
"""Second signatures in a page; about 350 kB."""
MAX_STAMPS = 10
"""Time stamps in a page; each has at most 64 KiB."""
MAX_ENVELOPES = 500
"""Envelopes in a page; each stands in a row of its own table."""


@dataclass(frozen=True)
class SignedVersion:
    """One version of the agreement with both detached signatures."""

    raw: bytes
    signatures: dict[AgencyCode, str]


@dataclass(frozen=True)
class LogExtent:
    """How far one log goes, with what is signed over it; notes are "" where there are none."""

    by: AgencyCode
    ep: int
    size: int
    head: str
    cosigned: str
    """The head that the other side signed."""
    cosignature: str


@dataclass(frozen=True)
class PackBeginning:
    """Everything of a pack but its leaves and envelopes."""

    link: LinkId
    own: AgencyCode
    partner: AgencyCode
    agreements: tuple[SignedVersion, ...]
    cards: tuple[bytes, ...]
    logs: tuple[LogExtent, LogExtent]
    first: dict[Direction, int]
    """The first number in each direction of this epoch of the logs."""
    last: dict[Direction, int]
    """The highest number in each direction that the logs speak of."""


async def begin(node: Node, link: LinkId, *, actor: OfficerNumber, epoch: int = 0) -> PackBeginning:
    """Return the beginning of a pack, and record that somebody exports the evidence of a link.

    The pack is of an epoch of the ledger, without one of the present one.

    Raises:
        UsageError: there is no such epoch.
        NodeError: the link is not in the store, or its agreement lacks a signature.
    """

    def unit(uow: UnitOfWork) -> PackBeginning:
        found = beginning(uow, node, link, epoch)
        uow.audit.record(AuditRow(node.clock.now(), actor, "evidence_exported", link))
        return found

    return await node.store.write(unit)


def beginning(uow: UnitOfWork, node: Node, link: LinkId, epoch: int = 0) -> PackBeginning:
    """Return the beginning of a pack inside a unit; who asks records the act.

    Raises:
        UsageError: there is no such epoch.
        NodeError: the link is not in the store, or its agreement lacks a signature.
    """
    row = uow.links.get(link)
    if row is None:
        raise NodeError(f"link {link} is not in the store")
    ep = epoch or row.own_epoch
    sides = ((Direction.OUT, node.agency, row.next_seq - 1),
             (Direction.IN, row.partner, uow.messages.announced_last(link)))  # fmt: skip
    versions = [_version(uow, node, link, row.partner, n) for n in range(1, row.agreement_n + 1)]
    pinned = {party.recovery for version in versions for party in parsed_agreement(version.raw).parties}
    cards = (card.raw for agency in (node.agency, row.partner) for card in uow.links.cards(agency))
    return PackBeginning(
        link=link,
        own=node.agency,
        partner=row.partner,
        agreements=tuple(versions),
        cards=tuple(raw for raw in cards if parsed_card(raw).recovery in pinned),
        logs=(_extent(uow, link, node.agency, ep), _extent(uow, link, row.partner, ep)),
        first={direction: _first(uow, link, by, ep) for direction, by, _ in sides},
        last={
            direction: highest if ep == row.own_epoch else _first(uow, link, by, ep + 1) - 1
            for direction, by, highest in sides
        },
    )


def epoch_of(uow: UnitOfWork, row: LinkRow, by: AgencyCode, seq: int) -> int:
    """Return the epoch of the ledger in which `by` sent a number."""
    epoch = row.own_epoch
    while epoch > 1 and seq < _first(uow, row.link, by, epoch):
        epoch -= 1
    return epoch


def _first(uow: UnitOfWork, link: LinkId, by: AgencyCode, epoch: int) -> int:
    """Return the first number of a writer in an epoch of its log: `fs` of its second leaf."""
    raw = uow.logs.leaves(link, by, 1, 2, epoch=epoch) if epoch > 1 else []
    return int(decode_leaf(raw[0]).fields.get("fs", 1)) if raw else 1


def _version(uow: UnitOfWork, node: Node, link: LinkId, partner: AgencyCode, n: int) -> SignedVersion:
    row = uow.links.agreement(link, n)
    if row is None or not row.own_signature or not row.partner_signature:
        raise NodeError(
            f"version {n} of the agreement with {partner} is not signed by both",
            hint="run: exchange partner show",
        )
    return SignedVersion(row.raw, {node.agency: row.own_signature, partner: row.partner_signature})


def _extent(uow: UnitOfWork, link: LinkId, by: AgencyCode, epoch: int) -> LogExtent:
    found = uow.logs.ended(link, by, epoch)
    if found is None:
        raise UsageError(f"there is no ledger number {epoch} with this partner", hint="leave out --ledger")
    return LogExtent(by, epoch, found.size, found.head, found.cosigned, found.cosignature)


async def leaves(
    node: Node, link: LinkId, by: AgencyCode, *, start: int, end: int, epoch: int | None = None
) -> list[bytes]:
    """Return leaves start <= i < end of a log, at most `MAX_LEAVES`."""
    stop = min(end, start + MAX_LEAVES)
    return await node.store.read(lambda uow: uow.logs.leaves(link, by, start, stop, epoch=epoch))


async def signed_again(
    node: Node, link: LinkId, by: AgencyCode, *, epoch: int, after: int, size: int
) -> list[HeadLine]:
    """Return second signatures over heads larger than `after`, up to `size`, at most `MAX_LINES`."""
    found = await node.store.read(
        lambda uow: uow.head_lines.page(link, by, epoch=epoch, after=after, limit=MAX_LINES)
    )
    return [line for line in found if line.size <= size]


async def stamps(
    node: Node, link: LinkId, by: AgencyCode, *, epoch: int, after: tuple[int, str], size: int
) -> list[HeadStamp]:
    """Return time stamps behind a size and an authority, over heads up to `size`, at most `MAX_STAMPS`."""
    found = await node.store.read(
        lambda uow: uow.stamps.page(link, by, epoch=epoch, after=after, limit=MAX_STAMPS)
    )
    return [stamp for stamp in found if stamp.size <= size]


async def envelopes(
    node: Node, link: LinkId, direction: Direction, *, after: int, last: int
) -> list[tuple[int, bytes]]:
    """Return the envelopes with a number above `after`, up to `last`, with their numbers, in order."""

    def unit(uow: UnitOfWork) -> list[tuple[int, bytes]]:
        rows = uow.messages.numbers(link, direction, after + 1, MAX_ENVELOPES)
        return [(row.seq, uow.messages.line(link, direction, row.seq)[0]) for row in rows if row.seq <= last]

    return await node.store.read(unit)


def version_text(version: SignedVersion) -> dict[str, object]:
    """Return a version as a pack holds it."""
    return {"raw": b64url(version.raw), "signatures": dict(version.signatures)}
