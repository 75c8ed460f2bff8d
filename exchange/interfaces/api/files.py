# SPDX-License-Identifier: Apache-2.0
"""Command that opens one file of a message or a draft; recorded with its purpose.

A file of class S4 is opened by its named readers only, and by its own side, which wrote their names.
"""

from collections.abc import Sequence

from exchange.errors import NotAllowedError, UsageError
from exchange.ids import OfficerNumber, b64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of
from exchange.messages.document import Document, header_of, objects_at, text_at
from exchange.messages.media import Carried
from exchange.protocol.parts import attachments_of, join_parts
from exchange.service.drafts import find_draft
from exchange.service.enclosures import unkept
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, MessageRow


async def open_file(desk: Desk, ask: Ask) -> Answer:
    """Return the bytes of a file by its number in the attachment list."""
    officer, purpose = ask.officer(), ask.text("purpose", "case_work")
    prefix, number = ask.text("id"), ask.number("number")
    drafts = await desk.node.store.read(lambda uow: uow.drafts.find(prefix))
    if len(drafts) == 1:
        document, parts = unkept((await find_draft(desk.node, prefix)).document)
        found = _entry(document, parts, number)
        record = AuditRow(
            desk.node.clock.now(), officer, "file_opened", drafts[0].id, purpose, f"file_{number}"
        )
        await desk.node.store.write(lambda uow: uow.audit.record(record))
        return found
    row = await message_of(desk, prefix)

    def unit(uow: UnitOfWork) -> Answer:
        found = _of_message(uow, row, number, officer)
        uow.audit.record(
            AuditRow(desk.node.clock.now(), officer, "file_opened", row.id, purpose, f"file_{number}")
        )
        return found

    return await desk.node.store.write(unit)


def _of_message(uow: UnitOfWork, row: MessageRow, number: int, officer: OfficerNumber) -> Answer:
    parts = [part.raw for part in uow.contents.parts(row.link, row.direction, row.seq)]
    if len(parts) < 2:
        raise UsageError(f"the content of message {row.id} is not kept (rejected, or erased)")
    document = join_parts(parts)
    found = _entry(document, attachments_of(parts), number)
    readers = found["readers"]
    if row.direction is Direction.IN and readers and officer not in readers:
        raise NotAllowedError(
            f"file {number} of message {row.id} is for its named readers", hint=f"ask {', '.join(readers)}"
        )
    return found


def _entry(document: Document, parts: Sequence[Carried], number: int) -> Answer:
    entries = objects_at(header_of(document), "attachments")
    entry = next((one for one in entries if one.get("number") == number), None)
    carried = next((one for one in parts if one.number == number), None)
    if entry is None or carried is None:
        raise UsageError(f"there is no file {number} here", hint="look at the list of files")
    readers = entry.get("readers")
    return {
        "type": text_at(entry, "type"),
        "media_type": text_at(entry, "media_type"),
        "readers": readers if isinstance(readers, list) else [],
        "data": b64url(carried.data),
    }


COMMANDS: dict[str, Command] = {"message.file": open_file}
