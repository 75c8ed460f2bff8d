# SPDX-License-Identifier: Apache-2.0
"""Release: the second person looks at everything that will be sent, and approves exactly that.

Or sends it back, with a reason. The form carries the digest of what was shown. A draft that changed since is
refused, and so is one's own. In a later round the page begins with what changed since this person looked
last. Its author finds on the same page why it was sent back, and takes it back there.

In an emergency one person released alone; then the second one looks at the message and agrees or objects.
"""

from dataclasses import dataclass, replace
from typing import Any

from exchange.cases.permissions import Act
from exchange.errors import DraftMovedError, UsageError
from exchange.ids import MessageId
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.asked_before import question_behind
from exchange.interfaces.web.pages.doubts import doubts_about
from exchange.interfaces.web.pages.lines import files_of, shown_document
from exchange.interfaces.web.pages.naming import earlier_in_words
from exchange.interfaces.web.pages.returning import (
    became,
    changes_of,
    is_own_draft,
    names_of,
    reason_problem,
)
from exchange.interfaces.web.pages.steps import asked_about, changed_type
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.document import header_of, text_at
from exchange.service.draft_acts import may_undo
from exchange.service.enclosures import unkept
from exchange.service.facts import two_person_reason
from exchange.service.restored_drafts import sent_as
from exchange.service.returning import MOST_REASON
from exchange.service.rows import DraftRow


@dataclass(frozen=True)
class Told:
    """What the page says about the act that was just tried."""

    not_looked: bool = False
    looked: bool = False
    """It was ticked, and something else is missing."""
    unconfirmed: bool = False
    """It was not said that another country than that of a person is meant."""
    reason: str = ""
    """What was typed as a reason."""
    reason_problem: str = ""

    @property
    def status(self) -> int:
        return 400 if self.not_looked or self.unconfirmed or self.reason_problem else 200


async def show(clerk: Clerk) -> Reply:
    """Return a draft with everything that the partner would see."""
    return await _page(clerk, Told())


async def _page(clerk: Clerk, told: Told) -> Reply:
    if await _is_gone(clerk):
        return await became(clerk, MessageId(clerk.asked.places["id"]))
    found = await clerk.ask(await _command(clerk), id=clerk.asked.places["id"])
    if "draft" not in found:
        return Redirect(f"/message/{found['message']['id']}")
    id = found["draft"]["id"]
    draft = await clerk.node.store.read(lambda uow: uow.drafts.get(id))
    if draft is None:
        return await became(clerk, id)
    doubts = replace(await doubts_about(clerk, draft.link, found["document"]), unconfirmed=told.unconfirmed)
    shown = await _shown(clerk, found, draft)
    values = {**shown, "doubts": doubts, "told": told, "most_reason": MOST_REASON}
    return Page("release.html", values, status=told.status)


async def _command(clerk: Clerk) -> str:
    """Return the command that shows the draft: to read the own one needs no more than to write it."""
    return "message.own_draft" if await is_own_draft(clerk) else "message.show"


async def _is_gone(clerk: Clerk) -> bool:
    """Return whether no draft has the number of the address any more."""
    place = clerk.asked.places["id"]
    return not await clerk.node.store.read(lambda uow: uow.drafts.find(place))


async def _shown(clerk: Clerk, found: Answer, draft: DraftRow) -> dict[str, Any]:
    changed = await changed_type(clerk, found["document"])
    shown = shown_document(clerk.asked, found["document"], found["withheld"], changed=changed)
    if draft.link:
        shown = await earlier_in_words(clerk, draft.link, found["document"], shown)
    asked = text_at(header_of(found["document"]), "in_reply_to")
    about, own = found["draft"], draft.prepared_by == clerk.officer
    back = about["returned"] or about["sent_back"]
    return {
        "draft": about,
        "shown": shown,
        "asked": await question_behind(clerk, draft.type, asked),
        "written_in": str(found["document"]["header"].get("language", "")),
        "files": files_of(found["document"]),
        "sent_as": await sent_as(clerk.node, draft.link, draft) if draft.link else None,
        "questions": asked_about(draft.type, found["questions"]),
        "changes": changes_of(changed or draft.type, found["changes"]),
        "reason": two_person_reason(unkept(draft.document)[0]),
        "names": await names_of(clerk, {draft.prepared_by, back["by"] if back else ""}),
        "own_draft": own,
        "waiting": draft.waiting,
        "held": draft.link is not None and clerk.node.presence.of(draft.link).pause is not None,
        "type": draft.type,
        "may_take_back": own and may_undo(clerk.session.roles, draft.type),
        "may_discard": clerk.may(Act.RELEASE) and about["author_left"],
        "may_release": clerk.may(Act.RELEASE)
        and not (own or about["author_left"] or draft.returned or draft.waiting),
    }


async def release(clerk: Clerk) -> Reply:
    """Release what was shown."""
    digest, id = clerk.asked.text("digest"), MessageId(clerk.asked.places["id"])
    if await _is_gone(clerk):
        return await became(clerk, id)
    not_looked = not digest or clerk.asked.text("looked") != "yes"
    unconfirmed = await _is_unconfirmed(clerk)
    if not_looked or unconfirmed:
        told = Told(not_looked=not_looked, looked=not not_looked, unconfirmed=unconfirmed)
        return await _page(clerk, told)
    try:
        sent = await clerk.ask("message.release", id=id, digest=digest)
    except DraftMovedError:
        return await became(clerk, id)
    clerk.house.sendings.note(id, sent["id"])
    return Redirect(f"/sent/{sent['id']}")


async def _is_unconfirmed(clerk: Clerk) -> bool:
    """Return whether the draft goes to another country than that of a person, and this was not said."""
    place = clerk.asked.places["id"]
    rows = await clerk.node.store.read(lambda uow: uow.drafts.find(place))
    if len(rows) != 1:
        return False
    return (await doubts_about(clerk, rows[0].link, unkept(rows[0].document)[0])).stop


async def send_back(clerk: Clerk) -> Reply:
    """Send back what was shown, with a reason."""
    digest, id = clerk.asked.text("digest"), MessageId(clerk.asked.places["id"])
    reason = clerk.asked.text("reason")
    if await _is_gone(clerk):
        return await became(clerk, id)
    problem = reason_problem(reason)
    if problem or not digest:
        return await _page(clerk, Told(reason=reason, reason_problem=problem or "missing"))
    try:
        await clerk.ask("message.send_back", id=id, digest=digest, reason=reason)
    except DraftMovedError:
        return await became(clerk, id)
    return Redirect(f"/draft/{id}")


async def discard(clerk: Clerk) -> Reply:
    """Destroy a draft whose author has left: nobody else can take it back."""
    id = MessageId(clerk.asked.places["id"])
    if await _is_gone(clerk):
        return await became(clerk, id)
    try:
        await clerk.ask("message.discard", id=id)
    except DraftMovedError:
        return await became(clerk, id)
    return Redirect("/today")


async def review(clerk: Clerk) -> Reply:
    """Record what the second person thinks of a message that one person released in an emergency."""
    said, digest = clerk.asked.text("said"), clerk.asked.text("digest")
    if said not in ("agrees", "objects") or not digest:
        raise UsageError("say whether you agree or object", hint="go back and press one of the two buttons")
    place = clerk.asked.places["id"]
    await clerk.ask("message.review", id=place, digest=digest, objects=said == "objects")
    return Redirect(f"/message/{place}")
