# SPDX-License-Identifier: Apache-2.0
"""Entries of a ledger, as they were signed: numbers, times and digests. People count them from 1."""

from typing import Any, Final

from exchange.errors import UsageError
from exchange.interfaces.web.asking import number_in
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.auditing import note_look
from exchange.interfaces.web.paging import ROWS
from exchange.interfaces.web.replying import Page, Reply

SIDES: Final = ("own", "partner")
APART: Final = frozenset({"index", "at", "event"})
"""Members of an entry that stand in columns of their own."""


async def listed(clerk: Clerk) -> Reply:
    """Return entries of one ledger from the one that the address names with `from`; without it the newest."""
    partner, side = clerk.asked.places["partner"], _side(clerk)
    members = {"partner": partner, "log": side}
    size = (await clerk.ask("ledger.list", **members, limit=0))["size"]
    first = min(max(number_in(clerk.asked.said("from")) or size - ROWS + 1, 1), max(size, 1))
    found = await clerk.ask("ledger.list", **members, start=first - 1, limit=ROWS)
    await note_look(clerk, act="entries_read", object=found["log"])
    values: dict[str, Any] = {
        "partner": partner,
        "side": side,
        "log": found["log"],
        "size": size,
        "rows": [{**row, "fields": fields_of(row)} for row in found["entries"]],
        "before": max(first - ROWS, 1) if first > 1 else 0,
        "after": first + ROWS if first + ROWS <= size else 0,
    }
    return Page("entries.html", values)


async def show(clerk: Clerk) -> Reply:
    """Return one entry, the bytes that were hashed, and who has signed it."""
    partner, side = clerk.asked.places["partner"], _side(clerk)
    number = number_in(clerk.asked.places["n"])
    found = await clerk.ask("ledger.show", partner=partner, log=side, index=number - 1)
    await note_look(clerk, act="entry_read", object=f"{found['log']} {number}")
    entry = found["entry"]
    values = {**found, "partner": partner, "side": side, "number": number, "fields": fields_of(entry)}
    return Page("entry.html", values)


def fields_of(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in APART}


def _side(clerk: Clerk) -> str:
    side = clerk.asked.places["side"]
    if side not in SIDES:
        raise UsageError("there is no such ledger", hint="look at the ledgers of the partner")
    return side
