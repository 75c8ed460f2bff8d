# SPDX-License-Identifier: Apache-2.0
"""Statements of both sides: the list, the sums of one, and the answer to one of the partner.

Opening a statement computes nothing. Whoever wants to know whether our own ledgers give the same figures
presses the button; it walks both ledgers. An answer does the same and is refused if it would be untrue:
*agreed* to other figures, or *other figures* where they are the same. Who says that it differs says why.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from exchange.cases.permissions import Act
from exchange.errors import InputError, UsageError
from exchange.i18n import marked
from exchange.interfaces.web.asking import number_in
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.auditing import note_look
from exchange.interfaces.web.pages.lines import content_lines, place_of
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.interfaces.web.paper_choices import language_choices
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.form_titles import TitledNode, titled_form
from exchange.service.statement_figures import span_of
from exchange.service.statements import AGREED, DIFFERS, Because

SIDES: Final = ("own", "partner")
TYPE: Final = "STM"
TOTAL: Final = "total"
PERIOD: Final = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?", re.ASCII)
FOR_SPECIALISTS: Final = ("heads", "roots", "head_signatures")
"""Digests, which are shown on demand."""
SAY_PERIOD: Final = marked("Enter a month or a day that is over, written as above the field")

SAY_WHY: Final = marked("Choose why it differs")
SAME_FIGURES: Final = marked("Our own ledgers give the same figures. Choose another reason, or agree")
MADE_ALREADY: Final = marked("There is a statement of this time already, or of a later one")


async def listed(clerk: Clerk) -> Reply:
    """Return the statements of both sides, the newest first; with `days` also those of days."""
    return await _listed(clerk)


async def _listed(clerk: Clerk, error: str = "") -> Page:
    found = await clerk.ask("statement.list", partner=clerk.asked.places["partner"])
    await note_look(clerk, act="statements_read", object=found["partner"])
    with_days = clerk.asked.said("days") == "yes"
    rows = [row for row in found["statements"] if with_days or _is_month(row)]
    part = asked_slice(clerk.asked, ROWS)
    rows = rows[part.skip :]
    values = {
        "partner": found["partner"],
        "rows": part.shown(rows),
        "with_days": with_days,
        "to_answer": [row for row in found["statements"] if _waits_for_us(row)],
        "beside": part.ways(rows),
        "error": error,
        "period": clerk.asked.text("period"),
        "made": clerk.asked.said("made") == "yes",
        "over": _over(clerk.node.clock.now().date()),
    }
    return Page("statements.html", values, status=400 if error else 200)


def _over(today: date) -> dict[str, str]:
    """Return the last month and the last day that are over, as examples in the form that is asked for."""
    month, day = today.replace(day=1) - timedelta(days=1), today - timedelta(days=1)
    return {"month": f"{month:%Y-%m}", "day": day.isoformat()}


async def make(clerk: Clerk) -> Reply:
    """Make the statement of a period by hand; the node does it by itself as well."""
    partner, period = clerk.asked.places["partner"], clerk.asked.written("period")
    if not PERIOD.fullmatch(period):
        return await _listed(clerk, SAY_PERIOD)
    try:
        await clerk.ask("statement.make", partner=partner, period=period)
    except UsageError:
        found = (await clerk.ask("statement.list", partner=partner))["statements"]
        ours = [row["period"] for row in found if row["of"] == "own" and len(row["period"]) == len(period)]
        return await _listed(clerk, MADE_ALREADY if max(ours, default="") >= period else SAY_PERIOD)
    return Redirect(f"/audit/{partner}/statements?days=yes&made=yes")


async def show(clerk: Clerk) -> Reply:
    """Return one statement as it is stored."""
    return await _shown(clerk, compare=False)


async def decide(clerk: Clerk) -> Reply:
    """Compare a statement of the partner with our own ledgers, or answer it."""
    partner, of, no = statement_named(clerk)
    word = clerk.asked.text("do")
    if word == "compare":
        return await _shown(clerk, compare=True)
    if word not in (AGREED, DIFFERS):
        raise UsageError("choose what is to be done", hint="go back and press one of the buttons")
    if of != "partner":
        raise UsageError("one's own statement is not answered", hint="the partner answers it")
    clerk.demand(Act.ANSWER_STATEMENT)
    because = clerk.asked.text("because")
    if word == DIFFERS and because not in set(Because):
        return await _shown(clerk, compare=False, error=SAY_WHY)
    why: Answer = {"because": because} if word == DIFFERS else {}
    try:
        await clerk.ask("statement.agree", partner=partner, no=no, differs=word == DIFFERS, **why)
    except InputError:
        return await _shown(clerk, compare=True, error=SAME_FIGURES if why else "", refused=not why)
    return Redirect(f"/audit/{partner}/statement/{of}/{no}?done=yes")


async def _shown(clerk: Clerk, *, compare: bool, refused: bool = False, error: str = "") -> Page:
    partner, of, no = statement_named(clerk)
    found = await clerk.ask("statement.show", partner=partner, of=of, no=no, compare=compare)
    await note_look(clerk, act="statement_read", object=f"{partner} {of} {no}")
    content: Answer = found["content"] or {}
    values: dict[str, Any] = {
        "found": found,
        "balance": content.get("balance", []),
        "open_items": content.get("open_items", []),
        "counted": content.get("counted", {}),
        "sums": list(_sums(content.get("person_totals", {}))),
        "digests": content_lines(TYPE, {name: content[name] for name in FOR_SPECIALISTS if name in content}),
        "places": list(
            dict.fromkeys(place_of(TYPE, f"/content{place}").titles for place in found["differs"])
        ),
        "compared": compare and of == "partner",
        "refused": refused,
        "error": error,
        "reasons": tuple(Because),
        "because": clerk.asked.text("because"),
        "ends": span_of(found["period"]).ends.isoformat(),
        "may_answer": clerk.may(Act.ANSWER_STATEMENT) and _waits_for_us(found),
        "print": language_choices(clerk.language),
        "done": clerk.asked.said("done") == "yes",
    }
    return Page("statement.html", values, status=409 if refused else 400 if error else 200)


@dataclass(frozen=True)
class Sum:
    """Persons of one group: how many, and of which parts; titles are those of the form."""

    title: str
    total: int
    parts: tuple[tuple[str, int], ...] = ()


def _sums(totals: Mapping[str, Any]) -> Iterator[Sum]:
    """Yield the equations of persons, in the order of the form; a part of a newer form has its name."""
    form = titled_form(TYPE).at("content", "person_totals")
    for name, value in totals.items():
        node = form.members.get(name, TitledNode(name))
        if isinstance(value, dict):
            parts = [
                (node.members.get(part, TitledNode(part)).title, count)
                for part, count in value.items()
                if part != TOTAL
            ]
            yield Sum(node.title, value.get(TOTAL, 0), tuple(parts))
        else:
            yield Sum(node.title, value)


def statement_named(clerk: Clerk) -> tuple[str, str, int]:
    """Return partner, side and number of the statement that the address names.

    Raises:
        UsageError: there is no such side.
    """
    places = clerk.asked.places
    if places["side"] not in SIDES:
        raise UsageError("a statement is own or of the partner", hint="look at the list of statements")
    return places["partner"], places["side"], number_in(places["n"])


def _is_month(row: Answer) -> bool:
    return len(row["period"]) == len("2027-10")


def _waits_for_us(row: Answer) -> bool:
    """Return True for a month of the partner without an answer; days are answered by the node."""
    return row["of"] == "partner" and not row["answer"] and _is_month(row)
