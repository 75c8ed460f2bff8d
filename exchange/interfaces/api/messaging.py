# SPDX-License-Identifier: Apache-2.0
"""Commands about messages: fill, validate, send one or many, release, list, show, wait, void."""

import asyncio
from dataclasses import asdict

from exchange.errors import ExchangeError, UsageError
from exchange.ids import Digest, LinkId, parse_message_id
from exchange.interfaces.api.casebook import withheld_answer
from exchange.interfaces.api.desk import (
    Answer,
    Ask,
    Command,
    Desk,
    message_line,
    message_of,
    problem_answer,
    when,
)
from exchange.interfaces.api.drafting import link_of, opened_content, sent_answer, sources_for
from exchange.interfaces.api.returning import files_of, questions_answer, returned_answer, shown_draft
from exchange.messages.attachments import attach
from exchange.messages.filling import Filled, fill, release_digest
from exchange.messages.versions import understood
from exchange.protocol.parts import Document
from exchange.service.batching import each_does_this_step
from exchange.service.drafts import approve, send
from exchange.service.emergency_review import review
from exchange.service.long_work import beside, is_about_many
from exchange.service.own_officers import has_left
from exchange.service.ports import UnitOfWork
from exchange.service.release import check_draft
from exchange.service.restored_drafts import is_from_before, last_break
from exchange.service.rows import Direction, DraftSummary, LinkRow, MessageState
from exchange.service.void import give_up

MAX_WAIT_S = 60
MAX_MANY = 1_000
"""Files in one call: half of what the store lets wait, so that others find room beside it."""
MAX_PAGE = 1_000
"""Messages in one answer: about 400 kB, read in some milliseconds; more are further pages."""
FINAL = frozenset({MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED, MessageState.STOPPED})


async def fill_message(desk: Desk, ask: Ask) -> Answer:
    """Complete a small file; nothing is stored."""
    link, filled = await _filled(desk, ask)
    return {
        "partner": link.partner,
        "document": filled.document,
        "added": [
            {"pointer": item.pointer, "value": item.value, "source": item.source} for item in filled.added
        ],
    }


async def validate_message(desk: Desk, ask: Ask) -> Answer:
    """Return every fault of a small or complete file; nothing is stored."""
    link, filled = await _filled(desk, ask)
    faults = await check_draft(desk.node, link.link, filled.document, ask.officer())
    return {
        "partner": link.partner,
        "faults": [asdict(fault) for fault in faults],
        "questions": questions_answer(filled.document, link.partner),
    }


async def send_message(desk: Desk, ask: Ask) -> Answer:
    """Complete a file and send it, or keep it for the second person."""
    link, filled = await _filled(desk, ask)
    attached = attach(filled.document, files_of(ask, filled.document)) if ask.members.get("files") else None
    document, parts = (attached.document, attached.parts) if attached else (filled.document, ())
    alone = ask.flag("emergency")
    return sent_answer(link, await send(desk.node, link.link, document, ask.officer(), parts, alone=alone))


async def send_many(desk: Desk, ask: Ask) -> Answer:
    """Send several files to one partner, each by itself: what is wrong with one stops no other.

    The answers stand in the order of the files; numbers are taken as the files become ready.
    """
    files = ask.members.get("documents")
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise UsageError("documents is not a list of groups")
    if len(files) > MAX_MANY:
        raise UsageError(f"{len(files)} files in one call", hint=f"send at most {MAX_MANY} at once")
    link, sources = await sources_for(desk, ask.text("to", ""), ask.officer())

    async def send_one(file: Document) -> Answer:
        try:
            document = fill(file, sources, given_away=ask.read_for_it).document
            await each_does_this_step()
            return sent_answer(link, await send(desk.node, link.link, document, ask.officer()))
        except ExchangeError as error:
            return problem_answer(error)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(send_one(file)) for file in files]
    return {"partner": link.partner, "link": link.link, "sent": [task.result() for task in tasks]}


async def release_message(desk: Desk, ask: Ask) -> Answer:
    """Release a kept draft as the second person."""
    sent = await approve(desk.node, ask.text("id"), ask.officer(), digest=ask.members.get("digest"))
    return sent_answer(await link_of(desk, sent.link), sent)


async def review_message(desk: Desk, ask: Ask) -> Answer:
    """Record that a second person has looked at what one person released in an emergency."""
    row = await message_of(desk, ask.text("id"))
    agrees, digest = not ask.flag("objects"), ask.members.get("digest")
    shown = Digest(ask.text("digest")) if digest else None
    seen = await review(desk.node, row.link, row.seq, ask.officer(), agrees=agrees, digest=shown)
    return {"id": seen.message, "type": seen.type, "act": seen.act, "agrees": agrees}


async def list_messages(desk: Desk, ask: Ask) -> Answer:
    """Show a page of messages, newest first; `next` or `after` begin the page behind it, "" at the end."""
    limit = min(ask.number("limit", 100), MAX_PAGE)
    partner = ask.text("partner", "")
    link = (await desk.link(partner)).link if partner else None
    direction = Direction(ask.text("direction")) if ask.members.get("direction") else None
    names = {row.link: row.partner for row in await desk.links()}
    after = await _place(desk, ask.text("after", ""))

    def unit(uow: UnitOfWork) -> Answer:
        rows = uow.messages.list(link=link, direction=direction, after=after, limit=limit)
        drafts = uow.drafts.summaries()
        return {
            "messages": [message_line(row, names.get(row.link, "")) for row in rows],
            "next": rows[-1].id if rows and len(rows) == limit else "",
            "after": f"{rows[-1].id}.{rows[-1].seq}" if rows and len(rows) == limit else "",
            "drafts": [
                {
                    "id": row.id,
                    "type": row.type,
                    "partner": names.get(row.link, "") if row.link else "",
                    "prepared_by": row.prepared_by,
                    "created": when(row.created_at),
                    "waiting": row.waiting,
                    "digest": row.digest,
                    "returned": _returned(row, ask),
                    "from_before_restore": _is_from_before(uow, desk, row),
                    "author_left": has_left(uow, row.prepared_by, desk.node.clock.now()),
                }
                for row in drafts
            ],
        }

    return await desk.node.store.read(unit)


def _is_from_before(uow: UnitOfWork, desk: Desk, row: DraftSummary) -> bool:
    """Return whether a backup brought a draft back, so that it may be sent already."""
    return row.link is not None and is_from_before(row.id, last_break(uow, desk.node, row.link))


def _returned(row: DraftSummary, ask: Ask) -> Answer | None:
    """Return who took a draft out of the hands of the releasers; only its author is told why in a list."""
    return returned_answer(row.returned, with_reason=ask.members.get("officer") == row.prepared_by)


async def _place(desk: Desk, after: str) -> tuple[str, int] | None:
    """Return the place that `after` names: a message, or `<id>.<seq>` as the page before told it."""
    if not after:
        return None
    if "." not in after:
        last = await message_of(desk, after)
        return last.id, last.seq
    id, _, seq = after.partition(".")
    if not seq.isascii() or not seq.isdigit():
        raise UsageError("after is not the place that the page before named")
    return parse_message_id(id), int(seq)


async def one_message(desk: Desk, ask: Ask) -> Answer:
    """Return how one message stands, without content."""
    row = await message_of(desk, ask.text("id"))
    link = await link_of(desk, row.link)
    return {
        "message": message_line(row, link.partner),
        "entries": {"own": row.leaf_index, "partner": row.verdict_leaf_index},
    }


async def show_message(desk: Desk, ask: Ask) -> Answer:
    """Return a message or a draft with its content; recorded as opening it.

    With `is_shown` false a program fetches it, and no officer has read it: it goes on waiting to be opened.
    """
    prefix = ask.text("id")
    drafts = await desk.node.store.read(lambda uow: uow.drafts.find(prefix))
    if len(drafts) == 1:
        return await shown_draft(desk, ask, drafts[0])
    message = await message_of(desk, prefix)
    link = await link_of(desk, message.link)
    is_shown = ask.members.get("is_shown") is not False
    opened = await opened_content(desk, message, ask, is_shown=is_shown)
    return {
        "message": message_line(message, link.partner),
        "document": opened.read.document,
        "withheld": withheld_answer(opened.read.withheld),
        "digest": release_digest(opened.document),
        "not_understood": list(understood(opened.document, desk.node.versions).unknown),
        "entries": {"own": message.leaf_index, "partner": message.verdict_leaf_index},
        "opened": "this records that you opened it",
    }


async def note_read(desk: Desk, ask: Ask) -> Answer:
    """Take a message of the partner off what nobody has opened: an officer read it in another system."""
    row = await message_of(desk, ask.text("id"))
    if row.direction is not Direction.IN:
        raise UsageError("only what the partner sent waits to be opened")
    await opened_content(desk, row, ask, act="message_read_elsewhere")
    return {"id": row.id, "type": row.type}


async def wait_message(desk: Desk, ask: Ask) -> Answer:
    """Wait until a sent message has its verdict, at most `timeout_s`."""
    node, link, seq = desk.node, LinkId(ask.text("link")), ask.number("seq")
    timeout_s = min(ask.number("timeout_s", 10), MAX_WAIT_S)
    row = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                changed = node.presence.of(link).changed
                row = await node.store.read(lambda uow: uow.messages.by_seq(link, Direction.OUT, seq))
                if row is None or row.state in FINAL:
                    break
                await changed.wait()
    except TimeoutError:
        pass
    if row is None:
        raise UsageError(f"no message {seq} was sent on this link")
    took = (row.verdict_at - row.logged_at).total_seconds() * 1000 if row.verdict_at else 0
    return {"state": row.state.value, "code": row.code, "verdict": when(row.verdict_at), "ms": round(took),
            "entry": row.leaf_index, "partner_entry": row.verdict_leaf_index}  # fmt: skip


async def void_message(desk: Desk, ask: Ask) -> Answer:
    """Give up a number that has no verdict yet."""
    row = await message_of(desk, ask.text("id"))
    await give_up(desk.node, row.link, row.seq, code=ask.text("code", "withdrawn"), actor=ask.officer())
    return {"id": row.id, "seq": row.seq}


async def _filled(desk: Desk, ask: Ask) -> tuple[LinkRow, Filled]:
    """Return the link that a small file is for, and the file completed."""
    link, sources = await sources_for(desk, ask.text("to", ""), ask.officer())
    small = ask.object("document")
    if is_about_many(small):
        return link, await beside(desk.node, lambda: fill(small, sources, given_away=ask.read_for_it))
    return link, fill(small, sources, given_away=ask.read_for_it)


COMMANDS: dict[str, Command] = {
    "message.fill": fill_message,
    "message.validate": validate_message,
    "message.send": send_message,
    "message.send_many": send_many,
    "message.release": release_message,
    "message.review": review_message,
    "message.list": list_messages,
    "message.one": one_message,
    "message.show": show_message,
    "message.read": note_read,
    "message.wait": wait_message,
    "message.void": void_message,
}
