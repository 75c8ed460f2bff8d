# SPDX-License-Identifier: Apache-2.0
"""Commands about drafts that are not released: show, send back, take back, change, discard."""

from dataclasses import asdict, replace
from typing import Any

from exchange.cases.readable import Readable
from exchange.errors import UsageError
from exchange.ids import Digest, unb64url
from exchange.interfaces.api.casebook import withheld_answer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, reader_for, when
from exchange.interfaces.api.drafting import link_of, sent_answer, sources_for
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.compared import differences
from exchange.messages.document import persons_of, text_at
from exchange.messages.filling import fill
from exchange.messages.release_questions import release_questions
from exchange.protocol.parts import Document
from exchange.service.draft_story import Returned, story_bytes, story_of
from exchange.service.draft_unchanged import moved_error
from exchange.service.enclosures import unkept
from exchange.service.node import Node
from exchange.service.own_officers import has_left
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, note_opening, read_draft
from exchange.service.restored_drafts import is_from_before, last_break
from exchange.service.returning import change, discard, own_draft, send_back, take_back
from exchange.service.rows import DraftRow


async def shown_draft(desk: Desk, ask: Ask, found: DraftRow) -> Answer:
    """Return a draft with its content, and what changed since this officer looked at it last; recorded."""

    def unit(uow: UnitOfWork) -> Answer:
        row = uow.drafts.get(found.id)
        if row is None:
            raise moved_error(None)
        reader = reader_for(uow, ask)
        note_opening(uow, desk.node, reader, row.id, act="draft_opened")
        document = unkept(row.document)[0]
        about = _about(uow, desk.node, row)
        partner = about["draft"]["partner"]
        answer = _content(read_draft(uow, desk.node, reader, document, row), document, partner)
        return about | answer | {"changes": _looked(uow, desk.node, reader, row, answer["document"])}

    return await desk.node.store.write(unit)


async def show_own_draft(desk: Desk, ask: Ask) -> Answer:
    """Return the own draft with its content; recorded as opening it."""
    return await shown_draft(desk, ask, await own_draft(desk.node, ask.text("id"), ask.officer()))


async def send_back_draft(desk: Desk, ask: Ask) -> Answer:
    """Send a draft back to its author, with a reason."""
    digest = Digest(ask.text("digest")) if ask.members.get("digest") else None
    row = await send_back(desk.node, ask.text("id"), ask.officer(), reason=ask.text("reason"), digest=digest)
    return {"id": row.id, "type": row.type, "prepared_by": row.prepared_by}


async def take_back_draft(desk: Desk, ask: Ask) -> Answer:
    """Take back the own draft; its content is returned, to be changed."""
    row = await take_back(desk.node, ask.text("id"), ask.officer())
    return await shown_draft(desk, ask, row)


async def change_draft(desk: Desk, ask: Ask) -> Answer:
    """Hand in another file in place of the own draft."""
    row = await own_draft(desk.node, ask.text("id"), ask.officer())
    link = await link_of(desk, row.link) if row.link else None
    if link is None:
        raise UsageError("the draft names no partner", hint="discard it, and send a new one with --to")
    _, sources = await sources_for(desk, link.partner, ask.officer())
    document = fill(ask.object("document"), sources).document
    attached = attach(document, files_of(ask, document)) if ask.members.get("files") else None
    whole, parts = (attached.document, attached.parts) if attached else (document, ())
    return sent_answer(link, await change(desk.node, row.id, ask.officer(), whole, parts))


async def discard_draft(desk: Desk, ask: Ask) -> Answer:
    """Destroy the own draft, or one whose author has left."""
    row = await discard(desk.node, ask.text("id"), ask.officer())
    return {"id": row.id, "type": row.type}


def returned_answer(returned: Returned | None, *, with_reason: bool) -> Answer | None:
    """Return who took a draft out of the hands of the releasers; why, for its author alone."""
    if returned is None:
        return None
    found: Answer = {"by": returned.by, "at": when(returned.at), "is_sent_back": bool(returned.reason)}
    return found | ({"reason": returned.reason} if with_reason else {})


def questions_answer(document: Document, partner: str) -> list[Answer]:
    """Return what whoever releases it has to look at; the code of an agency begins with its country."""
    return [asdict(question) for question in release_questions(document, to=partner[:2])]


def files_of(ask: Ask, document: Document) -> list[FileToAttach]:
    """Return the files that travel with a message; in one about one person they are about that person."""
    files = ask.members["files"]
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise UsageError("files is not a list of groups")
    persons = persons_of(document)
    only = text_at(persons[0], "case_code") if len(persons) == 1 else ""
    return [_file(Ask(file), only) for file in files]


def _file(file: Ask, only: str) -> FileToAttach:
    case, readers = file.text("case_code", only), file.texts("readers")
    return FileToAttach(
        data=unb64url(file.text("data")),
        type=file.text("type"),
        case_code=case or None,
        readers=readers,
        strip=file.flag("strip"),
    )


def _about(uow: UnitOfWork, node: Node, row: DraftRow) -> Answer:
    link, sent_back = uow.links.get(row.link) if row.link else None, story_of(row.story).sent_back
    broken_at = last_break(uow, node, link.link) if link else None
    return {
        "draft": {
            "id": row.id,
            "type": row.type,
            "partner": link.partner if link else "",
            "prepared_by": row.prepared_by,
            "digest": row.digest,
            "returned": returned_answer(row.returned, with_reason=True),
            "sent_back": returned_answer(sent_back, with_reason=True),
            "from_before_restore": is_from_before(row.id, broken_at),
            "author_left": has_left(uow, row.prepared_by, node.clock.now()),
        }
    }


def _content(read: Readable, document: Document, partner: str) -> Answer:
    return {
        "document": read.document,
        "withheld": withheld_answer(read.withheld),
        "questions": questions_answer(document, partner),
    }


def _looked(
    uow: UnitOfWork, node: Node, reader: Reader, row: DraftRow, shown: Document
) -> list[dict[str, Any]]:
    """Remember that an officer looked at a draft, and return what changed since the look before."""
    story = story_of(row.story)
    before = story.before(reader.officer, row.digest)
    looked = story.looked(reader.officer, row.digest)
    if looked != story and reader.officer != row.prepared_by:
        uow.drafts.save(replace(row, story=story_bytes(looked)))
    if before is None or before.digest == row.digest:
        return []
    earlier = read_draft(uow, node, reader, before.document, row).document
    return [asdict(one) for one in differences(earlier, shown)]


COMMANDS: dict[str, Command] = {
    "message.own_draft": show_own_draft,
    "message.send_back": send_back_draft,
    "message.take_back": take_back_draft,
    "message.change": change_draft,
    "message.discard": discard_draft,
}
