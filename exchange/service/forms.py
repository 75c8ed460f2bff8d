# SPDX-License-Identifier: Apache-2.0
"""A message while an officer writes it, question by question.

1. Each saved step grows the version of the form. A step that names an older version is stale: it is not
   saved, and the officer sees both (two windows, or two clicks).
2. Only the officer who began a form sees it and goes on with it.
3. Sending turns the form into a draft of the same number in one commit, then releases that draft. The draft
   can become one message only (`release`), so a second click, another window or a restart in between send
   nothing twice. If it cannot be released now, the form is put back as it was.
4. Files are kept, sealed, with the form until it is sent; they become parts of the draft (`attachments`).
5. If the act needs two persons, the draft stays for the second one (`drafts.approve`). So does one that was
   with a second person before: who takes it back and changes it does not send it alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from exchange.errors import ExchangeError, StaleFormError, UsageError
from exchange.ids import LinkId, MessageId, OfficerNumber, b64url, new_message_id, unb64url
from exchange.messages.attachments import FileToAttach
from exchange.messages.filling import release_digest
from exchange.messages.media import Carried
from exchange.protocol.parts import Document
from exchange.service.draft_story import Story, read_story, story_bytes, story_members
from exchange.service.draft_unchanged import is_unchanged
from exchange.service.drafts import Fate, Sent, release_draft
from exchange.service.enclosures import kept
from exchange.service.facts import two_person_reason
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import check_draft, demand_whole
from exchange.service.rows import AuditRow, DraftRow
from exchange.service.staff import FormRow

MOST_FORMS: Final = 50
"""Forms that one officer may have open."""
MOST_BYTES: Final = 4 * 1024 * 1024
_STALE: Final = "this form was changed or sent meanwhile, perhaps in another window"


@dataclass(frozen=True)
class Form:
    """A form with what was entered so far."""

    row: FormRow
    after: str
    """Number of the message it answers or follows, "" for none."""
    given: dict[str, Any]
    """`header`, `content` and `persons` as they were entered."""
    answered: tuple[str, ...]
    """Places of the questions that were answered, also with nothing."""
    files: tuple[FileToAttach, ...] = ()
    """What goes with it, in the order of its attachment list."""
    story: Story = field(default_factory=Story)
    """What it was before, if it was a draft already."""

    @property
    def id(self) -> MessageId:
        return self.row.id


async def begin_form(
    node: Node,
    link: LinkId,
    type_code: str,
    officer: OfficerNumber,
    *,
    given: dict[str, Any],
    after: str = "",
    answered: Sequence[str] = (),
) -> Form:
    """Begin a form and return it; `answered` are the places of questions that are answered already.

    Raises:
        UsageError: the officer has too many open ones.
    """
    now = node.clock.now()
    row = FormRow(new_message_id(now, node.random), link, officer, type_code, b"", 0, now)
    form = Form(row, after, given, tuple(answered))

    def unit(uow: UnitOfWork) -> Form:
        return keep_form(uow, node, form)

    return await node.store.write(unit)


def keep_form(uow: UnitOfWork, node: Node, form: Form) -> Form:
    """Keep a form that is not in the store yet.

    Raises:
        UsageError: the officer has too many open ones.
    """
    if len(uow.staff.forms.of(form.row.officer)) >= MOST_FORMS:
        raise UsageError(f"you have {MOST_FORMS} messages open", hint="send or discard some first")
    return _save(uow, node, form)


async def open_form(node: Node, id: MessageId, officer: OfficerNumber) -> Form:
    """Return a form of an officer.

    Raises:
        UsageError: there is none of this number, or it is of another officer.
    """
    return await node.store.read(lambda uow: _form(uow, id, officer))


async def forms_of(node: Node, officer: OfficerNumber) -> list[FormRow]:
    """Return the forms of an officer without what was entered, last changed first."""
    return await node.store.read(lambda uow: uow.staff.forms.of(officer))


async def newest_forms(node: Node, officer: OfficerNumber, *, limit: int) -> list[Form]:
    """Return the forms of an officer that changed last, with what was entered."""

    def unit(uow: UnitOfWork) -> list[Form]:
        rows = [uow.staff.forms.get(row.id) for row in uow.staff.forms.of(officer)[:limit]]
        return [_read(row) for row in rows if row is not None]

    return await node.store.read(unit)


async def save_step(
    node: Node,
    id: MessageId,
    officer: OfficerNumber,
    *,
    version: int,
    given: dict[str, Any],
    answered: Sequence[str],
) -> Form:
    """Keep one more step.

    Raises:
        StaleFormError: the form is at another version, or gone.
    """

    def unit(uow: UnitOfWork) -> Form:
        form = _fresh(uow, id, officer, version)
        steps = tuple(dict.fromkeys((*form.answered, *answered)))
        return _save(uow, node, replace(form, given=given, answered=steps))

    return await node.store.write(unit)


async def save_files(
    node: Node, id: MessageId, officer: OfficerNumber, *, version: int, files: Sequence[FileToAttach]
) -> Form:
    """Keep the files that go with a form, in place of those before.

    Raises:
        StaleFormError: the form is at another version, or gone.
        UsageError: they are too many or too long together.
    """

    def unit(uow: UnitOfWork) -> Form:
        return _save(uow, node, replace(_fresh(uow, id, officer, version), files=tuple(files)))

    return await node.store.write(unit)


async def drop_form(node: Node, id: MessageId, officer: OfficerNumber) -> None:
    """Discard a form; what was entered is destroyed."""

    def unit(uow: UnitOfWork) -> None:
        _form(uow, id, officer)
        uow.staff.forms.delete(id)
        uow.audit.record(AuditRow(node.clock.now(), officer, "form_discarded", id))

    await node.store.write(unit)


async def send_form(
    node: Node,
    id: MessageId,
    officer: OfficerNumber,
    *,
    version: int,
    document: Document,
    attachments: Sequence[Carried] = (),
    files: Sequence[FileToAttach] | None = None,
    ticked: str = "",
) -> Sent:
    """Send what a form became (3, 5); `attachments` are the parts that `attach` gave for the document.

    `files` are what its attachments were made of, if the form does not hold them: who takes the draft back
    finds them in the form again. `ticked` are the doubts that its author ticked, recorded in the commit that
    makes the draft.

    Raises:
        StaleFormError: the form is at another version, or was sent.
        InputError: something is wrong with it; the form is as it was.
        NodeError: the node cannot send now; the form is as it was.
    """
    form = await node.store.read(lambda uow: _fresh(uow, id, officer, version))
    demand_whole(await check_draft(node, form.row.link, document, officer, attachments))
    whole = form if files is None else replace(form, files=tuple(files))
    draft = _draft(node, whole, document, attachments)

    def unit(uow: UnitOfWork) -> None:
        _fresh(uow, id, officer, version)
        uow.staff.forms.delete(id)
        uow.drafts.save(draft)
        uow.audit.record(AuditRow(node.clock.now(), officer, "draft_kept", draft.id, result="form"))
        if ticked:
            uow.audit.record(AuditRow(node.clock.now(), officer, "doubts_ticked", draft.id, result=ticked))

    await node.store.write(unit)
    reason = two_person_reason(document) or ""
    if reason or form.story.is_for_two:
        return Sent(Fate.NEEDS_SECOND, form.row.link, draft.id, draft.type, draft.digest, reason=reason)
    try:
        return await release_draft(node, draft)
    except ExchangeError:
        await node.store.write(lambda uow: _put_back(uow, form, draft))
        raise


def _draft(node: Node, form: Form, document: Document, attachments: Sequence[Carried]) -> DraftRow:
    return DraftRow(
        id=form.id,
        link=form.row.link,
        type=form.row.type,
        document=kept(document, attachments),
        prepared_by=form.row.officer,
        digest=release_digest(document),
        approved_by=None,
        created_at=node.clock.now(),
        story=story_bytes(replace(form.story, form={**_entered(form), "version": form.row.version})),
    )


def _put_back(uow: UnitOfWork, form: Form, draft: DraftRow) -> None:
    """Turn a draft that could not be released into the form again, unless it became something after all."""
    if is_unchanged(uow, draft):
        uow.drafts.delete(draft.id)
        uow.staff.forms.save(form.row)


def _form(uow: UnitOfWork, id: MessageId, officer: OfficerNumber) -> Form:
    row = uow.staff.forms.get(id)
    if row is None or row.officer != officer:
        raise UsageError(f"no message {id} is being written by you", hint="look at your work of today")
    return _read(row)


def _fresh(uow: UnitOfWork, id: MessageId, officer: OfficerNumber, version: int) -> Form:
    row = uow.staff.forms.get(id)
    if row is None or row.officer != officer or row.version != version:
        raise StaleFormError(_STALE, hint="look at it again")
    return _read(row)


def _save(uow: UnitOfWork, node: Node, form: Form) -> Form:
    entered = _entered(form)
    content = json.dumps(entered).encode()
    if len(content) > MOST_BYTES:
        raise UsageError("the form has become too long", hint="send fewer persons or files in one message")
    story = story_members(form.story)
    if story:
        content = json.dumps({**entered, "story": story}).encode()
    row = replace(form.row, content=content, version=form.row.version + 1, changed_at=node.clock.now())
    uow.staff.forms.save(row)
    return replace(form, row=row)


def _read(row: FormRow) -> Form:
    members = json.loads(row.content)
    return form_of_entered(row, members, read_story(members.get("story", {})))


def form_of_entered(row: FormRow, members: Mapping[str, Any], story: Story) -> Form:
    """Return a form of what was entered, as `Story.form` holds it."""
    files = tuple(_file(one) for one in members.get("files", ()))
    return Form(row, members["after"], members["given"], tuple(members["answered"]), files, story)


def _entered(form: Form) -> dict[str, Any]:
    return {
        "after": form.after,
        "given": form.given,
        "answered": form.answered,
        "files": [_file_members(file) for file in form.files],
    }


def _file_members(file: FileToAttach) -> dict[str, Any]:
    return {
        "data": b64url(file.data), "type": file.type, "case": file.case_code,
        "readers": file.readers, "strip": file.strip,
    }  # fmt: skip


def _file(members: dict[str, Any]) -> FileToAttach:
    return FileToAttach(
        data=unb64url(members["data"]),
        type=members["type"],
        case_code=members["case"],
        readers=tuple(members["readers"]),
        strip=members["strip"],
    )
