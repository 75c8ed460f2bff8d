# SPDX-License-Identifier: Apache-2.0
"""Administration of the desk: officers of the directory, their accounts and roles. No case is seen here."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from exchange.cases.permissions import Role, checked_roles
from exchange.errors import IdentifierError, UsageError
from exchange.ids import OfficerNumber, parse_officer
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.offices import own_offices
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.messages.codelists import agencies
from exchange.service.accounts import (
    LANGUAGES,
    Opened,
    close_account,
    new_first_password,
    open_account,
    set_roles,
)
from exchange.service.signing_on import set_subject

NOTHING_WRONG: Final[Mapping[str, str]] = MappingProxyType({})


async def listed(clerk: Clerk) -> Reply:
    """Return the directory with the account of each officer."""
    return await _directory(clerk)


async def _directory(clerk: Clerk, *, wrong: Mapping[str, str] = NOTHING_WRONG) -> Page:
    """Return the directory; `wrong` says what is wrong with the new officer, by field."""
    officers = (await clerk.ask("officer.list"))["officers"]
    rows = await clerk.node.store.read(lambda uow: uow.staff.accounts.list())
    values = {
        "officers": officers,
        "accounts": {row.officer: row for row in rows},
        "offices": own_offices(clerk),
        "wrong": wrong,
        "entered": {name: clerk.asked.text(name) for name in ("number", "name", "office")} if wrong else {},
    }
    return Page("accounts.html", values, status=400 if wrong else 200)


async def show(clerk: Clerk) -> Reply:
    return await _page(clerk)


async def add_officer(clerk: Clerk) -> Reply:
    """Enter an officer with every function of the office."""
    office = clerk.asked.text("office")
    entry = next((agency for code, agency in agencies().items() if code == office), None)
    functions = sorted(entry.functions) if entry else []
    number, name = clerk.asked.written("number").upper(), clerk.asked.text("name").strip()
    if wrong := await _wrong_with(clerk, number, name):
        return await _directory(clerk, wrong=wrong)
    await clerk.ask("officer.add", number=number, name=name, office=office, functions=functions)
    return Redirect(f"/accounts/{number}")


async def _wrong_with(clerk: Clerk, number: str, name: str) -> dict[str, str]:
    """Return what is wrong with the number and the name of a new officer, by field."""
    wrong = {} if name else {"name": "missing"}
    try:
        officer = parse_officer(number)
    except IdentifierError:
        return {"number": "form", **wrong}
    if await clerk.node.store.read(lambda uow: uow.officers.get(officer)) is not None:
        return {"number": "used", **wrong}
    return wrong


async def change(clerk: Clerk) -> Reply:
    """Open, close or change the account of another officer, as the button says."""
    officer, desk, actor = _officer(clerk), clerk.house.staff, clerk.officer
    opened: Opened | None = None
    if clerk.asked.text("act") in ("open", "roles") and not _are_possible(clerk.asked.texts("roles")):
        return await _page(clerk, wrong_roles=True)
    match clerk.asked.text("act"):
        case "open":
            language = clerk.asked.text("language") or clerk.house.language
            roles = clerk.asked.texts("roles")
            opened = await open_account(desk, officer, roles, actor=actor, language=language)
        case "reset":
            opened = await new_first_password(desk, officer, actor=actor)
        case "roles":
            await set_roles(desk, officer, clerk.asked.texts("roles"), actor=actor)
        case "close":
            await close_account(desk, officer, actor=actor)
        case "outside" if clerk.house.elsewhere is not None:
            await set_subject(clerk.house.elsewhere, officer, clerk.asked.text("subject"), actor=actor)
        case _:
            raise UsageError("choose what to do with the account")
    return await _page(clerk, opened=opened) if opened else Redirect(f"/accounts/{officer}")


def _are_possible(roles: Sequence[str]) -> bool:
    """Return whether an account can hold these roles."""
    try:
        return bool(checked_roles(roles))
    except UsageError:
        return False


async def _page(clerk: Clerk, *, opened: Opened | None = None, wrong_roles: bool = False) -> Page:
    officer = _officer(clerk)
    officers: list[dict[str, Any]] = (await clerk.ask("officer.list"))["officers"]
    entry = next((row for row in officers if row["number"] == officer), None)
    if entry is None:
        raise UsageError(f"officer {officer} is not in the directory")
    account = await clerk.node.store.read(lambda uow: uow.staff.accounts.get(officer))
    known = await clerk.node.store.read(lambda uow: uow.staff.outside_names.has(officer))
    values = {
        "elsewhere": clerk.house.elsewhere.name if clerk.house.elsewhere else "",
        "known_elsewhere": known,
        "officer": entry,
        "account": account,
        "first_password": opened.first_password if opened else "",
        "roles": tuple(Role),
        "wrong_roles": wrong_roles,
        "entered_roles": clerk.asked.texts("roles"),
        "languages": LANGUAGES,
        "usual": clerk.house.language,
        "is_own": officer == clerk.officer,
    }
    return Page("account.html", values, status=400 if wrong_roles else 200)


def _officer(clerk: Clerk) -> OfficerNumber:
    return parse_officer(clerk.asked.places["officer"])
