# SPDX-License-Identifier: Apache-2.0
"""Release: the second person looks at everything that will be sent, and approves exactly that.

The form carries the digest of what was shown. A draft that changed since is refused, and so is one's own.
In an emergency one person released alone; then the second one looks at the message and agrees or objects.
"""

from exchange.cases.permissions import Act
from exchange.errors import UsageError
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.lines import files_of, shown_document
from exchange.interfaces.web.pages.steps import asked_about, changed_type
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.drafts import find_draft
from exchange.service.enclosures import unkept
from exchange.service.facts import two_person_reason


async def show(clerk: Clerk) -> Reply:
    """Return a draft with everything that the partner would see."""
    return await _page(clerk)


async def _page(clerk: Clerk, *, not_looked: bool = False) -> Reply:
    found = await clerk.ask("message.show", id=clerk.asked.places["id"])
    if "draft" not in found:
        return Redirect(f"/message/{found['message']['id']}")
    draft = await find_draft(clerk.node, found["draft"]["id"])
    changed = await changed_type(clerk, found["document"])
    values = {
        "draft": found["draft"],
        "shown": shown_document(clerk.asked, found["document"], found["withheld"], changed=changed),
        "written_in": str(found["document"]["header"].get("language", "")),
        "files": files_of(found["document"]),
        "questions": asked_about(draft.type, found["questions"]),
        "reason": two_person_reason(unkept(draft.document)[0]),
        "own_draft": draft.prepared_by == clerk.officer,
        "waiting": draft.waiting,
        "type": draft.type,
        "may_release": clerk.may(Act.RELEASE) and draft.prepared_by != clerk.officer,
        "not_looked": not_looked,
    }
    return Page("release.html", values, status=400 if not_looked else 200)


async def release(clerk: Clerk) -> Reply:
    """Release what was shown."""
    digest = clerk.asked.text("digest")
    if not digest or clerk.asked.text("looked") != "yes":
        return await _page(clerk, not_looked=True)
    sent = await clerk.ask("message.release", id=clerk.asked.places["id"], digest=digest)
    return Redirect(f"/sent/{sent['id']}")


async def review(clerk: Clerk) -> Reply:
    """Record what the second person thinks of a message that one person released in an emergency."""
    said, digest = clerk.asked.text("said"), clerk.asked.text("digest")
    if said not in ("agrees", "objects") or not digest:
        raise UsageError("say whether you agree or object", hint="go back and press one of the two buttons")
    place = clerk.asked.places["id"]
    await clerk.ask("message.review", id=place, digest=digest, objects=said == "objects")
    return Redirect(f"/message/{place}")
