# SPDX-License-Identifier: Apache-2.0
"""A draft that its author takes back on the pages becomes a form again, under the same number.

What was entered on the pages comes back as it was entered. A draft that came from a file, a list or a program
is entered as it stands: then every member that it has counts as answered. It is not made a form if something
of it is not shown to its author, or if files travel with it: they would be lost without a word.
"""

from dataclasses import replace
from typing import Any, Final

from exchange.cases.permissions import Role
from exchange.errors import UsageError
from exchange.ids import OfficerNumber, parse_message_id
from exchange.messages.document import content_of, header_of, persons_of, text_at
from exchange.protocol.parts import Document
from exchange.service.draft_story import story_of
from exchange.service.draft_unchanged import demand_unchanged
from exchange.service.enclosures import unkept
from exchange.service.forms import Form, form_of_entered, keep_form
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, read_draft
from exchange.service.returning import followed, own_draft
from exchange.service.rows import AuditRow, DraftRow
from exchange.service.staff import FormRow

_BY_THE_PROGRAM: Final = frozenset(
    {
        "type", "type_version", "message_id", "sender", "recipient", "link", "agreement", "acting_agency",
        "officer", "sensitivity", "list_versions", "attachments", "case_codes", "in_reply_to",
    }
)  # fmt: skip
"""Members of a header that are filled each time the whole is looked at."""
_AT_THE_COMMAND_LINE = "change it at the command line: exchange message change NUMBER FILE"


async def take_back_to_form(node: Node, prefix: str, officer: OfficerNumber) -> Form:
    """Turn the own draft into the form that it came from, and return it.

    Raises:
        UsageError: no such draft, it is of somebody else, it cannot become a form, or too many are open.
        DraftMovedError: it was released meanwhile.
    """
    row = await own_draft(node, prefix, officer)

    def unit(uow: UnitOfWork) -> Form:
        demand_unchanged(uow, row)
        form = _form_of(uow, node, row)
        uow.drafts.delete(row.id)
        uow.audit.record(AuditRow(node.clock.now(), officer, "draft_taken_back", row.id, result="form"))
        return keep_form(uow, node, form)

    return await node.store.write(unit)


def _form_of(uow: UnitOfWork, node: Node, row: DraftRow) -> Form:
    if row.link is None:
        raise UsageError("the draft names no partner", hint=_AT_THE_COMMAND_LINE)
    entered = story_of(row.story).form or _entered(uow, node, row)
    story = replace(followed(row), form=None)
    version = int(entered.get("version", 0))
    form_row = FormRow(
        parse_message_id(row.id), row.link, row.prepared_by, row.type, b"", version, node.clock.now()
    )
    return form_of_entered(form_row, entered, story)


def _entered(uow: UnitOfWork, node: Node, row: DraftRow) -> dict[str, Any]:
    """Return a draft that was not written on the pages as if it had been."""
    document, files = unkept(row.document)
    reader = Reader(row.prepared_by, (Role.OFFICER,))
    if files or read_draft(uow, node, reader, document, row).withheld:
        raise UsageError("this draft was not written on the pages", hint=_AT_THE_COMMAND_LINE)
    header = {name: value for name, value in header_of(document).items() if name not in _BY_THE_PROGRAM}
    given = {"header": header, "content": content_of(document), "persons": persons_of(document), "known": []}
    return {
        "after": text_at(header_of(document), "in_reply_to"),
        "given": given,
        "answered": _answered(document),
    }


def _answered(document: Document) -> list[str]:
    of_all = [f"{part}/0/{name}" for part in ("header", "content") for name in _members(document, part)]
    persons = enumerate(persons_of(document))
    return of_all + [f"persons/{number}/{name}" for number, person in persons for name in person]


def _members(document: Document, part: str) -> dict[str, Any]:
    found = document.get(part)
    return found if isinstance(found, dict) else {}
