# SPDX-License-Identifier: Apache-2.0
"""What both sides of a link agreed, and which keys of the partner count: read once per unit.

Agreements and cards are immutable bytes, so their parsed forms are cached by digest; what is in force
is read from the store each time.

A partner takes cards only under the recovery key of ours that the agreement pins. After a new recovery key
(`key recovery`) our newest card counts for a link when the partner has switched to the version that pins it;
until then the link works with the newest one before it (`shown_card`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter

from exchange.errors import NodeError
from exchange.ids import AgencyCode, LinkId
from exchange.messages.versions import highest_common
from exchange.protocol.agreement import Agreement
from exchange.protocol.cards import Card, read_card
from exchange.protocol.keyring import KeySpan, PartnerKeys
from exchange.protocol.suites import PublicKey
from exchange.service.held_versions import in_force, parsed_agreement
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CardRow, Direction, LinkRow


@dataclass(frozen=True)
class Pairing:
    """One link as it stands now. `link` is the row at the time of reading."""

    link: LinkRow
    agreement: Agreement
    own_card: Card
    partner_card: Card
    partner_keys: PartnerKeys

    @cached_property
    def partner(self) -> AgencyCode:
        return self.link.partner

    @cached_property
    def types_allowed(self) -> Mapping[str, tuple[AgencyCode, ...]]:
        """For each agreed type who may send it: both sides, as far as their roles in a case allow it."""
        return dict.fromkeys(self.agreement.terms.types, (self.own_card.agency, self.partner))

    @cached_property
    def checkpoints(self) -> frozenset[str] | None:
        """The agreed crossings, None if every crossing of the list may be used."""
        return frozenset(self.agreement.terms.checkpoints) or None


@lru_cache(maxsize=256)
def parsed_card(raw: bytes) -> Card:
    """Return a card that was verified against its pinned recovery key when it was taken over."""
    return read_card(raw, pinned_recovery=None)


def own_card(uow: UnitOfWork, node: Node) -> Card:
    """Return our newest card.

    Raises:
        NodeError: the store was set up for another agency.
    """
    row = uow.links.card(node.agency)
    if row is None:
        raise NodeError(
            f"the store has no card of {node.agency}",
            hint="code of [agency] in exchange.toml has to be the one with which this folder was set up",
        )
    return parsed_card(row.raw)


def shown_card(uow: UnitOfWork, node: Node, link: LinkId) -> Card:
    """Return our newest card that the partner of a link can take.

    Raises:
        NodeError: the store was set up for another agency.
    """
    newest = own_card(uow, node)
    by_key = _newest_by_key(tuple(row.raw for row in uow.links.cards(node.agency)))
    if len(by_key) == 1:
        return newest
    agreed = in_force(uow, link, Direction.IN)
    pinned = parsed_agreement(agreed.raw).party(node.agency).recovery if agreed else newest.recovery
    return by_key.get(pinned, newest)


def pairing_of(uow: UnitOfWork, node: Node, link: LinkId) -> Pairing:
    """Return the pairing of an agreed link.

    Raises:
        NodeError: the link, its agreement or a card is not in the store.
    """
    links = uow.links
    row = links.get(link)
    agreement = links.agreement(link, row.agreement_n) if row else None
    cards = links.cards(row.partner) if row else ()
    if row is None or agreement is None or not cards:
        raise NodeError(f"link {link} is not complete in the store", hint="run: exchange partner list")
    keys = _keys_of(cards, links.key_spans(link, row.partner_epoch))
    return Pairing(
        link=row,
        agreement=parsed_agreement(agreement.raw),
        own_card=shown_card(uow, node, link),
        partner_card=keys.card,
        partner_keys=keys,
    )


def versions_to_write(node: Node, pairing: Pairing) -> dict[str, str]:
    """Return the highest version of each type that both sides know; a type without one is left out."""
    theirs = pairing.partner_card.messages
    found = {code: highest_common(code, node.versions, theirs) for code in node.versions}
    return {code: version for code, version in found.items() if version is not None}


def partner_keys(uow: UnitOfWork, link: LinkRow) -> PartnerKeys:
    """Return the keys of the partner of a link with their places in the present epoch of its log."""
    return _keys_of(uow.links.cards(link.partner), uow.links.key_spans(link.link, link.partner_epoch))


def _keys_of(cards: Sequence[CardRow], spans: Sequence[KeySpan]) -> PartnerKeys:
    return _keys(tuple(map(attrgetter("raw"), cards)), tuple(spans))


@lru_cache(maxsize=8)
def _newest_by_key(cards: tuple[bytes, ...]) -> Mapping[PublicKey, Card]:
    """Return the newest card under each recovery key."""
    ordered = sorted(map(parsed_card, cards), key=attrgetter("serial"))
    return {card.recovery: card for card in ordered}


@lru_cache(maxsize=256)
def _keys(cards: tuple[bytes, ...], spans: tuple[KeySpan, ...]) -> PartnerKeys:
    return PartnerKeys.of([parsed_card(raw) for raw in cards], spans)
