# SPDX-License-Identifier: Apache-2.0
"""How each link stands now, in numbers for a monitor: gate, waiting messages, last contact. No content."""

from dataclasses import dataclass

from exchange.ids import AgencyCode, LinkId
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkRow, LinkState


@dataclass(frozen=True)
class LinkStanding:
    """One link as a monitor sees it."""

    link: LinkId
    partner: AgencyCode
    is_open: bool
    is_paused: bool
    """An officer of the own side stopped it."""
    waiting: int
    """Messages that were sent and have no verdict, and those that wait until the gate opens."""
    contact_age_s: float | None
    """Seconds since the last frame of the partner; None without one since the start."""
    apart_s: int
    """How far the partner's clock is ahead of ours if that is too far, else 0."""


def waiting_on(uow: UnitOfWork, link: LinkId) -> int:
    """Return how many messages of ours wait: for their verdict, or until the gate opens or a pause ends."""
    drafts = sum(draft.waiting and draft.link == link for draft in uow.drafts.summaries())
    return uow.messages.open_count(link)[0] + drafts


def link_standings(uow: UnitOfWork, node: Node) -> list[LinkStanding]:
    """Return how each link stands."""
    drafts = [draft.link for draft in uow.drafts.summaries() if draft.waiting]
    return [_standing(uow, node, row, drafts.count(row.link)) for row in uow.links.all()]


def _standing(uow: UnitOfWork, node: Node, row: LinkRow, drafts: int) -> LinkStanding:
    presence = node.presence.of(row.link)
    heard_at = presence.last_contact_at
    return LinkStanding(
        link=row.link,
        partner=row.partner,
        is_open=presence.gate is LinkState.OPEN,
        is_paused=presence.gate is LinkState.PAUSED,
        waiting=uow.messages.open_count(row.link)[0] + drafts,
        contact_age_s=(node.clock.now() - heard_at).total_seconds() if heard_at else None,
        apart_s=presence.apart_s,
    )
