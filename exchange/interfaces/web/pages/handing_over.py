# SPDX-License-Identifier: Apache-2.0
"""Handovers: the list, the sheet for a telephone or paper, and the signature of the record.

What is signed is shown first; the second page signs it, or takes the scan of what was signed on paper. A
handover officer sees a movement around its window only (`cases.permissions`, 5).
"""

from datetime import datetime
from typing import Any

from exchange.cases.permissions import Act, sees_movement
from exchange.errors import Fault, InputError, NotAllowedError, UsageError
from exchange.i18n.faults import words_of
from exchange.ids import MessageId, b64url
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.entering import Problem, as_understood, in_common_era, read_field
from exchange.interfaces.web.pages.files import FileProblem, file_problem
from exchange.interfaces.web.pages.lines import place_of
from exchange.interfaces.web.pages.steps import told_at
from exchange.interfaces.web.pages.writing import CANCELLATION, STOPS, form_after
from exchange.interfaces.web.paging import WIDE_ROWS, Slice, asked_slice
from exchange.interfaces.web.paper_choices import OF_A_HANDOVER, print_choices
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.attachments import FileToAttach
from exchange.messages.codelists import agencies
from exchange.messages.form_titles import titled_form
from exchange.messages.questions import Field, Kind
from exchange.service.following import proposed
from exchange.service.handovers import find_movement

MOST_NEAR = 200
"""Movements, last changed first, among which those near their window are looked for."""
OF_ONE = frozenset({"HLD", "CWD", "INC"})
"""Stops that may concern one person of the list."""
_LINE = ("outcome", "reason", "condition", "identity_check")
_PLACES = frozenset({"minutes_number", "started_at", "ended_at", "reservations"})
_NOT_KEPT = frozenset({"token", "signs", "by"})
"""Fields of the page that shows what is signed, not of the record."""
IS_RIGHT, NOT_AGREED = "Is the record right?", "What is not agreed"
"""Titles of the page where the record of the partner is signed; the template has them, too."""
RECORD = "HRC"
SCAN = "handover_minutes_scan"
_TIMES = (
    Field("started_at", "When it began", "", Kind.INSTANT, needed=True),
    Field("ended_at", "When it ended", "", Kind.INSTANT, needed=True),
)


async def listed(clerk: Clerk) -> Reply:
    """Return the movements that this officer may see, without names."""
    part = asked_slice(clerk.asked, WIDE_ROWS)
    if clerk.may(Act.SEE_WORK):
        found = (await clerk.ask("handover.list", limit=part.limit, skip=part.skip))["handovers"]
    else:
        part, found = Slice(1, MOST_NEAR), await _near(clerk)
    values = {
        "handovers": part.shown(found),
        "final": clerk.node.tables.final,
        "beside": part.ways(found),
    }
    return Page("handovers.html", values)


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
    found = await _sheet(clerk)
    row = found["handover"]
    steps = [step for step in row["next"] if step["by"] == clerk.node.agency]
    values = {
        **found,
        "to_sign": any(step["type"] == "HRC" for step in steps),
        "stops": STOPS if row["state"] not in clerk.node.tables.final else (),
        "signs_theirs": _signs_theirs(clerk, found),
        "print": print_choices(clerk.language, OF_A_HANDOVER),
    }
    return Page("sheet.html", values)


async def ask_signature(clerk: Clerk) -> Reply:
    """Ask what happened, or whether the record of the partner is right."""
    return _ask(clerk, await _sheet(clerk))


async def sign(clerk: Clerk) -> Reply:
    """Show what would be signed; with `signs` sign it, once."""
    found = await _sheet(clerk)
    document, problems = _document(clerk, found)
    if problems:
        return _ask(clerk, found, problems=problems)
    asked: dict[str, Any] = {"movement": found["handover"]["code"], "document": document}
    once, problem = clerk.asked.text("signs"), _scan_problem(clerk)
    if not once or problem is not None:
        shown = await clerk.ask("handover.sign", send=False, **asked)
        return _check(clerk, found, shown, problem=problem)
    scan = clerk.asked.file("scan")
    asked |= {"scan": b64url(scan)} if scan else {}
    async with clerk.house.sendings.one_at_a_time(f"{clerk.officer}|{once}") as became:
        if became is None:
            try:
                sent = await clerk.ask("handover.sign", **asked)
            except InputError as error:
                if not error.faults:
                    raise
                problems = tuple(_problem(fault, clerk.language) for fault in error.faults)
                return _ask(clerk, found, problems=problems)
            became = MessageId(sent["id"])
            clerk.house.sendings.note(f"{clerk.officer}|{once}", became)
    return Redirect(f"/sent/{became}")


def _scan_problem(clerk: Clerk) -> FileProblem | None:
    """Return what is wrong with the scan of minutes that were signed on paper, or None."""
    scan = clerk.asked.file("scan")
    if clerk.asked.text("by") == "paper" and not scan:
        return FileProblem("scan", "none")
    return file_problem(FileToAttach(scan, type=SCAN, strip=True)) if scan else None


async def stop(clerk: Clerk) -> Reply:
    """Begin a stop of this handover: a cancellation or an incident of all, a hold or a withdrawal of one."""
    found, type_code = await _sheet(clerk), clerk.asked.text("type")
    if type_code not in STOPS:
        raise UsageError("choose how the handover is stopped", hint="go back and choose")
    clerk.demand_writing(type_code)
    code, case = found["handover"]["code"], clerk.asked.text("case")
    row = await clerk.node.store.read(lambda uow: proposed(uow, find_movement(uow, code)))
    listed = [person["case"] for person in found["persons"]]
    cases = (case,) if case in listed and type_code in OF_ONE else tuple(listed)
    cancelled = code if type_code == CANCELLATION else ""
    form = await form_after(clerk, type_code, row.id, cases, movement=cancelled)
    return Redirect(f"/form/{form.id}")


def _problem(fault: Fault, language: str) -> Problem:
    """Return what is wrong with a record, at the field where it was entered."""
    steps = fault.pointer.split("/")[1:]
    place = f"p-{steps[1]}-{steps[2]}" if steps[:1] == ["persons"] and len(steps) > 2 else "minutes_number"
    place = steps[1] if steps[:1] == ["content"] and steps[1] in _PLACES else place
    return told_at(place, place_of(RECORD, fault.pointer).titles, words_of(fault, language), language)


def _check(clerk: Clerk, found: Answer, shown: Answer, *, problem: FileProblem | None = None) -> Page:
    kept = [
        (name, value)
        for name, values in clerk.asked.fields.items()
        for value in values
        if name not in _NOT_KEPT
    ]
    record = titled_form(RECORD).at("content")
    values = {
        "handover": found["handover"],
        "shown": shown,
        "titles": {name: record.at(name).title for name in shown["summary"]},
        "kept": kept,
        "once": clerk.asked.text("signs") or clerk.node.random(12).hex(),
        "problem": problem,
    }
    return Page("sign_check.html", values, status=400 if problem else 200)


def _ask(clerk: Clerk, found: Answer, *, problems: tuple[Any, ...] = ()) -> Page:
    row = found["handover"]
    steps = [step for step in row["next"] if step["by"] == clerk.node.agency and step["type"] == "HRC"]
    if not steps:
        raise UsageError("no record of this handover can be signed now", hint="look at the sheet")
    values = {
        "handover": row,
        "persons": found["persons"],
        "theirs": _signs_theirs(clerk, found),
        "inputs": as_understood(in_common_era(clerk.asked.fields, clerk.language), problems),
        "problems": problems,
        "errors": {problem.place: problem for problem in problems},
        "receivers": _receivers(row["origin"]),
    }
    return Page("sign.html", values, status=400 if problems else 200)


def _document(clerk: Clerk, found: Answer) -> tuple[Answer, tuple[Any, ...]]:
    """Return the file of a signature, from the fields of the page."""
    if clerk.asked.text("agreed") or _signs_theirs(clerk, found):
        return _countersigned(clerk)
    inputs = in_common_era(clerk.asked.fields, clerk.language)
    times = {
        field.name: read_field(field, inputs, zone=clerk.house.zone, place=field.name) for field in _TIMES
    }
    problems = tuple(problem for entered in times.values() for problem in entered.problems)
    minutes = clerk.asked.text("minutes_number")
    document: Answer = {name: entered.value for name, entered in times.items()}
    document |= {"minutes_number": minutes} if minutes else {}
    document["persons"] = [_line(clerk, number, person) for number, person in enumerate(found["persons"])]
    return document, problems


def _signs_theirs(clerk: Clerk, found: Answer) -> bool:
    """Return whether our next record signs the one of the partner."""
    return any(step["countersigns"] for step in found["handover"]["next"] if step["by"] == clerk.node.agency)


def _countersigned(clerk: Clerk) -> tuple[Answer, tuple[Any, ...]]:
    """Return the file of a signature on the record of the partner; a reservation says what is not agreed."""
    agreed, reservations = clerk.asked.text("agreed"), clerk.asked.text("reservations")
    if agreed == "yes":
        return {"agreed": True}, ()
    if agreed != "no":
        return {}, (Problem("agreed", "needed", IS_RIGHT),)
    problems = () if reservations else (Problem("reservations", "needed", NOT_AGREED),)
    return {"agreed": False, "reservations": reservations}, problems


def _line(clerk: Clerk, number: int, person: Answer) -> Answer:
    said = {name: clerk.asked.text(f"p-{number}-{name}") for name in _LINE}
    line: Answer = {"case_code": person["case"], **{name: value for name, value in said.items() if value}}
    custody = clerk.asked.text(f"p-{number}-custody")
    return {**line, "custody": {"kind": "agency", "agency": custody}} if custody else line


def _receivers(origin: str) -> list[str]:
    return [code for code in agencies() if code[:2] == origin[:2]]


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
