# SPDX-License-Identifier: Apache-2.0
"""Differences of two ledgers: the list, one of them, and what people do about it.

1. An auditor explains, corrects, escalates, or proposes to accept a difference as it is.
2. Another auditor or a releaser looks at such a proposal and confirms it: then the partner is told (rule 28).
3. Each form carries the digest of what was shown. If the difference changed meanwhile, nothing is done and
   the page shows it anew.

4. What corrects it is chosen from the newest messages and entries of both ledgers; the number of an older one
   can be typed.

Only numbers, entries and times stand here, never a type of a message. What is written is read by the partner.
"""

from dataclasses import replace
from typing import Any, Final

from exchange.cases.permissions import Act
from exchange.errors import StaleFormError, UsageError
from exchange.i18n import marked
from exchange.ids import AgencyCode
from exchange.interfaces.web.asking import number_in
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.auditing import note_look
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.nameable import RESOLUTION, Nameable, nameable
from exchange.service.ports import UnitOfWork
from exchange.service.resolving import How

DONE: Final = frozenset({"explain", "correct", "propose", "accept", "escalate", "give_up"})
"""What the page of a difference says after something was done."""
WAYS: Final = (How.EXPLAIN, How.CORRECT, How.ACCEPT, How.ESCALATE)
MOST_WRITTEN: Final = 8_000
"""Characters of an explanation, as the form of the message allows."""

_WRITTEN: Final = ("how", "because", "correction", "log", "entry", "message")

CHOOSE: Final = marked("Choose what is to be done")
EXPLAIN: Final = marked("Write what happened; the partner reads it")
SHORTER: Final = marked("Write it shorter: at most 8,000 characters")
NAME_ONE: Final = marked("Choose what corrects it, or enter the number of an older entry or message")
ONE_OF_BOTH: Final = marked("Choose or enter one thing that corrects it, not several")
NOT_OFFERED: Final = marked("This cannot be chosen any more. Choose what corrects it")


async def listed(clerk: Clerk) -> Reply:
    """Return the differences of a partner that are not closed, or with `all` every one."""
    return await _listed(clerk, compared=False)


async def look_again(clerk: Clerk) -> Reply:
    """Compare both ledgers now, name what is new, mend and close what ends by itself; then the list."""
    return await _listed(clerk, compared=True)


async def _listed(clerk: Clerk, *, compared: bool) -> Reply:
    every = clerk.asked.said("all") == "yes"
    partner = clerk.asked.places["partner"]
    found = await clerk.ask("difference.list", partner=partner, all=every, compare=compared)
    await note_look(clerk, act="differences_read", object=found["partner"])
    part = asked_slice(clerk.asked, ROWS)
    rows = (found["differences"][::-1] if every else found["differences"])[part.skip :]
    values = {
        "partner": found["partner"],
        "light": found["light"],
        "behind": found["behind"],
        "rows": part.shown(rows),
        "every": every,
        "compared": compared,
        "beside": part.ways(rows),
    }
    return Page("differences.html", values)


async def show(clerk: Clerk) -> Reply:
    """Return one difference, what proves it, what both sides said, and what can be done."""
    said = clerk.asked.said("done")
    return await _shown(clerk, done=said if said in DONE else "")


async def _shown(
    clerk: Clerk,
    *,
    done: str = "",
    errors: dict[str, str] | None = None,
    changed: bool = False,
) -> Page:
    found = await clerk.ask("difference.show", partner=clerk.asked.places["partner"], no=_number(clerk))
    await note_look(clerk, act="difference_read", object=f"{found['partner']} {found['no']}")
    values: dict[str, Any] = {
        "found": found,
        "done": done,
        "errors": errors or {},
        "changed": changed,
        "written": {name: clerk.asked.text(name) for name in _WRITTEN},
        "corrections": await _corrections(clerk),
        "may_settle": clerk.may(Act.SETTLE_DIFFERENCE),
        "may_confirm": clerk.may(Act.CONFIRM_ACCEPTANCE),
        "may_compare": clerk.may(Act.RECONCILE),
        "own_proposal": found["offered_by"] == clerk.officer,
        "choices": WAYS,
    }
    return Page("difference.html", values, status=409 if changed else 400 if errors else 200)


async def decide(clerk: Clerk) -> Reply:
    """Do what the button says, on exactly what was shown."""
    partner, asked = clerk.asked.places["partner"], clerk.asked
    members: Answer = {"partner": partner, "no": _number(clerk), "digest": asked.text("digest")}
    try:
        match asked.text("do"):
            case "settle":
                clerk.demand(Act.SETTLE_DIFFERENCE)
                if errors := await _errors(clerk):
                    return await _shown(clerk, errors=errors)
                done = await _settle(clerk, members)
            case "confirm":
                clerk.demand(Act.CONFIRM_ACCEPTANCE)
                if asked.text("looked") != "yes":
                    looked = marked("Tick this once you have looked at everything on this page")
                    return await _shown(clerk, errors={"looked": looked})
                await clerk.ask("difference.confirm", **members)
                done = "accept"
            case "give_up":
                await clerk.ask("difference.give_up", **members)
                done = "give_up"
            case _:
                raise UsageError("choose what is to be done", hint="go back and press one of the buttons")
    except StaleFormError:
        return await _shown(clerk, changed=True)
    return Redirect(f"/audit/{partner}/difference/{members['no']}?done={done}")


async def _corrections(clerk: Clerk) -> tuple[Nameable, ...]:
    """Return what can be chosen as the correction of a difference; messages without their type."""
    partner = (await clerk.ask("partner.show", partner=clerk.asked.places["partner"]))["partner"]

    def unit(uow: UnitOfWork) -> tuple[Nameable, ...]:
        link = uow.links.of_partner(AgencyCode(partner))
        if link is None:
            return ()
        found = nameable(uow, clerk.node, link.link, (), type_code=RESOLUTION, name="correction")
        return tuple(replace(one, type="") if one.kind == "message" else one for one in found)

    return await clerk.node.store.read(unit)


async def _settle(clerk: Clerk, members: Answer) -> str:
    """Explain, correct or escalate it, or propose to accept it; return what was done."""
    asked, how = clerk.asked, clerk.asked.text("how")
    if how == How.ACCEPT:
        await clerk.ask("difference.propose", **members, because=asked.text("because"))
        return "propose"
    correction: Answer = {}
    if how == How.CORRECT:
        correction = await _correction(clerk)
    await clerk.ask("difference.settle", **members, how=how, because=asked.text("because"), **correction)
    return how


async def _correction(clerk: Clerk) -> Answer:
    """Return what was chosen or typed as the correction, as the command takes it."""
    asked, number = clerk.asked, clerk.asked.text("correction")
    chosen = next((one for one in await _corrections(clerk) if one.number == number), None)
    if chosen is not None and chosen.kind == "entry":
        return {"by_entry": chosen.index, "log": "own" if chosen.is_own else "partner"}
    if chosen is not None:
        return {"by_message": chosen.number}
    if asked.text("message"):
        return {"by_message": asked.text("message")}
    return {"by_entry": asked.number("entry") - 1, "log": asked.text("log")}


async def _errors(clerk: Clerk) -> dict[str, str]:
    """Return what is wrong with the form, by field, in English."""
    asked, how = clerk.asked, clerk.asked.text("how")
    if how not in WAYS:
        return {"how": CHOOSE}
    errors: dict[str, str] = {}
    if how != How.ESCALATE and not asked.text("because"):
        errors["because"] = EXPLAIN
    elif len(asked.text("because")) > MOST_WRITTEN:
        errors["because"] = SHORTER
    if how == How.CORRECT:
        errors |= await _wrong_correction(clerk)
    return errors


async def _wrong_correction(clerk: Clerk) -> dict[str, str]:
    said = {name: clerk.asked.text(name) for name in ("correction", "entry", "message")}
    named = [name for name, text in said.items() if text]
    if len(named) > 1:
        return {named[0]: ONE_OF_BOTH}
    if not named:
        return {"correction": NAME_ONE}
    if named == ["entry"] and clerk.asked.number("entry") < 1:
        return {"entry": NAME_ONE}
    if named == ["correction"]:
        offered = {one.number for one in await _corrections(clerk)}
        return {} if said["correction"] in offered else {"correction": NOT_OFFERED}
    return {}


def _number(clerk: Clerk) -> int:
    return number_in(clerk.asked.places["n"])
