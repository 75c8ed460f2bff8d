# SPDX-License-Identifier: Apache-2.0
"""A new version of an agreement, from the proposal to the moment in which both sides hold both signatures.

    one side                          the other side
    propose    ── file ──▶            sign (now it holds both signatures)
    hear       ◀── gate report ──     its signature, and that it holds both
    hear       ── gate report ──▶     that we hold both, too
    then each side switches its own direction (`switching`)

1. Two officers propose, sign or give up. What the recovery key signs is made by the command line.
2. Only one version may be on its way; both sides must have switched to the one before it.
3. The signature of the other side comes with a gate report or in the file; either is enough.
4. A version that our own recovery key signed and that we do not hold (an old store came back) is asked of
   the partner at the gate and taken without people: we agreed to it before.
5. A version that was given up binds nobody, unless the partner had switched to it before it knew.
6. A version may bring a new recovery key of one side, and then nothing else (`new_recovery`).

Nothing here stops a message: until a side switches, it sends under the version before.
"""

from dataclasses import replace
from typing import Final

from exchange.errors import AgreementInvalidError, UsageError
from exchange.ids import LinkId
from exchange.protocol.versions import VersionFile, check_version, read_version, write_version
from exchange.service.agreement_words import misses_version, take_back
from exchange.service.gatetalk import Report, Source, ask_report, by_network, hear_told_card
from exchange.service.held_versions import first_number, newest_held, parsed_agreement
from exchange.service.new_recovery import asks_words, demand_own_key, demand_unknown, demand_words, renews
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.partners import hear_agreement
from exchange.service.pauses import demand_unpaused
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction
from exchange.service.switching import follow_waiting, may_switch, switch_own, waits_for_version
from exchange.service.versions import Signed, chain, find_signed, keep_signed, note, open_version, partner_of

MAX_MISSING: Final = 16
"""Versions asked for after a restore; a version is a matter of weeks, a backup is younger."""


async def propose(node: Node, link: LinkId, raw: bytes, *, actors: tuple[str, ...]) -> Signed:
    """Keep a version that our side proposes; `raw` is its file with our signature.

    Raises:
        UsageError: another version is on its way, or the link is paused.
        AgreementInvalidError, SignatureInvalidError: it may not follow the newest version, or the signature
            is not ours; or it has a new recovery key that is not that of our newest card.
    """
    offered = read_version(raw)

    def unit(uow: UnitOfWork) -> Signed:
        partner = partner_of(uow, link)
        held = parsed_agreement(newest_held(uow, link).raw)
        if renews(held, offered.agreement) is None:
            demand_unpaused(uow, link)
        demand_quiet(uow, link)
        check_version(held, offered.agreement, offered.signatures)
        demand_own_key(uow, node, held, offered.agreement)
        version = Signed(offered.agreement, _ours(node, offered), offered.signatures.get(partner, ""))
        keep_signed(uow, link, version)
        note(uow, node, "agreement_proposed", link, version.agreement, actors)
        return version

    return await node.store.write(unit)


async def sign(
    node: Node, link: LinkId, raw: bytes, *, actors: tuple[str, ...], spoken: tuple[str, ...] = ()
) -> Signed:
    """Keep a version that the partner signed; `raw` is its file, with our signature if it was not here yet.

    The file may also be our own proposal that came back with the partner's signature; one that is in force
    already changes nothing. `spoken` are the eight words, for a new recovery key of the partner.

    Raises:
        UsageError: another version is on its way, or the link is paused.
        WordsDifferError: the version has a new recovery key of the partner, and other words.
        AgreementInvalidError, SignatureInvalidError: it may not follow, or a signature is missing or wrong;
            or it has a recovery key that is known from elsewhere.
    """
    offered = read_version(raw)
    if await node.store.read(lambda uow: asks_words(uow, link, offered.agreement)):
        demand_words(offered.agreement, spoken)

    def unit(uow: UnitOfWork) -> Signed:
        partner = partner_of(uow, link)
        row = uow.links.agreement(link, offered.agreement.n)
        if row is not None and row.raw == offered.agreement.raw:
            return Signed(offered.agreement, row.own_signature, row.partner_signature, partner_holds=True)
        known = find_signed(uow, link, offered.agreement.digest)
        held = parsed_agreement(newest_held(uow, link).raw)
        renewed = renews(held, offered.agreement)
        if renewed is None:
            demand_unpaused(uow, link)
        if known is None or known.withdrawn:
            demand_quiet(uow, link)
        check_version(held, offered.agreement, offered.signatures)
        demand_own_key(uow, node, held, offered.agreement)
        if renewed is not None and renewed.agency == partner:
            demand_unknown(uow, node, renewed)
        if partner not in offered.signatures:
            raise AgreementInvalidError(
                f"the file is not signed by {partner}", hint="ask it for the right file"
            )
        own = known.own if known else _ours(node, offered)
        version = Signed(
            offered.agreement,
            own,
            offered.signatures[partner],
            partner_holds=bool(known) and node.agency in offered.signatures,
        )
        keep_signed(uow, link, version)
        note(uow, node, "agreement_signed", link, version.agreement, actors)
        return version

    return await node.store.write(unit)


async def give_up(node: Node, link: LinkId, *, actors: tuple[str, ...]) -> Signed:
    """Give up the version on its way, before either side has switched to it.

    Raises:
        UsageError: none is on its way.
    """

    def unit(uow: UnitOfWork) -> Signed:
        version = open_version(uow, link)
        if version is None:
            raise UsageError("no version of the agreement is on its way", hint="run: exchange agreement show")
        given_up = replace(version, withdrawn=True)
        keep_signed(uow, link, given_up)
        note(uow, node, "agreement_given_up", link, given_up.agreement, actors)
        return given_up

    return await node.store.write(unit)


def file_of(node: Node, version: Signed) -> bytes:
    """Return the file of a signed version, with the signatures that are here."""
    return write_version(version.agreement, version.signatures(node.agency))


def demand_quiet(uow: UnitOfWork, link: LinkId) -> None:
    """Raise UsageError unless no other version is on its way (rule 2)."""
    waiting = open_version(uow, link)
    if waiting is not None:
        raise UsageError(
            f"version {waiting.agreement.n} of the agreement is on its way already",
            hint="wait until both sides switched to it, or: exchange agreement withdraw",
        )
    newest = newest_held(uow, link)
    if not all(first_number(newest, direction) for direction in Direction):
        raise UsageError(
            f"both sides have not switched to version {newest.n} yet",
            hint="nothing is lost; it happens as soon as both nodes have talked",
        )


async def fetch_missing(node: Node, link: LinkId, report: Report, source: Source) -> None:
    """Ask the partner for versions that we signed and no longer hold (rule 4), then hear its card.

    Raises:
        TransportError: the partner went away.
    """
    if not await node.store.read(lambda uow: misses_version(uow, link, report.gives)):
        return
    for _ in range(MAX_MISSING):
        newest = await node.store.read(lambda uow: chain(uow, link))
        gives = await source("agreement", {"n": newest.n + 1})
        if not await node.store.write(lambda uow, gives=gives: take_back(uow, node, link, gives)):  # type: ignore[misc]
            return
        if not await node.store.read(lambda uow: misses_version(uow, link, report.gives)):
            await hear_told_card(node, link, report.gives)
            return


async def keep_agreed(node: Node, link: LinkId) -> bool:
    """Switch our direction as far as both sides hold the next version; return whether it did.

    Raises:
        GateClosedError, ClockError: nothing may be written now.
    """

    def due(uow: UnitOfWork) -> bool:
        row = uow.links.get(link)
        return row is not None and (may_switch(uow, row) or waits_for_version(uow, row))

    def unit(uow: UnitOfWork) -> bool:
        follow_waiting(uow, node, pairing_of(uow, node, link))
        return switch_own(uow, node, link)

    return await node.store.read(due) and await node.store.write(unit)


def is_on_its_way(uow: UnitOfWork, link: LinkId) -> bool:
    """Return True while a version is signed here and not in force in both directions."""
    newest = newest_held(uow, link)
    both = all(first_number(newest, direction) for direction in Direction)
    return open_version(uow, link) is not None or not both


async def compare_notes(node: Node, link: LinkId) -> None:
    """Exchange gate reports with the partner, so that both learn what the other signed.

    Raises:
        TransportError: the partner did not answer.
    """
    report = await ask_report(node, link)
    await hear_agreement(node, link, report.gives)
    await fetch_missing(node, link, report, by_network(node, link))


def _ours(node: Node, offered: VersionFile) -> str:
    own = offered.signatures.get(node.agency, "")
    if not own:
        raise AgreementInvalidError(f"the file is not signed by {node.agency}")
    return own
