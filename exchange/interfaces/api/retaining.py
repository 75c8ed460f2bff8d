# SPDX-License-Identifier: Apache-2.0
"""Commands about erasing: what is due, and what one officer proposes and a second one confirms.

They show codes, numbers and days, never content. A case is one person; who has only a message at hand names
the person by the place in it.
"""

from collections.abc import Mapping

from exchange.errors import UsageError
from exchange.ids import LinkId, parse_digest
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of, when
from exchange.service.erasable import Preview
from exchange.service.erasing import confirm, dry_run, give_up, look, propose
from exchange.service.erasures import HoldRow, ProposalRow, ProposedAct
from exchange.service.meaning import cases_of, document_of
from exchange.service.ports import UnitOfWork
from exchange.service.retention import Owed, what_is_due
from exchange.service.rows import LinkRow


async def list_retention(desk: Desk, _: Ask) -> Answer:
    """Return what is due for erasure, what waits for a second person, and the holds; nothing is changed."""
    found = await what_is_due(desk.node)
    partners = {row.link: row for row in await desk.links()}
    return {
        "now": when(desk.node.clock.now()),
        "due": [preview_answer(one) for one in found.due],
        "owed": [owed_answer(one) for one in found.owed],
        "proposals": [proposal_answer(row, partners) for row in found.proposals],
        "holds": [_hold(row, partners) for row in found.holds],
        "complete": found.complete,
        "again": found.again,
    }


async def show_keeping(desk: Desk, ask: Ask) -> Answer:
    """Return until when a case is kept, what was proposed about it, and the hold that is on it."""
    shown = await dry_run(desk.node, await _case(desk, ask), ProposedAct.UNHOLD, "")
    partners = {row.link: row for row in await desk.links()}

    def unit(uow: UnitOfWork) -> Answer:
        rows = [row for row in uow.erasures.proposals() if (row.link, row.case) == (shown.link, shown.case)]
        hold = uow.erasures.held(shown.link, shown.case)
        return {
            "proposals": [proposal_answer(row, partners) for row in rows],
            "hold": _hold(hold, partners) if hold else None,
        }

    return {**preview_answer(shown), **await desk.node.store.read(unit)}


async def preview_act(desk: Desk, ask: Ask) -> Answer:
    """Return what an act about a case would do now; nothing is changed."""
    return preview_answer(await dry_run(desk.node, await _case(desk, ask), _act(ask), ask.text("reason", "")))


async def propose_act(desk: Desk, ask: Ask) -> Answer:
    """Propose an act about a case as the first person; return what it would do."""
    act, reason = _act(ask), ask.text("reason", "")
    seen = parse_digest(ask.text("digest")) if "digest" in ask.members else None
    shown = await propose(desk.node, await _case(desk, ask), act, reason, ask.officer(), digest=seen)
    return preview_answer(shown)


async def look_at_proposal(desk: Desk, ask: Ask) -> Answer:
    """Return a proposal and what it would do now."""
    row, shown = await look(desk.node, await _case(desk, ask), _act(ask))
    return {"proposed_by": row.proposed_by, "proposed": when(row.proposed_at), **preview_answer(shown)}


async def confirm_act(desk: Desk, ask: Ask) -> Answer:
    """Do what was proposed, as the second person."""
    digest = parse_digest(ask.text("digest"))
    done = await confirm(desk.node, await _case(desk, ask), _act(ask), ask.officer(), digest=digest)
    officers = {"proposed_by": done.proposed_by, "confirmed_by": done.confirmed_by}
    return {"act": done.shown.act.value, "messages": len(done.shown.messages), **officers}


async def give_up_proposal(desk: Desk, ask: Ask) -> Answer:
    row = await give_up(desk.node, await _case(desk, ask), _act(ask), ask.officer())
    return {"act": row.act.value, "reason": row.reason, "proposed_by": row.proposed_by}


def preview_answer(shown: Preview) -> Answer:
    """Return everything that is shown before an act."""
    until = shown.until
    return {
        "act": shown.act.value,
        "reason": shown.reason,
        "partner": shown.partner,
        "case": shown.case,
        "state": shown.state,
        "closed_on": shown.closed_on.isoformat() if shown.closed_on else None,
        "kept_until": until.on.isoformat() if until else None,
        "for_a_child": until.for_a_child if until else False,
        "messages": [
            {
                "message": one.message,
                "direction": one.direction,
                "seq": one.seq,
                "type": one.type,
                "shared": one.shared,
            }
            for one in shown.messages
        ],
        "drafts": list(shown.drafts),
        "forms": len(shown.forms),
        "register": shown.register,
        "movements": shown.movements,
        "waits": [wait.value for wait in shown.waits],
        "digest": shown.digest,
    }


def owed_answer(one: Owed) -> Answer:
    """Return what the partner erased and we have not."""
    return {
        "partner": one.partner,
        "entry": one.index,
        "count": one.n,
        "erased": when(one.at),
        "until": when(one.until),
        "cases": list(one.cases),
    }


def proposal_answer(row: ProposalRow, links: Mapping[LinkId, LinkRow]) -> Answer:
    """Return a proposal that waits for the second person."""
    return {
        "partner": links[row.link].partner,
        "case": row.case,
        "act": row.act.value,
        "reason": row.reason,
        "proposed_by": row.proposed_by,
        "proposed": when(row.proposed_at),
        "digest": row.digest,
    }


def _hold(row: HoldRow, links: Mapping[LinkId, LinkRow]) -> Answer:
    return {
        "partner": links[row.link].partner,
        "case": row.case,
        "reason": row.reason,
        "placed_by": list(row.placed_by),
        "placed": when(row.placed_at),
    }


def _act(ask: Ask) -> ProposedAct:
    text = ask.text("act")
    if text not in {act.value for act in ProposedAct}:
        raise UsageError("the act is erase, hold or unhold")
    return ProposedAct(text)


async def _case(desk: Desk, ask: Ask) -> str:
    """Return the code of the case, or of the person at a place of a message.

    Raises:
        UsageError: the message names nobody at this place, or its content is not kept.
    """
    place = ask.number("person", 0)
    if not place:
        return ask.text("code")
    row = await message_of(desk, ask.text("code"))
    document = await desk.node.store.read(lambda uow: document_of(uow, row))
    codes = cases_of(document) if document else ()
    if not 1 <= place <= len(codes):
        raise UsageError(f"message {row.id} has no person {place} here", hint=f"it names {len(codes)}")
    return codes[place - 1]


COMMANDS: dict[str, Command] = {
    "retention.list": list_retention,
    "erasure.show": show_keeping,
    "erasure.preview": preview_act,
    "erasure.propose": propose_act,
    "erasure.look": look_at_proposal,
    "erasure.confirm": confirm_act,
    "erasure.give_up": give_up_proposal,
}
