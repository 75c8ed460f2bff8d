# SPDX-License-Identifier: Apache-2.0
"""Handovers: the list, and the sheet for a telephone or paper. The record is signed elsewhere (`recording`).

A handover officer sees a movement around its window only (`cases.permissions`, 5).
"""

from collections.abc import Sequence
from datetime import datetime

from exchange.cases.permissions import Act, sees_movement
from exchange.errors import NotAllowedError, ReadingStoppedError
from exchange.ids import CaseCode, MovementCode
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.undelivered import undelivered_stops
from exchange.interfaces.web.pages.writing import CANCELLATION, STOPS, form_after
from exchange.interfaces.web.paging import WIDE_ROWS, Slice, asked_slice
from exchange.interfaces.web.paper_choices import OF_A_HANDOVER, print_choices
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.following import proposed
from exchange.service.handovers import Handover, find_movement, handover_of
from exchange.service.ports import UnitOfWork
from exchange.service.record_forms import kept_record
from exchange.service.rows import DraftSummary, MessageRow

MOST_NEAR = 200
"""Movements, last changed first, among which those near their window are looked for."""
OF_ONE = frozenset({"HLD", "CWD", "INC"})
"""Stops that may concern one person of the list. Of several one chooses: nobody withdraws by default."""
EVERYBODY = "all"
"""What is chosen if such a stop concerns the whole list."""


async def listed(clerk: Clerk) -> Reply:
    """Return the movements that this officer may see, without names."""
    part = asked_slice(clerk.asked, WIDE_ROWS)
    if clerk.may(Act.SEE_WORK):
        found = (await clerk.ask("handover.list", limit=part.limit, skip=part.skip))["handovers"]
    else:
        part, found = Slice(1, MOST_NEAR), await _near(clerk)
    own, presence = [] if clerk.may(Act.SEE_WORK) else await _own_drafts(clerk), clerk.node.presence
    values = {
        "handovers": part.shown(found),
        "final": clerk.node.tables.final,
        "beside": part.ways(found),
        "undelivered": await undelivered_stops(clerk),
        "own": own,
        "held": {row.link for row in own if row.link and presence.of(row.link).pause},
    }
    return Page("handovers.html", values)


async def _own_drafts(clerk: Clerk) -> list[DraftSummary]:
    """Return what an officer at the crossing wrote and is not sent; others find it at their work of today."""
    rows = await clerk.node.store.read(lambda uow: uow.drafts.summaries())
    return [row for row in rows if row.prepared_by == clerk.officer][:WIDE_ROWS]


async def _near(clerk: Clerk) -> list[Answer]:
    """Return the movements near their window, for whoever sees those only: all of them on one page."""
    found: list[Answer] = []
    for skip in range(0, MOST_NEAR, WIDE_ROWS):
        rows = (await clerk.ask("handover.list", limit=WIDE_ROWS, skip=skip))["handovers"]
        found += [row for row in rows if _is_seen(clerk, row)]
        if len(rows) < WIDE_ROWS:
            break
    return found


async def sheet(clerk: Clerk) -> Reply:
    """Return the sheet of one handover; recorded as opening it."""
    return await _shown(clerk)


async def _shown(clerk: Clerk, missing: tuple[str, ...] = ()) -> Page:
    """Return the sheet, or what is left of it for who opened too much; `missing` is what a stop lacks."""
    try:
        found = await _sheet(clerk)
    except ReadingStoppedError:
        return await _closed_sheet(clerk, missing)
    return await _sheet_page(clerk, found, missing)


async def _sheet_page(clerk: Clerk, found: Answer, missing: tuple[str, ...] = ()) -> Page:
    row = found["handover"]
    record = await clerk.ask("handover.record", movement=row["code"])
    steps = [step for step in row["next"] if step["by"] == clerk.node.agency]
    values = {
        **found,
        "to_sign": any(step["type"] == "HRC" for step in steps),
        "stops": STOPS if row["state"] not in clerk.node.tables.final else (),
        **_of_the_stop(clerk, missing),
        "stay": sum(person["stays"] for person in found["persons"]),
        "signs_theirs": _signs_theirs(clerk, found),
        "ticks": await _ticks(clerk, row["code"], found["persons"]) if clerk.may(Act.SIGN_RECORD) else {},
        "record": record if row["state"] not in clerk.node.tables.final else {},
        "print": print_choices(clerk.language, OF_A_HANDOVER),
    }
    return Page("sheet.html", values, status=400 if missing else 200)


def _of_the_stop(clerk: Clerk, missing: tuple[str, ...]) -> Answer:
    """Return what the form of a stop shows again: what was chosen, and what is missing of it."""
    chosen = {name: clerk.asked.text(name) for name in ("type", "case")}
    return {"missing": missing, "chosen": chosen, "everybody": EVERYBODY}


async def _closed_sheet(clerk: Clerk, missing: tuple[str, ...]) -> Page:
    """Return the page for who opened too much: it names nobody, and the handover can be stopped on it."""
    code = clerk.asked.places["code"]

    def unit(uow: UnitOfWork) -> Handover:
        return handover_of(uow, clerk.node, find_movement(uow, code))

    handover = await clerk.node.store.read(unit)
    if handover.state in clerk.node.tables.final or not clerk.may(Act.STOP):
        return Page("reading_stopped.html", status=403)
    persons = [{"case": case, "names": ()} for case in handover.listed]
    values = {
        "movement": handover.row.code,
        "stops": STOPS,
        "persons": persons,
        **_of_the_stop(clerk, missing),
    }
    return Page("reading_stopped.html", values, status=400 if missing else 403)


async def stop(clerk: Clerk) -> Reply:
    """Begin a stop of this handover: a cancellation of all, another one of whom it concerns.

    The sheet is not opened for it: who opened too much, or is of another office, can stop all the same.
    """
    code, type_code = await seen_movement(clerk), clerk.asked.text("type")

    def unit(uow: UnitOfWork) -> tuple[MessageRow, tuple[CaseCode, ...]]:
        movement = find_movement(uow, code)
        return proposed(uow, movement), handover_of(uow, clerk.node, movement).listed

    row, listed = await clerk.node.store.read(unit)
    missing = _not_chosen(clerk, listed)
    if missing:
        return await _shown(clerk, missing)
    clerk.demand_writing(type_code)
    case = clerk.asked.text("case")
    cases = (case,) if case in listed and type_code in OF_ONE else listed
    cancelled = code if type_code == CANCELLATION else ""
    form = await form_after(clerk, type_code, row.id, cases, movement=cancelled)
    return Redirect(f"/form/{form.id}")


def _not_chosen(clerk: Clerk, listed: Sequence[str]) -> tuple[str, ...]:
    """Return what must be chosen before a stop begins: its kind, of several persons whom it concerns."""
    type_code, case = clerk.asked.text("type"), clerk.asked.text("case")
    if type_code not in STOPS:
        return ("type",)
    needs = type_code in OF_ONE and len(listed) > 1
    return ("case",) if needs and case not in (EVERYBODY, *listed) else ()


async def _ticks(clerk: Clerk, code: str, persons: list[Answer]) -> dict[str, tuple[str, ...]]:
    """Return what this officer ticked of each person of the sheet."""
    kept = await kept_record(clerk.node, clerk.officer, MovementCode(code))
    if kept is None:
        return {}
    places = {case: f"p-{number}-seen" for number, case in enumerate(kept.cases)}
    return {person["case"]: kept.inputs.get(places.get(person["case"], ""), ()) for person in persons}


def _signs_theirs(clerk: Clerk, found: Answer) -> bool:
    """Return whether our next record signs the one of the partner."""
    return any(step["countersigns"] for step in found["handover"]["next"] if step["by"] == clerk.node.agency)


async def _sheet(clerk: Clerk) -> Answer:
    return await clerk.ask("handover.sheet", movement=await seen_movement(clerk))


async def seen_movement(clerk: Clerk) -> str:
    """Return the code in the address, if this officer may see that movement now; nothing is opened yet.

    Raises:
        NotAllowedError: it is not there, or not near its window.
    """
    code = clerk.asked.places["code"]
    row = (await clerk.ask("handover.one", movement=code))["handover"]
    if row is None or not _is_seen(clerk, row):
        raise NotAllowedError(
            f"movement {code} is not shown to you now", hint="it is shown from 24 hours before its window"
        )
    return code


def _is_seen(clerk: Clerk, row: Answer) -> bool:
    window = row["window"]
    return sees_movement(
        clerk.session.roles,
        opens_at=_moment(window["from"]),
        closes_at=_moment(window["to"]),
        now=clerk.node.clock.now(),
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
