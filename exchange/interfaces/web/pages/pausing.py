# SPDX-License-Identifier: Apache-2.0
"""The brake at the pages: one officer stops everything with a partner, with a reason for the own side.

It is let go on at the machine, by two officers: `exchange partner resume --end-pause`.
"""

from typing import Final

from exchange.errors import UsageError
from exchange.i18n import marked
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.pausing import MOST_REASON, checked_reason

SAY_WHY: Final = marked("Say why in one line of at most 200 characters")
PARTNERS: Final = "/partners"


async def ask(clerk: Clerk) -> Reply:
    """Return what stopping everything means, and the question why."""
    return await _asked(clerk)


async def stop(clerk: Clerk) -> Reply:
    """Stop everything with a partner; the page of the partners says that it holds."""
    try:
        reason = checked_reason(clerk.asked.text("reason"))
    except UsageError:
        return await _asked(clerk, SAY_WHY)
    partner = clerk.asked.places["partner"]
    if not await _is_paused(clerk, partner):
        await clerk.ask("partner.pause", partner=partner, reason=reason)
    return Redirect(PARTNERS)


async def _asked(clerk: Clerk, error: str = "") -> Reply:
    partner = clerk.asked.places["partner"]
    if await _is_paused(clerk, partner):
        return Redirect(PARTNERS)
    values = {"partner": partner, "reason": clerk.asked.text("reason"), "most": MOST_REASON, "error": error}
    return Page("pause.html", values, status=400 if error else 200)


async def _is_paused(clerk: Clerk, partner: str) -> bool:
    """Return whether somebody stopped it already; raises UsageError for somebody who is no partner."""
    shown = await clerk.ask("partner.show", partner=partner)
    return str(shown["state"]) == "paused"
