# SPDX-License-Identifier: Apache-2.0
"""Commands that answer: what fits now, the answer itself, and the reminder of one that is late."""

import asyncio
from dataclasses import dataclass

from exchange.bootstrap import announced_days
from exchange.errors import UsageError
from exchange.ids import CaseCode
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_line, message_of
from exchange.interfaces.api.drafting import (
    content_for_stop,
    link_of,
    opened_content,
    sent_answer,
    sources_for,
)
from exchange.messages.answering import PersonDecision, answer, same_for_all
from exchange.messages.catalog import message_type, message_types
from exchange.messages.filling import Filled, fill
from exchange.messages.replying import following
from exchange.protocol.parts import Document
from exchange.service.drafts import send
from exchange.service.due import tasks_about
from exchange.service.following import before_of
from exchange.service.next_steps import NextStep, steps_after
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, LinkRow, MessageRow

DECISION, REMINDER = "RPD", "RMD"
PERSONS = "persons"


@dataclass(frozen=True)
class _Request:
    """The message that is answered, opened by the officer."""

    row: MessageRow
    link: LinkRow
    document: Document


@dataclass(frozen=True)
class _Late:
    """Persons of a message whose answer is late, since when, and which reminder comes next."""

    cases: tuple[str, ...]
    due_on: str
    level: str


async def offer_answers(desk: Desk, ask: Ask) -> Answer:
    """Return the types that fit now after a message, its answers first; no content is opened."""
    row = await message_of(desk, ask.text("id"))
    link = await link_of(desk, row.link)
    steps = await desk.node.store.read(lambda uow: steps_after(uow, desk.node, row))
    return {"message": message_line(row, link.partner), "answers": [_offered(row, step) for step in steps]}


async def answer_message(desk: Desk, ask: Ask) -> Answer:
    """Answer a message, or write the one that follows it; with `send` false only its document is returned."""
    row = await message_of(desk, ask.text("id"))
    type_code = await _type_of(desk, ask, row)
    if message_types()[type_code].is_stop:
        document = await content_for_stop(desk, row, ask)
    else:
        document = (await opened_content(desk, row, ask, is_shown=False)).document
    request = _Request(row, await link_of(desk, row.link), document)
    if type_code == DECISION and "document" not in ask.members:
        filled = await _decided(desk, ask, request)
    else:
        filled = await _written(desk, ask, request, type_code)
    if ask.members.get("send") is False:
        return {"partner": request.link.partner, "document": filled.document}
    sent = await send(desk.node, row.link, filled.document, ask.officer())
    return sent_answer(request.link, sent)


async def remind(desk: Desk, ask: Ask) -> Answer:
    """Remind the partner of a message that it has not answered in time; the level follows from the list."""
    row = await message_of(desk, ask.text("id"))
    late = await _late(desk, row)
    link, sources = await sources_for(desk, (await link_of(desk, row.link)).partner, ask.officer())
    small: Document = {
        "type": REMINDER,
        "target": row.id,
        "level": ask.text("level", late.level),
        "due_on": late.due_on,
        "purpose": min(message_types()[row.type].purposes),
        "case_codes": list(late.cases),
    }
    filled = fill(small, sources)
    if ask.members.get("send") is False:
        return {"partner": link.partner, "document": filled.document}
    return sent_answer(link, await send(desk.node, row.link, filled.document, ask.officer()))


def _offered(row: MessageRow, step: NextStep) -> Answer:
    known = message_types()[step.type]
    replies = message_types()[row.type].replies if row.type in message_types() else ()
    return {
        "type": step.type,
        "label": known.label,
        "answers": step.type in replies,
        "state_after": step.to,
        "countersigns": step.countersigns,
    }


async def _type_of(desk: Desk, ask: Ask, row: MessageRow) -> str:
    """Return the type of the answer: as it is said, or the only one that is expected."""
    said = ask.text("as", "")
    known = message_type(said) if said else None
    if said and (known is None or known.form is None):
        raise UsageError(f"{said[:40]} is no type that can be written", hint=_offer_hint(row))
    replies = message_types()[row.type].replies if row.type in message_types() else ()
    type_code = known.code if known else DECISION if "outcome" in ask.members else ""
    type_code = type_code or (replies[0] if len(replies) == 1 else "")
    if not type_code:
        raise UsageError(f"message {row.id} does not say with what it is answered", hint=_offer_hint(row))
    if type_code == DECISION and DECISION not in replies:
        raise UsageError(
            f"message {row.id} is no notice that can be answered with a decision", hint=_offer_hint(row)
        )
    if type_code in replies and row.direction is Direction.OUT:
        raise UsageError(f"message {row.id} is your own; the partner answers it", hint=_offer_hint(row))
    return type_code


def _offer_hint(row: MessageRow) -> str:
    return f"see what fits: exchange message answer {row.id[-8:]}"


async def _written(desk: Desk, ask: Ask, request: _Request, type_code: str) -> Filled:
    """Return the draft of any type, from the file and the values of the officer."""
    given: Document = dict(ask.object("document")) if "document" in ask.members else {}
    if given.get("type", type_code) not in {type_code, message_types()[type_code].slug}:
        raise UsageError(f"the file is not of type {type_code}", hint="say the type of the file with --as")
    _, sources = await sources_for(desk, request.link.partner, ask.officer())

    def unit(uow: UnitOfWork) -> Document:
        before = before_of(
            uow,
            desk.node,
            pairing_of(uow, desk.node, request.row.link),
            request.row,
            request.document,
            officer=sources.officer,
            office=sources.office,
        )
        return following(type_code, _flat(given), before)

    return fill(await desk.node.store.read(unit), sources)


def _flat(given: Document) -> Document:
    """Return a file with its header and content opened out, so that both ways of writing do.

    `persons` of the content stays there, for the parts of the message have the same name: with it a
    cancellation says whom it takes off.
    """
    header, content = given.pop("header", {}), given.pop("content", {})
    groups = [group for group in (header, content) if isinstance(group, dict)]
    inside: Document = {}
    if isinstance(content, dict):
        inside = {name: content.pop(name) for name in (PERSONS,) if name in content}
    flat = {name: value for group in (given, *groups) for name, value in group.items()}
    return {**flat, "content": inside} if inside else flat


async def _decided(desk: Desk, ask: Ask, request: _Request) -> Filled:
    decisions = _decisions(ask, request.document, desk)
    _, sources = await sources_for(desk, request.link.partner, ask.officer())
    return answer(request.document, decisions, sources=sources)


def _decisions(ask: Ask, document: Document, desk: Desk) -> dict[CaseCode, PersonDecision]:
    persons = ask.members.get("persons")
    if not persons:
        return same_for_all(document, _decision(ask.members, desk))
    if not isinstance(persons, list):
        raise UsageError("persons is not a list")
    return {CaseCode(str(item["case_code"])): _decision({**ask.members, **item}, desk) for item in persons}


def _decision(members: Answer, desk: Desk) -> PersonDecision:
    outcome = members.get("outcome")
    if not isinstance(outcome, str):
        raise UsageError("the answer says no outcome", hint="say --accept, --refuse or --defer")
    accepted = outcome in ("accepted", "accepted_with_conditions")
    return PersonDecision(
        outcome=outcome,
        conditions=tuple(members.get("conditions") or ()),
        refusal_reason=members.get("reason"),
        reasons=members.get("reasons"),
        new_date=members.get("new_date"),
        valid_until=members.get("valid_until"),
        reception=(members.get("reception") or desk.opened.settings.agency.office) if accepted else None,
        child_receiver=members.get("child_receiver"),
    )


async def _late(desk: Desk, row: MessageRow) -> _Late:
    """Return what is late about a message of ours.

    Raises:
        UsageError: the partner owes no answer to it, or is not late, or was reminded at every level.
    """
    announced = await asyncio.to_thread(announced_days, desk.opened.folder)
    tasks = await tasks_about(desk.node, announced, row)
    task = next((task for task in tasks if not task.is_ours), None)
    if task is None:
        raise UsageError(
            f"the partner owes no answer to message {row.id}", hint="see what is open: exchange due"
        )
    if task.due is None or task.reminder is None:
        until = f"it has until {task.due.on.isoformat()}" if task.due else "no deadline runs"
        raise UsageError(
            f"there is nothing to remind of: {until}, or every level was sent",
            hint="see what is late: exchange due --overdue",
        )
    return _Late(tuple(map(str, task.cases)), task.due.on.isoformat(), task.reminder.level)


COMMANDS: dict[str, Command] = {
    "message.offer": offer_answers,
    "message.answer": answer_message,
    "message.remind": remind,
}
