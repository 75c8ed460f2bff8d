# SPDX-License-Identifier: Apache-2.0
"""Says whether this store is known to hold less of our own log than was once written.

A comparison compares what is here. If the store is an old one, what it misses stands in neither ledger here,
and both may agree. So this is asked beside every comparison, and what it names is never green. It is known:

1. from the partner's last report: it shows a head of ours over more of our log, or of a later epoch;
2. from a refill that is not finished, or a parcel that proved more; like 1 it is kept over a restart;
3. from the reason for which the gate is closed: the partner, the high-water file or a witness is ahead of the
   store, or saw another history.

A partner that claims more than there ever was has no head of ours to show, and its claim says nothing here.
"""

from dataclasses import dataclass
from typing import Final

from exchange.ids import LinkId
from exchange.service.filegate import AHEAD
from exchange.service.gatetalk import SEEN
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.refill import REFILL
from exchange.service.rows import LinkState

MISSING: Final = "entries_missing"
_BEHIND: Final = frozenset(
    {
        "partner_ahead",
        "epoch_lost",
        "refill_by_calls",
        "refill_unanswered",
        "refill_unfinished",
        "high_water_ahead",
        "witness_ahead",
        "witness_forked",
        "log_forked",
    }
)
"""Reasons of a closed gate that say: this store is not the newest one, or not the only one."""


@dataclass(frozen=True)
class Shortfall:
    """This store holds less of our log than was written."""

    held: int
    """Entries of our log in the present epoch of this store."""
    seen: int
    """Entries that the partner has seen in the same epoch; 0 if that is not known, or in a later epoch."""
    reason: str
    """Why the gate is closed if that is the cause; else `entries_missing`."""


def shortfall(uow: UnitOfWork, node: Node, link: LinkId) -> Shortfall | None:
    """Return what is known of entries of ours that are not in this store, or None."""
    presence, position = node.presence.of(link), uow.logs.position(link, node.agency)
    told_ep, told = (int(part) for part in (uow.settings.get(SEEN + link) or "0:0").split(":"))
    seen = max(told if told_ep == position.epoch else 0, int(uow.settings.get(AHEAD + link) or 0))
    is_behind = seen > position.size or (told and told_ep > position.epoch)  # 1, 2
    is_unfinished = bool(uow.settings.get(REFILL + link))  # 2
    is_closed = presence.gate is not LinkState.OPEN and presence.reason in _BEHIND  # 3
    if not (is_behind or is_unfinished or is_closed):
        return None
    reason = presence.reason if presence.reason in _BEHIND else MISSING
    return Shortfall(position.size, seen if seen > position.size else 0, reason)
