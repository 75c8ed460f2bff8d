# SPDX-License-Identifier: Apache-2.0
"""What has to be done next for handovers that are near, and for people who have arrived.

1. A movement under way is near from the day before its window on, until it is over. What is late stays, but
   what was left open before yesterday stands behind what begins now, however many there are.
   Proposals are on the worklist, and so is the record once somebody left (`due`).
2. When a window begins stands in sealed messages. It is kept beside the movement, and read again after each
   change of it, a page in a unit (`settle_windows`).
3. Each state has one next act: a counter-proposal is answered, the host side says that the group has left,
   a first record is signed by the other side. After a reservation it says so: the record is written anew,
   by whichever side comes first. If nobody on the list may travel any more, the handover is called off.
4. Each movement is read in a unit of its own, for it opens the messages of a case.
5. Reception is confirmed within `DL-RCV`, counted from the countersignature as both logs have it.

This only reads. Nothing changes its state because a day has passed (ADR 0010).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from exchange.cases.calendars import AnnouncedDays
from exchange.cases.deadlines import Due, answer_by
from exchange.ids import MessageId
from exchange.messages.document import text_at
from exchange.protocol.terms import Unit
from exchange.service.deadlines import accepted_at, calendar_of, terms_of
from exchange.service.facts import COUNTS
from exchange.service.handovers import Handover, handover_of, staying
from exchange.service.movements import NotReceived
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MovementRow

PAGE: Final = 5
"""Windows read in one unit; each reads the messages of one case, some 2 ms."""
DAYS_SEEN: Final = 2
"""Today and tomorrow."""
_RESPONSE, _RECORD, _DEPARTED = "HRP", "HRC", "departed"
_BEFORE_THE_WINDOW, _RECEPTION = "DL-HDP", "DL-RCV"
_UNITS: Final = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1)}


class NextAct(StrEnum):
    """What has to be done next in a movement under way."""

    ANSWER = "answer"
    """A counter-proposal waits for its answer."""
    DEPART = "depart"
    CALL_OFF = "call_off"
    """Nobody on the list may travel any more."""
    RECORD = "record"
    COUNTERSIGN = "countersign"
    RECORD_ANEW = "record_anew"
    """One side signed with a reservation."""


@dataclass(frozen=True)
class HandoverTask:
    """What has to be done next for a handover that is near."""

    handover: Handover
    act: NextAct
    is_ours: bool
    """Our side does it; False if only the partner can."""
    until_at: datetime | None = None
    """By when somebody has to say that the group has left."""
    after: MessageId | None = None
    """The message that the next one follows: the newest response, or the signature with a reservation."""
    reserved_by_us: bool = False
    staying: int = 0
    """Persons on the list who do not travel: they withdrew, or are on hold."""


@dataclass(frozen=True)
class Reception:
    """People who were handed over to us, until their reception is confirmed."""

    movement: MovementRow
    persons: int
    record: MessageId | None
    """The first signature on the complete record, with the lines; the confirmation follows it."""
    due: Due | None


async def settle_windows(node: Node) -> None:
    """Read again when windows begin, of movements that changed."""
    while await node.store.read(lambda uow: bool(uow.movements.without_window(limit=1))):
        await node.store.write(lambda uow: _keep_windows(uow, node))


def _keep_windows(uow: UnitOfWork, node: Node) -> None:
    for row in uow.movements.without_window(limit=PAGE):
        begins_at = _begins_at(handover_of(uow, node, row))
        uow.movements.keep_window(row.link, row.code, begins_at or row.opened_at)


async def handover_tasks(node: Node, *, limit: int) -> list[HandoverTask]:
    """Return the handovers from yesterday to tomorrow, the first to begin first; then what was left open."""
    await settle_windows(node)
    rows = await node.store.read(lambda uow: _near(uow, node, limit))
    return [await node.store.read(partial(_task, node=node, row=row)) for row in rows]


def _near(uow: UnitOfWork, node: Node, limit: int) -> list[MovementRow]:
    ends_at = _end_of_tomorrow(uow, node)
    since = ends_at - timedelta(days=DAYS_SEEN + 1)
    found = uow.movements.under_way(since=since, before=ends_at, limit=limit)
    return found + uow.movements.left_open(before=since, limit=limit - len(found))


async def receptions(node: Node, announced: AnnouncedDays, *, limit: int) -> list[Reception]:
    """Return the movements with persons whose reception we owe, the first to be confirmed first.

    Raises:
        HolidaysMissingError: the calendar of our side does not cover the period.
    """
    found = await node.store.read(lambda uow: uow.movements.to_be_received(node.agency, limit=limit))
    return [
        await node.store.read(partial(_reception, node=node, announced=announced, one=one)) for one in found
    ]


def _end_of_tomorrow(uow: UnitOfWork, node: Node) -> datetime:
    links = uow.links.all()
    terms = pairing_of(uow, node, links[0].link).agreement.terms if links else None
    here = node.clock.now().astimezone(ZoneInfo(terms.side_of(node.agency).zone) if terms else UTC)
    return datetime.combine(here.date() + timedelta(days=DAYS_SEEN), time(), tzinfo=here.tzinfo)


def _task(uow: UnitOfWork, node: Node, row: MovementRow) -> HandoverTask:
    one = handover_of(uow, node, row)
    ours = [step for step in one.steps if step.by == node.agency]
    match one.state:
        case "countered":
            response, is_ours = _newest(uow, one.row, _RESPONSE), any(step.type == _RESPONSE for step in ours)
            return HandoverTask(one, NextAct.ANSWER, is_ours, after=response.id if response else None)
        case "confirmed":
            return _to_depart(uow, node, one)
    waiting = [step for step in one.steps if step.countersigns]
    if waiting:
        return HandoverTask(one, NextAct.COUNTERSIGN, any(step.by == node.agency for step in waiting))
    reserved = _reserved(uow, one.row)
    if reserved is not None:
        by_us = reserved.direction is Direction.OUT
        return HandoverTask(one, NextAct.RECORD_ANEW, True, after=reserved.id, reserved_by_us=by_us)
    return HandoverTask(one, NextAct.RECORD, True)


def _to_depart(uow: UnitOfWork, node: Node, one: Handover) -> HandoverTask:
    response, is_host = _newest(uow, one.row, _RESPONSE), one.row.host == node.agency
    stay = _staying(uow, node, one)
    if one.listed and stay == len(one.listed):
        return HandoverTask(one, NextAct.CALL_OFF, True, staying=stay)
    after = response.id if response else None
    return HandoverTask(one, NextAct.DEPART, is_host, _leave_by(uow, node, one), after, staying=stay)


def _staying(uow: UnitOfWork, node: Node, one: Handover) -> int:
    """Return how many persons on the list do not travel; not known while our confirmation is on its way."""
    return len(staying(uow, node, one)) if one.row.state == one.state else 0


def _reserved(uow: UnitOfWork, row: MovementRow) -> MessageRow | None:
    """Return the newest signature on the record if it was given with a reservation.

    A movement that is still under way was not signed as agreed.
    """
    newest = _newest(uow, row, _RECORD)
    return newest if newest is not None and newest.in_reply_to is not None else None


def _newest(uow: UnitOfWork, row: MovementRow, type_code: str) -> MessageRow | None:
    """Return the newest message of a type in a movement that counts."""
    for event in reversed(uow.movements.events(row.link, row.code)):
        message = uow.messages.by_seq(row.link, event.direction, event.seq)
        if event.type == type_code and message is not None and message.state in COUNTS:
            return message
    return None


def _begins_at(one: Handover) -> datetime | None:
    text = text_at(dict(one.terms), "window_from")
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _leave_by(uow: UnitOfWork, node: Node, one: Handover) -> datetime | None:
    """Return by when the host side says that the group has left."""
    begins_at = _begins_at(one)
    terms = pairing_of(uow, node, one.row.link).agreement.terms
    agreed = terms.deadline(_BEFORE_THE_WINDOW)
    if begins_at is None or agreed is None or agreed.unit not in _UNITS:
        return begins_at
    return begins_at - agreed.amount * _UNITS[agreed.unit]


def _reception(uow: UnitOfWork, node: Node, announced: AnnouncedDays, one: NotReceived) -> Reception:
    record = _completed_by(uow, one.row)
    due = _received_by(uow, node, announced, record) if record is not None else None
    return Reception(one.row, one.persons, record.in_reply_to if record else None, due)


def _completed_by(uow: UnitOfWork, row: MovementRow) -> MessageRow | None:
    """Return the signature with which the record of a movement was complete."""
    for event in uow.movements.events(row.link, row.code):
        if event.type == _RECORD and event.state_before == _DEPARTED != event.state_after:
            return uow.messages.by_seq(row.link, event.direction, event.seq)
    return None


def _received_by(uow: UnitOfWork, node: Node, announced: AnnouncedDays, record: MessageRow) -> Due | None:
    pairing = pairing_of(uow, node, record.link)
    terms = terms_of(uow, pairing, record.agreement_n)
    steps = terms.deadlines_for(_RECEPTION, acting=node.agency)
    if not steps:
        return None
    calendar = calendar_of(terms, node.agency, announced)
    return answer_by(steps, accepted_at(uow, node, pairing, record), calendar=calendar)
