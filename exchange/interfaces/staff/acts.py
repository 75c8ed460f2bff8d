# SPDX-License-Identifier: Apache-2.0
"""What each route of the staff API does: find the object, or answer as for one that does not exist; then ask.

An id or a code in a path is whole, never a beginning. Members that are for people at a terminal (the words of
an enrolment, values that a fault found) are left out.
"""

from datetime import datetime
from typing import Any, TypeVar

from exchange.cases.permissions import Act, Role, allows, sees_movement
from exchange.ids import CaseCode, MessageId, MovementCode
from exchange.interfaces.staff.call import Answer, Call, absent, conflict
from exchange.service.draft_acts import may_undo
from exchange.service.erasures import ProposalRow, ProposedAct
from exchange.service.own_officers import has_left
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, DraftRow, LinkRow, MessageRow, MovementRow
from exchange.service.void import VOIDABLE

T = TypeVar("T")

LAST_PAGE = 1_000


async def list_partners(call: Call) -> Answer:
    found = await call.ask("partner.list")
    return {"partners": [_without(row, "words") for row in found["partners"]]}


async def show_partner(call: Call) -> Answer:
    return await call.ask("partner.show", partner=(await _link(call)).partner)


async def reconcile(call: Call) -> Answer:
    """Compare both ledgers as they are held here; asking the partner first is the business of people."""
    link = await _link(call)
    entry = AuditRow(call.node.clock.now(), call.caller.officer, "reconciled", link.link, call.caller.name)
    await call.store.write(lambda uow: uow.audit.record(entry))
    return _without(await call.ask("reconcile", partner=link.partner, flush=False), "reached", "unreached")


async def list_messages(call: Call) -> Answer:
    found = await call.ask("message.list", **await _filters(call))
    return _without(found, "drafts", "next")


async def show_message(call: Call) -> Answer:
    return await call.ask("message.one", id=(await _message(call)).id)


async def open_message(call: Call) -> Answer:
    row = await _message(call)
    found = await call.ask("message.show", id=row.id, purpose=call.query["purpose"], is_shown=False)
    return _without(found, "entries", "opened")


async def note_opened(call: Call) -> Answer:
    """Take a message off the list of an officer who read it in the system of the client."""
    row = await _message(call)
    if row.direction is not Direction.IN:
        raise conflict("not_possible")
    return await call.ask("message.read", id=row.id)


async def send_message(call: Call) -> Answer:
    body = call.body
    await _known_partner(call, body.get("partner", ""))
    members = {"document": body["document"], "emergency": body.get("emergency", False)}
    if "files" in body:
        members["files"] = body["files"]
    return await call.ask("message.send", to=body.get("partner", ""), **members)


async def check_message(call: Call) -> Answer:
    body = call.body
    await _known_partner(call, body.get("partner", ""))
    found = await call.ask("message.validate", to=body.get("partner", ""), document=body["document"])
    return {**found, "faults": [_without(fault, "found") for fault in found["faults"]]}


async def void_message(call: Call) -> Answer:
    row = await _message(call)
    if row.direction is not Direction.OUT or row.state not in VOIDABLE:
        raise conflict("not_possible")
    return await call.ask("message.void", id=row.id, code=call.body["code"])


async def review_message(call: Call) -> Answer:
    row = await _message(call)
    noted = await call.store.read(lambda uow: uow.emergencies.of(row.link, row.seq))
    if row.direction is not Direction.OUT or noted is None or noted.seen_by is not None:
        raise conflict("not_possible")
    if noted.released_by == call.caller.officer:
        raise conflict("own_message")
    said: dict[str, Any] = {"digest": call.body["digest"], "objects": not call.body["agrees"]}
    return await call.ask("message.review", id=row.id, **said)


async def list_drafts(call: Call) -> Answer:
    """Return the drafts; at the crossing the own ones."""
    found = (await call.ask("message.list", limit=1))["drafts"]
    own = [row for row in found if row["prepared_by"] == call.caller.officer]
    return {"drafts": found if _may(call, Act.OPEN_MESSAGE) else own}


async def open_draft(call: Call) -> Answer:
    row = await (_draft(call) if _may(call, Act.OPEN_MESSAGE) else _own_draft(call))
    return await call.ask("message.show", id=row.id, purpose=call.query["purpose"])


async def release_draft(call: Call) -> Answer:
    """Release as the second person; never what the own officer prepared (rule 28)."""
    row = await _draft(call)
    if row.prepared_by == call.caller.officer:
        raise conflict("own_message")
    if row.digest != call.body["digest"]:
        raise conflict("draft_changed")
    return await call.ask("message.release", id=row.id, digest=call.body["digest"])


async def send_back_draft(call: Call) -> Answer:
    """Send a draft back to its author, by another person, who saw it."""
    row = await _draft(call)
    if row.prepared_by == call.caller.officer:
        raise conflict("own_message")
    if row.digest != call.body["digest"]:
        raise conflict("draft_changed")
    members = {"digest": call.body["digest"], "reason": call.body["reason"]}
    return _without(await call.ask("message.send_back", id=row.id, **members), "prepared_by")


async def take_back_draft(call: Call) -> Answer:
    """Take back the own draft; its content is opened by its own route."""
    found = (await call.ask("message.take_back", id=(await _own_draft(call)).id))["draft"]
    return {name: found[name] for name in ("id", "type")}


async def change_draft(call: Call) -> Answer:
    """Hand in another document in place of the own draft."""
    return await call.ask("message.change", id=(await _own_draft(call)).id, **call.body)


async def discard_draft(call: Call) -> Answer:
    """Destroy the own draft, or as somebody who may release one whose author has left."""
    row, now = await _draft(call), call.node.clock.now()
    left = await call.store.read(lambda uow: has_left(uow, row.prepared_by, now))
    if not (left and _may(call, Act.RELEASE)):
        row = await _own_draft(call)
    return await call.ask("message.discard", id=row.id)


async def list_cases(call: Call) -> Answer:
    partner = call.query["partner"]
    await _known_partner(call, partner)
    after = int(call.query.get("after") or 0)
    return await call.ask("case.page", partner=partner, after=after, limit=_limit(call))


async def show_case(call: Call) -> Answer:
    return await call.ask("case.show", code=await _case(call), purpose=call.query["purpose"])


async def export_case(call: Call) -> Answer:
    return await call.ask("case.export", code=await _case(call), purpose=call.query["purpose"])


async def list_retention(call: Call) -> Answer:
    return await call.ask("retention.list")


async def propose_erasure(call: Call) -> Answer:
    """Propose to erase a case, to hold it back, or to lift the hold; a second person confirms."""
    body = call.body
    return await call.ask("erasure.propose", code=await _case(call), act=body["act"], reason=body["reason"])


async def look_at_erasure(call: Call) -> Answer:
    """Show a proposal to the second person, as things stand now."""
    shown = await call.ask("erasure.look", code=(await _proposal(call)).case, act=call.path["act"])
    about = {name: shown.pop(name) for name in ("proposed_by", "proposed")}
    return {**about, "shown": shown}


async def confirm_erasure(call: Call) -> Answer:
    """Confirm as the second person; never what the own officer proposed (rule 28)."""
    row = await _proposal(call)
    if row.proposed_by == call.caller.officer:
        raise conflict("own_message")
    if row.digest != call.body["digest"]:
        raise conflict("draft_changed")
    members = {"act": row.act.value, "digest": call.body["digest"]}
    return await call.ask("erasure.confirm", code=row.case, **members)


async def list_due(call: Call) -> Answer:
    found = await call.ask("due", overdue=call.query.get("overdue") == "true", limit=LAST_PAGE)
    return {**_without(found, "calendar_fault"), "more": found["more"] is not None}


async def list_handovers(call: Call) -> Answer:
    found = await call.ask("handover.list", limit=LAST_PAGE, open=call.query.get("open") == "true")
    seen = [row for row in found["handovers"] if _sees(call, row["window"])]
    return {"handovers": seen[: _limit(call)]}


async def open_sheet(call: Call) -> Answer:
    """Open the sheet of a movement, that a handover officer sees only around its window."""
    row = await _movement(call)
    found = (await call.ask("handover.one", movement=row.code))["handover"]
    if not (found and _sees(call, found["window"])):
        raise absent()
    sheet = await call.ask("handover.sheet", movement=row.code, purpose=call.query["purpose"])
    return _without(sheet, "opened")


def _sees(call: Call, window: Answer) -> bool:
    roles = [Role(code) for code in call.caller.roles]
    begins, ends = (datetime.fromisoformat(text) if text else None for text in (window["from"], window["to"]))
    return sees_movement(roles, opens_at=begins, closes_at=ends, now=call.node.clock.now())


def _without(answer: Answer, *names: str) -> Answer:
    return {name: value for name, value in answer.items() if name not in names}


def _limit(call: Call) -> int:
    limit: int = call.query.get("limit", 100)
    return limit


async def _filters(call: Call) -> dict[str, Any]:
    query = call.query
    if "partner" in query:
        await _known_partner(call, query["partner"])
    if "after" in query:
        await _demand_place(call, query["after"])
    wanted: dict[str, Any] = {"partner": query.get("partner", ""), "limit": _limit(call)}
    return wanted | {name: query[name] for name in ("direction", "after") if name in query}


async def _demand_place(call: Call, after: str) -> None:
    """Refuse a page after a message that is not here: it would begin anew, and never end for a program."""
    id, _, seq = after.partition(".")
    rows = await call.store.read(lambda uow: uow.messages.find(id))
    if not [row for row in rows if row.seq == int(seq)]:
        raise absent()


async def _link(call: Call) -> LinkRow:
    wanted = call.path["partner"]
    rows = await call.store.read(lambda uow: uow.links.all())
    found = [row for row in rows if row.partner == wanted]
    if len(found) != 1:
        raise absent()
    return found[0]


async def _known_partner(call: Call, partner: str) -> None:
    """Refuse a partner with whom there is no link; "" means the only one."""
    rows = await call.store.read(lambda uow: uow.links.all())
    if len([row for row in rows if not partner or row.partner == partner]) != 1:
        raise conflict("no_such_partner" if partner else "partner_not_said")


async def _message(call: Call) -> MessageRow:
    id = MessageId(call.path["message"])
    return _only(await call.store.read(lambda uow: uow.messages.find(id)))


async def _draft(call: Call) -> DraftRow:
    id = MessageId(call.path["draft"])

    def unit(uow: UnitOfWork) -> list[DraftRow]:
        row = uow.drafts.get(id)
        return [] if row is None else [row]

    return _only(await call.store.read(unit))


async def _own_draft(call: Call) -> DraftRow:
    row = await _draft(call)
    roles = [Role(code) for code in call.caller.roles]
    if row.prepared_by != call.caller.officer or not may_undo(roles, row.type):
        raise absent()
    return row


def _may(call: Call, act: Act) -> bool:
    return allows([Role(code) for code in call.caller.roles], act)


async def _case(call: Call) -> CaseCode:
    wanted = CaseCode(call.path["case"])
    rows = await call.store.read(lambda uow: uow.cases.find(wanted))
    return _only([row for row in rows if row.code == wanted]).code


async def _proposal(call: Call) -> ProposalRow:
    """Return the proposal of an act about a case."""
    code, act = await _case(call), ProposedAct(call.path["act"])
    rows = await call.store.read(lambda uow: uow.erasures.proposals())
    return _only([row for row in rows if row.case == code and row.act is act])


async def _movement(call: Call) -> MovementRow:
    wanted = MovementCode(call.path["movement"])
    rows = await call.store.read(lambda uow: uow.movements.find(wanted))
    return _only([row for row in rows if row.code == wanted])


def _only(rows: list[T]) -> T:
    if len(rows) != 1:
        raise absent()
    return rows[0]
