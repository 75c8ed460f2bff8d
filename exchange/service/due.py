# SPDX-License-Identifier: Apache-2.0
"""What must be done next, by whom, until when: every accepted message that waits for an answer.

    1. The open questions are read from their own table, a page of messages at a time: never a scan of the
       history. What is not accepted yet asks nothing of anybody.
    2. A question of a case is awaited only while its state can take the answer: nobody owes a decision on
       a notice that was cancelled, or on a case that is closed or withdrawn. Of two equal questions of
       one case the later one counts. Types that change no case (INQ, COR, PDR …) are always awaited.
    3. A deadline counts from the verdict in the log of the recipient, which both sides read the same.
    4. Days are those of the side that has to answer, holds of the person stop them (`cases.deadlines`).
    5. Once it is overdue, the side that asked may remind; the next level and its first day are proposed.

This only reads. Nothing changes its state because a day has passed (ADR 0010).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from exchange.cases.calendars import AnnouncedDays, Calendar
from exchange.cases.deadlines import Due, DueState, Pause, Reminder, answer_by, next_reminder
from exchange.clock import parse_instant
from exchange.errors import IdentifierError, LeafInvalidError
from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId
from exchange.ledger.entries import decode_leaf
from exchange.messages.catalog import message_types
from exchange.messages.document import content_of, text_at
from exchange.protocol.terms import Terms
from exchange.service.facts import COUNTS
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of, parsed_agreement
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow, QuestionRow

PAGE = 20
"""Messages read in one unit; with two persons each about 10 ms."""
REMINDER = "RMD"


@dataclass(frozen=True)
class Task:
    """One message that waits for an answer, for the persons with the same end."""

    link: LinkId
    partner: AgencyCode
    message: MessageId
    seq: int
    type: str
    direction: Direction
    """In: we have to answer. Out: the partner has to."""
    replies: tuple[str, ...]
    cases: tuple[CaseCode, ...]
    """Persons concerned; empty for a message about none."""
    deadline: str
    """Code of the deadline, "" if none was agreed."""
    due: Due | None
    """None while a hold stops it, or when none was agreed."""
    state: DueState
    urgency: str
    own_zone: str
    partner_zone: str
    reminded: tuple[str, ...] = ()
    """Levels of the reminders so far, whoever had to send them."""
    reminder: Reminder | None = None
    """What we may send next, once the partner is late."""
    answering: bool = False
    """Our answer is on its way; the partner has not confirmed it yet."""

    @property
    def is_ours(self) -> bool:
        return self.direction is Direction.IN


@dataclass(frozen=True)
class _Subject:
    """One question with what its deadline is counted from."""

    question: QuestionRow
    pauses: tuple[Pause, ...] = ()
    reminded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Asked:
    """One message with its open questions, as read in one unit."""

    row: MessageRow
    partner: AgencyCode
    terms: Terms
    accepted_at: datetime
    subjects: tuple[_Subject, ...]


async def worklist(node: Node, announced: AnnouncedDays) -> tuple[Task, ...]:
    """Return everything that waits for an answer, the first to be done first.

    Raises:
        HolidaysMissingError: the calendar of a side does not cover a period.
    """
    now = node.clock.now()
    links = await node.store.read(lambda uow: [row.link for row in uow.links.all()])
    found: list[Task] = []
    for link in links:
        for asked in await _asked_on(node, link):
            found += _tasks(node, asked, announced, now)
    return tuple(sorted(found, key=_urgent_first))


def _urgent_first(task: Task) -> tuple[bool, datetime, int]:
    """Order by the end; what has none comes last."""
    if task.due is None:
        return True, datetime.max.replace(tzinfo=UTC), task.seq
    return False, task.due.at, task.seq


async def _asked_on(node: Node, link: LinkId) -> list[_Asked]:
    """Return the messages of a link that wait for an answer."""
    found: list[_Asked] = []
    place: tuple[str, int] = ("", 0)
    while True:
        after = place

        def unit(
            uow: UnitOfWork, after: tuple[str, int] = after
        ) -> tuple[list[_Asked], tuple[str, int] | None]:
            page = uow.questions.messages(link, after=after, limit=PAGE)
            pairing = pairing_of(uow, node, link) if page else None
            asked = [_asked(uow, node, pairing, *place) for place in page] if pairing else []
            last = (page[-1][0].value, page[-1][1]) if len(page) == PAGE else None
            return [one for one in asked if one is not None], last

        page, last = await node.store.read(unit)
        found += page
        if last is None:
            return found
        place = last


def _asked(uow: UnitOfWork, node: Node, pairing: Pairing, direction: Direction, seq: int) -> _Asked | None:
    """Return a message with the questions that somebody has to answer, or None without any."""
    row = uow.messages.by_seq(pairing.link.link, direction, seq)
    if row is None:
        return None
    questions = uow.questions.of_message(row.link, direction, seq)
    subjects = [one for one in (_subject(uow, node, row, question) for question in questions) if one]
    if not subjects:
        return None
    agreement = uow.links.agreement(row.link, row.agreement_n)
    terms = (parsed_agreement(agreement.raw) if agreement else pairing.agreement).terms
    return _Asked(row, pairing.partner, terms, accepted_at(uow, node, pairing, row), tuple(subjects))


def _subject(uow: UnitOfWork, node: Node, row: MessageRow, question: QuestionRow) -> _Subject | None:
    if not question.effective:
        return None
    if question.case is None:
        return _Subject(question)
    case = uow.cases.get(row.link, question.case)
    if case is None or not is_awaited(uow, node, case, question):
        return None
    events = uow.cases.events(row.link, question.case)
    pauses = tuple(pauses_of(uow, node, case, events))
    return _Subject(question, pauses, frozenset(_reminded(uow, row, events)))


def is_awaited(uow: UnitOfWork, node: Node, case: CaseRow, question: QuestionRow) -> bool:
    """Return whether the case can still take an answer, and no later question replaced this one."""
    table = node.tables.cases
    replies = [reply for reply in message_types()[question.type].replies if reply not in table.free]
    if not replies:
        return True
    if case.state in table.final or (case.state in table.returning and case.state not in table.holding):
        return False
    if not any(table.index.of(case.state, reply) for reply in replies):
        return False
    same = [
        other
        for other in uow.questions.of_case(question.link, case.code)
        if (other.type, other.direction, other.effective) == (question.type, question.direction, True)
    ]
    return question.seq == max(other.seq for other in same)


def pauses_of(uow: UnitOfWork, node: Node, case: CaseRow, events: Iterable[CaseEventRow]) -> Iterator[Pause]:
    """Return the holds of a case, each from the message that set it to the one that ended it."""
    holding = node.tables.cases.holding
    began: datetime | None = None
    for event in events:
        moment = _written_at(uow, event)
        if began is None and event.state_after in holding:
            began = moment
        elif began is not None and event.state_after not in holding:
            yield Pause(began, moment)
            began = None
    if case.state in holding:
        yield Pause(began or case.changed_at)


def _written_at(uow: UnitOfWork, event: CaseEventRow) -> datetime:
    """Return the signed time of the message of an event; both sides read the same."""
    row = uow.messages.by_seq(event.link, event.direction, event.seq)
    return row.created_at if row else event.at


def _reminded(uow: UnitOfWork, row: MessageRow, events: Iterable[CaseEventRow]) -> Iterator[str]:
    """Return the levels of the reminders of a message that were sent by the side that asked."""
    for event in events:
        if event.type != REMINDER or event.direction is not row.direction:
            continue
        reminder = uow.messages.by_seq(event.link, event.direction, event.seq)
        document = document_of(uow, reminder) if reminder and reminder.state in COUNTS else None
        if document and text_at(content_of(document), "target") == row.id:
            yield text_at(content_of(document), "level")


def accepted_at(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> datetime:
    """Return the instant of the verdict in the log of the recipient, or when it was known here."""
    known_at = row.verdict_at or row.logged_at
    recipient = node.agency if row.direction is Direction.IN else pairing.partner
    index = row.verdict_leaf_index
    raw = uow.logs.leaves(row.link, recipient, index, index + 1) if index >= 0 else []
    try:
        leaf = decode_leaf(raw[0]) if raw else None
        if leaf is None or (leaf.fields.get("seq"), leaf.fields.get("id")) != (row.seq, row.id):
            return known_at
        written_at = parse_instant(leaf.t)
        return known_at if written_at > known_at + node.limits.skew else written_at
    except (LeafInvalidError, IdentifierError):
        return known_at


def _tasks(node: Node, asked: _Asked, announced: AnnouncedDays, now: datetime) -> list[Task]:
    """Return a task for each end that the persons of one message have."""
    ends: dict[tuple[Due | None, bool], list[_Subject]] = {}
    for subject in asked.subjects:
        ends.setdefault(
            (_due(node, asked, subject, announced), subject.question.reply is not None), []
        ).append(subject)
    return [_task(node, asked, due, group, announced, now) for (due, _), group in ends.items()]


def _due(node: Node, asked: _Asked, subject: _Subject, announced: AnnouncedDays) -> Due | None:
    acting, _ = _sides(node, asked)
    steps = asked.terms.deadlines_for(_deadline(asked.row), acting=acting)
    if not steps:
        return None
    return answer_by(
        steps,
        asked.accepted_at,
        calendar=calendar_of(asked.terms, acting, announced),
        urgency=subject.question.urgency,
        holds=subject.pauses,
    )


def _task(
    node: Node,
    asked: _Asked,
    due: Due | None,
    group: Sequence[_Subject],
    announced: AnnouncedDays,
    now: datetime,
) -> Task:
    row, terms = asked.row, asked.terms
    held = any(pause.until_at is None for subject in group for pause in subject.pauses)
    state = due.state(now) if due else DueState.STOPPED if held else DueState.OPEN
    reminded = frozenset[str]().union(*(subject.reminded for subject in group))
    reminder = None
    if due and state is DueState.OVERDUE and row.direction is Direction.OUT:
        own = calendar_of(terms, node.agency, announced)
        reminder = next_reminder(terms, due, calendar=own, sent=reminded)
    first = group[0].question
    return Task(
        link=row.link,
        partner=asked.partner,
        message=row.id,
        seq=row.seq,
        type=row.type,
        direction=row.direction,
        replies=message_types()[row.type].replies,
        cases=tuple(subject.question.case for subject in group if subject.question.case),
        deadline=_deadline(row) if due or held else "",
        due=due,
        state=state,
        urgency=first.urgency,
        own_zone=terms.side_of(node.agency).zone,
        partner_zone=terms.side_of(asked.partner).zone,
        reminded=tuple(sorted(reminded)),
        reminder=reminder,
        answering=first.reply is not None,
    )


def _deadline(row: MessageRow) -> str:
    return message_types()[row.type].deadline or ""


def _sides(node: Node, asked: _Asked) -> tuple[AgencyCode, AgencyCode]:
    """Return who has to answer and who waits."""
    if asked.row.direction is Direction.IN:
        return node.agency, asked.partner
    return asked.partner, node.agency


def calendar_of(terms: Terms, agency: AgencyCode, announced: AnnouncedDays) -> Calendar:
    """Return the calendar of the side of an agency, as the agreement and the local file give it."""
    return Calendar(terms.side_of(agency), terms.cut_off_hour, announced)
