# SPDX-License-Identifier: Apache-2.0
"""The own account: password, device for one-time codes, language."""

import segno

from exchange.errors import InputError, SignInError
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.accounts import LANGUAGES, change_password, connect_device, set_language


async def show(clerk: Clerk) -> Reply:
    return _page(clerk)


async def change_own_password(clerk: Clerk) -> Reply:
    """Replace the own password; every sign-in ends, this one too."""
    fields = clerk.asked.fields
    old, new, again = ((fields.get(name) or ("",))[0] for name in ("old", "new", "again"))
    if new != again:
        return _page(clerk, problem="again")
    try:
        await change_password(clerk.house.staff, clerk.officer, old=old, new=new)
    except SignInError:
        return _page(clerk, problem="old")
    except InputError as error:
        return _page(clerk, problem="new", error=error)
    return Redirect("/sign-in?ended=password")


async def connect(clerk: Clerk) -> Reply:
    """Take a device for one-time codes."""
    secret, code = clerk.asked.text("secret"), clerk.asked.text("code").replace(" ", "")
    try:
        await connect_device(clerk.house.staff, clerk.officer, secret=secret, code=code)
    except SignInError:
        return _page(clerk, problem="code", secret=secret)
    return Redirect("/")


async def choose_language(clerk: Clerk) -> Reply:
    await set_language(clerk.house.staff, clerk.officer, clerk.asked.text("language"))
    return Redirect("/account")


def _page(clerk: Clerk, *, problem: str = "", error: InputError | None = None, secret: str = "") -> Page:
    account, codes = clerk.session.account, clerk.house.staff.codes
    secret = secret or codes.new_secret()
    address = codes.address(secret, officer=clerk.officer, agency=clerk.node.agency)
    values = {
        "account": account,
        "languages": LANGUAGES,
        "codes_needed": clerk.house.staff.codes_needed,
        "secret": secret,
        "picture": segno.make(address, error="m").svg_inline(scale=4, border=4),
        "problem": problem,
        "error": error,
    }
    return Page("own_account.html", values, status=400 if problem else 200)
