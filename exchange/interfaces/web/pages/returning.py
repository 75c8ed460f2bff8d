# SPDX-License-Identifier: Apache-2.0
"""A draft on its way back: sent back with a reason, taken back to be changed; and what became of one.

Whoever comes too late (a colleague was faster, or *Back* of the browser) is shown what became of it: the
message, the draft, the form, or the page that says that nothing of it is here any more.
"""

from exchange.cases.permissions import Act
from exchange.errors import DraftMovedError
from exchange.ids import MessageId, OfficerNumber, parse_message_id
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.lines import Line, Place, place_of, value_lines
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.document import JsonValue
from exchange.service.draft_acts import demand_author
from exchange.service.ports import UnitOfWork
from exchange.service.record_forms import RECORD
from exchange.service.returning import MOST_REASON
from exchange.service.taken_back import take_back_to_form


async def take_back(clerk: Clerk) -> Reply:
    """Turn the own draft into a form again, and show everything of it."""
    id = parse_message_id(clerk.asked.places["id"])
    draft = await clerk.node.store.read(lambda uow: uow.drafts.get(id))
    if draft is None:
        return await became(clerk, id)
    demand_author(clerk.session.roles, draft.type)
    try:
        form = await take_back_to_form(clerk.node, id, clerk.officer)
    except DraftMovedError:
        return await became(clerk, id)
    clerk.house.sendings.forget(id)
    return Redirect(_page_of(form.row.id, form.row.type))


def _page_of(id: MessageId, type_code: str) -> str:
    """Return where a form is gone on with: at the whole of it, a handover record at its own pages."""
    return f"/form/{id}" if type_code == RECORD else f"/form/{id}/check"


def reason_problem(reason: str) -> str:
    """Return what is wrong with a reason, as a word of the page, or ""."""
    if not reason.strip():
        return "missing"
    return "long" if len(" ".join(reason.split())) > MOST_REASON else ""


async def became(clerk: Clerk, id: MessageId) -> Reply:
    """Show what became of a form or a draft that is not here as such any more; its message has its number."""
    sent = clerk.house.sendings.became(id)
    if sent is not None and sent != id:
        return Redirect(f"/sent/{sent}")

    def unit(uow: UnitOfWork) -> str:
        form = uow.staff.forms.get(id)
        if form is not None and form.officer == clerk.officer:
            return _page_of(id, form.type)
        if uow.messages.find(id):
            return f"/sent/{id}"
        draft = uow.drafts.get(id)
        is_shown = draft and (draft.prepared_by == clerk.officer or clerk.may(Act.OPEN_MESSAGE))
        return f"/draft/{id}" if is_shown else ""

    to = await clerk.node.store.read(unit)
    if to and to != clerk.asked.path:
        return Redirect(to)
    return Page("gone.html", status=404)


async def is_own_draft(clerk: Clerk) -> bool:
    """Return whether the address names a draft of this officer, who reads it whatever the roles open."""
    place = clerk.asked.places["id"]
    rows = await clerk.node.store.read(lambda uow: uow.drafts.find(place))
    return [row.prepared_by for row in rows] == [clerk.officer]


async def names_of(clerk: Clerk, numbers: set[str]) -> dict[str, str]:
    """Return the names of officers of the own side by their numbers; an unknown one keeps its number."""

    def unit(uow: UnitOfWork) -> dict[str, str]:
        rows = {number: uow.officers.get(OfficerNumber(number)) for number in numbers if number}
        return {number: f"{row.name} ({number})" if row else number for number, row in rows.items()}

    return await clerk.node.store.read(unit)


def changes_of(type_code: str, changes: list[Answer]) -> list[tuple[Place, list[Line], list[Line]]]:
    """Return what differs, each as its place in words, and the lines before and after."""
    return [
        (
            place_of(type_code, one["pointer"]),
            _lines(type_code, one["pointer"], one["before"]),
            _lines(type_code, one["pointer"], one["after"]),
        )
        for one in changes
    ]


def _lines(type_code: str, pointer: str, value: JsonValue) -> list[Line]:
    part, *steps = pointer.split("/")[1:]
    below = steps[1:] if part == "persons" and steps else steps
    place = "".join(f"/{step}" for step in below)
    return value_lines(type_code, part, place, value) if value is not None else []
