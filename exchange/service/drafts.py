# SPDX-License-Identifier: Apache-2.0
"""Drafts on their way to release: one officer prepares, a second one approves where two are needed.

    send     complete and allowed?  -> released now
                                    -> kept for a second person (the act needs two, and it is no emergency)
                                    -> kept as waiting (the start gate is closed)
    approve  the second person sees the digest of what was shown, then it is released or waits

What was sent back, or taken back by its author, nobody releases until it is handed in again (`returning`).
A waiting draft was released by its officers; it is checked again and takes its number when the gate
opens. If it is not allowed any more by then, it stays a draft and its officer is told. So does what waited
since before a restore (`restored_drafts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from exchange.errors import (
    ClockError,
    ExchangeError,
    GateClosedError,
    InputError,
    NodeError,
    StoreError,
    UsageError,
)
from exchange.ids import Digest, LinkId, MessageId, OfficerNumber, new_message_id
from exchange.messages.filling import release_digest
from exchange.messages.forms import check_form
from exchange.messages.media import Carried
from exchange.protocol.parts import Document
from exchange.service.batching import each_does_this_step
from exchange.service.draft_story import story_of
from exchange.service.draft_unchanged import demand_handed_in, demand_unchanged, is_unchanged
from exchange.service.enclosures import kept, unkept
from exchange.service.facts import two_person_reason
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import check_draft, demand_officer, demand_whole, release, release_checked
from exchange.service.restored_drafts import hold, hold_waiting
from exchange.service.rows import AuditRow, Direction, DraftRow
from exchange.service.unique_match import the_only


class Fate(StrEnum):
    RELEASED = "released"
    NEEDS_SECOND = "needs_second"
    WAITING = "waiting"


@dataclass(frozen=True)
class Sent:
    """What became of a message that an officer sent. `seq` is 0 until it has a number."""

    fate: Fate
    link: LinkId
    id: MessageId
    type: str
    digest: Digest
    seq: int = 0
    reason: str = ""


async def send(
    node: Node,
    link: LinkId,
    document: Document,
    officer: OfficerNumber,
    attachments: Sequence[Carried] = (),
    *,
    alone: bool = False,
) -> Sent:
    """Release a complete document, or keep it until it can be released.

    `attachments` are the parts that `attach` gave for this document. `alone`: in an emergency, without the
    second person, who looks at it afterwards; while the gate is closed it is kept for that person instead.

    Raises:
        InputError: something is wrong with it; nothing was sent, nothing was stored.
    """
    demand_whole(check_form(document, draft=True, known=node.versions))
    await each_does_this_step()
    reason = two_person_reason(document)
    await each_does_this_step()
    if reason and not alone:
        return await _keep(node, link, document, officer, attachments, fate=Fate.NEEDS_SECOND, reason=reason)
    try:
        done = await release_checked(
            node, link, document, officer=officer, attachments=attachments, alone=bool(reason)
        )
    except GateClosedError as error:
        fate = Fate.NEEDS_SECOND if reason else Fate.WAITING
        why = reason or error.reason
        return await _keep(node, link, document, officer, attachments, fate=fate, reason=why)
    return Sent(Fate.RELEASED, link, done.id, done.type, release_digest(document), done.seq)


async def approve(node: Node, prefix: str, second: OfficerNumber, *, digest: Digest | None = None) -> Sent:
    """Approve a draft as the second person and release it.

    Raises:
        UsageError: no such draft, or it is one's own.
        NodeError: the second person is not in the directory.
        InputError: the draft changed since it was shown (`digest`, without it the last look at it), or is not
            allowed any more.
        DraftMovedError: it was sent back or taken back.
    """
    row = await find_draft(node, prefix)
    demand_handed_in(row)
    if row.link is None or row.prepared_by == second:
        raise UsageError(
            "the second person must be another officer than the one who prepared the message",
            hint=f"prepared by {row.prepared_by}; run: exchange message release {row.id} --officer <another>",
        )
    if digest != row.digest and (digest is not None or story_of(row.story).is_unseen_by(second, row.digest)):
        raise InputError(
            "the draft changed since it was shown to you", hint="read it again: exchange message show"
        )
    await node.store.read(lambda uow: demand_officer(uow, second, node.clock.now()))
    approved = replace(row, approved_by=second)
    return await release_draft(node, approved)


async def find_draft(node: Node, prefix: str) -> DraftRow:
    """Return the one draft whose id begins or ends with `prefix`.

    Raises:
        UsageError: none, or several.
    """
    found = await node.store.read(lambda uow: uow.drafts.find(prefix))
    return the_only(found, "draft", f"the number {prefix}", hint="list them: exchange message list --drafts")


def _waiting(uow: UnitOfWork, link: LinkId) -> list[DraftRow]:
    waiting = [one.id for one in uow.drafts.summaries() if one.link == link and one.waiting]
    return [row for id in waiting if (row := uow.drafts.get(id)) is not None]


async def release_waiting(node: Node, link: LinkId) -> int:
    """Release the drafts of a link that wait for its gate; return how many took their number."""
    await hold_waiting(node, link)
    rows = await node.store.read(lambda uow: _waiting(uow, link))
    released = 0
    for row in rows:
        try:
            outcome = await release_draft(node, row)
        except InputError as error:
            await _stop_waiting(node, row, error)
            continue
        except UsageError:
            await node.store.write(partial(_forget_released, node=node, link=link, draft=row))
            continue
        except (StoreError, ClockError):
            raise
        except NodeError as error:  # no room, or the officer left: this one goes on waiting
            node.journal.note("link_waits", link=link, reason=error.reason)
            continue
        released += outcome.fate is Fate.RELEASED
    return released


def _forget_released(uow: UnitOfWork, *, node: Node, link: LinkId, draft: DraftRow) -> None:
    """Delete a draft that was released before: meanwhile, or after the backup that brought it back.

    One that only says what a message says goes to people.
    """
    if uow.messages.by_id(link, Direction.OUT, draft.id) is not None:
        uow.drafts.delete(draft.id)
    elif is_unchanged(uow, draft):
        hold(uow, node, draft)


async def release_draft(node: Node, row: DraftRow) -> Sent:
    """Release a kept draft, or keep it as waiting while the start gate is closed."""
    link = row.link
    if link is None:
        raise UsageError("the draft names no partner", hint="send it with --to")
    document, attachments = unkept(row.document)
    try:
        done = await release(
            node,
            link,
            document,
            officer=row.prepared_by,
            second=row.approved_by,
            approved=row.digest,
            draft=row,
            attachments=attachments,
        )
    except GateClosedError as error:
        await node.store.write(lambda uow: _let_wait(uow, row))
        return Sent(Fate.WAITING, link, row.id, row.type, row.digest, reason=error.reason)
    return Sent(Fate.RELEASED, link, done.id, done.type, row.digest, done.seq)


def _let_wait(uow: UnitOfWork, row: DraftRow) -> None:
    demand_unchanged(uow, row)
    uow.drafts.save(replace(row, waiting=True))


async def _keep(
    node: Node,
    link: LinkId,
    document: Document,
    officer: OfficerNumber,
    attachments: Sequence[Carried],
    *,
    fate: Fate,
    reason: str,
) -> Sent:
    demand_whole(await check_draft(node, link, document, officer, attachments))
    header = document["header"]
    row = DraftRow(
        id=new_message_id(node.clock.now(), node.random),
        link=link,
        type=str(header["type"]) if isinstance(header, dict) else "",
        document=kept(document, attachments),
        prepared_by=officer,
        digest=release_digest(document),
        approved_by=None,
        created_at=node.clock.now(),
        waiting=fate is Fate.WAITING,
    )

    def unit(uow: UnitOfWork) -> None:
        uow.drafts.save(row)
        uow.audit.record(AuditRow(node.clock.now(), officer, "draft_kept", row.id, result=fate.value))

    await node.store.write(unit)
    return Sent(fate, link, row.id, row.type, row.digest, reason=reason)


async def _stop_waiting(node: Node, row: DraftRow, error: ExchangeError) -> None:
    def unit(uow: UnitOfWork) -> None:
        if not is_unchanged(uow, row):
            return
        uow.drafts.save(replace(row, waiting=False))
        uow.audit.record(
            AuditRow(
                node.clock.now(), row.prepared_by, "waiting_draft_not_allowed", row.id, result=error.reason
            )
        )

    await node.store.write(unit)
