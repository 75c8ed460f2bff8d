# SPDX-License-Identifier: Apache-2.0
"""What is due for erasure on every link: the dry run. It only reads, and shows codes, numbers and days.

1. Cases whose time is over, with what each waits for. A case about which something came after its closing is
   listed when that is as old as well.
2. What the partner said that it erased and we have not followed: how many, since when, until when, and which
   cases they are, as far as they can be found.
3. Proposals that wait for a second person, and legal holds.

What the daily run takes by itself (`erasure_day`) is not listed: nobody has to decide about it.

How an erasure of the partner is found (2): its entry holds a digest over the marks of the cases
(`ledger.erasure`). We compute the mark of each closed case that we still hold and look which of them together
give the digest. That works while only a few come into question; otherwise people ask the partner.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import combinations
from math import comb

from exchange.cases.retention import ErasureReason, months_after
from exchange.ids import AgencyCode, CaseCode, LinkId
from exchange.ledger.compare import Tolerances
from exchange.ledger.erasure import PersonPart, case_mark, erasure_digest
from exchange.service.erasable import Preview, preview
from exchange.service.erasure_day import to_erase_again
from exchange.service.erasures import HeardErasure, HoldRow, ProposalRow, ProposedAct
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, LinkRow, MessageState

DAY = timedelta(days=1)
PAGE = 4
"""Closed cases read in one unit; with ten messages each about 20 ms."""
SHOWN = 1_000
"""Due cases in one answer; more than two officers erase in a week."""
CANDIDATES = 500
"""Closed cases whose marks are compared with what the partner erased."""
TRIES = 20_000
"""Combinations tried for one entry, some 50 ms."""
OWED = 30
"""Entries of one partner about erasures that are shown, the oldest first; it writes one a day. What comes
behind them is shown when these are followed."""
FOLLOW_WITHIN: timedelta = Tolerances().erased_within
"""As the comparison of both ledgers: later it is the difference `erasure_mismatch`."""


@dataclass(frozen=True)
class Owed:
    """Cases that the partner erased on one day and that we still hold."""

    link: LinkId
    partner: AgencyCode
    index: int
    """Index of the partner's entry."""
    n: int
    at: datetime
    until: datetime
    cases: tuple[CaseCode, ...] = ()
    """Empty when they could not be found."""


@dataclass(frozen=True)
class Retention:
    """The dry run."""

    due: tuple[Preview, ...]
    owed: tuple[Owed, ...]
    proposals: tuple[ProposalRow, ...]
    holds: tuple[HoldRow, ...]
    complete: bool
    """False when more cases are due than are shown."""
    again: int
    """Cases that were erased before a restore of the store and are here again: erase them again."""


async def what_is_due(node: Node) -> Retention:
    """Return everything that people have to decide about erasing; see the top of this module."""
    links = await node.store.read(lambda uow: uow.links.all())
    due: list[Preview] = []
    owed: list[Owed] = []
    for link in links:
        async for one in due_cases(node, link.link):
            due.append(one)
            if len(due) > SHOWN:
                break
        owed += await owed_erasures(node, link)

    def rest(uow: UnitOfWork) -> tuple[list[ProposalRow], list[HoldRow], int]:
        again = sum(to_erase_again(uow, link.link) for link in links)
        return uow.erasures.proposals(), uow.erasures.holds(), again

    proposals, holds, again = await node.store.read(rest)
    shown, complete = tuple(due[:SHOWN]), len(due) <= SHOWN
    return Retention(shown, tuple(owed), tuple(proposals), tuple(holds), complete, again)


async def due_cases(node: Node, link: LinkId) -> AsyncIterator[Preview]:
    """Yield the closed cases of a link whose time is over."""
    place, more = 0, True
    while more:
        found, place = await node.store.read(partial(_due_page, node=node, link=link, after=place))
        for one in found:
            yield one
        more = place > 0


async def owed_erasures(node: Node, link: LinkRow) -> list[Owed]:
    """Return what the partner of a link erased and we have not, with the cases where they can be found."""
    open_ones = await node.store.read(lambda uow: not_followed(uow, link))
    if not open_ones:
        return []
    marks = await _marks(node, link.link)
    heard = {one.index: one for one in await node.store.read(lambda uow: uow.erasures.heard(link.link))}
    owed = []
    for one in open_ones:
        owed.append(_with_cases(one, heard[one.index], marks))
        await asyncio.sleep(0)
    return owed


def not_followed(uow: UnitOfWork, link: LinkRow) -> list[Owed]:
    """Return the partner's erasures that ours do not cover, counted from the oldest, at most `OWED`."""
    ours = uow.erasures.count(link.link)
    found = []
    for one in uow.erasures.heard(link.link):
        left, ours = max(one.n - ours, 0), max(ours - one.n, 0)
        if left:
            found.append(Owed(link.link, link.partner, one.index, left, one.at, one.at + FOLLOW_WITHIN))
        if len(found) == OWED:
            break
    return found


def mark_of(uow: UnitOfWork, link: LinkId, code: CaseCode) -> bytes | None:
    """Return the mark of a case as both sides compute it; None if no message about it was accepted."""
    accepted = [row for row in uow.cases.messages(link, code) if row.state is MessageState.ACCEPTED]
    return case_mark(
        link,
        (
            PersonPart(row.id, part.number, part.raw)
            for row in accepted
            for part in uow.contents.parts(link, row.direction, row.seq)
            if part.case == code
        ),
    )


def _due_page(uow: UnitOfWork, *, node: Node, link: LinkId, after: int) -> tuple[list[Preview], int]:
    months = pairing_of(uow, node, link).agreement.terms.retention.after_closure_months
    since = datetime.combine(months_after(node.clock.now().date(), -months) + DAY, time.min, UTC)
    rows, place = _closed(uow, node, link, after, unchanged_since=since)
    shown = (preview(uow, node, row, ProposedAct.ERASE, ErasureReason.RETENTION_OVER) for row in rows)
    today = node.clock.now().date()
    return [one for one in shown if one.until is not None and one.until.on <= today], place


def _closed(
    uow: UnitOfWork, node: Node, link: LinkId, after: int, *, unchanged_since: datetime
) -> tuple[list[CaseRow], int]:
    """Return a page of the closed cases of a link."""
    (final,) = node.tables.cases.final
    codes, place = uow.cases.in_state(link, final, unchanged_since=unchanged_since, after=after, limit=PAGE)
    return [row for code in codes if (row := uow.cases.get(link, code))], place


async def _marks(node: Node, link: LinkId) -> dict[CaseCode, bytes]:
    """Return the marks of the closed cases of a link, at most `CANDIDATES`."""
    found: dict[CaseCode, bytes] = {}
    place, more = 0, True
    while more and len(found) < CANDIDATES:
        page, place = await node.store.read(partial(_mark_page, node=node, link=link, after=place))
        found |= page
        more = place > 0
    return found


def _mark_page(uow: UnitOfWork, *, node: Node, link: LinkId, after: int) -> tuple[dict[CaseCode, bytes], int]:
    rows, place = _closed(uow, node, link, after, unchanged_since=node.clock.now())
    marks = ((row.code, mark_of(uow, link, row.code)) for row in rows)
    return {code: mark for code, mark in marks if mark is not None}, place


def _with_cases(owed: Owed, heard: HeardErasure, marks: dict[CaseCode, bytes]) -> Owed:
    if heard.n > len(marks) or comb(len(marks), heard.n) > TRIES:
        return owed
    for codes in combinations(marks, heard.n):
        if erasure_digest(marks[code] for code in codes) == heard.dg:
            return Owed(owed.link, owed.partner, owed.index, owed.n, owed.at, owed.until, codes)
    return owed
