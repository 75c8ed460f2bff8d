# SPDX-License-Identifier: Apache-2.0
"""Gives out what an evidence pack of a link is made of, in pieces that hold the store for milliseconds.

`begin` fixes how far both logs go and which messages belong to them, and gives all that is short: agreements,
cards, signed heads, cosignatures. `leaves` and `envelopes` then give the long part, page by page. Logs only
grow, so pages that are read later fit to what was fixed. No content of a message is read.

The form of the file stands in `exchange.verifier.pack`; who writes it is the command line.
"""

from dataclasses import dataclass

from exchange.errors import NodeError
from exchange.ids import AgencyCode, LinkId, OfficerNumber, b64url
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction

MAX_LEAVES = 2_000
"""Leaves in a page; about 700 kB."""
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
    last: dict[Direction, int]
    """The highest number in each direction that the logs speak of."""


async def begin(node: Node, link: LinkId, *, actor: OfficerNumber) -> PackBeginning:
    """Return the beginning of a pack, and record that somebody exports the evidence of a link.

    Raises:
        NodeError: the link is not in the store, or its agreement lacks a signature.
    """

    def unit(uow: UnitOfWork) -> PackBeginning:
        found = beginning(uow, node, link)
        uow.audit.record(AuditRow(node.clock.now(), actor, "evidence_exported", link))
        return found

    return await node.store.write(unit)


def beginning(uow: UnitOfWork, node: Node, link: LinkId) -> PackBeginning:
    """Return the beginning of a pack inside a unit; who asks records the act.

    Raises:
        NodeError: the link is not in the store, or its agreement lacks a signature.
    """
    row = uow.links.get(link)
    if row is None:
        raise NodeError(f"link {link} is not in the store")
    versions = (_version(uow, node, link, row.partner, n) for n in range(1, row.agreement_n + 1))
    cards = (card.raw for agency in (node.agency, row.partner) for card in uow.links.cards(agency))
    return PackBeginning(
        link=link,
        own=node.agency,
        partner=row.partner,
        agreements=tuple(versions),
        cards=tuple(cards),
        logs=(
            _extent(uow, link, node.agency, row.own_epoch),
            _extent(uow, link, row.partner, row.partner_epoch),
        ),
        last={Direction.OUT: row.next_seq - 1, Direction.IN: uow.messages.announced_last(link)},
    )


def _version(uow: UnitOfWork, node: Node, link: LinkId, partner: AgencyCode, n: int) -> SignedVersion:
    row = uow.links.agreement(link, n)
    if row is None or not row.own_signature or not row.partner_signature:
        raise NodeError(
            f"version {n} of the agreement with {partner} is not signed by both",
            hint="run: exchange partner show",
        )
    return SignedVersion(row.raw, {node.agency: row.own_signature, partner: row.partner_signature})


def _extent(uow: UnitOfWork, link: LinkId, by: AgencyCode, epoch: int) -> LogExtent:
    head, (cosigned, line) = uow.logs.head(link, by), uow.logs.cosigned(link, by)
    under = uow.logs.head_within(link, by, cosigned) if cosigned else None
    is_held = under is not None and under.size == cosigned
    return LogExtent(
        by=by,
        ep=epoch,
        size=head.size if head else 0,
        head=head.note if head else "",
        cosigned=under.note if under and is_held else "",
        cosignature=line if is_held else "",
    )


async def leaves(node: Node, link: LinkId, by: AgencyCode, *, start: int, end: int) -> list[bytes]:
    """Return leaves start <= i < end of a log, at most `MAX_LEAVES`."""
    stop = min(end, start + MAX_LEAVES)
    return await node.store.read(lambda uow: uow.logs.leaves(link, by, start, stop))


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
