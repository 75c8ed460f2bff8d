# SPDX-License-Identifier: Apache-2.0
"""Lets cards and leaves of a partner change where its keys count (threat-model rule 13).

* `take_card`: a card by any route, under the recovery key that the newest version of the agreement pins which
  both signed. It says which keys there are; a key that it calls compromised counts only among the leaves that
  we held when it came, and so does a key that the first card under a new recovery key does not name. Only a
  new address waits for two persons (`addresses`).
* `hear_card`: the same for a card in a frame or at the gate. One that is refused is kept for people, and
  the rest of what came is taken as if it had not been there.
* `follow_leaves`: the leaves `keyx` of a stored tail. A leaf about a key that no card names is kept as
  the difference `unknown_key`, and so is the place it gives: the card may come later.

What is held and what changes are read and written in one transaction. Whether a key may sign at a place
is decided in `protocol.trust` alone.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from exchange.errors import CardInvalidError
from exchange.ids import AgencyCode, KeyId
from exchange.ledger.entries import Event, Leaf, legal
from exchange.protocol.cards import MAX_CARD_BYTES, Card, newer_card, read_card
from exchange.protocol.keyring import KeySpan, PartnerKeys
from exchange.protocol.suites import KeyUse
from exchange.service.addresses import hold
from exchange.service.evidence import keep_difference
from exchange.service.node import Node
from exchange.service.pairing import Pairing, parsed_card, partner_keys
from exchange.service.ports import UnitOfWork
from exchange.service.refusals import Refused, note_refused
from exchange.service.rows import AuditRow, CardRow, LinkRow
from exchange.service.versions import chain

_USES: Final = frozenset(use.value for use in KeyUse)
MAX_UNKNOWN_KEYS: Final = 64
"""Places kept of keys that no card names; more than a card with a year of new keys. Beyond it a leaf about
such a key is only a difference."""


async def take_card(node: Node, agency: AgencyCode, raw: bytes) -> None:
    """Take over a rightly signed newer card of a partner, with what it says of compromised keys.

    Raises:
        CardInvalidError: not signed by the pinned recovery key, not newer, or a key that is known from
            elsewhere.
    """
    await node.store.write(lambda uow: _take_card(uow, node, agency, raw))


async def hear_card(node: Node, link: LinkRow, text: str) -> None:
    """Take over a card that came with something else; keep it as a difference if it is refused.

    Raises:
        LinkPausedError: the link is paused; then people alone take a card, from a file.
    """
    raw = text.encode()
    try:
        await node.store.write(lambda uow: _hear_card(uow, node, link, raw))
    except CardInvalidError as error:
        kind, reason = error.reason, str(error)
        note_refused(node, link.link, link.partner, Refused.CARD, reason=kind)
        await node.store.write(
            lambda uow: keep_difference(
                uow, node, link.link, kind, evidence=raw[: MAX_CARD_BYTES + 1], reason=reason
            )
        )


def _hear_card(uow: UnitOfWork, node: Node, link: LinkRow, raw: bytes) -> None:
    node.presence.demand_unpaused(link.link)
    _take_card(uow, node, link.partner, raw)


def _take_card(uow: UnitOfWork, node: Node, agency: AgencyCode, raw: bytes) -> None:
    link, held_row = uow.links.of_partner(agency), uow.links.card(agency)
    if link is None or held_row is None or any(row.raw == raw for row in uow.links.cards(agency)):
        return  # it was taken before; an answer that was under way longer brings it late
    held = parsed_card(held_row.raw)
    pinned = chain(uow, link.link).party(agency).recovery
    offered = read_card(raw, pinned_recovery=pinned)
    known = _known_elsewhere(uow, node, held, is_renewed=pinned != held.recovery)
    if newer_card(held, offered, known_keys=known, pinned=pinned) is held:
        return
    before = partner_keys(uow, link)
    size = uow.logs.position(link.link, agency).size
    _keep_places(uow, link, before, before.with_card(offered, held_leaves=size, pinned=pinned))
    hold(uow, node, held, offered)
    now = node.clock.now()
    uow.links.add_card(CardRow(agency, offered.serial, raw, offered.digest, now))
    uow.audit.record(AuditRow(now, "partner", "card_taken_over", agency, result=str(offered.serial)))


def kids_of(cards: Iterable[Card]) -> set[KeyId]:
    """Return the ids of all keys in cards, with the recovery keys that signed them."""
    return {kid for card in cards for kid in (card.recovery.kid, *(key.kid for key in card.keys))}


def _known_elsewhere(uow: UnitOfWork, node: Node, held: Card, *, is_renewed: bool) -> set[KeyId]:
    """Return the keys that a new card may not bring: ours, other agencies', and those it once gave up.

    `is_renewed`: a new recovery key is pinned. The held card may be of whoever had the old one, so what it
    gave up may come back.
    """
    owners = {node.agency, *(link.partner for link in uow.links.all())}
    rows = [row for owner in owners for row in uow.links.cards(owner)]
    own = uow.links.cards(held.agency) if is_renewed else ()
    return kids_of(parsed_card(row.raw) for row in rows) - kids_of(
        [held, *(parsed_card(row.raw) for row in own)]
    )


def follow_leaves(
    uow: UnitOfWork, node: Node, pairing: Pairing, leaves: Sequence[Leaf], *, held: int
) -> None:
    """Let the leaves `keyx` of a stored tail have their effect; `held` leaves were held before it."""
    changes = [leaf for leaf in leaves if leaf.ev == Event.KEYX and not legal(leaf)]
    if not changes:
        return
    before = keys = partner_keys(uow, pairing.link)
    for leaf in changes:
        if leaf.fields["use"] not in _USES:
            continue
        use, kid = KeyUse(str(leaf.fields["use"])), KeyId(str(leaf.fields["kid"]))
        if keys.find(use, kid) is None:
            reason = f"leaf {leaf.i} of {pairing.partner} names key {kid} for {use}, which no held card has"
            keep_difference(
                uow, node, pairing.link.link, "unknown_key",
                subject=str(leaf.i), evidence=leaf.raw, reason=reason,
            )  # fmt: skip
            if len(keys.spans.keys() - keys.keys.keys()) >= MAX_UNKNOWN_KEYS:
                continue
        keys = _followed(keys, leaf, use, kid, held)
    _keep_places(uow, pairing.link, before, keys)


def _followed(keys: PartnerKeys, leaf: Leaf, use: KeyUse, kid: KeyId, held: int) -> PartnerKeys:
    match leaf.fields["op"]:
        case "add":
            return keys.added(use, kid, index=leaf.i)
        case "retire":
            return keys.ended(use, kid, index=leaf.i)
        case _:
            return keys.ended(use, kid, index=held)


def _keep_places(uow: UnitOfWork, link: LinkRow, before: PartnerKeys, after: PartnerKeys) -> None:
    for place, span in after.spans.items():
        if span != before.spans.get(place, KeySpan(*place)):
            uow.links.put_key_span(link.link, link.partner_epoch, span)
