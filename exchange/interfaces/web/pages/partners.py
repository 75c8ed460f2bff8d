# SPDX-License-Identifier: Apache-2.0
"""Partners: how each stands, in words and a colour; nothing is lost while one is away."""

from datetime import datetime, timedelta
from typing import Any

from exchange.ids import LinkId
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.returning import names_of
from exchange.interfaces.web.replying import Page, Reply
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction

QUIET = timedelta(minutes=15)
"""Without contact for so long a partner is shown amber; threat model, section 7: stuck at 15 minutes."""
WAITS = timedelta(minutes=1)
"""A message that waits for so long says that the partner cannot be reached, however lately it called:
one that goes through has its verdict in seconds."""
AMBER, RED, GREEN = "amber", "red", "green"


async def listed(clerk: Clerk) -> Reply:
    """Return each partner with its colour, both ledgers, and what waits."""
    status = await clerk.ask("status")
    rows = [await _row(clerk, item) for item in status["partners"]]
    names = await names_of(clerk, {row["pause"]["by"] for row in rows if row["pause"]})
    return Page("partners.html", {"partners": rows, "names": names})


async def _row(clerk: Clerk, item: Answer) -> dict[str, Any]:
    shown = await clerk.ask("partner.show", partner=item["partner"]) if item["link"] else {}
    colour, moved = await _colour(clerk, item), bool(item["address"] and not item["address"]["refused"])
    only_moved = moved and colour == GREEN
    return {
        **item,
        "moved": moved,
        "only_moved": only_moved,
        "entries": shown.get("entries"),
        "signed": shown.get("signed_by_partner", 0),
        "colour": AMBER if only_moved else colour,
    }


async def _colour(clerk: Clerk, item: Answer) -> str:
    """Return red where people must act, amber where only time is needed, green else."""
    if item["state"] in ("frozen", "paused") or item["behind"]:
        return RED
    if item["state"] != "open" or item["reason"]:
        return AMBER
    link, now = item["link"], clerk.node.clock.now()
    last = clerk.node.presence.of(link).last_contact_at
    if last is None or now - last > QUIET:
        return AMBER
    waiting_since = await clerk.node.store.read(lambda uow: _waiting_since(uow, link))
    return AMBER if waiting_since is not None and now - waiting_since > WAITS else GREEN


def _waiting_since(uow: UnitOfWork, link: LinkId) -> datetime | None:
    """Return since when the first message waits for its verdict, None if none does."""
    number = uow.messages.first_queued(link)
    row = uow.messages.by_seq(link, Direction.OUT, number) if number is not None else None
    return row.logged_at if row is not None else None
