# SPDX-License-Identifier: Apache-2.0
"""The command `due`: what must be done, by whom, until when, in the time of both countries.

Without content: types, numbers, codes of cases and times. Nothing of it is recorded as opening a case.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.bootstrap import announced_days
from exchange.cases.deadlines import DueState
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.messages.catalog import message_types
from exchange.service.due import Task, worklist
from exchange.service.emergencies import EmergencyRow
from exchange.service.withdrawals import PassOn, to_pass_on


async def list_due(desk: Desk, ask: Ask) -> Answer:
    """Return the tasks, the first to be done first; with `overdue` only those that are late."""
    announced = await asyncio.to_thread(announced_days, desk.opened.folder)
    tasks = await worklist(desk.node, announced)
    shown = [task for task in tasks if task.state is DueState.OVERDUE] if ask.flag("overdue") else tasks
    return {
        "now": when(desk.node.clock.now()),
        "to_answer": _count(task.is_ours and not task.answering for task in tasks),
        "overdue": _count(task.is_ours and not task.answering and _is_late(task) for task in tasks),
        "answers_on_their_way": _count(task.answering for task in tasks),
        "waiting": _waiting(tasks),
        "tasks": [_task(desk, task) for task in shown],
        "second_looks": [_second_look(desk, each) for each in await _to_look_at(desk)],
        "withdrawals": [_withdrawal(each) for each in await _to_pass_on(desk)],
    }


def _count(facts: Iterable[bool]) -> int:
    return sum(facts)


def _is_late(task: Task) -> bool:
    return task.state is DueState.OVERDUE


def _waiting(tasks: tuple[Task, ...]) -> list[Answer]:
    """Return how many answers each partner owes, and how many of them are late."""
    partners = sorted({task.partner for task in tasks if not task.is_ours})
    return [
        {
            "partner": partner,
            "count": _count(not task.is_ours and task.partner == partner for task in tasks),
            "overdue": _count(
                not task.is_ours and task.partner == partner and _is_late(task) for task in tasks
            ),
        }
        for partner in partners
    ]


def _task(desk: Desk, task: Task) -> Answer:
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


def _local(moment: datetime | None, zone: str) -> Answer:
    """Return an instant as the clocks of a zone show it."""
    local = moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") if moment else None
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


COMMANDS: dict[str, Command] = {"due": list_due}
