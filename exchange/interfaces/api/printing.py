# SPDX-License-Identifier: Apache-2.0
"""Commands that open a message or the minutes of a movement for printing; recorded with their purpose.

The answer is the composed page; whoever asked makes the file of it, away from the node.
"""

import asyncio

from exchange.ids import b64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of
from exchange.interfaces.api.stating import statement_of
from exchange.interfaces.papers import demand_languages, paper_of
from exchange.service.papers import Opened, open_message, open_movement, open_statement


async def print_message(desk: Desk, ask: Ask) -> Answer:
    """Return a message as a paper."""
    officer, purpose = ask.officer(), ask.text("purpose", "")
    languages = demand_languages(ask.texts("languages"))
    row = await message_of(desk, ask.text("id"))
    return await _answer(await open_message(desk.node, row, officer, purpose, ask.roles()), languages)


async def print_handover(desk: Desk, ask: Ask) -> Answer:
    """Return the joint minutes of a movement as a paper, or its final list with `list`.

    Before there is a record, the minutes are a form to be filled in by hand.
    """
    officer, purpose = ask.officer(), ask.text("purpose", "")
    languages = demand_languages(ask.texts("languages"))
    movement, final_list = ask.text("movement"), ask.flag("list")
    opened = await open_movement(desk.node, movement, officer, purpose, ask.roles(), final_list=final_list)
    return await _answer(opened, languages)


async def print_statement(desk: Desk, ask: Ask) -> Answer:
    """Return a statement of either side as a paper; nobody is named in it."""
    languages = demand_languages(ask.texts("languages"))
    _, row = await statement_of(desk, ask)
    return await _answer(await open_statement(desk.node, row, ask.officer()), languages)


async def _answer(opened: Opened, languages: tuple[str, ...]) -> Answer:
    """Compose the page beside the event loop: a notice with 1,000 persons takes some seconds."""
    paper = await asyncio.to_thread(paper_of, opened, languages)
    return {
        "id": opened.main.row.id,
        "type": opened.main.row.type,
        "blank": opened.blank,
        "left_out": opened.main.left_out,
        "html": paper.html,
        "created": paper.created_at.isoformat(),
        "attached": {
            "name": paper.attached_name,
            "description": paper.attached_description,
            "data": b64url(paper.attached),
        },
    }


COMMANDS: dict[str, Command] = {
    "message.print": print_message,
    "handover.print": print_handover,
    "statement.print": print_statement,
}
