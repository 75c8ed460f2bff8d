# SPDX-License-Identifier: Apache-2.0
"""The staff door: a listener of its own, for browsers of the own staff.

The order in which a request is judged:

1. Form and limits: method, length, fields, origin (`asking`). A form that brings a file is read only at a
   page that takes one, and only of somebody who is signed in.
2. The route; an unknown one is 404, also for who is signed in.
3. The sign-in of the cookie. Without one, only the sign-in page and the style sheet are shown.
4. A form carries the token of the sign-in; a wrong one is refused.
5. Who has been given a password, or needs a device for codes, does that first.
6. The act of the route must be allowed by a role (`cases.permissions`); the page then asks again for each
   command and object.

Whatever fails becomes a page that says what happened and what to do, with a number; never a cause, an input
or a trace. A sign-in that ended for want of use may still bring the step of a form (`sessions`, 5).
"""

import hmac
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from exchange.errors import (
    ExchangeError,
    InputError,
    NotAllowedError,
    NotHereError,
    OtherDeskError,
    ReadingStoppedError,
    StaleFormError,
    StoreError,
)
from exchange.interfaces.server import HttpServer, Refusal, ServerLimits, place_of
from exchange.interfaces.web.asking import WAY_COOKIE, Asked, read_asked
from exchange.interfaces.web.desk import Clerk, House
from exchange.interfaces.web.frame import page_text, plain_text
from exchange.interfaces.web.languages import wanted_language
from exchange.interfaces.web.pages import access, signing_in
from exchange.interfaces.web.pages.lines import place_in_any_form
from exchange.interfaces.web.replying import (
    Download,
    Page,
    Redirect,
    Reply,
    download_answer,
    file_answer,
    html_answer,
    redirect_answer,
)
from exchange.interfaces.web.routes import SET_UP, Route, route_of
from exchange.interfaces.web.styles import loaded_file
from exchange.service.passkeys import LASTS_S
from exchange.service.sessions import LIFE, Session, session_of

LIMITS = ServerLimits(connections=256, per_address=32, idle_s=75)
_FORM_TOKEN = "token"  # noqa: S105  the name of a field


def staff_app(house: House) -> HttpServer:
    """Return the server of the staff door; must be called inside a running event loop."""

    def note(event: str, reason: str) -> None:
        house.node.counters.count(event, reason="" if event == "request_failed" else reason)
        if event == "request_failed":
            house.node.journal.note(event, place=reason)

    return HttpServer(StaffDoor(house).answer, limits=LIMITS, note=note)


class StaffDoor:
    """Judges what a browser asks, and answers with a page."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def answer(self, request: web.BaseRequest) -> web.Response:
        try:
            asked = await read_asked(
                request,
                cookie=self._house.cookie,
                own=self._house.origins,
                takes_file=self._takes_file,
            )
        except Refusal as refusal:
            return self._refused(request, refusal.status, refusal.reason)
        except UnicodeDecodeError:
            return self._refused(request, 400, "request_invalid")
        file = loaded_file(asked.path)
        if file is not None:
            return file_answer(*file)
        return await self.judged(asked)

    def _refused(self, request: web.BaseRequest, status: int, reason: str) -> web.Response:
        language = wanted_language(request.headers.get("Accept-Language", ""))
        return self._plain("refused.html", status, language, reason=reason)

    async def _takes_file(self, asked: Asked) -> bool:
        """Return whether a form with a file is taken: at its own pages, of somebody who is signed in."""
        found = route_of(asked)
        if found is None or not found[0].takes_file or not asked.token:
            return False
        session = await session_of(self._house.staff, asked.token)
        return session is not None and not session.ended

    async def judged(self, asked: Asked) -> web.Response:
        """Answer what was read (2 to 6)."""
        session = await session_of(self._house.staff, asked.token) if asked.token else None
        found = route_of(asked)
        if asked.path in signing_in.PUBLIC:
            return await self._public(asked, session)
        language = session.account.language if session else asked.wanted
        if found is None:
            return self._plain("not_found.html", 404, language)
        route, asked = found
        if session is None or (session.ended and not route.takes_a_step):
            return redirect_answer(_to_sign_in(asked))
        if asked.method == "POST" and not _is_own_form(session, asked):
            return self._plain("refused.html", 400, language, reason="form_token")
        return await self._page(route, Clerk(self._house, session, asked))

    async def _public(self, asked: Asked, session: Session | None) -> web.Response:
        reply = await signing_in.public_page(self._house, asked, session)
        if isinstance(reply, signing_in.SignedIn):
            return self._signed_in(reply, asked.wanted)
        if isinstance(reply, signing_in.Sent):
            response = redirect_answer(reply.to)
            self._set_way(response, reply.way)
            return response
        if isinstance(reply, Redirect):
            return redirect_answer(reply.to)
        text = plain_text(self._house, reply, signing_in.language_of(asked))
        return html_answer(text, status=reply.status, script=reply.script)

    def _signed_in(self, reply: signing_in.SignedIn, language: str) -> web.Response:
        """Set the cookie and go on; after another site by a page of ours, which keeps the cookie strict."""
        signed = "signed_in.html"
        response = self._plain(signed, 200, language) if reply.crossed else redirect_answer(reply.to)
        self._set_cookie(response, reply.session.token)
        if reply.crossed:
            self._set_way(response, "")
        return response

    def _set_way(self, response: web.Response, way: str) -> None:
        """Set the cookie of the way to the sign-in service; it has to come back from there, so it is lax."""
        response.set_cookie(
            f"{self._house.cookie}{WAY_COOKIE}",
            way,
            max_age=LASTS_S if way else 0,
            path="/",
            secure=self._house.secure,
            httponly=True,
            samesite="Lax",
        )

    async def _page(self, route: Route, clerk: Clerk) -> web.Response:
        """Return the answer of a page; whatever fails on the way is a page of its own."""
        try:
            return self._answer_to(clerk, await self._reply(route, clerk))
        except StoreError:
            raise
        except Exception as error:
            number = self._house.node.random(6).hex()
            self._house.node.journal.note("request_failed", place=place_of(error))
            return self._plain("failed.html", 500, clerk.language, number=number)

    def _answer_to(self, clerk: Clerk, reply: Reply | Download) -> web.Response:
        if isinstance(reply, Page):
            return html_answer(page_text(clerk, reply), status=reply.status, script=reply.script)
        if isinstance(reply, Download):
            return download_answer(reply)
        response = redirect_answer(reply.to)
        if reply.to == signing_in.LEFT:
            self._set_cookie(response, "")
            response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return response

    async def _reply(self, route: Route, clerk: Clerk) -> Reply | Download:
        """Return the page of a route, or the one that says why there is none."""
        if clerk.asked.path not in SET_UP and _must_set_up(clerk):
            return Redirect("/account")
        try:
            clerk.demand(route.act)
            reply = await route.page(clerk)
            return Redirect("/sign-in?ended=saved") if clerk.session.ended else reply
        except OtherDeskError as error:
            return access.other_desk(clerk, error)
        except ReadingStoppedError:
            return Page("reading_stopped.html", status=403)
        except NotAllowedError as error:
            return Page("not_allowed.html", {"error": error}, status=403)
        except StaleFormError as error:
            return Page("stale.html", {"error": error}, status=409)
        except StoreError:
            raise
        except ExchangeError as error:
            return self._trouble(error, is_look=clerk.asked.method == "GET")

    def _trouble(self, error: ExchangeError, *, is_look: bool) -> Page:
        if is_look and isinstance(error, NotHereError):
            return Page("not_here.html", status=404)
        found = error.faults if isinstance(error, InputError) else ()
        faults = [(fault, place_in_any_form(fault.pointer)) for fault in found]
        return Page("trouble.html", {"error": error, "faults": faults}, status=400)

    def _plain(self, template: str, status: int, language: str, **values: str) -> web.Response:
        return html_answer(plain_text(self._house, Page(template, values), language), status=status)

    def _set_cookie(self, response: web.Response, token: str) -> None:
        response.set_cookie(
            self._house.cookie,
            token,
            max_age=int(LIFE.total_seconds()) if token else 0,
            path="/",
            secure=self._house.secure,
            httponly=True,
            samesite="Strict",
        )


def _is_own_form(session: Session, asked: Asked) -> bool:
    return hmac.compare_digest(session.form_token.encode(), asked.text(_FORM_TOKEN).encode())


def _must_set_up(clerk: Clerk) -> bool:
    account = clerk.session.account
    return account.must_change or (clerk.house.staff.codes_needed and not account.code_secret)


def _to_sign_in(asked: Asked) -> str:
    """Return the address of the sign-in page: it says what became of a form, and where one goes on."""
    ended = "lost" if asked.method == "POST" else "left" if asked.token else ""
    way = {"next": _way_back(asked)} | ({"ended": ended} if ended else {})
    return f"{signing_in.SIGN_IN}?{urlencode(way, safe='/')}"


def _way_back(asked: Asked) -> str:
    """Return where somebody goes on after signing in: a page, never what a form does."""
    return asked.path if route_of(replace(asked, method="GET")) else "/"
