# SPDX-License-Identifier: Apache-2.0
"""What must be done next, by whom, until when: every accepted message that waits for an answer.

    1. Until when each question has to be answered is kept (`deadlines`); what is stale is decided first.
    2. Tasks are read in their order, a page at a time: never a scan of the history, never of all that is
       open. Persons of one message with the same end are one task. How many there are is kept, too.
    3. Once it is overdue, the side that asked may remind; the next level and its first day are proposed.

This only reads. Nothing changes its state because a day has passed (ADR 0010).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from exchange.cases.calendars import AnnouncedDays
from exchange.cases.deadlines import Due, DueState, Reminder, next_reminder
from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId
from exchange.messages.catalog import message_types
from exchange.messages.document import content_of, text_at
from exchange.protocol.terms import Terms
from exchange.service.deadlines import calendar_of, deadline_of, settle_ends, terms_of
from exchange.service.facts import COUNTS
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.open_questions import BEGIN, Place, TaskCount, TaskRow
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow

PAGE = 20
"""Tasks read in one unit; with two persons each about 5 ms."""


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
class Worklist:
    """Tasks in their order, and where the next ones begin."""

    tasks: tuple[Task, ...]
    next: Place = BEGIN
    """BEGIN when there are no more."""


async def worklist(node: Node, announced: AnnouncedDays) -> tuple[Task, ...]:
    """Return everything that waits for an answer, the first to be done first.

    Raises:
        HolidaysMissingError: the calendar of a side does not cover a period.
    """
    found: list[Task] = []
    place = BEGIN
    while True:
        page = await work_page(node, announced, after=place)
        found += page.tasks
        place = page.next
        if place == BEGIN:
            return tuple(found)


async def work_page(
    node: Node,
    announced: AnnouncedDays,
    *,
    after: Place = BEGIN,
    limit: int = PAGE,
    late: bool = False,
    direction: Direction | None = None,
) -> Worklist:
    """Return the next `limit` tasks after a place, the first to be done first; only late ones if wanted.

    With `direction` only those that wait for an answer of one side and are not being answered.

    Raises:
        HolidaysMissingError: as `worklist`.
    """
    await settle_ends(node, announced)
    now, place, found = node.clock.now(), after, list[Task]()
    while len(found) < limit:
        here, most = place, min(PAGE, limit - len(found))

        def unit(uow: UnitOfWork, here: Place = here, most: int = most) -> tuple[list[Task], Place]:
            rows, place = uow.questions.tasks(
                after=here, limit=most, late_at=now if late else None, direction=direction
            )
            return list(_tasks(uow, node, rows, announced, now)), place

        tasks, place = await node.store.read(unit)
        found += tasks
        if place == BEGIN:
            break
    return Worklist(tuple(found), place)


async def tasks_about(node: Node, announced: AnnouncedDays, row: MessageRow) -> tuple[Task, ...]:
    """Return what waits for an answer to one message.

    Raises:
        HolidaysMissingError: as `worklist`.
    """
    await settle_ends(node, announced)

    def unit(uow: UnitOfWork) -> tuple[Task, ...]:
        rows = uow.questions.tasks_of(row.link, row.direction, row.seq)
        return tuple(_tasks(uow, node, rows, announced, node.clock.now()))

    return await node.store.read(unit)


async def count_work(node: Node, announced: AnnouncedDays) -> tuple[TaskCount, ...]:
    """Return how many tasks there are and how many are late, by link, side and whether they are answered.

    Raises:
        HolidaysMissingError: as `worklist`.
    """
    await settle_ends(node, announced)
    now = node.clock.now()
    return tuple(await node.store.read(lambda uow: uow.questions.count_tasks(now)))


async def count_late(node: Node, link: LinkId, announced: AnnouncedDays) -> Counter[str]:
    """Return how many tasks of a link are late, by type of message; no content is read.

    Raises:
        HolidaysMissingError: as `worklist`.
    """
    await settle_ends(node, announced)
    now = node.clock.now()
    return Counter(await node.store.read(lambda uow: uow.questions.late_types(link, now)))


def _tasks(
    uow: UnitOfWork, node: Node, rows: Iterable[TaskRow], announced: AnnouncedDays, now: datetime
) -> Iterator[Task]:
    for task in rows:
        message = uow.messages.by_seq(task.link, task.direction, task.seq)
        if message is not None:
            yield _task(uow, node, task, message, announced, now)


def _task(
    uow: UnitOfWork, node: Node, task: TaskRow, row: MessageRow, announced: AnnouncedDays, now: datetime
) -> Task:
    pairing = pairing_of(uow, node, task.link)
    terms = terms_of(uow, pairing, row.agreement_n)
    due = task.due
    state = due.state(now) if due else DueState.STOPPED if task.held else DueState.OPEN
    reminded = frozenset(_reminded(uow, row))
    return Task(
        link=row.link,
        partner=pairing.partner,
        message=row.id,
        seq=row.seq,
        type=row.type,
        direction=row.direction,
        replies=message_types()[row.type].replies,
        cases=tuple(uow.questions.cases_of(task)),
        deadline=deadline_of(row.type) if due or task.held else "",
        due=due,
        state=state,
        urgency=task.urgency,
        own_zone=terms.side_of(node.agency).zone,
        partner_zone=terms.side_of(pairing.partner).zone,
        reminded=tuple(sorted(reminded)),
        reminder=_reminder(node, terms, due, announced, reminded)
        if due and state is DueState.OVERDUE and row.direction is Direction.OUT
        else None,
        answering=task.answering,
    )


def _reminder(
    node: Node, terms: Terms, due: Due, announced: AnnouncedDays, sent: frozenset[str]
) -> Reminder | None:
    return next_reminder(terms, due, calendar=calendar_of(terms, node.agency, announced), sent=sent)


def _reminded(uow: UnitOfWork, row: MessageRow) -> Iterator[str]:
    """Return the levels of the reminders of a message that were sent by the side that asked."""
    for seq in uow.questions.reminders_of(row.link, row.direction, row.seq):
        reminder = uow.messages.by_seq(row.link, row.direction, seq)
        document = document_of(uow, reminder) if reminder and reminder.state in COUNTS else None
        if document and text_at(content_of(document), "target") == row.id:
            yield text_at(content_of(document), "level")
