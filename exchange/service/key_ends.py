# SPDX-License-Identifier: Apache-2.0
"""Says which keys of a card run out, early enough to fetch the recovery key: of ours and of each partner.

A use ends when the last of its keys that follow each other without a gap ends; for sealing that is told for
each suite. TLS counts only where the card names an address, and a use that the card never had does not end.
A revoked key counts for nothing. What is over stays named until a new card comes.

Nothing is decided here: two officers make new keys (docs/guides/keys.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange.clock import instant_text
from exchange.ids import AgencyCode
from exchange.protocol.cardform import CardKey
from exchange.protocol.cards import Card
from exchange.protocol.suites import KeyUse, Suite, algorithm_of
from exchange.service.key_trial import SOON
from exchange.service.node import Node
from exchange.service.pairing import own_card, parsed_card
from exchange.service.ports import UnitOfWork


@dataclass(frozen=True)
class KeyEnd:
    """A use whose keys end soon, or are over."""

    use: KeyUse
    until: datetime
    """When the last key of the use ends, or ended."""
    is_over: bool

    @property
    def told(self) -> dict[str, str | bool]:
        """The same as a door tells it."""
        return {"use": self.use.value, "until": instant_text(self.until), "over": self.is_over}


@dataclass(frozen=True)
class KeyEnds:
    """What ends of our card, and of the card of each partner."""

    own: tuple[KeyEnd, ...]
    partners: Mapping[AgencyCode, tuple[KeyEnd, ...]]

    @property
    def uses(self) -> tuple[KeyUse, ...]:
        """The uses of our own keys that end; for a mail, which names no partner."""
        return tuple(end.use for end in self.own)


def key_ends(uow: UnitOfWork, node: Node) -> KeyEnds:
    """Return what ends soon or is over, of our card and of the newest card of each partner."""
    now = node.clock.now()
    cards = {row.partner: uow.links.card(row.partner) for row in uow.links.all()}
    theirs = {partner: ends_of(parsed_card(row.raw), now) for partner, row in cards.items() if row}
    return KeyEnds(ends_of(own_card(uow, node), now), theirs)


def ends_of(card: Card, now: datetime) -> tuple[KeyEnd, ...]:
    """Return the uses of a card that end within `SOON` or are over, each once, with its first end."""
    found: dict[KeyUse, KeyEnd] = {}
    for use in KeyUse:
        for keys in _rows(card, use):
            until = _last_end(keys, now)
            if until - now < SOON and (use not in found or until < found[use].until):
                found[use] = KeyEnd(use, until, is_over=until <= now)
    return tuple(found.values())


def _rows(card: Card, use: KeyUse) -> Iterable[tuple[CardKey, ...]]:
    """Yield the keys of a use that follow each other: one row, for sealing one for each suite of the card."""
    if use is KeyUse.TLS and not card.addresses:
        return
    suites = [suite for suite in Suite if suite in card.suites] if use is KeyUse.SEAL else [Suite.HYBRID]
    for suite in suites:
        algorithm = algorithm_of(use, suite)
        row = tuple(key for key in card.keys_for(use) if key.algorithm is algorithm)
        if row:
            yield row


def _last_end(keys: Iterable[CardKey], now: datetime) -> datetime:
    """Return until when there is a key without a gap from now on; without any, when the last one ended."""
    good = sorted(
        (key for key in keys if key.revoked is None and key.valid_from < key.valid_until),
        key=lambda key: key.valid_from,
    )
    until = now
    for key in good:
        if key.valid_from <= until:
            until = max(until, key.valid_until)
    if until > now:
        return until
    return max((key.valid_until for key in good if key.valid_until <= now), default=now)
