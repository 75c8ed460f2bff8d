# SPDX-License-Identifier: Apache-2.0
"""Signing in, and leaving: the pages that need no sign-in.

Name, password and code stand on one page and are judged together. The answer never says which was wrong.
Leaving ends the sign-in and shows a page that names neither the agency nor what this is.
"""

import re
from dataclasses import dataclass
from typing import Final

from exchange.errors import SignInError
from exchange.i18n.languages import LANGUAGES, language_name
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import Clerk, House
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.passkeys import options_to_sign_in, sign_in_by_passkey
from exchange.service.sessions import Session, sign_in, sign_out
from exchange.service.signing_on import Elsewhere, begin, come_back

SIGN_IN: Final = "/sign-in"
BY_PASSKEY: Final = "/sign-in/passkey"
ELSEWHERE: Final = "/sign-in/elsewhere"
BACK: Final = "/sign-in/elsewhere/back"
LEFT: Final = "/left"
PUBLIC: Final = frozenset({SIGN_IN, BY_PASSKEY, ELSEWHERE, BACK, LEFT})
_WAY: Final = re.compile(r"/(?:[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)?", re.ASCII)


@dataclass(frozen=True)
class SignedIn:
    """A new sign-in, and where to go on."""

    session: Session
    to: str
    crossed: bool = False
    """The browser comes from another site; it sends the new cookie only after a step on our own page."""


@dataclass(frozen=True)
class Sent:
    """The browser goes to the sign-in service of the agency, with a cookie for the way back."""

    to: str
    way: str


async def public_page(house: House, asked: Asked, session: Session | None) -> Reply | SignedIn | Sent:
    """Return a page that needs no sign-in."""
    if asked.path == LEFT:
        return Page("left.html")
    if asked.path in (ELSEWHERE, BACK):
        return await _elsewhere(house, asked)
    if asked.method == "GET":
        if session is not None and not session.ended and not asked.said("ended"):
            return Redirect("/")
        return _form(house, asked, asked.said("next"), ended=asked.said("ended"))
    return await _try(house, asked)


async def _try(house: House, asked: Asked) -> Reply | SignedIn:
    way = asked.text("next")
    try:
        session = await (_by_passkey if asked.path == BY_PASSKEY else _by_password)(house, asked)
    except SignInError as error:
        status = 429 if error.reason == "sign_in_too_often" else 400
        return _form(house, asked, way, problem=error.reason, status=status)
    return SignedIn(session, _checked(way))


async def _elsewhere(house: House, asked: Asked) -> Reply | SignedIn | Sent:
    """Go to the sign-in service, or come back from it."""
    if house.elsewhere is None or asked.method != "GET":
        return _form(house, asked, "")
    try:
        if asked.path == ELSEWHERE:
            begun = await begin(house.elsewhere)
            return Sent(begun.to, begun.way)
        return SignedIn(await _back(house, house.elsewhere, asked), "/", crossed=True)
    except SignInError as error:
        status = 429 if error.reason == "sign_in_too_often" else 400
        return _form(house, asked, "", problem=error.reason, status=status)


async def _back(house: House, elsewhere: Elsewhere, asked: Asked) -> Session:
    if asked.said("iss") not in ("", elsewhere.issuer):
        raise SignInError
    state, code = asked.said("state"), asked.said("code")
    return await come_back(
        elsewhere, house.tries, way=asked.way, state=state, code=code, address=asked.address
    )


async def _by_password(house: House, asked: Asked) -> Session:
    return await sign_in(
        house.staff,
        house.tries,
        name=asked.written("name"),
        password=(asked.fields.get("password") or ("",))[0],
        code=asked.written("code"),
        address=asked.address,
    )


async def _by_passkey(house: House, asked: Asked) -> Session:
    if house.passkeys is None:
        raise SignInError
    credential = asked.text("credential")
    return await sign_in_by_passkey(house.passkeys, house.tries, credential=credential, address=asked.address)


async def leave(clerk: Clerk) -> Reply:
    """End the sign-in at once."""
    await sign_out(clerk.house.staff, clerk.session)
    return Redirect(LEFT)


def language_of(asked: Asked) -> str:
    """Return the language of a page that needs no sign-in: the chosen one, or what the browser wants."""
    return _chosen(asked) or asked.wanted


def _chosen(asked: Asked) -> str:
    language = asked.said("lang") or asked.text("lang")
    return language if language in LANGUAGES else ""


def _form(
    house: House, asked: Asked, way: str, *, problem: str = "", ended: str = "", status: int = 200
) -> Page:
    keys = house.passkeys
    values = {
        "next": _checked(way),
        "lang": _chosen(asked),
        "languages": {language: language_name(language) for language in LANGUAGES},
        "problem": problem,
        "ended": ended,
        "options": options_to_sign_in(keys) if keys else "",
        "host": keys.place.host if keys else "",
        "elsewhere": house.elsewhere.name if house.elsewhere else "",
    }
    return Page("sign_in.html", values, status=status, script=keys is not None)


def _checked(way: str) -> str:
    """Return where to go on, if it is a page of ours."""
    return way if _WAY.fullmatch(way) else "/"
