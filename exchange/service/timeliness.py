# SPDX-License-Identifier: Apache-2.0
"""Reads how punctually each side answered: every accepted message of a period that asks, case by case.

A question is one message about one case. Its answer is the first accepted message of the other side that
replies to it and concerns the case; it counts when it was signed. The deadline is the one of `due`: the
agreement in force, the calendar of the side that answers, holds of the person. Messages about no case, and
types without a deadline, are not counted. Both sides read the same, as far as their files of announced days
say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange.cases.calendars import AnnouncedDays
from exchange.cases.deadlines import Pause, answer_by
from exchange.cases.publication import Period, month_of
from exchange.cases.timeliness import Answer, Fate, Punctuality, days_used, fate_of, punctuality
from exchange.ids import AgencyCode, CaseCode, LinkId, OfficerNumber
from exchange.messages.catalog import message_types
from exchange.messages.document import header_of, text_at
from exchange.protocol.terms import Terms
from exchange.service.deadlines import accepted_at, calendar_of, is_awaited, is_latest, pauses_of
from exchange.service.held_versions import parsed_agreement
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.questions import asks
from exchange.service.rows import AuditRow, CaseEventRow, Direction, MessageRow, MessageState

PAGE = 20
"""Messages looked at in one unit, about 10 ms."""
Key = tuple[str, AgencyCode]
"""Type of the message that asks, and the side that has to answer."""


@dataclass(frozen=True)
class Line:
    """How punctual one side was with one type of message."""

    partner: AgencyCode
    type: str
    answers: AgencyCode
    """Who had to answer."""
    threshold: int
    found: Punctuality


@dataclass(frozen=True)
class _Asked:
    """One question as it was read."""

    key: Key
    month: str
    terms: Terms
    deadline: str
    urgency: str
    accepted_at: datetime
    pauses: tuple[Pause, ...]
    answered_at: datetime | None
    awaited: bool


async def timeliness_of(
    node: Node, links: Sequence[LinkId], period: Period, announced: AnnouncedDays, officer: OfficerNumber
) -> list[Line]:
    """Return a line for each partner, type and side that answers; recorded.

    Raises:
        HolidaysMissingError: the calendar of a side does not cover the period.
    """
    lines: list[Line] = []
    for link in links:
        pairing = await node.store.read(lambda uow, link=link: pairing_of(uow, node, link))  # type: ignore[misc]
        threshold = pairing.agreement.terms.statistics_threshold
        for (kind, side), answers in sorted((await answers_of(node, link, period, announced)).items()):
            found = punctuality(answers, period, threshold)
            lines.append(Line(pairing.partner, kind, side, threshold, found))
    act = AuditRow(node.clock.now(), officer, "timeliness_made", f"{period.first} to {period.last}")
    await node.store.write(lambda uow: uow.audit.record(act))
    return lines


async def answers_of(
    node: Node, link: LinkId, period: Period, announced: AnnouncedDays
) -> dict[Key, dict[str, list[Answer]]]:
    """Return every question of a period by month, with what became of it, unhidden: for this node alone."""
    now, found = node.clock.now(), dict[Key, dict[str, list[Answer]]]()
    for direction in Direction:
        start = 1
        while start:
            first = start

            def unit(
                uow: UnitOfWork, direction: Direction = direction, first: int = first
            ) -> tuple[list[_Asked], int]:
                return _page(uow, node, link, direction, first, period)

            page, start = await node.store.read(unit)
            for asked in page:
                months = found.setdefault(asked.key, {})
                months.setdefault(asked.month, []).append(_answer(asked, announced, now))
    return found


def _page(
    uow: UnitOfWork, node: Node, link: LinkId, direction: Direction, start: int, period: Period
) -> tuple[list[_Asked], int]:
    """Return the questions in the next messages, and the number with which the following ones begin."""
    rows = uow.messages.numbers(link, direction, start, PAGE)
    pairing = pairing_of(uow, node, link) if rows else None
    found = [
        asked for row in rows if pairing and _counts(row, period) for asked in _asked(uow, node, pairing, row)
    ]
    return found, rows[-1].seq + 1 if len(rows) == PAGE else 0


def _counts(row: MessageRow, period: Period) -> bool:
    within = period.first <= month_of(row.created_at) <= period.last
    entry = message_types().get(row.type)
    return within and row.state is MessageState.ACCEPTED and asks(row) and bool(entry and entry.deadline)


def _asked(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> list[_Asked]:
    """Return the questions of one message, one for each of its cases."""
    document = document_of(uow, row)
    agreement = uow.links.agreement(row.link, row.agreement_n)
    terms = (parsed_agreement(agreement.raw) if agreement else pairing.agreement).terms
    side = node.agency if row.direction is Direction.IN else pairing.partner
    reached_at = accepted_at(uow, node, pairing, row)
    found = []
    for code in uow.cases.of_message(row.link, row.direction, row.seq):
        case, events = uow.cases.get(row.link, code), uow.cases.events(row.link, code)
        asked = _Asked(
            key=(row.type, side),
            month=month_of(row.created_at),
            terms=terms,
            deadline=message_types()[row.type].deadline or "",
            urgency=text_at(header_of(document), "urgency") if document else "",
            accepted_at=reached_at,
            pauses=tuple(pauses_of(uow, node, case, events)) if case else (),
            answered_at=_answered_at(uow, row, events),
            awaited=_is_open(uow, node, row, code),
        )
        found.append(asked)
    return found


def _answered_at(uow: UnitOfWork, row: MessageRow, events: Sequence[CaseEventRow]) -> datetime | None:
    """Return when the first accepted reply about a case was signed."""
    replies = message_types()[row.type].replies
    signed = [
        reply.created_at
        for event in events
        if event.type in replies
        and (reply := uow.messages.by_seq(event.link, event.direction, event.seq)) is not None
        and reply.state is MessageState.ACCEPTED
        and reply.id != row.id
        and reply.in_reply_to in (row.id, None)
        and reply.created_at >= row.created_at
    ]
    return min(signed) if signed else None


def _is_open(uow: UnitOfWork, node: Node, row: MessageRow, code: CaseCode) -> bool:
    questions = [
        one for one in uow.questions.of_message(row.link, row.direction, row.seq) if one.case == code
    ]
    case = uow.cases.get(row.link, code)
    if not questions or case is None:
        return False
    question = questions[0]
    latest = is_latest(uow, question)
    return is_awaited(node.tables.cases, question.type, case.state, is_latest=latest)


def _answer(asked: _Asked, announced: AnnouncedDays, now: datetime) -> Answer:
    calendar = calendar_of(asked.terms, asked.key[1], announced)
    steps = asked.terms.deadlines_for(asked.deadline, acting=asked.key[1])
    due = (
        answer_by(steps, asked.accepted_at, calendar=calendar, urgency=asked.urgency, holds=asked.pauses)
        if steps
        else None
    )
    fate = fate_of(due, asked.answered_at, now, awaited=asked.awaited)
    if asked.answered_at is None or fate not in (Fate.IN_TIME, Fate.LATE):
        return Answer(fate)
    began_at = min(due.began_at if due else asked.accepted_at, asked.answered_at)
    return Answer(fate, days_used(began_at, asked.answered_at, calendar))
