# SPDX-License-Identifier: Apache-2.0
"""Tries, without changing anything, whether this agency could lose a key today and go on.

1. Every use that signs, also the TLS key of the door, and the second key for heads if our card names one:
   the running node signs a trial text, and the key in our card verifies it.
2. Sealing: for each suite of our card the node holds the private half of the key that partners seal to.
3. No key of our card ends within 60 days without a successor.
4. The recovery key was tried by command within the last quarter (`note_recovery`). It is never tried here:
   it is kept off the machine, and its passphrase does not go through a browser.

The result is kept and recorded; it names uses and days, never a key. Guide: docs/guides/keys.md.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exchange.clock import instant_text, parse_instant
from exchange.errors import CardInvalidError, ConfigurationError, ProtocolError
from exchange.ids import OfficerNumber
from exchange.protocol.cardform import CardKey
from exchange.protocol.cards import Card
from exchange.protocol.suites import KeyUse, Suite, check_pair
from exchange.service.node import Node
from exchange.service.pairing import own_card
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow

SOON: Final = timedelta(days=60)
"""A key without a successor is named so long before its end; the recovery key has to be fetched."""
QUARTER: Final = timedelta(days=92)
"""So often the recovery key is tried; docs/guides/keys.md."""
SIGNERS: Final = (KeyUse.ENVELOPE, KeyUse.HEAD, KeyUse.HEAD_PQ, KeyUse.COSIGN, KeyUse.DOOR, KeyUse.TLS)
_TEXT: Final = b"exchange/key-trial/v1\x00"
_LAST: Final = "key-trial"
"""Setting: the result of the last trial."""
_RECOVERY: Final = "recovery-tried"
"""Setting: when the recovery key was last tried by command, and the two officers."""


class Part(StrEnum):
    """What is tried, in the order of the numbers above."""

    SIGNING = "signing"
    SEALING = "sealing"
    SUCCESSORS = "successors"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Found:
    """What one part came to; `names` are the uses that do not work."""

    part: Part
    works: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """The result of a trial."""

    at: datetime
    officer: OfficerNumber
    found: tuple[Found, ...]

    @property
    def works(self) -> bool:
        return all(one.works for one in self.found)


async def try_keys(node: Node, *, officer: OfficerNumber) -> Trial:
    """Try everything and keep the result."""
    return await node.store.write(lambda uow: _try(uow, node, officer))


def _try(uow: UnitOfWork, node: Node, officer: OfficerNumber) -> Trial:
    card, now = own_card(uow, node), node.clock.now()
    tried = recovery_tried_at(uow)
    failing = {
        Part.SIGNING: tuple(use.value for use in _signers(card) if not _signs(node, card, use, now)),
        Part.SEALING: _unopened(node, card, now),
        Part.SUCCESSORS: tuple(dict.fromkeys(key.use.value for key in ending(card, now))),
        Part.RECOVERY: () if tried and now - tried <= QUARTER else (KeyUse.RECOVERY.value,),
    }
    trial = Trial(now, officer, tuple(Found(part, not names, names) for part, names in failing.items()))
    uow.settings.put(_LAST, _text(trial))
    told = " ".join(one.part for one in trial.found if not one.works) or "works"
    uow.audit.record(AuditRow(now, officer, "keys_tried", node.agency, result=told))
    return trial


def _signers(card: Card) -> list[KeyUse]:
    """Return the uses that have to sign; a card may lack the second key for heads."""
    return [use for use in SIGNERS if use is not KeyUse.HEAD_PQ or card.keys_for(use)]


def _signs(node: Node, card: Card, use: KeyUse, now: datetime) -> bool:
    """Return whether a signature of ours is verified by the key that our card names (1)."""
    try:
        key = node.keys.signing(use, now)
        named = card.find(use, key.kid)
        if named is None or not named.is_usable(now):
            return False
        check_pair(key, named.public, _TEXT)
    except (ConfigurationError, ProtocolError):
        return False
    return True


def _unopened(node: Node, card: Card, now: datetime) -> tuple[str, ...]:
    """Return sealing once for each suite whose key in the card this node cannot open with (2)."""
    held = node.keys.sealing()
    failing = []
    for suite in card.suites:
        try:
            named = card.current(KeyUse.SEAL, now, suite=Suite(suite))
        except CardInvalidError:
            failing.append(KeyUse.SEAL.value)
            continue
        own = held.get(named.kid)
        if own is None or own.public != named.public:
            failing.append(KeyUse.SEAL.value)
    return tuple(dict.fromkeys(failing))


def ending(card: Card, now: datetime) -> Sequence[CardKey]:
    """Return the keys that end soon and have no successor in the card (3)."""
    return [
        key
        for key in card.keys
        if key.is_usable(now) and key.valid_until - now < SOON and not _has_successor(card, key)
    ]


def _has_successor(card: Card, key: CardKey) -> bool:
    return any(
        (other.use, other.algorithm) == (key.use, key.algorithm) and other.valid_until > key.valid_until
        for other in card.keys
        if other.revoked is None
    )


def note_recovery(
    uow: UnitOfWork, *, agency: str, officers: tuple[OfficerNumber, OfficerNumber], now: datetime
) -> None:
    """Remember that two officers tried the recovery key by command, and that it worked (4)."""
    uow.settings.put(_RECOVERY, instant_text(now))
    for officer in officers:
        uow.audit.record(AuditRow(now, officer, "recovery_key_tried", agency, result="works"))


def recovery_tried_at(uow: UnitOfWork) -> datetime | None:
    """Return when the recovery key was last tried with success, or None."""
    text = uow.settings.get(_RECOVERY)
    return parse_instant(text) if text else None


def last_trial(uow: UnitOfWork) -> Trial | None:
    """Return the result of the last trial, or None."""
    text = uow.settings.get(_LAST)
    if not text:
        return None
    held = json.loads(text)
    found = tuple(Found(Part(part), not names, tuple(names)) for part, names in held["found"])
    return Trial(parse_instant(held["at"]), OfficerNumber(held["officer"]), found)


def _text(trial: Trial) -> str:
    found = [[one.part.value, list(one.names)] for one in trial.found]
    return json.dumps({"at": instant_text(trial.at), "officer": trial.officer, "found": found})
