# SPDX-License-Identifier: Apache-2.0
"""What the words mean: the glossary, and the names of all types of message, in the language of the reader."""

from exchange.i18n.glossary import GLOSSARY
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Reply
from exchange.messages.catalog import message_types


async def show(clerk: Clerk) -> Reply:
    """Return the glossary."""
    types = [row.code for row in message_types().values() if row.is_message]
    return Page("words.html", {"groups": GLOSSARY, "types": types})
