# SPDX-License-Identifier: Apache-2.0
"""Commands of enrolment. The recovery key stays with the command line; only its signatures come here."""

from exchange.bootstrap import refresh_routes
from exchange.errors import UsageError
from exchange.ids import OfficerNumber, b64url, unb64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.interfaces.api.moving import address_answer
from exchange.protocol.agreement import read_agreement
from exchange.protocol.cards import read_card
from exchange.service import epochs, filegate, partners, pausing, unfinished
from exchange.service.addresses import standing_of
from exchange.service.keyplaces import take_card
from exchange.service.own_officers import demand_officer
from exchange.service.pairing import parsed_card
from exchange.service.pauses import Pause, demand_unpaused
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import RESTORE_SEEN, restore_mark, take_back
from exchange.service.rows import AuditRow, CardRow, HeadRow


async def here(desk: Desk, ask: Ask) -> Answer:
    """Return what the command line needs to judge a newcomer; one who is named must be new."""
    if ask.text("newcomer", ""):
        await partners.demand_new(desk.node, ask.agency("newcomer"))
    known = await partners.here(desk.node)
    return {
        "card": known.card.raw.decode("ascii"),
        "known_keys": sorted(known.known_keys),
        "known_agencies": sorted(known.known_agencies),
    }


async def note_invitation(desk: Desk, ask: Ask) -> Answer:
    raw = ask.text("invitation").encode("ascii")
    await _demand_officers(desk, ask.officer())
    await partners.note_invitation(desk.node, ask.agency("partner"), raw, actor=ask.officer())
    return {}


async def invitation(desk: Desk, ask: Ask) -> Answer:
    open_one = await partners.open_invitation(desk.node, ask.agency("partner"))
    return {"invitation": open_one.raw.decode("ascii")}


async def enrol(desk: Desk, ask: Ask) -> Answer:
    """Store a partner whose files the command line has checked and signed."""
    card = read_card(ask.text("card").encode("ascii"), pinned_recovery=None)
    agreement = read_agreement(unb64url(ask.text("agreement")))
    link = await partners.enrol(
        desk.node,
        card,
        agreement,
        own=ask.text("own"),
        partner=ask.text("partner", ""),
        actors=await _two(desk, ask),
    )
    await refresh_routes(desk.opened)
    return {"link": link, "partner": card.agency, "agreement": b64url(agreement.raw)}


async def confirm_words(desk: Desk, ask: Ask) -> Answer:
    await partners.confirm_words(
        desk.node, ask.agency("partner"), ask.texts("words"), actors=await _two(desk, ask)
    )
    await refresh_routes(desk.opened)
    return {}


async def withdraw(desk: Desk, ask: Ask) -> Answer:
    """Take back an enrolment that did not come to its end."""
    done = await unfinished.withdraw(desk.node, ask.agency("partner"), actors=await _two(desk, ask))
    await refresh_routes(desk.opened)
    return {"partner": done.partner, "link": done.link}


async def _two(desk: Desk, ask: Ask) -> tuple[str, str]:
    """Return the two officers of an act that needs two; both are of the directory."""
    first, second = ask.officer(), ask.officer("second")
    if first == second:
        raise UsageError("enrolment needs two different officers", hint="say the second one with --second")
    await _demand_officers(desk, first, second)
    return first, second


async def _demand_officers(desk: Desk, *officers: OfficerNumber) -> None:
    def unit(uow: UnitOfWork) -> None:
        for officer in officers:
            demand_officer(uow, officer, desk.node.clock.now())

    await desk.node.store.read(unit)


async def list_partners(desk: Desk, _: Ask) -> Answer:
    found = await partners.standings(desk.node)
    return {
        "partners": [
            {
                "partner": item.partner,
                "link": item.link,
                "state": item.state.value,
                "reason": item.reason,
                "by_files": item.link is not None and desk.node.is_by_files(item.link),
                "words": list(item.words),
                "pause": pause_answer(item.pause),
            }
            for item in found
        ],
        "invitations": await invitations(desk),
    }


async def invitations(desk: Desk) -> list[Answer]:
    """Return the invitations that are out."""
    found = await partners.invited(desk.node)
    return [{"partner": item.partner, "created": when(item.created_at)} for item in found]


async def show_partner(desk: Desk, ask: Ask) -> Answer:
    """Return what is agreed with a partner."""
    row = await desk.link(ask.text("partner"))

    def unit(uow: UnitOfWork) -> Answer:
        agreed = uow.links.agreement(row.link, row.agreement_n)
        card = uow.links.card(row.partner)
        own, copy = uow.logs.position(row.link, desk.node.agency), uow.logs.position(row.link, row.partner)
        agreement = read_agreement(agreed.raw) if agreed else None
        standing = partners.standing(uow, desk.node, row)
        return {
            "partner": row.partner,
            "link": row.link,
            "state": standing.state.value,
            "reason": standing.reason or row.reason,
            "pause": pause_answer(standing.pause),
            "agreement": row.agreement_n,
            "profile": agreement.profile if agreement else "",
            "suite": row.suite,
            "card_serial": card.serial if card else 0,
            "unknown_uses": list(parsed_card(card.raw).unknown_uses) if card else [],
            "by_files": desk.node.is_by_files(row.link),
            **_addresses(uow, card),
            "entries": {"own": own.size, "partner": copy.size},
            "signed_by_partner": uow.logs.cosigned(row.link, desk.node.agency)[0],
        }

    return await desk.node.store.read(unit)


def _addresses(uow: UnitOfWork, card: CardRow | None) -> Answer:
    if card is None:
        return {"address": "", "moved": None}
    standing = standing_of(uow, parsed_card(card.raw))
    return {"address": standing.in_use, "moved": address_answer(standing)}


def pause_answer(held: Pause | None) -> Answer | None:
    """Return a pause for the own staff."""
    return {"since": when(held.at), "by": held.by, "reason": held.reason} if held else None


async def pause(desk: Desk, ask: Ask) -> Answer:
    """Stop everything with a partner at once, by one officer; nothing is written after this has answered."""
    row = await desk.link(ask.text("partner"))
    held = await pausing.pause(desk.node, row.link, reason=ask.text("reason"), officer=ask.officer())
    drafts = await desk.node.store.read(lambda uow: uow.drafts.summaries())
    return {
        "partner": row.partner,
        "pause": pause_answer(held),
        "waiting": (await desk.node.store.read(lambda uow: uow.messages.open_count(row.link)))[0],
        "drafts": sum(draft.link == row.link and draft.waiting for draft in drafts),
        "by_files": desk.node.is_by_files(row.link),
    }


async def end_pause(desk: Desk, ask: Ask) -> Answer:
    """Let a partner go on, by two officers; whatever else keeps its gate closed keeps it closed."""
    row = await desk.link(ask.text("partner"))
    first, second = ask.officer(), ask.officer("second")
    ended = await pausing.end_pause(desk.node, row.link, actors=(first, second))
    (standing,) = [item for item in await partners.standings(desk.node) if item.link == row.link]
    return {
        "partner": row.partner,
        "pause": pause_answer(ended),
        "state": standing.state.value,
        "reason": standing.reason,
    }


async def resume(desk: Desk, ask: Ask) -> Answer:
    """Let two persons confirm that this store is the newest one, when no high-water file says so.

    A pause is not ended by it, and is ended first: what two persons say of the store is said by itself.
    """
    row = await desk.link(ask.text("partner"))
    first, second = await _two(desk, ask)
    node = desk.node
    await node.store.read(lambda uow: demand_unpaused(uow, row.link))
    if node.is_by_files(row.link):
        await filegate.confirm(node, row.link, actors=(first, second))
        size = await node.store.read(lambda uow: uow.logs.position(row.link, node.agency).size)
        return {"entries": size}

    def unit(uow: UnitOfWork) -> HeadRow | None:
        head = uow.logs.head(row.link, node.agency)
        uow.settings.put(RESTORE_SEEN + row.link, restore_mark(uow))
        take_back(uow, row)
        for actor in (first, second):
            uow.audit.record(AuditRow(node.clock.now(), actor, "start_confirmed", row.link))
        return head

    head = await node.store.write(unit)
    node.presence.of(row.link).is_confirmed = True
    if head:
        node.high_water.write(
            row.link, epoch=row.own_epoch, size=head.size, root=head.root, next_seq=row.next_seq
        )
    node.presence.wake(row.link)
    return {"entries": head.size if head else 0}


async def renew(desk: Desk, ask: Ask) -> Answer:
    """Let two persons decide that the ledger of a link begins anew, when its gate cannot open."""
    row = await desk.link(ask.text("partner"))
    decided = await epochs.decide(
        desk.node,
        row.link,
        why=ask.text("reason"),
        first=ask.number("first", 0),
        actors=await _two(desk, ask),
    )
    return {
        "partner": row.partner,
        "epoch": decided.ep,
        "reason": decided.why,
        "by_files": desk.node.is_by_files(row.link),
    }


async def take_partner_card(desk: Desk, ask: Ask) -> Answer:
    """Take over a newer card of a partner that came as a file."""
    raw = ask.text("card").encode("ascii", "replace")
    offered = read_card(raw, pinned_recovery=None)
    row = await desk.link(offered.agency)
    await take_card(desk.node, row.partner, raw)
    await refresh_routes(desk.opened)

    def unit(uow: UnitOfWork) -> Answer:
        held = uow.links.card(row.partner)
        return {"partner": row.partner, "serial": held.serial if held else 0, **_addresses(uow, held)}

    return await desk.node.store.read(unit)


COMMANDS: dict[str, Command] = {
    "partner.take_card": take_partner_card,
    "partner.here": here,
    "partner.note_invitation": note_invitation,
    "partner.invitation": invitation,
    "partner.enrol": enrol,
    "partner.confirm_words": confirm_words,
    "partner.withdraw": withdraw,
    "partner.list": list_partners,
    "partner.show": show_partner,
    "partner.pause": pause,
    "partner.end_pause": end_pause,
    "partner.resume": resume,
    "partner.renew": renew,
}
