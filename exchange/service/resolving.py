# SPDX-License-Identifier: Apache-2.0
"""What people do about a difference.

    explain    DRS with an explanation; the difference stays open
    correct    DRS that names the message or entry which corrects it; settled on our side
    accept     two persons of this side accept it as it is; settled once the other side has explained it, too
    escalate   the heads of department have it; nothing is written to the partner

What the partner says of one, and what ends it: `hearing`.
"""

from dataclasses import replace
from enum import StrEnum

from exchange.errors import UsageError
from exchange.ids import LinkId, OfficerNumber
from exchange.protocol.strictjson import JsonValue
from exchange.service.differences import resolve, tell
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import (
    AuditRow,
    DifferenceState,
    NamedDifference,
)


class How(StrEnum):
    """What people do about a difference."""

    EXPLAIN = "explain"
    CORRECT = "correct"
    ACCEPT = "accept"
    ESCALATE = "escalate"


async def settle(
    node: Node,
    link: LinkId,
    no: int,
    how: How,
    *,
    text: str,
    officer: OfficerNumber,
    second: OfficerNumber | None = None,
    correction: dict[str, JsonValue] | None = None,
) -> NamedDifference:
    """Do one of `How` about a difference, and tell the partner; the notice goes first if there is none.

    Raises:
        UsageError: no such difference, it is closed, or what this needs is missing.
        InputError: the partner would refuse the message; nothing was stored.
    """
    row = await node.store.read(lambda uow: _live(uow, link, no))
    _demand_what_it_needs(how, text, officer, second, correction)
    await node.store.read(lambda uow: _demand_officers(uow, node, officer, second))
    if how is How.ESCALATE:
        return await node.store.write(lambda uow: _escalate(uow, node, row, officer))
    if row.notice is None:
        row = await tell(node, row, officer=officer)
    small: dict[str, JsonValue] = {"explanation": text, "settled": False}
    match how:
        case How.EXPLAIN:
            state = DifferenceState.EXPLAINED
            return await resolve(node, row, small, state=state, settled=False, officer=officer)
        case How.CORRECT:
            state = DifferenceState.CORRECTED
            small |= {"settled": True, "correction": correction}
            return await resolve(node, row, small, state=state, settled=True, officer=officer)
        case How.ACCEPT:
            return await _accept(node, row, small, officer, second)


async def _accept(
    node: Node,
    row: NamedDifference,
    small: dict[str, JsonValue],
    officer: OfficerNumber,
    second: OfficerNumber | None,
) -> NamedDifference:
    """Accept as it is; settled if the other side has said its part already."""
    told = row.theirs is not None
    return await resolve(
        node,
        row,
        small | {"settled": told},
        state=DifferenceState.ACCEPTED,
        settled=told,
        officer=officer,
        accepted_by=(officer, str(second)),
        refers_to=(row.theirs,) if row.theirs else (),
    )


def _live(uow: UnitOfWork, link: LinkId, no: int) -> NamedDifference:
    row = uow.differences.get(link, no)
    if row is None or row.state is DifferenceState.CLOSED:
        state = "closed" if row else "not named"
        raise UsageError(f"difference {no} is {state}", hint="list them: exchange difference list")
    return row


def _demand_what_it_needs(
    how: How,
    text: str,
    officer: OfficerNumber,
    second: OfficerNumber | None,
    correction: dict[str, JsonValue] | None,
) -> None:
    if how is not How.ESCALATE and not text.strip():
        raise UsageError("a resolution needs an explanation", hint="say it with --because")
    if how is How.ACCEPT and (second is None or second == officer):
        raise UsageError(
            "to accept a difference as it is needs two persons of this side",
            hint="name the second officer with --second",
        )
    if (how is How.CORRECT) is not (correction is not None):
        raise UsageError(
            "a correction names the message or the entry that corrects, and nothing else does",
            hint="say it with --by-message or --by-entry",
        )


def _demand_officers(
    uow: UnitOfWork, node: Node, officer: OfficerNumber, second: OfficerNumber | None
) -> None:
    for number in (officer, *([second] if second else [])):
        demand_officer(uow, number, node.clock.now())


def _escalate(uow: UnitOfWork, node: Node, row: NamedDifference, officer: OfficerNumber) -> NamedDifference:
    now = node.clock.now()
    row = replace(row, state=DifferenceState.ESCALATED, changed_at=now)
    uow.differences.change(row)
    uow.audit.record(AuditRow(now, officer, "difference_escalated", str(row.no), result=row.found.kind.value))
    return row
