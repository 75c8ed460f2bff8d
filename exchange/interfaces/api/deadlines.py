# SPDX-License-Identifier: Apache-2.0
"""Commands for one page: until when a message has to be answered, and a second look can be asked.

Without content, as `due`: nothing of it is recorded as opening a case.
"""

import asyncio

from exchange.bootstrap import announced_days
from exchange.cases.calendars import AnnouncedDays
from exchange.errors import HolidaysMissingError
from exchange.interfaces.api.agenda import task_answer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of
from exchange.service.due import tasks_about
from exchange.service.ports import UnitOfWork
from exchange.service.reexamination import SecondLook, second_look_of


async def message_tasks(desk: Desk, ask: Ask) -> Answer:
    """Return what waits for an answer to one message, as `due` has it; nothing without a calendar."""
    row, announced = await message_of(desk, ask.text("id")), await _announced(desk)
    try:
        tasks = await tasks_about(desk.node, announced, row)
    except HolidaysMissingError:
        tasks = ()
    return {"tasks": [task_answer(desk, task) for task in tasks]}


async def second_look(desk: Desk, ask: Ask) -> Answer:
    """Return the refusal of a case that stands, and the last day for a second look.

    A day that no calendar knows is left out: the question can be asked without it.
    """
    announced, code = await _announced(desk), ask.text("code")

    def unit(uow: UnitOfWork) -> SecondLook | None:
        found = uow.cases.find(code)
        return second_look_of(uow, desk.node, found[0], announced) if len(found) == 1 else None

    try:
        look = await desk.node.store.read(unit)
    except HolidaysMissingError:
        look = None
    if look is None:
        return {"refusal": None, "until": None, "over": False}
    until = look.until.isoformat() if look.until else None
    return {"refusal": look.refusal, "until": until, "over": look.is_over}


async def _announced(desk: Desk) -> AnnouncedDays:
    return await asyncio.to_thread(announced_days, desk.opened.folder)


COMMANDS: dict[str, Command] = {"message.tasks": message_tasks, "case.second_look": second_look}
