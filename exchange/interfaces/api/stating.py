# SPDX-License-Identifier: Apache-2.0
"""Commands about statements: make, list, show, agree. They hold totals, never a name and never a type."""

import asyncio
from datetime import timedelta

from exchange.bootstrap import announced_for_figures
from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.service.rows import LinkRow, StatementRow
from exchange.service.stamping import stamps_of
from exchange.service.statements import Because, answer, check, make, message_of, stored

MAX_LISTED = 400
"""A year of both sides' days is 730; the newest half is enough for a screen."""


async def make_statement(desk: Desk, ask: Ask) -> Answer:
    """Make the statement of a day or a month by hand; without a period that of yesterday."""
    row = await desk.link(ask.text("partner", ""))
    yesterday = (desk.node.clock.now() - timedelta(days=1)).date().isoformat()
    announced = await asyncio.to_thread(announced_for_figures, desk.opened.folder)
    period = ask.text("period", "") or yesterday
    made = await make(desk.node, row.link, period, officer=ask.officer(), announced=announced)
    return {"partner": row.partner, **_line(made)}


async def list_statements(desk: Desk, ask: Ask) -> Answer:
    row = await desk.link(ask.text("partner", ""))
    found = await desk.node.store.read(lambda uow: uow.statements.list(row.link, limit=MAX_LISTED))
    return {"partner": row.partner, "statements": [_line(one) for one in found]}


async def show_statement(desk: Desk, ask: Ask) -> Answer:
    """Return a statement with its figures; one of the partner is compared with our own ledgers.

    Without `compare` it is as it is stored, with what the last comparison found. `cut` is when it was
    written: everything that both ledgers held then is counted.
    """
    row, found = await statement_of(desk, ask)
    node = desk.node
    shown = await (stored if ask.members.get("compare") is False else check)(node, found)
    stamps = await node.store.read(lambda uow: stamps_of(uow, node, found, shown.content or {}))
    message = await node.store.read(lambda uow: message_of(uow, found))
    return {
        "partner": row.partner,
        **_line(found),
        "cut": when(message.created_at if message else None),
        "content": dict(shown.content) if shown.content is not None else None,
        "differs": list(shown.findings),
        "stamps": [{"tsa": one.tsa, "at": when(one.at)} for one in stamps],
    }


async def statement_of(desk: Desk, ask: Ask) -> tuple[LinkRow, StatementRow]:
    """Return the statement `no` of one side, `of` own or partner, with its link.

    Raises:
        UsageError: there is none.
    """
    row = await desk.link(ask.text("partner", ""))
    is_own, no = ask.text("of", "own") == "own", ask.number("no")
    found = await desk.node.store.read(lambda uow: uow.statements.get(row.link, is_own=is_own, no=no))
    if found is None:
        raise UsageError(f"there is no statement {no} of that side", hint="run: exchange statement list")
    return row, found


async def agree_statement(desk: Desk, ask: Ask) -> Answer:
    """Answer a statement of the partner: agreed, or with `differs` that it differs, and why."""
    row = await desk.link(ask.text("partner", ""))
    said = ask.text("because", Because.OTHER_FIGURES)
    if said not in set(Because):
        raise UsageError(f"{said[:40]} is no reason", hint=f"one of {', '.join(Because)}")
    done = await answer(
        desk.node,
        row.link,
        ask.number("no"),
        differs=ask.flag("differs"),
        officer=ask.officer(),
        because=Because(said),
    )
    return {"partner": row.partner, **_line(done)}


def _line(row: StatementRow) -> Answer:
    return {
        "of": "own" if row.is_own else "partner",
        "no": row.no,
        "period": row.period,
        "made": when(row.made_at),
        "answer": row.answer,
        "answered": when(row.answered_at),
        "answered_by": row.answered_by,
        "index": row.leaf_index,
        "digest": row.dg,
    }


COMMANDS: dict[str, Command] = {
    "statement.make": make_statement,
    "statement.list": list_statements,
    "statement.show": show_statement,
    "statement.agree": agree_statement,
}
