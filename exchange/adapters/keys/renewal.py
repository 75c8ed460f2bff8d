# SPDX-License-Identifier: Apache-2.0
"""How the keys of a node change: the next period, an early end, a loss, and the end of sealing keys.

Each function takes the keys and the card that name them and returns both as they are afterwards; nothing is
written here. The card is signed by the recovery key, which comes out of its safe for this.

    rotated      one more period for each use, behind the last one, if its keys do not reach two years ahead;
                 what is over goes, apart from sealing keys
    retired      keys are used no longer, and a new one of the same use takes the place of each at once
    moved        no key changes: the card names another address
    lost         keys may be in other hands: they are revoked, and a new one takes the place of each at once
    under        no key changes: another recovery key signs the card
    destroyable  sealing keys whose time is over and to which nothing is on its way any more

Sealing keys outlive their use, because lines that were sealed to them may still come (design 4.1).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from exchange.adapters.keys.material import KEY_LIFE, KINDS, NodeKeys, life_of
from exchange.errors import CardInvalidError, StoreDamagedError, UsageError
from exchange.ids import KeyId, OfficerNumber, RandomSource, parse_officer
from exchange.messages.versions import installed_versions
from exchange.protocol.cardform import CardFields, CardKey, Revocation, is_address
from exchange.protocol.cards import MAX_CARD_BYTES, Card, read_card, sign_card
from exchange.protocol.keyring import OwnKey
from exchange.protocol.members import Members
from exchange.protocol.strictjson import JsonValue, encode, parse
from exchange.protocol.suites import KeyUse, PrivateKey, algorithm_of, new_key

HEAD_START: Final = timedelta(days=1)
"""Clocks differ: a key that takes another one's place counts from the day before."""
FAR: Final = 2 * KEY_LIFE
"""A use whose keys reach further gets no more yet. Sealing keys need a rotation each quarter, and the others
would pile up until the card is larger than partners take (`MAX_CARD_BYTES`)."""
A_SECOND: Final = timedelta(seconds=1)
LONGEST_MESSAGE: Final = timedelta(days=30)
"""Default life of a message: so long a line that was sealed in time may still be under way."""
LAST_DAY: Final = timedelta(days=100)
"""A sealing key is destroyed so long after its end, whatever is missing (design 4.1)."""


@dataclass(frozen=True)
class Changed:
    """Keys and card after a change."""

    keys: NodeKeys
    card: Card


class KeyAct(StrEnum):
    """What two officers can do with the keys of their node."""

    ROTATE = "rotate"
    RETIRE = "retire"
    REVOKE = "revoke"
    ADDRESS = "address"


@dataclass(frozen=True)
class PreparedCard:
    """The card that goes with changed keys, until the next start takes it over."""

    raw: bytes
    act: str
    officers: tuple[OfficerNumber, ...]

    def is_whole(self, keys: NodeKeys) -> bool:
        """Return True if every key that the card names is here; else its change was cut off half way."""
        held = {own.key.kid for own in keys.keys}
        named = read_card(self.raw, pinned_recovery=None).keys
        return all(key.kid in held for key in named if key.revoked is None)


def write_prepared(prepared: PreparedCard) -> bytes:
    """Return the bytes of a prepared card; nothing in it is secret."""
    card: JsonValue = prepared.raw.decode("ascii")
    return encode({"v": 1, "card": card, "act": prepared.act, "officers": list(prepared.officers)})


def read_prepared(raw: bytes) -> PreparedCard:
    """Return the prepared card in the bytes of its file.

    Raises:
        StoreDamagedError, StrictJsonError: it has another form.
    """
    members = Members(parse(raw), ("v", "card", "act", "officers"), kind="card file", error=StoreDamagedError)
    members.integer("v", low=1, high=1)
    officers = tuple(parse_officer(str(officer)) for officer in members.items("officers", most=2))
    card = members.text("card", max_chars=MAX_CARD_BYTES).encode("ascii", "replace")
    return PreparedCard(card, members.text("act", max_chars=16), officers)


def changed(
    keys: NodeKeys,
    card: Card,
    recovery: PrivateKey,
    act: KeyAct,
    kids: tuple[KeyId, ...] = (),
    *,
    address: str,
    now: datetime,
    random: RandomSource,
) -> Changed:
    """Return keys and card after an act; the card names `address`, or none for a node that only calls.

    Retiring and revoking are about the named keys, all or none.

    Raises:
        UsageError: no such key, or none is named, or one twice; the address should change and is the same.
        CardInvalidError: a partner would refuse the card; an address has to be `https://host:port`.
    """
    match act:
        case KeyAct.ADDRESS:
            return moved(keys, card, recovery, address=address, now=now)
        case KeyAct.ROTATE:
            return rotated(keys, _at(card, address), recovery, now=now, random=random)
        case KeyAct.RETIRE:
            return retired(keys, _at(card, address), recovery, kids, now=now, random=random)
        case KeyAct.REVOKE:
            return lost(keys, _at(card, address), recovery, kids, now=now, random=random)
        case _:
            assert_never(act)


def moved(keys: NodeKeys, card: Card, recovery: PrivateKey, *, address: str, now: datetime) -> Changed:
    """Return the same keys, and a card that names another address.

    Raises:
        UsageError: the card names this address already.
    """
    if card.address == address:
        raise UsageError(
            f"card {card.serial} names {address or 'no address'} already",
            hint="set [door] address in exchange.toml first",
        )
    return _changed(keys, _at(card, address), recovery, {}, now=now)


def under(keys: NodeKeys, card: Card, recovery: PrivateKey, *, above: int, now: datetime) -> Changed:
    """Return the same keys, and a card that a new recovery key signs; its serial is above `above`, too.

    `above` is the highest serial that any partner holds: whoever had the old key may have signed cards.
    """
    before = replace(card, recovery=recovery.public, serial=max(card.serial, above))
    return _changed(keys, before, recovery, {}, now=now)


def rotated(
    keys: NodeKeys, card: Card, recovery: PrivateKey, *, now: datetime, random: RandomSource
) -> Changed:
    """Return the keys with one more period of each use that does not reach `FAR`, without what is over."""
    kept = [own for own in keys.keys if own.key.use is KeyUse.SEAL or now < own.valid_until]
    more = []
    for use, suite in KINDS:
        algorithm = algorithm_of(use, suite)
        ends = [own.valid_until for own in kept if (own.key.use, own.key.algorithm) == (use, algorithm)]
        start = max((*ends, _midnight(now) - HEAD_START))
        if start - now <= FAR:
            more.append(OwnKey(new_key(use, algorithm, random), start, start + life_of(use)))
    return _changed(replace(keys, keys=(*kept, *more)), card, recovery, {}, now=now)


def retired(
    keys: NodeKeys,
    card: Card,
    recovery: PrivateKey,
    kids: tuple[KeyId, ...],
    *,
    now: datetime,
    random: RandomSource,
) -> Changed:
    """Return the keys with the use of some at its end, and a new one in the place of each.

    Raises:
        UsageError: as `changed`.
    """
    return _replaced(keys, card, recovery, kids, Revocation.RETIRED, now=now, random=random)


def lost(
    keys: NodeKeys,
    card: Card,
    recovery: PrivateKey,
    kids: tuple[KeyId, ...],
    *,
    now: datetime,
    random: RandomSource,
) -> Changed:
    """Return the keys with a new one in the place of each that may be in other hands.

    Raises:
        UsageError: as `changed`.
    """
    return _replaced(keys, card, recovery, kids, Revocation.COMPROMISED, now=now, random=random)


def _replaced(
    keys: NodeKeys,
    card: Card,
    recovery: PrivateKey,
    kids: tuple[KeyId, ...],
    reason: Revocation,
    *,
    now: datetime,
    random: RandomSource,
) -> Changed:
    """Revoke keys, one card for all of them."""
    if not kids:
        raise UsageError("no key is named", hint="list them: exchange key list")
    twice = next((kid for kid, count in Counter(kids).items() if count > 1), None)
    if twice is not None:
        raise UsageError(f"key {twice} is named twice", hint="name each key once")
    for kid in kids:
        keys = _with_another(keys, kid, now=now, random=random)
    return _changed(keys, card, recovery, dict.fromkeys(kids, reason), now=now)


def _with_another(keys: NodeKeys, kid: KeyId, *, now: datetime, random: RandomSource) -> NodeKeys:
    """Return the keys with a new one in the place of one of them.

    In the place of a key that counts, the new one is the youngest of its use, so that it is taken at once.
    In the place of a key whose time has not begun it has the dates of that one.
    """
    own = next((each for each in keys.keys if each.key.kid == kid), None)
    if own is None:
        raise UsageError(f"this node has no key {kid}", hint="list them: exchange key list")
    use, another = own.key.use, new_key(own.key.use, own.key.algorithm, random)
    usable = [each for each in keys.keys if each.key.use is use and each.valid_from <= now]
    start = max((_midnight(now) - HEAD_START, *(each.valid_from + A_SECOND for each in usable)))
    instead = OwnKey(another, start, start + life_of(use))
    if own.valid_from > now:
        instead = replace(own, key=another)
    kept = [each for each in keys.keys if each.key.kid != kid]
    if use is KeyUse.SEAL:
        kept.append(replace(own, valid_until=min(own.valid_until, now)))
    return replace(keys, keys=(*kept, instead))


def destroyable(keys: NodeKeys, *, now: datetime, is_quiet: bool) -> tuple[KeyId, ...]:
    """Return the sealing keys that are to be destroyed.

    `is_quiet` says that every number that a partner announced has its verdict.
    """
    over = [own for own in keys.keys if own.key.use is KeyUse.SEAL and own.valid_until <= now]
    return tuple(
        own.key.kid
        for own in over
        if now >= own.valid_until + LAST_DAY or (is_quiet and now >= own.valid_until + LONGEST_MESSAGE)
    )


def _at(card: Card, address: str) -> Card:
    """Return the card with another address; of the result only what it names is right, not its bytes.

    Further addresses that somebody gave to the card stay while the first one stays.

    Raises:
        CardInvalidError: a card cannot name it.
    """
    if card.address == address:
        return card
    if address and not is_address(address):
        raise CardInvalidError(
            f"{address!a} is no address that a card can name; expected https://host:port",
            hint="correct [door] address in exchange.toml",
        )
    return replace(card, addresses=(address,) if address else ())


def _changed(
    keys: NodeKeys,
    card: Card,
    recovery: PrivateKey,
    revoked: dict[KeyId, Revocation],
    *,
    now: datetime,
) -> Changed:
    names = {name: getattr(card, name) for name in CardFields.__dataclass_fields__}
    rows = tuple(_rows(keys, card, revoked, now))
    changes = {"serial": card.serial + 1, "issued_at": now, "keys": rows, "messages": installed_versions()}
    content = CardFields(**(names | changes))
    return Changed(keys, read_card(sign_card(content, key=recovery), pinned_recovery=card.recovery))


def _rows(keys: NodeKeys, card: Card, revoked: dict[KeyId, Revocation], now: datetime) -> Iterable[CardKey]:
    """Yield what the next card names: every key of ours whose time is not over, and what was revoked."""
    named = {row.kid: row for row in card.keys}
    for kid, row in named.items():
        reason = revoked.get(kid, row.revoked)
        if reason is not None:
            yield replace(row, revoked=reason)
    for own in keys.keys:
        before = named.get(own.key.kid)
        is_revoked = own.key.kid in revoked or (before is not None and before.revoked is not None)
        if not is_revoked and now < own.valid_until:
            yield before or own.entry


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
