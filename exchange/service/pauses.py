# SPDX-License-Identifier: Apache-2.0
"""What the store keeps of a pause: that a link is paused, since when, by whom and why.

The state of the link says that it is paused. The setting of the link says since when and by whom, and which
record of the audit has the reason: there it is sealed, for officers write it. How a pause begins and ends:
`pausing`.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from exchange.clock import instant_text, parse_instant
from exchange.errors import UsageError
from exchange.ids import LinkId, OfficerNumber, parse_officer
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, LinkRow, LinkState

_PAUSED: Final = "paused:"
"""Setting of a link: since when it is paused, by whom, and the number of the audit record with the reason."""


@dataclass(frozen=True)
class Pause:
    """That a link is paused, for people of the own side."""

    at: datetime
    by: OfficerNumber
    reason: str


def keep_pause(uow: UnitOfWork, link: LinkRow, held: Pause) -> None:
    """Record who paused a link, when and why."""
    n = uow.audit.record(AuditRow(held.at, held.by, "partner_paused", link.partner, purpose=held.reason))
    told = {"at": instant_text(held.at), "by": held.by, "record": n}
    uow.settings.put(_PAUSED + link.link, json.dumps(told))


def forget_pause(uow: UnitOfWork, link: LinkId) -> None:
    """Forget a pause that has ended; its audit record stays."""
    uow.settings.put(_PAUSED + link, "")


def pause_of(uow: UnitOfWork, link: LinkRow) -> Pause | None:
    """Return the pause of a link with its reason, or None."""
    if link.state is not LinkState.PAUSED:
        return None
    told = json.loads(uow.settings.get(_PAUSED + link.link) or "{}")
    record = uow.audit.get(int(told["record"]))
    return Pause(parse_instant(told["at"]), parse_officer(told["by"]), record.purpose if record else "")


def demand_unpaused(uow: UnitOfWork, link: LinkId) -> None:
    """Raise UsageError while a link is paused in the store: an act of people waits until that has ended."""
    row = uow.links.get(link)
    if row is not None and row.state is LinkState.PAUSED:
        raise UsageError(
            f"{row.partner} is paused, and this would change how it stands; nothing was changed",
            hint=f"two officers end the pause first: exchange partner resume {row.partner} --end-pause",
        )
