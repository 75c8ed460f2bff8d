# SPDX-License-Identifier: Apache-2.0
"""A list of persons for a notice: pasted from a spreadsheet program, or a spreadsheet itself.

1. The columns are those of a sheet of notices (`messages/notice_sheet.py`); each row is one person.
2. Every row is judged as if it were a notice of its own. What is wrong is told by row and column; then
   nothing is taken over, and the list is shown as text, to be put right and sent once more.
3. A right list takes the place of the persons that were in the form. What it leaves out is not asked for each
   person again: the page that shows everything tells what is missing.
"""

import asyncio
from typing import Any, Final

from exchange.bootstrap import read_spreadsheet, write_spreadsheet
from exchange.errors import Fault, InputError, UsageError
from exchange.ids import new_case_code
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.writing import LISTED, form_of
from exchange.interfaces.web.replying import Download, Page, Redirect, Reply
from exchange.messages.notice_sheet import COLUMNS
from exchange.messages.questions import questions_of
from exchange.messages.sheets import Sheet, as_pasted, pasted
from exchange.service.forms import Form, save_step

MOST_LISTED: Final = 200
"""Persons of one list on the pages: the largest group that was reported had 161."""
MOST_TOLD: Final = 50
"""Faults that are told at once."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS: Final = [column.heading for column in COLUMNS]


async def ask(clerk: Clerk) -> Reply:
    """Ask for a list."""
    return _page(await _notice(clerk), text="\t".join(HEADINGS) + "\n")


async def blank(clerk: Clerk) -> Download:
    """Return an empty spreadsheet with the headings."""
    await _notice(clerk)
    made = await asyncio.to_thread(write_spreadsheet, HEADINGS, (), title="notices")
    return Download(made, XLSX, "list-of-persons.xlsx")


async def take(clerk: Clerk) -> Reply:
    """Take a list over into the form, or say what is wrong with it."""
    form = await _notice(clerk)
    text = (clerk.asked.fields.get("list") or ("",))[0]
    try:
        sheet = await _sheet(clerk.asked.file("file"), text)
        text = as_pasted(sheet)
        found = await _read(clerk, form, sheet)
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
    sheet = await asyncio.to_thread(read_spreadsheet, raw) if raw else pasted(text)
    if len(sheet.rows) > MOST_LISTED:
        raise InputError(
            f"the list has {len(sheet.rows)} persons; at most {MOST_LISTED} are taken over at once",
            hint="make several notices of it",
        )
    return sheet


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


def _told(fault: Fault) -> dict[str, str]:
    """Return a fault with its row and column apart, so that a page can say them in its language."""
    row, _, column = fault.pointer.removeprefix("row ").partition(", column ")
    named = fault.pointer.startswith("row ") and column
    return {
        "row": row if named else "",
        "column": column if named else fault.pointer,
        "code": fault.code,
        "expected": fault.expected,
        "hint": fault.hint or "",
    }
