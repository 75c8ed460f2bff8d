# SPDX-License-Identifier: Apache-2.0
"""Commands of the handover: movements without names, the sheet (recorded as opened), the signature."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from exchange.clock import in_zone
from exchange.errors import UsageError
from exchange.ids import MovementCode, unb64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, reader_for, when
from exchange.interfaces.api.drafting import link_of, sent_answer, sources_for
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.codelists import codelist
from exchange.messages.document import object_at, text_at
from exchange.messages.filling import Filled, fill
from exchange.messages.first_record import first_record
from exchange.messages.on_paper import on_paper
from exchange.messages.replying import following
from exchange.protocol.handover_token import read_token
from exchange.protocol.parts import Document
from exchange.service.drafts import send
from exchange.service.following import before_of, content_kept, departed
from exchange.service.handover_check import compare, token_of
from exchange.service.handovers import (
    Handover,
    Person,
    demand_movement,
    find_movement,
    handover_of,
    sheet_of,
    staying,
)
from exchange.service.next_steps import NextStep, record_to_sign
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import note_opening
from exchange.service.release import check_draft, demand_officer
from exchange.service.rows import AuditRow, Direction, MessageRow, MovementRow

RECORD, SIGNER = "HRC", "border_handover"
SCAN, ON_PAPER = "handover_minutes_scan", "paper_only"
MAX_LIST = 1_000
AT_ONCE = 20
"""Movements read in one unit, each some 0.3 ms: nobody waits longer for the store (design, section 6)."""


async def list_handovers(desk: Desk, ask: Ask) -> Answer:
    """Return the movements, last changed first; with `open` only those that are not finished."""
    limit, skip = min(ask.number("limit", 100), MAX_LIST), ask.number("skip", 0)
    store, only_open = desk.node.store, ask.flag("open")
    rows = await store.read(lambda uow: uow.movements.list(limit=limit, skip=skip))
    listed: list[Answer] = []
    for first in range(0, len(rows), AT_ONCE):
        page = rows[first : first + AT_ONCE]
        listed += await store.read(partial(_listed, desk=desk, rows=page, only_open=only_open))
    return {"handovers": listed}


def _listed(uow: UnitOfWork, *, desk: Desk, rows: Sequence[MovementRow], only_open: bool) -> list[Answer]:
    """Return some movements as they are now; one that is not here any more is left out."""
    now = [row for one in rows if (row := uow.movements.get(one.link, one.code))]
    found = [handover_of(uow, desk.node, row) for row in now]
    shown = [one for one in found if not (only_open and one.state in desk.node.tables.final)]
    return [{**_handover(desk, one), "stay": len(staying(uow, desk.node, one))} for one in shown]


async def one_handover(desk: Desk, ask: Ask) -> Answer:
    """Return one movement by its whole code without names, or null."""
    code = ask.text("movement")

    def unit(uow: UnitOfWork) -> Handover | None:
        row = next((row for row in uow.movements.find(MovementCode(code)) if row.code == code), None)
        return handover_of(uow, desk.node, row) if row else None

    found = await desk.node.store.read(unit)
    return {"handover": _handover(desk, found) if found else None}


async def show_sheet(desk: Desk, ask: Ask) -> Answer:
    """Return the sheet of one handover; recorded as opening it."""
    prefix = ask.text("movement")

    def unit(uow: UnitOfWork) -> Answer:
        demand_officer(uow, ask.officer(), desk.node.clock.now())
        row = find_movement(uow, prefix)
        sheet = sheet_of(uow, desk.node, row)
        reader = reader_for(uow, ask)
        demand_movement(uow, desk.node, reader, sheet.handover)
        note_opening(uow, desk.node, reader, row.code, act="sheet_opened")
        return {
            "handover": _handover(desk, sheet.handover),
            "persons": [_person(person) for person in sheet.persons],
            "stop_officers": [vars(contact) for contact in sheet.stop_officers],
            "departure": {
                name: sheet.departure[name]
                for name in ("departed_at", "expected_at", "vehicle", "escort_contact", "papers_with_escort")
                if name in sheet.departure
            },
            "opened": "this records that you opened it",
        }

    return await desk.node.store.write(unit)


async def show_token(desk: Desk, ask: Ask) -> Answer:
    """Return the token of a movement: link, number and digest, nobody's name."""
    prefix = ask.text("movement")

    def unit(uow: UnitOfWork) -> Answer:
        token, row = token_of(uow, desk.node, find_movement(uow, prefix))
        return {"token": token.text, "number": token.number, "type": row.type}

    return await desk.node.store.read(unit)


async def check_token(desk: Desk, ask: Ask) -> Answer:
    """Compare the token of the other side with what is held here."""
    token = read_token(ask.text("token"))
    found = await desk.node.store.read(lambda uow: compare(uow, desk.node, token))
    return {
        "differs": found.differs,
        "number": found.number,
        "type": found.record.type if found.record else "",
        "state": found.record.state.value if found.record else "",
        "movement": found.movement or "",
        "held": list(found.held),
    }


async def sign_handover(desk: Desk, ask: Ask) -> Answer:
    """Sign a movement: the record of the partner if one waits, otherwise our first record.

    With `send` false only what would be signed is returned: all of it as `document`, as it may be `shown` at
    the crossing, and what is wrong with it. With `signs` no other record of the partner is signed, "" for
    none. With a `scan` it was signed on paper, and that travels with it.
    """
    row = await desk.node.store.read(lambda uow: _movement_for(uow, desk, ask))
    link = await link_of(desk, row.link)
    _, sources = await sources_for(desk, link.partner, ask.officer())
    small, signed = await desk.node.store.write(lambda uow: _small(uow, desk, ask, row))
    filled = fill(small, sources)
    about: Answer = {"movement": row.code, "signs": _reference(signed), "summary": _summary(filled)}
    attached = attach(filled.document, _scans(ask))
    if ask.members.get("send") is False:
        faults = await check_draft(desk.node, row.link, attached.document, ask.officer(), attached.parts)
        shown = on_paper(filled.document)
        judged = {
            "shown": shown.document,
            "left_out": shown.left_out,
            "faults": [asdict(fault) for fault in faults],
        }
        return {"partner": link.partner, "document": filled.document, **judged, **about}
    sent = await send(desk.node, row.link, attached.document, ask.officer(), attached.parts)
    written = await desk.node.store.read(
        lambda uow: uow.messages.by_seq(row.link, Direction.OUT, sent.seq) if sent.seq else None
    )
    return {**sent_answer(link, sent), **about, "record": _reference(written)}


def _scans(ask: Ask) -> list[FileToAttach]:
    if not ask.members.get("scan"):
        return []
    data = unb64url(ask.text("scan"))
    return [FileToAttach(data=data, type=SCAN, case_code=None, readers=(), strip=True)]


def _given(ask: Ask) -> Document:
    """Return what the officer wrote; with a scan it says that it was signed on paper."""
    given: Document = dict(ask.object("document")) if "document" in ask.members else {}
    if not ask.members.get("scan"):
        return given
    return {**given, "paper_scan": 1, "signatory": {**object_at(given, "signatory"), "kind": ON_PAPER}}


def _movement_for(uow: UnitOfWork, desk: Desk, ask: Ask) -> MovementRow:
    """Return the movement, for an officer who may sign there."""
    officer = demand_officer(uow, ask.officer(), desk.node.clock.now())
    if SIGNER not in officer.functions:
        raise UsageError(
            f"officer {officer.number} may not sign a record; needed: {SIGNER}",
            hint="an officer at the border signs: see exchange officer list",
        )
    return find_movement(uow, ask.text("movement"))


def _small(uow: UnitOfWork, desk: Desk, ask: Ask, row: MovementRow) -> tuple[Document, MessageRow | None]:
    """Return the file of the signature, and the record that it signs."""
    given = _given(ask)
    waiting = record_to_sign(uow, desk.node, row)
    _demand_shown(ask, waiting)
    if "agreed" in given:
        if waiting is None:
            raise UsageError(
                f"no record of movement {row.code} waits for your signature",
                hint="see what comes next: exchange handover list",
            )
        return _completed(uow, desk, ask, row, waiting, given), waiting
    if waiting is not None and not ask.flag("own_record"):
        raise UsageError(
            f"the record {waiting.id} of the partner waits for your signature",
            hint="say --agree, or --reservation TEXT; your own record instead: --own-record",
        )
    notice = departed(uow, row)
    if notice is None:
        raise UsageError(
            f"nobody has left for movement {row.code} yet", hint="the departure (HDP) comes before the record"
        )
    final = [str(code) for code in _final(uow, desk, row)]
    small = first_record(given, final, all_handed_over=ask.flag("all_handed_over"))
    return _completed(uow, desk, ask, row, notice, small), None


def _demand_shown(ask: Ask, waiting: MessageRow | None) -> None:
    """Return if the record that waits is the one that was shown, where it is said which one that was."""
    asks = "signs" in ask.members and not ask.flag("own_record")
    if asks and ask.text("signs") != (waiting.id if waiting else ""):
        raise UsageError(
            "the partner has written its record anew since it was shown", hint="look at it again, then sign"
        )


def _final(uow: UnitOfWork, desk: Desk, row: MovementRow) -> Sequence[str]:
    return handover_of(uow, desk.node, row).listed


def _completed(
    uow: UnitOfWork, desk: Desk, ask: Ask, row: MovementRow, after: MessageRow, given: Document
) -> Document:
    document = content_kept(uow, after)
    uow.audit.record(AuditRow(desk.node.clock.now(), ask.officer(), "message_opened", after.id, "case_work"))
    office = demand_officer(uow, ask.officer(), desk.node.clock.now()).office
    pairing = pairing_of(uow, desk.node, row.link)
    before = before_of(uow, desk.node, pairing, after, document, officer=ask.officer(), office=office)
    return following(RECORD, given, before)


def _reference(row: MessageRow | None) -> Answer | None:
    return {"id": row.id, "pc": row.commitment, "type": row.type} if row else None


def _summary(filled: Filled) -> Answer:
    """Return in numbers what is signed; nobody is named."""
    content = object_at(filled.document, "content")
    names = ("minutes_number", "checkpoint", "started_at", "ended_at", "totals", "agreed", "reservations")
    said = {name: content[name] for name in names if name in content}
    return {**said, "signatory": content.get("signatory")}


def _handover(desk: Desk, one: Handover) -> Answer:
    terms, row = dict(one.terms), one.row
    return {
        "code": row.code,
        "link": row.link,
        "host": row.host,
        "origin": row.origin,
        "we": "host" if row.host == desk.node.agency else "origin",
        "state": one.state,
        "provisional": one.provisional,
        "persons": len(one.listed),
        "checkpoint": text_at(terms, "checkpoint"),
        "crossing": _crossing(terms, "checkpoint"),
        "alternative": _crossing(terms, "alternative"),
        "place": text_at(terms, "place_detail"),
        "window": {
            "from": text_at(terms, "window_from"),
            "to": text_at(terms, "window_to"),
            "go_no_go": text_at(terms, "go_no_go_at"),
            "host": _local(terms, one.host_zone),
            "origin": _local(terms, one.origin_zone),
        },
        "record_form": text_at(terms, "record_form"),
        "changed": when(row.changed_at),
        "next": [_next(step) for step in one.steps],
    }


def _next(step: NextStep) -> Answer:
    return {"type": step.type, "by": step.by, "countersigns": step.countersigns}


def _crossing(terms: Document, name: str) -> str:
    code = text_at(terms, name)
    return text_at(terms, f"{name}_name") or codelist("checkpoints").label(code)


def _local(terms: Document, zone: str) -> Answer:
    """Return the window as the clocks of one side show it."""

    def at(name: str) -> str | None:
        text = text_at(terms, name)
        if not text:
            return None
        return in_zone(datetime.fromisoformat(text), ZoneInfo(zone)).isoformat(timespec="minutes")

    return {"zone": zone, "from": at("window_from"), "to": at("window_to"), "go_no_go": at("go_no_go_at")}


def _person(person: Person) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(person).items()}


COMMANDS: dict[str, Command] = {
    "handover.list": list_handovers,
    "handover.one": one_handover,
    "handover.sheet": show_sheet,
    "handover.token": show_token,
    "handover.check": check_token,
    "handover.sign": sign_handover,
}
