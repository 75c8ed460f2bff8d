# SPDX-License-Identifier: Apache-2.0
"""Accounts of the people at the desk: each belongs to one officer of the directory.

1. An administrator opens an account with roles and gets a first password, which is shown once. The officer
   has to replace it before anything else.
2. A password has at least 12 characters and is none of those that are tried first; nothing else is asked of
   it, and it never ends by itself.
3. A closed account, a new first password and new roles end every sign-in of that officer at once. The first
   two forget the passkeys as well, and a closed account also who the officer is at another sign-in service.
   Who lost only the device for codes keeps password and passkeys, and connects a new one at the next sign-in.
4. Nobody changes the roles of the own account, and the last administrator cannot be closed.
5. Every change is recorded, without any secret.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from exchange.cases.permissions import Role, checked_roles
from exchange.errors import InputError, SignInError, UsageError
from exchange.ids import CROCKFORD, OfficerNumber
from exchange.service.node import Node
from exchange.service.own_officers import demand_officer, is_active
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow
from exchange.service.staff import AccountRow, Codes, PasskeyDevices, Passwords

LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 200
LANGUAGES: Final = ("en", "km", "th", "vi")
HAS_ACCOUNT: Final = (
    "other roles: --roles; a new first password: --reset; a new device for codes: --forget-device"
)
_FIRST_CHARACTERS, _GROUP = 16, 4
"""A first password has 80 bits, in groups that are easy to type."""


@dataclass(frozen=True)
class Desk:
    """What accounts and sign-ins work on."""

    node: Node
    passwords: Passwords
    codes: Codes
    codes_needed: bool = True
    """A training node may go without one-time codes."""
    devices: PasskeyDevices | None = None
    """None where passkeys are not offered."""


@dataclass(frozen=True)
class Opened:
    """An account that was opened, with the first password that is shown once."""

    row: AccountRow
    first_password: str


async def open_account(
    desk: Desk,
    officer: OfficerNumber,
    roles: tuple[str, ...],
    *,
    actor: str,
    language: str = "en",
    must_change: bool = True,
) -> Opened:
    """Open the account of an officer of the directory; on a training node the password may stay.

    Raises:
        UsageError: unknown roles, the officer has an account, or a first password would stay.
        NodeError: the officer is not in the directory.
    """
    checked, now = checked_roles(roles), desk.node.clock.now()
    if not must_change and not desk.node.training:
        raise UsageError("a first password stays on a training node only")
    first = _first_password(desk.node)
    hashed = await desk.passwords.hash(first)
    row = AccountRow(officer, checked, checked_language(language), hashed, "", 0, must_change, now, now)

    def unit(uow: UnitOfWork) -> None:
        demand_officer(uow, officer, now)
        if uow.staff.accounts.get(officer) is not None:
            raise UsageError(f"officer {officer} has an account", hint=HAS_ACCOUNT)
        uow.staff.accounts.save(row)
        _record(uow, desk.node, actor, "account_opened", officer, " ".join(checked))

    await desk.node.store.write(unit)
    return Opened(row, first)


async def new_first_password(desk: Desk, officer: OfficerNumber, *, actor: str) -> Opened:
    """Replace a forgotten password, and forget device and passkeys; a closed account opens again.

    Raises:
        UsageError: the officer has no account, or it is the own one.
    """
    _demand_other(officer, actor)
    first = _first_password(desk.node)
    hashed = await desk.passwords.hash(first)

    def unit(uow: UnitOfWork) -> AccountRow:
        demand_officer(uow, officer, desk.node.clock.now())
        row = replace(
            _known(uow, officer),
            password=hashed,
            code_secret="",
            code_step=0,
            must_change=True,
            closed_at=None,
        )
        uow.staff.passkeys.delete_of(officer)
        return _saved(uow, desk.node, row, actor, "password_reset")

    return Opened(await desk.node.store.write(unit), first)


async def set_roles(desk: Desk, officer: OfficerNumber, roles: tuple[str, ...], *, actor: str) -> AccountRow:
    """Give an account other roles.

    Raises:
        UsageError: unknown roles, no such account, the own one, or no administrator would be left.
    """
    checked = checked_roles(roles)
    _demand_other(officer, actor)

    def unit(uow: UnitOfWork) -> AccountRow:
        row = replace(_known(uow, officer), roles=checked)
        demand_administrator_left(uow, desk.node.clock.now(), changed=row)
        return _saved(uow, desk.node, row, actor, "roles_changed", " ".join(checked))

    return await desk.node.store.write(unit)


async def close_account(desk: Desk, officer: OfficerNumber, *, actor: str) -> AccountRow:
    """Close an account; what the officer did stays.

    Raises:
        UsageError: no such account, the own one, or the last administrator.
    """
    _demand_other(officer, actor)

    def unit(uow: UnitOfWork) -> AccountRow:
        row = _known(uow, officer)
        demand_administrator_left(uow, desk.node.clock.now(), without=officer)
        return _shut(uow, desk.node, row, actor)

    return await desk.node.store.write(unit)


def shut_account(uow: UnitOfWork, node: Node, officer: OfficerNumber, *, actor: str) -> None:
    """Close the account of an officer who goes, inside a unit; without an open one nothing happens."""
    row = uow.staff.accounts.get(officer)
    if row is not None and row.closed_at is None:
        _shut(uow, node, row, actor)


def _shut(uow: UnitOfWork, node: Node, row: AccountRow, actor: str) -> AccountRow:
    uow.staff.passkeys.delete_of(row.officer)
    uow.staff.outside_names.delete(row.officer)
    return _saved(uow, node, replace(row, closed_at=node.clock.now()), actor, "account_closed")


async def forget_device(desk: Desk, officer: OfficerNumber, *, actor: str) -> AccountRow:
    """Forget the device for one-time codes of an account; a new one is connected at the next sign-in.

    Raises:
        UsageError: no such account, a closed one, the own one, or it has no device.
    """
    _demand_other(officer, actor)

    def unit(uow: UnitOfWork) -> AccountRow:
        row = _known(uow, officer)
        if row.closed_at is not None:
            raise UsageError(f"the account of {officer} is closed", hint="open it again with --reset")
        if not row.code_secret:
            raise UsageError(
                f"the account of {officer} has no device", hint="one is connected at the next sign-in"
            )
        row = replace(row, code_secret="", code_step=0)
        return _saved(uow, desk.node, row, actor, "device_forgotten")

    return await desk.node.store.write(unit)


async def change_password(desk: Desk, officer: OfficerNumber, *, old: str, new: str) -> None:
    """Replace the own password; other sign-ins of the officer end.

    Raises:
        SignInError: the old password is wrong.
        InputError: the new one is too short, too long, common, or the old one.
    """
    row = await desk.node.store.read(lambda uow: _known(uow, officer))
    if not await desk.passwords.verify(row.password, old):
        raise SignInError("the present password is wrong")
    if new == old:
        raise InputError("the new password is the present one", hint="choose another one")
    demand_good_password(desk, officer, new)
    hashed = await desk.passwords.hash(new)

    def unit(uow: UnitOfWork) -> None:
        row = replace(_known(uow, officer), password=hashed, must_change=False)
        _saved(uow, desk.node, row, officer, "password_changed")

    await desk.node.store.write(unit)


async def connect_device(desk: Desk, officer: OfficerNumber, *, secret: str, code: str) -> None:
    """Take a device for one-time codes, once it has shown a right one.

    Raises:
        SignInError: the code is not right.
        UsageError: the account has a device.
    """
    step = desk.codes.step_of(secret, code, at=desk.node.clock.now())
    if step is None:
        raise SignInError("the code is not right")

    def unit(uow: UnitOfWork) -> None:
        row = _known(uow, officer)
        if row.code_secret:
            raise UsageError("the account has a device", hint="an administrator gives a new first password")
        uow.staff.accounts.save(replace(row, code_secret=secret, code_step=step))
        _record(uow, desk.node, officer, "device_connected", officer)

    await desk.node.store.write(unit)


async def set_language(desk: Desk, officer: OfficerNumber, language: str) -> None:
    """Set the language of the own pages."""
    checked = checked_language(language)

    def unit(uow: UnitOfWork) -> None:
        uow.staff.accounts.save(replace(_known(uow, officer), language=checked))

    await desk.node.store.write(unit)


def demand_good_password(desk: Desk, officer: OfficerNumber, password: str) -> None:
    """Return if a password may be used (2).

    Raises:
        InputError: too short, too long, or common; the text says which, never the password.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise InputError(
            f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters",
            hint="four words that do not belong together are good",
        )
    if officer.casefold() in password.casefold() or desk.passwords.is_common(password):
        raise InputError(
            "the password is among those that are tried first",
            hint="four words that do not belong together are good",
        )


def checked_language(code: str) -> str:
    """Return a language of the pages.

    Raises:
        UsageError: there are none in this language.
    """
    if code not in LANGUAGES:
        raise UsageError("the pages are not in this language", hint="languages: " + ", ".join(LANGUAGES))
    return code


def _first_password(node: Node) -> str:
    characters = "".join(CROCKFORD[byte % len(CROCKFORD)] for byte in node.random(_FIRST_CHARACTERS)).lower()
    return "-".join(characters[at : at + _GROUP] for at in range(0, _FIRST_CHARACTERS, _GROUP))


def _known(uow: UnitOfWork, officer: OfficerNumber) -> AccountRow:
    row = uow.staff.accounts.get(officer)
    if row is None:
        raise UsageError(
            f"officer {officer} has no account",
            hint=f"open one: exchange officer account {officer} --role officer",
        )
    return row


def _demand_other(officer: OfficerNumber, actor: str) -> None:
    if officer == actor:
        raise UsageError("nobody changes the own account here", hint="ask another administrator")


def administrators(uow: UnitOfWork, now: datetime) -> frozenset[OfficerNumber]:
    """Return the officers who may open accounts now."""
    rows = [row for row in uow.staff.accounts.list() if _manages(row)]
    entries = {row.officer: uow.officers.get(row.officer) for row in rows}
    return frozenset(officer for officer, entry in entries.items() if entry and is_active(entry, now))


def demand_administrator_left(
    uow: UnitOfWork,
    now: datetime,
    *,
    changed: AccountRow | None = None,
    without: OfficerNumber | None = None,
) -> None:
    """Refuse a change after which nobody could open an account any more (4).

    The change is an account as it will be, or an officer who goes. Where nobody could before, all is allowed.
    """
    known = administrators(uow, now)
    gone = {without} if changed is None or _manages(changed) else {changed.officer}
    if known and not known - gone:
        raise UsageError("no administrator would be left", hint="give another account that role first")


def _manages(row: AccountRow) -> bool:
    return Role.ADMINISTRATOR in row.roles and row.closed_at is None


def _saved(
    uow: UnitOfWork, node: Node, row: AccountRow, actor: str, act: str, result: str = "done"
) -> AccountRow:
    row = replace(row, changed_at=node.clock.now())
    uow.staff.accounts.save(row)
    uow.staff.sessions.delete_of(row.officer)
    _record(uow, node, actor, act, row.officer, result)
    return row


def _record(
    uow: UnitOfWork, node: Node, actor: str, act: str, officer: OfficerNumber, result: str = "done"
) -> None:
    uow.audit.record(AuditRow(node.clock.now(), actor, act, officer, result=result))
