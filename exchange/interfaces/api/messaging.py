# SPDX-License-Identifier: Apache-2.0
"""Commands about messages: fill, validate, send, release, answer, list, show, wait, void."""

import asyncio
from dataclasses import asdict
from datetime import UTC
from zoneinfo import ZoneInfo

from exchange.errors import UsageError
from exchange.ids import CaseCode, LinkId, MessageId, OfficerNumber
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_line, message_of, pick_link, when
from exchange.messages.answering import PersonDecision, answer, same_for_all
from exchange.messages.filling import Filled, Sources, fill
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue, parse_object
from exchange.service.drafts import Sent, approve, find_draft, send
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import check_draft
from exchange.service.rows import AuditRow, Direction, LinkRow, MessageRow, MessageState
from exchange.service.void import give_up

MAX_WAIT_S = 60
ANSWERED = frozenset({"RPN"})
"""Types that `message.answer` can answer."""
FINAL = frozenset({MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED, MessageState.STOPPED})


async def fill_message(desk: Desk, ask: Ask) -> Answer:
    """Complete a small file; nothing is stored."""
    link, filled = await _filled(desk, ask)
    return {
        "partner": link.partner,
        "document": filled.document,
        "added": [
            {"pointer": item.pointer, "value": item.value, "source": item.source} for item in filled.added
        ],
    }


async def validate_message(desk: Desk, ask: Ask) -> Answer:
    """Return every fault of a small or complete file; nothing is stored."""
    link, filled = await _filled(desk, ask)
    faults = await check_draft(desk.node, link.link, filled.document, ask.officer())
    return {"partner": link.partner, "faults": [asdict(fault) for fault in faults]}


async def send_message(desk: Desk, ask: Ask) -> Answer:
    """Complete a file and send it, or keep it for the second person."""
    link, filled = await _filled(desk, ask)
    return _sent(link, await send(desk.node, link.link, filled.document, ask.officer()))


async def release_message(desk: Desk, ask: Ask) -> Answer:
    """Release a kept draft as the second person."""
    sent = await approve(desk.node, ask.text("id"), ask.officer(), digest=ask.members.get("digest"))
    return _sent(await _row_of(desk, sent.link), sent)


async def answer_message(desk: Desk, ask: Ask) -> Answer:
    """Answer a received notice with a decision on each person."""
    notice = await message_of(desk, ask.text("id"))
    if notice.direction is not Direction.IN or notice.type not in ANSWERED:
        raise UsageError(f"message {notice.id} is no notice that can be answered with a decision")
    link = await _row_of(desk, notice.link)
    document = await _opened(desk, notice, ask.officer())
    decisions = _decisions(ask, document, desk)
    _, sources = await _sources(desk, link.partner, ask.officer())
    filled = answer(document, decisions, sources=sources)
    if ask.members.get("send") is False:
        return {"partner": link.partner, "document": filled.document}
    return _sent(link, await send(desk.node, link.link, filled.document, ask.officer()))


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


async def list_messages(desk: Desk, ask: Ask) -> Answer:
    partner = ask.text("partner", "")
    link = (await desk.link(partner)).link if partner else None
    direction = Direction(ask.text("direction")) if ask.members.get("direction") else None
    names = {row.link: row.partner for row in await desk.links()}

    def unit(uow: UnitOfWork) -> Answer:
        rows = uow.messages.list(link=link, direction=direction, limit=min(ask.number("limit", 100), 1_000))
        drafts = uow.drafts.list()
        return {
            "messages": [message_line(row, names.get(row.link, "")) for row in rows],
            "drafts": [
                {
                    "id": row.id,
                    "type": row.type,
                    "prepared_by": row.prepared_by,
                    "created": when(row.created_at),
                    "waiting": row.waiting,
                    "digest": row.digest,
                }
                for row in drafts
            ],
        }

    return await desk.node.store.read(unit)


async def show_message(desk: Desk, ask: Ask) -> Answer:
    """Return a message or a draft with its content; recorded as opening it."""
    officer, purpose = ask.officer(), ask.text("purpose", "case_work")
    prefix = ask.text("id")
    drafts = await desk.node.store.read(lambda uow: uow.drafts.find(prefix))
    if len(drafts) == 1:
        row = await find_draft(desk.node, prefix)
        about = {"id": row.id, "type": row.type, "prepared_by": row.prepared_by, "digest": row.digest}
        return {"draft": about, "document": parse_object(row.document)}
    message = await message_of(desk, prefix)
    link = await _row_of(desk, message.link)
    document = await _opened(desk, message, officer, purpose)
    return {
        "message": message_line(message, link.partner),
        "document": document,
        "entries": {"own": message.leaf_index, "partner": message.verdict_leaf_index},
        "opened": "this records that you opened it",
    }


async def _opened(
    desk: Desk, row: MessageRow, officer: OfficerNumber, purpose: str = "case_work"
) -> Document:
    """Return the content of a message and record that it was opened."""

    def unit(uow: UnitOfWork) -> Document | None:
        uow.audit.record(AuditRow(desk.node.clock.now(), officer, "message_opened", row.id, purpose))
        return document_of(uow, row)

    document = await desk.node.store.write(unit)
    if document is None:
        raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
    return document


async def wait_message(desk: Desk, ask: Ask) -> Answer:
    """Wait until a sent message has its verdict, at most `timeout_s`."""
    node, link, seq = desk.node, LinkId(ask.text("link")), ask.number("seq")
    timeout_s = min(ask.number("timeout_s", 10), MAX_WAIT_S)
    row = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                changed = node.presence.of(link).changed
                row = await node.store.read(lambda uow: uow.messages.by_seq(link, Direction.OUT, seq))
                if row is None or row.state in FINAL:
                    break
                await changed.wait()
    except TimeoutError:
        pass
    if row is None:
        raise UsageError(f"no message {seq} was sent on this link")
    took = (row.verdict_at - row.logged_at).total_seconds() * 1000 if row.verdict_at else 0
    return {"state": row.state.value, "code": row.code, "verdict": when(row.verdict_at), "ms": round(took),
            "entry": row.leaf_index, "partner_entry": row.verdict_leaf_index}  # fmt: skip


async def void_message(desk: Desk, ask: Ask) -> Answer:
    """Give up a number that has no verdict yet."""
    row = await message_of(desk, ask.text("id"))
    await give_up(desk.node, row.link, row.seq, code=ask.text("code", "withdrawn"), actor=ask.officer())
    return {"id": row.id, "seq": row.seq}


async def _row_of(desk: Desk, link: LinkId) -> LinkRow:
    row = await desk.node.store.read(lambda uow: uow.links.get(link))
    if row is None:
        raise UsageError(f"link {link} is not in the store")
    return row


async def _filled(desk: Desk, ask: Ask) -> tuple[LinkRow, Filled]:
    """Return the link that a small file is for, and the file completed."""
    link, sources = await _sources(desk, ask.text("to", ""), ask.officer())
    return link, fill(ask.object("document"), sources)


async def _sources(desk: Desk, partner: str, officer: OfficerNumber) -> tuple[LinkRow, Sources]:
    """Return where missing members of a draft come from: agreement, configuration, officer."""
    node, agency = desk.node, desk.opened.settings.agency

    def unit(uow: UnitOfWork) -> tuple[LinkRow, Sources]:
        link = pick_link(uow, partner)
        usual = pairing_of(uow, node, link.link).agreement.terms.usual
        entry = uow.officers.get(officer)
        if entry is None:
            raise UsageError(f"officer {officer} is not in the directory", hint="run: exchange officer add")
        values: dict[str, JsonValue] = {
            "language": usual.language,
            "checkpoint": usual.checkpoint,
            "funding": usual.funding,
            "handling": list(usual.handling),
        }
        return link, Sources(
            sender=node.agency,
            partner=link.partner,
            officer=officer,
            office=entry.office,
            office_kind=agency.office_kind,
            usual={name: value for name, value in values.items() if value},
            today=node.clock.now().astimezone(ZoneInfo(agency.zone) if agency.zone else UTC).date(),
            random=node.random,
        )

    return await node.store.read(unit)


def _sent(link: LinkRow, sent: Sent) -> Answer:
    return {
        "fate": sent.fate.value,
        "partner": link.partner,
        "link": link.link,
        "id": MessageId(sent.id),
        "type": sent.type,
        "seq": sent.seq,
        "digest": sent.digest,
        "reason": sent.reason,
    }


COMMANDS: dict[str, Command] = {
    "message.fill": fill_message,
    "message.validate": validate_message,
    "message.send": send_message,
    "message.release": release_message,
    "message.answer": answer_message,
    "message.list": list_messages,
    "message.show": show_message,
    "message.wait": wait_message,
    "message.void": void_message,
}
