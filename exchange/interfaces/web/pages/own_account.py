# SPDX-License-Identifier: Apache-2.0
"""The own account: password, device for one-time codes, language."""

import segno

from exchange.errors import IdentifierError, InputError, SignInError, UsageError
from exchange.ids import unb64url
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.accounts import (
    LANGUAGES,
    LEAST_PASSWORD,
    MOST_PASSWORD,
    change_password,
    connect_device,
    set_language,
)
from exchange.service.passkeys import Passkeys, add_passkey, ask_to_add, remove_passkey, shown_id
from exchange.service.sessions import demand_password


async def show(clerk: Clerk) -> Reply:
    return await _page(clerk)


async def change_own_password(clerk: Clerk) -> Reply:
    """Replace the own password; every sign-in ends, this one too."""
    fields = clerk.asked.fields
    old, new, again = ((fields.get(name) or ("",))[0] for name in ("old", "new", "again"))
    if new != again:
        return await _page(clerk, problem="again")
    staff, tries = clerk.house.staff, clerk.house.tries
    try:
        await demand_password(staff, tries, clerk.session, password=old)
        await change_password(staff, clerk.officer, old=old, new=new)
    except SignInError as error:
        return await _page(clerk, problem="often" if error.reason == "sign_in_too_often" else "old")
    except InputError:
        is_length = not LEAST_PASSWORD <= len(new) <= MOST_PASSWORD
        return await _page(clerk, problem="length" if is_length else "same" if new == old else "common")
    return Redirect("/sign-in?ended=password")


async def connect(clerk: Clerk) -> Reply:
    """Take a device for one-time codes."""
    secret, code = clerk.asked.text("secret"), clerk.asked.written("code").replace(" ", "")
    try:
        await connect_device(clerk.house.staff, clerk.officer, secret=secret, code=code)
    except SignInError:
        return await _page(clerk, problem="code", secret=secret)
    return Redirect("/")


async def ask_for_passkey(clerk: Clerk) -> Reply:
    """Show the page that makes a passkey, to who gives the password again."""
    keys = _passkeys(clerk)
    password = (clerk.asked.fields.get("password") or ("",))[0]
    try:
        options = await ask_to_add(keys, clerk.house.tries, clerk.session, password=password)
    except SignInError:
        return await _page(clerk, problem="passkey")
    return Page("passkey_add.html", {"options": options, "host": keys.place.host}, script=True)


async def keep_passkey(clerk: Clerk) -> Reply:
    try:
        await add_passkey(_passkeys(clerk), clerk.session, credential=clerk.asked.text("credential"))
    except SignInError:
        return await _page(clerk, problem="passkey_made")
    return Redirect("/account")


async def forget_passkey(clerk: Clerk) -> Reply:
    try:
        id = unb64url(clerk.asked.text("id"))
    except IdentifierError as error:
        raise UsageError("say which passkey is removed") from error
    await remove_passkey(clerk.house.staff, clerk.session, id)
    return Redirect("/account")


def _passkeys(clerk: Clerk) -> Passkeys:
    if clerk.house.passkeys is None:
        raise UsageError("these pages offer no passkeys", hint="they need a name instead of a bare address")
    return clerk.house.passkeys


async def choose_language(clerk: Clerk) -> Reply:
    await set_language(clerk.house.staff, clerk.officer, clerk.asked.text("language"))
    return Redirect("/account")


async def _page(clerk: Clerk, *, problem: str = "", secret: str = "") -> Page:
    account, codes = clerk.session.account, clerk.house.staff.codes
    secret = secret or codes.new_secret()
    address = codes.address(secret, officer=clerk.officer, agency=clerk.node.agency)
    kept = await clerk.node.store.read(lambda uow: uow.staff.passkeys.of(clerk.officer))
    values = {
        "passkeys": [{"id": shown_id(row), "added": row.added_at, "used": row.used_at} for row in kept],
        "offers_passkeys": clerk.house.passkeys is not None,
        "account": account,
        "languages": LANGUAGES,
        "codes_needed": clerk.house.staff.codes_needed,
        "secret": secret,
        "picture": segno.make(address, error="m").svg_inline(scale=4, border=4),
        "problem": problem,
    }
    return Page("own_account.html", values, status=400 if problem else 200)
