# SPDX-License-Identifier: Apache-2.0
"""Reconciles a partner, and verifies both logs: what an auditor asks for.

`reconcile` walks both logs to their heads (`comparing`) and names every difference. `verify` recomputes both
roots and checks every head signature and cosignature, which is what an auditor asks first.
"""

from dataclasses import dataclass
from datetime import timedelta

from exchange.errors import ExchangeError, NodeError, NoteInvalidError, SignatureInvalidError
from exchange.ids import AgencyCode, LinkId, b64url
from exchange.ledger.compare import Period, Reconciliation
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import verify_cosignature, verify_head
from exchange.protocol.suites import KeyUse, PublicKey
from exchange.protocol.trust import trusted_signers
from exchange.service.comparing import GRACE, PAGE_LEAVES, all_differences, page_of, walk
from exchange.service.deliver import flush
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork

A_MOMENT = timedelta(minutes=2)
"""A node that only calls does so at least every 75 s: a poll of 55 s, and a pause of 20 s after a failure."""


@dataclass(frozen=True)
class LogReport:
    """One log of a link as an auditor wants it."""

    by: AgencyCode
    size: int
    root: str
    signed: int
    """Size of the newest head whose signature verified."""
    cosigned: int
    """Size up to which the other side's cosignature verified."""
    faults: tuple[str, ...]


async def refresh(node: Node, link: LinkId) -> bool:
    """Exchange until both logs are signed by the other side; return False if the partner is not reached.

    A partner that only calls cannot be asked; it counts as reached if it called a moment ago.
    """
    try:
        await flush(node, link)
    except ExchangeError as error:
        node.journal.note("exchange_failed", link=link, reason=error.reason)
        return False
    presence = node.presence.of(link)
    heard_at = presence.last_contact_at
    return not presence.only_answers or (heard_at is not None and node.clock.now() - heard_at <= A_MOMENT)


async def reconcile(
    node: Node, link: LinkId, *, grace: timedelta = GRACE, period: Period | None = None
) -> Reconciliation:
    """Return the reconciliation with a partner, of what is in the store now.

    With a `period` only numbers that were sent in it, and entries that were written in it, are looked at.
    """
    return await all_differences(node, await walk(node, link, grace=grace, period=period))


async def verify(node: Node, link: LinkId) -> tuple[LogReport, LogReport]:
    """Recompute both logs of a link from their stored leaves and check heads and cosignatures."""
    row = await node.store.read(lambda uow: uow.links.get(link))
    if row is None:
        raise NodeError(f"link {link} is not in the store")
    return await _verify_log(node, link, node.agency), await _verify_log(node, link, row.partner)


async def _verify_log(node: Node, link: LinkId, by: AgencyCode) -> LogReport:
    size = await node.store.read(lambda uow: uow.logs.position(link, by).size)
    cosigned, line = await node.store.read(lambda uow: uow.logs.cosigned(link, by))
    head = await node.store.read(lambda uow: uow.logs.head(link, by))
    under_cosignature = await node.store.read(lambda uow: uow.logs.head_within(link, by, cosigned))
    grown, faults = CompactRange(), []
    for start in range(0, size, PAGE_LEAVES):
        page = await page_of(node, link, by, start, size)
        grown = grown.extend([leaf_hash(leaf) for leaf in page])
    root = b64url(grown.root())
    index = head.size - 1 if head else 0
    keys, cosign_keys = await node.store.read(lambda uow: _keys(uow, node, link, by, index))
    if size and (head is None or head.size != size or head.root != root):
        faults.append("the newest head does not cover the stored entries")
    if head and not _is_signed(head.note, keys, by):
        faults.append("the newest head is not signed by a key of its writer")
    other = await _other(node, link, by)
    if cosigned and (
        under_cosignature is None
        or under_cosignature.size != cosigned
        or not _is_cosigned(under_cosignature.note, line, cosign_keys, other)
    ):
        faults.append("the cosignature does not verify")
    return LogReport(by, size, root, head.size if head else 0, cosigned, tuple(faults))


async def _other(node: Node, link: LinkId, by: AgencyCode) -> AgencyCode:
    row = await node.store.read(lambda uow: uow.links.get(link))
    return row.partner if row and by == node.agency else node.agency


def _keys(
    uow: UnitOfWork, node: Node, link: LinkId, by: AgencyCode, index: int
) -> tuple[tuple[PublicKey, ...], tuple[PublicKey, ...]]:
    """Return the head keys of a log's writer at a place and the cosign keys of the other side.

    A cosignature was judged when it came; a cosign key that ended since goes on verifying it.
    """
    partner = pairing_of(uow, node, link).partner_keys
    if by == node.agency:
        cosign_keys = tuple(key for (use, _), key in partner.keys.items() if use is KeyUse.COSIGN)
        return node.keys.public(KeyUse.HEAD), cosign_keys
    return trusted_signers(partner, use=KeyUse.HEAD, index=index), node.keys.public(KeyUse.COSIGN)


def _is_signed(note: str, keys: tuple[PublicKey, ...], by: AgencyCode) -> bool:
    for key in keys:
        try:
            verify_head(note, key, by=by)
        except (NoteInvalidError, SignatureInvalidError):
            continue
        return True
    return False


def _is_cosigned(note: str, line: str, keys: tuple[PublicKey, ...], by: AgencyCode) -> bool:
    for key in keys:
        try:
            verify_cosignature(note, line, key, by=by)
        except (NoteInvalidError, SignatureInvalidError):
            continue
        return True
    return False
