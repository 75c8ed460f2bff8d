# SPDX-License-Identifier: Apache-2.0
"""Papers from the pages: a message, the minutes and the final list of a handover as PDF/A-3.

1. A button, never a link: nothing is opened because a browser looks ahead.
2. The officer says for what it is printed; that is recorded by the command that opens the message (rule 30).
3. The file is made in a process of its own (`adapters/documents/press`), and its name says only what kind of
   paper it is and the number of the message.
"""

from datetime import datetime

from exchange.errors import UsageError
from exchange.ids import unb64url
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.handing_over import seen_movement
from exchange.interfaces.web.pages.stating import statement_named
from exchange.interfaces.web.paper_choices import chosen_languages, chosen_print
from exchange.interfaces.web.replying import Download
from exchange.service.papers import Paper

PDF = "application/pdf"
MINUTES, LIST = "minutes", "list"


async def print_message(clerk: Clerk) -> Download:
    """Return a message as a file."""
    chosen = chosen_print(clerk.asked)
    found = await clerk.ask("message.print", id=clerk.asked.places["id"], **vars(chosen))
    return await _file(clerk, found, str(found["type"]).lower())


async def print_handover(clerk: Clerk) -> Download:
    """Return the minutes of a handover as a file, or its final list."""
    chosen, part = chosen_print(clerk.asked), clerk.asked.text("paper")
    if part not in (MINUTES, LIST):
        raise UsageError("choose what is to be printed", hint="go back and press one of the buttons")
    movement = await seen_movement(clerk)
    found = await clerk.ask("handover.print", movement=movement, list=part == LIST, **vars(chosen))
    return await _file(clerk, found, part)


async def print_statement(clerk: Clerk) -> Download:
    """Return a statement of either side as a file."""
    partner, of, no = statement_named(clerk)
    languages = chosen_languages(clerk.asked)
    found = await clerk.ask("statement.print", partner=partner, of=of, no=no, languages=languages)
    return await _file(clerk, found, "statement")


async def _file(clerk: Clerk, found: Answer, kind: str) -> Download:
    attached = found["attached"]
    paper = Paper(
        html=found["html"],
        created_at=datetime.fromisoformat(found["created"]),
        attached_name=attached["name"],
        attached=unb64url(attached["data"]),
        attached_description=attached["description"],
    )
    return Download(await clerk.house.press(paper), PDF, f"{kind}-{found['id']}.pdf")
