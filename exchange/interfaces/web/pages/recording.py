# SPDX-License-Identifier: Apache-2.0
"""The record of a handover on the pages: written, looked at as a whole, signed.

1. What is entered is kept first, whatever it is, and the browser is sent on: to everything that would be
   signed, or back to what is wrong. So going back in the browser always shows a page, and nothing has to be
   typed twice.
2. What is signed is shown as a whole before: by whoever writes the record, and by whoever signs it after the
   partner. Every check of the signature is made before that page is shown.
3. A signature says which version of what was kept it signs, and that says which record of the partner. If
   either has changed meanwhile, nothing is signed.
4. What was kept becomes one message (`service.forms`, 3): a second click shows the same page as the first.
5. Signed with a reservation, a record is written anew, filled with what it said.
6. A record about many persons is written some persons a page, and every page is kept when it is left. What is
   signed is shown as one.
7. The scan of minutes that were signed on paper stays with the record: who takes it back before it has its
   number finds it here again, and enters it once more or puts another one in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exchange.errors import Fault, InputError, StaleFormError, UsageError
from exchange.i18n.faults import words_of
from exchange.ids import CaseCode, LinkId, MovementCode, b64url, parse_message_id
from exchange.interfaces.web.asking import Values
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.entering import Problem, as_understood, in_common_era
from exchange.interfaces.web.languages import translations
from exchange.interfaces.web.pages.files import file_problem
from exchange.interfaces.web.pages.handing_over import seen_movement
from exchange.interfaces.web.pages.lines import place_of
from exchange.interfaces.web.pages.record_inputs import (
    OF_ALL,
    OF_LINE,
    TITLES,
    Entered,
    countersigned,
    first_record,
    inputs_of_record,
    ticked,
    with_page,
)
from exchange.interfaces.web.pages.steps import told_at
from exchange.interfaces.web.paging import asked_slice
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.attachments import FileToAttach, attach
from exchange.protocol.parts import Document
from exchange.service.forms import send_form
from exchange.service.handovers import find_movement
from exchange.service.offices import custodians
from exchange.service.record_forms import RECORD, RecordForm, keep_record, kept_record

SCAN = "handover_minutes_scan"
A_PAGE = 3
"""Persons of one page: about 4 kB each, more in Khmer, so that a slow line shows it at once."""
_CHANGED = "the record, or the list of persons, was changed since this page was opened"


@dataclass(frozen=True)
class Table:
    """What lies on the table of the two officers: the list, the records, and what was entered."""

    handover: Answer
    persons: list[Answer]
    theirs: Answer | None
    """The record of the partner that waits for our signature."""
    reservation: Answer | None
    before: Answer | None
    """The record that is written anew."""
    kept: RecordForm | None
    """What was entered, if it is about just this list and this record."""

    @property
    def code(self) -> MovementCode:
        return MovementCode(self.handover["code"])

    @property
    def signs(self) -> str:
        return str(self.theirs["id"]) if self.theirs else ""

    @property
    def cases(self) -> tuple[str, ...]:
        return tuple(person["case"] for person in self.persons)

    @property
    def document_before(self) -> Document:
        return self.before["document"] if self.before else {}


@dataclass(frozen=True)
class Judged:
    """What would be signed, and what is wrong with it; without an answer it cannot become a record."""

    answer: Answer | None
    problems: tuple[Problem, ...]


async def ask(clerk: Clerk) -> Reply:
    """Ask what happened, or show the record of the partner and ask whether that is what happened."""
    table = await _table(clerk)
    inputs, again = _inputs(clerk, table), table.kept is not None and clerk.asked.said("again")
    problems = (await _judged(clerk, table, inputs)).problems if again else ()
    page = min(asked_slice(clerk.asked, A_PAGE).page, _pages(table))
    values = {
        **_shown(table),
        "page": page,
        "pages": _pages(table),
        "part": list(enumerate(table.persons))[(page - 1) * A_PAGE : page * A_PAGE],
        "inputs": as_understood(inputs, problems),
        "problems": [(problem, _address(table, page, problem)) for problem in problems],
        "errors": {problem.place: problem for problem in reversed(problems)},
        "receivers": await _receivers(clerk, table),
    }
    return Page("sign.html", values, status=400 if problems else 200)


async def keep(clerk: Clerk) -> Reply:
    """Keep what was entered; go on to the next persons, to the whole, or back to what is wrong (1, 6)."""
    table = await _table(clerk)
    _demand_same(clerk, table)
    page = min(max(clerk.asked.number("page"), 1), _pages(table))
    given = in_common_era(clerk.asked.fields, clerk.language)
    inputs = with_page(_inputs(clerk, table), given, page, A_PAGE)
    await _keep(clerk, table, inputs)
    beside = page - 1 if clerk.asked.text("back") else page + 1
    if 1 <= beside <= _pages(table):
        return Redirect(f"{_address_of(table)}?page={beside}")
    judged = await _judged(clerk, table, inputs)
    return _back(table, judged) if judged.problems else Redirect(f"{_address_of(table)}/check")


async def tick(clerk: Clerk) -> Reply:
    """Keep what was ticked on the sheet, and go on to the record, or stay there."""
    table = await _table(clerk)
    _demand_same(clerk, table)
    inputs = ticked(_inputs(clerk, table), clerk.asked.fields, table.persons)
    await _keep(clerk, table, inputs)
    return Redirect(_address_of(table) if clerk.asked.text("on") else f"/handover/{table.code}")


async def look(clerk: Clerk) -> Reply:
    """Show everything that would be signed (2)."""
    table = await _table(clerk)
    if table.kept is None:
        return Redirect(f"/handover/{table.code}")
    judged = await _judged(clerk, table, table.kept.inputs)
    if judged.problems or judged.answer is None:
        return _back(table, judged)
    values = {
        **_shown(table),
        "shown": judged.answer["shown"],
        "left_out": judged.answer["left_out"],
        "form": table.kept.form,
        "problem": clerk.asked.said("scan"),
    }
    return Page("sign_check.html", values, status=400 if values["problem"] else 200)


async def sign(clerk: Clerk) -> Reply:
    """Sign what was shown, once (3, 4)."""
    id = parse_message_id(clerk.asked.text("form"))
    async with clerk.house.sendings.one_at_a_time(id) as became:
        if became is not None:
            return Redirect(f"/sent/{became}")
        table = await _table(clerk)
        kept, version = table.kept, clerk.asked.number("version")
        if kept is None or (kept.form.id, kept.form.row.version) != (id, version):
            raise StaleFormError(_CHANGED, hint="look at it again")
        scans, problem = _scans(clerk, kept)
        if problem:
            return Redirect(f"{_address_of(table)}/check?scan={problem}")
        judged = await _judged(clerk, table, kept.inputs, scans)
        if judged.problems or judged.answer is None:
            return _back(table, judged)
        whole = attach(judged.answer["document"], scans)
        sent = await send_form(
            clerk.node,
            id,
            clerk.officer,
            version=version,
            document=whole.document,
            attachments=whole.parts,
            files=scans or None,
        )
        clerk.house.sendings.note(id, sent.id)
    return Redirect(f"/sent/{sent.id}")


async def _table(clerk: Clerk) -> Table:
    """Return what can be signed now; that it was opened is recorded.

    Raises:
        UsageError: it is not our turn.
    """
    movement = await seen_movement(clerk)
    found = await clerk.ask("handover.sheet", movement=movement)
    steps = [step for step in found["handover"]["next"] if step["by"] == clerk.node.agency]
    if not any(step["type"] == RECORD for step in steps):
        raise UsageError("no record of this handover can be signed now", hint="look at the sheet")
    now = await clerk.ask("handover.record", movement=movement, whole=True)
    table = Table(
        handover=found["handover"],
        persons=found["persons"],
        theirs=now["theirs"],
        reservation=now["reservation"],
        before=None if now["theirs"] else now["reserved"] or now["ours"],
        kept=await kept_record(clerk.node, clerk.officer, MovementCode(movement)),
    )
    kept = table.kept
    fits = kept is not None and (kept.signs, kept.cases) == (table.signs, table.cases)
    return table if fits else replace(table, kept=None)


def _inputs(clerk: Clerk, table: Table) -> Values:
    """Return what was entered, or what the record that is written anew said (5)."""
    if table.kept is not None:
        return table.kept.inputs
    if table.before is None:
        return {}
    return inputs_of_record(table.document_before, table.persons, zone=clerk.house.zone)


def _demand_same(clerk: Clerk, table: Table) -> None:
    """Return if the page that sends a form was about this list and this record (3)."""
    asked = clerk.asked
    if asked.text("signs") != table.signs or tuple(asked.text("cases").split()) != table.cases:
        raise StaleFormError(_CHANGED, hint="look at it again")


async def _keep(clerk: Clerk, table: Table, inputs: Values) -> None:
    row = await clerk.node.store.read(lambda uow: find_movement(uow, table.code))
    cases = [CaseCode(code) for code in table.cases]
    await keep_record(clerk.node, clerk.officer, row, inputs, signs=table.signs, cases=cases)


async def _judged(clerk: Clerk, table: Table, inputs: Values, scans: Sequence[FileToAttach] = ()) -> Judged:
    """Return what would be signed, after every check that the signature itself makes."""
    entered = _entered(clerk, table, inputs)
    if entered.problems:
        return Judged(None, entered.problems)
    asked: dict[str, Any] = {"movement": table.code, "document": entered.document, "send": False}
    asked |= {"signs": table.signs}
    asked |= {"scan": b64url(scans[0].data)} if scans else {}
    try:
        answer = await clerk.ask("handover.sign", **asked)
    except InputError as error:
        if not error.faults:
            raise
        return Judged(None, tuple(_problem(fault, table, clerk.language) for fault in error.faults))
    faults = [Fault(**fault) for fault in answer["faults"]]
    return Judged(answer, tuple(_problem(fault, table, clerk.language) for fault in faults))


def _entered(clerk: Clerk, table: Table, inputs: Values) -> Entered:
    if table.theirs is not None:
        return countersigned(inputs, clerk.language)
    return first_record(inputs, table.persons, table.document_before, zone=clerk.house.zone)


def _back(table: Table, judged: Judged) -> Redirect:
    """Go back to the page of the first thing that is wrong."""
    page = _page_of(judged.problems[0].place) if judged.problems else 1
    more = f"&page={page}" if page > 1 else ""
    return Redirect(f"{_address_of(table)}?again=yes{more}")


def _address_of(table: Table) -> str:
    return f"/handover/{table.code}/sign"


def _address(table: Table, page: int, problem: Problem) -> str:
    """Return where something is put right, from a page of the record."""
    there = _page_of(problem.place)
    elsewhere = f"{_address_of(table)}?again=yes&page={there}" if there != page else ""
    return f"{elsewhere}#{problem.place}"


def _pages(table: Table) -> int:
    """Return how many pages an own record has; the question about the one of the partner has one."""
    return 1 if table.theirs else max(-(-len(table.persons) // A_PAGE), 1)


def _page_of(place: str) -> int:
    steps = place.split("-")
    return int(steps[1]) // A_PAGE + 1 if len(steps) > 2 else 1


def _shown(table: Table) -> Mapping[str, Any]:
    return {
        "handover": table.handover,
        "persons": table.persons,
        "theirs": table.theirs,
        "reservation": table.reservation,
        "before": table.before,
        "signs": table.signs,
        "cases": " ".join(table.cases),
    }


def _problem(fault: Fault, table: Table, language: str) -> Problem:
    """Return what is wrong with a record, at the field where it was entered, in the words of that field."""
    place, said = _field_of(fault.pointer), words_of(fault, language)
    own = _own_field(fault.pointer)
    titles = (TITLES[own],) if own in TITLES else place_of(RECORD, fault.pointer).titles
    problem = told_at(place, titles, said, language)
    return replace(problem, title=_of_person(table, place, problem.title, language))


def _of_person(table: Table, place: str, words: str, language: str) -> str:
    """Return words about a field of one among several persons behind the number of the person."""
    if not place.startswith("p-") or len(table.persons) == 1:
        return words
    person = translations(language).gettext("Person %(number)s") % {"number": int(place.split("-")[1]) + 1}
    return f"{person}, {words}"


def _field_of(pointer: str) -> str:
    """Return the input of a place of the record; what has none is told at the first one of its person."""
    own = _own_field(pointer)
    match pointer.split("/")[1:]:
        case ["persons", number, *_]:
            return f"p-{number}-{own or 'outcome'}"
        case ["persons"]:
            return "p-0-outcome"
    return own or "minutes_number"


def _own_field(pointer: str) -> str:
    """Return the name of the input that asks for what a place of the record says, "" if none does."""
    match pointer.split("/")[1:]:
        case ["persons", _, name, *_] if name in OF_LINE:
            return name
        case ["content", name, *_] if name in OF_ALL:
            return name
    return ""


def _scans(clerk: Clerk, kept: RecordForm) -> tuple[list[FileToAttach], str]:
    """Return the scan of minutes that were signed on paper, if any, and what is wrong with it (7)."""
    data = clerk.asked.file("scan")
    if not data and clerk.asked.text("by") != "paper":
        return [], ""
    if not data:
        before = list(kept.form.files)
        return before, "" if before else "none"
    scan = FileToAttach(data, type=SCAN, strip=True)
    problem = file_problem(scan)
    return [scan], problem.code if problem else ""


async def _receivers(clerk: Clerk, table: Table) -> tuple[str, ...]:
    """Return the offices that may have custody of a child after this handover."""
    link, cases = LinkId(table.handover["link"]), [person["case"] for person in table.persons]
    return await clerk.node.store.read(lambda uow: custodians(uow, clerk.node, link, cases))
