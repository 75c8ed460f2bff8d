# SPDX-License-Identifier: Apache-2.0
"""Accepting a difference as it is, by two persons who sign in one after the other.

    propose   the first person writes what the partner will read; nothing is told yet
    confirm   another person, with the digest of what was shown; `resolving` accepts it and tells the partner
    give_up   any officer lets the proposal go

Whatever else is done about the difference ends the proposal. On one keyboard both persons can be named at
once: `resolving.settle`.
"""

from dataclasses import replace

from exchange.errors import UsageError
from exchange.ids import Digest, LinkId, OfficerNumber
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.resolving import How, demand_live, demand_text, settle, shown_digest
from exchange.service.rows import AuditRow, NamedDifference


async def propose(
    node: Node, link: LinkId, no: int, *, text: str, officer: OfficerNumber, seen: Digest
) -> NamedDifference:
    """Propose to accept a difference as it is; `text` is what the partner will read.

    Raises:
        UsageError: no such difference, it is closed, somebody proposed it, or there is no explanation.
        StaleFormError: it is not what was shown.
        NodeError: the officer is not in the directory.
    """
    demand_text(text)

    def unit(uow: UnitOfWork) -> NamedDifference:
        row = demand_live(uow, link, no, seen)
        if row.offered_by:
            raise UsageError(
                f"{row.offered_by} proposed it already", hint="confirm it as another person, or let it go"
            )
        demand_officer(uow, officer, node.clock.now())
        offered = replace(row, offered_by=officer, offered_text=text)
        return _keep(uow, node, offered, officer, act="difference_proposed")

    return await node.store.write(unit)


async def confirm(
    node: Node, link: LinkId, no: int, *, officer: OfficerNumber, seen: Digest
) -> NamedDifference:
    """Accept what was proposed, as the second person; the partner is told.

    Raises:
        UsageError: nobody proposed it, or it is one's own proposal.
        StaleFormError: it is not what was shown.
        NodeError: one of the two is not in the directory, or no message can be written now.
    """
    row = await node.store.read(lambda uow: demand_live(uow, link, no, seen))
    _demand_proposal(row)
    if row.offered_by == officer:
        raise UsageError(
            "the second person must be another officer than the one who proposed it",
            hint=f"proposed by {row.offered_by}; ask a colleague",
        )
    first, text = OfficerNumber(row.offered_by), row.offered_text
    return await settle(
        node, link, no, How.ACCEPT, text=text, officer=first, second=officer, seen=shown_digest(row)
    )


async def give_up(
    node: Node, link: LinkId, no: int, *, officer: OfficerNumber, seen: Digest
) -> NamedDifference:
    """Let a proposal go; any officer may.

    Raises:
        UsageError: nobody proposed it.
        StaleFormError: it is not what was shown.
    """

    def unit(uow: UnitOfWork) -> NamedDifference:
        row = demand_live(uow, link, no, seen)
        _demand_proposal(row)
        demand_officer(uow, officer, node.clock.now())
        bare = replace(row, offered_by="", offered_text="")
        return _keep(uow, node, bare, officer, act="difference_given_up")

    return await node.store.write(unit)


def _demand_proposal(row: NamedDifference) -> None:
    if not row.offered_by:
        raise UsageError(f"nobody proposed to accept difference {row.no}", hint="look at it again")


def _keep(
    uow: UnitOfWork, node: Node, row: NamedDifference, officer: OfficerNumber, *, act: str
) -> NamedDifference:
    now = node.clock.now()
    row = replace(row, changed_at=now)
    uow.differences.change(row)
    uow.audit.record(AuditRow(now, officer, act, str(row.no), result=row.found.kind.value))
    return row
