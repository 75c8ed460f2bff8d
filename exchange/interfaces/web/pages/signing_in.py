# SPDX-License-Identifier: Apache-2.0
"""Signing in, and leaving: the pages that need no sign-in.

Name, password and code stand on one page and are judged together. The answer never says which was wrong.
Leaving ends the sign-in and shows a page that names neither the agency nor what this is.
"""

import re
from dataclasses import dataclass
from typing import Final

from exchange.errors import SignInError
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.desk import Clerk, House
from exchange.interfaces.web.replying import Page, Redirect, Reply
from exchange.service.sessions import Session, sign_in, sign_out

SIGN_IN: Final = "/sign-in"
LEFT: Final = "/left"
PUBLIC: Final = frozenset({SIGN_IN, LEFT})
_WAY: Final = re.compile(r"/(?:[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*)?", re.ASCII)


@dataclass(frozen=True)
class SignedIn:
    """A new sign-in, and where to go on."""

    session: Session
    to: str


async def public_page(house: House, asked: Asked, session: Session | None) -> Reply | SignedIn:
    """Return a page that needs no sign-in."""
    if asked.path == LEFT:
        return Page("left.html")
    if asked.method == "GET":
        if session is not None and not session.ended and not asked.said("ended"):
            return Redirect("/")
        return _form(asked.said("next"), ended=asked.said("ended"))
    return await _try(house, asked)


async def _try(house: House, asked: Asked) -> Reply | SignedIn:
    name, way = asked.text("name"), asked.text("next")
    try:
        session = await sign_in(
            house.staff,
            house.tries,
            name=name,
            password=(asked.fields.get("password") or ("",))[0],
            code=asked.text("code"),
            address=asked.address,
        )
    except SignInError as error:
        status = 429 if error.reason == "sign_in_too_often" else 400
        return _form(way, problem=error.reason, status=status)
    return SignedIn(session, _checked(way))


async def leave(clerk: Clerk) -> Reply:
    """End the sign-in at once."""
    await sign_out(clerk.house.staff, clerk.session)
    return Redirect(LEFT)


def _form(way: str, *, problem: str = "", ended: str = "", status: int = 200) -> Page:
    return Page("sign_in.html", {"next": _checked(way), "problem": problem, "ended": ended}, status=status)


def _checked(way: str) -> str:
    """Return where to go on, if it is a page of ours."""
    return way if _WAY.fullmatch(way) else "/"
