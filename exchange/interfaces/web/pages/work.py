# SPDX-License-Identifier: Apache-2.0
"""Work today: what has to be done, for how many persons, until when, and one button with the next act."""

from typing import Any

from exchange.cases.permissions import Act
from exchange.errors import UsageError
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.returning import names_of
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
SOME = 10
"""Rows of a list beside the one that waits for this officer; the others stand on a page of their own."""
LOOKED_THROUGH = 200
"""Messages among which those are looked for that did not get through."""
_DIRECTION = 3
"""Member of a place that is a word; the others are numbers."""


async def home(clerk: Clerk) -> Reply:
    return Redirect(next(address for act, address in HOMES if clerk.may(act)))


async def today(clerk: Clerk) -> Reply:
    """Return what is due, what one is writing, and what waits for a second person."""
    due = await clerk.ask("due", side=OURS, limit=WIDE_ROWS)
    theirs = await clerk.ask("due.page", side=THEIRS, limit=SOME)
    listed = await clerk.ask("message.list", limit=LOOKED_THROUGH)
    drafts = listed["drafts"]
    to_release = [row for row in drafts if _is_to_release(clerk, row)]
    offered = clerk.may(Act.CONFIRM_ACCEPTANCE)
    kept = [row for row in drafts if row["prepared_by"] == clerk.officer]
    back = [row for row in kept if row["returned"]]
    kept = [row for row in kept if not row["returned"]]
    values = {
        "due": due,
        "ours": due["tasks"],
        "more_ours": _place_text(due["more"]),
        "theirs": theirs["tasks"],
        "more_theirs": _place_text(theirs["more"]),
        "forms": await forms_of(clerk.node, clerk.officer),
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
    return Page("work.html", values)


def _is_to_release(clerk: Clerk, row: Answer) -> bool:
    """Return whether a draft of somebody else waits for a second person."""
    return row["prepared_by"] != clerk.officer and not row["waiting"] and not row["returned"]


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
    if not parts or not all(part.isascii() and part.isdigit() and len(part) <= 16 for part in numbers):
        return None
    return [part if at == _DIRECTION else int(part) for at, part in enumerate(parts)]


def _is_stuck(row: dict[str, Any]) -> bool:
    """Return whether a message of ours did not get through."""
    return row["direction"] == "out" and row["state"] in ("stopped", "rejected")
