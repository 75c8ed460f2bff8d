# SPDX-License-Identifier: Apache-2.0
"""Work today: what has to be done, for how many persons, until when, and one button with the next act."""

from collections.abc import Mapping
from typing import Any

from exchange.cases.permissions import Act
from exchange.errors import UsageError
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.own_forms import whom_of_own_forms
from exchange.interfaces.web.pages.returning import names_of
from exchange.interfaces.web.pages.undelivered import undelivered_stops
from exchange.interfaces.web.paging import WIDE_ROWS
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.forms import forms_of

HOMES = (
    (Act.SEE_WORK, "/today"),
    (Act.SEE_HANDOVERS, "/handovers"),
    (Act.RECONCILE, "/audit"),
    (Act.MANAGE_ACCOUNTS, "/accounts"),
    (Act.TRY_KEYS, "/keys"),
    (Act.SEE_PARTNERS, "/partners"),
)
"""Where somebody begins: the first page that the roles allow."""
OURS, THEIRS = "ours", "theirs"
"""Who has to answer; the lists of tasks."""
SOME, FEW = 10, 5
"""Rows of a list that has to be seen first, and of one beside it; the others stand on a page of their own."""
LOOKED_THROUGH = 200
"""Messages among which those are looked for that did not get through."""
_DIRECTION = 3
"""Member of a place that is a word; the others are numbers."""
_DIGITS = 16
"""Most digits of a number in a place."""
_WAITING_TOO = ("arrived", "handovers", "receptions", "withdrawals")
"""Lists of `due` that wait for an officer."""


async def home(clerk: Clerk) -> Reply:
    return Redirect(next(address for act, address in HOMES if clerk.may(act)))


async def today(clerk: Clerk) -> Reply:
    """Return what is due, what one is writing, and what waits for a second person."""
    due = await clerk.ask("due", side=OURS, limit=SOME)
    theirs = await clerk.ask("due.page", side=THEIRS, limit=FEW)
    listed = await clerk.ask("message.list", limit=LOOKED_THROUGH)
    drafts = listed["drafts"]
    to_release = [row for row in drafts if _is_to_release(clerk, row)]
    stops = (await clerk.ask("arrival.stops", limit=SOME))["stops"]
    offered = clerk.may(Act.CONFIRM_ACCEPTANCE)
    kept = [row for row in drafts if row["prepared_by"] == clerk.officer]
    back = [row for row in kept if row["returned"]]
    kept = [row for row in kept if not row["returned"]]
    values = {
        "due": due,
        "stops": stops,
        "undelivered": await undelivered_stops(clerk),
        "handovers": due["handovers"][:FEW],
        "arrived": due["arrived"][:FEW],
        "ours": due["tasks"],
        "more_ours": _place_text(due["more"]),
        "theirs": theirs["tasks"],
        "more_theirs": _place_text(theirs["more"]),
        "forms": await forms_of(clerk.node, clerk.officer),
        "whom": await whom_of_own_forms(clerk),
        "to_release": to_release[:WIDE_ROWS],
        "more_to_release": max(len(to_release) - WIDE_ROWS, 0),
        "acceptances": (await clerk.ask("difference.waiting"))["differences"] if offered else [],
        "back": back[:WIDE_ROWS],
        "more_back": max(len(back) - WIDE_ROWS, 0),
        "names": await _names(clerk, to_release[:WIDE_ROWS], back, due["second_looks"]),
        "kept": kept[:SOME],
        "more_kept": max(len(kept) - SOME, 0),
        "stuck": [row for row in listed["messages"] if _is_stuck(row)][:SOME],
    }
    return Page("work.html", values | {"is_quiet": _is_quiet(clerk, values)})


async def arrived(clerk: Clerk) -> Reply:
    """Return one more page of what arrived and nobody of this office has opened."""
    return Page("arrived.html", await clerk.ask("arrival.page", limit=WIDE_ROWS, after=_after(clerk)))


async def stops(clerk: Clerk) -> Reply:
    """Return one more page of the stops that nobody of this office has opened."""
    return Page("stops.html", await clerk.ask("arrival.stops", limit=WIDE_ROWS, after=_after(clerk)))


def _after(clerk: Clerk) -> int | None:
    """Return the place in an address; what is none begins at the newest."""
    after = clerk.asked.said("after")
    return int(after) if after.isascii() and after.isdigit() and len(after) <= _DIGITS else None


def _is_quiet(clerk: Clerk, values: Mapping[str, Any]) -> bool:
    """Return whether nothing at all waits for this officer; what partners owe waits for them."""
    due = values["due"]
    lists = ("stops", "undelivered", "ours", "acceptances", "forms", "back", "kept", "stuck")
    shown = [values[name] for name in lists]
    shown += [due[name] for name in _WAITING_TOO]
    shown += list(due["erasures"].values())
    if clerk.may(Act.RELEASE):
        shown += [values["to_release"], due["second_looks"], due["reading_stops"], due["emergency_openings"]]
    return not any(shown)


def _is_to_release(clerk: Clerk, row: Answer) -> bool:
    """Return whether a draft of somebody else waits for a second person, or its author has left it behind."""
    waits = not row["waiting"] and not row["returned"]
    return row["prepared_by"] != clerk.officer and (waits or row["author_left"])


async def _names(
    clerk: Clerk, to_release: list[Answer], back: list[Answer], looks: list[Answer]
) -> dict[str, str]:
    """Return the names of the officers whom the page mentions."""
    numbers = {row["prepared_by"] for row in to_release} | {row["returned"]["by"] for row in back}
    return await names_of(clerk, numbers | {row["released_by"] for row in looks})


async def due_page(clerk: Clerk) -> Reply:
    """Return one more page of what one side has to answer."""
    side = clerk.asked.places["side"]
    if side not in (OURS, THEIRS):
        raise UsageError("there is no such list", hint="look at your work of today")
    place = _read_place(clerk.asked.said("after"))
    found = await clerk.ask("due.page", side=side, limit=WIDE_ROWS, after=place)
    values = {"side": side, "tasks": found["tasks"], "more": _place_text(found["more"])}
    return Page("due.html", values)


def _place_text(place: list[int | str] | None) -> str:
    """Return a place of the worklist for an address, "" for the end."""
    return ".".join(map(str, place)) if place else ""


def _read_place(text: str) -> list[int | str] | None:
    """Return the place in an address; what is none begins at the first row."""
    parts = text.split(".") if text else []
    numbers = [part for at, part in enumerate(parts) if at != _DIRECTION]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in numbers):
        return None
    return [part if at == _DIRECTION else int(part) for at, part in enumerate(parts)]


def _is_stuck(row: dict[str, Any]) -> bool:
    """Return whether a message of ours did not get through."""
    return row["direction"] == "out" and row["state"] in ("stopped", "rejected")
