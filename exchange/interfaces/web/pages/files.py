# SPDX-License-Identifier: Apache-2.0
"""Files that go with a message: added to a form and taken off it again, opened from a message or a draft.

1. A file is looked through when it is added (`messages.attachments`), so that what is wrong with it is told
   while the officer still has it at hand.
2. It is opened as a download: a partner's file is never shown as a page of ours (threat model, section 3).
   Its name says only which message and number it is.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from exchange.errors import InputError, StaleFormError, UsageError
from exchange.ids import parse_message_id, unb64url
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.returning import became, is_own_draft
from exchange.interfaces.web.pages.writing import form_of, is_gone
from exchange.interfaces.web.replying import Download, Page, Redirect, Reply
from exchange.messages.attachments import FileToAttach, attach
from exchange.messages.codelists import codelist
from exchange.messages.document import Document
from exchange.messages.header_rules import MAX_INLINE, MAX_INLINE_BYTES, NOT_EXCHANGED
from exchange.messages.media import JPEG, PDF, PNG, TEXT
from exchange.service.forms import Form, save_files

NAMED_READERS: Final = "S4"
ENDINGS: Final = {PDF: "pdf", JPEG: "jpg", PNG: "png", TEXT: "txt"}
"""Media types that travel, with the ending of the name on the disk."""
_EMPTY: Final[Document] = {"header": {}, "content": {}, "persons": []}


@dataclass(frozen=True)
class FileProblem:
    """What is wrong with what was added, in words of the page, and the field where it is told."""

    place: str
    code: str


def file_choices() -> list[dict[str, Any]]:
    """Return the types of documents that may be exchanged, in the order of their list."""
    rows = codelist("attachment-types").codes
    return [
        {"code": code, "named": row.extra["sensitivity"] == NAMED_READERS}
        for code, row in rows.items()
        if code not in NOT_EXCHANGED
    ]


async def listed(clerk: Clerk) -> Reply:
    """Show the files of a form, and ask for one more."""
    if await is_gone(clerk):
        return await became(clerk, parse_message_id(clerk.asked.places["id"]))
    return _page(await form_of(clerk))


async def add(clerk: Clerk) -> Reply:
    """Add one file to a form."""
    form = await form_of(clerk)
    file = _file(clerk, form)
    problem = _problem(form, file)
    if problem is not None:
        return _page(form, clerk=clerk, problem=problem)
    return await _saved(clerk, form, (*form.files, file))


async def take_off(clerk: Clerk) -> Reply:
    """Take one file off a form; its bytes are forgotten."""
    form, number = await form_of(clerk), clerk.asked.number("number")
    kept = tuple(file for place, file in enumerate(form.files, start=1) if place != number)
    return await _saved(clerk, form, kept)


async def open_file(clerk: Clerk) -> Download:
    """Return a file of a message; recorded as opening it."""
    return await _opened(clerk, "message.file")


async def open_draft_file(clerk: Clerk) -> Reply | Download:
    """Return a file of a draft; recorded as opening it."""
    id = parse_message_id(clerk.asked.places["id"])
    if await clerk.node.store.read(lambda uow: uow.drafts.get(id)) is None:
        return await became(clerk, id)
    return await _opened(clerk, "message.own_file" if await is_own_draft(clerk) else "message.file")


async def _opened(clerk: Clerk, command: str) -> Download:
    number, place = clerk.asked.places["n"], clerk.asked.places["id"]
    if not (number.isascii() and number.isdigit()):
        raise UsageError("there is no such file here", hint="look at the list of files")
    found = await clerk.ask(command, id=place, number=int(number[:4]))
    ending = ENDINGS.get(found["media_type"], "bin")
    kind = found["media_type"] if found["media_type"] in ENDINGS else "application/octet-stream"
    return Download(unb64url(found["data"]), kind, f"file-{number}-{place}.{ending}")


async def _saved(clerk: Clerk, form: Form, files: tuple[FileToAttach, ...]) -> Reply:
    try:
        version = clerk.asked.number("version")
        await save_files(clerk.node, form.id, clerk.officer, version=version, files=files)
    except StaleFormError:
        return _page(form, clerk=clerk, problem=FileProblem("file", "stale"))
    return Redirect(f"/form/{form.id}/files")


def _file(clerk: Clerk, form: Form) -> FileToAttach:
    """Return what was added; a file of a message about one person is about that person."""
    asked = clerk.asked
    cases = [str(person.get("case_code", "")) for person in form.given["persons"]]
    case = asked.text("case") if asked.text("case") in cases else ""
    readers = tuple(asked.written("readers").replace(",", " ").upper().split())
    return FileToAttach(
        data=asked.file("file"),
        type=asked.text("type"),
        case_code=case or (cases[0] if len(cases) == 1 else None),
        readers=readers,
        strip=asked.text("strip") == "yes",
    )


def _problem(form: Form, file: FileToAttach) -> FileProblem | None:
    """Return what is wrong with a file, or None."""
    if len(form.files) >= MAX_INLINE:
        return FileProblem("file", "too_many")
    if not file.data:
        return FileProblem("file", "none")
    chosen = {row["code"]: row["named"] for row in file_choices()}
    if file.type not in chosen:
        return FileProblem("type", "type")
    if chosen[file.type] and not file.readers:
        return FileProblem("readers", "readers")
    return file_problem(file)


def file_problem(file: FileToAttach) -> FileProblem | None:
    """Return what is wrong with the bytes of a file, or None."""
    try:
        attach(_EMPTY, [replace(file, readers=())])
    except InputError as error:
        rule = error.faults[0].rule if error.faults else ""
        if rule == "attachment.inline" and len(file.data) > MAX_INLINE_BYTES:
            return FileProblem("file", "too_large")
        return FileProblem("file", rule.rpartition(".")[2] or "content")
    return None


def _page(form: Form, *, clerk: Clerk | None = None, problem: FileProblem | None = None) -> Page:
    values = {
        "form": form,
        "type": form.row.type,
        "files": form.files,
        "cases": [person.get("case_code", "") for person in form.given["persons"]],
        "names": [_name(person) for person in form.given["persons"]],
        "types": file_choices(),
        "most": MAX_INLINE,
        "inputs": clerk.asked.fields if clerk else {},
        "problem": problem,
    }
    return Page("files.html", values, status=400 if problem else 200)


def _name(person: dict[str, Any]) -> str:
    names = person.get("names") or [{}]
    return str(names[0].get("full") or person.get("case_code", ""))
