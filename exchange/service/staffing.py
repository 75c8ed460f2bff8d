# SPDX-License-Identifier: Apache-2.0
"""Changes of the directory of officers: somebody comes, a mistake in an entry is corrected, somebody goes.

1. A number is never used again and never changed: what its officer signed stays that officer's. Name, office
   and functions can be corrected.
2. A correction and an end say who made it: an administrator, or any officer while the node has none. Nobody
   ends or corrects the own entry.
3. Who goes can act nowhere any more: sign-ins end, the account is closed, the machine knows nobody of that
   number.
4. The last administrator does not go. What else would be left behind is said before (`Leaving`): drafts,
   and cases that nobody else can read.
5. Every change is recorded, a correction with what was changed, without the name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from exchange.cases.permissions import Act, demand
from exchange.errors import UsageError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.messages.codelists import agencies, agency, codelist
from exchange.service.accounts import administrators, demand_administrator_left, shut_account
from exchange.service.node import Node
from exchange.service.own_officers import active_officers, demand_officer, is_active
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, OfficerRow

MOST_NAME = 200
"""Characters of a name; the longest names of persons in the forms have as many."""


@dataclass(frozen=True)
class Leaving:
    """What would be left behind when an officer goes."""

    row: OfficerRow
    officers_left: int
    drafts: int
    """Messages that the officer prepared and nobody released, and forms that are being written."""
    cases: int
    """Cases that no other active officer can read whole: as the only reader, or of the only office."""
    has_account: bool


async def add_officer(node: Node, row: OfficerRow, *, actor: str) -> OfficerRow:
    """Enter an officer under a number that was never used.

    Raises:
        UsageError: the number is used, or name, office or functions cannot be right.
    """
    entered = _checked(node, row)

    def unit(uow: UnitOfWork) -> None:
        if uow.officers.get(row.number) is not None:
            raise UsageError(
                f"officer {row.number} is in the directory already",
                hint="numbers are never used again: take a new one; to mend one: exchange officer correct",
            )
        uow.officers.add(entered)
        uow.audit.record(AuditRow(node.clock.now(), actor, "officer_added", row.number))

    await node.store.write(unit)
    return entered


async def correct_officer(
    node: Node,
    number: OfficerNumber,
    *,
    actor: OfficerNumber,
    name: str | None = None,
    office: AgencyCode | None = None,
    functions: Sequence[str] | None = None,
) -> OfficerRow:
    """Correct what stands in the entry of an officer; None leaves it as it is.

    Raises:
        NodeError: one of both is not in the directory, or was ended.
        NotAllowedError: who corrects is no administrator.
        UsageError: nothing is changed, it is the own entry, or what is new cannot be right.
    """

    def unit(uow: UnitOfWork) -> OfficerRow:
        now = node.clock.now()
        demand_manager(uow, number, actor, now)
        old = demand_officer(uow, number, now)
        new = replace(
            old,
            name=old.name if name is None else name,
            office=old.office if office is None else office,
            functions=old.functions if functions is None else tuple(functions),
        )
        new = _checked(node, new)
        changed = [
            part for part in ("name", "office", "functions") if getattr(old, part) != getattr(new, part)
        ]
        if not changed:
            raise UsageError("nothing is changed", hint="say --name, --office or --function")
        uow.officers.correct(new)
        uow.audit.record(AuditRow(now, actor, "officer_corrected", number, result=" ".join(changed)))
        return new

    return await node.store.write(unit)


async def leaving(node: Node, number: OfficerNumber) -> Leaving:
    """Return what would be left behind when an officer goes; nothing is changed.

    Raises:
        UsageError: no such officer, ended before, or the last administrator.
    """
    return await node.store.read(lambda uow: _leaving(uow, node, number))


async def end_officer(node: Node, number: OfficerNumber, *, actor: OfficerNumber) -> Leaving:
    """End the entry of an officer, and close the account; what the officer signed stays valid.

    Raises:
        UsageError: as `leaving`, or it is the own entry.
        NodeError: who ends it is not in the directory.
        NotAllowedError: who ends it is no administrator.
    """

    def unit(uow: UnitOfWork) -> Leaving:
        found, now = _leaving(uow, node, number), node.clock.now()
        demand_manager(uow, number, actor, now)
        shut_account(uow, node, number, actor=actor)
        uow.officers.end(number, now)
        uow.audit.record(AuditRow(now, actor, "officer_ended", number))
        return replace(found, row=replace(found.row, valid_to=now))

    return await node.store.write(unit)


def demand_manager(uow: UnitOfWork, number: OfficerNumber, actor: OfficerNumber, now: datetime) -> None:
    """Return if somebody may change the entry of another officer (2)."""
    demand_officer(uow, actor, now)
    if actor == number:
        raise UsageError("nobody changes the own entry", hint="ask another officer")
    known = administrators(uow, now)
    if known and actor not in known:
        account = uow.staff.accounts.get(actor)
        demand(account.roles if account and account.closed_at is None else (), Act.MANAGE_ACCOUNTS)


def _leaving(uow: UnitOfWork, node: Node, number: OfficerNumber) -> Leaving:
    row, now = uow.officers.get(number), node.clock.now()
    if row is None or not is_active(row, now):
        raise UsageError(f"officer {number} is not active", hint="run: exchange officer list")
    demand_administrator_left(uow, now, without=number)
    account = uow.staff.accounts.get(number)
    drafts = sum(draft.prepared_by == number for draft in uow.drafts.list())
    return Leaving(
        row=row,
        officers_left=len(active_officers(uow, now)) - 1,
        drafts=drafts + len(uow.staff.forms.of(number)),
        cases=uow.access.only_reader_of(number),
        has_account=account is not None and account.closed_at is None,
    )


def _checked(node: Node, row: OfficerRow) -> OfficerRow:
    """Return an entry whose name is there, whose office is of this country, and whose functions exist."""
    name, known = row.name.strip(), set(codelist("agency-functions").codes)
    if not 0 < len(name) <= MOST_NAME or not name.isprintable():
        raise UsageError(
            f"an officer has a name of 1 to {MOST_NAME} characters", hint="say how colleagues know the person"
        )
    entry = agency(row.office)
    if entry is None or entry.country != node.agency[:2]:
        codes = ", ".join(sorted(code for code in agencies() if code[:2] == node.agency[:2]))
        raise UsageError(f"{row.office} is no office of this country", hint=f"offices: {codes}")
    if not row.functions or not set(row.functions) <= known:
        raise UsageError("unknown function of an officer", hint="functions: " + ", ".join(sorted(known)))
    return replace(row, name=name)
