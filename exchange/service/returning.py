# SPDX-License-Identifier: Apache-2.0
"""A draft that is not released: the second person sends it back, its author takes it back and changes it.

    send_back  the second person says why; nobody releases it now, its author is told
    take_back  the author, as long as it has no number: also one that was released and waits for the gate
    change     the author hands in another document under the same number; it waits for a second person again
    discard    the author destroys it; if the author has left, somebody who may release

Each act asks in its own transaction whether the draft is still what was shown (`draft_unchanged`): of a
release and a return at the same time exactly one happens, and the other person is told which. Each is
recorded; the reason stands in the draft alone, sealed.

On the pages a draft that is taken back becomes the form again from which it came (`taken_back`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from exchange.errors import DraftMovedError, InputError, UsageError
from exchange.ids import Digest, OfficerNumber
from exchange.messages.document import header_of, text_at
from exchange.messages.filling import release_digest
from exchange.messages.media import Carried
from exchange.protocol.parts import Document
from exchange.service.draft_story import Returned, Story, Version, story_bytes, story_of
from exchange.service.draft_unchanged import demand_handed_in, demand_unchanged
from exchange.service.drafts import Fate, Sent, find_draft
from exchange.service.enclosures import kept, unkept
from exchange.service.facts import two_person_reason
from exchange.service.node import Node
from exchange.service.own_officers import has_left
from exchange.service.ports import UnitOfWork
from exchange.service.release import check_draft, demand_officer, demand_whole
from exchange.service.rows import AuditRow, DraftRow

MOST_REASON: Final = 500
"""Characters of a reason: some sentences. It stands on the list of work, where it is opened each time."""


async def send_back(
    node: Node, prefix: str, second: OfficerNumber, *, reason: str, digest: Digest | None = None
) -> DraftRow:
    """Send a draft back to its author with a reason, and return it.

    Raises:
        UsageError: no such draft, it is one's own, or no reason is said.
        InputError: the draft is another one than was shown (`digest`).
        DraftMovedError: it was released, sent back or taken back meanwhile.
        NodeError: the second person is not in the directory.
    """
    text = _reason(reason)
    row = await find_draft(node, prefix)
    demand_handed_in(row)
    if row.prepared_by == second:
        raise UsageError(
            "nobody sends back the own message", hint=f"take it back: exchange message take-back {row.id}"
        )
    if digest is not None and digest != row.digest:
        raise InputError(
            "the draft changed since it was shown to you", hint="read it again: exchange message show"
        )
    if row.waiting:
        raise DraftMovedError("it was released, and waits until the partner can be reached")
    returned = Returned(second, node.clock.now(), text)
    story = replace(followed(row), sent_back=returned)
    changed = replace(row, approved_by=None, returned=returned, story=story_bytes(story))

    def unit(uow: UnitOfWork) -> None:
        demand_officer(uow, second, node.clock.now())
        _replace(uow, row, changed)
        _record(uow, node, row, "draft_sent_back", second)

    await node.store.write(unit)
    return changed


async def take_back(node: Node, prefix: str, officer: OfficerNumber) -> DraftRow:
    """Take back the own draft, so that nobody releases it, and return it.

    Raises:
        UsageError: no such draft, or it is of somebody else.
        DraftMovedError: it was released meanwhile.
    """
    row = await own_draft(node, prefix, officer)
    if row.returned is not None:  # it was sent back: nobody releases it already
        return row
    returned = Returned(officer, node.clock.now())
    story = story_bytes(followed(row))
    changed = replace(row, approved_by=None, waiting=False, returned=returned, story=story)

    def unit(uow: UnitOfWork) -> None:
        _replace(uow, row, changed)
        _record(uow, node, row, "draft_taken_back", officer)

    await node.store.write(unit)
    return changed


async def change(
    node: Node,
    prefix: str,
    officer: OfficerNumber,
    document: Document,
    attachments: Sequence[Carried] = (),
) -> Sent:
    """Hand in another document in place of the own draft; it waits for a second person.

    Raises:
        UsageError: no such draft, or it is of somebody else.
        InputError: something is wrong with the document, or it is of another type.
        DraftMovedError: the draft was released meanwhile.
    """
    row = await own_draft(node, prefix, officer)
    if row.link is None or text_at(header_of(document), "type") != row.type:
        raise InputError(f"the file is not of type {row.type}", hint="discard the draft, and send a new one")
    demand_whole(await check_draft(node, row.link, document, officer, attachments))
    changed = replace(
        row,
        document=kept(document, attachments),
        digest=release_digest(document),
        approved_by=None,
        waiting=False,
        returned=None,
        story=story_bytes(replace(followed(row), form=None)),
    )

    def unit(uow: UnitOfWork) -> None:
        _replace(uow, row, changed)
        _record(uow, node, row, "draft_changed", officer)

    await node.store.write(unit)
    why = two_person_reason(document) or ""
    return Sent(Fate.NEEDS_SECOND, row.link, row.id, row.type, changed.digest, reason=why)


async def discard(node: Node, prefix: str, officer: OfficerNumber) -> DraftRow:
    """Destroy the own draft, or one whose author has left, and return it.

    Whether the officer may release is the business of the doors.

    Raises:
        UsageError: no such draft, or it is of somebody else who is still here.
        DraftMovedError: it was released meanwhile.
    """
    row = await find_draft(node, prefix)

    def unit(uow: UnitOfWork) -> None:
        if not has_left(uow, row.prepared_by, node.clock.now()):
            _demand_own(row, officer)
        demand_unchanged(uow, row)
        uow.drafts.delete(row.id)
        _record(uow, node, row, "draft_discarded", officer)

    await node.store.write(unit)
    return row


async def own_draft(node: Node, prefix: str, officer: OfficerNumber) -> DraftRow:
    """Return the draft of an officer whose id begins or ends with `prefix`.

    Raises:
        UsageError: none, several, or it is of somebody else.
    """
    row = await find_draft(node, prefix)
    _demand_own(row, officer)
    return row


def _demand_own(row: DraftRow, officer: OfficerNumber) -> None:
    if row.prepared_by != officer:
        raise UsageError(
            "only who prepared a message takes it back or changes it",
            hint=f"send it back: exchange message send-back {row.id} --reason TEXT",
        )


def followed(row: DraftRow) -> Story:
    """Return the story of a draft, with the draft itself as its newest version."""
    story, document = story_of(row.story), unkept(row.document)[0]
    alone = row.waiting and row.approved_by is None
    story = replace(story, is_for_two=story.is_for_two or not alone)
    return story.followed(Version(row.digest, document))


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise UsageError("say why it is sent back", hint="its author reads it and can mend it")
    if len(reason) > MOST_REASON:
        raise UsageError(f"the reason has {len(reason)} characters", hint=f"at most {MOST_REASON}")
    return reason


def _replace(uow: UnitOfWork, row: DraftRow, changed: DraftRow) -> None:
    demand_unchanged(uow, row)
    uow.drafts.save(changed)


def _record(uow: UnitOfWork, node: Node, row: DraftRow, act: str, officer: OfficerNumber) -> None:
    uow.audit.record(AuditRow(node.clock.now(), officer, act, row.id))
