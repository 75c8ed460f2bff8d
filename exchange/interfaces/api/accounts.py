# SPDX-License-Identifier: Apache-2.0
"""Commands about accounts of the pages: open, change, reset, close, list.

On the local socket there is one actor.
"""

from exchange.bootstrap import staff_desk
from exchange.ids import parse_officer
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.service.accounts import (
    close_account,
    forget_device,
    new_first_password,
    open_account,
    set_roles,
)
from exchange.service.staff import AccountRow

ACTOR = "administrator"
"""Who acts on the local socket: whoever runs the node."""


async def open_officer(desk: Desk, ask: Ask) -> Answer:
    """Open the account of an officer; the first password is in the answer and nowhere else."""
    opened = await open_account(
        staff_desk(desk.opened),
        parse_officer(ask.text("number")),
        ask.texts("roles"),
        actor=ACTOR,
        must_change=not ask.flag("password_stays"),
        language=ask.text("language", desk.opened.settings.agency.language),
    )
    return {**_account(opened.row), "first_password": opened.first_password}


async def reset(desk: Desk, ask: Ask) -> Answer:
    """Give an account a new first password."""
    officer = parse_officer(ask.text("number"))
    opened = await new_first_password(staff_desk(desk.opened), officer, actor=ACTOR)
    return {**_account(opened.row), "first_password": opened.first_password}


async def change_roles(desk: Desk, ask: Ask) -> Answer:
    """Give an account other roles."""
    officer = parse_officer(ask.text("number"))
    return _account(await set_roles(staff_desk(desk.opened), officer, ask.texts("roles"), actor=ACTOR))


async def forget(desk: Desk, ask: Ask) -> Answer:
    """Forget the device for one-time codes; password and roles stay."""
    officer = parse_officer(ask.text("number"))
    return _account(await forget_device(staff_desk(desk.opened), officer, actor=ACTOR))


async def close(desk: Desk, ask: Ask) -> Answer:
    officer = parse_officer(ask.text("number"))
    return _account(await close_account(staff_desk(desk.opened), officer, actor=ACTOR))


async def listed(desk: Desk, _: Ask) -> Answer:
    rows = await desk.node.store.read(lambda uow: uow.staff.accounts.list())
    return {"accounts": [_account(row) for row in rows]}


def _account(row: AccountRow) -> Answer:
    return {
        "number": row.officer,
        "roles": list(row.roles),
        "language": row.language,
        "device": bool(row.code_secret),
        "must_change": row.must_change,
        "closed": when(row.closed_at),
    }


COMMANDS: dict[str, Command] = {
    "account.open": open_officer,
    "account.roles": change_roles,
    "account.forget_device": forget,
    "account.reset": reset,
    "account.close": close,
    "account.list": listed,
}
