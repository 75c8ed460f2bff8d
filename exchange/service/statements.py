# SPDX-License-Identifier: Apache-2.0
"""Daily and monthly statements: made, heard, compared, answered.

    make     walk both logs to their heads, compute the figures, send STM with the leaf `stmt`
    hear     the partner's leaf `stmt` is kept (`hearing`); its message comes with it or later
    check    compute the same figures up to the heads that the partner names, name each place that differs
    answer   the leaf `stag`: `agreed` or `differs`

The statements of one side are numbered from 1 without gap, days and months together, by its own log: so a
number is not used again after a restore, and a missing one is noticed. Days are answered by the node as it
finds; a month is answered by a person, who cannot agree to figures that our own do not give. Who answers that
figures differ although our own are the same says why; the reason is kept on our side, and the partner reads
about it in the difference that follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exchange.cases.calendars import NOTHING_ANNOUNCED, AnnouncedDays
from exchange.errors import InputError, UsageError
from exchange.ids import AgencyCode, LinkId, OfficerNumber
from exchange.ledger.entries import Entry, Event, decode_leaf, stag, stmt
from exchange.ledger.notes import Head
from exchange.messages.document import content_of
from exchange.protocol.strictjson import JsonValue
from exchange.service import logbook, second_signatures
from exchange.service.comparing import Walk, walk
from exchange.service.deadlines import calendar_of
from exchange.service.ledgers import HeadLine
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.persons import Upto
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, MessageRow, StatementRow
from exchange.service.speaking import speak
from exchange.service.stamping import note_due
from exchange.service.statement_figures import (
    Content,
    Span,
    counted_in_content,
    heads_of,
    log_figures,
    period_members,
    person_totals,
    persons_balance,
    places_in_words,
    span_of,
    unlike,
)

AFTER_THE_DAY: Final = timedelta(hours=1)
"""The last messages get their verdicts, and both clocks are past the day. DL-STM-DAY gives 12 hours."""
NOTICES: Final = 1_000
"""Statements looked through for a message; more than two years of them."""
LOOKED_AT: Final = 50
"""Unanswered statements of a partner that are looked at in one turn; it makes one a day."""
ANSWERED_AT_ONCE: Final = 3
"""Statements answered in one turn, a minute before the next: each takes as long as a comparison."""
RESTS_ON_OPENING: Final = "/balance"
"""Place of the figures that begin where the statement before ended."""
AGREED, DIFFERS = "agreed", "differs"


class Because(StrEnum):
    """Why a person answers that a statement differs."""

    OTHER_FIGURES = "other_figures"
    """Our own ledgers give other figures: the only reason that the node finds by itself."""
    PERSONS = "persons_counted_otherwise"
    PAPERS = "papers_say_otherwise"
    IN_DOUBT = "an_entry_is_in_doubt"


@dataclass(frozen=True)
class Shown:
    """A statement with its content, and the places that our own figures do not give."""

    row: StatementRow
    content: Mapping[str, JsonValue] | None
    """None until its message is here, or when it has been erased."""
    findings: tuple[str, ...] = ()
    signed_again: HeadLine | None = None
    """A second signature of the partner over its head, which verifies."""


async def make(
    node: Node,
    link: LinkId,
    period: str,
    *,
    officer: OfficerNumber | None = None,
    announced: AnnouncedDays = NOTHING_ANNOUNCED,
) -> StatementRow:
    """Make the statement of a day or a month and send it; without `officer` the node makes it.

    Raises:
        UsageError: the period is not over, or has its statement.
        GateClosedError: the start gate is closed.
    """
    span = span_of(period)
    if span.ends > node.clock.now():
        raise UsageError(f"{period} is not over", hint="a statement is made when its period is over, in UTC")
    before = await node.store.read(lambda uow: uow.statements.last(link, is_own=True, monthly=span.is_month))
    if before is not None and before.period >= period:
        raise UsageError(f"statement {before.no} is of {before.period} already")
    walked = await walk(node, link, trees=True)
    opening = await _opening(node, link, before)
    content = await _figures(node, walked, span, opening)
    content["counted"] = await counted_in_content(node, link, announced)
    signed = await _signed_again(node, walked)
    if signed.line and signed.travels:
        content[second_signatures.MEMBER] = second_signatures.member_of(signed.line)
    return await _send(node, walked, span, content, signed, officer)


@dataclass(frozen=True)
class _Signed:
    """The second signature over our own head in a statement."""

    head: Head
    line: HeadLine | None
    travels: bool


async def _signed_again(node: Node, walked: Walk) -> _Signed:
    def unit(uow: UnitOfWork) -> tuple[int, bool]:
        epoch = pairing_of(uow, node, walked.link).link.own_epoch
        return epoch, second_signatures.is_read_by_partner(uow, node, walked.link)

    epoch, travels = await node.store.read(unit)
    root = walked.ranges[node.agency].root()
    head = Head(walked.link, node.agency, epoch, walked.own.size, root)
    return _Signed(head, second_signatures.sign_again(node, head), travels)


async def _figures(node: Node, walked: Walk, span: Span, opening: Mapping[AgencyCode, int]) -> Content:
    upto = Upto(own=walked.own.size, partner=walked.copy.size)
    persons = person_totals(await persons_balance(node, walked.link, span, upto))
    return period_members(span) | await log_figures(walked, span, opening) | {"person_totals": persons}


async def _send(
    node: Node, walked: Walk, span: Span, content: Content, signed: _Signed, officer: OfficerNumber | None
) -> StatementRow:
    made: list[StatementRow] = []
    used = [said.no for said in walked.comparison.judge_of(node.agency).cross_checked.statements]
    used += await node.store.read(lambda uow: _last_numbers(uow, walked.link))

    def logged(uow: UnitOfWork, row: MessageRow) -> Entry:
        entry = StatementRow(
            link=walked.link,
            is_own=True,
            no=max(used, default=0) + 1,
            period=span.name,
            dg=row.commitment,
            leaf_index=row.leaf_index + 1,
            made_at=node.clock.now(),
        )
        uow.statements.add(entry)
        at, by = entry.made_at, node.agency
        second_signatures.keep(uow, walked.link, by, signed.line, epoch=signed.head.ep, at=at)
        note_due(uow, signed.head)
        act = AuditRow(node.clock.now(), officer or "node", "statement_made", row.id, result=span.name)
        uow.audit.record(act)
        made.append(entry)
        return stmt(no=entry.no, per=span.name, dg=row.commitment)

    await speak(node, walked.link, {"type": "STM", **content}, officer=officer, logged=logged)
    return made[-1]


def _last_numbers(uow: UnitOfWork, link: LinkId) -> list[int]:
    """Return the numbers of our last statements: they go on over a new epoch of the log."""
    last = (uow.statements.last(link, is_own=True, monthly=monthly) for monthly in (True, False))
    return [row.no for row in last if row is not None]


async def _opening(node: Node, link: LinkId, before: StatementRow | None) -> dict[AgencyCode, int]:
    """Return the heads of the statement before, from which this one goes on; none from an epoch before."""
    if before is None or not await node.store.read(lambda uow: _is_in_log(uow, node, before)):
        return {}
    content = await node.store.read(lambda uow: _content(uow, before))
    return heads_of(content) if content else {}


def _is_in_log(uow: UnitOfWork, node: Node, row: StatementRow) -> bool:
    """Return True if the leaf of a statement stands in the present epoch of its maker's log."""
    by = node.agency if row.is_own else pairing_of(uow, node, row.link).partner
    raw = uow.logs.leaves(row.link, by, row.leaf_index, row.leaf_index + 1)
    leaf = decode_leaf(raw[0]) if raw else None
    return leaf is not None and leaf.ev == Event.STMT and leaf.fields.get("dg") == row.dg


def _content(uow: UnitOfWork, row: StatementRow) -> Mapping[str, JsonValue] | None:
    message = message_of(uow, row)
    document = document_of(uow, message) if message else None
    return content_of(document) if document else None


def message_of(uow: UnitOfWork, row: StatementRow) -> MessageRow | None:
    """Return the message of a statement, found by the commitment that its leaf names."""
    direction = Direction.OUT if row.is_own else Direction.IN
    found = uow.statements.messages(row.link, direction, "STM", limit=NOTICES)
    return next((message for message in found if message.commitment == row.dg), None)


# --- the partner's


async def stored(node: Node, row: StatementRow) -> Shown:
    """Return a statement with what its last comparison found, if there was one; nothing is computed."""
    return Shown(row, await node.store.read(lambda uow: _content(uow, row)), row.findings)


async def check(node: Node, row: StatementRow) -> Shown:
    """Return a statement with what our own figures do not give in it; nothing for one of ours."""
    content = await node.store.read(lambda uow: _content(uow, row))
    if row.is_own or content is None:
        return Shown(row, content, row.findings)
    heads, partner = heads_of(content), await _partner(node, row.link)
    sizes = heads.get(node.agency, -1), heads.get(partner, -1)
    held = await node.store.read(lambda uow: _sizes(uow, node, row.link, partner))
    if not all(0 <= size <= here for size, here in zip(sizes, held, strict=True)):
        return Shown(row, content, ("/heads",))
    walked = await walk(node, row.link, sizes=sizes, trees=True)
    before = await _before_of_partner(node, row)
    opening = await _opening(node, row.link, before)
    ours = await _figures(node, walked, span_of(row.period), opening)
    found = unlike(content, ours)
    if before is not None and not opening and await _cannot_be_read(node, before):
        found = tuple(place for place in found if not place.startswith(RESTS_ON_OPENING))
    pairing = await node.store.read(lambda uow: pairing_of(uow, node, row.link))
    root = walked.ranges[partner].root()
    head = Head(row.link, partner, pairing.link.partner_epoch, walked.copy.size, root)
    signed = second_signatures.judge(pairing, content, head)
    return Shown(row, content, (*found, *signed.findings), signed.line)


async def _partner(node: Node, link: LinkId) -> AgencyCode:
    return (await node.store.read(lambda uow: pairing_of(uow, node, link))).partner


def _sizes(uow: UnitOfWork, node: Node, link: LinkId, partner: AgencyCode) -> tuple[int, int]:
    return uow.logs.position(link, node.agency).size, uow.logs.position(link, partner).size


async def _cannot_be_read(node: Node, before: StatementRow) -> bool:
    """Return True if a statement stands in the log and its message is not here, or says nothing.

    That is a difference of its own. The next one is not blamed for it: its heads and roots are compared all
    the same, and from them its balance follows.
    """
    return await node.store.read(lambda uow: _is_in_log(uow, node, before) and _content(uow, before) is None)


async def _before_of_partner(node: Node, row: StatementRow) -> StatementRow | None:
    rows = await node.store.read(lambda uow: uow.statements.list(row.link, limit=NOTICES))
    kind = len(row.period)
    before = [one for one in rows if not one.is_own and one.no < row.no and len(one.period) == kind]
    return max(before, key=lambda one: one.no, default=None)


async def answer(
    node: Node,
    link: LinkId,
    no: int,
    *,
    differs: bool,
    officer: OfficerNumber | None = None,
    because: Because = Because.OTHER_FIGURES,
) -> StatementRow:
    """Answer a statement of the partner; without `officer` the node does.

    Raises:
        UsageError: no such statement, or its message is not here.
        InputError: to be agreed to, but our own figures are others; or said to differ by figures, but our own
            are the same.
    """
    row = await node.store.read(lambda uow: uow.statements.get(link, is_own=False, no=no))
    if row is None:
        raise UsageError(f"the partner made no statement {no}", hint="list them: exchange statement list")
    shown = await check(node, row)
    if shown.content is None:
        raise UsageError(f"the message of statement {no} is not here yet", hint="wait for the next exchange")
    if shown.findings and not differs:
        raise InputError(
            f"statement {no} is not agreed to: our own ledgers give other figures"
            f" ({places_in_words(shown.findings)})",
            hint="look at it: exchange statement show; then answer with --differs",
        )
    if differs and not shown.findings and because is Because.OTHER_FIGURES:
        raise InputError(
            f"statement {no} does not differ: our own ledgers give the same figures",
            hint=f"say why it differs all the same: --because {', '.join(list(Because)[1:])}",
        )
    return await node.store.write(lambda uow: _answer(uow, node, shown, differs, officer, because))


def _answer(
    uow: UnitOfWork,
    node: Node,
    shown: Shown,
    differs: bool,
    officer: OfficerNumber | None,
    because: Because = Because.OTHER_FIGURES,
) -> StatementRow:
    now, row, k = node.guard.check(), shown.row, DIFFERS if differs else AGREED
    pairing = pairing_of(uow, node, row.link)
    logbook.write(uow, node, pairing.link, [stag(by_no=row.no, k=k, dg=row.dg)])
    by = officer or "node"
    answered = replace(row, answer=k, answered_at=now, answered_by=by, findings=shown.findings)
    uow.statements.answer(answered)
    epoch, line = pairing.link.partner_epoch, shown.signed_again
    second_signatures.keep(uow, row.link, pairing.partner, line, epoch=epoch, at=now)
    why = because if differs else ""
    uow.audit.record(AuditRow(now, by, "statement_answered", str(row.no), why, result=k))
    node.presence.wake(row.link)
    return answered


async def answer_days(node: Node, link: LinkId) -> int:
    """Answer the partner's daily statements whose messages are here, as they are found; return how many.

    Each is compared with both ledgers, so that a few are answered at once, the newest ones first. One whose
    message never comes, or whose period is none, holds up no other.
    """
    rows = await node.store.read(lambda uow: uow.statements.unanswered(link, is_own=False))
    answered = 0
    for row in [row for row in reversed(rows) if _is_of_a_day(row)][:LOOKED_AT]:
        if answered == ANSWERED_AT_ONCE:
            break
        shown = await check(node, row)
        if shown.content is not None:
            await node.store.write(
                lambda uow, shown=shown: _answer(uow, node, shown, bool(shown.findings), None)  # type: ignore[misc]
            )
            answered += 1
    return answered


def _is_of_a_day(row: StatementRow) -> bool:
    """Return False for a month, and for a period that is none: the leaf of the partner may say any."""
    try:
        return not span_of(row.period).is_month
    except UsageError:
        return False


# --- when


async def due_periods(node: Node, link: LinkId) -> list[str]:
    """Return the periods whose statements the node has to make now: the day, and the month, that is over.

    A day is due an hour after its end. A month is due on its first working day, in the own calendar. The
    time before the log began has none; a day that was missed is made up for by the next one, whose opening
    is the end of the last.
    """
    now = node.clock.now()
    day = (now - AFTER_THE_DAY).date() - timedelta(days=1)
    month = (now.date().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")

    def unit(uow: UnitOfWork) -> list[str]:
        began_at = _began_at(uow, node, link)
        if began_at is None:
            return []
        found = [day.isoformat(), month]
        found = [period for period in found if _is_wanted(uow, link, span_of(period), began_at)]
        if month in found and not _is_first_working_day(uow, node, link, now):
            found.remove(month)
        return found

    return await node.store.read(unit)


def _is_wanted(uow: UnitOfWork, link: LinkId, span: Span, began_at: datetime) -> bool:
    last = uow.statements.last(link, is_own=True, monthly=span.is_month)
    return began_at < span.ends and (last is None or last.period < span.name)


def _began_at(uow: UnitOfWork, node: Node, link: LinkId) -> datetime | None:
    first = uow.logs.leaves(link, node.agency, 0, 1)
    return decode_leaf(first[0]).claimed_at if first else None


def _is_first_working_day(uow: UnitOfWork, node: Node, link: LinkId, now: datetime) -> bool:
    """Return whether the first working day of this month has come, on the calendar of this side."""
    terms = pairing_of(uow, node, link).agreement.terms
    calendar = calendar_of(terms, node.agency, NOTHING_ANNOUNCED)
    today = calendar.local(now).date()
    days = (today.replace(day=each) for each in range(1, today.day + 1))
    return any(calendar.is_working(day) for day in days)
