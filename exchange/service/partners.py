# SPDX-License-Identifier: Apache-2.0
"""Enrolment as the store knows it; the recovery key never comes into this process.

    inviter                         joiner
    invited  ── invitation file ──▶
             ◀── joining file ────  joined (signed by the joiner)
    words are compared on the telephone; each side confirms for itself
    closed   ── countersignature with the first gate question ──▶  closed

*closed* means agreed, with the start gate not yet open. What is signed with the recovery key is made by
the command line from the file that is kept apart; this module only checks and stores the results.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from exchange.errors import AgreementInvalidError, UsageError, WordsDifferError
from exchange.ids import AgencyCode, LinkId
from exchange.messages.codelists import agencies
from exchange.protocol.agreement import Agreement, verify_agreement
from exchange.protocol.cards import Card
from exchange.protocol.enrolment import Here, Invitation, read_invitation, words
from exchange.protocol.strictjson import JsonValue
from exchange.service.agreement_words import hear_version, read_told
from exchange.service.held_versions import parsed_agreement
from exchange.service.keyplaces import kids_of
from exchange.service.node import Node
from exchange.service.pairing import own_card, parsed_card
from exchange.service.pauses import Pause, pause_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AgreementRow, AuditRow, CardRow, LinkRow, LinkState

INVITATION = "invitation:"
"""Setting of an agency: the invitation that is out, or ""."""
WORDS = "words"
COUNTERSIGNATURE = "countersignature"


NOT_CONFIRMED_THERE = "not_confirmed_there"
"""We confirmed the words; the ledger of the other side has not begun, so nobody there did yet."""


@dataclass(frozen=True)
class Invited:
    """An invitation that is out: nobody joined with it yet."""

    partner: AgencyCode
    created_at: datetime


@dataclass(frozen=True)
class Standing:
    """Where a partner stands, for people."""

    partner: AgencyCode
    link: LinkId | None
    state: LinkState
    reason: str
    words: tuple[str, ...]
    pause: Pause | None = None
    """Who stopped it, since when and why, while it is paused."""


async def here(node: Node) -> Here:
    """Return what this node knows when it judges a newcomer."""

    def unit(uow: UnitOfWork) -> Here:
        own = own_card(uow, node)
        rows = [card for row in uow.links.all() for card in uow.links.cards(row.partner)]
        known = kids_of(parsed_card(row.raw) for row in rows)
        directory = [code for code, agency in agencies().items() if agency.contact_point]
        return Here(card=own, known_keys=known, known_agencies=directory, now=node.clock.now())

    return await node.store.read(unit)


async def demand_new(node: Node, agency: AgencyCode) -> None:
    """Return if an agency can be enrolled.

    Raises:
        UsageError: it is enrolled, or its enrolment is under way.
    """
    await node.store.read(lambda uow: _demand_new(uow, agency))


async def note_invitation(node: Node, partner: AgencyCode, raw: bytes, *, actor: str) -> None:
    """Remember the invitation that we sent to a partner; a newer one replaces it.

    Raises:
        UsageError: the partner is enrolled already.
    """
    read_invitation(raw)

    def unit(uow: UnitOfWork) -> None:
        _demand_new(uow, partner)
        uow.settings.put(INVITATION + partner, raw.decode("ascii").strip())
        uow.audit.record(AuditRow(node.clock.now(), actor, "partner_invited", partner))

    await node.store.write(unit)


async def open_invitation(node: Node, partner: AgencyCode) -> Invitation:
    """Return the invitation that a joining file must answer.

    Raises:
        UsageError: none was sent to this partner.
    """
    raw = await node.store.read(lambda uow: uow.settings.get(INVITATION + partner))
    if not raw:
        raise UsageError(
            f"no invitation to {partner} is open", hint=f"begin with: exchange partner invite {partner}"
        )
    return read_invitation(raw.encode("ascii"))


async def enrol(
    node: Node, card: Card, agreement: Agreement, *, own: str, partner: str = "", actors: tuple[str, ...]
) -> LinkId:
    """Store a partner with version 1 of the agreement.

    The joiner has only its own signature of it; the inviter has both.

    Raises:
        UsageError: the partner is enrolled already, or an enrolment with these files was taken back.
        AgreementInvalidError, SignatureInvalidError: a signature is not over these bytes.
    """
    link = agreement.link_id
    verify_agreement(agreement.raw, own, agreement.party(node.agency).recovery)
    if partner:
        verify_agreement(agreement.raw, partner, agreement.party(card.agency).recovery)
    row = LinkRow(
        link=link,
        partner=card.agency,
        state=LinkState.CLOSED if partner else LinkState.JOINED,
        agreement_n=agreement.n,
        suite=int(agreement.suite),
        next_seq=1,
        contiguous_in=0,
        reason="" if partner else WORDS,
    )

    def unit(uow: UnitOfWork) -> None:
        _demand_new(uow, card.agency)
        _demand_not_taken_back(uow, link)
        now = node.clock.now()
        uow.links.add(row)
        uow.links.add_agreement(AgreementRow(link, agreement.n, agreement.raw, own, partner, 1, 1))
        uow.links.add_card(CardRow(card.agency, card.serial, card.raw, card.digest, now))
        uow.logs.open(link, node.agency, 1)
        uow.logs.open(link, card.agency, 1)
        uow.settings.put(INVITATION + card.agency, "")
        for actor in actors:
            uow.audit.record(AuditRow(now, actor, "partner_enrolled", card.agency))

    await node.store.write(unit)
    node.high_water.write(link, epoch=1, size=0, root=agreement.digest, next_seq=1)
    return link


async def confirm_words(
    node: Node, partner: AgencyCode, spoken: tuple[str, ...], *, actors: tuple[str, ...]
) -> None:
    """Note on the joiner's side that the words are the same on both sides.

    Raises:
        UsageError: other words, or nothing to confirm.
    """

    def unit(uow: UnitOfWork) -> None:
        row = uow.links.of_partner(partner)
        if row is None or row.state is not LinkState.JOINED or row.reason != WORDS:
            raise UsageError(f"there is nothing to confirm with {partner}", hint="run: exchange partner list")
        demand_words(_agreement(uow, row), spoken)
        agreed = uow.links.agreement(row.link, row.agreement_n)
        done = bool(agreed and agreed.partner_signature)
        state = LinkState.CLOSED if done else LinkState.JOINED
        uow.links.update(replace(row, state=state, reason="" if done else COUNTERSIGNATURE))
        for actor in actors:
            uow.audit.record(AuditRow(node.clock.now(), actor, "words_confirmed", partner))

    await node.store.write(unit)


def demand_words(agreement: Agreement, spoken: tuple[str, ...]) -> None:
    """Raise WordsDifferError unless the words that were heard are those of this agreement."""
    if tuple(word.lower() for word in spoken) != words(agreement.raw, agreement.link_id):
        raise WordsDifferError


async def hear_agreement(node: Node, link: LinkId, gives: Mapping[str, JsonValue]) -> None:
    """Take over what a gate report tells: the countersignature of version 1, or that of a new version.

    Raises:
        FrameInvalidError: the report has another form.
        SignatureInvalidError: what it brings is not the partner's signature of our bytes.
        LinkPausedError: the link is paused.
    """
    told = read_told(gives)

    def unit(uow: UnitOfWork) -> None:
        node.presence.demand_unpaused(link)
        row = uow.links.get(link)
        held = uow.links.agreement(link, row.agreement_n) if row else None
        if row is None or held is None:
            return
        if held.partner_signature:
            hear_version(uow, node, row, told)
            return
        if told.n != held.n or not told.signature:
            return
        agreement = parsed_agreement(held.raw)
        verify_agreement(held.raw, told.signature, agreement.party(row.partner).recovery)
        uow.links.countersign(link, held.n, partner=told.signature)
        if row.reason == COUNTERSIGNATURE:
            uow.links.update(replace(row, state=LinkState.CLOSED, reason=""))
        uow.audit.record(AuditRow(node.clock.now(), "partner", "agreement_countersigned", link))

    await node.store.write(unit)


async def standings(node: Node) -> list[Standing]:
    """Return every partner and where it stands; invitations: `invited`."""

    def unit(uow: UnitOfWork) -> list[Standing]:
        return [standing(uow, node, row) for row in uow.links.all()]

    return await node.store.read(unit)


async def invited(node: Node) -> list[Invited]:
    """Return the invitations that are out, by partner."""

    def unit(uow: UnitOfWork) -> list[Invited]:
        noted = {code: uow.settings.get(INVITATION + code) for code in sorted(agencies())}
        return [
            Invited(AgencyCode(code), read_invitation(raw.encode("ascii")).created_at)
            for code, raw in noted.items()
            if raw
        ]

    return await node.store.read(unit)


def standing(uow: UnitOfWork, node: Node, row: LinkRow) -> Standing:
    """Return where a partner stands; our own gate may be open before anybody confirmed over there."""
    presence = node.presence.of(row.link)
    if row.state is LinkState.JOINED:
        agreement = _agreement(uow, row)
        return Standing(row.partner, row.link, row.state, row.reason, words(agreement.raw, row.link))
    if presence.gate is LinkState.OPEN and not _has_begun(uow, node, row):
        return Standing(row.partner, row.link, LinkState.JOINED, NOT_CONFIRMED_THERE, ())
    return Standing(row.partner, row.link, presence.gate, presence.reason, (), pause_of(uow, row))


def _has_begun(uow: UnitOfWork, node: Node, row: LinkRow) -> bool:
    """Return whether the partner wrote the first entry of its first ledger; by files that comes late."""
    theirs = uow.logs.position(row.link, row.partner)
    return theirs.size > 0 or theirs.epoch > 1 or node.is_by_files(row.link)


def _agreement(uow: UnitOfWork, row: LinkRow) -> Agreement:
    held = uow.links.agreement(row.link, row.agreement_n)
    if held is None:
        raise AgreementInvalidError(
            f"version {row.agreement_n} of the agreement with {row.partner} is missing"
        )
    return parsed_agreement(held.raw)


def is_invited(uow: UnitOfWork, partner: AgencyCode) -> bool:
    """Return whether an invitation to an agency is out."""
    return bool(uow.settings.get(INVITATION + partner))


def _demand_new(uow: UnitOfWork, partner: AgencyCode) -> None:
    row = uow.links.of_partner(partner)
    if row is None:
        return
    if row.state is LinkState.JOINED:
        raise UsageError(
            f"an enrolment of {partner} is under way",
            hint=f"compare the words: exchange partner confirm {partner}; or take it back:"
            f" exchange partner withdraw {partner}",
        )
    raise UsageError(f"{partner} is enrolled already", hint=f"run: exchange partner show {partner}")


def _demand_not_taken_back(uow: UnitOfWork, link: LinkId) -> None:
    if uow.links.was_withdrawn(link):
        raise UsageError(
            "the enrolment with these files was taken back",
            hint="ask for a new invitation, or write one: exchange partner invite",
        )
