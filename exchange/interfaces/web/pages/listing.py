# SPDX-License-Identifier: Apache-2.0
"""A list of persons for a notice: pasted from a spreadsheet program, or a spreadsheet itself.

1. The columns are those of a sheet of notices (`messages/notice_sheet.py`); each row is one person.
2. Every row is judged as if it were a notice of its own. What is wrong is told by row and column; then
   nothing is taken over, and the list is shown as text, to be put right and sent once more.
3. A right list takes the place of the persons that were in the form. What it leaves out is not asked for each
   person again: the page that shows everything tells what is missing.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Final

from exchange.bootstrap import read_spreadsheet, write_spreadsheet
from exchange.errors import Fault, InputError, UsageError
from exchange.ids import new_case_code, parse_message_id
from exchange.interfaces.web.choices import countries_of
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.returning import became
from exchange.interfaces.web.pages.sheet_help import help_title, sheet_of_help
from exchange.interfaces.web.pages.sheet_words import headings_in, in_our_words
from exchange.interfaces.web.pages.writing import LISTED, form_of, is_gone
from exchange.interfaces.web.replying import Download, Page, Redirect, Reply
from exchange.messages.questions import questions_of
from exchange.messages.sheets import Sheet, as_pasted, pasted
from exchange.messages.wording import fault
from exchange.service.forms import Form, save_step

MOST_LISTED: Final = 200
"""Persons of one list on the pages: the largest group that was reported had 161."""
MOST_TOLD: Final = 50
"""Faults that are told at once."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CELL: Final = re.compile(r"row (?P<row>[0-9]+)(, column (?P<column>.+))?")
"""A place as `messages.sheets` writes it."""
SHEET: Final = "notices"
_OF_A_CELL: Final = {"form.text": "sheet.form"}
"""Rules of a text as those of a cell, which has another example than a question."""


async def ask(clerk: Clerk) -> Reply:
    """Ask for a list."""
    if await is_gone(clerk):
        return await became(clerk, parse_message_id(clerk.asked.places["id"]))
    return _page(await _notice(clerk), text="\t".join(headings_in(clerk.language)) + "\n")


async def blank(clerk: Clerk) -> Download:
    """Return an empty spreadsheet with the headings, and a sheet that shows how it is filled in."""
    form = await _notice(clerk)
    language = clerk.language
    shown = sheet_of_help(language, clerk.node.clock.now().date(), await countries_of(clerk, form))
    made = await asyncio.to_thread(
        write_spreadsheet, headings_in(language), (), title=SHEET, beside={help_title(language): shown}
    )
    return Download(made, XLSX, "list-of-persons.xlsx")


async def take(clerk: Clerk) -> Reply:
    """Take a list over into the form, or say what is wrong with it."""
    form = await _notice(clerk)
    text = (clerk.asked.fields.get("list") or ("",))[0]
    try:
        sheet = await _sheet(clerk.asked.file("file"), text)
        text = as_pasted(sheet)
        found = await _read(clerk, form, in_our_words(sheet, clerk.language))
    except InputError as error:
        return _page(form, text=text, error=error)
    await _fill(clerk, form, found)
    return Redirect(f"/form/{form.id}")


async def _notice(clerk: Clerk) -> Form:
    form = await form_of(clerk)
    if form.after or form.row.type != LISTED:
        raise UsageError("a list of persons is taken over into a first notice only")
    return form


async def _sheet(raw: bytes, text: str) -> Sheet:
    """Return the rows of a spreadsheet if there is one, otherwise of what was pasted."""
    sheet = await _spreadsheet(raw) if raw else pasted(text)
    if len(sheet.rows) > MOST_LISTED:
        expected, found = f"at most {MOST_LISTED}", f"{len(sheet.rows)} persons"
        problem = fault("form_invalid", "sheet.persons", "", expected=expected, found=found)
        raise InputError("the list has too many persons", faults=(problem,))
    return sheet


async def _spreadsheet(raw: bytes) -> Sheet:
    try:
        return await asyncio.to_thread(read_spreadsheet, raw)
    except InputError as error:
        problem = fault(
            "form_invalid", "sheet.unreadable", "", expected="a spreadsheet of values", found=str(error)
        )
        raise InputError(str(error), hint=error.hint, faults=error.faults or (problem,)) from error


async def _read(clerk: Clerk, form: Form, sheet: Sheet) -> Answer:
    link = await clerk.node.store.read(lambda uow: uow.links.get(form.row.link))
    rows = [{"row": row.number, "cells": row.cells, "formulas": sorted(row.formulas)} for row in sheet.rows]
    return await clerk.ask(
        "message.persons",
        to=link.partner if link else "",
        headings=list(sheet.headings),
        rows=rows,
        content=form.given.get("content") or {},
    )


async def _fill(clerk: Clerk, form: Form, found: Answer) -> None:
    """Put the persons of a list in the place of those of the form."""
    persons = [
        person if person.get("case_code") else {"case_code": new_case_code(clerk.node.random), **person}
        for person in found["persons"]
    ]
    content, header = dict(form.given.get("content") or {}), dict(form.given.get("header") or {})
    answered = []
    for question in questions_of(form.row.type):
        if question.part == "persons":
            answered += [f"persons/{number}/{question.name}" for number in range(len(persons))]
        elif question.name in found["content"]:
            group = content if question.part == "content" else header
            group[question.name] = found["content"][question.name]
            answered.append(f"{question.part}/0/{question.name}")
    given = {**form.given, "persons": persons, "content": content, "header": header}
    version = clerk.asked.number("version")
    await save_step(clerk.node, form.id, clerk.officer, version=version, given=given, answered=answered)


def _page(form: Form, *, text: str, error: InputError | None = None) -> Page:
    faults = error.faults if error else ()
    values: dict[str, Any] = {
        "form": form,
        "type": form.row.type,
        "text": text,
        "error": error,
        "faults": [_told(fault) for fault in faults[:MOST_TOLD]],
        "more": max(len(faults) - MOST_TOLD, 0),
        "most": MOST_LISTED,
        "entered": sum(len(person) > 1 for person in form.given["persons"]),
    }
    return Page("list.html", values, status=400 if error else 200)


@dataclass(frozen=True)
class Told:
    """A fault of a list, with its row and column apart, so that a page can say them in its language."""

    row: str
    column: str
    code: str
    rule: str
    expected: str
    hint: str


def _told(fault: Fault) -> Told:
    place = _CELL.match(fault.pointer)
    row, column = (place["row"], place["column"] or "") if place else ("", "")
    rule = _OF_A_CELL.get(fault.rule, fault.rule)
    return Told(row, column, fault.code, rule, fault.expected, fault.hint)
