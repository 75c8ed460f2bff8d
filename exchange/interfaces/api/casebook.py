# SPDX-License-Identifier: Apache-2.0
"""Commands about cases: list without content, one case as a timeline. Only `case.show` opens content.

`state` is what both sides hold; `shown` adds our own messages that wait for the side that keeps the order.
While the two differ, `provisional` says how many wait, and each entry of the timeline says so itself.
"""

from collections.abc import Iterable
from datetime import datetime

from exchange.cases.prospects import acceptance_until
from exchange.cases.readable import Reading, Withheld, readable_line
from exchange.cases.snapshot import CaseSnapshot
from exchange.ids import CaseCode, MessageId
from exchange.interfaces.api.access import reader_answer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, reader_for, when
from exchange.messages.document import Document, persons_of
from exchange.service.access import CasePlace
from exchange.service.casework import shown_case
from exchange.service.meaning import document_of
from exchange.service.next_steps import steps_of_case
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, open_case, reading_of
from exchange.service.rows import AuditRow, CaseEventRow, CaseRow, Direction, MessageRow, MessageState
from exchange.service.unique_match import the_only

FINAL = frozenset({MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED})
OPENED, ACTS_READ = "message_opened", 1_000
"""The act that opens a message, and how many acts are looked through for it."""


async def list_cases(desk: Desk, ask: Ask) -> Answer:
    partner = ask.text("partner", "")
    link = (await desk.link(partner)).link if partner else None
    limit, skip = ask.number("limit", 100), ask.number("skip", 0)
    rows = await desk.node.store.read(lambda uow: uow.cases.list(link=link, limit=limit, skip=skip))
    return {"cases": [_case(row, shown_case(desk.node, row)) for row in rows]}


async def page_cases(desk: Desk, ask: Ask) -> Answer:
    """Return a page of the cases of one partner, oldest first; `after` names the place of the next one."""
    link = (await desk.link(ask.text("partner"))).link
    after, limit = ask.number("after", 0), ask.number("limit", 100)

    def unit(uow: UnitOfWork) -> Answer:
        codes, last = uow.cases.page(link, after=after, limit=limit)
        rows = [row for code in codes if (row := uow.cases.get(link, code))]
        return {
            "cases": [_case(row, shown_case(desk.node, row)) for row in rows],
            "after": str(last) if last else "",
        }

    return await desk.node.store.read(unit)


async def show_case(desk: Desk, ask: Ask) -> Answer:
    """Return one case with its messages; recorded as opening the case."""
    code = ask.text("code").upper()

    def unit(uow: UnitOfWork) -> Answer:
        found = uow.cases.find(code)
        row = the_only(found, "case", f"the code {code}", hint="list them: exchange case list")
        reader, place = reader_for(uow, ask), CasePlace(row.link, row.code)
        open_case(uow, desk.node, reader, place, act="case_opened")
        return {
            "case": _whole_case(uow, desk.node, row),
            "events": timeline(uow, desk.node, row, reader),
            "readers": [reader_answer(one) for one in uow.access.readers(place)],
            "desks": sorted(uow.access.desks(place)),
            "next": [
                {"type": step.type, "by": step.by, "state": step.to, "movement": step.movement}
                for step in steps_of_case(uow, desk.node, row)
            ],
        }

    return await desk.node.store.write(unit)


def timeline(uow: UnitOfWork, node: Node, case: CaseRow, reader: Reader) -> list[Answer]:
    """Return one entry for each message about a case, in the order in which this node learned of them."""
    by_message: dict[MessageId, list[CaseEventRow]] = {}
    for event in uow.cases.events(case.link, case.code):
        by_message.setdefault(event.message, []).append(event)
    rows = {id: _message(uow, events[0]) for id, events in by_message.items()}
    answers = {row.in_reply_to: id for id, row in rows.items() if row and row.in_reply_to and _counts(row)}
    opened = _openings(uow)
    place = CasePlace(case.link, case.code)
    entries = []
    for id, events in by_message.items():
        reading = reading_of(uow, node, reader, rows[id], [place])
        entries.append(_entry(uow, case.code, events, rows[id], answers.get(id), reading))
    return [{**entry, "opened": opened.get(str(entry["message"]))} for entry in entries]


def _openings(uow: UnitOfWork) -> dict[str, str | None]:
    """Return when each message was first opened here, as far as the newest acts tell it."""
    acts = uow.audit.list(limit=ACTS_READ)
    return {act.object: when(act.at) for act in sorted(acts, key=_at, reverse=True) if act.act == OPENED}


def _at(act: AuditRow) -> datetime:
    return act.at


def _entry(
    uow: UnitOfWork,
    case: CaseCode,
    events: list[CaseEventRow],
    row: MessageRow | None,
    answer: MessageId | None,
    reading: Reading,
) -> Answer:
    first, last = events[0], events[-1]
    document = document_of(uow, row) if row else None
    line = _person(document, case) if document else None
    read = readable_line(line, first.type, reading) if line else None
    return {
        "message": first.message,
        "type": first.type,
        "direction": first.direction.value,
        "seq": first.seq,
        "before": first.state_before,
        "after": last.state_after,
        "implied": list(first.implied),
        "provisional": last.provisional and not (row and row.state in FINAL),
        "at": when(first.at),
        **_marks(row),
        "answered": answer,
        "line": read.document if read else None,
        "withheld": withheld_answer(read.withheld) if read else [],
    }


def _marks(row: MessageRow | None) -> Answer:
    """Return when a message was released, was delivered, and was accepted, as far as it is known here."""
    if row is None:
        return dict.fromkeys(("released", "delivered", "accepted"), None) | {"state": "", "code": ""}
    delivered = row.logged_at if row.direction is Direction.IN else row.verdict_at
    return {
        "released": when(row.created_at),
        "delivered": when(delivered),
        "accepted": when(row.verdict_at) if row.state is MessageState.ACCEPTED else None,
        "state": row.state.value,
        "code": row.code,
    }


def _message(uow: UnitOfWork, event: CaseEventRow) -> MessageRow | None:
    return uow.messages.by_seq(event.link, event.direction, event.seq)


def _counts(row: MessageRow) -> bool:
    return row.state not in FINAL or row.state is MessageState.ACCEPTED


def withheld_answer(withheld: Iterable[Withheld]) -> list[Answer]:
    """Return what is not shown: where it stands, its class, and why."""
    return [{"pointer": one.pointer, "class": str(one.sensitivity), "why": one.why.value} for one in withheld]


def _person(document: Document, code: CaseCode) -> Document | None:
    return next((person for person in persons_of(document) if person.get("case_code") == code), None)


def _case(row: CaseRow, shown: CaseSnapshot) -> Answer:
    return {
        "code": row.code,
        "link": row.link,
        "host": row.host,
        "origin": row.origin,
        "state": row.state,
        "shown": shown.state,
        "provisional": row.provisional,
        "opened": when(row.opened_at),
        "changed": when(row.changed_at),
    }


def _whole_case(uow: UnitOfWork, node: Node, row: CaseRow) -> Answer:
    shown = shown_case(node, row)
    until = acceptance_until(node.tables.cases, shown)
    return {
        **_case(row, shown),
        "tracks": dict(shown.tracks),
        "holds": [{"message": hold.ref, "side": hold.side} for hold in shown.holds],
        "movement": shown.movement,
        "movements": list(_movements(uow, row)),
        "acceptance_until": until.isoformat() if until else None,
        "withdrawn_consents": {scope: on.isoformat() for scope, on in shown.consents.withdrawn},
    }


def _movements(uow: UnitOfWork, case: CaseRow) -> Iterable[Answer]:
    for code in uow.movements.of_case(case.link, case.code):
        movement = uow.movements.get(case.link, code)
        if movement is not None:
            yield {"code": code, "state": movement.state, "provisional": movement.provisional}


COMMANDS: dict[str, Command] = {
    "case.list": list_cases,
    "case.page": page_cases,
    "case.show": show_case,
}
