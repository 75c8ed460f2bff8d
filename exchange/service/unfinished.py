# SPDX-License-Identifier: Apache-2.0
"""Taking back an enrolment that did not come to its end, so that the agency can be enrolled anew.

When the words differ on the telephone somebody changed a file, or one was mixed up with another. The joiner
has stored the agency of the file by then, and while it is stored no other file of that agency is taken. So
two officers take the enrolment back:

1. an invitation that is out ends; a joining file that answers it is refused from then on;
2. a link ends as long as nothing was exchanged on it: no message has a number, the partner's log is empty.
   Nor did the partner say that its gate is open, once our own people confirmed the words: then it is enrolled
   there, and its log, which comes with the next contact, would find nobody any more;
3. the cards of the agency go with it, for they may be of somebody else who used its name. So what its people
   bring next is judged as that of a newcomer;
4. an invitation whose enrolment was taken back is not answered a second time: it would be the same link.

The two sides do this one by one, for there is nobody else to tell who is who.
"""

from dataclasses import dataclass

from exchange.errors import UsageError
from exchange.ids import AgencyCode, LinkId
from exchange.service.node import Node
from exchange.service.partners import INVITATION, is_invited
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, LinkRow, LinkState

TAKEN_BACK = "partner_withdrawn"
"""Act of the audit record; the result is the digest of the card that was stored, or "" for an invitation."""


@dataclass(frozen=True)
class Withdrawn:
    """What was taken back."""

    partner: AgencyCode
    link: LinkId | None
    """The link that ended; None if only an invitation was out."""


async def withdraw(node: Node, partner: AgencyCode, *, actors: tuple[str, ...]) -> Withdrawn:
    """Take back an invitation, or an enrolment on which nothing was exchanged.

    Raises:
        UsageError: there is neither, or the link was used, or drafts are written for it.
    """

    def unit(uow: UnitOfWork) -> Withdrawn:
        row = uow.links.of_partner(partner)
        if row is None and not is_invited(uow, partner):
            raise UsageError(f"no enrolment of {partner} is under way", hint="run: exchange partner list")
        card = None if row is None else uow.links.card(partner)
        if row is not None:
            _demand_unused(uow, node, row)
            uow.links.withdraw(row, at=node.clock.now())
        uow.settings.put(INVITATION + partner, "")
        for actor in actors:
            result = "" if card is None else card.digest
            uow.audit.record(AuditRow(node.clock.now(), actor, TAKEN_BACK, partner, result=result))
        return Withdrawn(partner, row.link if row else None)

    done = await node.store.write(unit)
    if done.link is not None:
        node.presence.forget(done.link)
    return done


def _demand_unused(uow: UnitOfWork, node: Node, row: LinkRow) -> None:
    """Raise unless nothing was exchanged on a link (2)."""
    numbers = row.next_seq > 1 or row.contiguous_in or uow.messages.announced_last(row.link)
    is_open_there = node.presence.of(row.link).state_told == LinkState.OPEN
    is_settled = row.state is not LinkState.JOINED and is_open_there
    if numbers or is_settled or row.own_epoch > 1 or uow.logs.position(row.link, row.partner).size:
        raise UsageError(
            f"the ledger with {row.partner} has begun: an enrolment that was used is not taken back",
            hint=f"to stop it: exchange partner pause {row.partner};"
            " when entries are lost: exchange partner renew",
        )
    if drafts := sum(draft.link == row.link for draft in uow.drafts.summaries()):
        raise UsageError(
            f"{drafts} drafts are written for {row.partner}",
            hint="discard them first: exchange message list, then exchange message discard",
        )
