# SPDX-License-Identifier: Apache-2.0
"""Who may read a case: named readers and offices, the way in in an emergency, and the second look at it."""

from exchange.cases.permissions import Act, EmergencyPurpose
from exchange.errors import OtherDeskError, UsageError
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.offices import own_offices
from exchange.interfaces.web.replying import Page, Redirect, Reply

_ON_READERS = {"propose": "reader.propose", "confirm": "reader.confirm", "end": "reader.end"}


async def show(clerk: Clerk) -> Reply:
    found = await clerk.ask("reader.list", code=clerk.asked.places["code"])
    officers = await clerk.node.store.read(lambda uow: uow.officers.list())
    values = {
        **found,
        "officers": officers,
        "offices": [code for code in own_offices(clerk) if code not in found["desks"]],
        "own": clerk.officer,
        "may_confirm": clerk.may(Act.SECOND_READING),
    }
    return Page("case_access.html", values)


async def change(clerk: Clerk) -> Reply:
    """Propose, confirm or end a reader, or give the case to an office, as the button says."""
    code, act = clerk.asked.places["code"], clerk.asked.text("act")
    if act == "give":
        await clerk.ask("case.give", code=code, office=clerk.asked.text("office"))
    elif act in _ON_READERS:
        await clerk.ask(_ON_READERS[act], code=code, reader=clerk.asked.text("reader"))
    else:
        raise UsageError("choose what to do")
    return Redirect(f"/case/{code}/access")


def other_desk(clerk: Clerk, error: OtherDeskError) -> Page:
    """Return the page that says where a case lies, with the way in for an emergency."""
    return _elsewhere(error.case if clerk.may(Act.OPEN_IN_EMERGENCY) else "")


def _elsewhere(case: str, *, without_reason: bool = False) -> Page:
    values = {"case": case, "purposes": list(EmergencyPurpose), "without_reason": without_reason}
    return Page("other_desk.html", values, status=400 if without_reason else 403)


async def emergency(clerk: Clerk) -> Reply:
    """Open a case of another office for an hour."""
    code, reason = clerk.asked.places["code"], clerk.asked.text("emergency")
    if not reason:
        return _elsewhere(code, without_reason=True)
    await clerk.ask("case.emergency", code=code, emergency=reason)
    return Redirect(f"/case/{code}")


async def review(clerk: Clerk) -> Reply:
    """Record what the second person thinks of an opening in an emergency."""
    said, number = clerk.asked.text("said"), clerk.asked.places["n"]
    if said not in ("agrees", "objects") or not number.isdigit() or len(number) > 9:
        raise UsageError("say whether you agree or object", hint="go back and press one of the two buttons")
    await clerk.ask("emergency.review", n=int(number), objects=said == "objects")
    return Redirect("/today")


async def let_go_on(clerk: Clerk) -> Reply:
    """Let an officer who opened too much go on."""
    await clerk.ask("reading.release", stopped=clerk.asked.places["officer"])
    return Redirect("/today")
