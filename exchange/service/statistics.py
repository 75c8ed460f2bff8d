# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of each partner for a period, from the messages in the store, page by page.

What counts and how it closes stands in `cases.statistics`. Cases are found by their events, without content;
only those of the period are opened. Both sides of a link count the same from accepted messages, as far as
both still keep them: content that was erased is not counted any more. That somebody counted is recorded.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange.cases.publication import Period, month_of, published
from exchange.cases.statistics import SUMS
from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId, OfficerNumber
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.persons import (
    Opened,
    Told,
    decision_of,
    is_received,
    outcomes_of,
    signed_records,
    told_of,
)
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, CaseRow, LinkState, MessageState

THRESHOLD = 10
"""List `limits`, statistics_threshold; an agreement may only raise it."""
PAGE = 20
"""Cases looked at in one unit; with eight messages each about 10 ms."""
OPENING = ("RPN", "HRC")
"""Types of which the first accepted one says in which month a case counts."""
_AFTER = {
    "withdrawn": "withdrawn",
    "on_hold": "on_hold",
    "refused": "refused_later",
    "closed": "ended_otherwise",
}
"""What became of an acceptance that led to no handover, by the state of the case."""
Months = dict[AgencyCode, dict[str, Counter[str]]]
"""Counts by host side and month."""


@dataclass(frozen=True)
class Table:
    """What may be published of one partner and one host side."""

    partner: AgencyCode
    host: AgencyCode
    threshold: int
    counts: Mapping[str, int | None]


async def statistics_of(
    node: Node, links: Sequence[LinkId], period: Period, officer: OfficerNumber
) -> list[Table]:
    """Return a table for each partner and host side; recorded."""
    tables: list[Table] = []
    for link in links:
        partner, threshold = await node.store.read(lambda uow, link=link: _agreed(uow, node, link))  # type: ignore[misc]
        for host, months in sorted((await counted(node, link, period)).items()):
            shown = published(months, period, threshold, SUMS)
            tables.append(Table(partner, host, threshold, shown))
    about = f"{period.first} to {period.last}"
    act = AuditRow(node.clock.now(), officer, "statistics_made", about)
    await node.store.write(lambda uow: uow.audit.record(act))
    return tables


async def counted(node: Node, link: LinkId, period: Period) -> Months:
    """Return the counts of one link by host side and month, unhidden: for this node alone."""
    found: Months = {}
    after = -1
    while after:
        start = max(after, 0)

        def unit(uow: UnitOfWork, start: int = start) -> tuple[Months, int]:
            return count_page(uow, link, start, period)

        page, after = await node.store.read(unit)
        _gather(found, page)
    return found


def count_page(uow: UnitOfWork, link: LinkId, after: int, period: Period) -> tuple[Months, int]:
    """Return the counts of the next cases, and the place after which the following ones begin, or 0."""
    codes, last = uow.cases.page(link, after=after, limit=PAGE)
    read: dict[MessageId, Opened | None] = {}
    found: Months = {}
    for code in codes:
        month, case = month_counted(uow, link, code), uow.cases.get(link, code)
        if case is not None and period.first <= month <= period.last:
            story = told_of(uow, link, code, read)
            _gather(found, {case.host: {month: Counter(cells_of(story, case))}})
    return found, last


def month_counted(uow: UnitOfWork, link: LinkId, code: CaseCode) -> str:
    """Return the month in which a case counts, "" while it does not."""
    signed = [
        row.created_at
        for event in uow.cases.events(link, code)
        if event.type in OPENING
        and (row := uow.messages.by_seq(link, event.direction, event.seq)) is not None
        and row.state is MessageState.ACCEPTED
    ]
    return month_of(min(signed)) if signed else ""


def cells_of(story: Sequence[Told], case: CaseRow) -> Iterator[str]:
    """Yield the names under which one case counts, once for each count."""
    signed = signed_records(story)
    outcomes = list(outcomes_of(story, signed))
    age = "children" if _is_child(story) else "adults"
    decision = next(iter(decision_of(story)), "")
    if decision:
        yield from ("notices", f"notices/{decision}", f"notices/{age}")
    for outcome in outcomes:
        if outcome != "added":
            yield from ("lists", f"lists/{outcome}")
    if "handed_over" in outcomes or "added" in outcomes:
        arrived = "received" if is_received(story, signed) else "not_confirmed"
        yield from ("taken_over", f"taken_over/{age}", f"taken_over/{arrived}")
    if "added" in outcomes:
        yield "taken_over/added"
    if any(told.type == "RPD" and told.line.get("outcome") in ACCEPTANCES for told in story):
        yield from _accepted_once(case, decision, outcomes)


def _accepted_once(case: CaseRow, decision: str, outcomes: Sequence[str]) -> Iterator[str]:
    yield "accepted_once"
    if decision != "accepted":
        yield "accepted_once/not_any_more"
    if "handed_over" not in outcomes:
        yield f"accepted_once/{_AFTER.get(case.state, 'open')}"


def _is_child(story: Sequence[Told]) -> bool:
    said = [told.line["is_child"] for told in story if "is_child" in told.line]
    return bool(said and said[0])


def _gather(found: Months, more: Mapping[AgencyCode, Mapping[str, Counter[str]]]) -> None:
    for host, months in more.items():
        kept = found.setdefault(host, defaultdict(Counter))
        for month, cells in months.items():
            kept.setdefault(month, Counter()).update(cells)


def _agreed(uow: UnitOfWork, node: Node, link: LinkId) -> tuple[AgencyCode, int]:
    pairing = pairing_of(uow, node, link)
    return pairing.partner, pairing.agreement.terms.statistics_threshold


async def threshold_of(node: Node) -> int:
    """Return the largest threshold that any agreement of this node sets."""

    def unit(uow: UnitOfWork) -> int:
        agreed = [row for row in uow.links.all() if row.state not in (LinkState.INVITED, LinkState.JOINED)]
        return max([THRESHOLD, *(_agreed(uow, node, row.link)[1] for row in agreed)])

    return await node.store.read(unit)
