# SPDX-License-Identifier: Apache-2.0
"""Who of this agency may act: the officers of the own directory whose entry was not ended."""

from datetime import datetime

from exchange.errors import NodeError
from exchange.ids import OfficerNumber
from exchange.service.ports import UnitOfWork
from exchange.service.rows import OfficerRow


def demand_officer(uow: UnitOfWork, officer: OfficerNumber, now: datetime) -> OfficerRow:
    """Return an officer of the directory; the second person must be one as well (rule 27).

    Raises:
        NodeError: nobody has this number, or the entry was ended; the hint says which, and what helps.
    """
    row = _known(uow, officer)
    if not is_active(row, now):
        raise _ended(officer)
    return row


def demand_not_ended(uow: UnitOfWork, officer: OfficerNumber) -> None:
    """Return if an officer of the directory may still read; an end is never written for a later day.

    Raises:
        NodeError: as `demand_officer`.
    """
    if _known(uow, officer).valid_to is not None:
        raise _ended(officer)


def is_active(row: OfficerRow, now: datetime) -> bool:
    """Return whether an officer acts now."""
    return row.valid_to is None or row.valid_to > now


def has_left(uow: UnitOfWork, officer: OfficerNumber, now: datetime) -> bool:
    """Return whether an officer cannot act any more: the entry was ended, or the account was closed."""
    row, account = uow.officers.get(officer), uow.staff.accounts.get(officer)
    is_closed = account is not None and account.closed_at is not None
    return row is None or not is_active(row, now) or is_closed


def active_officers(uow: UnitOfWork, now: datetime) -> list[OfficerRow]:
    """Return every officer who acts now, by number."""
    return [row for row in uow.officers.list() if is_active(row, now)]


def _known(uow: UnitOfWork, officer: OfficerNumber) -> OfficerRow:
    row = uow.officers.get(officer)
    if row is None:
        raise NodeError(f"officer {officer} is not in the directory", hint="run: exchange officer add")
    return row


def _ended(officer: OfficerNumber) -> NodeError:
    return NodeError(
        f"the entry of officer {officer} in the directory was ended",
        hint="its number is never used again; who comes back gets a new one: exchange officer add",
    )
