# SPDX-License-Identifier: Apache-2.0
"""What is kept of a new epoch: that people decided it, and with which number each epoch began.

Both stand in settings of the link, so that the gate can tell them and a message finds its epoch again.
"""

import json
from dataclasses import dataclass
from typing import Final

from exchange.ids import LinkId
from exchange.protocol.strictjson import JsonValue
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkRow

DECIDED: Final = "epoch-decided:"
"""Setting of a link: the decision of two persons of this side, also after the epoch began."""
RESTORED: Final = "restored"
"""Setting: the instant at which this store was put back from a backup last, which is its restore mark."""
RESTORE_SEEN: Final = "restore_seen:"
"""Setting of a link: the restore mark of ours with which its gate opened last."""
PARTNER_RESTORED: Final = "partner_restored:"
"""Setting of a link: the restore mark of the partner with which our gate opened last."""
_FIRSTS: Final = "epoch-firsts:"
"""Setting of a link: `[epoch, first number of ours]` for each epoch but the first."""


@dataclass(frozen=True)
class Decision:
    """Two persons of this side end the epoch before `ep`; `first` is the number they named, or 0.

    `restored` is the restore mark of our store when they decided.
    """

    ep: int
    why: str
    first: int = 0
    restored: str = ""


def decision_of(uow: UnitOfWork, link: LinkId) -> Decision | None:
    """Return what two persons of this side decided last, or None."""
    raw = uow.settings.get(DECIDED + link)
    return Decision(**json.loads(raw)) if raw else None


def is_pending(uow: UnitOfWork, link: LinkRow | None) -> bool:
    """Return True if a new epoch was decided on this side and has not begun."""
    decided = decision_of(uow, link.link) if link else None
    return link is not None and decided is not None and decided.ep > link.own_epoch


def take_back(uow: UnitOfWork, link: LinkRow) -> None:
    """Forget a decision that has had no effect."""
    if is_pending(uow, link):
        uow.settings.put(DECIDED + link.link, "")


def told_decision(uow: UnitOfWork, link: LinkId) -> dict[str, JsonValue]:
    """Return the member of our report that tells the decision; none without one."""
    decided = decision_of(uow, link)
    return {"renew": {"ep": decided.ep, "why": decided.why}} if decided else {}


def restore_mark(uow: UnitOfWork) -> str:
    """Return the restore mark of this store, "" if it was never put back."""
    return uow.settings.get(RESTORED) or ""


def is_restored(uow: UnitOfWork, link: LinkId) -> bool:
    """Return True if this store was put back and the gate of the link has not opened since."""
    restored = restore_mark(uow)
    return bool(restored) and uow.settings.get(RESTORE_SEEN + link) != restored


def note_restores(uow: UnitOfWork, link: LinkId, partner: str) -> None:
    """Remember both restore marks: the gate opened with them."""
    uow.settings.put(RESTORE_SEEN + link, restore_mark(uow))
    uow.settings.put(PARTNER_RESTORED + link, partner)


def note_first(uow: UnitOfWork, link: LinkId, ep: int, first: int) -> None:
    """Remember with which number of ours an epoch began."""
    firsts = json.loads(uow.settings.get(_FIRSTS + link) or "[]")
    uow.settings.put(_FIRSTS + link, json.dumps([*firsts, [ep, first]]))


def own_epoch_of(uow: UnitOfWork, link: LinkRow, seq: int) -> int:
    """Return the epoch of our log in which a number of ours was sent."""
    if link.own_epoch == 1:
        return 1
    firsts = json.loads(uow.settings.get(_FIRSTS + link.link) or "[]")
    return max((int(ep) for ep, first in firsts if first <= seq), default=1)
