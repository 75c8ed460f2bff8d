# SPDX-License-Identifier: Apache-2.0
"""Work today: what has to be done, for how many persons, until when, and one button with the next act."""

from typing import Any

from exchange.cases.permissions import Act
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.forms import forms_of

HOMES = (
    (Act.SEE_WORK, "/today"),
    (Act.SEE_HANDOVERS, "/handovers"),
    (Act.RECONCILE, "/audit"),
    (Act.MANAGE_ACCOUNTS, "/accounts"),
    (Act.SEE_PARTNERS, "/partners"),
)
"""Where somebody begins: the first page that the roles allow."""
MOST_SHOWN = 200
"""Rows of one list on the page; what is beyond is said in numbers."""


async def home(clerk: Clerk) -> Reply:
    return Redirect(next(address for act, address in HOMES if clerk.may(act)))


async def today(clerk: Clerk) -> Reply:
    """Return what is due, what one is writing, and what waits for a second person."""
    due = await clerk.ask("due")
    listed = await clerk.ask("message.list", limit=MOST_SHOWN)
    tasks: list[dict[str, Any]] = due["tasks"]
    ours = [task for task in tasks if task["ours"] and not task["answering"]]
    theirs = [task for task in tasks if not task["ours"]]
    drafts = listed["drafts"]
    values = {
        "due": due,
        "ours": ours[:MOST_SHOWN],
        "theirs": theirs[:MOST_SHOWN],
        "left_out": max(len(ours) - MOST_SHOWN, 0) + max(len(theirs) - MOST_SHOWN, 0),
        "forms": await forms_of(clerk.node, clerk.officer),
        "to_release": [row for row in drafts if row["prepared_by"] != clerk.officer and not row["waiting"]],
        "kept": [row for row in drafts if row["prepared_by"] == clerk.officer],
        "stuck": [row for row in listed["messages"] if row["state"] in ("stopped", "rejected") and _new(row)],
    }
    return Page("work.html", values)


def _new(row: dict[str, Any]) -> bool:
    """Return whether a message of ours did not get through and nobody has sent another one yet."""
    return bool(row["direction"] == "out")
