# SPDX-License-Identifier: Apache-2.0
"""The drill for a lost key: what is tried, one button, and the result in words. Nothing is changed.

The recovery key is tried by command, with two officers, and never here: it does not go through a browser.
"""

from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Redirect, Reply


async def show(clerk: Clerk) -> Reply:
    """Return what is tried and what the last trial came to."""
    return Page("keys.html", await clerk.ask("key.trial"))


async def start(clerk: Clerk) -> Reply:
    """Try the keys, and show the result."""
    await clerk.ask("key.try")
    return Redirect("/keys")
