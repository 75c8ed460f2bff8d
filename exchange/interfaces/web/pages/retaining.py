# SPDX-License-Identifier: Apache-2.0
"""What is due for erasure, and what is held back: codes, numbers and days, never content.

1. The list says what people have to decide about. Looking changes nothing.
2. One case: until when it is kept, and the choice of an act and its reason.
3. One act: everything that it would do, as things stand now. An officer proposes exactly that.
4. Another officer who releases sees the same and confirms it; it is done at once (rule 28).

Each form carries the digest of what was shown. What a case waits for is said before anybody presses a button;
whoever sends the form all the same is refused by `service.erasing`.
"""

from typing import Any

from exchange.cases.permissions import Act
from exchange.cases.retention import ErasureReason, HoldReason
from exchange.errors import UsageError
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.erasures import ProposedAct

DONE = frozenset(
    f"{act.value}-{step}" for act in ProposedAct for step in ("proposed", "confirmed", "given_up")
)
"""What the list says after something was done."""


async def listed(clerk: Clerk) -> Reply:
    """Return what is due, what waits for a second person, and what is held back."""
    found = await clerk.ask("retention.list")
    said = clerk.asked.said("done")
    return Page("retention.html", {**found, "done": said if said in DONE else ""})


async def show(clerk: Clerk) -> Reply:
    """Return until when a case is kept, and ask what to do with it."""
    return _asked(clerk, await clerk.ask("erasure.show", code=clerk.asked.places["code"]))


def _asked(clerk: Clerk, found: dict[str, Any], *, without_reason: str = "") -> Page:
    """Return the choice of an act and its reason; `without_reason` is the act that was asked for without one.

    No reason is chosen beforehand: somebody has to answer for it.
    """
    values = {
        "found": found,
        "may_propose": clerk.may(Act.PROPOSE_ERASURE),
        "erase_reasons": tuple(ErasureReason),
        "hold_reasons": tuple(HoldReason),
        "without_reason": without_reason,
    }
    return Page("keeping.html", values, status=400 if without_reason else 200)


async def look(clerk: Clerk) -> Reply:
    """Return what an act would do now: one that waits for a second person, or one to be proposed."""
    return await _looked_at(clerk)


async def _looked_at(clerk: Clerk, *, not_looked: bool = False) -> Reply:
    code, act = clerk.asked.places["code"], _act(clerk)
    kept = await clerk.ask("erasure.show", code=code)
    waiting = next((row for row in kept["proposals"] if row["act"] == act), None)
    reason = clerk.asked.said("reason")
    if waiting is None and not reason and act != ProposedAct.UNHOLD:
        return _asked(clerk, kept, without_reason=act)
    if waiting is None:
        found = await clerk.ask("erasure.preview", code=code, act=act, reason=reason)
    else:
        found = await clerk.ask("erasure.look", code=code, act=act)
    values = {"found": found, "not_looked": not_looked, **_rights(clerk, waiting)}
    return Page("keeping_act.html", values, status=400 if not_looked else 200)


def _rights(clerk: Clerk, waiting: dict[str, Any] | None) -> dict[str, Any]:
    """Return what this person may do with an act, and whether it is still the one that was proposed."""
    return {
        "waiting": waiting,
        "own": waiting is not None and waiting["proposed_by"] == clerk.officer,
        "may_propose": clerk.may(Act.PROPOSE_ERASURE),
        "may_confirm": clerk.may(Act.CONFIRM_ERASURE),
    }


async def decide(clerk: Clerk) -> Reply:
    """Propose an act, confirm it as the second person, or let it go, as the button says."""
    code, act = clerk.asked.places["code"], _act(clerk)
    members = {"code": code, "act": act}
    match clerk.asked.text("do"):
        case "propose":
            reason, digest = clerk.asked.text("reason"), clerk.asked.text("digest")
            await clerk.ask("erasure.propose", **members, reason=reason, digest=digest)
            step = "proposed"
        case "confirm":
            if clerk.asked.text("looked") != "yes":
                return await _looked_at(clerk, not_looked=True)
            await clerk.ask("erasure.confirm", **members, digest=clerk.asked.text("digest"))
            step = "confirmed"
        case "give_up":
            await clerk.ask("erasure.give_up", **members)
            step = "given_up"
        case _:
            raise UsageError("choose what to do with the case", hint="go back and press one of the buttons")
    return Redirect(f"/retention?done={act}-{step}")


def _act(clerk: Clerk) -> str:
    act = clerk.asked.places["act"]
    if act not in set(ProposedAct):
        raise UsageError("there is no such act", hint="look at what is due for erasure")
    return act
