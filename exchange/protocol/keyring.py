# SPDX-License-Identifier: Apache-2.0
"""The keys a node works with: its own private ones, and those of one partner with their places.

`PartnerKeys` holds every key that a card of the partner ever named, because old signatures must go on
verifying, and for each key the part of the partner's log in which it counts (`KeySpan`). It answers
what is known; whether a key is trusted is decided in `trust` alone. All values are immutable: a new card
or a leaf gives a new `PartnerKeys`.

Where a span ends:

1. a leaf `keyx retire` at index i: at i;
2. a leaf `keyx revoke`: at the number of leaves held before the tail that brought it;
3. a card that says `compromised`: at the number of the partner's leaves held when it arrived;
4. whatever comes later never moves an end up again.

A card that says `retired`, or no longer names a key, ends no span: lines that are under way were signed
before the leaf was written. It only ends new uses. But the first card under a new recovery key ends every key
that it does not name, as in 3: whoever had the old recovery key may have named keys of their own. A leaf may
come before the card that names its key: the span is known then, the key is not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Self

from exchange.errors import ConfigurationError
from exchange.ids import AgencyCode, KeyId
from exchange.protocol.cardform import CardKey
from exchange.protocol.cards import Card, Revocation, newer_card
from exchange.protocol.suites import KeyUse, PrivateKey, PublicKey, Suite

NO_OWN_KEY: Final = "no_own_key"
"""Reason of the error when no own key of a use may be used now."""
_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class OwnKey:
    """A private key of this node with the dates under which its card names it."""

    key: PrivateKey
    valid_from: datetime
    valid_until: datetime

    @property
    def entry(self) -> CardKey:
        """The entry of this key in the own card."""
        public = self.key.public
        return CardKey(
            public.use, public.kid, public.algorithm, public.raw, self.valid_from, self.valid_until
        )


class Keyring:
    """The private keys of this node, by use and key id; its text never shows a key.

    A key given without dates counts at all times. `past` are keys that our cards named and whose private half
    may be gone: what they signed for us is still verified.
    """

    def __init__(self, keys: Iterable[OwnKey | PrivateKey], *, past: Iterable[PublicKey] = ()) -> None:
        dated = [key if isinstance(key, OwnKey) else OwnKey(key, _EVER, _NEVER) for key in keys]
        self._keys = {(own.key.use, own.key.kid): own for own in dated}
        self._public = {own.key.kid: own.key.public for own in dated} | {key.kid: key for key in past}

    def __repr__(self) -> str:
        return f"Keyring({len(self._keys)} keys)"

    def find(self, use: KeyUse, kid: KeyId) -> PrivateKey | None:
        own = self._keys.get((use, kid))
        return None if own is None else own.key

    def public(self, use: KeyUse) -> tuple[PublicKey, ...]:
        """Return the public halves of all own keys of a use, also of past ones."""
        return tuple(key for key in self._public.values() if key.use is use)

    def sealing(self) -> dict[KeyId, PrivateKey]:
        """Return all keys that open bodies, of both suites, also retired ones."""
        return {kid: own.key for (use, kid), own in self._keys.items() if use is KeyUse.SEAL}

    def signing(self, use: KeyUse, at: datetime) -> PrivateKey:
        """Return the own key for a new signature: the newest whose dates cover the instant.

        Raises:
            ConfigurationError: there is none (`NO_OWN_KEY`).
        """
        usable = self._usable(use, at)
        if not usable:
            raise ConfigurationError(
                f"no own key for {use} may be used now",
                hint="two officers make new ones: exchange key rotate; then restart the service",
                reason=NO_OWN_KEY,
            )
        return max(usable, key=lambda own: (own.valid_from, own.key.kid)).key

    def may_sign(self, use: KeyUse, at: datetime) -> bool:
        """Return whether `signing` gives a key."""
        return bool(self._usable(use, at))

    def _usable(self, use: KeyUse, at: datetime) -> list[OwnKey]:
        return [
            own
            for own in self._keys.values()
            if own.key.use is use and own.valid_from <= at < own.valid_until
        ]


@dataclass(frozen=True)
class KeySpan:
    """The part of a log in which a key counts: from_index <= index < until_index."""

    use: KeyUse
    kid: KeyId
    from_index: int = 0
    until_index: int | None = None

    def covers(self, index: int) -> bool:
        return self.from_index <= index and (self.until_index is None or index < self.until_index)

    def ended_at(self, index: int) -> Self:
        """Return the span with its end at `index`, unless it ended before that (rule 4)."""
        end = index if self.until_index is None else min(self.until_index, index)
        return replace(self, until_index=end)


@dataclass(frozen=True)
class PartnerKeys:
    """The keys of one partner on one link and one epoch of its log."""

    card: Card
    """The card with the highest serial."""
    keys: Mapping[tuple[KeyUse, KeyId], PublicKey]
    spans: Mapping[tuple[KeyUse, KeyId], KeySpan]

    @classmethod
    def of(cls, cards: Collection[Card], spans: Iterable[KeySpan] = ()) -> Self:
        """Return the keys in the cards held of a partner, with the spans that were kept.

        Requires at least one card, all of one agency. A key without a kept span counts from 0, but one
        that its first card revoked, or that any card calls compromised and no span ends, counts nowhere.
        """
        ordered = sorted(cards, key=lambda card: card.serial)
        first = {(key.use, key.kid): key for card in reversed(ordered) for key in card.keys}
        lost = {key.kid for card in ordered for key in card.keys if key.revoked is Revocation.COMPROMISED}
        fresh = {place: _first_span(key, is_lost=key.kid in lost) for place, key in first.items()}
        kept = {(span.use, span.kid): _closed(span) if span.kid in lost else span for span in spans}
        return cls(ordered[-1], {place: key.public for place, key in first.items()}, fresh | kept)

    @property
    def agency(self) -> AgencyCode:
        return self.card.agency

    def find(self, use: KeyUse, kid: KeyId) -> PublicKey | None:
        """Return a key that any held card names for this use, whether it still counts or not."""
        return self.keys.get((use, kid))

    def span(self, use: KeyUse, kid: KeyId) -> KeySpan:
        """Return where a key counts; requires a key that `find` knows."""
        return self.spans[(use, kid)]

    def retired_at_index(self, use: KeyUse, kid: KeyId) -> int | None:
        """Return the index from which a key no longer counts, or None while it does."""
        return self.span(use, kid).until_index

    def with_card(
        self,
        offered: Card,
        *,
        held_leaves: int,
        known_keys: Collection[KeyId] = (),
        pinned: PublicKey | None = None,
    ) -> Self:
        """Return the keys after a card arrived while `held_leaves` leaves of the partner were held.

        Raises:
            CardInvalidError: the card may not replace the held one (`newer_card`).
        """
        newest = newer_card(self.card, offered, known_keys=known_keys, pinned=pinned)
        keys = {**self.keys, **{(key.use, key.kid): key.public for key in newest.keys}}
        spans = {(key.use, key.kid): _first_span(key) for key in newest.keys} | dict(self.spans)
        for key in newest.keys:
            if key.revoked is Revocation.COMPROMISED:
                place = (key.use, key.kid)
                spans[place] = spans[place].ended_at(held_leaves if place in self.keys else 0)
        if newest.recovery != self.card.recovery:
            dropped = self.keys.keys() - {(key.use, key.kid) for key in newest.keys}
            spans |= {place: spans[place].ended_at(held_leaves) for place in dropped}
        return replace(self, card=newest, keys=keys, spans=spans)

    def added(self, use: KeyUse, kid: KeyId, *, index: int) -> Self:
        """Return the keys after the leaf `keyx add` of a key at an index.

        The first such leaf counts; after the end of the key none does, so that its past stays.
        """
        span = self._span_of(use, kid)
        if span.from_index or span.until_index is not None:
            return self
        return self._with(replace(span, from_index=index))

    def ended(self, use: KeyUse, kid: KeyId, *, index: int) -> Self:
        """Return the keys after `keyx retire` at an index, or `keyx revoke` with what was held before."""
        return self._with(self._span_of(use, kid).ended_at(index))

    def in_new_epoch(self) -> Self:
        """Return the keys for a new epoch of the log: what had ended stays ended, all else starts at 0."""
        ended = {place for place, span in self.spans.items() if span.until_index is not None}
        spans = {place: KeySpan(*place, until_index=0 if place in ended else None) for place in self.spans}
        return replace(self, spans=spans)

    def sealing(self, at: datetime, *, suite: Suite) -> tuple[KeySpan, PublicKey]:
        """Return the partner's newest sealing key of a suite, with its span.

        Raises:
            CardInvalidError: the newest card has none that may be used now.
        """
        key = self.card.current(KeyUse.SEAL, at, suite=suite)
        return self.span(KeyUse.SEAL, key.kid), key.public

    def _span_of(self, use: KeyUse, kid: KeyId) -> KeySpan:
        return self.spans.get((use, kid)) or KeySpan(use, kid)

    def _with(self, span: KeySpan) -> Self:
        return replace(self, spans={**self.spans, (span.use, span.kid): span})


def _closed(span: KeySpan) -> KeySpan:
    return span if span.until_index is not None else span.ended_at(0)


def _first_span(key: CardKey, *, is_lost: bool = False) -> KeySpan:
    revoked = key.revoked is not None or is_lost
    return KeySpan(key.use, key.kid, until_index=0 if revoked else None)
