# SPDX-License-Identifier: Apache-2.0
"""Search for a person: by name in any script, document, year of birth, place; with a purpose, recorded.

What is searched for is sent in a form and stands in no address.
"""

from exchange.errors import UsageError
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Reply
from exchange.messages.purposes import purposes_about_persons

_WANTED = ("name", "document", "born", "place")


async def ask(clerk: Clerk) -> Reply:
    return _page(clerk)


async def find(clerk: Clerk) -> Reply:
    """Return who fits."""
    wanted = {name: clerk.asked.text(name) for name in _WANTED}
    purpose = clerk.asked.text("purpose")
    if not any(wanted.values()) or purpose not in purposes_about_persons():
        return _page(clerk, problem="nothing" if not any(wanted.values()) else "purpose")
    try:
        found = await clerk.ask("case.find", **wanted, purpose=purpose)
    except UsageError as error:
        return _page(clerk, problem="wrong", error=error)
    return Page("found.html", {**found, "purpose": purpose})


def _page(clerk: Clerk, *, problem: str = "", error: UsageError | None = None) -> Page:
    values = {
        "problem": problem,
        "inputs": clerk.asked.fields,
        "purposes": purposes_about_persons(),
    }
    return Page("search.html", values, status=400 if problem else 200)
