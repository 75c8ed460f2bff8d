# SPDX-License-Identifier: Apache-2.0
"""Command that opens one file of a message or a draft; recorded with its purpose.

A file is opened by whom the table shows its entry in the attachment list (`cases.readable`): one of class S4
by its named readers and its author. A file about one person goes with the desk of that person's case.
"""

from collections.abc import Sequence

from exchange.errors import NotAllowedError, UsageError
from exchange.ids import CaseCode, b64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of, reader_for
from exchange.messages.document import Document, header_of, objects_at, text_at
from exchange.messages.media import Carried
from exchange.protocol.parts import attachments_of, join_parts
from exchange.service.access import CasePlace
from exchange.service.enclosures import unkept
from exchange.service.ports import UnitOfWork
from exchange.service.reading import demand_desk, note_opening, open_document, read_draft, sees_whole
from exchange.service.returning import own_draft
from exchange.service.rows import DraftRow, MessageRow


async def open_file(desk: Desk, ask: Ask) -> Answer:
    """Return the bytes of a file by its number in the attachment list."""
    prefix = ask.text("id")
    drafts = await desk.node.store.read(lambda uow: uow.drafts.find(prefix))
    if len(drafts) == 1:
        [draft] = drafts
        return await desk.node.store.write(lambda uow: _of_draft(uow, desk, ask, draft))
    row = await message_of(desk, prefix)
    return await desk.node.store.write(lambda uow: _of_message(uow, desk, ask, row))


async def open_own_file(desk: Desk, ask: Ask) -> Answer:
    """Return the bytes of a file of the own draft: to read it needs no more than to have added it."""
    draft = await own_draft(desk.node, ask.text("id"), ask.officer())
    return await desk.node.store.write(lambda uow: _of_draft(uow, desk, ask, draft))


def _of_draft(uow: UnitOfWork, desk: Desk, ask: Ask, draft: DraftRow) -> Answer:
    number, reader = ask.number("number"), reader_for(uow, ask)
    document, parts = unkept(draft.document)
    _demand_shown(read_draft(uow, desk.node, reader, document, draft).document, document, number)
    found = _entry(document, parts, number)
    if found["case_code"] and draft.link and not sees_whole(reader, draft):
        demand_desk(uow, desk.node, reader, [CasePlace(draft.link, CaseCode(found["case_code"]))])
    note_opening(uow, desk.node, reader, draft.id, act="file_opened", result=f"file_{number}")
    return found


def _of_message(uow: UnitOfWork, desk: Desk, ask: Ask, row: MessageRow) -> Answer:
    number, reader = ask.number("number"), reader_for(uow, ask)
    parts = [part.raw for part in uow.contents.parts(row.link, row.direction, row.seq)]
    if len(parts) < 2:
        raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
    document = join_parts(parts)
    found = _entry(document, attachments_of(parts), number)
    if found["case_code"]:
        demand_desk(uow, desk.node, reader, [CasePlace(row.link, CaseCode(found["case_code"]))])
    result = f"file_{number}"
    shown = open_document(uow, desk.node, reader, row, document, act="file_opened", result=result)
    _demand_shown(shown.document, document, number)
    return found


def _demand_shown(shown: Document, document: Document, number: int) -> None:
    """Return if a reader sees the entry of a file; a file that is not there is told elsewhere."""
    entry = _listed(document, number)
    if entry is None or _listed(shown, number) is not None:
        return
    readers = entry.get("readers")
    named = ", ".join(map(str, readers)) if isinstance(readers, list) else ""
    raise NotAllowedError(
        f"file {number} is for its named readers", hint=f"ask {named or 'who wrote the message'}"
    )


def _listed(document: Document, number: int) -> Document | None:
    entries = objects_at(header_of(document), "attachments")
    return next((one for one in entries if one.get("number") == number), None)


def _entry(document: Document, parts: Sequence[Carried], number: int) -> Answer:
    entry = _listed(document, number)
    carried = next((one for one in parts if one.number == number), None)
    if entry is None or carried is None:
        raise UsageError(f"there is no file {number} here", hint="look at the list of files")
    readers = entry.get("readers")
    return {
        "type": text_at(entry, "type"),
        "media_type": text_at(entry, "media_type"),
        "case_code": text_at(entry, "case_code"),
        "readers": readers if isinstance(readers, list) else [],
        "data": b64url(carried.data),
    }


COMMANDS: dict[str, Command] = {"message.file": open_file, "message.own_file": open_own_file}
