# SPDX-License-Identifier: Apache-2.0
"""A new recovery key of one side, in the place of one that is lost or known to others.

    its own side                                    the other side
    key recovery: new key, card signed by it
    start the service again
    agreement recovery   ── file of a version ──▶
    the same eight words on both screens, compared on the telephone
                                                    agreement sign, with the words
    each side switches; then the new card is shown, and taken

1. A card proves nothing here: whoever has the old recovery key signs cards, too. What counts is a version of
   the agreement that names the new key, and that the other side signed with its own recovery key.
2. Our side of a version is the key of before, or one that signed a later card of ours, whoever proposed it.
   So it is never somebody else's, nor one that we replaced: that one may be in other hands.
3. A new key of the partner is signed only with the words that two people compared, as at enrolment.
4. It is a key that nobody had before: no card of ours or of any partner names it.
5. All this works while the link is paused: that somebody may have the key is a reason for a pause.

From the signature of both on, cards under the old key are refused (`keyplaces`). Our other partners go on
with our newest card under the old key until they have signed as well (`pairing.shown_card`).
Source: docs/protocol/agreement-versions.md; decision: docs/adr/0097.
"""

from operator import attrgetter

from exchange.errors import AgreementInvalidError, UsageError, WordsDifferError
from exchange.ids import LinkId
from exchange.protocol.agreement import Agreement, Party, renewed_party, words
from exchange.service.held_versions import newest_held, parsed_agreement
from exchange.service.keyplaces import kids_of
from exchange.service.node import Node
from exchange.service.pairing import own_card, parsed_card
from exchange.service.ports import UnitOfWork
from exchange.service.versions import partner_of


def renews(held: Agreement, offered: Agreement) -> Party | None:
    """Return the side that has a new recovery key in a version that may follow the held one, or None."""
    return renewed_party(held, offered) if offered.n == held.n + 1 else None


def asks_words(uow: UnitOfWork, link: LinkId, offered: Agreement) -> bool:
    """Return whether people have to compare words before they sign a version (3)."""
    renewed = renews(parsed_agreement(newest_held(uow, link).raw), offered)
    return renewed is not None and renewed.agency == partner_of(uow, link)


def demand_words(offered: Agreement, spoken: tuple[str, ...]) -> None:
    """Return if the words that were heard are those of a version with a new recovery key.

    Raises:
        UsageError: none were given.
        WordsDifferError: they are others.
    """
    if not spoken:
        raise UsageError(
            f"version {offered.n} has a new recovery key: the eight words have to be compared first",
            hint="telephone the partner, at a number you know: exchange agreement sign FILE --words",
        )
    if tuple(word.lower() for word in spoken) != words(offered.raw, offered.link_id):
        raise WordsDifferError(
            hint="sign nothing and tell your security officer: the file may be of somebody else; the partner"
            " makes its file again, and the words are compared again"
        )


def demand_own_key(uow: UnitOfWork, node: Node, held: Agreement, offered: Agreement) -> None:
    """Return if a version after `held` names our recovery key of before, or one that followed it (2).

    Raises:
        AgreementInvalidError: it does not; the version would give our place to somebody else.
    """
    before, party = held.party(node.agency), offered.party(node.agency)
    cards = sorted((parsed_card(row.raw) for row in uow.links.cards(node.agency)), key=attrgetter("serial"))
    newest = {card.recovery: card.serial for card in cards}
    is_later = newest.get(party.recovery, 0) > newest.get(before.recovery, 0)
    if party != before and not is_later:
        raise AgreementInvalidError(
            f"version {offered.n} names {party.recovery.kid} as our recovery key, which it is not",
            hint="a new one is made by: exchange key recovery; it counts from the next start of the service",
        )


def demand_unknown(uow: UnitOfWork, node: Node, renewed: Party) -> None:
    """Return if nobody had the new recovery key of a partner before (4).

    Raises:
        AgreementInvalidError: it is in a card, or signed one.
    """
    owners = {node.agency, *(row.partner for row in uow.links.all())}
    cards = [parsed_card(row.raw) for owner in owners for row in uow.links.cards(owner)]
    if renewed.recovery.kid in kids_of(cards):
        raise AgreementInvalidError(
            f"the new recovery key {renewed.recovery.kid} of {renewed.agency} is known already",
            hint=f"telephone {renewed.agency}: it has to make another one",
        )


def waiting_for(uow: UnitOfWork, node: Node) -> list[str]:
    """Return the partners of whose agreements the newest version does not name our recovery key yet."""
    newest = own_card(uow, node).recovery
    return [
        row.partner
        for row in uow.links.all()
        if parsed_agreement(newest_held(uow, row.link).raw).party(node.agency).recovery != newest
    ]
