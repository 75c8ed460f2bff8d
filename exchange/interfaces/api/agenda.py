# SPDX-License-Identifier: Apache-2.0
"""The command `due`: what must be done, by whom, until when, in the time of both countries.

Without content: types, numbers, codes of cases and times. Nothing of it is recorded as opening a case.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.bootstrap import announced_days
from exchange.cases.calendars import AnnouncedDays
from exchange.clock import in_zone
from exchange.errors import UsageError
from exchange.ids import AgencyCode, LinkId
from exchange.interfaces.api.access import waiting_answer
from exchange.interfaces.api.arrivals import arrivals_answer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.interfaces.api.handover_tasks import handover_answer
from exchange.interfaces.api.retaining import owed_answer, proposal_answer
from exchange.messages.catalog import message_types
from exchange.service.due import Task, Worklist, count_work, work_page
from exchange.service.emergencies import EmergencyRow
from exchange.service.open_questions import BEGIN, Place, TaskCount
from exchange.service.pauses import pause_of
from exchange.service.ports import UnitOfWork
from exchange.service.retention import not_followed
from exchange.service.rows import Direction
from exchange.service.withdrawals import PassOn, to_pass_on

SHOWN, MOST = 100, 1_000
"""Tasks in one answer: as many as somebody looks at, and as many as one may ask for."""
SIDES = {"": None, "ours": Direction.IN, "theirs": Direction.OUT}
"""Who has to answer, by the direction in which the question went."""
_PLACE = (int, int, int, str, int, int, int)
"""Types of the members of a place."""


async def list_due(desk: Desk, ask: Ask) -> Answer:
    """Return a page of tasks, the first to be done first, and how many there are in all.

    With `overdue` only those that are late, with `side` those that one side has to answer. `more` is where
    the next page begins, to be given as `after`.
    """
    announced = await asyncio.to_thread(announced_days, desk.opened.folder)
    counts = await count_work(desk.node, announced)
    page = await _page(desk, ask, announced)
    links = {row.link: row.partner for row in await desk.links()}
    return {
        "now": when(desk.node.clock.now()),
        "to_answer": sum(each.tasks for each in counts if _to_answer(each)),
        "overdue": sum(each.late for each in counts if _to_answer(each)),
        "answers_on_their_way": sum(each.tasks for each in counts if each.answering),
        "waiting": _waiting(counts, links),
        **_tasks(desk, page),
        "second_looks": [_second_look(desk, each) for each in await _to_look_at(desk)],
        "withdrawals": [_withdrawal(each) for each in await _to_pass_on(desk)],
        **await desk.node.store.read(lambda uow: waiting_answer(uow, desk.node)),
        **await desk.node.store.read(arrivals_answer),
        "paused": await paused_answer(desk),
        **await handover_answer(desk, announced),
        "erasures": await _erasures(desk),
        "calendar_fault": announced.fault,
    }


async def paused_answer(desk: Desk) -> list[Answer]:
    """Return each paused partner: since when, and how much waits until two officers end the pause."""

    def unit(uow: UnitOfWork) -> list[Answer]:
        drafts = [draft.link for draft in uow.drafts.summaries() if draft.waiting]
        found = [(row, pause_of(uow, row)) for row in uow.links.all()]
        return [
            {
                "partner": row.partner,
                "since": when(held.at),
                "waiting": uow.messages.open_count(row.link)[0],
                "drafts": drafts.count(row.link),
            }
            for row, held in found
            if held
        ]

    return await desk.node.store.read(unit) if desk.node.presence.paused() else []


async def page_due(desk: Desk, ask: Ask) -> Answer:
    """Return a page of tasks as `due` does, and nothing else."""
    announced = await asyncio.to_thread(announced_days, desk.opened.folder)
    return _tasks(desk, await _page(desk, ask, announced))


async def _page(desk: Desk, ask: Ask, announced: AnnouncedDays) -> Worklist:
    side = ask.text("side", "")
    if side not in SIDES:
        raise UsageError("side is not one of ours, theirs", hint="leave it out for both")
    limit = min(max(ask.number("limit", SHOWN), 1), MOST)
    return await work_page(
        desk.node,
        announced,
        after=_place(ask),
        limit=limit,
        late=ask.flag("overdue"),
        direction=SIDES[side],
    )


def _tasks(desk: Desk, page: Worklist) -> Answer:
    return {"tasks": [task_answer(desk, task) for task in page.tasks], "more": list(page.next) or None}


def _place(ask: Ask) -> Place:
    """Return the place a page begins at, which an earlier answer gave as `more`.

    Raises:
        UsageError: it is none.
    """
    given = ask.members.get("after")
    if given is None:
        return BEGIN
    if not isinstance(given, list) or tuple(type(one) for one in given) != _PLACE:
        raise UsageError("after is not a place of this list", hint="give what an earlier answer had as more")
    return tuple(given)


def _to_answer(count: TaskCount) -> bool:
    return count.direction is Direction.IN and not count.answering


def _waiting(counts: Sequence[TaskCount], partners: Mapping[LinkId, AgencyCode]) -> list[Answer]:
    """Return how many answers each partner owes, and how many of them are late."""
    asked = [each for each in counts if each.direction is Direction.OUT]
    return [
        {
            "partner": partner,
            "count": sum(each.tasks for each in asked if partners[each.link] == partner),
            "overdue": sum(each.late for each in asked if partners[each.link] == partner),
        }
        for partner in sorted({partners[each.link] for each in asked})
    ]


def task_answer(desk: Desk, task: Task) -> Answer:
    """Return a task as the own staff sees it."""
    due = task.due
    return {
        "message": task.message,
        "type": task.type,
        "what": message_types()[task.type].label,
        "replies": list(task.replies),
        "can_reply": any(message_types()[reply].form is not None for reply in task.replies),
        "cases": list(task.cases),
        "persons": len(task.cases),
        "partner": task.partner,
        "by": desk.node.agency if task.is_ours else task.partner,
        "ours": task.is_ours,
        "state": task.state.value,
        "urgency": task.urgency,
        "deadline": task.deadline,
        "until": when(due.at) if due else None,
        "last_day": due.on.isoformat() if due else None,
        "late_from": when(due.over_at) if due else None,
        "own_time": _local(due.at if due else None, task.own_zone),
        "partner_time": _local(due.at if due else None, task.partner_zone),
        "answering": task.answering,
        "reminded": list(task.reminded),
        "reminder": _reminder(desk, task),
    }


async def _to_look_at(desk: Desk) -> list[EmergencyRow]:
    return await desk.node.store.read(lambda uow: uow.emergencies.open())


def _second_look(desk: Desk, each: EmergencyRow) -> Answer:
    """Return a message that one person released in an emergency; a second one has to look at it."""
    return {
        "message": each.message,
        "type": each.type,
        "act": each.act,
        "released_by": each.released_by,
        "until": when(each.until_at),
        "overdue": desk.node.clock.now() > each.until_at,
    }


async def _to_pass_on(desk: Desk) -> list[PassOn]:
    return await desk.node.store.read(lambda uow: to_pass_on(uow, desk.node))


def _withdrawal(each: PassOn) -> Answer:
    """Return a withdrawal that another partner of the same person has to be told."""
    return {
        "partner": each.partner,
        "case": each.case,
        "scopes": list(each.scopes),
        "withdrawn_at": each.withdrawn_at,
        "message": each.message,
        "told": each.told,
    }


async def _erasures(desk: Desk) -> Answer:
    """Return what partners erased and we have not, and which proposals wait for a second person."""

    def unit(uow: UnitOfWork) -> Answer:
        links = {row.link: row for row in uow.links.all()}
        return {
            "owed": [owed_answer(one) for link in links.values() for one in not_followed(uow, link)],
            "proposals": [proposal_answer(row, links) for row in uow.erasures.proposals()],
        }

    return await desk.node.store.read(unit)


def _local(moment: datetime | None, zone: str) -> Answer:
    """Return an instant as the clocks of a zone show it."""
    local = in_zone(moment, ZoneInfo(zone)).isoformat(timespec="minutes") if moment else None
    return {"zone": zone, "at": local}


def _reminder(desk: Desk, task: Task) -> Answer | None:
    if task.reminder is None:
        return None
    today = desk.node.clock.now().astimezone(ZoneInfo(task.own_zone)).date()
    return {
        "level": task.reminder.level,
        "on": task.reminder.on.isoformat(),
        "may_be_sent": today >= task.reminder.on,
    }


COMMANDS: dict[str, Command] = {"due": list_due, "due.page": page_due}
