# SPDX-License-Identifier: Apache-2.0
"""Brings a change of our own keys to every partner: the card, the leaves, and what must not go out any more.

1. `adopt_card` at the start: the new card becomes our newest one, if we hold every key that it names.
2. `tell_keys` for each link whose gate is open: our log says what its `keyx` leaves have not said yet.
   `add` for a new key, `retire` for one whose time is over, `revoke` for one that is compromised. Frames
   with such leaves carry the card (docs/protocol/log.md, where a key counts).
3. When a key for envelopes is revoked, every line of ours that was signed by it and has no verdict is given
   up with `rekeyed`: the partner would refuse it. Officers send again what still holds.

What a link was told is kept beside the link, so that no log is read for it. What is not decided here: when a
key is changed, and by whom; two officers do that with the recovery key (docs/guides/keys.md).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from exchange.errors import ConfigurationError
from exchange.ids import AgencyCode, KeyId, LinkId, OfficerNumber
from exchange.ledger.entries import Entry, decode_leaf, keyx, void
from exchange.protocol.cardform import CardKey, Revocation
from exchange.protocol.cards import Card, newer_card
from exchange.protocol.envelope import read_envelope
from exchange.protocol.suites import KeyUse, PublicKey
from exchange.service import logbook
from exchange.service.node import Node
from exchange.service.pairing import own_card, parsed_card, shown_card
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, CardRow, Direction, LinkRow, LinkState, MessageRow, MessageState
from exchange.service.void import VOIDABLE

NEW_RECOVERY: Final = "recovery"
"""The act whose card is signed by a new recovery key."""
TOLD: Final = "keys_told:"
"""Setting of a link: for each key its use, and the last thing that our log said of it."""
REKEYED: Final = "rekeyed"
PAGE: Final = 200
"""Queued lines looked at in one unit, to hold the store at most some milliseconds."""
_OPS: Final = {Revocation.RETIRED: "retire", Revocation.COMPROMISED: "revoke"}
Told = dict[str, list[str]]


async def adopt_card(node: Node, card: Card, *, act: str, officers: Iterable[OfficerNumber]) -> bool:
    """Make a card our newest one; return False if it was adopted before.

    Raises:
        ConfigurationError: it names a key that is not here, or may not follow the held one.
    """
    by = tuple(officers)
    return await node.store.write(lambda uow: _adopt(uow, node, card, act, by))


def _adopt(uow: UnitOfWork, node: Node, card: Card, act: str, officers: Iterable[OfficerNumber]) -> bool:
    held = own_card(uow, node)
    if held.raw == card.raw or held.serial > card.serial:
        return False
    newer_card(held, card, pinned=card.recovery if act == NEW_RECOVERY else None)
    usable = [key for key in card.keys if key.revoked is None]
    missing = [key for key in usable if node.keys.find(key.use, key.kid) is None]
    if missing:
        raise ConfigurationError(
            f"the prepared card names key {missing[0].kid}, which is not in the key file",
            hint="repeat the key command, or restore the key file from the backup",
        )
    now = node.clock.now()
    uow.links.add_card(CardRow(card.agency, card.serial, card.raw, card.digest, now))
    for officer in officers:
        uow.audit.record(AuditRow(now, officer, "own_card_changed", str(card.serial), result=act))
    return True


async def tell_keys(node: Node, link: LinkId) -> int:
    """Write what our log has not said of our keys yet, and void what may not go out; return the leaves."""
    if node.presence.of(link).gate is not LinkState.OPEN:
        return 0
    if not await node.store.read(lambda uow: bool(_untold(uow, node, link))):
        return 0
    written = await node.store.write(lambda uow: say_keys(uow, node, link))
    node.presence.wake(link)
    return written


def past_keys(uow: UnitOfWork, agency: AgencyCode) -> list[PublicKey]:
    """Return every key that a card of ours ever named; what it signed for us has to be verified for ever."""
    return [key.public for row in uow.links.cards(agency) for key in parsed_card(row.raw).keys]


def is_quiet(uow: UnitOfWork) -> bool:
    """Return True if every number that a partner announced has its verdict here."""
    return all(link.contiguous_in >= uow.messages.announced_last(link.link) for link in uow.links.all())


def keys_that_count(card: Card) -> list[CardKey]:
    """Return the keys of which a new log says that they count from here."""
    return [key for key in card.keys if key.use is not KeyUse.TLS and key.revoked is None]


def say_keys(uow: UnitOfWork, node: Node, link: LinkId) -> int:
    """Do what `tell_keys` does, inside a unit; the gate calls it before anything else is written."""
    row = uow.links.get(link)
    news = _untold(uow, node, link)
    if row is None or not news:
        return 0
    card, told = shown_card(uow, node, link), _told(uow, node, link)
    entries: list[Entry] = [
        keyx(op=op, use=KeyUse(use), kid=KeyId(kid), cs=card.serial, crd=card.digest)
        for kid, (use, op) in news.items()
    ]
    lost = {kid for kid, (use, op) in news.items() if op == "revoke" and use == KeyUse.ENVELOPE}
    rekeyed = _signed_by(uow, row, lost) if lost else []
    entries += [void(seq=message.seq, id=message.id, code=REKEYED) for message in rekeyed]
    logbook.write(uow, node, row, entries)
    for message in rekeyed:
        uow.messages.update(replace(message, state=MessageState.VOIDING, code=REKEYED))
        uow.audit.record(AuditRow(node.clock.now(), "node", "void", message.id, result=REKEYED))
    uow.settings.put(TOLD + link, json.dumps(told | news, sort_keys=True))
    return len(entries)


def _untold(uow: UnitOfWork, node: Node, link: LinkId) -> Told:
    """Return what our log has to say: key id, its use, and the operation."""
    told = _told(uow, node, link)
    named = {key.kid: key for key in shown_card(uow, node, link).keys if key.use is not KeyUse.TLS}
    now = node.clock.now()
    news: Told = {}
    for kid, key in named.items():
        op = _operation(key, told.get(kid, ["", ""])[1], named, now)
        if op:
            news[kid] = [key.use.value, op]
    gone = {kid: use for kid, (use, op) in told.items() if op == "add" and KeyId(kid) not in named}
    return news | {kid: [use, "retire"] for kid, use in gone.items()}


def _operation(key: CardKey, said: str, named: Mapping[KeyId, CardKey], now: datetime) -> str:
    """Return what is to be said of a key now, or ""."""
    if said == "":
        return "" if key.revoked else "add"
    if said != "add":
        return ""
    if key.revoked:
        return _OPS[key.revoked]
    if key.valid_until > now:
        return ""
    has_next = any(
        other.use is key.use and other.algorithm is key.algorithm and other.is_usable(now)
        for other in named.values()
    )
    return "retire" if has_next else ""


def _told(uow: UnitOfWork, node: Node, link: LinkId) -> Told:
    """Return what our log has said of each key: what is kept, or what it said at its beginning."""
    kept = uow.settings.get(TOLD + link)
    if kept:
        return dict(json.loads(kept))
    first = decode_leaf(uow.logs.leaves(link, node.agency, 0, 1)[0])
    cards = [parsed_card(row.raw) for row in uow.links.cards(node.agency)]
    begun = next(card for card in cards if card.digest == first.fields["crd"])
    return {key.kid: [key.use.value, "add"] for key in keys_that_count(begun)}


def _signed_by(uow: UnitOfWork, link: LinkRow, kids: set[str]) -> list[MessageRow]:
    """Return our messages without a verdict whose envelope one of these keys signed."""
    found = []
    for stops in (True, False):
        after = 0
        while rows := uow.messages.queued(link.link, stops=stops, after=after, limit=PAGE):
            after = rows[-1].seq
            found += rows
    found += uow.messages.stopped(link.link)
    ours = {row.seq: row for row in found if row.state in VOIDABLE and _kid_of(uow, link, row.seq) in kids}
    return [ours[seq] for seq in sorted(ours)]


def _kid_of(uow: UnitOfWork, link: LinkRow, seq: int) -> str:
    envelope, _ = uow.messages.line(link.link, Direction.OUT, seq)
    return read_envelope(envelope).kid
