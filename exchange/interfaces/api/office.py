# SPDX-License-Identifier: Apache-2.0
"""Commands about this agency: its state and its keys."""

from exchange.bootstrap import last_archive, last_backup
from exchange.errors import ConfigurationError, UsageError
from exchange.ids import LinkId, b64url
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.interfaces.api.differing import behind_answer
from exchange.interfaces.api.moving import address_answer
from exchange.interfaces.api.partnering import invitations, pause_answer
from exchange.protocol.suites import KeyUse
from exchange.service.addresses import standing_of
from exchange.service.inventory import has_messages
from exchange.service.key_ends import key_ends
from exchange.service.key_trial import Trial, last_trial, note_recovery, recovery_tried_at, try_keys
from exchange.service.new_recovery import waiting_for
from exchange.service.node import Node
from exchange.service.pairing import own_card, pairing_of
from exchange.service.partners import standings
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import AuditRow, LinkState
from exchange.service.shortfall import shortfall
from exchange.service.stamping import standings_of
from exchange.service.watching import waiting_on

KEY_ACTS = ("rotate", "retire", "revoke", "address", "recovery", "drill")


async def status(desk: Desk, _: Ask) -> Answer:
    """Return who this node is and how each partner stands."""
    node = desk.node
    partners, ends = [], await node.store.read(lambda uow: key_ends(uow, node))
    for item in await standings(node):
        presence = node.presence.of(item.link) if item.link else None
        waiting = await _waiting(desk, item.link)
        partners.append(
            {
                "partner": item.partner,
                "link": item.link,
                "state": item.state.value,
                "reason": item.reason,
                "pause": pause_answer(item.pause),
                "behind": await _behind(desk, item.link),
                "refused": dict(sorted(presence.refused.items())) if presence else {},
                "refused_rule": presence.refused_rule if presence else "",
                "failure": presence.failure if presence else "",
                "calls_us": presence.only_answers if presence else False,
                "keys": [end.told for end in ends.partners.get(item.partner, ())],
                "waiting": waiting,
                "last_contact": when(presence.last_contact_at) if presence else None,
                "clock_apart_s": presence.apart_s if presence else 0,
                "address": await _address(desk, item.link),
            }
        )
    return {
        "agency": node.agency,
        "node": node.node,
        "training": node.training,
        "address": desk.opened.settings.door.address,
        "card_address": await node.store.read(lambda uow: own_card(uow, node).address),
        "office": desk.opened.settings.agency.office,
        "zone": desk.opened.settings.agency.zone,
        "language": desk.opened.settings.agency.language,
        "shut_by": list(desk.opened.shut_by),
        "keys": [end.told for end in ends.own],
        "recovery_waits": await node.store.read(lambda uow: waiting_for(uow, node)),
        "partners": partners,
        "invitations": await invitations(desk),
        "now": when(node.clock.now()),
    }


async def _behind(desk: Desk, link: LinkId | None) -> Answer | None:
    if link is None:
        return None
    return behind_answer(await desk.node.store.read(lambda uow: shortfall(uow, desk.node, link)))


async def _address(desk: Desk, link: LinkId | None) -> Answer | None:
    if link is None:
        return None
    return await desk.node.store.read(
        lambda uow: address_answer(standing_of(uow, pairing_of(uow, desk.node, link).partner_card))
    )


async def _waiting(desk: Desk, link: LinkId | None) -> int:
    if link is None:
        return 0
    return await desk.node.store.read(lambda uow: waiting_on(uow, link))


async def list_keys(desk: Desk, _: Ask) -> Answer:
    """Return the public keys of the own card, and the partners that have another recovery key of ours."""
    card, node = desk.opened.card, desk.node
    now = node.clock.now()
    keys = [
        {
            "use": key.use.value,
            "kid": key.kid,
            "algorithm": key.algorithm.value,
            "from": when(key.valid_from),
            "until": when(key.valid_until),
            "usable": key.is_usable(now),
            "revoked": key.revoked.value if key.revoked else "",
        }
        for key in card.keys
    ]
    recovery = {"use": "recovery", "kid": card.recovery.kid, "algorithm": card.recovery.algorithm.value}
    return {
        "serial": card.serial,
        "digest": card.digest,
        "recovery": recovery,
        "recovery_waits": await node.store.read(lambda uow: waiting_for(uow, node)),
        "keys": keys,
    }


async def prepare_keys(desk: Desk, ask: Ask) -> Answer:
    """Record which two officers are about to change keys; return our card as it stands, and who has it.

    A partner that only calls (`calls_us`) cannot learn of a new TLS key by itself; one that has another
    recovery key of ours (`waits`) takes no new card at all.
    """
    first, second, act = ask.officer(), ask.officer("second"), ask.text("act")
    if first == second or act not in KEY_ACTS:
        raise UsageError("keys are changed by two different officers, by an act that exists")
    now = desk.node.clock.now()

    def unit(uow: UnitOfWork) -> str:
        for officer in (first, second):
            demand_officer(uow, officer, now)
            uow.audit.record(AuditRow(now, officer, "key_change_prepared", desk.node.agency, result=act))
        return own_card(uow, desk.node).raw.decode("ascii")

    card = await desk.node.store.write(unit)
    waits = await desk.node.store.read(lambda uow: waiting_for(uow, desk.node))
    partners = [
        {
            "partner": row.partner,
            "calls_us": desk.node.presence.of(row.link).only_answers,
            "waits": row.partner in waits,
        }
        for row in await desk.links()
    ]
    return {"card": card, "partners": partners}


async def key_drilled(desk: Desk, ask: Ask) -> Answer:
    """Record that the recovery key of two officers would have signed a new card, and try the other keys.

    After `key.prepare`.
    """
    first, second = ask.officer(), ask.officer("second")
    if first == second:
        raise UsageError("keys are changed by two different officers")
    node, now = desk.node, desk.node.clock.now()

    def unit(uow: UnitOfWork) -> None:
        for officer in (first, second):
            demand_officer(uow, officer, now)
        note_recovery(uow, agency=node.agency, officers=(first, second), now=now)

    await node.store.write(unit)
    return _trial(await try_keys(node, officer=first))


async def key_trial(desk: Desk, _: Ask) -> Answer:
    """Return what the last trial of the keys came to, and when the recovery key was tried."""
    trial, tried = await desk.node.store.read(lambda uow: (last_trial(uow), recovery_tried_at(uow)))
    return {"last": _trial(trial) if trial else None, "recovery_tried": when(tried)}


async def try_own_keys(desk: Desk, ask: Ask) -> Answer:
    """Try our keys and return what it came to; nothing is changed."""
    return _trial(await try_keys(desk.node, officer=ask.officer()))


def _trial(trial: Trial) -> Answer:
    found = [{"part": one.part.value, "works": one.works, "names": list(one.names)} for one in trial.found]
    return {"at": when(trial.at), "officer": trial.officer, "works": trial.works, "found": found}


async def health(desk: Desk, _: Ask) -> Answer:
    """Return what an administrator should look at."""
    node = desk.node
    troubles = [
        {"partner": item.partner, "state": item.state.value, "reason": item.reason}
        for item in await standings(node)
        if item.state is LinkState.FROZEN or item.reason not in ("", "not_asked_yet")
    ]
    officers = await node.store.read(lambda uow: uow.officers.list())
    return {
        "troubles": troubles,
        "officers": sum(row.valid_to is None for row in officers),
        "last_backup": await node.store.read(last_backup) or None,
        "last_archive": await node.store.read(last_archive) or None,
        "has_messages": await node.store.read(has_messages),
        "signs_again": _signs_again(node),
        "stamps": await node.store.read(lambda uow: _stamps(uow, node)),
        "witnesses": await node.store.read(lambda uow: _witnesses(uow, node)),
    }


def _stamps(uow: UnitOfWork, node: Node) -> list[Answer]:
    """Return for each link and authority when it last stamped our ledger, and whether a stamp is missing."""
    return [
        {"partner": row.partner, "tsa": one.tsa, "at": when(one.at), "missing": one.is_missing}
        for row in uow.links.all()
        for one in standings_of(uow, node, row.link)
    ]


def _witnesses(uow: UnitOfWork, node: Node) -> list[Answer]:
    """Return for each link and witness what it said last since the start, and how much it ever cosigned."""
    return [
        {
            "partner": row.partner,
            "witness": witness.key.name,
            "word": heard.word if heard else None,
            "at": when(heard.at) if heard else None,
            "confirmed_at": when(heard.confirmed_at) if heard else None,
            "entries": uow.witnessed.size(row.link, witness.key.name),
        }
        for row in uow.links.all()
        for witness in (node.witnesses.chosen if node.witnesses else ())
        for heard in (node.presence.of(row.link).witnesses.get(witness.key.name),)
    ]


def _signs_again(node: Node) -> bool:
    """Return True if there is a key for second signatures over heads now."""
    try:
        node.keys.signing(KeyUse.HEAD_PQ, node.clock.now())
    except ConfigurationError:
        return False
    return True


async def witness_request(desk: Desk, _: Ask) -> Answer:
    """Return what a witness has to know of this node: its agency and its head keys."""
    keys = desk.node.keys.public(KeyUse.HEAD)
    return {"agency": desk.node.agency, "keys": [b64url(key.raw) for key in keys]}


COMMANDS: dict[str, Command] = {
    "status": status,
    "health": health,
    "key.list": list_keys,
    "witness.request": witness_request,
    "key.prepare": prepare_keys,
    "key.drilled": key_drilled,
    "key.trial": key_trial,
    "key.try": try_own_keys,
}
